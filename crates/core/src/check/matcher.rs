//! Decides whether a value of a response is what it must be.

use std::cmp::Ordering;

use super::expected::Expected;
use crate::extract::Pattern;
use crate::json_path::same_value;
use crate::number::Number;
use crate::plan::{Compare, Matcher};
use crate::template::Value;
use crate::template::{Bounds, Scope};

/// A matcher made ready.
#[derive(Debug)]
pub(super) enum ReadyMatcher {
    Exists,
    Equals(Expected),
    Contains(Expected),
    Matches(Pattern),
    Compare(Compare, Expected),
}

impl ReadyMatcher {
    pub fn compile(plan: &Matcher, bounds: &Bounds) -> Result<Self, String> {
        Ok(match plan {
            Matcher::Exists => Self::Exists,
            Matcher::Equals(template) => Self::Equals(Expected::new(template, bounds)?),
            Matcher::Contains(template) => Self::Contains(Expected::new(template, bounds)?),
            Matcher::Matches(pattern) => {
                Self::Matches(Pattern::compile(pattern).map_err(|error| format!("{pattern:?}: {error}"))?)
            }
            Matcher::Compare { operator, to } => Self::Compare(*operator, Expected::new(to, bounds)?),
        })
    }

    /// Whether the value is what it must be. `typed` values know texts from numbers; those of headers, HTML and XML do
    /// not, so that `2.50` there is the number 2.5 and `true` is true.
    ///
    /// # Errors
    /// When that cannot be said, in words.
    pub fn holds(&self, value: &Value, typed: bool, scope: &mut Scope) -> Result<bool, String> {
        match self {
            Self::Exists => Ok(true),
            Self::Equals(expected) => {
                let expected = expected.text(scope)?;
                let text = std::str::from_utf8(&expected).map_err(|_| "the expected value is not UTF-8")?;
                equals(value, text.trim_ascii(), typed)
                    .ok_or_else(|| "the expected value is not JSON".to_owned())
            }
            Self::Contains(part) => Ok(memchr::memmem::find(value.text(), &part.text(scope)?).is_some()),
            Self::Matches(pattern) => Ok(pattern.is_match(value.text())),
            Self::Compare(operator, to) => {
                let to = to.text(scope)?;
                let Some(to) = number(&to) else {
                    return Err("what it is compared with is no number".to_owned());
                };
                let Some(actual) = number(value.text()) else {
                    return Err(format!("it is no number: {}", shown(value)));
                };
                Ok(operator.agrees(actual.cmp(&to)))
            }
        }
    }
}

fn number(text: &[u8]) -> Option<Number<'_>> {
    Number::parse(std::str::from_utf8(text).ok()?.trim_ascii())
}

/// `None` when `json` is not JSON.
fn equals(value: &Value, json: &str, typed: bool) -> Option<bool> {
    let quoted = json.starts_with('"');
    if value.is_json() && !quoted {
        let actual = std::str::from_utf8(value.text()).ok()?;
        return match (Number::parse(actual), Number::parse(json)) {
            (Some(actual), Some(expected)) => Some(actual == expected),
            _ => same_value(actual, json),
        };
    }
    // Checks that it is JSON.
    same_value(json, json)?;
    let expected = Value::from_json_text(json);
    let same_text = value.text() == expected.text();
    if value.is_json() || quoted {
        // Between a text and anything else but a number there is a difference, even if it is written the same.
        let is_number = |side: &Value| number(side.text()).is_some();
        return Some(same_text && (value.is_json() != quoted || is_number(value) || !typed));
    }
    let numbers = (number(value.text()), number(expected.text()));
    Some(match numbers {
        (Some(actual), Some(expected)) if !typed => actual.cmp(&expected) == Ordering::Equal,
        (Some(_), Some(_)) => same_text,
        _ => same_text && !typed,
    })
}

/// A value for people, cut to a length that fits a line.
pub(super) fn shown(value: &Value) -> String {
    const MAX_CHARS: usize = 100;
    let text = String::from_utf8_lossy(value.text());
    let cut: String = text.chars().take(MAX_CHARS).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    if value.is_json() { format!("{cut}{more}") } else { format!("{cut:?}{more}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Encode, Part, Template};
    use crate::random::Random;

    fn holds(matcher: Matcher, value: &Value, typed: bool) -> Result<bool, String> {
        let variables = [Some(Value::from_json_text("2.50"))];
        let mut scope =
            Scope { variables: &variables, rows: &[], sequence: 0, unix_ns: 0, random: &mut Random::new(0) };
        ReadyMatcher::compile(&matcher, &Bounds { variables: 1, columns: vec![] })
            .unwrap()
            .holds(value, typed, &mut scope)
    }

    fn fixed(text: &str) -> Template {
        Template::Fixed(text.to_owned())
    }

    #[test]
    fn values_of_json_are_equal_by_value_and_texts_to_numbers_by_their_characters() {
        let rows = [
            ("12", "12", true),
            ("12.0", "12", true),
            ("12", "\"12\"", true),
            ("\"12\"", "12", true),
            ("\"12.0\"", "12", false),
            ("9007199254740993", "9007199254740992", false),
            ("true", "true", true),
            ("true", "false", false),
            ("\"true\"", "true", false),
            ("true", "\"true\"", false),
            ("null", "null", true),
            ("\"null\"", "null", false),
            ("\"a\\nb\"", "\"a\\u000ab\"", true),
            ("\"a\"", "\"A\"", false),
            (r#"{"a":1,"b":[1,2.0]}"#, r#"{ "b" : [1, 2], "a": 1e0 }"#, true),
            ("[1,2]", "[2,1]", false),
            ("\"[1]\"", "[1]", false),
        ];
        for (actual, expected, equal) in rows {
            let value = Value::from_json_text(actual);
            assert_eq!(
                holds(Matcher::Equals(fixed(expected)), &value, true),
                Ok(equal),
                "{actual} {expected}"
            );
        }
        let broken = holds(Matcher::Equals(fixed("abc")), &Value::from_text(*b"abc"), true);
        assert_eq!(broken, Err("the expected value is not JSON".to_owned()));
    }

    #[test]
    fn values_without_a_type_equal_what_is_written_the_same() {
        let rows = [
            ("true", "true", true),
            ("2.50", "2.5", true),
            ("2.50", "\"2.5\"", false),
            ("a", "\"a\"", true),
            ("a", "1", false),
        ];
        for (actual, expected, equal) in rows {
            let value = Value::from_text(actual.as_bytes());
            assert_eq!(
                holds(Matcher::Equals(fixed(expected)), &value, false),
                Ok(equal),
                "{actual} {expected}"
            );
        }
    }

    #[test]
    fn numbers_compare_exactly_with_what_a_template_gives() {
        let saved = Template::Parts(vec![Part::variable(0, Encode::Raw)]);
        let compare = |operator| Matcher::Compare { operator, to: saved.clone() };
        for (text, below) in [("2.4999999999999999999", true), ("2.5", false)] {
            assert_eq!(holds(compare(Compare::Lt), &Value::from_json_text(text), true), Ok(below), "{text}");
        }
        assert_eq!(holds(compare(Compare::Eq), &Value::from_text(*b" 2.5 "), false), Ok(true));
        let words = holds(compare(Compare::Lt), &Value::from_text(*b"many"), true);
        assert_eq!(words, Err("it is no number: \"many\"".to_owned()));
    }

    #[test]
    fn parts_and_patterns_are_looked_for_in_the_text() {
        let value = Value::from_text(*b"hello \xff world");
        assert_eq!(holds(Matcher::Contains(fixed("world")), &value, true), Ok(true));
        assert_eq!(holds(Matcher::Contains(fixed("World")), &value, true), Ok(false));
        assert_eq!(holds(Matcher::Matches("^h.*o".into()), &value, true), Ok(true));
        assert_eq!(holds(Matcher::Exists, &value, true), Ok(true));
        assert!(
            ReadyMatcher::compile(&Matcher::Matches("(".into()), &Bounds::default())
                .unwrap_err()
                .contains("unclosed group")
        );
    }

    #[test]
    fn long_values_are_cut_for_people() {
        let shown = shown(&Value::from_text("é".repeat(200).into_bytes()));
        assert_eq!(shown.chars().count(), 103);
        assert!(shown.ends_with("\"…"));
    }
}
