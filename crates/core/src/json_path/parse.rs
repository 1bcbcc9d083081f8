//! The written form of a path: reads it and writes it.

use super::{JsonPath, MAX_SEGMENTS, Segment};
use std::fmt;

/// Largest magnitude of an index: the whole numbers that every JSON implementation agrees on (RFC 9535, 2.1).
const MAX_INDEX: i64 = (1 << 53) - 1;

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
    /// When the text is not a path of RFC 9535, or uses what is not supported yet.
    pub fn parse(text: &str) -> Result<Self, JsonPathError> {
        let mut parser = Parser { text, at: 0 };
        if !parser.take('$') {
            return Err(parser.error("a path starts with '$'"));
        }
        let mut segments = Vec::new();
        loop {
            if parser.at == text.len() {
                return Ok(Self { segments: segments.into() });
            }
            if segments.len() == MAX_SEGMENTS {
                return Err(parser.error(format!("a path has at most {MAX_SEGMENTS} steps")));
            }
            parser.space();
            segments.push(parser.segment()?);
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Byte offset of the next character to read.
    at: usize,
}

impl Parser<'_> {
    fn segment(&mut self) -> Result<Segment, JsonPathError> {
        if self.take('.') {
            return self.shorthand().map(Segment::Name);
        }
        if !self.take('[') {
            return Err(self.error("expected '.' or '['"));
        }
        self.space();
        let segment = match self.peek() {
            Some(quote @ ('\'' | '"')) => Segment::Name(self.quoted_name(quote)?),
            Some('-' | '0'..='9') => Segment::Index(self.index()?),
            Some('*') => return Err(self.unsupported("a wildcard")),
            Some('?') => return Err(self.unsupported("a filter")),
            Some(':') => return Err(self.unsupported("a slice")),
            _ => return Err(self.error("expected an index or a name in quotes")),
        };
        self.space();
        match self.peek() {
            Some(':') => Err(self.unsupported("a slice")),
            Some(',') => Err(self.unsupported("a list of selectors")),
            _ if self.take(']') => Ok(segment),
            _ => Err(self.error("expected ']'")),
        }
    }

    /// The name in `.name`.
    fn shorthand(&mut self) -> Result<Box<str>, JsonPathError> {
        match self.peek() {
            Some('*') => return Err(self.unsupported("a wildcard")),
            Some('.') => return Err(self.unsupported("a search in all descendants")),
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
        Ok(rest[..length].into())
    }

    fn quoted_name(&mut self, quote: char) -> Result<Box<str>, JsonPathError> {
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

    fn space(&mut self) {
        while let Some(' ' | '\t' | '\n' | '\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, char: char) -> bool {
        let taken = self.peek() == Some(char);
        if taken {
            self.at += char.len_utf8();
        }
        taken
    }

    fn unsupported(&self, what: &str) -> JsonPathError {
        self.error(format!("{what} is not supported yet"))
    }

    fn error(&self, message: impl Into<String>) -> JsonPathError {
        JsonPathError { offset: self.text[..self.at].chars().count(), message: message.into() }
    }
}

/// `name-first` of RFC 9535, 2.5.1.
fn is_name_first(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_' || !char.is_ascii()
}

/// `name-char` of RFC 9535, 2.5.1.
fn is_name_char(char: char) -> bool {
    is_name_first(char) || char.is_ascii_digit()
}

impl fmt::Display for JsonPath {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("$")?;
        self.segments.iter().try_for_each(|segment| write!(out, "{segment}"))
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Index(index) => write!(out, "[{index}]"),
            Self::Name(name) if name.starts_with(is_name_first) && name.chars().all(is_name_char) => {
                write!(out, ".{name}")
            }
            Self::Name(name) => {
                out.write_str("['")?;
                for char in name.chars() {
                    match char {
                        '\'' | '\\' => write!(out, "\\{char}")?,
                        '\n' => out.write_str("\\n")?,
                        '\r' => out.write_str("\\r")?,
                        '\t' => out.write_str("\\t")?,
                        control if control < ' ' => write!(out, "\\u{:04x}", u32::from(control))?,
                        char => write!(out, "{char}")?,
                    }
                }
                out.write_str("']")
            }
        }
    }
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
            assert_eq!(*path.segments, *expected, "{text}");
        }
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
            ("$[", 2, "expected an index or a name"),
            ("$[]", 2, "expected an index or a name"),
            ("$[a]", 2, "expected an index or a name"),
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
            ("$.a.*", 4, "a wildcard is not supported yet"),
            ("$[*]", 2, "a wildcard is not supported yet"),
            ("$..a", 2, "a search in all descendants is not supported yet"),
            ("$.é[?@.a]", 4, "a filter is not supported yet"),
            ("$[1:2]", 3, "a slice is not supported yet"),
            ("$[:2]", 2, "a slice is not supported yet"),
            ("$[0,1]", 3, "a list of selectors is not supported yet"),
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
        assert_eq!(path(MAX_SEGMENTS).unwrap().segments.len(), MAX_SEGMENTS);
        let error = path(MAX_SEGMENTS + 1).unwrap_err();
        assert_eq!((error.offset, error.message.as_str()), (301, "a path has at most 100 steps"));
    }

    #[test]
    fn errors_count_characters_from_one_for_people() {
        let error = JsonPath::parse("$.*").unwrap_err();
        assert_eq!(error.to_string(), "a wildcard is not supported yet at character 3 of the JSON path");
    }

    #[test]
    fn paths_are_written_as_people_write_them() {
        let rows = [
            ("$", "$"),
            ("$[\"items\"][ -1 ]['id']", "$.items[-1].id"),
            ("$['a-b']", "$['a-b']"),
            ("$['1']['']", "$['1']['']"),
            (r#"$["'\\\n\u0001"]"#, r"$['\'\\\n\u0001']"),
        ];
        for (text, expected) in rows {
            assert_eq!(JsonPath::parse(text).unwrap().to_string(), expected);
        }
    }

    fn any_path() -> impl Strategy<Value = JsonPath> {
        let segment = prop_oneof![
            any::<String>().prop_map(|name| Segment::Name(name.into())),
            "[a-z_\u{0}-\u{1f}'\"\\\\]{0,4}".prop_map(|name| Segment::Name(name.into())),
            (-MAX_INDEX..=MAX_INDEX).prop_map(Segment::Index),
        ];
        prop::collection::vec(segment, 0..8).prop_map(|segments| JsonPath { segments: segments.into() })
    }

    proptest! {
        #[test]
        fn a_path_that_was_written_parses_to_itself(path in any_path()) {
            prop_assert_eq!(JsonPath::parse(&path.to_string()), Ok(path));
        }

        #[test]
        fn any_text_parses_or_is_refused_inside_its_bounds(text in r#"(\$?[.\[\]'"\\u0-9a-fé*?:, -]{0,12}|\PC*)"#) {
            if let Err(error) = JsonPath::parse(&text) {
                prop_assert!(error.offset <= text.chars().count());
            }
        }
    }
}
