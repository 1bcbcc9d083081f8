//! What no person may see of an exchange, neither as it was sent nor as the server sent it back.

use std::collections::BTreeSet;

use kilobar_core::plan::{Part, Plan, Step, Template};

/// Headers whose values no sample may show.
const SECRET_HEADERS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];
/// Shorter values protect nothing, and hiding every `1` of a response would make it unreadable.
const SHORTEST_BYTES: usize = 4;
const HIDDEN: &str = "***";

/// The secrets of a plan: values from the environment, and constant values of secret headers.
#[derive(Debug, Default)]
pub struct Secrets {
    /// Longest first, so that one that is part of another does not leave the rest of it.
    texts: Vec<String>,
}

impl Secrets {
    /// Collects them from the requests of a plan, in every form in which a server may send them back.
    pub fn of(plan: &Plan) -> Self {
        let mut texts = BTreeSet::new();
        for step in plan.flows.iter().flat_map(|flow| &flow.steps) {
            let Step::Request(request) = step else { continue };
            let values = request.headers.iter().map(|(_, value)| value);
            for template in values.chain([&request.path]).chain(&request.body) {
                if let Template::Parts(parts) = template {
                    texts.extend(parts.iter().filter_map(|part| match part {
                        Part::Secret(text) => Some(text.clone()),
                        _ => None,
                    }));
                }
            }
            let hidden = request.headers.iter().filter(|(name, _)| is_secret_header(name));
            texts.extend(hidden.filter_map(|(_, value)| value.fixed_text().map(|text| text.into_owned())));
        }
        let forms: BTreeSet<String> = texts.iter().flat_map(|text| forms_of(text)).collect();
        let mut texts: Vec<String> = forms.into_iter().filter(|text| text.len() >= SHORTEST_BYTES).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self { texts }
    }

    /// `text` without them.
    pub fn hide(&self, mut text: String) -> String {
        for secret in &self.texts {
            if text.contains(secret) {
                text = text.replace(secret, HIDDEN);
            }
        }
        text
    }

    /// A response as a person may see it: secrets and values of secret headers hidden, bytes that are no text replaced.
    pub fn hide_in_response(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let mut in_head = true;
        let lines = text.split_inclusive('\n').map(|line| {
            in_head &= !line.trim_end().is_empty();
            match line.split_once(':') {
                Some((name, _)) if in_head && is_secret_header(name) => format!("{name}: {HIDDEN}\n"),
                _ => line.replace('\r', ""),
            }
        });
        self.hide(lines.collect())
    }
}

/// Whether the value of this header may never be shown.
pub fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.iter().any(|secret| secret.eq_ignore_ascii_case(name.trim()))
}

/// As it was sent, as it was before it was encoded for an address or a form, and both as a JSON text holds them.
fn forms_of(text: &str) -> Vec<String> {
    let mut forms = vec![text.to_owned()];
    forms.extend(decoded(text));
    for index in 0..forms.len() {
        let json = serde_json::Value::from(forms[index].as_str()).to_string();
        forms.push(json[1..json.len() - 1].to_owned());
    }
    forms
}

/// Percent-decoded, with `+` for a space; `None` when that gives no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match after {
            [high, low, ..] if *first == b'%' => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        bytes.push(match (first, escaped) {
            (_, Some((high, low))) => high << 4 | low,
            (b'+', None) => b' ',
            (byte, None) => *byte,
        });
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Secrets {
        let parts = texts.iter().map(|&text| Part::Secret(text.to_owned())).collect();
        let json = include_str!("../../../tests/golden/plans/first.json");
        let mut plan: Plan = serde_json::from_str(json).unwrap();
        let Step::Request(request) = &mut plan.flows[0].steps[0] else { unreachable!("the example gets /") };
        request.body = Some(Template::Parts(parts));
        request.headers.push(("Cookie".into(), Template::Fixed("sid=abcd".into())));
        Secrets::of(&plan)
    }

    #[test]
    fn secret_headers_are_hidden_in_the_head_and_only_there() {
        let shown = Secrets::default()
            .hide_in_response(b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=1\r\nx: 2\r\n\r\ncookie: not a header");
        assert_eq!(shown, "HTTP/1.1 200 OK\nSet-Cookie: ***\nx: 2\n\ncookie: not a header");
    }

    #[test]
    fn a_secret_is_hidden_in_every_form_in_which_it_comes_back() {
        let secrets = secrets(&["p%22ss+word"]);
        for form in ["p%22ss+word", r#"p"ss word"#, r#"p\"ss word"#, "sid=abcd"] {
            assert_eq!(secrets.hide(format!("<{form}>")), "<***>");
        }
    }

    #[test]
    fn the_longest_secret_is_hidden_first_and_one_of_few_letters_not_at_all() {
        let secrets = secrets(&["abcd", "abcdefgh", "xyz", "100%"]);
        assert_eq!(secrets.hide("abcdefgh abcd xyz 100%".into()), "*** *** xyz ***");
    }
}
