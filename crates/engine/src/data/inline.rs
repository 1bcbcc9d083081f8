//! Rows that stand in the plan itself.

use kilobar_core::data::Row;
use kilobar_core::plan::DataSet;
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::Value;
use serde::de::IgnoredAny;

use super::TableError;
use crate::dial::Failure;

/// Rows in memory.
pub struct InlineTable {
    name: String,
    rows: Box<[Row]>,
}

impl InlineTable {
    /// The rows of a data set, each value in its JSON form.
    pub fn new(data: &DataSet, rows: &[Vec<String>]) -> Result<Self, TableError> {
        let bad = |reason: String| TableError::BadPlan { name: data.name.clone(), reason };
        let row = |(number, row): (usize, &Vec<String>)| {
            if row.len() != data.columns.len() {
                return Err(bad(format!(
                    "row {number} has {} values, not {}",
                    row.len(),
                    data.columns.len()
                )));
            }
            let value = |json: &String| match serde_json::from_str::<IgnoredAny>(json) {
                Ok(_) => Ok(Value::from_json_text(json.trim())),
                Err(error) => Err(bad(format!("row {number} has a value that is not JSON: {error}"))),
            };
            let values = row.iter().enumerate();
            values
                .map(|(column, json)| Ok(value(json)?.marked_secret(data.secret_columns.contains(&column))))
                .collect()
        };
        let rows = rows.iter().enumerate().map(row).collect::<Result<_, _>>()?;
        Ok(Self { name: data.name.clone(), rows })
    }

    /// Row `index`.
    pub fn row(&self, index: u64) -> Result<Row, Failure> {
        match usize::try_from(index).ok().and_then(|index| self.rows.get(index)) {
            Some(row) => Ok(Row::clone(row)),
            None => Err(Failure::new(ErrorClass::Data, format!("data `{}` has no row {index}", self.name))),
        }
    }
}
