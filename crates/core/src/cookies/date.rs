//! Dates of cookies, which come in more forms than any standard names (RFC 6265, section 5.1.1).

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The unix time of a cookie's date; `None` when it is no date.
pub(super) fn unix_time_s(text: &str) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = time_of(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = digits(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = digits(token, 2, 4)
        {
            year = Some(match found {
                70..=99 => found + 1900,
                0..=69 => found + 2000,
                _ => found,
            });
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let possible = (1..=days_of(year, month)).contains(&day)
        && year >= 1601
        && hour <= 23
        && minute <= 59
        && second <= 59;
    possible.then(|| days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn is_delimiter(char: char) -> bool {
    matches!(char, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// The number with which `token` starts, if it has so many digits and no more.
fn digits(token: &str, least: usize, most: usize) -> Option<i64> {
    let length = token.bytes().take_while(u8::is_ascii_digit).count();
    (least..=most).contains(&length).then(|| token[..length].parse().ok())?
}

fn time_of(token: &str) -> Option<(i64, i64, i64)> {
    let mut fields = token.splitn(3, ':');
    let hour = digits(fields.next()?, 1, 2)?;
    let minute = digits(fields.next()?, 1, 2)?;
    Some((hour, minute, digits(fields.next()?, 1, 2)?))
}

fn month_of(token: &str) -> Option<i64> {
    let name = token.get(..3)?;
    let index = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    i64::try_from(index + 1).ok()
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar, counted in years that start in March so that leap days come last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_in_which_servers_write_dates_is_read() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "6 november 1994 8:49:37",
            "1994/Nov/6 08:49:37",
        ] {
            assert_eq!(unix_time_s(text), Some(784_111_777), "{text}");
        }
        assert_eq!(unix_time_s("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(unix_time_s("Thu, 01-Jan-69 00:00:00 GMT"), Some(3_124_224_000));
    }

    #[test]
    fn impossible_dates_are_none() {
        for text in [
            "",
            "0",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "29 Feb 2023 00:00:00",
            "00 Jan 2024 00:00:00",
            "01 Jan 1600 00:00:00",
            "01 Jan 2024 24:00:00",
            "01 Jan 2024 00:60:00",
            "01 Jan 2024",
            "01 Foo 2024 00:00:00",
            "99999 Jan 2024 00:00:00",
        ] {
            assert_eq!(unix_time_s(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn days_follow_each_other(year in 1601_i64..3000, month in 1_i64..=12) {
            let length = days_of(year, month);
            let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            let distance = days_since_1970(next.0, next.1, 1) - days_since_1970(year, month, 1);
            prop_assert_eq!(distance, length);
        }

        #[test]
        fn any_text_is_a_date_or_not(text: String) {
            let _ = unix_time_s(&text);
        }
    }
}
