//! Rows of data that users or iterations get.

use serde::{Deserialize, Serialize};

/// Rows of data, dealt by arithmetic: which row an iteration or a user gets follows from its number alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    /// Its name in the scenario.
    pub name: String,
    /// Where the rows are.
    pub source: DataSource,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Indexes of the columns whose values nobody may see. Only for rows in the plan itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_columns: Vec<usize>,
    /// Which row comes next.
    pub pick: Pick,
    /// Who gets a row.
    pub per: RowPer,
    /// What happens when there is none left. Only `unique` and `sequential` can run out.
    pub when_exhausted: Exhausted,
}

/// Where rows are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DataSource {
    /// A file. Read by blocks, so that it may be larger than memory.
    File {
        /// Absolute path.
        path: String,
        /// How rows are written.
        format: DataFormat,
        /// Rows when the plan was made.
        rows: u64,
        /// Size when the plan was made; another size is an error.
        bytes: u64,
    },
    /// The rows themselves, each value in its JSON form.
    Rows(Vec<Vec<String>>),
}

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DataFormat {
    /// RFC 4180: quotes, doubled quotes, line breaks in quotes. All values are texts.
    Csv {
        /// Between values; one ASCII character.
        delimiter: char,
        /// The first row names the columns and is no data.
        header: bool,
    },
    /// One JSON object a line.
    Jsonl,
}

/// Which row comes next. `n` is the number of the iteration or user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// Row n; none is given twice unless rows are recycled.
    Unique,
    /// Row n; rows are recycled unless said otherwise.
    Sequential,
    /// Row n of a seeded permutation; each turn through the rows has its own.
    Shuffle,
    /// Any row, by the seed and n.
    Random,
}

/// Who gets a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowPer {
    /// Each iteration gets its own.
    Iteration,
    /// Each user keeps its row as long as it lives.
    User,
}

/// What happens when no row is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exhausted {
    /// The user ends without an error; without users left the run ends.
    Stop,
    /// The rows begin again.
    Recycle,
    /// The iteration fails (class `data`).
    Fail,
}
