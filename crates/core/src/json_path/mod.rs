//! Finds a value in a JSON document by its path, without building a tree: `$.items[0].id`.
//!
//! Paths are the part of [RFC 9535](https://www.rfc-editor.org/rfc/rfc9535) that names at most one value: member names
//! and array indexes. Wildcards, slices, filters, unions and descendants are refused with the place where they stand.
//!
//! What the RFCs leave open is decided like this:
//! * Of members with the same name the last one counts, as in nearly every JSON library.
//! * The whole document is read, so that a response which is cut off or followed by garbage is never half accepted.
//! * A byte order mark before the document is skipped, as browsers do. Other encodings than UTF-8 are refused.
//! * Arrays and objects may nest 127 deep, as in serde_json.

mod parse;
mod scan;
mod string;

pub use parse::JsonPathError;
pub(crate) use string::unescape;

/// Steps that a path may have; every one of them needs a level of nesting in the document.
const MAX_SEGMENTS: usize = 100;

/// A path to a value in a JSON document. Its `Display` form parses to the same path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath {
    segments: Box<[Segment]>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// The member of an object with this name.
    Name(Box<str>),
    /// The element of an array at this index; a negative one counts from the end.
    Index(i64),
}

/// The document is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at line {line}, column {column}: {message}")]
pub struct NotJson {
    /// Line of the first character that cannot stand where it stands, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: &'static str,
}

impl JsonPath {
    /// The raw JSON text of the value at this path, as it stands in the document; `None` when there is no such value.
    /// [`crate::template::Value::from_json_text`] makes a value to save of it.
    ///
    /// Reads the document once (an array once more for a negative index) and allocates nothing.
    ///
    /// # Errors
    /// When the document is not JSON, whether or not the path leads to the faulty place.
    pub fn find<'a>(&self, document: &'a [u8]) -> Result<Option<&'a str>, NotJson> {
        let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        let text = std::str::from_utf8(document)
            .map_err(|error| NotJson::new(document, error.valid_up_to(), "these bytes are not UTF-8"))?;
        scan::find(text, &self.segments).map_err(|fault| NotJson::new(document, fault.at, fault.message))
    }
}

impl NotJson {
    /// `at` is a byte offset; all bytes before it are UTF-8.
    fn new(document: &[u8], at: usize, message: &'static str) -> Self {
        let before = &document[..at];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let column = 1 + String::from_utf8_lossy(&before[line_start..]).chars().count();
        Self { line, column, message }
    }
}

#[cfg(test)]
mod tests;
