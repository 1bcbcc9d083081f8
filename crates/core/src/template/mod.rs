//! Fills the holes of a [`Template`] for one request.
//!
//! A template is made ready once, which finds every mistake in it that can be found, and then rendered as often as it
//! is needed. What is the same in all renderings is computed when it is made ready.

mod argument;
mod encode;
mod error;
mod expression;
mod functions;
mod scope;
mod value;

pub use error::{RenderError, TemplateError};
pub use scope::{Bounds, Row, Scope};
pub use value::Value;

use std::borrow::Cow;

use crate::plan::{Encode, Part, Template};
use expression::{Compiler, ReadyExpr};
use scope::Evaluation;

/// What a redacted rendering shows in place of a secret.
const REDACTED: &[u8] = b"***";

/// A template made ready to be rendered.
pub struct ReadyTemplate {
    parts: Box<[ReadyPart]>,
    /// The value of a template that is one constant hole, with its type.
    constant: Option<Value>,
    variables: Box<[usize]>,
}

enum ReadyPart {
    Text(Box<[u8]>),
    Secret(Box<[u8]>),
    Hole { value: ReadyExpr, encode: Encode },
}

/// Shows nothing of what is in it, which may be a secret.
impl std::fmt::Debug for ReadyTemplate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ReadyTemplate({} parts)", self.parts.len())
    }
}

impl ReadyTemplate {
    /// Makes a template ready.
    ///
    /// # Errors
    /// When it names what the plan does not have, or a function cannot take its arguments.
    pub fn compile(template: &Template, bounds: &Bounds) -> Result<Self, TemplateError> {
        let parts = match template {
            Template::Fixed(text) => return Ok(Self::fixed(text)),
            Template::Parts(parts) => parts,
        };
        let mut compiler = Compiler::new(bounds);
        let mut constant = None;
        let mut ready = Vec::with_capacity(parts.len());
        for part in parts {
            ready.push(match part {
                Part::Text(text) => ReadyPart::Text(text.as_bytes().into()),
                Part::Secret(text) => ReadyPart::Secret(text.as_bytes().into()),
                Part::Hole(hole) => match compiler.compile(&hole.value)? {
                    ReadyExpr::Constant(value) => {
                        let part = constant_part(&value, hole.encode);
                        constant = (parts.len() == 1 && hole.encode == Encode::Raw).then_some(value);
                        part
                    }
                    value => ReadyPart::Hole { value, encode: hole.encode },
                },
            });
        }
        let variables = compiler.variables.into_iter().collect();
        Ok(Self { parts: ready.into(), constant, variables })
    }

    /// A text without holes.
    pub fn fixed(text: &str) -> Self {
        let parts = Box::new([ReadyPart::Text(text.as_bytes().into())]);
        Self { parts, constant: None, variables: Box::default() }
    }

    /// Appends the filled template to `out`. Nothing is added between the parts and nothing is checked: a line break in
    /// a raw value stays one, so whoever writes a header has to refuse it there.
    ///
    /// A hole with a saved value, a column or a random number allocates only when `out` has to grow.
    ///
    /// # Errors
    /// When a hole cannot be filled; `out` is then as it was before.
    pub fn render(&self, scope: &mut Scope<'_>, out: &mut Vec<u8>) -> Result<(), RenderError> {
        self.write(scope, out, false).map(drop)
    }

    /// Like [`Self::render`], for a person to see: each secret, and each hole that anything secret is in, becomes `***`.
    ///
    /// To show the same random values as a request that was sent, give it a clone of the scope's generator from before
    /// that rendering. The header names that hide other values (`authorization`, cookies) are the caller's to know.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn render_redacted(&self, scope: &mut Scope<'_>, out: &mut Vec<u8>) -> Result<(), RenderError> {
        self.write(scope, out, true).map(drop)
    }

    /// The filled template as a value to keep. One that is a single raw hole keeps the type of what is in it; any other
    /// is a text. What was made of a secret is one.
    ///
    /// # Errors
    /// When a hole cannot be filled.
    pub fn value(&self, scope: &mut Scope<'_>) -> Result<Value, RenderError> {
        if let Some(value) = &self.constant {
            return Ok(value.clone());
        }
        if let [ReadyPart::Hole { value, encode: Encode::Raw }] = &*self.parts {
            let mut evaluation = Evaluation { scope, secret: false };
            let value = value.value(&mut evaluation)?;
            return Ok(value.marked_secret(evaluation.secret));
        }
        let mut text = Vec::new();
        let secret = self.write(scope, &mut text, false)?;
        Ok(Value::from_text(text).marked_secret(secret))
    }

    /// Whether every rendering gives the same text, so that one is enough.
    pub fn is_fixed(&self) -> bool {
        !self.parts.iter().any(|part| matches!(part, ReadyPart::Hole { .. }))
    }

    /// The text of every rendering, secrets included; `None` when renderings may differ. What is not UTF-8 in it is
    /// replaced.
    pub fn fixed_text(&self) -> Option<Cow<'_, str>> {
        if let [ReadyPart::Text(text) | ReadyPart::Secret(text)] = &*self.parts {
            return Some(String::from_utf8_lossy(text));
        }
        let mut whole = Vec::new();
        for part in &self.parts {
            match part {
                ReadyPart::Text(text) | ReadyPart::Secret(text) => whole.extend_from_slice(text),
                ReadyPart::Hole { .. } => return None,
            }
        }
        Some(Cow::Owned(String::from_utf8_lossy(&whole).into_owned()))
    }

    /// Indexes of all variables in it, in order, each once.
    pub fn variables(&self) -> &[usize] {
        &self.variables
    }

    /// Returns whether anything secret is in what was written.
    fn write(&self, scope: &mut Scope<'_>, out: &mut Vec<u8>, redact: bool) -> Result<bool, RenderError> {
        let start = out.len();
        let mut any_secret = false;
        for part in &self.parts {
            let part_start = out.len();
            let secret = match part {
                ReadyPart::Text(text) => {
                    out.extend_from_slice(text);
                    false
                }
                ReadyPart::Secret(text) => {
                    out.extend_from_slice(text);
                    true
                }
                ReadyPart::Hole { value, encode } => match write_hole(value, *encode, scope, out) {
                    Ok(secret) => secret,
                    Err(error) => {
                        out.truncate(start);
                        return Err(error);
                    }
                },
            };
            if redact && secret {
                out.truncate(part_start);
                out.extend_from_slice(REDACTED);
            }
            any_secret |= secret;
        }
        Ok(any_secret)
    }
}

fn write_hole(
    value: &ReadyExpr,
    encode: Encode,
    scope: &mut Scope<'_>,
    out: &mut Vec<u8>,
) -> Result<bool, RenderError> {
    let mut evaluation = Evaluation { scope, secret: false };
    match value {
        ReadyExpr::Variable(index) => encode::value(evaluation.variable(*index)?, encode, out),
        ReadyExpr::Column { data, column } => {
            encode::value(evaluation.column(*data, *column)?, encode, out);
        }
        _ => {
            let start = out.len();
            let form = value.write(&mut evaluation, out)?;
            encode::in_place(start, form, encode, out);
        }
    }
    Ok(evaluation.secret)
}

fn constant_part(value: &Value, encode: Encode) -> ReadyPart {
    let mut text = Vec::new();
    encode::value(value, encode, &mut text);
    if value.is_secret() { ReadyPart::Secret(text.into()) } else { ReadyPart::Text(text.into()) }
}

#[cfg(test)]
mod tests;
