//! Users that Python executes: what the engine has to know of their classes.

use serde::{Deserialize, Serialize};

/// User code, and the classes in it: one for each flow, of the same index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// What it is and where it lies. Only Python looks at it.
    pub source: serde_json::Value,
    /// Its classes.
    pub classes: Vec<CodeClass>,
    /// Classes of the first users of a closed load, by their number.
    #[serde(default)]
    pub first: Vec<usize>,
    /// Classes of all others, over and over again.
    pub cycle: Vec<usize>,
}

impl Code {
    /// The class of a user of a closed load.
    pub fn class_of(&self, user: u64) -> usize {
        let first = self.first.len() as u64;
        match usize::try_from(user) {
            Ok(user) if user < self.first.len() => self.first[user],
            _ => self.cycle[((user - first) % self.cycle.len() as u64) as usize],
        }
    }

    /// Checks that everything leads somewhere, in a plan with so many flows.
    ///
    /// # Errors
    /// What does not, in words.
    pub fn check(&self, flows: usize) -> Result<(), String> {
        if self.classes.is_empty() || self.classes.len() != flows {
            return Err(format!("{flows} flows, but {} classes", self.classes.len()));
        }
        if self.cycle.is_empty() {
            return Err("the cycle of classes is empty".into());
        }
        match self.first.iter().chain(&self.cycle).find(|class| **class >= flows) {
            Some(class) => Err(format!("class {class} does not exist")),
            None => Ok(()),
        }
    }
}

/// A class of user code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeClass {
    /// In reports.
    pub name: String,
    /// How its users are executed.
    pub way: Way,
    /// A turn that takes longer fails, and its user is given up.
    pub timeout_ns: u64,
    /// How many turns there are rows for, when each is dealt once; then its users leave.
    #[serde(default)]
    pub rows: Option<u64>,
}

/// How the users of a class are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A thread each.
    Threads,
    /// All on one event loop.
    Async,
    /// They drive themselves, on an event loop of their own.
    Guest,
}

/// What a user of a class does in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// It gets ready, once.
    Start,
    /// One iteration.
    Press,
    /// It leaves.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(first: &[usize], cycle: &[usize]) -> Code {
        let class = CodeClass { name: "A".into(), way: Way::Threads, timeout_ns: 1, rows: None };
        Code {
            source: serde_json::Value::Null,
            classes: vec![class.clone(), class],
            first: first.into(),
            cycle: cycle.into(),
        }
    }

    #[test]
    fn users_are_dealt_the_first_classes_and_then_the_cycle() {
        let code = code(&[1, 1], &[0, 0, 1]);
        let dealt: Vec<usize> = (0..8).map(|user| code.class_of(user)).collect();
        assert_eq!(dealt, [1, 1, 0, 0, 1, 0, 0, 1]);
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        assert_eq!(code(&[], &[0, 1]).check(2), Ok(()));
        assert!(code(&[], &[0, 1]).check(3).unwrap_err().contains("3 flows"));
        assert!(code(&[], &[]).check(2).unwrap_err().contains("empty"));
        assert!(code(&[2], &[0]).check(2).unwrap_err().contains("class 2"));
    }
}
