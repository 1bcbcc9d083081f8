//! Fills the holes of a [`Template`] for one request.

mod encode;
mod value;

pub use value::Value;

use crate::plan::{Encode, Expr, Function, Part, Template};
use crate::random::Random;
use std::borrow::Cow;

/// What a redacted rendering shows in place of a secret.
const REDACTED: &str = "***";

/// Why a template could not be filled. The iteration fails there; nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
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
    /// There is no number to choose from: a mistake of whoever made the plan.
    #[error("no whole number is between {min} and {max}")]
    EmptyRange {
        /// Smallest value asked for.
        min: i64,
        /// Largest value asked for.
        max: i64,
    },
}

/// Appends the filled template to `out`. Nothing is added between the parts and nothing is checked: a line break in a
/// raw value stays one, so whoever writes a header has to refuse it there.
///
/// `variables` are the values of this user, by their index in the plan. Allocates only when `out` has to grow.
///
/// # Errors
/// When a hole cannot be filled; `out` is then as it was before.
pub fn render(
    template: &Template,
    variables: &[Option<Value>],
    random: &mut Random,
    out: &mut Vec<u8>,
) -> Result<(), RenderError> {
    write(template, |secret| secret, variables, random, out)
}

/// Like [`render`], for a person to see: each secret becomes `***`.
///
/// To show the same random numbers as a request that was sent, give it a clone of `random` from before that rendering.
/// Saved values are shown; the header names that hide them (`authorization`, cookies) are the caller's to know.
///
/// # Errors
/// As [`render`].
pub fn render_redacted(
    template: &Template,
    variables: &[Option<Value>],
    random: &mut Random,
    out: &mut Vec<u8>,
) -> Result<(), RenderError> {
    write(template, |_| REDACTED, variables, random, out)
}

fn write(
    template: &Template,
    show_secret: fn(&str) -> &str,
    variables: &[Option<Value>],
    random: &mut Random,
    out: &mut Vec<u8>,
) -> Result<(), RenderError> {
    let parts = match template {
        Template::Fixed(text) => {
            out.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        Template::Parts(parts) => parts,
    };
    let start = out.len();
    let result = parts.iter().try_for_each(|part| {
        match part {
            Part::Text(text) => out.extend_from_slice(text.as_bytes()),
            Part::Secret(text) => out.extend_from_slice(show_secret(text).as_bytes()),
            Part::Hole(hole) => write_hole(&hole.value, hole.encode, variables, random, out)?,
        }
        Ok(())
    });
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn write_hole(
    value: &Expr,
    encode: Encode,
    variables: &[Option<Value>],
    random: &mut Random,
    out: &mut Vec<u8>,
) -> Result<(), RenderError> {
    match value {
        Expr::Variable(index) => write_value(lookup(variables, *index)?, encode, out),
        Expr::Call { function: Function::RandomInt, arguments } => {
            let bound = |index: usize| match arguments.get(index) {
                Some(Expr::Json(text)) => text.parse::<i64>().unwrap_or(0),
                _ => 0,
            };
            let (min, max) = (bound(0), bound(1));
            if min > max {
                return Err(RenderError::EmptyRange { min, max });
            }
            out.extend_from_slice(itoa::Buffer::new().format(random.range_i64(min, max)).as_bytes());
        }
        Expr::Text(text) | Expr::Secret(text) | Expr::Json(text) => out.extend_from_slice(text.as_bytes()),
        _ => {}
    }
    Ok(())
}

fn lookup(variables: &[Option<Value>], variable: usize) -> Result<&Value, RenderError> {
    match variables.get(variable) {
        Some(Some(value)) => Ok(value),
        Some(None) => Err(RenderError::Unset { variable }),
        None => Err(RenderError::Undeclared { variable }),
    }
}

fn write_value(value: &Value, encode: Encode, out: &mut Vec<u8>) {
    match encode {
        Encode::Raw => out.extend_from_slice(value.text()),
        Encode::Url => encode::url(value.text(), out),
        Encode::Form => encode::form(value.text(), out),
        Encode::JsonString => encode::json_string(value.text(), out),
        Encode::JsonValue if value.is_json() => out.extend_from_slice(value.text()),
        Encode::JsonValue => {
            out.push(b'"');
            encode::json_string(value.text(), out);
            out.push(b'"');
        }
    }
}

impl Template {
    /// Whether every rendering gives the same text, so that one is enough.
    pub fn is_fixed(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Parts(parts) => parts.iter().all(|part| matches!(part, Part::Text(_) | Part::Secret(_))),
        }
    }

    /// The text of every rendering, secrets included; `None` when renderings may differ.
    pub fn fixed_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Fixed(text) => Some(Cow::Borrowed(text)),
            Self::Parts(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) | Part::Secret(text) => Some(text.as_str()),
                    Part::Hole(_) => None,
                })
                .collect::<Option<String>>()
                .map(Cow::Owned),
        }
    }
}

#[cfg(test)]
mod tests;
