//! Rows of one file: pages are read when they are needed, and the last few are kept.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};

use kilobar_core::data::{Row, RowFormat};
use kilobar_core::plan::{DataFormat, DataSet};
use kilobar_core::stats::ErrorClass;

use super::pages::{FileIndex, index_file};
use super::{InspectError, TableError};
use crate::dial::Failure;

/// Pages that are kept of one file take about this much in all.
pub(super) const CACHE_BYTES: u64 = 8 * 1024 * 1024;

/// Two at least: rows at the border of two pages come in turns when there are several workers.
const MIN_KEPT_PAGES: u64 = 2;

/// Of the smallest pages.
const MAX_KEPT_PAGES: u64 = 2048;

/// Rows that are served from memory before the file is looked at again.
const ROWS_PER_LOOK: u32 = 4096;

/// A file of rows that is open.
pub struct FileTable {
    path: String,
    file: File,
    format: RowFormat,
    columns: Vec<String>,
    index: FileIndex,
    state: FileState,
    /// A page may be kept at its number modulo the number of places. So a small file is kept whole, and rows that
    /// follow each other need only one place.
    kept: RefCell<Box<[Option<Page>]>>,
    rows_since_look: Cell<u32>,
}

struct Page {
    number: usize,
    bytes: Box<[u8]>,
    /// Where each of its rows begins in `bytes`.
    starts: Box<[u32]>,
}

/// What changes when somebody writes to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileState {
    bytes: u64,
    modified_ns: (i64, i64),
}

impl FileState {
    fn of(file: &File) -> std::io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { bytes: metadata.len(), modified_ns: (metadata.mtime(), metadata.mtime_nsec()) })
    }
}

impl FileTable {
    /// Opens the file of a data set, which must have this many rows and bytes.
    pub fn open(
        data: &DataSet,
        path: &str,
        format: &DataFormat,
        rows: u64,
        bytes: u64,
    ) -> Result<Self, TableError> {
        let name = || data.name.clone();
        let changed = |what: String| TableError::Changed { name: name(), path: path.to_owned(), what };
        let unreadable = |error: std::io::Error| TableError::Unreadable {
            name: name(),
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let reader = RowFormat::of(format)
            .map_err(|problem| TableError::BadPlan { name: name(), reason: problem.to_string() })?;
        let file = File::open(path).map_err(unreadable)?;
        let state = FileState::of(&file).map_err(unreadable)?;
        if state.bytes != bytes {
            return Err(changed(format!("it had {bytes} bytes, now it has {}", state.bytes)));
        }
        let index = index_file(&file, format, &data.columns).map_err(|error| match error {
            InspectError::Io(error) => unreadable(error),
            InspectError::Format(problem) => {
                TableError::BadPlan { name: name(), reason: problem.to_string() }
            }
            InspectError::Data(error) => changed(error.to_string()),
        })?;
        if index.rows.rows != rows {
            return Err(changed(format!("it had {rows} rows, now it has {}", index.rows.rows)));
        }
        let places = (CACHE_BYTES / index.largest_page_bytes.max(1)).clamp(MIN_KEPT_PAGES, MAX_KEPT_PAGES);
        Ok(Self {
            path: path.to_owned(),
            file,
            format: reader,
            columns: data.columns.clone(),
            index,
            state,
            kept: RefCell::new((0..places).map(|_| None).collect()),
            rows_since_look: Cell::new(0),
        })
    }

    /// Row `index` of the file.
    pub fn row(&self, index: u64) -> Result<Row, Failure> {
        if index >= self.index.rows.rows {
            return Err(self.failure(format_args!("it has no row {index}")));
        }
        let number = self.index.page_of(index);
        let kept = &mut *self.kept.borrow_mut();
        let place = number % kept.len();
        let page = match &mut kept[place] {
            Some(page) if page.number == number => {
                self.look_now_and_then()?;
                page
            }
            place => place.insert(self.read_page(number)?),
        };
        let row = (index - self.index.rows_of(number).start) as usize;
        let start = page.starts[row] as usize;
        let end = page.starts.get(row + 1).map_or(page.bytes.len(), |&next| next as usize);
        self.format
            .row(&page.bytes[start..end], &self.columns)
            .map_err(|problem| self.failure(format_args!("row {index}: {problem}")))
    }

    fn read_page(&self, number: usize) -> Result<Page, Failure> {
        let range = self.index.bytes_of(number);
        let mut bytes = vec![0; (range.end - range.start) as usize].into_boxed_slice();
        let read = self.file.read_exact_at(&mut bytes, range.start);
        // Looked at after reading: what was read before a change is what was scanned.
        self.look()?;
        read.map_err(|error| self.failure(format_args!("it cannot be read: {error}")))?;
        let rows = self.index.rows_of(number);
        let mut starts = Vec::with_capacity((rows.end - rows.start) as usize);
        let mut at = 0;
        while at < bytes.len() {
            starts.push(at as u32);
            at += self.format.record_length(&bytes[at..]).filter(|&length| length > 0).unwrap_or(bytes.len());
        }
        if starts.len() as u64 != rows.end - rows.start {
            return Err(self.changed());
        }
        Ok(Page { number, bytes, starts: starts.into() })
    }

    fn look_now_and_then(&self) -> Result<(), Failure> {
        let rows = self.rows_since_look.get() + 1;
        self.rows_since_look.set(rows);
        if rows < ROWS_PER_LOOK { Ok(()) } else { self.look() }
    }

    /// Whether the file is still what it was when it was opened.
    fn look(&self) -> Result<(), Failure> {
        self.rows_since_look.set(0);
        match FileState::of(&self.file) {
            Ok(state) if state == self.state => Ok(()),
            Ok(_) => Err(self.changed()),
            Err(error) => Err(self.failure(format_args!("it cannot be read: {error}"))),
        }
    }

    /// Bytes of all pages that are kept.
    #[cfg(test)]
    pub fn kept_bytes(&self) -> u64 {
        self.kept.borrow().iter().flatten().map(|page| page.bytes.len() as u64).sum()
    }

    #[cold]
    fn changed(&self) -> Failure {
        self.failure(format_args!("it has changed during the run"))
    }

    #[cold]
    fn failure(&self, what: std::fmt::Arguments) -> Failure {
        Failure::new(ErrorClass::Data, format!("{}: {what}", self.path))
    }
}
