//! Lengths of time as scenarios write them: `1h30m`, `-5m`.

use super::super::Value;
use super::super::argument::Parameter;

const UNITS: [(&str, i128); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// A length of time, which may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duration {
    pub ns: i128,
}

impl Duration {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (sign, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest.is_empty() {
            return None;
        }
        let mut ns = 0_i128;
        while !rest.is_empty() {
            let number_length = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
            let (number, after) = rest.split_at(number_length);
            let after = after.trim_start();
            let unit_length =
                after.find(|char: char| char.is_ascii_digit() || char.is_whitespace()).unwrap_or(after.len());
            let (unit, after) = after.split_at(unit_length);
            let (_, unit_ns) = UNITS.iter().find(|(name, _)| *name == unit)?;
            ns = ns.checked_add(product(number, *unit_ns)?)?;
            rest = after.trim_start();
        }
        Some(Self { ns: sign * ns })
    }
}

/// `number` times `unit_ns`, if that is whole and not absurd.
fn product(number: &str, unit_ns: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || whole.len() > 18 || fraction.len() > 18 || number.ends_with('.') {
        return None;
    }
    let scale = 10_i128.pow(fraction.len() as u32);
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let product = digits.checked_mul(unit_ns)?;
    (product % scale == 0).then_some(product / scale)
}

impl Parameter for Duration {
    const EXPECTED: &'static str = "a duration such as 90s or -1h30m";

    fn read(value: &Value) -> Option<Self> {
        Self::parse(std::str::from_utf8(value.text()).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        let rows = [
            ("0s", 0),
            ("1h30m", 5_400_000_000_000),
            ("-1.5ms", -1_500_000),
            ("+2d", 172_800_000_000_000),
            ("1 m 30 s", 90_000_000_000),
            ("3µs", 3_000),
        ];
        for (text, ns) in rows {
            assert_eq!(Duration::parse(text), Some(Duration { ns }), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in
            ["", "-", "5", "s", "5 sec", "1.s", ".5s", "0.3ns", "1s-1s", "1..5s", "9999999999999999999d"]
        {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }
}
