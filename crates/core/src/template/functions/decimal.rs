//! Decimal numbers as people and JSON write them, added without the errors of binary ones.

use super::super::argument::{Argument, Arguments, Parameter};
use super::super::scope::Evaluation;
use super::super::value::Form;
use super::super::{RenderError, TemplateError, Value};
use crate::plan::Function;

/// Digits of a number, before and after its point.
const MAX_DIGITS: u32 = 36;

/// `digits` times 10 to the power of -`decimals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: i128,
    decimals: u32,
}

impl Decimal {
    pub fn new(digits: i128, decimals: u32) -> Self {
        Self { digits, decimals }
    }

    /// Reads `-12.50` or `1e3`.
    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, number) = match number.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        if number.len() > MAX_DIGITS as usize {
            return None;
        }
        let digits = sign * format!("{whole}{fraction}").parse::<i128>().ok()?;
        let decimals = (fraction.len() as i32).checked_sub(exponent)?;
        if decimals < 0 {
            return Some(Self { digits: raised(digits, decimals.unsigned_abs())?, decimals: 0 });
        }
        (decimals.unsigned_abs() <= MAX_DIGITS).then_some(Self { digits, decimals: decimals.unsigned_abs() })
    }

    fn plus(self, other: Self) -> Option<Self> {
        let decimals = self.decimals.max(other.decimals);
        let digits = raised(self.digits, decimals - self.decimals)?
            .checked_add(raised(other.digits, decimals - other.decimals)?)?;
        Some(Self { digits, decimals })
    }

    /// The smallest number of this many decimals that is not below, in units of the last of them.
    pub fn ceil_at(self, decimals: u32) -> Option<i128> {
        Self { digits: self.digits.checked_neg()?, ..self }.floor_at(decimals)?.checked_neg()
    }

    /// The largest number of this many decimals that is not above, in units of the last of them.
    pub fn floor_at(self, decimals: u32) -> Option<i128> {
        match decimals.checked_sub(self.decimals) {
            Some(more) => raised(self.digits, more),
            None => Some(self.digits.div_euclid(raised(1, self.decimals - decimals)?)),
        }
    }

    pub fn write(self, out: &mut Vec<u8>) {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(self.digits.unsigned_abs());
        if self.digits < 0 {
            out.push(b'-');
        }
        let decimals = self.decimals as usize;
        let whole = digits.len().saturating_sub(decimals);
        out.extend_from_slice(if whole == 0 { b"0" } else { &digits.as_bytes()[..whole] });
        if decimals > 0 {
            out.push(b'.');
            out.extend(std::iter::repeat_n(b'0', decimals.saturating_sub(digits.len())));
            out.extend_from_slice(&digits.as_bytes()[whole..]);
        }
    }
}

/// `digits` with `zeros` more of them.
fn raised(digits: i128, zeros: u32) -> Option<i128> {
    if digits == 0 {
        return Some(0);
    }
    digits.checked_mul(10_i128.checked_pow(zeros)?)
}

impl Parameter for Decimal {
    const EXPECTED: &'static str = "a number of at most 36 digits";

    fn read(value: &Value) -> Option<Self> {
        Self::parse(value.text())
    }
}

/// The function `add`.
pub(super) struct Sum(Box<[Argument<Decimal>]>);

impl Sum {
    pub fn new(take: &mut Arguments) -> Result<Self, TemplateError> {
        Ok(Self(take.several()?))
    }

    pub fn write(&self, evaluation: &mut Evaluation, out: &mut Vec<u8>) -> Result<Form, RenderError> {
        let mut sum = Decimal::new(0, 0);
        for number in &self.0 {
            let number = *number.get(evaluation)?;
            sum = sum.plus(number).ok_or(RenderError::TooLarge { function: Function::Add })?;
        }
        sum.write(out);
        Ok(Form::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(number: Decimal) -> String {
        let mut out = Vec::new();
        number.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_as_they_were_read() {
        for text in ["0", "-1", "12.50", "0.05", "-0.05", "123456789012345678901234567890.12345"] {
            assert_eq!(written(Decimal::parse(text.as_bytes()).unwrap()), text);
        }
        for (text, expected) in
            [("1e3", "1000"), ("1.5E2", "150"), ("15e-1", "1.5"), ("+7", "7"), ("-0", "0")]
        {
            assert_eq!(written(Decimal::parse(text.as_bytes()).unwrap()), expected);
        }
    }

    #[test]
    fn what_is_no_number_or_too_long_a_one_is_refused() {
        for text in ["", "-", ".5", "1..2", "1,5", "0x1", "1e", "1e99", "1e-99", "nan", " 1", "--1", "+-1"] {
            assert_eq!(Decimal::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Decimal::parse("1".repeat(37).as_bytes()), None);
    }

    #[test]
    fn sums_are_those_of_paper() {
        let sum = |one: &str, other: &str| {
            let parse = |text: &str| Decimal::parse(text.as_bytes()).unwrap();
            parse(one).plus(parse(other)).map(written)
        };
        assert_eq!(sum("0.1", "0.2").unwrap(), "0.3");
        assert_eq!(sum("1.50", "-2").unwrap(), "-0.50");
        assert_eq!(sum(&"9".repeat(36), "0.001"), None);
    }

    #[test]
    fn rounding_stays_between_the_bounds() {
        let at = |text: &str| Decimal::parse(text.as_bytes()).unwrap();
        assert_eq!((at("-1.25").ceil_at(1), at("-1.25").floor_at(1)), (Some(-12), Some(-13)));
        assert_eq!((at("1.25").ceil_at(1), at("1.25").floor_at(1)), (Some(13), Some(12)));
        assert_eq!((at("3").ceil_at(2), at("3").floor_at(2)), (Some(300), Some(300)));
    }

    proptest! {
        #[test]
        fn sums_of_whole_numbers_are_those_of_the_machine(one: i64, other: i64) {
            let sum = Decimal::new(one.into(), 0).plus(Decimal::new(other.into(), 0)).unwrap();
            prop_assert_eq!(sum, Decimal::new(i128::from(one) + i128::from(other), 0));
        }

        #[test]
        fn what_is_written_reads_back(digits in -10_i128.pow(30)..10_i128.pow(30), decimals in 0_u32..20) {
            let number = Decimal::new(digits, decimals);
            prop_assert_eq!(Decimal::parse(written(number).as_bytes()), Some(number));
        }

        #[test]
        fn no_text_does_harm(text in "[-+0-9.eE]{0,50}") {
            if let Some(number) = Decimal::parse(text.as_bytes()) {
                number.floor_at(15);
                number.ceil_at(0);
                number.plus(number);
            }
        }
    }
}
