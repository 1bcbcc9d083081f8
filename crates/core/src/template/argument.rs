//! Arguments of functions: read once when they are constant, for each call when they are not.

use std::borrow::Cow;

use super::expression::ReadyExpr;
use super::scope::Evaluation;
use super::{RenderError, TemplateError, Value};
use crate::plan::Function;

/// What an argument is read as.
pub(super) trait Parameter: Clone {
    /// Continues the sentence "argument 1 of add is not ...".
    const EXPECTED: &'static str;

    /// `None` when the value is something else.
    fn read(value: &Value) -> Option<Self>;
}

impl Parameter for Value {
    const EXPECTED: &'static str = "a value";

    fn read(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl Parameter for i64 {
    const EXPECTED: &'static str = "a whole number of 64 bits";

    fn read(value: &Value) -> Option<Self> {
        std::str::from_utf8(value.text()).ok()?.parse().ok()
    }
}

/// A text, as UTF-8.
#[derive(Clone)]
pub(super) struct Text(Value);

impl Text {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.0.text()).unwrap_or_default()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Value::from_text(text.as_bytes()))
    }
}

impl Parameter for Text {
    const EXPECTED: &'static str = "UTF-8 text";

    fn read(value: &Value) -> Option<Self> {
        std::str::from_utf8(value.text()).ok().map(|_| Self(value.clone()))
    }
}

/// An argument of a call.
pub(super) enum Argument<T> {
    Constant { value: T, secret: bool },
    Computed { value: ReadyExpr, function: Function, number: usize },
}

impl<T: Parameter> Argument<T> {
    pub fn get(&self, evaluation: &mut Evaluation) -> Result<Cow<'_, T>, RenderError> {
        match self {
            Self::Constant { value, secret } => {
                evaluation.secret |= secret;
                Ok(Cow::Borrowed(value))
            }
            Self::Computed { value, function, number } => {
                let value = value.value(evaluation)?;
                T::read(&value).map(Cow::Owned).ok_or(RenderError::Argument {
                    function: *function,
                    number: *number,
                    expected: T::EXPECTED,
                })
            }
        }
    }
}

/// The arguments of a call, taken one after the other.
pub(super) struct Arguments {
    function: Function,
    given: usize,
    taken: usize,
    rest: std::vec::IntoIter<ReadyExpr>,
}

impl Arguments {
    pub fn new(function: Function, arguments: Vec<ReadyExpr>) -> Self {
        Self { function, given: arguments.len(), taken: 0, rest: arguments.into_iter() }
    }

    /// The next argument, which must be there.
    pub fn required<T: Parameter>(&mut self) -> Result<Argument<T>, TemplateError> {
        self.next()?.ok_or(TemplateError::Count { function: self.function, given: self.given })
    }

    /// The next argument, or what it is by default.
    pub fn optional<T: Parameter>(&mut self, default: T) -> Result<Argument<T>, TemplateError> {
        Ok(self.next()?.unwrap_or(Argument::Constant { value: default, secret: false }))
    }

    /// The next argument, which must be there and known before the run.
    pub fn constant<T: Parameter>(&mut self) -> Result<T, TemplateError> {
        match self.required()? {
            Argument::Constant { value, .. } => Ok(value),
            Argument::Computed { .. } => Err(TemplateError::Argument {
                function: self.function,
                number: self.taken,
                expected: "a constant",
            }),
        }
    }

    /// All arguments that are left, of which there must be at least one.
    pub fn several<T: Parameter>(&mut self) -> Result<Box<[Argument<T>]>, TemplateError> {
        let mut several = vec![self.required()?];
        while let Some(argument) = self.next()? {
            several.push(argument);
        }
        Ok(several.into())
    }

    /// No argument may be left.
    pub fn finish(mut self) -> Result<(), TemplateError> {
        match self.rest.next() {
            None => Ok(()),
            Some(_) => Err(TemplateError::Count { function: self.function, given: self.given }),
        }
    }

    fn next<T: Parameter>(&mut self) -> Result<Option<Argument<T>>, TemplateError> {
        let Some(value) = self.rest.next() else { return Ok(None) };
        self.taken += 1;
        let (function, number) = (self.function, self.taken);
        let ReadyExpr::Constant(constant) = &value else {
            return Ok(Some(Argument::Computed { value, function, number }));
        };
        match T::read(constant) {
            Some(value) => Ok(Some(Argument::Constant { value, secret: constant.is_secret() })),
            None => Err(TemplateError::Argument { function, number, expected: T::EXPECTED }),
        }
    }
}
