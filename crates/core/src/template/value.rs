//! A value that a step saved for later steps.

use crate::json_path::unescape;
use std::fmt;
use std::rc::Rc;

/// A saved value: a text, or a JSON value other than a string, kept exactly as it was received. A number is never
/// parsed, so that 12345678 does not come back as 1.2345678e7 and an id of 20 digits keeps all of them.
///
/// A clone shares the text, so that variables are set back to where they were for each iteration at no cost.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    text: Rc<[u8]>,
    json: bool,
    secret: bool,
}

impl Value {
    /// A text, such as the value of a header. It need not be UTF-8.
    pub fn from_text(text: impl Into<Rc<[u8]>>) -> Self {
        Self { text: text.into(), json: false, secret: false }
    }

    /// The value that a JSON text stands for, as [`crate::json_path::JsonPath::find`] returns it: a string becomes
    /// the text that it says; anything else stays as it is.
    pub fn from_json_text(json: &str) -> Self {
        match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            None => Self { text: json.as_bytes().into(), json: true, secret: false },
            Some(inside) if inside.contains('\\') => {
                Self::from_text(unescape(inside).collect::<String>().into_bytes())
            }
            Some(inside) => Self::from_text(inside.as_bytes()),
        }
    }

    /// The same value; whatever it was, it is one that may not be shown from now on when `secret` says so.
    #[must_use]
    pub fn marked_secret(mut self, secret: bool) -> Self {
        self.secret |= secret;
        self
    }

    /// The text, or the JSON text when [`Self::is_json`].
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether the text is JSON: a number, `true`, `false`, `null`, an array or an object.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Its JSON form: a text gets quotes, anything else stays as it is. Bytes that are no text are replaced.
    pub fn to_json(&self) -> String {
        let text = String::from_utf8_lossy(&self.text);
        if self.json { text.into_owned() } else { serde_json::Value::from(text).to_string() }
    }

    /// Whether it was made of a value of the environment, so that no report, log or sample may show it.
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// `text` as a value of this form.
    pub(super) fn of_form(text: &[u8], form: Form) -> Self {
        Self { text: text.into(), json: form == Form::Json, secret: false }
    }

    pub(super) fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

/// What a text that was computed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A text.
    Text,
    /// The text of a JSON value other than a string.
    Json,
}

/// Does not show the text: what a scenario saves is often a token.
impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let kind = if self.json { "json" } else { "text" };
        write!(out, "Value({kind}, {} bytes)", self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_json_string_becomes_its_text_and_anything_else_stays_as_it_is() {
        let rows = [
            (r#""""#, "", false),
            (r#""plain""#, "plain", false),
            (r#""12""#, "12", false),
            (r#""a\"b\\\u00e9\n""#, "a\"b\\é\n", false),
            (r#""\ud83d""#, "\u{fffd}", false),
            ("12345678", "12345678", true),
            ("12345678901234567890123", "12345678901234567890123", true),
            ("1.0", "1.0", true),
            ("1E400", "1E400", true),
            ("-0", "-0", true),
            ("true", "true", true),
            ("null", "null", true),
            (r#"{"a": [1, "\n"]}"#, r#"{"a": [1, "\n"]}"#, true),
        ];
        for (json, text, is_json) in rows {
            let value = Value::from_json_text(json);
            assert_eq!((value.text(), value.is_json()), (text.as_bytes(), is_json), "{json}");
        }
    }

    #[test]
    fn the_json_form_of_a_value_gives_the_value_again() {
        for json in [r#""a\\\"b""#, "12345678901234567890123", "[1, 2]", "null"] {
            let value = Value::from_json_text(json);
            assert_eq!(Value::from_json_text(&value.to_json()), value, "{json}");
        }
    }

    #[test]
    fn a_value_does_not_show_its_text_in_debug_output() {
        assert_eq!(format!("{:?}", Value::from_text(*b"token")), "Value(text, 5 bytes)");
        assert_eq!(format!("{:?}", Value::from_json_text("[1]")), "Value(json, 3 bytes)");
    }

    #[test]
    fn a_secret_stays_one_in_every_clone() {
        let token = Value::from_text(*b"token").marked_secret(true);
        assert!(token.clone().marked_secret(false).is_secret());
        assert!(!Value::from_text(*b"token").marked_secret(false).is_secret());
    }

    proptest! {
        #[test]
        fn the_text_of_a_json_string_is_what_serde_json_reads(text: String) {
            let value = Value::from_json_text(&serde_json::to_string(&text).unwrap());
            prop_assert_eq!(value, Value::from_text(text.into_bytes()));
        }

        #[test]
        fn text_that_is_not_json_does_no_harm(text: String) {
            prop_assert!(Value::from_json_text(&text).text().len() <= text.len());
        }
    }
}
