//! What a `set-cookie` header says (RFC 6265, section 5.2).

use super::date::unix_time_s;

/// One `set-cookie` header, before anybody asked whether the server may set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetCookie<'a> {
    /// Name; may be empty.
    pub name: &'a str,
    /// Value as it stands, quotes included.
    pub value: &'a str,
    /// Without the dot with which it may start.
    pub domain: Option<&'a str>,
    /// Where it belongs; `None` when it is not given or does not start with `/`.
    pub path: Option<&'a str>,
    /// Only for connections that nobody can listen to.
    pub secure: bool,
    /// How long it lives; 0 or less ends it at once.
    pub max_age_s: Option<i64>,
    /// Unix time.
    pub expires_s: Option<i64>,
}

impl<'a> SetCookie<'a> {
    /// Reads the value of a `set-cookie` header. `None` when there is nothing to keep: neither name nor value, or
    /// control characters that could not be sent back.
    pub fn parse(header: &'a str) -> Option<Self> {
        if header.bytes().any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
            return None;
        }
        let mut attributes = header.split(';');
        let pair = attributes.next().unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let mut cookie = Self {
            name: name.trim(),
            value: value.trim(),
            domain: None,
            path: None,
            secure: false,
            max_age_s: None,
            expires_s: None,
        };
        if cookie.name.is_empty() && cookie.value.is_empty() {
            return None;
        }
        for attribute in attributes {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            cookie.note(name.trim(), value.trim());
        }
        Some(cookie)
    }

    /// Of several attributes with one name the last counts; what is malformed does not count.
    fn note(&mut self, name: &str, value: &'a str) {
        if name.eq_ignore_ascii_case("domain") {
            self.domain = Some(value.strip_prefix('.').unwrap_or(value));
        } else if name.eq_ignore_ascii_case("path") {
            self.path = value.starts_with('/').then_some(value);
        } else if name.eq_ignore_ascii_case("secure") {
            self.secure = true;
        } else if name.eq_ignore_ascii_case("max-age") {
            self.max_age_s = whole_number(value).or(self.max_age_s);
        } else if name.eq_ignore_ascii_case("expires") {
            self.expires_s = unix_time_s(value).or(self.expires_s);
        }
    }
}

/// Digits with an optional minus; those that do not fit are as large as possible.
fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn name_value_and_attributes_are_read_whatever_their_case_and_spacing() {
        let cookie =
            SetCookie::parse(" sid = a=\"b\" ; PATH=/x; Domain=.Shop.example;secure ;HttpOnly; max-age=-5")
                .unwrap();
        assert_eq!((cookie.name, cookie.value), ("sid", "a=\"b\""));
        assert_eq!((cookie.path, cookie.domain), (Some("/x"), Some("Shop.example")));
        assert_eq!((cookie.secure, cookie.max_age_s, cookie.expires_s), (true, Some(-5), None));
    }

    #[test]
    fn the_last_of_equal_attributes_counts_unless_it_is_malformed() {
        let cookie = SetCookie::parse("a=1; max-age=5; max-age=x; path=/a; path=b; expires=never").unwrap();
        assert_eq!((cookie.max_age_s, cookie.path, cookie.expires_s), (Some(5), None, None));
        let huge = SetCookie::parse("a=1; max-age=99999999999999999999").unwrap();
        assert_eq!(huge.max_age_s, Some(i64::MAX));
    }

    #[test]
    fn a_pair_without_an_equals_sign_is_a_value_and_nothing_is_no_cookie() {
        let cookie = SetCookie::parse("token; secure").unwrap();
        assert_eq!((cookie.name, cookie.value), ("", "token"));
        for header in ["", "=", " ; path=/", "a=\r\nb", "a=\0", "\x7f=1"] {
            assert_eq!(SetCookie::parse(header), None, "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_harm(header: String) {
            if let Some(cookie) = SetCookie::parse(&header) {
                prop_assert!(cookie.name.len() + cookie.value.len() <= header.len());
            }
        }
    }
}
