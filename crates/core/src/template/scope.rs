//! What the holes of a template are filled from.

use std::rc::Rc;

use super::{RenderError, Value};
use crate::plan::Plan;
use crate::random::Random;

/// A row of a data set: a value for each of its columns.
pub type Row = Rc<[Value]>;

/// What a user knows at the moment when a template is rendered.
pub struct Scope<'a> {
    /// Saved values, by index into [`Plan::variables`].
    pub variables: &'a [Option<Value>],
    /// The rows that the user or iteration has, by index into [`Plan::data`].
    pub rows: &'a [Option<Row>],
    /// The number of the iteration, from 0; no other iteration of the run has the same.
    pub sequence: u64,
    /// The time of day, since 1970 UTC.
    pub unix_ns: u64,
    /// Its random choices.
    pub random: &'a mut Random,
}

/// How many of each there are, so that a template with an index past them is refused before the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Number of [`Plan::variables`].
    pub variables: usize,
    /// For each of [`Plan::data`], the number of its columns.
    pub columns: Vec<usize>,
}

impl Bounds {
    /// Those of a plan.
    pub fn of(plan: &Plan) -> Self {
        Self {
            variables: plan.variables.len(),
            columns: plan.data.iter().map(|data| data.columns.len()).collect(),
        }
    }
}

/// A rendering in progress: the scope, and whether anything was read that may not be shown.
pub(super) struct Evaluation<'e, 'a> {
    pub scope: &'e mut Scope<'a>,
    pub secret: bool,
}

impl<'a> Evaluation<'_, 'a> {
    /// The value of a variable. It lives as long as the scope's borrow, so that a rendering can go on meanwhile.
    pub fn variable(&mut self, variable: usize) -> Result<&'a Value, RenderError> {
        match self.scope.variables.get(variable) {
            Some(Some(value)) => {
                self.secret |= value.is_secret();
                Ok(value)
            }
            Some(None) => Err(RenderError::Unset { variable }),
            None => Err(RenderError::Undeclared { variable }),
        }
    }

    /// The value in a column of the row that the user or iteration has.
    pub fn column(&mut self, data: usize, column: usize) -> Result<&'a Value, RenderError> {
        let row = self.scope.rows.get(data).and_then(Option::as_ref).ok_or(RenderError::NoRow { data })?;
        let value = row.get(column).ok_or(RenderError::NoColumn { data, column })?;
        self.secret |= value.is_secret();
        Ok(value)
    }
}
