//! Rows of data: which one iteration or user number n gets, and how rows are read from CSV and JSONL.
//!
//! Nothing here opens a file. [`Dealer`] is arithmetic: all workers compute the same row for the same number, so
//! nothing is handed out by conversation and nothing is given twice. [`Scanner`] is fed with the bytes of a file, in
//! pieces of any size, checks all of them and says where rows are; [`RowFormat`] reads one of them.

mod csv;
mod deal;
mod error;
mod format;
mod jsonl;
mod permutation;
mod scanner;

pub use deal::{Dealer, Dealt, number_of_iteration, number_of_seat};
pub use error::{DataError, Encoding, Problem};
pub use format::{MAX_COLUMNS, MAX_RECORD_BYTES, RowFormat};
pub use permutation::Permutation;
pub use scanner::{Rows, Scanner};

use crate::template::Value;
use std::rc::Rc;

/// The values of one row, in the order of [`crate::plan::DataSet::columns`]. Users share it without a copy.
pub type Row = Rc<[Value]>;
