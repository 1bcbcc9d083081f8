//! The rows of a plan's data sets, from files of any size.
//!
//! Which row it is follows from [`kilobar_core::data::Dealer`]; here it is fetched. Files are read by pages: runs of
//! whole rows of about [`pages::page_bytes`]. One scan at the start finds where pages begin; later a page is read in one
//! piece when one of its rows is needed, and the last few are kept.

mod file;
mod inline;
mod pages;

use std::fs::File;
use std::path::Path;

use kilobar_core::data::{DataError, Problem, Row, Rows};
use kilobar_core::plan::{DataFormat, DataSet, DataSource};

use crate::dial::Failure;
use file::FileTable;
use inline::InlineTable;
use pages::index_file;

/// All data sets of a plan, by their index.
pub struct Tables(Vec<Table>);

enum Table {
    File(Box<FileTable>),
    Inline(InlineTable),
}

impl Tables {
    /// Opens the files and reads all of each once: about a second a gigabyte.
    ///
    /// # Errors
    /// When a file cannot be read or is not the one that the plan was made with.
    pub fn open(data: &[DataSet]) -> Result<Self, TableError> {
        let open = |data: &DataSet| match &data.source {
            DataSource::File { path, format, rows, bytes } => {
                FileTable::open(data, path, format, *rows, *bytes).map(|table| Table::File(Box::new(table)))
            }
            DataSource::Rows(rows) => InlineTable::new(data, rows).map(Table::Inline),
        };
        data.iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Row `index` of data set `data`. Rows that follow each other, or lie close together, are cheap.
    ///
    /// # Errors
    /// Of class `data` when the file has changed since it was opened, or cannot be read.
    ///
    /// # Panics
    /// When there is no such data set.
    #[inline]
    pub fn row(&self, data: usize, index: u64) -> Result<Row, Failure> {
        match &self.0[data] {
            Table::File(table) => table.row(index),
            Table::Inline(table) => table.row(index),
        }
    }
}

/// Why the rows of a data set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error("data `{name}`: cannot read {path}: {reason}")]
    Unreadable {
        /// The data set.
        name: String,
        /// Its file.
        path: String,
        /// The words of the operating system.
        reason: String,
    },
    /// What is in the file is not what the plan was made with.
    #[error("data `{name}`: {path} has changed since the plan was made: {what}")]
    Changed {
        /// The data set.
        name: String,
        /// Its file.
        path: String,
        /// How it differs.
        what: String,
    },
    /// A mistake of whoever made the plan.
    #[error("data `{name}`: {reason}")]
    BadPlan {
        /// The data set.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

/// Why a file cannot be used as rows of data.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The file cannot be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// What it was asked to be read as makes no sense.
    #[error("{0}")]
    Format(Problem),
    /// Something in it is wrong.
    #[error("{0}")]
    Data(DataError),
}

/// Reads a whole file of rows and checks every one of them. Returns what is in it, and its size in bytes. Without
/// `columns`, the header or the keys of the first object name them.
///
/// # Errors
/// When the file cannot be read, or the first thing that is wrong in it.
pub fn inspect_data(
    path: &Path,
    format: &DataFormat,
    columns: &[String],
) -> Result<(Rows, u64), InspectError> {
    let file = File::open(path)?;
    let index = index_file(&file, format, columns)?;
    Ok((index.rows, index.bytes))
}

#[cfg(test)]
mod tests;
