//! How often the checks on responses held.

use serde::{Deserialize, Serialize};

use super::OTHER;
use super::interval::Named;

/// Which check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckKey {
    /// Name of the step's series.
    pub series: String,
    /// Name of the check.
    pub check: String,
    /// A failure is only counted.
    pub warn: bool,
}

/// How often one check held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckStats {
    /// Which one.
    pub name: CheckKey,
    /// Responses that passed it.
    pub passed: u64,
    /// Responses that did not.
    pub failed: u64,
}

impl CheckStats {
    /// One that nobody has looked at yet.
    pub fn new(name: CheckKey) -> Self {
        Self { name, passed: 0, failed: 0 }
    }

    /// Counts a response.
    #[inline]
    pub fn count(&mut self, passed: bool) {
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        self.passed = 0;
        self.failed = 0;
    }
}

impl Named for CheckStats {
    type Name = CheckKey;

    fn name(&self) -> &CheckKey {
        &self.name
    }

    fn with_name(name: CheckKey) -> Self {
        Self::new(name)
    }

    fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    fn others_of(_: &CheckKey) -> CheckKey {
        CheckKey { series: OTHER.into(), check: OTHER.into(), warn: false }
    }
}
