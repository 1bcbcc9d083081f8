//! What can be wrong with rows, and where.

use super::{MAX_COLUMNS, MAX_RECORD_BYTES};
use std::fmt;

/// Something wrong in a file of rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct DataError {
    /// From 1; as an editor counts, so a row may span several.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
    /// What is wrong there.
    pub problem: Problem,
}

impl DataError {
    /// `record` starts at the beginning of line `line`.
    pub(super) fn locate(record: &[u8], line: u64, fault: Fault) -> Self {
        let before = &record[..fault.at.min(record.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let line = line + memchr::memchr_iter(b'\n', before).count() as u64;
        let column = 1 + String::from_utf8_lossy(&before[line_start..]).chars().count() as u64;
        Self { line, column, problem: fault.problem }
    }
}

/// A problem and how many bytes after the start of its record it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub at: usize,
    pub problem: Problem,
}

impl Fault {
    pub fn new(at: usize, problem: Problem) -> Self {
        Self { at, problem }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not even a header.
    #[error("the file is empty")]
    Empty,
    /// A header and nothing more.
    #[error("a header, but no rows")]
    NoRows,
    /// A line without anything before others with something.
    #[error("an empty line between rows")]
    EmptyLine,
    /// As in `"a` at the end of the file.
    #[error("this quote is never closed")]
    UnclosedQuote,
    /// As in `"a"b`.
    #[error("text follows the closing quote of a value")]
    TextAfterQuote,
    /// Fewer or more values than there are columns.
    #[error("expected {expected} fields, found {found}")]
    Ragged {
        /// Number of columns.
        expected: usize,
        /// Number of values in this row.
        found: usize,
    },
    /// A CR that is not part of a CRLF.
    #[error("a carriage return without a line feed")]
    LoneCarriageReturn,
    /// Text has none; most often it is UTF-16.
    #[error("a NUL byte{}", guess(*.0))]
    Nul(Option<Encoding>),
    /// Bytes that are not UTF-8.
    #[error("not UTF-8{}", guess(*.0))]
    NotUtf8(Option<Encoding>),
    /// A row over the limit.
    #[error("a row longer than {MAX_RECORD_BYTES} bytes")]
    TooLong,
    /// A JSONL line that is JSON, but another value than an object, or does not look like JSON at all.
    #[error("not a JSON object")]
    NotObject,
    /// A JSONL line that is not JSON, and why.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// An object without one of the columns.
    #[error("the key \"{0}\" is missing")]
    MissingKey(String),
    /// A column without a name.
    #[error("column {0} has no name")]
    EmptyName(usize),
    /// Two columns with the same name.
    #[error("a second column is named \"{0}\"")]
    DuplicateName(String),
    /// The first object has no keys.
    #[error("an object without keys")]
    NoColumns,
    /// More columns than anybody needs.
    #[error("more than {MAX_COLUMNS} columns")]
    TooManyColumns,
    /// A delimiter that is not one ASCII character, or one that CSV needs itself.
    #[error("{0:?} cannot be a delimiter")]
    BadDelimiter(char),
    /// The header is another one than the plan was made with.
    #[error("the columns are not those of the plan")]
    OtherColumns,
}

fn guess(encoding: Option<Encoding>) -> String {
    encoding.map(|encoding| format!("; it looks like {encoding}")).unwrap_or_default()
}

impl Problem {
    /// What to do about it, if that is not plain.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Empty | Self::NoRows => "add rows, or remove the data set",
            Self::EmptyLine => "delete the line; an empty text is written as \"\"",
            Self::UnclosedQuote | Self::TextAfterQuote => {
                "a quote inside a quoted value is written twice: \"\""
            }
            Self::Ragged { .. } => "a value that holds the delimiter must be in quotes; or set `delimiter`",
            Self::LoneCarriageReturn => "save the file with line ends LF or CRLF, or put the value in quotes",
            Self::Nul(_) | Self::NotUtf8(_) => "save the file as UTF-8",
            Self::TooLong => "is a quote or a line break missing?",
            Self::NotObject => "write one JSON object a line, such as {\"user\": \"ann\"}",
            Self::EmptyName(_) | Self::DuplicateName(_) => "the first line of the file names the columns",
            Self::OtherColumns => "do not change data files during a run",
            Self::BadDelimiter(_) => {
                "use one ASCII character, such as `,`, `;` or a tab; not a quote or line break"
            }
            Self::NotJson(_) | Self::MissingKey(_) | Self::NoColumns | Self::TooManyColumns => return None,
        })
    }
}

/// An encoding that bytes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Two bytes for most characters.
    Utf16,
    /// Four bytes a character.
    Utf32,
    /// One byte a character, as in western Europe.
    Latin1,
    /// The same, with quotes and dashes where Latin-1 has control characters.
    Windows1252,
}

impl Encoding {
    /// What a file is that starts like this, when that is not UTF-8.
    pub(super) fn of_start(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some(Self::Utf32),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(Self::Utf16),
            _ => None,
        }
    }

    /// What a line may be that has this byte where UTF-8 cannot have it.
    pub(super) fn of_stray_byte(byte: u8) -> Option<Self> {
        match byte {
            0x80..=0x9f => Some(Self::Windows1252),
            0xa0.. => Some(Self::Latin1),
            _ => None,
        }
    }

    /// What a line may be that has a NUL: every second byte of English text is one in UTF-16.
    pub(super) fn of_nul(line: &[u8]) -> Option<Self> {
        let nuls = memchr::memchr_iter(0, line).count();
        (nuls >= line.len() / 3 && line.len() > 1).then_some(Self::Utf16)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            Self::Utf16 => "UTF-16",
            Self::Utf32 => "UTF-32",
            Self::Latin1 => "Latin-1",
            Self::Windows1252 => "Windows-1252",
        })
    }
}
