//! Which rows an iteration gets, and what happens when there is none.

use std::cell::RefCell;

use kilobar_core::data::{Dealer, Dealt, Row, number_of_iteration, number_of_seat};
use kilobar_core::plan::{Exhausted, Plan, RowPer};
use kilobar_core::stats::ErrorClass;

use crate::data::{TableError, Tables};
use crate::dial::Failure;

/// The rows of a plan, dealt by arithmetic.
pub struct Rows {
    tables: Tables,
    dealers: RefCell<Vec<Dealer>>,
    rules: Vec<(String, RowPer, Exhausted)>,
}

/// What an iteration gets of one data set.
pub enum Given {
    /// Its row.
    Row(Row),
    /// None is left, and whoever finds that ends without an error.
    End,
}

impl Rows {
    /// Opens the data sets of a plan.
    ///
    /// # Errors
    /// When a file cannot be read or is not the one that the plan was made with.
    pub fn open(plan: &Plan) -> Result<Self, TableError> {
        Ok(Self {
            tables: Tables::open(&plan.data)?,
            dealers: RefCell::new((0..plan.data.len()).map(|index| Dealer::of(plan, index)).collect()),
            rules: plan.data.iter().map(|data| (data.name.clone(), data.per, data.when_exhausted)).collect(),
        })
    }

    /// What iteration `sequence` of user `user` gets of data set `data`.
    ///
    /// # Errors
    /// Of class `data`, when the file has changed or nothing is left and that is a failure.
    pub fn deal(&self, data: usize, user: u64, sequence: u64) -> Result<Given, Failure> {
        match self.place(data, user, sequence) {
            Dealt::Row(index) => self.tables.row(data, index).map(Given::Row),
            Dealt::Exhausted if self.rules[data].2 == Exhausted::Fail => {
                let words = format!("no row of `{}` is left", self.rules[data].0);
                Err(Failure::new(ErrorClass::Data, words))
            }
            Dealt::Exhausted => Ok(Given::End),
        }
    }

    /// Whether nothing is left for it, and that is no failure.
    pub fn is_over(&self, data: usize, user: u64, sequence: u64) -> bool {
        self.rules[data].2 != Exhausted::Fail && self.place(data, user, sequence) == Dealt::Exhausted
    }

    fn place(&self, data: usize, user: u64, sequence: u64) -> Dealt {
        let number = if self.rules[data].1 == RowPer::User { user } else { sequence };
        self.dealers.borrow_mut()[data].deal(number)
    }
}

/// The number of the next iteration of a closed user, when at most `users` are asked for. Users beyond those, added by
/// hand, get numbers behind all rows: nothing is dealt twice because somebody pressed a key.
pub fn sequence_of(user: u64, users: u64, iteration: u64) -> u64 {
    const BEYOND: u64 = 1 << 62;
    if user < users { number_of_iteration(user, users, iteration) } else { BEYOND + (user << 32) + iteration }
}

/// The number of the user in a seat of one of `workers` workers.
pub fn number_in_seat(seat: u32, worker: u32, workers: u32) -> u64 {
    number_of_seat(u64::from(seat), worker, workers)
}

#[cfg(test)]
mod tests;
