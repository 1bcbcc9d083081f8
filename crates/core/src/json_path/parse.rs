//! Reads the written form of a path.

use super::query::{Selector, Slice, Step};
use super::{JsonPath, MAX_SEGMENTS, Segment};

/// Largest magnitude of an index: the whole numbers that every JSON implementation agrees on (RFC 9535, 2.1).
const MAX_INDEX: i64 = (1 << 53) - 1;
/// Selectors in one list, and entries of one `&&` or `||`.
pub(super) const MAX_LIST: usize = 100;

/// The text is not a path, or not one of the kind that is supported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {} of the JSON path", offset + 1)]
pub struct JsonPathError {
    /// Characters before the place where the text is wrong.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl JsonPath {
    /// Reads a path such as `$.items[-1]['first name']`.
    ///
    /// # Errors
    /// When the text is not a path of RFC 9535.
    pub fn parse(text: &str) -> Result<Self, JsonPathError> {
        let mut parser = Parser { text, at: 0, nesting: 0 };
        if !parser.take('$') {
            return Err(parser.error("a path starts with '$'"));
        }
        let mut steps = Vec::new();
        while parser.at < text.len() {
            parser.space();
            parser.next_step(&mut steps)?;
        }
        Ok(Self::of(steps))
    }

    fn of(mut steps: Vec<Step>) -> Self {
        let mut singles = 0;
        if !steps.iter().any(Step::looks_at_root) {
            singles = steps.iter().take_while(|step| step.single().is_some()).count();
        }
        let rest = steps.split_off(singles).into();
        Self { prefix: steps.iter().filter_map(Step::single).cloned().collect(), rest }
    }
}

pub(super) struct Parser<'a> {
    pub text: &'a str,
    /// Byte offset of the next character to read.
    pub at: usize,
    /// Filters and parentheses that are open.
    pub nesting: usize,
}

impl Parser<'_> {
    /// Reads one more step.
    pub fn next_step(&mut self, steps: &mut Vec<Step>) -> Result<(), JsonPathError> {
        if steps.len() == MAX_SEGMENTS {
            return Err(self.error(format!("a path has at most {MAX_SEGMENTS} steps")));
        }
        steps.push(self.step()?);
        Ok(())
    }

    fn step(&mut self) -> Result<Step, JsonPathError> {
        if !self.take('.') {
            return self.selectors().map(Step::Children);
        }
        if !self.take('.') {
            return self.shorthand().map(|selector| Step::Children([selector].into()));
        }
        if self.peek() == Some('[') {
            return self.selectors().map(Step::Descendants);
        }
        self.shorthand().map(|selector| Step::Descendants([selector].into()))
    }

    /// What stands in brackets.
    fn selectors(&mut self) -> Result<Box<[Selector]>, JsonPathError> {
        if !self.take('[') {
            return Err(self.error("expected '.' or '['"));
        }
        let mut selectors = Vec::new();
        loop {
            self.space();
            if selectors.len() == MAX_LIST {
                return Err(self.error(format!("a list has at most {MAX_LIST} selectors")));
            }
            selectors.push(self.selector()?);
            self.space();
            if self.take(']') {
                return Ok(selectors.into());
            }
            if !self.take(',') {
                return Err(self.error("expected ']'"));
            }
        }
    }

    fn selector(&mut self) -> Result<Selector, JsonPathError> {
        match self.peek() {
            Some(quote @ ('\'' | '"')) => Ok(Selector::One(Segment::Name(self.quoted(quote)?))),
            Some('*') => {
                self.take('*');
                Ok(Selector::Wildcard)
            }
            Some('?') => {
                self.take('?');
                Ok(Selector::Filter(Box::new(self.filter()?)))
            }
            Some('-' | '0'..='9') => {
                let index = self.index()?;
                let after = self.at;
                self.space();
                if self.peek() == Some(':') {
                    return self.slice(Some(index));
                }
                self.at = after;
                Ok(Selector::One(Segment::Index(index)))
            }
            Some(':') => self.slice(None),
            _ => Err(self.error("expected an index, a name in quotes, '*', ':' or a filter '?'")),
        }
    }

    /// What follows `start` in `[start:end:step]`.
    fn slice(&mut self, start: Option<i64>) -> Result<Selector, JsonPathError> {
        self.take(':');
        let end = self.optional_index()?;
        let step = if self.take(':') { self.optional_index()? } else { None };
        Ok(Selector::Slice(Slice { start, end, step: step.unwrap_or(1) }))
    }

    fn optional_index(&mut self) -> Result<Option<i64>, JsonPathError> {
        self.space();
        let given = matches!(self.peek(), Some('-' | '0'..='9'));
        let index = if given { Some(self.index()?) } else { None };
        self.space();
        Ok(index)
    }

    /// What follows the point in `.name` and `.*`.
    fn shorthand(&mut self) -> Result<Selector, JsonPathError> {
        match self.peek() {
            Some('*') => {
                self.take('*');
                return Ok(Selector::Wildcard);
            }
            Some(first) if is_name_first(first) => {}
            _ => {
                return Err(
                    self.error("expected a name (one that does not start with a letter is written ['…'])")
                );
            }
        }
        let rest = &self.text[self.at..];
        let length = rest.find(|char| !is_name_char(char)).unwrap_or(rest.len());
        self.at += length;
        if self.peek() == Some('-') {
            return Err(self.error("a name with '-' is written in quotes: ['…']"));
        }
        if self.peek() == Some('(') {
            return Err(self.error("functions stand in filters only, as in [?length(@.name) > 3]"));
        }
        Ok(Selector::One(Segment::Name(rest[..length].into())))
    }

    /// A text in quotes.
    pub fn quoted(&mut self, quote: char) -> Result<Box<str>, JsonPathError> {
        let mut name = String::new();
        self.take(quote);
        loop {
            match self.peek() {
                None => return Err(self.error(format!("expected {quote}"))),
                Some(char) if char < ' ' => return Err(self.error("a control character must be escaped")),
                Some('\\') => name.push(self.escape(quote)?),
                Some(char) => {
                    self.take(char);
                    if char == quote {
                        return Ok(name.into());
                    }
                    name.push(char);
                }
            }
        }
    }

    fn escape(&mut self, quote: char) -> Result<char, JsonPathError> {
        let start = self.at;
        self.take('\\');
        let char = match self.peek() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(itself) if ['/', '\\', quote].contains(&itself) => itself,
            Some('u') => {
                self.at = start;
                return self.code_point();
            }
            _ => return Err(self.error("no escape starts like this")),
        };
        self.at += 1;
        Ok(char)
    }

    /// `\uXXXX`, or two of them that make a surrogate pair.
    fn code_point(&mut self) -> Result<char, JsonPathError> {
        let start = self.at;
        let first = self.code_unit()?;
        let second = if (0xd800..0xdc00).contains(&first) { self.code_unit().ok() } else { None };
        char::decode_utf16(std::iter::once(first).chain(second)).next().and_then(Result::ok).ok_or_else(
            || {
                self.at = start;
                self.error("half of a surrogate pair is no character")
            },
        )
    }

    fn code_unit(&mut self) -> Result<u16, JsonPathError> {
        let rest = &self.text[self.at..];
        let digits = rest.strip_prefix("\\u").and_then(|rest| rest.get(..4));
        match digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Some(digits) => {
                self.at += 6;
                u16::from_str_radix(digits, 16).map_err(|_| self.error("expected four hexadecimal digits"))
            }
            None => Err(self.error("expected '\\u' and four hexadecimal digits")),
        }
    }

    fn index(&mut self) -> Result<i64, JsonPathError> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|byte| matches!(byte, b'-' | b'0'..=b'9')).count();
        let number = &rest[..length];
        let canonical = match number.strip_prefix('-').unwrap_or(number).as_bytes() {
            [b'0'] => number == "0",
            [b'1'..=b'9', more @ ..] => more.iter().all(u8::is_ascii_digit),
            _ => false,
        };
        if !canonical {
            return Err(self.error("an index is a whole number without leading zeros, such as 0 or -1"));
        }
        match number.parse() {
            Ok(index) if (-MAX_INDEX..=MAX_INDEX).contains(&index) => {
                self.at += length;
                Ok(index)
            }
            _ => Err(self.error("an index is at most 2^53 - 1")),
        }
    }

    pub fn space(&mut self) {
        while let Some(' ' | '\t' | '\n' | '\r') = self.peek() {
            self.at += 1;
        }
    }

    pub fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    pub fn take(&mut self, char: char) -> bool {
        let taken = self.peek() == Some(char);
        if taken {
            self.at += char.len_utf8();
        }
        taken
    }

    pub fn error(&self, message: impl Into<String>) -> JsonPathError {
        JsonPathError { offset: self.text[..self.at].chars().count(), message: message.into() }
    }
}

/// `name-first` of RFC 9535, 2.5.1.
pub(super) fn is_name_first(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_' || !char.is_ascii()
}

/// `name-char` of RFC 9535, 2.5.1.
pub(super) fn is_name_char(char: char) -> bool {
    is_name_first(char) || char.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(name: &str) -> Segment {
        Segment::Name(name.into())
    }

    #[test]
    fn paths_parse_to_their_steps() {
        let rows = [
            ("$", vec![]),
            ("$.id", vec![name("id")]),
            ("$.items[0].id", vec![name("items"), Segment::Index(0), name("id")]),
            ("$[-1]", vec![Segment::Index(-1)]),
            ("$[9007199254740991]", vec![Segment::Index(MAX_INDEX)]),
            ("$[-9007199254740991]", vec![Segment::Index(-MAX_INDEX)]),
            ("$['a b']", vec![name("a b")]),
            ("$[\"a b\"]", vec![name("a b")]),
            ("$['']", vec![name("")]),
            (r#"$['"']["'"]"#, vec![name("\""), name("'")]),
            (r#"$['\'']["\""]"#, vec![name("'"), name("\"")]),
            (r"$['\b\f\n\r\t\/\\']", vec![name("\u{8}\u{c}\n\r\t/\\")]),
            (r"$['\u00e9\ud83d\ude00']", vec![name("é😀")]),
            ("$.é_1", vec![name("é_1")]),
            ("$ .a [ 0 ]\n[ 'b' ]", vec![name("a"), Segment::Index(0), name("b")]),
        ];
        for (text, expected) in rows {
            let path = JsonPath::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(*path.prefix, *expected, "{text}");
            assert!(path.rest.is_empty() && path.is_single(), "{text}");
        }
    }

    #[test]
    fn what_follows_names_and_indexes_is_kept_apart() {
        for (text, singles, others) in
            [("$.a[0].*.b", 2, 2), ("$..a", 0, 1), ("$.a[1:2]", 1, 1), ("$.a['b', 0]", 1, 1)]
        {
            let path = JsonPath::parse(text).unwrap();
            assert_eq!((path.prefix.len(), path.rest.len()), (singles, others), "{text}");
        }
        let whole = JsonPath::parse("$.a[?@.b == $.c]").unwrap();
        assert_eq!((whole.prefix.len(), whole.rest.len()), (0, 2), "the filter needs the whole document");
    }

    #[test]
    fn what_is_not_a_path_is_refused_with_its_place() {
        let rows = [
            ("", 0, "starts with '$'"),
            ("items", 0, "starts with '$'"),
            (" $", 0, "starts with '$'"),
            ("$ ", 2, "expected '.' or '['"),
            ("$.a ", 4, "expected '.' or '['"),
            ("$items", 1, "expected '.' or '['"),
            ("$.", 2, "expected a name"),
            ("$. a", 2, "expected a name"),
            ("$.1", 2, "expected a name"),
            ("$.é-x", 3, "a name with '-'"),
            ("$.a b", 4, "expected '.' or '['"),
            ("$[", 2, "expected an index, a name"),
            ("$[]", 2, "expected an index, a name"),
            ("$[a]", 2, "expected an index, a name"),
            ("$[0", 3, "expected ']'"),
            ("$[0.5]", 3, "expected ']'"),
            ("$['é'", 5, "expected ']'"),
            ("$['a", 4, "expected '"),
            ("$['a\n']", 4, "must be escaped"),
            (r"$['\x']", 4, "no escape"),
            (r#"$['\"']"#, 4, "no escape"),
            (r"$['\u00']", 3, "four hexadecimal digits"),
            (r"$['\u+041']", 3, "four hexadecimal digits"),
            (r"$['\ud83d']", 3, "half of a surrogate pair"),
            (r"$['\ud83d\u0041']", 3, "half of a surrogate pair"),
            (r"$['\ude00']", 3, "half of a surrogate pair"),
            ("$[-]", 2, "an index is a whole number"),
            ("$[-0]", 2, "an index is a whole number"),
            ("$[--1]", 2, "an index is a whole number"),
            ("$[1-1]", 2, "an index is a whole number"),
            ("$[01]", 2, "an index is a whole number"),
            ("$[-01]", 2, "an index is a whole number"),
            ("$[9007199254740992]", 2, "at most 2^53 - 1"),
            ("$[99999999999999999999]", 2, "at most 2^53 - 1"),
            ("$..", 3, "expected a name"),
            ("$...a", 3, "expected a name"),
            ("$.. a", 3, "expected a name"),
            ("$[0,]", 4, "expected an index"),
            ("$[1:2:3:4]", 7, "expected ']'"),
            ("$[1:a]", 4, "expected ']'"),
        ];
        for (text, offset, message) in rows {
            let error = JsonPath::parse(text).expect_err(text);
            assert_eq!(error.offset, offset, "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn the_number_of_steps_is_limited() {
        let path = |steps: usize| JsonPath::parse(&format!("${}", "[0]".repeat(steps)));
        assert_eq!(path(MAX_SEGMENTS).unwrap().prefix.len(), MAX_SEGMENTS);
        let error = path(MAX_SEGMENTS + 1).unwrap_err();
        assert_eq!((error.offset, error.message.as_str()), (301, "a path has at most 100 steps"));
    }

    #[test]
    fn errors_count_characters_from_one_for_people() {
        let error = JsonPath::parse("$[0").unwrap_err();
        assert_eq!(error.to_string(), "expected ']' at character 4 of the JSON path");
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_refused_inside_its_bounds(
            text in r#"(\$?[.\[\]'"\\u0-9a-fé*?:, ()@=~!<&|/-]{0,16}|\$\[\?[@.$a()&|!=< '"0-9]{0,16}\]|\PC*)"#
        ) {
            match JsonPath::parse(&text) {
                Ok(path) => prop_assert_eq!(JsonPath::parse(&path.to_string()), Ok(path)),
                Err(error) => prop_assert!(error.offset <= text.chars().count()),
            }
        }
    }
}
