//! How times are written: by the name of a form, or by a pattern such as `%Y-%m-%d`.

use std::io::Write;
use std::rc::Rc;

use super::super::Value;
use super::super::argument::Parameter;
use super::super::value::Form;
use super::civil::{Civil, Instant};

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `rfc3339`: `2026-11-20T21:43:26.123Z`.
    Rfc3339,
    /// `http`: `Fri, 20 Nov 2026 21:43:26 GMT`.
    Http,
    /// `unix`: whole seconds since 1970.
    Unix,
    /// `unix_ms`: whole milliseconds since 1970.
    UnixMs,
    /// Letters after `%` stand for parts of the time, as in `strftime`.
    Custom(Rc<str>),
}

impl Pattern {
    /// `None` when it is no name of a form and has no `%`, or has a letter after `%` that stands for nothing.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "rfc3339" => return Some(Self::Rfc3339),
            "http" => return Some(Self::Http),
            "unix" => return Some(Self::Unix),
            "unix_ms" => return Some(Self::UnixMs),
            _ => {}
        }
        let mut rest = text.split('%');
        rest.next();
        let (mut escaped, mut directives) = (false, 0);
        for part in rest {
            // Of `%%`, `split` gives an empty part first.
            if escaped {
                escaped = false;
                continue;
            }
            directives += 1;
            match part.chars().next() {
                None => escaped = true,
                Some(letter) if DIRECTIVES.contains(letter) => {}
                Some(_) => return None,
            }
        }
        // A `%` at the end leaves an escape open.
        (directives > 0 && !escaped).then(|| Self::Custom(text.into()))
    }

    pub fn write(&self, instant: Instant, out: &mut Vec<u8>) -> Form {
        let number = |number: i128, out: &mut Vec<u8>| {
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            Form::Json
        };
        match self {
            Self::Rfc3339 => custom("%Y-%m-%dT%H:%M:%S.%LZ", instant, out),
            Self::Http => custom("%a, %d %b %Y %H:%M:%S GMT", instant, out),
            Self::Unix => number(instant.unix_ns.div_euclid(1_000_000_000), out),
            Self::UnixMs => number(instant.unix_ns.div_euclid(1_000_000), out),
            Self::Custom(pattern) => custom(pattern, instant, out),
        }
    }
}

/// The letters that may stand after `%`. Python's `kilobar.scenario.functions` has the same.
const DIRECTIVES: &str = "YymdHIMSLfpjaAbBszZFT";

fn custom(pattern: &str, instant: Instant, out: &mut Vec<u8>) -> Form {
    let civil = instant.civil();
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let mut after = rest[at + 1..].chars();
        directive(after.next().unwrap_or('%'), civil, instant, out);
        rest = after.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    Form::Text
}

fn directive(letter: char, civil: Civil, instant: Instant, out: &mut Vec<u8>) {
    let weekday = WEEKDAYS[civil.weekday as usize];
    let month = MONTHS[civil.month as usize - 1];
    // Writing to memory never fails.
    let _ = match letter {
        'Y' => write!(out, "{:04}", civil.year),
        'y' => write!(out, "{:02}", civil.year % 100),
        'm' => write!(out, "{:02}", civil.month),
        'd' => write!(out, "{:02}", civil.day),
        'H' => write!(out, "{:02}", civil.hour),
        'I' => write!(out, "{:02}", (civil.hour + 11) % 12 + 1),
        'M' => write!(out, "{:02}", civil.minute),
        'S' => write!(out, "{:02}", civil.second),
        'L' => write!(out, "{:03}", civil.nanosecond / 1_000_000),
        'f' => write!(out, "{:06}", civil.nanosecond / 1_000),
        'p' => out.write_all(if civil.hour < 12 { b"AM" } else { b"PM" }),
        'j' => write!(out, "{:03}", civil.day_of_year),
        'a' => out.write_all(&weekday.as_bytes()[..3]),
        'A' => out.write_all(weekday.as_bytes()),
        'b' => out.write_all(&month.as_bytes()[..3]),
        'B' => out.write_all(month.as_bytes()),
        's' => write!(out, "{}", instant.unix_ns.div_euclid(1_000_000_000)),
        'z' => out.write_all(b"+0000"),
        'Z' => out.write_all(b"UTC"),
        'F' => write!(out, "{:04}-{:02}-{:02}", civil.year, civil.month, civil.day),
        'T' => write!(out, "{:02}:{:02}:{:02}", civil.hour, civil.minute, civil.second),
        _ => out.write_all(b"%"),
    };
}

impl Parameter for Pattern {
    const EXPECTED: &'static str = "rfc3339, http, unix, unix_ms or a pattern such as %Y-%m-%d";

    fn read(value: &Value) -> Option<Self> {
        Self::parse(std::str::from_utf8(value.text()).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pattern: &str, time: &str) -> String {
        let mut out = Vec::new();
        Pattern::parse(pattern).unwrap().write(Instant::parse(time).unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_form_and_letter_is_written() {
        let time = "2026-03-05T15:04:09.012345678Z";
        let rows = [
            ("rfc3339", "2026-03-05T15:04:09.012Z"),
            ("http", "Thu, 05 Mar 2026 15:04:09 GMT"),
            ("unix", "1772723049"),
            ("unix_ms", "1772723049012"),
            ("%Y%y%m%d%H%M%S", "2026260305150409"),
            ("%I %p %L %f %j", "03 PM 012 012345 064"),
            ("%a %A %b %B", "Thu Thursday Mar March"),
            ("%s %z %Z", "1772723049 +0000 UTC"),
            ("%F %T", "2026-03-05 15:04:09"),
            ("100%% %Y%%Y é", "100% 2026%Y é"),
        ];
        for (pattern, expected) in rows {
            assert_eq!(written(pattern, time), expected, "{pattern}");
        }
        assert_eq!(written("%I%p", "2026-03-05T00:00:00Z"), "12AM");
        assert_eq!(written("%I%p", "2026-03-05T12:00:00Z"), "12PM");
        assert_eq!(written("rfc3339", "-0.001"), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn every_letter_that_is_accepted_stands_for_something() {
        for letter in DIRECTIVES.chars() {
            assert_ne!(written(&format!("%{letter}"), "2026-03-05"), "%", "{letter}");
        }
    }

    #[test]
    fn patterns_that_say_nothing_are_refused() {
        for pattern in ["", "rfc", "yyyy-MM-dd", "%Q", "%", "%Y%", "%-d", "%é", "%%%"] {
            assert_eq!(Pattern::parse(pattern), None, "{pattern}");
        }
    }
}
