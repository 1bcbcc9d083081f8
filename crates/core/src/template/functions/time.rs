//! The time of day and arithmetic with times.

use super::super::argument::{Argument, Arguments};
use super::super::scope::Evaluation;
use super::super::value::Form;
use super::super::{RenderError, TemplateError};
use super::civil::Instant;
use super::duration::Duration;
use super::time_pattern::Pattern;
use crate::plan::Function;

pub(super) enum TimeCall {
    Now { pattern: Argument<Pattern>, offset: Argument<Duration> },
    Format { time: Argument<Instant>, pattern: Argument<Pattern> },
    Add { time: Argument<Instant>, duration: Argument<Duration> },
}

impl TimeCall {
    pub fn new(function: Function, take: &mut Arguments) -> Result<Self, TemplateError> {
        Ok(match function {
            Function::TimeFormat => Self::Format { time: take.required()?, pattern: take.required()? },
            Function::TimeAdd => Self::Add { time: take.required()?, duration: take.required()? },
            _ => Self::Now {
                pattern: take.optional(Pattern::Rfc3339)?,
                offset: take.optional(Duration { ns: 0 })?,
            },
        })
    }

    pub fn write(
        &self,
        function: Function,
        evaluation: &mut Evaluation,
        out: &mut Vec<u8>,
    ) -> Result<Form, RenderError> {
        let moved = |unix_ns: i128, duration: Duration| {
            let moved_ns = unix_ns.checked_add(duration.ns);
            moved_ns.and_then(Instant::new).ok_or(RenderError::TooLarge { function })
        };
        match self {
            Self::Now { pattern, offset } => {
                let offset = *offset.get(evaluation)?;
                let instant = moved(i128::from(evaluation.scope.unix_ns), offset)?;
                Ok(pattern.get(evaluation)?.write(instant, out))
            }
            Self::Format { time, pattern } => {
                let instant = *time.get(evaluation)?;
                Ok(pattern.get(evaluation)?.write(instant, out))
            }
            Self::Add { time, duration } => {
                let (time, duration) = (*time.get(evaluation)?, *duration.get(evaluation)?);
                Ok(Pattern::Rfc3339.write(moved(time.unix_ns, duration)?, out))
            }
        }
    }
}
