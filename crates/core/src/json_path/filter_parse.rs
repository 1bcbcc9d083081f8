//! Reads the filters of a path: `?@.price < 10 && @.name =~ /^a/`.

use regex::RegexBuilder;

use super::parse::{JsonPathError, MAX_LIST, Parser};
use super::query::{Filter, Literal, Operand, Pattern, Query, Step};
use crate::number::Number;
use crate::plan::Compare;

/// Filters and parentheses that may be open at once.
const MAX_NESTING: usize = 16;
/// Memory that one regular expression may need, compiled.
const MAX_REGEX_BYTES: usize = 1 << 20;

const OPERATORS: [(&str, Compare); 6] = [
    ("==", Compare::Eq),
    ("!=", Compare::Ne),
    ("<=", Compare::Le),
    (">=", Compare::Ge),
    ("<", Compare::Lt),
    (">", Compare::Gt),
];

/// What stands at one side of an operator, or alone.
enum Term {
    Value(Operand),
    /// Leads to any number of values.
    Query(Query),
    /// Is true or not.
    Test(Filter),
}

impl Parser<'_> {
    /// What follows `?`.
    pub(super) fn filter(&mut self) -> Result<Filter, JsonPathError> {
        if self.nesting == MAX_NESTING {
            return Err(self.error(format!("filters and parentheses nest at most {MAX_NESTING} deep")));
        }
        self.nesting += 1;
        let any = self.list("||", |parser| parser.list("&&", Self::unary, Filter::And), Filter::Or);
        self.nesting -= 1;
        any
    }

    fn list(
        &mut self,
        operator: &str,
        read: impl Fn(&mut Self) -> Result<Filter, JsonPathError>,
        join: fn(Vec<Filter>) -> Filter,
    ) -> Result<Filter, JsonPathError> {
        let first = read(self)?;
        let mut all = vec![first];
        while self.take_word(operator) {
            if all.len() == MAX_LIST {
                return Err(self.error(format!("at most {MAX_LIST} conditions are joined with '{operator}'")));
            }
            all.push(read(self)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { join(all) })
    }

    fn unary(&mut self) -> Result<Filter, JsonPathError> {
        self.space();
        let start = self.at;
        let not = self.take('!');
        self.space();
        let parenthesised = self.take('(');
        let filter = if parenthesised {
            let filter = self.filter()?;
            self.space();
            if !self.take(')') {
                return Err(self.error("expected ')', '&&' or '||'"));
            }
            filter
        } else {
            self.comparison_or_test()?
        };
        match filter {
            Filter::Compare { .. } if not && !parenthesised => {
                self.at = start;
                Err(self.error("a comparison after '!' stands in parentheses: !(…)"))
            }
            filter if not => Ok(Filter::Not(Box::new(filter))),
            filter => Ok(filter),
        }
    }

    fn comparison_or_test(&mut self) -> Result<Filter, JsonPathError> {
        let start = self.at;
        let left = self.term()?;
        if self.take_word("=~") {
            self.space();
            let text = self.operand(left, start)?;
            let pattern = self.pattern()?;
            return Ok(Filter::Matches { text, pattern });
        }
        let found = OPERATORS.iter().find(|(word, _)| self.take_word(word));
        if let Some((_, operator)) = found {
            let left = self.operand(left, start)?;
            self.space();
            let start = self.at;
            let right = self.term()?;
            let right = self.operand(right, start)?;
            return Ok(Filter::Compare { left, operator: *operator, right });
        }
        match left {
            Term::Test(filter) => Ok(filter),
            Term::Query(query) | Term::Value(Operand::Single(query)) => Ok(Filter::Exists(query)),
            Term::Value(_) => Err(self.error("expected a comparison: ==, !=, <, <=, > or >=")),
        }
    }

    /// One that can be compared.
    fn operand(&mut self, term: Term, start: usize) -> Result<Operand, JsonPathError> {
        let message = match term {
            Term::Value(operand) => return Ok(operand),
            Term::Query(_) => {
                "a path that may lead to several values is not compared; use count() or value()"
            }
            Term::Test(_) => "match() and search() are true or false and are not compared",
        };
        self.at = start;
        Err(self.error(message))
    }

    fn term(&mut self) -> Result<Term, JsonPathError> {
        self.space();
        let text = match self.peek() {
            Some('@' | '$') => {
                let query = self.query()?;
                return Ok(if query.is_single() {
                    Term::Value(Operand::Single(query))
                } else {
                    Term::Query(query)
                });
            }
            Some(quote @ ('\'' | '"')) => Literal::Text(self.quoted(quote)?),
            Some('-' | '0'..='9') => Literal::Number(self.number()?),
            Some('a'..='z') => return self.word(),
            _ => return Err(self.error("expected '@', '$', a text in quotes, a number or a function")),
        };
        Ok(Term::Value(Operand::Literal(text)))
    }

    fn query(&mut self) -> Result<Query, JsonPathError> {
        let from_root = self.take('$');
        if !from_root && !self.take('@') {
            return Err(self.error("expected a path that starts with '@' or '$'"));
        }
        let mut steps: Vec<Step> = Vec::new();
        loop {
            let after = self.at;
            self.space();
            if !matches!(self.peek(), Some('.' | '[')) {
                self.at = after;
                return Ok(Query { from_root, steps: steps.into() });
            }
            self.next_step(&mut steps)?;
        }
    }

    fn number(&mut self) -> Result<Box<str>, JsonPathError> {
        let rest = &self.text[self.at..];
        let ends = |char: char| !matches!(char, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
        let text = &rest[..rest.find(ends).unwrap_or(rest.len())];
        if Number::parse(text).is_none() {
            return Err(self.error("a number is written as in JSON, such as 10, -1 or 0.5"));
        }
        self.at += text.len();
        Ok(text.into())
    }

    /// `true`, `false`, `null` or a function.
    fn word(&mut self) -> Result<Term, JsonPathError> {
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest.find(|char: char| !char.is_ascii_lowercase()).unwrap_or(rest.len());
        self.at += length;
        let word = &rest[..length];
        let value = match word {
            "null" => Operand::Literal(Literal::Null),
            "true" | "false" => Operand::Literal(Literal::Bool(word == "true")),
            "length" => {
                self.open(word)?;
                let start = self.at;
                let of = self.term()?;
                let of = self.operand(of, start)?;
                self.close()?;
                Operand::Length(Box::new(of))
            }
            "count" | "value" => {
                self.open(word)?;
                let query = self.query()?;
                self.close()?;
                if word == "count" { Operand::Count(query) } else { Operand::Value(query) }
            }
            "match" | "search" => return self.regex_function(word),
            _ => {
                self.at = start;
                return Err(self.error(
                    "no such word; there are true, false, null, length(), count(), value(), match() and search()",
                ));
            }
        };
        Ok(Term::Value(value))
    }

    fn regex_function(&mut self, word: &str) -> Result<Term, JsonPathError> {
        self.open(word)?;
        let start = self.at;
        let text = self.term()?;
        let text = self.operand(text, start)?;
        self.space();
        if !self.take(',') {
            return Err(self.error(format!("expected ',': {word}() has two arguments")));
        }
        self.space();
        let start = self.at;
        let Some(quote @ ('\'' | '"')) = self.peek() else {
            return Err(self.error("the second argument is a regular expression in quotes"));
        };
        let source = self.quoted(quote)?;
        let pattern = self.compile(source, word == "match", false, start)?;
        self.close()?;
        Ok(Term::Test(Filter::Matches { text, pattern }))
    }

    /// What follows `=~`: `/…/`, `/…/i` or a text in quotes.
    fn pattern(&mut self) -> Result<Pattern, JsonPathError> {
        let start = self.at;
        if let Some(quote @ ('\'' | '"')) = self.peek() {
            let source = self.quoted(quote)?;
            return self.compile(source, false, false, start);
        }
        if !self.take('/') {
            return Err(self.error("expected a regular expression: /…/, /…/i or a text in quotes"));
        }
        let mut escaped = false;
        let end = self.text[self.at..].find(|char| {
            let ends = char == '/' && !escaped;
            escaped = char == '\\' && !escaped;
            ends
        });
        let Some(length) = end else {
            return Err(self.error("expected '/' at the end of the regular expression"));
        };
        let source = &self.text[self.at..self.at + length];
        self.at += length + 1;
        let ignore_case = self.take('i');
        self.compile(source.into(), false, ignore_case, start)
    }

    fn compile(
        &mut self,
        source: Box<str>,
        whole: bool,
        ignore_case: bool,
        start: usize,
    ) -> Result<Pattern, JsonPathError> {
        let text = if whole { format!(r"\A(?:{source})\z") } else { source.to_string() };
        // With `crlf`, a point does not stand for line breaks, as RFC 9485 has it.
        let built = RegexBuilder::new(&text)
            .crlf(true)
            .case_insensitive(ignore_case)
            .size_limit(MAX_REGEX_BYTES)
            .dfa_size_limit(MAX_REGEX_BYTES)
            .nest_limit(100)
            .build();
        match built {
            Ok(regex) => Ok(Pattern { source, whole, ignore_case, regex }),
            Err(error) => {
                self.at = start;
                let said = error.to_string();
                let reason = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Err(self.error(format!("not a regular expression: {reason}")))
            }
        }
    }

    fn open(&mut self, function: &str) -> Result<(), JsonPathError> {
        if self.nesting == MAX_NESTING {
            return Err(self.error(format!("filters and parentheses nest at most {MAX_NESTING} deep")));
        }
        if !self.take('(') {
            return Err(self.error(format!("expected '(' after {function}")));
        }
        self.nesting += 1;
        self.space();
        Ok(())
    }

    fn close(&mut self) -> Result<(), JsonPathError> {
        self.space();
        if !self.take(')') {
            return Err(self.error("expected ')'"));
        }
        self.nesting -= 1;
        Ok(())
    }

    fn take_word(&mut self, word: &str) -> bool {
        let start = self.at;
        self.space();
        let taken = self.text[self.at..].starts_with(word);
        self.at = if taken { self.at + word.len() } else { start };
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::super::JsonPath;
    use super::*;

    #[test]
    fn what_is_not_a_filter_is_refused_with_its_place() {
        let rows = [
            ("$[?]", 3, "expected '@', '$'"),
            ("$[?@.a ==]", 9, "expected '@', '$'"),
            ("$[?@.a = 1]", 7, "expected ']'"),
            ("$[?1]", 4, "expected a comparison"),
            ("$[?'é']", 6, "expected a comparison"),
            ("$[?(@.a]", 7, "expected ')', '&&' or '||'"),
            ("$[?@.* == 1]", 3, "use count() or value()"),
            ("$[?1 == @..a]", 8, "use count() or value()"),
            ("$[?!@.a == 1]", 3, "in parentheses: !(…)"),
            ("$[?@.a == 01]", 10, "a number is written as in JSON"),
            ("$[?@.a == yes]", 10, "no such word"),
            ("$[?length(@.*) == 1]", 10, "use count() or value()"),
            ("$[?length @.a == 1]", 9, "expected '(' after length"),
            ("$[?count(1) == 1]", 9, "expected a path"),
            ("$[?match(@.a) ]", 12, "expected ','"),
            ("$[?match(@.a, @.b)]", 14, "a regular expression in quotes"),
            ("$[?match(@.a, 'x') == true]", 3, "are not compared"),
            ("$[?@.a =~ x]", 10, "expected a regular expression"),
            ("$[?@.a =~ /x]", 11, "expected '/' at the end"),
            ("$[?@.a =~ /(/]", 10, "not a regular expression: unclosed group"),
            ("$[?@.a =~ '(?=x)']", 10, "look-around"),
            ("$[?@.a =~ 'x{1000}{1000}{1000}']", 10, "not a regular expression: "),
            ("$.items.length()", 14, "functions stand in filters only"),
        ];
        for (text, offset, message) in rows {
            let error = JsonPath::parse(text).expect_err(text);
            assert_eq!(error.offset, offset, "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn filters_nest_to_a_limit() {
        let nested = |depth: usize| format!("$[?{}@.a{}]", "(".repeat(depth), ")".repeat(depth));
        assert!(JsonPath::parse(&nested(MAX_NESTING - 1)).is_ok());
        assert!(JsonPath::parse(&nested(MAX_NESTING)).unwrap_err().message.contains("at most 16 deep"));
        assert!(JsonPath::parse(&nested(100_000)).is_err());
        assert!(JsonPath::parse(&format!("${}", "[?@".repeat(100_000))).is_err());
        assert!(JsonPath::parse(&format!("$[?{}", "length(".repeat(100_000))).is_err());
    }
}
