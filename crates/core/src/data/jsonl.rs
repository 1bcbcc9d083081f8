//! JSON Lines: one JSON object a line.

use super::error::{Fault, Problem};
use super::format::Record;
use memchr::memchr;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The line at the beginning of `bytes`; `None` when its end is not there yet.
pub(super) fn record(bytes: &[u8], at_end: bool) -> Option<Record> {
    let (text, length) = match memchr(b'\n', bytes) {
        Some(newline) => (&bytes[..newline], newline + 1),
        None if at_end => (bytes, bytes.len()),
        None => return None,
    };
    // Space at the end says nothing in JSON, and a line of nothing but space is an empty one.
    Some(Record { length, text: text.trim_ascii_end().len(), fields: 1, lines: length - text.len() })
}

/// The members of the object that `line` is, in order; each value as its JSON text.
pub(super) fn members<'a>(line: &'a str, mut each: impl FnMut(Cow<'a, str>, &'a str)) -> Result<(), Fault> {
    let start = line.len() - line.trim_start().len();
    if !line[start..].starts_with('{') {
        return Err(Fault::new(start, Problem::NotObject));
    }
    let mut reader = serde_json::Deserializer::from_str(line);
    reader
        .deserialize_map(Members(&mut each))
        .and_then(|()| reader.end())
        .map_err(|error| Fault::new(error.column().saturating_sub(1), Problem::NotJson(reason(&error))))
}

/// The words of serde_json without its "at line 1 column 7", because we tell the place ourselves.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct Members<'f, F>(&'f mut F);

impl<'a, F: FnMut(Cow<'a, str>, &'a str)> Visitor<'a> for Members<'_, F> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((Key(key), value)) = map.next_entry::<Key, &RawValue>()? {
            (self.0)(key, value.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<(String, String)>, (usize, Problem)> {
        let mut found = Vec::new();
        members(line, |key, value| found.push((key.into_owned(), value.to_owned())))
            .map_err(|fault| (fault.at, fault.problem))?;
        Ok(found)
    }

    #[test]
    fn members_keep_their_order_and_their_text() {
        let found =
            read(r#" {"a": 12345678901234567890, "b\n": "x\"", "é": [1, {"c": 2}] , "n":null}"#).unwrap();
        let expected =
            [("a", "12345678901234567890"), ("b\n", r#""x\"""#), ("é", r#"[1, {"c": 2}]"#), ("n", "null")];
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(read(r#"{"large": 1e999, "half": "\ud800"}"#).unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_object_is_refused_where_it_stands() {
        for line in ["[1]", "7", "\"{\"", "user,password"] {
            assert_eq!(read(line), Err((0, Problem::NotObject)), "{line}");
        }
        assert_eq!(read("  null"), Err((2, Problem::NotObject)));
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_stands() {
        for (line, at) in [(r#"{"a": }"#, 6), (r#"{"a": 1"#, 6), (r#"{"a": 1} x"#, 9), (r#"{a: 1}"#, 1)] {
            match read(line) {
                Err((found, Problem::NotJson(words))) => {
                    assert_eq!(found, at, "{line}");
                    assert!(!words.contains("line 1") && !words.is_empty(), "{words}");
                }
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_line_ends_with_its_line_feed() {
        assert_eq!(record(b"{} \r\n{}", false), Some(Record { length: 5, text: 2, fields: 1, lines: 1 }));
        assert_eq!(record(b"{}", false), None);
        assert_eq!(record(b"{}", true), Some(Record { length: 2, text: 2, fields: 1, lines: 0 }));
        assert_eq!(record(b" \t\n", true), Some(Record { length: 3, text: 0, fields: 1, lines: 1 }));
    }
}
