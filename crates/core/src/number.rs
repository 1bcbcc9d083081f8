//! Numbers as they are written in JSON, compared exactly: an id of 20 digits differs from its neighbour.

use std::cmp::Ordering;

/// A JSON number, as it is written. Two of them are equal when they have the same value: `1.0` is `1` and `1e0`.
#[derive(Debug, Clone, Copy)]
pub struct Number<'a> {
    text: &'a str,
    negative: bool,
    /// Before the point.
    whole: &'a str,
    /// After the point.
    fraction: &'a str,
    /// Power of ten, cut to [`MAX_EXPONENT`] on both sides.
    exponent: i64,
}

/// Larger than the number of digits of any text, and far from the limits of i64.
const MAX_EXPONENT: i64 = 1 << 60;

impl<'a> Number<'a> {
    /// Reads a number of RFC 8259, section 6; `None` when the text is anything else.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let canonical = is_digits(whole) && (whole.len() == 1 || !whole.starts_with('0'));
        canonical.then_some(Self { text, negative, whole, fraction, exponent })
    }

    /// As it is written.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// All digits, the leading zeros left out; the point stands `magnitude` digits after the start.
    fn digits(self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes()).skip_while(|&digit| digit == b'0')
    }

    /// The power of ten just above the number; `None` for zero.
    fn magnitude(self) -> Option<i64> {
        let zeros = self.whole.bytes().chain(self.fraction.bytes()).position(|digit| digit != b'0')?;
        Some(self.whole.len() as i64 - zeros as i64 + self.exponent)
    }

    fn compare_absolute(self, other: Self) -> Ordering {
        self.magnitude().cmp(&other.magnitude()).then_with(|| {
            let (mut left, mut right) = (self.digits(), other.digits());
            loop {
                match (left.next(), right.next()) {
                    (None, None) => return Ordering::Equal,
                    (left, right) => match left.unwrap_or(b'0').cmp(&right.unwrap_or(b'0')) {
                        Ordering::Equal => {}
                        different => return different,
                    },
                }
            }
        })
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn read_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    if !is_digits(digits) {
        return None;
    }
    let exponent = digits.parse().unwrap_or(MAX_EXPONENT).min(MAX_EXPONENT);
    Some(if negative { -exponent } else { exponent })
}

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number<'_> {}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.magnitude(), number.negative) {
            (None, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        let (left, right) = (sign(self), sign(other));
        left.cmp(&right).then_with(|| match left {
            0 => Ordering::Equal,
            1 => self.compare_absolute(*other),
            _ => other.compare_absolute(*self),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number<'_> {
        Number::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn numbers_compare_by_their_value_not_by_how_they_are_written() {
        let rows = [
            ("1", "1.0", Ordering::Equal),
            ("1", "1e0", Ordering::Equal),
            ("100", "1E+2", Ordering::Equal),
            ("0.001", "1e-3", Ordering::Equal),
            ("0", "-0.00e9", Ordering::Equal),
            ("-1", "0", Ordering::Less),
            ("-2", "-1", Ordering::Less),
            ("2", "10", Ordering::Less),
            ("0.2", "0.10", Ordering::Greater),
            ("12345678901234567890", "12345678901234567891", Ordering::Less),
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("1e400", "1e399", Ordering::Greater),
            ("1e-400", "0", Ordering::Greater),
            ("-1e99999999999999999999", "1e-99999999999999999999", Ordering::Less),
        ];
        for (left, right, expected) in rows {
            assert_eq!(number(left).cmp(&number(right)), expected, "{left} {right}");
            assert_eq!(number(right).cmp(&number(left)), expected.reverse(), "{right} {left}");
        }
    }

    #[test]
    fn only_json_numbers_are_numbers() {
        for text in
            ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "1.e1", "0x1", "1 ", " 1", "NaN", "--1", "1e1.5"]
        {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_compare_as_integers(left: i128, right: i128) {
            let (a, b) = (left.to_string(), right.to_string());
            prop_assert_eq!(number(&a).cmp(&number(&b)), left.cmp(&right));
        }

        #[test]
        fn decimals_compare_as_scaled_integers(left in -99_999_i64..99_999, right in -99_999_i64..99_999) {
            let text = |value: i64| {
                let sign = if value < 0 { "-" } else { "" };
                format!("{sign}{}.{:03}", value.abs() / 1000, value.abs() % 1000)
            };
            let (a, b) = (text(left), text(right));
            prop_assert_eq!(number(&a).cmp(&number(&b)), left.cmp(&right));
        }

        #[test]
        fn the_same_texts_are_numbers_as_for_serde_json(text in "-?[0-9]{0,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?") {
            prop_assert_eq!(Number::parse(&text).is_some(), serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
    }
}
