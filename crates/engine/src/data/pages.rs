//! Cuts a file into pages of whole rows, by one scan.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use kilobar_core::data::{MAX_RECORD_BYTES, Rows, Scanner};
use kilobar_core::plan::DataFormat;

use super::InspectError;

/// What the scan reads at once.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Small enough that one row out of a page that is not in memory costs some microseconds.
const SMALLEST_PAGE_BYTES: u64 = 4 * 1024;

/// The index of a huge file stays below this, because its pages grow with it.
const MAX_PAGES: u64 = 256 * 1024;

/// A page ends with the first row that reaches this size.
pub fn page_bytes(file_bytes: u64) -> u64 {
    SMALLEST_PAGE_BYTES.max(file_bytes.div_ceil(MAX_PAGES))
}

/// Where the rows of a file are.
#[derive(Debug)]
pub struct FileIndex {
    /// What is in the file.
    pub rows: Rows,
    /// Its size.
    pub bytes: u64,
    /// Its pages, in order; at least one.
    pages: Vec<PageStart>,
    /// Where the last row ends.
    end: u64,
    /// Size of the largest page.
    pub largest_page_bytes: u64,
}

#[derive(Debug, Clone, Copy)]
struct PageStart {
    row: u64,
    offset: u64,
}

impl FileIndex {
    /// The page that holds this row.
    pub fn page_of(&self, row: u64) -> usize {
        self.pages.partition_point(|page| page.row <= row).saturating_sub(1)
    }

    /// The first row of a page and that of the next one.
    pub fn rows_of(&self, page: usize) -> Range<u64> {
        self.pages[page].row..self.pages.get(page + 1).map_or(self.rows.rows, |next| next.row)
    }

    /// Where in the file a page is.
    pub fn bytes_of(&self, page: usize) -> Range<u64> {
        self.pages[page].offset..self.pages.get(page + 1).map_or(self.end, |next| next.offset)
    }
}

/// Scans the whole file and checks all of its rows.
pub fn index_file(file: &File, format: &DataFormat, columns: &[String]) -> Result<FileIndex, InspectError> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file").into());
    }
    let bytes = metadata.len();
    let mut scanner = Scanner::new(format, columns).map_err(InspectError::Format)?;
    let mut pager = Pager { target_bytes: page_bytes(bytes), ..Pager::default() };
    // A record may be as long as the limit, and the scanner reads one byte more to know that it is longer.
    let mut buffer = vec![0; CHUNK_BYTES + MAX_RECORD_BYTES + 1];
    let (mut kept, mut offset) = (0, 0);
    loop {
        let read = read_at(file, &mut buffer[kept..], offset)?;
        offset += read as u64;
        let filled = kept + read;
        let taken =
            scanner.scan(&buffer[..filled], read == 0, |row| pager.add(row)).map_err(InspectError::Data)?;
        if read == 0 {
            break;
        }
        buffer.copy_within(taken..filled, 0);
        kept = filled - taken;
    }
    let rows = scanner.finish().map_err(InspectError::Data)?;
    Ok(pager.finish(rows, offset))
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[derive(Default)]
struct Pager {
    target_bytes: u64,
    pages: Vec<PageStart>,
    rows: u64,
    end: u64,
    largest: u64,
}

impl Pager {
    #[inline]
    fn add(&mut self, row: Range<u64>) {
        if self.pages.last().is_none_or(|page| row.start - page.offset >= self.target_bytes) {
            self.pages.push(PageStart { row: self.rows, offset: row.start });
        }
        self.rows += 1;
        self.end = row.end;
        let page = self.pages[self.pages.len() - 1];
        self.largest = self.largest.max(self.end - page.offset);
    }

    fn finish(self, rows: Rows, bytes: u64) -> FileIndex {
        let Self { pages, end, largest, .. } = self;
        FileIndex { rows, bytes, pages, end, largest_page_bytes: largest }
    }
}
