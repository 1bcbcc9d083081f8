//! Dates of the Gregorian calendar, UTC, from the year 0 to 9999, and back. Leap seconds do not exist, as in POSIX.

use crate::template::Value;
use crate::template::argument::Parameter;

const NS_PER_S: i128 = 1_000_000_000;
const S_PER_DAY: i64 = 86_400;
/// The first day of the year 0 and the day after the last one of the year 9999, counted from 1970.
const DAYS: std::ops::Range<i64> = -719_528..2_932_897;

/// An instant that has a date of four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    /// Since 1970 UTC.
    pub unix_ns: i128,
}

/// An instant as a calendar and a clock show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub year: i64,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub nanosecond: u32,
    /// From 1.
    pub day_of_year: u32,
    /// From 0, a Sunday.
    pub weekday: u32,
}

impl Instant {
    /// `None` when it is outside of the years that have four digits.
    pub fn new(unix_ns: i128) -> Option<Self> {
        let day = unix_ns.div_euclid(NS_PER_S * i128::from(S_PER_DAY));
        DAYS.contains(&i64::try_from(day).ok()?).then_some(Self { unix_ns })
    }

    pub fn civil(self) -> Civil {
        let seconds = self.unix_ns.div_euclid(NS_PER_S) as i64;
        let (days, second_of_day) = (seconds.div_euclid(S_PER_DAY), seconds.rem_euclid(S_PER_DAY) as u32);
        let (year, month, day) = date_of(days);
        Civil {
            year,
            month,
            day,
            hour: second_of_day / 3600,
            minute: second_of_day / 60 % 60,
            second: second_of_day % 60,
            nanosecond: self.unix_ns.rem_euclid(NS_PER_S) as u32,
            day_of_year: (days - days_until(year, 1, 1) + 1) as u32,
            weekday: (days + 4).rem_euclid(7) as u32,
        }
    }

    /// Reads RFC 3339, also without a zone (UTC) or without a time (midnight), or seconds since 1970. A whole number of
    /// twelve digits or more is milliseconds: as seconds it would be after the year 5000.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.as_bytes().get(4) == Some(&b'-') {
            return Self::parse_rfc3339(text);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let number: i128 = whole.parse().ok().filter(|_| whole.len() <= 18)?;
        let digits = whole.trim_start_matches('-').len();
        let factor_ns = if digits >= 12 && fraction.is_empty() { 1_000_000 } else { NS_PER_S };
        let sign = if whole.starts_with('-') { -1 } else { 1 };
        Self::new(number * factor_ns + sign * i128::from(fraction_ns(fraction)?))
    }

    fn parse_rfc3339(text: &str) -> Option<Self> {
        let field = |range| text.get(range).filter(|text: &&str| all_digits(text))?.parse::<u32>().ok();
        let (year, month, day) = (field(0..4)?, field(5..7)?, field(8..10)?);
        let days = days_until(i64::from(year), month, day);
        let is_date = (1..=12).contains(&month)
            && text.as_bytes().get(7) == Some(&b'-')
            && date_of(days) == (i64::from(year), month, day);
        if !is_date {
            return None;
        }
        let midnight = i128::from(days * S_PER_DAY) * NS_PER_S;
        if text.len() == 10 {
            return Self::new(midnight);
        }
        let marks = [text.as_bytes().get(10), text.as_bytes().get(13), text.as_bytes().get(16)];
        if !matches!(marks, [Some(b'T' | b't' | b' '), Some(b':'), Some(b':')]) {
            return None;
        }
        let (hour, minute, second) = (field(11..13)?, field(14..16)?, field(17..19)?);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let rest = &text[19..];
        let fraction_length = match rest.strip_prefix('.') {
            Some(after) => 1 + after.find(|char: char| !char.is_ascii_digit()).unwrap_or(after.len()),
            None => 0,
        };
        if fraction_length == 1 {
            return None;
        }
        let fraction = i128::from(fraction_ns(rest.get(1..fraction_length).unwrap_or_default())?);
        let offset_s = zone_offset_s(&rest[fraction_length..])?;
        let seconds = i64::from(hour * 3600 + minute * 60 + second) - offset_s;
        Self::new(midnight + i128::from(seconds) * NS_PER_S + fraction)
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Nanoseconds of the digits after a point; further ones are dropped.
fn fraction_ns(digits: &str) -> Option<u32> {
    if !all_digits(digits) {
        return None;
    }
    format!("{digits:0<9.9}").parse().ok()
}

/// Seconds east of UTC.
fn zone_offset_s(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':').or_else(|| digits.split_at_checked(2))?;
    let two_digits = |text: &str| text.parse::<i64>().ok().filter(|_| text.len() == 2 && all_digits(text));
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Days from 1970 to this date. The year starts in March, so that the leap day is its last; 400 years are 146,097 days.
fn days_until(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of the day that is so many days after 1970-01-01.
fn date_of(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

impl Parameter for Instant {
    const EXPECTED: &'static str = "a time: RFC 3339 or seconds since 1970";

    fn read(value: &Value) -> Option<Self> {
        Self::parse(std::str::from_utf8(value.text()).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_day_of_ten_thousand_years_follows_the_one_before() {
        let (mut year, mut month, mut day) = (0, 1, 1);
        for days in DAYS {
            assert_eq!(date_of(days), (year, month, day));
            assert_eq!(days_until(year, month, day), days);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u32::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (year, month, day) = match (month, day == length) {
                (_, false) => (year, month, day + 1),
                (12, true) => (year + 1, 1, 1),
                (_, true) => (year, month + 1, 1),
            };
        }
        assert_eq!((year, month, day), (10_000, 1, 1));
    }

    #[test]
    fn a_time_is_read_in_every_form_of_it() {
        let rows = [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-20T21:43:26Z", 1_795_211_006_000),
            ("2026-11-20 21:43:26", 1_795_211_006_000),
            ("2026-11-20t22:43:26.5+01:00", 1_795_211_006_500),
            ("2026-11-20T21:13:26.123456789-0030", 1_795_211_006_123),
            ("2026-11-20", 1_795_132_800_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("1795211006", 1_795_211_006_000),
            ("1795211006.25", 1_795_211_006_250),
            ("1795211006250", 1_795_211_006_250),
            ("-1.5", -1_500),
        ];
        for (text, unix_ms) in rows {
            let instant = Instant::parse(text).unwrap_or_else(|| panic!("{text} is a time"));
            assert_eq!(instant.unix_ns.div_euclid(1_000_000), unix_ms, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let rows = [
            "",
            "now",
            "2026-13-01",
            "2026-02-29",
            "2026-00-10",
            "2026-01-00",
            "2026-01-01T",
            "+2026-01-01",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+1",
            "2026-01-01T00:00:00+25:00",
            "2026-01-01T00:00Z",
            "2026/01/01",
            "1.5.2",
            "20é6-01-01",
            "2026-01-01Té0:00:00",
        ];
        for text in rows {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
        assert_eq!(Instant::parse("999999999999999999"), None, "after the year 9999");
    }

    #[test]
    fn weekdays_and_days_of_the_year_are_those_of_the_calendar() {
        let civil = |text: &str| Instant::parse(text).unwrap().civil();
        assert_eq!((civil("2026-11-20").weekday, civil("2026-11-20").day_of_year), (5, 324));
        assert_eq!((civil("2024-12-31").weekday, civil("2024-12-31").day_of_year), (2, 366));
        assert_eq!((civil("1969-12-31").weekday, civil("1969-12-31").day_of_year), (3, 365));
    }

    proptest! {
        #[test]
        fn the_clock_of_an_instant_leads_back_to_it(unix_ns in -62_167_219_200_000_000_000_i128..253_402_300_800_000_000_000) {
            let civil = Instant::new(unix_ns).unwrap().civil();
            let text = format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z",
                civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second, civil.nanosecond
            );
            prop_assert_eq!(Instant::parse(&text), Some(Instant { unix_ns }));
        }

        #[test]
        fn no_text_does_harm(text in "[-0-9TZ:.+é ]{0,40}") {
            if let Some(instant) = Instant::parse(&text) {
                instant.civil();
            }
        }
    }
}
