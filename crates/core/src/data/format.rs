//! How rows are written: finds the end of a record, checks its text, makes a row of it.

use super::error::{Encoding, Fault, Problem};
use super::{Row, csv, jsonl};
use crate::plan::DataFormat;
use crate::template::Value;
use memchr::{memchr, memchr2};
use std::borrow::Cow;

/// The longest record, line breaks included.
pub const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// The most columns that a data set may have.
pub const MAX_COLUMNS: usize = 1_000;

/// A record at the beginning of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// Bytes up to the next record.
    pub length: usize,
    /// Bytes without the line break at its end.
    pub text: usize,
    /// Number of values of a CSV record; 1 for JSON.
    pub fields: usize,
    /// Number of line feeds.
    pub lines: usize,
}

/// Reads single rows of one format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFormat {
    /// Values between delimiters.
    Csv {
        /// The delimiter.
        delimiter: u8,
    },
    /// One JSON object a line.
    Jsonl,
}

impl RowFormat {
    /// The format of a plan.
    ///
    /// # Errors
    /// When its delimiter cannot be one.
    pub fn of(format: &DataFormat) -> Result<Self, Problem> {
        match format {
            DataFormat::Jsonl => Ok(Self::Jsonl),
            DataFormat::Csv { delimiter, .. } if is_delimiter(*delimiter) => {
                Ok(Self::Csv { delimiter: *delimiter as u8 })
            }
            DataFormat::Csv { delimiter, .. } => Err(Problem::BadDelimiter(*delimiter)),
        }
    }

    /// How long the record at the beginning of `bytes` is, which must hold all of it. `None` when it does not.
    pub fn record_length(&self, bytes: &[u8]) -> Option<usize> {
        self.record(bytes, true).ok().flatten().map(|record| record.length)
    }

    /// The row that a whole record is, with the values of these columns in their order.
    ///
    /// # Errors
    /// When the record is not one that a [`super::Scanner`] with these columns accepts.
    pub fn row(&self, record: &[u8], columns: &[String]) -> Result<Row, Problem> {
        let found = self.record(record, true).map_err(|fault| fault.problem)?.ok_or(Problem::Empty)?;
        self.read(&record[..found.text], columns).map_err(|fault| fault.problem)
    }

    /// The record at the beginning of `bytes`; `None` when its end is not there yet. Gives the same result however many
    /// bytes follow the record. Its text is not checked.
    pub(super) fn record(&self, bytes: &[u8], at_end: bool) -> Result<Option<Record>, Fault> {
        let window = &bytes[..bytes.len().min(MAX_RECORD_BYTES + 1)];
        let is_cut = bytes.len() > MAX_RECORD_BYTES;
        let found = match *self {
            Self::Csv { delimiter } => csv::record(window, delimiter, at_end && !is_cut)?,
            Self::Jsonl => jsonl::record(window, at_end && !is_cut),
        };
        match found {
            Some(record) if record.length <= MAX_RECORD_BYTES => Ok(Some(record)),
            None if !is_cut => Ok(None),
            _ => Err(self.too_long(window)),
        }
    }

    /// A quote that is not closed is the likely reason.
    #[cold]
    fn too_long(&self, window: &[u8]) -> Fault {
        match *self {
            Self::Csv { delimiter } => match csv::record(window, delimiter, true) {
                Err(fault) if fault.problem == Problem::UnclosedQuote => fault,
                _ => Fault::new(0, Problem::TooLong),
            },
            Self::Jsonl => Fault::new(0, Problem::TooLong),
        }
    }

    /// Whether the text of a record is what a row with these columns may be. `is_plain` says that it passes
    /// [`is_plain`].
    #[inline]
    pub(super) fn check(
        &self,
        text: &[u8],
        is_plain: bool,
        record: &Record,
        columns: &[String],
    ) -> Result<(), Fault> {
        match *self {
            Self::Csv { delimiter } => {
                if !is_plain {
                    check_csv(text, delimiter)?;
                }
                if record.fields != columns.len() {
                    return Err(ragged(columns.len(), record.fields));
                }
                Ok(())
            }
            Self::Jsonl => json_values(check_text(text)?, columns, |_, _| ()),
        }
    }

    /// The names in a header, or the keys of the first object.
    pub(super) fn names(&self, text: &[u8]) -> Result<Vec<String>, Fault> {
        let mut names = Vec::new();
        match *self {
            Self::Csv { delimiter } => {
                check_csv(text, delimiter)?;
                csv::values(text, delimiter, |name| names.push(String::from_utf8_lossy(&name).into_owned()))?;
            }
            Self::Jsonl => jsonl::members(check_text(text)?, |name, _| names.push(name.into_owned()))?,
        }
        match check_names(&names) {
            Ok(()) if names.is_empty() => Err(Fault::new(0, Problem::NoColumns)),
            Ok(()) => Ok(names),
            Err(problem) => Err(Fault::new(0, problem)),
        }
    }

    fn read(&self, text: &[u8], columns: &[String]) -> Result<Row, Fault> {
        match *self {
            Self::Csv { delimiter } => {
                let mut values = Vec::with_capacity(columns.len());
                csv::values(text, delimiter, |value| {
                    values.push(match value {
                        Cow::Borrowed(text) => Value::from_text(text),
                        Cow::Owned(text) => Value::from_text(text),
                    });
                })?;
                if values.len() == columns.len() {
                    Ok(values.into())
                } else {
                    Err(ragged(columns.len(), values.len()))
                }
            }
            Self::Jsonl => {
                let mut values = vec![None; columns.len()];
                let store = |column: usize, json: &str| values[column] = Some(Value::from_json_text(json));
                json_values(check_text(text)?, columns, store)?;
                Ok(values.into_iter().flatten().collect())
            }
        }
    }
}

fn is_delimiter(delimiter: char) -> bool {
    delimiter.is_ascii() && !matches!(delimiter, '"' | '\r' | '\n' | '\0')
}

fn ragged(expected: usize, found: usize) -> Fault {
    Fault::new(0, Problem::Ragged { expected, found })
}

/// Finds each column in a line of JSON. Of members with the same name the last one counts.
fn json_values(line: &str, columns: &[String], mut store: impl FnMut(usize, &str)) -> Result<(), Fault> {
    const WORDS: usize = MAX_COLUMNS.div_ceil(64);
    let mut seen = [0_u64; WORDS];
    // Objects of one file mostly have their members in the same order.
    let mut likely = 0;
    jsonl::members(line, |key, json| {
        let column = match columns.get(likely) {
            Some(name) if *name == key => Some(likely),
            _ => columns.iter().position(|name| *name == key),
        };
        if let Some(column) = column {
            seen[column / 64] |= 1 << (column % 64);
            likely = column + 1;
            store(column, json);
        }
    })?;
    match (0..columns.len()).find(|column| seen[column / 64] & 1 << (column % 64) == 0) {
        Some(column) => Err(Fault::new(0, Problem::MissingKey(columns[column].clone()))),
        None => Ok(()),
    }
}

/// Whether all whole records in these bytes are UTF-8 without NUL or carriage return. To ask once for many records is
/// much cheaper than to ask for each of them.
pub(super) fn is_plain(bytes: &[u8], at_end: bool) -> bool {
    let is_utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        // A character that is cut off belongs to a record that is cut off.
        Err(error) => error.error_len().is_none() && !at_end,
    };
    is_utf8 && memchr2(0, b'\r', bytes).is_none()
}

fn check_csv(text: &[u8], delimiter: u8) -> Result<(), Fault> {
    check_text(text)?;
    match csv::lone_carriage_return(text, delimiter) {
        Some(at) => Err(Fault::new(at, Problem::LoneCarriageReturn)),
        None => Ok(()),
    }
}

fn check_text(text: &[u8]) -> Result<&str, Fault> {
    if let Some(at) = memchr(0, text) {
        return Err(Fault::new(at, Problem::Nul(Encoding::of_nul(text))));
    }
    std::str::from_utf8(text).map_err(|error| {
        let at = error.valid_up_to();
        let encoding = Encoding::of_start(text).filter(|_| at == 0);
        Fault::new(at, Problem::NotUtf8(encoding.or_else(|| Encoding::of_stray_byte(text[at]))))
    })
}

/// Each name must be there, and only once.
pub(super) fn check_names(names: &[String]) -> Result<(), Problem> {
    if names.len() > MAX_COLUMNS {
        return Err(Problem::TooManyColumns);
    }
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(Problem::EmptyName(index + 1));
        }
        if names[..index].contains(name) {
            return Err(Problem::DuplicateName(name.clone()));
        }
    }
    Ok(())
}
