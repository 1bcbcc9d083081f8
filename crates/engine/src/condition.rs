//! What an `if` or `while` looks at, made ready to be looked at.

use std::cmp::Ordering;

use kilobar_core::number::Number;
use kilobar_core::plan::{Compare, Condition, Plan, Template};
use kilobar_core::template::{ReadyTemplate, RenderError, Scope};
use regex::bytes::Regex;

use crate::steps::ready_template;

/// Conditions in conditions.
const MAX_DEPTH: u32 = 32;
/// Memory that a compiled expression may take.
const MAX_REGEX_BYTES: usize = 1024 * 1024;

/// A condition made ready.
pub enum ReadyCondition {
    /// All hold.
    All(Vec<ReadyCondition>),
    /// At least one holds.
    Any(Vec<ReadyCondition>),
    /// It does not hold.
    Not(Box<ReadyCondition>),
    /// The variable has a value.
    IsSet(usize),
    /// Neither empty, `0`, `false` nor `null`.
    Truthy(ReadyTemplate),
    /// Two values compared.
    Compare(ReadyTemplate, Compare, ReadyTemplate),
    /// The first text contains the second.
    Contains(ReadyTemplate, ReadyTemplate),
    /// The expression matches somewhere in the text.
    Matches(ReadyTemplate, Regex),
}

impl ReadyCondition {
    /// Compiles a condition of a plan.
    ///
    /// # Errors
    /// In words, when it refers to what is not there or its expression cannot be read.
    pub fn new(plan: &Plan, condition: &Condition) -> Result<Self, String> {
        Self::below(plan, condition, 0)
    }

    fn below(plan: &Plan, condition: &Condition, depth: u32) -> Result<Self, String> {
        if depth > MAX_DEPTH {
            return Err(format!("conditions are nested more than {MAX_DEPTH} deep"));
        }
        let text = |template: &Template| ready_template(plan, template);
        let all = |conditions: &[Condition]| {
            conditions.iter().map(|inner| Self::below(plan, inner, depth + 1)).collect::<Result<Vec<_>, _>>()
        };
        Ok(match condition {
            Condition::All(conditions) => Self::All(all(conditions)?),
            Condition::Any(conditions) => Self::Any(all(conditions)?),
            Condition::Not(inner) => Self::Not(Box::new(Self::below(plan, inner, depth + 1)?)),
            Condition::IsSet(variable) if *variable < plan.variables.len() => Self::IsSet(*variable),
            Condition::IsSet(variable) => return Err(format!("variable {variable} does not exist")),
            Condition::Truthy(template) => Self::Truthy(text(template)?),
            Condition::Compare { left, operator, right } => {
                Self::Compare(text(left)?, *operator, text(right)?)
            }
            Condition::Contains { text: whole, part } => Self::Contains(text(whole)?, text(part)?),
            Condition::Matches { text: whole, pattern } => {
                let regex = regex::bytes::RegexBuilder::new(pattern).size_limit(MAX_REGEX_BYTES).build();
                Self::Matches(text(whole)?, regex.map_err(|error| error.to_string())?)
            }
        })
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// When a template cannot be filled.
    pub fn holds(&self, scope: &mut Scope<'_>) -> Result<bool, RenderError> {
        let text = |template: &ReadyTemplate, scope: &mut Scope<'_>| {
            let mut out = Vec::new();
            template.render(scope, &mut out).map(|()| out)
        };
        Ok(match self {
            Self::All(conditions) => {
                for condition in conditions {
                    if !condition.holds(scope)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Any(conditions) => {
                for condition in conditions {
                    if condition.holds(scope)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Not(condition) => !condition.holds(scope)?,
            Self::IsSet(variable) => scope.variables[*variable].is_some(),
            Self::Truthy(template) => {
                !matches!(text(template, scope)?.as_slice(), b"" | b"0" | b"false" | b"null")
            }
            Self::Compare(left, operator, right) => {
                let (left, right) = (text(left, scope)?, text(right, scope)?);
                operator.agrees(compare(&left, &right))
            }
            Self::Contains(whole, part) => {
                let (whole, part) = (text(whole, scope)?, text(part, scope)?);
                memchr::memmem::find(&whole, &part).is_some()
            }
            Self::Matches(whole, regex) => regex.is_match(&text(whole, scope)?),
        })
    }
}

/// As numbers when both are, else as texts.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let number = |text| std::str::from_utf8(text).ok().and_then(|text: &str| Number::parse(text.trim()));
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => left.cmp(right),
    }
}

#[cfg(test)]
mod tests;
