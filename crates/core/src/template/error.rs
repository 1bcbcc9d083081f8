//! What can be wrong with a template, before the run and in it.

use crate::json_path::JsonPathError;
use crate::plan::Function;

/// Why a template of a plan is refused: a mistake of whoever made the plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The plan has no such variable.
    #[error("variable {0} does not exist")]
    NoVariable(usize),
    /// The plan has no such data set.
    #[error("data set {0} does not exist")]
    NoData(usize),
    /// The data set has no such column.
    #[error("data set {data} has no column {column}")]
    NoColumn {
        /// Index into [`crate::plan::Plan::data`].
        data: usize,
        /// The index that is out of range.
        column: usize,
    },
    /// The path to a member cannot be read.
    #[error("{path:?}: {error}")]
    Path {
        /// As it stands in the plan.
        path: String,
        /// What is wrong with it.
        error: JsonPathError,
    },
    /// A constant that should be JSON is not.
    #[error("a constant is not JSON")]
    NotJson,
    /// The function takes fewer or more arguments.
    #[error("{function} does not take {given} arguments")]
    Count {
        /// Which function.
        function: Function,
        /// How many it was given.
        given: usize,
    },
    /// An argument is not what the function takes.
    #[error("argument {number} of {function} is not {expected}")]
    Argument {
        /// Which function.
        function: Function,
        /// Which argument, from 1.
        number: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// What is computed of constants cannot be.
    #[error("{0}")]
    Constant(RenderError),
    /// Expressions stand in expressions too deep.
    #[error("expressions are nested deeper than {} levels", super::expression::MAX_DEPTH)]
    TooDeep,
}

/// Why a template could not be filled. The iteration fails there; nothing was written. No message holds a value, which
/// might be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// No step of this iteration has saved the variable before.
    #[error("variable {variable} has no value yet")]
    Unset {
        /// Index into [`crate::plan::Plan::variables`].
        variable: usize,
    },
    /// The plan has no such variable: a mistake of whoever made the plan.
    #[error("the plan has no variable {variable}")]
    Undeclared {
        /// The index that is out of range.
        variable: usize,
    },
    /// The user has no row of the data set.
    #[error("there is no row of data set {data}")]
    NoRow {
        /// Index into [`crate::plan::Plan::data`].
        data: usize,
    },
    /// The row has too few values.
    #[error("the row of data set {data} has no column {column}")]
    NoColumn {
        /// Index into [`crate::plan::Plan::data`].
        data: usize,
        /// Index into [`crate::plan::DataSet::columns`].
        column: usize,
    },
    /// The value has no such member.
    #[error("there is nothing at {path} in the value")]
    NoMember {
        /// The JSON path.
        path: Box<str>,
    },
    /// A member was asked of what is not JSON.
    #[error("the value is not JSON, so there is nothing at {path} in it")]
    NotJson {
        /// The JSON path.
        path: Box<str>,
    },
    /// There is no number to choose from.
    #[error("{function}: no such number is between the two bounds")]
    EmptyRange {
        /// Which function.
        function: Function,
    },
    /// An argument is not what the function takes.
    #[error("argument {number} of {function} is not {expected}")]
    Argument {
        /// Which function.
        function: Function,
        /// Which argument, from 1.
        number: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// The result is a number or time past what can be written, or too long a text.
    #[error("the result of {function} is too large")]
    TooLarge {
        /// Which function.
        function: Function,
    },
}
