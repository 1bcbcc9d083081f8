//! The functions of the scenario language, a file for each theme. What they mean is told in [`crate::plan::Function`].

mod civil;
mod decimal;
mod digest;
mod duration;
mod json;
mod jwt;
mod random;
mod text;
mod time;
mod time_pattern;

use super::argument::{Argument, Arguments};
use super::expression::ReadyExpr;
use super::scope::Evaluation;
use super::value::Form;
use super::{RenderError, TemplateError};
use crate::plan::Function;

/// A longer text is not made: functions in functions could fill all memory.
const MAX_RESULT_BYTES: usize = 64 * 1024 * 1024;

/// A function with its arguments.
pub(super) struct Call {
    function: Function,
    ready: Ready,
}

enum Ready {
    Random(random::RandomCall),
    Counter { start: Argument<i64>, step: Argument<i64> },
    Time(time::TimeCall),
    Add(decimal::Sum),
    Text(text::TextCall),
    Digest(digest::DigestCall),
    Jwt(jwt::Jwt),
    Json(json::JsonCall),
}

impl Function {
    /// Whether equal arguments always give an equal result.
    pub(super) fn is_pure(self) -> bool {
        match self {
            Self::Uuid | Self::RandomInt | Self::RandomFloat | Self::RandomChoice => false,
            Self::RandomString | Self::RandomEmail | Self::Counter | Self::Now => false,
            Self::TimeFormat | Self::TimeAdd | Self::Add | Self::Jwt => true,
            Self::Base64 | Self::Base64Url | Self::Base64Decode | Self::UrlEncode | Self::UrlDecode => true,
            Self::Md5 | Self::Sha1 | Self::Sha256 | Self::HmacMd5 | Self::HmacSha1 | Self::HmacSha256 => true,
            Self::Json | Self::JsonEscape | Self::Lower | Self::Upper | Self::Trim | Self::Length => true,
        }
    }
}

impl Call {
    pub fn new(function: Function, arguments: Vec<ReadyExpr>) -> Result<Self, TemplateError> {
        use Function as F;
        let mut arguments = Arguments::new(function, arguments);
        let take = &mut arguments;
        let ready = match function {
            F::Uuid | F::RandomInt | F::RandomFloat | F::RandomChoice | F::RandomString | F::RandomEmail => {
                Ready::Random(random::RandomCall::new(function, take)?)
            }
            F::Counter => Ready::Counter { start: take.optional(1)?, step: take.optional(1)? },
            F::Now | F::TimeFormat | F::TimeAdd => Ready::Time(time::TimeCall::new(function, take)?),
            F::Add => Ready::Add(decimal::Sum::new(take)?),
            F::Base64 | F::Base64Url | F::Base64Decode | F::UrlEncode | F::UrlDecode => {
                Ready::Text(text::TextCall::new(function, take)?)
            }
            F::Lower | F::Upper | F::Trim => Ready::Text(text::TextCall::new(function, take)?),
            F::Md5 | F::Sha1 | F::Sha256 | F::HmacMd5 | F::HmacSha1 | F::HmacSha256 => {
                Ready::Digest(digest::DigestCall::new(function, take)?)
            }
            F::Jwt => Ready::Jwt(jwt::Jwt::new(take)?),
            F::Json | F::JsonEscape | F::Length => Ready::Json(json::JsonCall::new(function, take)?),
        };
        arguments.finish()?;
        Ok(Self { function, ready })
    }

    /// Appends the result, and says what it is.
    pub fn write(&self, evaluation: &mut Evaluation, out: &mut Vec<u8>) -> Result<Form, RenderError> {
        let start = out.len();
        let form = match &self.ready {
            Ready::Random(call) => call.write(self.function, evaluation, out),
            Ready::Counter { start, step } => counter(start, step, evaluation, out),
            Ready::Time(call) => call.write(self.function, evaluation, out),
            Ready::Add(sum) => sum.write(evaluation, out),
            Ready::Text(call) => call.write(evaluation, out),
            Ready::Digest(call) => call.write(evaluation, out),
            Ready::Jwt(jwt) => jwt.write(evaluation, out),
            Ready::Json(call) => call.write(evaluation, out),
        }?;
        if out.len() - start > MAX_RESULT_BYTES {
            return Err(RenderError::TooLarge { function: self.function });
        }
        Ok(form)
    }
}

fn counter(
    start: &Argument<i64>,
    step: &Argument<i64>,
    evaluation: &mut Evaluation,
    out: &mut Vec<u8>,
) -> Result<Form, RenderError> {
    let (start, step) = (*start.get(evaluation)?, *step.get(evaluation)?);
    // No product of a u64 and an i64 is too large for an i128.
    let number = i128::from(start) + i128::from(step) * i128::from(evaluation.scope.sequence);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    Ok(Form::Json)
}

#[cfg(test)]
mod tests;
