//! Regular expressions on bytes.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast;

use super::{ExtractError, Response};
use crate::template::Value;

/// Longest expression.
const MAX_PATTERN_BYTES: usize = 10_000;
/// Memory that one expression may need, compiled.
const MAX_REGEX_BYTES: usize = 4 << 20;
/// Deepest nesting of groups.
const MAX_NESTING: u32 = 100;

/// A regular expression whose time grows only with the length of the text.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
}

impl Pattern {
    /// Reads an expression in the syntax of the `regex` crate.
    ///
    /// # Errors
    /// When it is not one, or needs too much memory. Look-around and backreferences are refused because the time for
    /// them can grow exponentially with the length of the text.
    pub fn compile(text: &str) -> Result<Self, ExtractError> {
        if text.len() > MAX_PATTERN_BYTES {
            let message = format!("a regular expression has at most {MAX_PATTERN_BYTES} bytes");
            return Err(ExtractError::new(0, message));
        }
        // The parser of the `regex` crate, asked first because it says where an error is.
        let mut parser = regex_syntax::ParserBuilder::new().nest_limit(MAX_NESTING).utf8(false).build();
        parser.parse(text).map_err(|error| explain(text, &error))?;
        RegexBuilder::new(text)
            .nest_limit(MAX_NESTING)
            .size_limit(MAX_REGEX_BYTES)
            .dfa_size_limit(MAX_REGEX_BYTES)
            .build()
            .map(|regex| Self { regex })
            .map_err(|_| {
                ExtractError::new(0, "this regular expression needs too much memory; repeat less in it")
            })
    }

    /// Whether it matches somewhere in the text.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }

    /// How many groups it has; group 0, the whole match, does not count.
    pub fn groups(&self) -> usize {
        self.regex.captures_len() - 1
    }

    /// What a group matched in each match; matches without it are left out.
    pub(super) fn find(&self, response: &Response, group: usize, at_most: usize) -> Vec<Value> {
        if group == 0 {
            let matches = self.regex.find_iter(response.body);
            return matches.take(at_most).map(|found| Value::from_text(found.as_bytes())).collect();
        }
        let captures = self.regex.captures_iter(response.body);
        captures
            .filter_map(|found| found.get(group))
            .take(at_most)
            .map(|part| Value::from_text(part.as_bytes()))
            .collect()
    }
}

fn explain(text: &str, error: &regex_syntax::Error) -> ExtractError {
    let (at, message) = match error {
        regex_syntax::Error::Parse(error) => (error.span().start.offset, explain_syntax(error.kind())),
        regex_syntax::Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
        _ => (0, "not a regular expression".to_owned()),
    };
    ExtractError::new(text[..at].chars().count(), message)
}

fn explain_syntax(kind: &ast::ErrorKind) -> String {
    let what = match kind {
        ast::ErrorKind::UnsupportedLookAround => "look-around",
        ast::ErrorKind::UnsupportedBackreference => "a backreference",
        other => return other.to_string(),
    };
    format!(
        "{what} is not supported, because it can take exponential time; put the wanted part into a group: (…)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_supported_is_refused_with_its_place() {
        let rows = [
            ("é(", 1, "unclosed group"),
            ("é(?=x)", 1, "look-around is not supported"),
            ("(?<!x)", 0, "put the wanted part into a group"),
            (r"(é)\1", 3, "a backreference is not supported"),
            ("[z-a]", 1, "invalid character class range"),
            ("*", 0, "repetition operator missing"),
            (r"\p{Klingon}", 0, "Unicode property not found"),
            ("x{1000}{1000}{1000}", 0, "too much memory"),
        ];
        for (text, offset, message) in rows {
            let error = Pattern::compile(text).expect_err(text);
            assert_eq!(error.offset, offset, "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
        }
        for long in ["(".repeat(9_999), "a".repeat(10_001), "(".repeat(101) + &")".repeat(101)] {
            assert!(Pattern::compile(&long).is_err());
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_matched_as_well() {
        let pattern = Pattern::compile(r"id=(\w+)").unwrap();
        let response = Response::new(200, b"", b"\xff id=a \xfe id=b", 0);
        let texts = |group| {
            pattern.find(&response, group, 9).iter().map(|value| value.text().to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(texts(1), [b"a", b"b"]);
        assert_eq!(texts(0), [b"id=a", b"id=b"]);
        assert!(Pattern::compile(r"(?-u:\xff)").unwrap().is_match(response.body));
    }

    proptest! {
        #[test]
        fn any_text_is_an_expression_or_refused_inside_its_bounds(text in r"([ab\\^$.|?*+(){}\[\]é0-9,-]{0,16}|\PC*)") {
            match Pattern::compile(&text) {
                Ok(pattern) => drop(pattern.is_match(b"abba")),
                Err(error) => prop_assert!(error.offset <= text.chars().count(), "{}", error),
            }
        }
    }
}
