//! Checks all records of a file that comes in pieces, and says where its rows are.

use super::error::{DataError, Encoding, Fault, Problem};
use super::format::{Record, RowFormat, check_names, is_plain};
use crate::plan::DataFormat;
use std::ops::Range;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a scan found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// How many rows there are.
    pub rows: u64,
}

/// Whether the first record names the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    None,
    Expected,
    Taken,
}

/// Reads a file once, from front to back. It keeps nothing of it but the names of the columns.
#[derive(Debug)]
pub struct Scanner {
    format: RowFormat,
    /// Empty until they are known.
    columns: Vec<String>,
    header: Header,
    rows: u64,
    /// Bytes of the file before the next record.
    offset: u64,
    /// The line that the next record starts on, from 1.
    line: u64,
    /// The first of the empty lines just before the next record.
    empty_line: Option<u64>,
}

impl Scanner {
    /// A scan of a file with these columns. Without any, the header or the first object names them.
    ///
    /// # Errors
    /// When `columns` has a name twice, an empty one or too many, or the delimiter cannot be one.
    pub fn new(format: &DataFormat, columns: &[String]) -> Result<Self, Problem> {
        check_names(columns)?;
        let header = match format {
            DataFormat::Csv { header: true, .. } => Header::Expected,
            DataFormat::Csv { .. } | DataFormat::Jsonl => Header::None,
        };
        let format = RowFormat::of(format)?;
        Ok(Self { format, columns: columns.to_vec(), header, rows: 0, offset: 0, line: 1, empty_line: None })
    }

    /// Takes the whole records at the beginning of `bytes`, and tells for each row where in the file it is. Returns how
    /// many bytes were taken: the next piece must begin with those that were not. `at_end` says that none follow.
    ///
    /// What it finds does not depend on how the file is cut into pieces.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn scan(
        &mut self,
        bytes: &[u8],
        at_end: bool,
        mut row: impl FnMut(Range<u64>),
    ) -> Result<usize, DataError> {
        let mut at = 0;
        if self.offset == 0 {
            if bytes.len() < 4 && !at_end {
                return Ok(0);
            }
            at = self.begin(bytes)?;
        }
        let is_plain = is_plain(&bytes[at..], at_end);
        while at < bytes.len() {
            let rest = &bytes[at..];
            let found = self.format.record(rest, at_end);
            let Some(record) = found.map_err(|fault| self.error(rest, fault))? else { break };
            let start = self.offset + at as u64;
            if self.take(&rest[..record.length], is_plain, &record)? {
                row(start..start + record.length as u64);
            }
            at += record.length;
        }
        self.offset += at as u64;
        Ok(at)
    }

    /// What was found, after the last piece.
    ///
    /// # Errors
    /// When there was no row.
    pub fn finish(self) -> Result<Rows, DataError> {
        if self.rows > 0 {
            return Ok(Rows { columns: self.columns, rows: self.rows });
        }
        let problem = if self.header == Header::Taken { Problem::NoRows } else { Problem::Empty };
        Err(DataError { line: self.line, column: 1, problem })
    }

    fn begin(&self, bytes: &[u8]) -> Result<usize, DataError> {
        if let Some(encoding) = Encoding::of_start(bytes) {
            let problem = Problem::NotUtf8(Some(encoding));
            return Err(DataError { line: 1, column: 1, problem });
        }
        Ok(if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 })
    }

    /// Whether the record is a row.
    #[inline]
    fn take(&mut self, bytes: &[u8], is_plain: bool, record: &Record) -> Result<bool, DataError> {
        let text = &bytes[..record.text];
        if text.is_empty() {
            self.empty_line.get_or_insert(self.line);
            self.line += record.lines as u64;
            return Ok(false);
        }
        if let Some(line) = self.empty_line {
            return Err(DataError { line, column: 1, problem: Problem::EmptyLine });
        }
        let is_row = self.header != Header::Expected;
        if !is_row || self.columns.is_empty() {
            self.learn_columns(text).map_err(|fault| self.error(bytes, fault))?;
        }
        if is_row {
            self.format
                .check(text, is_plain, record, &self.columns)
                .map_err(|fault| self.error(bytes, fault))?;
            self.rows += 1;
        }
        self.line += record.lines as u64;
        Ok(is_row)
    }

    fn learn_columns(&mut self, text: &[u8]) -> Result<(), Fault> {
        let names = self.format.names(text)?;
        if !self.columns.is_empty() && self.columns != names {
            return Err(Fault::new(0, Problem::OtherColumns));
        }
        self.columns = names;
        if self.header == Header::Expected {
            self.header = Header::Taken;
        }
        Ok(())
    }

    #[cold]
    fn error(&self, record: &[u8], fault: Fault) -> DataError {
        DataError::locate(record, self.line, fault)
    }
}

#[cfg(test)]
mod tests;
