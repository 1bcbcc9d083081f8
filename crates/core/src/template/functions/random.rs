//! Values that nobody can foresee, except by the seed of the run.

use super::super::argument::{Argument, Arguments, Parameter, Text};
use super::super::scope::Evaluation;
use super::super::value::Form;
use super::super::{RenderError, TemplateError, Value};
use super::decimal::Decimal;
use crate::plan::Function;
use crate::random::Random;

const LETTERS_AND_DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Of the part of an address before the `@`: no two of a run are the same, in practice.
const MAILBOX: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MAILBOX_LENGTH: usize = 14;
const MAX_LENGTH: i64 = 1_000_000;
const MAX_DECIMALS: i64 = 15;

pub(super) enum RandomCall {
    Uuid,
    Int { min: Argument<i64>, max: Argument<i64> },
    Float { min: Argument<Decimal>, max: Argument<Decimal>, decimals: Argument<Decimals> },
    Choice(Box<[Argument<Value>]>),
    String { length: Argument<Length>, alphabet: Argument<Alphabet> },
    Email { domain: Argument<Text> },
}

/// Digits after the point.
#[derive(Clone, Copy)]
pub(super) struct Decimals(u32);

impl Parameter for Decimals {
    const EXPECTED: &'static str = "a number of decimals from 0 to 15";

    fn read(value: &Value) -> Option<Self> {
        let decimals = i64::read(value).filter(|decimals| (0..=MAX_DECIMALS).contains(decimals))?;
        Some(Self(decimals as u32))
    }
}

/// Characters of a text.
#[derive(Clone, Copy)]
pub(super) struct Length(usize);

impl Parameter for Length {
    const EXPECTED: &'static str = "a length from 0 to 1,000,000";

    fn read(value: &Value) -> Option<Self> {
        let length = i64::read(value).filter(|length| (0..=MAX_LENGTH).contains(length))?;
        Some(Self(length as usize))
    }
}

/// What a random text consists of.
#[derive(Clone)]
pub(super) struct Alphabet(std::rc::Rc<[char]>);

impl Parameter for Alphabet {
    const EXPECTED: &'static str = "a text of at least one character";

    fn read(value: &Value) -> Option<Self> {
        let characters = std::str::from_utf8(value.text()).ok()?.chars().collect::<std::rc::Rc<[char]>>();
        (!characters.is_empty()).then_some(Self(characters))
    }
}

impl RandomCall {
    pub fn new(function: Function, take: &mut Arguments) -> Result<Self, TemplateError> {
        let call = match function {
            Function::RandomInt => Self::Int { min: take.required()?, max: take.required()? },
            Function::RandomFloat => Self::Float {
                min: take.required()?,
                max: take.required()?,
                decimals: take.optional(Decimals(2))?,
            },
            Function::RandomChoice => Self::Choice(take.several()?),
            Function::RandomString => Self::String {
                length: take.required()?,
                alphabet: take.optional(Alphabet(LETTERS_AND_DIGITS.chars().collect()))?,
            },
            Function::RandomEmail => Self::Email { domain: take.optional(Text::from("example.com"))? },
            _ => Self::Uuid,
        };
        call.check_constant_bounds(function)?;
        Ok(call)
    }

    fn check_constant_bounds(&self, function: Function) -> Result<(), TemplateError> {
        use Argument::Constant;
        let empty = match self {
            Self::Int { min: Constant { value: min, .. }, max: Constant { value: max, .. } } => min > max,
            Self::Float {
                min: Constant { value: min, .. },
                max: Constant { value: max, .. },
                decimals: Constant { value: decimals, .. },
            } => float_bounds(*min, *max, *decimals).is_none(),
            _ => false,
        };
        if empty { Err(TemplateError::Constant(RenderError::EmptyRange { function })) } else { Ok(()) }
    }

    pub fn write(
        &self,
        function: Function,
        evaluation: &mut Evaluation,
        out: &mut Vec<u8>,
    ) -> Result<Form, RenderError> {
        match self {
            Self::Uuid => uuid(evaluation.scope.random, out),
            Self::Int { min, max } => {
                let (min, max) = (*min.get(evaluation)?, *max.get(evaluation)?);
                if min > max {
                    return Err(RenderError::EmptyRange { function });
                }
                let number = evaluation.scope.random.range_i64(min, max);
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
                return Ok(Form::Json);
            }
            Self::Float { min, max, decimals } => {
                let (min, max) = (*min.get(evaluation)?, *max.get(evaluation)?);
                let decimals = *decimals.get(evaluation)?;
                let (min, max) =
                    float_bounds(min, max, decimals).ok_or(RenderError::EmptyRange { function })?;
                let digits = evaluation.scope.random.range_i64(min, max);
                Decimal::new(i128::from(digits), decimals.0).write(out);
                return Ok(Form::Json);
            }
            Self::Choice(choices) => {
                let index = evaluation.scope.random.below(choices.len() as u64) as usize;
                let value = choices[index].get(evaluation)?;
                out.extend_from_slice(value.text());
                return Ok(value.form());
            }
            Self::String { length, alphabet } => {
                let (length, alphabet) = (*length.get(evaluation)?, alphabet.get(evaluation)?);
                let mut bytes = [0; 4];
                for _ in 0..length.0 {
                    let index = evaluation.scope.random.below(alphabet.0.len() as u64) as usize;
                    out.extend_from_slice(alphabet.0[index].encode_utf8(&mut bytes).as_bytes());
                }
            }
            Self::Email { domain } => {
                let domain = domain.get(evaluation)?;
                let random = &mut *evaluation.scope.random;
                out.extend((0..MAILBOX_LENGTH).map(|_| MAILBOX[random.below(36) as usize]));
                out.push(b'@');
                out.extend_from_slice(domain.as_str().as_bytes());
            }
        }
        Ok(Form::Text)
    }
}

/// The smallest and largest number, both counted in units of the last decimal; `None` when there is none between the
/// bounds, or so many that they do not fit in 64 bits.
fn float_bounds(min: Decimal, max: Decimal, Decimals(decimals): Decimals) -> Option<(i64, i64)> {
    let min = i64::try_from(min.ceil_at(decimals)?).ok()?;
    let max = i64::try_from(max.floor_at(decimals)?).ok()?;
    (min <= max).then_some((min, max))
}

/// RFC 9562, section 5.4.
fn uuid(random: &mut Random, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let high = random.next_u64() & !0xf000 | 0x4000;
    let low = random.next_u64() & !(0b11 << 62) | (0b10 << 62);
    let bits = u128::from(high) << 64 | u128::from(low);
    let mut text = [b'-'; 36];
    let mut digit = 0;
    for (at, byte) in text.iter_mut().enumerate() {
        if !matches!(at, 8 | 13 | 18 | 23) {
            *byte = DIGITS[(bits >> (124 - 4 * digit)) as usize & 15];
            digit += 1;
        }
    }
    out.extend_from_slice(&text);
}
