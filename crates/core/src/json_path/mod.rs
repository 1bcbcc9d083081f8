//! Finds values in a JSON document by their path: `$.items[0].id`, `$.items[?@.price < 10].id`, `$..id`.
//!
//! Paths are those of [RFC 9535](https://www.rfc-editor.org/rfc/rfc9535) with its functions `length`, `count`, `match`,
//! `search` and `value`. A filter may also say `@.name =~ /^a/i`. Regular expressions are constants.
//!
//! What the RFCs leave open is decided like this:
//! * Of members with the same name the last one counts when it is named; wildcards, filters and `..` see all of them.
//! * The whole document is read, so that a response which is cut off or followed by garbage is never half accepted.
//! * A byte order mark before the document is skipped, as browsers do. Other encodings than UTF-8 are refused.
//! * Arrays and objects may nest 127 deep, as in serde_json.
//! * Numbers keep the text that they have in the document, and compare exactly.
//!
//! A path of names and indexes only, which is most of them, is followed while the document is scanned, without building
//! a tree. For other paths that is done with the names and indexes at its start; what they lead to becomes a [`tree`].

mod evaluate;
mod filter;
mod filter_parse;
mod parse;
mod query;
mod scan;
mod string;
mod tree;
mod write;

use query::Step;
use tree::Tree;

pub use parse::JsonPathError;
pub(crate) use string::unescape;

/// Steps that a path may have; every one of them needs a level of nesting in the document.
const MAX_SEGMENTS: usize = 100;

/// A path to values in a JSON document. Its `Display` form parses to the same path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath {
    /// The names and indexes at its start; empty when a filter looks at the whole document.
    prefix: Box<[Segment]>,
    /// What follows: wildcards, slices, filters, lists, descendants.
    rest: Box<[Step]>,
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

/// Why a path cannot be followed in a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// The document is not JSON, whether or not the path leads to the faulty place.
    #[error(transparent)]
    NotJson(#[from] NotJson),
    /// Following the path takes too long: it searches descendants of descendants.
    #[error("the JSON path makes more than {} million comparisons in this document", evaluate::MAX_WORK / 1_000_000)]
    TooMuch,
}

impl JsonPath {
    /// The raw JSON text of the first value at this path, as it stands in the document; `None` when there is no such
    /// value. [`crate::template::Value::from_json_text`] makes a value to save of it.
    ///
    /// Reads the document once (an array once more for a negative index). A path of names and indexes allocates nothing.
    ///
    /// # Errors
    /// When the document is not JSON, or a search in it takes too long.
    pub fn find<'a>(&self, document: &'a [u8]) -> Result<Option<&'a str>, FindError> {
        if self.rest.is_empty() {
            return Ok(self.find_prefix(document)?);
        }
        Ok(self.find_all(document, 1)?.first().copied())
    }

    /// The raw JSON texts of the first `at_most` values at this path, in the order of RFC 9535.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn find_all<'a>(&self, document: &'a [u8], at_most: usize) -> Result<Vec<&'a str>, FindError> {
        let Some(start) = self.find_prefix(document)? else { return Ok(Vec::new()) };
        if self.rest.is_empty() {
            return Ok(Vec::from_iter((at_most > 0).then_some(start)));
        }
        let tree = Tree::of(start).ok_or(FindError::TooMuch)?;
        evaluate::find_all(&tree, &self.rest, at_most).ok_or(FindError::TooMuch)
    }

    /// Whether it leads to at most one value in every document: it consists of names and indexes.
    pub fn is_single(&self) -> bool {
        self.rest.iter().all(|step| step.single().is_some())
    }

    fn find_prefix<'a>(&self, document: &'a [u8]) -> Result<Option<&'a str>, NotJson> {
        let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        let text = std::str::from_utf8(document)
            .map_err(|error| NotJson::new(document, error.valid_up_to(), "these bytes are not UTF-8"))?;
        scan::find(text, &self.prefix).map_err(|fault| NotJson::new(document, fault.at, fault.message))
    }
}

/// Whether two JSON texts have the same value: numbers compare exactly, objects whatever the order of their members.
/// `None` when one of them is not JSON.
pub(crate) fn same_value(left: &str, right: &str) -> Option<bool> {
    scan::find(left, &[]).ok()?;
    scan::find(right, &[]).ok()?;
    let both = format!("[{left},{right}]");
    evaluate::elements_are_equal(&Tree::of(&both)?)
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
mod oracle;
#[cfg(test)]
mod tests;
