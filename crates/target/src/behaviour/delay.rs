//! Delays: fixed, or drawn from a known distribution.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::draw::{Draws, Stream};
use crate::limits::MAX_DELAY_NS;

/// How long to wait, as text: `10ms`, `uniform/5ms..15ms`, `exponential/10ms`, `bimodal/10ms/100ms/0.1` (a tenth of
/// the answers takes 100 ms), or `2ms+SHAPE` for a fixed part and a drawn one.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Delay {
    base_ns: u64,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Fixed,
    Uniform { low_ns: u64, high_ns: u64 },
    Exponential { mean_ns: u64 },
    Bimodal { usual_ns: u64, rare_ns: u64, rare_share: f64 },
}

/// A text that is not a [`Delay`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelayError {
    text: String,
}

impl fmt::Display for DelayError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:?} is not a delay; write 10ms, uniform/5ms..15ms, exponential/10ms, bimodal/10ms/100ms/0.1 \
             or 2ms+exponential/3ms, at most 1h",
            self.text
        )
    }
}

impl std::error::Error for DelayError {}

impl FromStr for Delay {
    type Err = DelayError;

    fn from_str(text: &str) -> Result<Self, DelayError> {
        parse(text).ok_or_else(|| DelayError { text: text.chars().take(80).collect() })
    }
}

impl TryFrom<String> for Delay {
    type Error = DelayError;

    fn try_from(text: String) -> Result<Self, DelayError> {
        text.parse()
    }
}

impl Delay {
    /// The next delay in nanoseconds. Drawn ones use the sequence of `stream`, or of their shape when that is `None`.
    pub(crate) fn next_ns(&self, draws: &Draws, stream: Option<Stream>) -> u64 {
        let own = match self.shape {
            Shape::Fixed => return self.base_ns,
            Shape::Uniform { .. } => Stream::Uniform,
            Shape::Exponential { .. } => Stream::Exponential,
            Shape::Bimodal { .. } => Stream::Bimodal,
        };
        self.at(draws.next(stream.unwrap_or(own)))
    }

    /// The delay that a number from 0 (inclusive) to 1 (exclusive) stands for.
    fn at(&self, drawn: f64) -> u64 {
        let varying_ns = match self.shape {
            Shape::Fixed => 0,
            Shape::Uniform { low_ns, high_ns } => low_ns + (drawn * (high_ns - low_ns) as f64) as u64,
            Shape::Exponential { mean_ns } => (-(1.0 - drawn).ln() * mean_ns as f64) as u64,
            Shape::Bimodal { rare_ns, rare_share, .. } if drawn < rare_share => rare_ns,
            Shape::Bimodal { usual_ns, .. } => usual_ns,
        };
        self.base_ns + varying_ns
    }
}

fn parse(text: &str) -> Option<Delay> {
    if let Some(base_ns) = parse_duration_ns(text) {
        return Some(Delay { base_ns, shape: Shape::Fixed });
    }
    let (base_ns, shape) = match text.split_once('+') {
        Some((base, shape)) => (parse_duration_ns(base)?, shape),
        None => (0, text),
    };
    let (name, arguments) = shape.split_once('/')?;
    let shape = match name {
        "uniform" => {
            let (low, high) = arguments.split_once("..")?;
            let (low_ns, high_ns) = (parse_duration_ns(low)?, parse_duration_ns(high)?);
            (low_ns <= high_ns).then_some(Shape::Uniform { low_ns, high_ns })?
        }
        "exponential" => Shape::Exponential { mean_ns: parse_duration_ns(arguments)? },
        "bimodal" => {
            let mut arguments = arguments.splitn(3, '/');
            let usual_ns = parse_duration_ns(arguments.next()?)?;
            let rare_ns = parse_duration_ns(arguments.next()?)?;
            Shape::Bimodal { usual_ns, rare_ns, rare_share: parse_share(arguments.next()?)? }
        }
        _ => return None,
    };
    Some(Delay { base_ns, shape })
}

/// A number from 0 to 1.
pub(crate) fn parse_share(text: &str) -> Option<f64> {
    parse_decimal(text).filter(|share| *share <= 1.0)
}

/// A duration such as `10ms`, `1.5s` or `0`, in nanoseconds; `None` when it is none or longer than an hour.
pub(crate) fn parse_duration_ns(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let unit_at = text.find(|character: char| character.is_ascii_lowercase())?;
    let (number, unit) = text.split_at(unit_at);
    let unit_ns = match unit {
        "ns" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return None,
    };
    let duration_ns = (parse_decimal(number)? * unit_ns).round();
    (duration_ns <= MAX_DELAY_NS as f64).then_some(duration_ns as u64)
}

/// Digits with at most one point: no sign, exponent, `inf` or `nan`, which `f64` would accept.
fn parse_decimal(text: &str) -> Option<f64> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay(text: &str) -> Delay {
        text.parse().expect("a delay")
    }

    fn mean_ms(text: &str) -> f64 {
        let (delay, draws) = (delay(text), Draws::new(3));
        (0..20_000).map(|_| delay.next_ns(&draws, None) as f64 / 1e6).sum::<f64>() / 20_000.0
    }

    #[test]
    fn durations_have_a_unit_and_at_most_an_hour() {
        for (text, expected) in [
            ("10ms", Some(10_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("250us", Some(250_000)),
            ("0", Some(0)),
            ("0ms", Some(0)),
            ("1h", Some(MAX_DELAY_NS)),
            ("2h", None),
            ("10", None),
            ("ms", None),
            ("-1s", None),
            ("1e3s", None),
            ("infs", None),
            ("1.2.3s", None),
        ] {
            assert_eq!(parse_duration_ns(text), expected, "{text}");
        }
    }

    #[test]
    fn a_fixed_delay_is_the_same_each_time_and_draws_nothing() {
        let draws = Draws::new(3);
        assert_eq!(delay("10ms").next_ns(&draws, None), 10_000_000);
        assert_eq!(draws.next(Stream::Shop), Draws::new(3).next(Stream::Shop));
    }

    #[test]
    fn drawn_delays_have_the_mean_that_arithmetic_gives() {
        assert!((mean_ms("uniform/5ms..15ms") - 10.0).abs() < 0.1);
        assert!((mean_ms("exponential/10ms") - 10.0).abs() < 0.3);
        assert!((mean_ms("bimodal/10ms/100ms/0.1") - 19.0).abs() < 0.7);
        assert!((mean_ms("2ms+exponential/3ms") - 5.0).abs() < 0.1);
    }

    #[test]
    fn the_ends_of_a_shape_are_exact() {
        assert_eq!(delay("uniform/5ms..15ms").at(0.0), 5_000_000);
        assert_eq!(delay("uniform/5ms..15ms").at(0.5), 10_000_000);
        assert_eq!(delay("exponential/10ms").at(0.0), 0);
        assert_eq!(delay("bimodal/10ms/100ms/0.1").at(0.099), 100_000_000);
        assert_eq!(delay("bimodal/10ms/100ms/0.1").at(0.1), 10_000_000);
        assert_eq!(delay("bimodal/10ms/100ms/0").at(0.0), 10_000_000);
    }

    #[test]
    fn what_is_not_a_delay_is_refused() {
        let texts = [
            "",
            "soon",
            "uniform/5ms",
            "uniform/9ms..5ms",
            "bimodal/1ms/2ms",
            "bimodal/1ms/2ms/1.1",
            "1ms+1ms",
        ];
        for text in texts {
            assert!(text.parse::<Delay>().is_err(), "{text}");
        }
    }
}
