//! What no person may see of an exchange, neither as it was sent nor as the server sent it back.

use std::collections::BTreeSet;
use std::ops::Range;

use kilobar_core::cookies::Jar;
use kilobar_core::plan::{Encode, Expr, Hole, Part, Plan, Step, Template};
use kilobar_core::random::Random;
use kilobar_core::template::{Bounds, ReadyTemplate, Scope, Value};

/// How much of a request or response is shown.
pub const SHOWN_BYTES: usize = 4096;
/// Headers whose values no sample may show.
const SECRET_HEADERS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];
/// Shorter values protect nothing, and hiding every `1` of a response would make it unreadable.
const SHORTEST_BYTES: usize = 4;
/// Values such as that of a cookie `consent=true`: nothing to protect, and in every response.
const WORDS: [&str; 3] = ["true", "false", "null"];
const HIDDEN: &str = "***";
/// Stands for a hole in the text of a template; no header can hold it.
const HOLE: char = '\0';

/// The secrets of a plan: values from the environment, and values of secret headers.
#[derive(Debug, Default, Clone)]
pub struct Secrets {
    texts: BTreeSet<String>,
    /// Those that stand in secret headers, so that their values are secrets as soon as they have one.
    variables: BTreeSet<usize>,
}

impl Secrets {
    /// Collects them from the requests of a plan, in every form in which a server may send them back. Variables have no
    /// values yet: see [`Self::with_values`].
    pub fn of(plan: &Plan) -> Self {
        let mut secrets = Self::default();
        for step in plan.all_steps() {
            for part in step.templates().into_iter().flat_map(parts_of) {
                match part {
                    Part::Text(_) => {}
                    Part::Secret(text) => secrets.add(text),
                    Part::Hole(hole) => secrets.add_all(&hole.value),
                }
            }
            let Step::Request(request) = step else { continue };
            for (name, value) in request.headers.iter().filter(|(name, _)| is_secret_header(name)) {
                secrets.variables.extend(parts_of(value).iter().filter_map(|part| match part {
                    Part::Hole(Hole { value: Expr::Variable(index), .. }) => Some(*index),
                    _ => None,
                }));
                for text in constants_of(name, &text_with_holes(value)) {
                    secrets.add(text);
                }
            }
        }
        for authorization in plan.http.proxy.iter().filter_map(|proxy| proxy.authorization.as_ref()) {
            for text in constants_of("proxy-authorization", authorization) {
                secrets.add(text);
            }
        }
        secrets
    }

    /// These, and the cookies that a user has.
    pub fn with_cookies(mut self, jar: &Jar) -> Self {
        for (_, value) in jar.pairs() {
            self.add(value.trim_matches('"'));
        }
        self
    }

    /// These, and the present values of the variables that stand in secret headers of any request of the plan.
    pub fn with_values(&self, variables: &[Option<Value>]) -> Self {
        let mut secrets = self.clone();
        for (index, value) in variables.iter().enumerate() {
            let Some(value) = value else { continue };
            if !value.is_secret() && !self.variables.contains(&index) {
                continue;
            }
            secrets.add(&String::from_utf8_lossy(value.text()));
        }
        secrets
    }

    fn add_all(&mut self, expr: &Expr) {
        match expr {
            Expr::Secret(text) => self.add(text),
            Expr::Member { of, .. } => self.add_all(of),
            Expr::Join(inner) | Expr::Call { arguments: inner, .. } => {
                inner.iter().for_each(|expr| self.add_all(expr));
            }
            Expr::Text(_) | Expr::Json(_) | Expr::Variable(_) | Expr::Column { .. } => {}
        }
    }

    fn add(&mut self, text: &str) {
        let forms = forms_of(text).into_iter();
        self.texts
            .extend(forms.filter(|form| form.len() >= SHORTEST_BYTES && !WORDS.contains(&form.as_str())));
    }

    /// `text` without them. One of [`SHOWN_BYTES`] was probably cut: the beginning of a secret at its end is hidden too.
    pub fn hide(&self, text: String) -> String {
        const LONGEST_CHAR_BYTES: usize = 4;
        let cut = text.len() > SHOWN_BYTES - LONGEST_CHAR_BYTES;
        self.hide_in(text, cut)
    }

    /// A response as a person may see it: secrets and values of secret headers hidden, bytes that are no text replaced.
    ///
    /// It may end anywhere, so the beginning of a secret at its end is hidden too. Heads of interim responses may precede
    /// that of the final one.
    pub fn hide_in_response(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let (mut in_head, mut in_secret) = (true, false);
        let lines = text.split_inclusive('\n').map(|line| {
            let ends_head = line.trim_end_matches(['\r', '\n']).is_empty();
            in_head = line.starts_with("HTTP/1.") || in_head && !ends_head;
            // A line that starts with white space continues the value of the header before it.
            let continues = in_secret && line.starts_with([' ', '\t']);
            let name = line.split_once(':').map(|(name, _)| name).filter(|name| is_secret_header(name));
            in_secret = in_head && (continues || name.is_some());
            match name {
                _ if !in_secret => line.replace('\r', ""),
                Some(name) if !continues => format!("{name}: {HIDDEN}\n"),
                _ => format!(" {HIDDEN}\n"),
            }
        });
        self.hide_in(lines.collect(), true)
    }

    fn hide_in(&self, text: String, cut: bool) -> String {
        let places = self.texts.iter().flat_map(|secret| {
            text.match_indices(secret.as_str()).map(|(start, found)| start..start + found.len())
        });
        let mut places: Vec<Range<usize>> = places.collect();
        places.extend(cut.then(|| self.beginning_at_the_end(&text)).flatten());
        if places.is_empty() {
            return text;
        }
        places.sort_unstable_by_key(|place| place.start);
        let mut shown = String::with_capacity(text.len());
        let mut hidden_until = 0;
        for place in places {
            // Those that overlap are hidden as one: replacing one after the other would leave the rest of the second.
            if place.start >= hidden_until {
                shown.push_str(&text[hidden_until..place.start]);
                shown.push_str(HIDDEN);
            }
            hidden_until = hidden_until.max(place.end);
        }
        shown.push_str(&text[hidden_until..]);
        shown
    }

    /// The longest beginning of a secret with which `text` ends, and what became of a character that was cut.
    fn beginning_at_the_end(&self, text: &str) -> Option<Range<usize>> {
        let whole = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
        let lengths = self.texts.iter().filter_map(|secret| {
            let longest = secret.len().min(whole.len());
            let ends_with = |&length: &usize| whole.as_bytes().ends_with(&secret.as_bytes()[..length]);
            (SHORTEST_BYTES..=longest).rev().find(ends_with)
        });
        lengths.max().map(|length| whole.len() - length..text.len())
    }
}

/// Whether the value of this header may never be shown.
pub fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.iter().any(|secret| secret.eq_ignore_ascii_case(name.trim()))
}

fn parts_of(template: &Template) -> &[Part] {
    match template {
        Template::Fixed(_) => &[],
        Template::Parts(parts) => parts,
    }
}

fn text_with_holes(template: &Template) -> String {
    match template {
        Template::Fixed(text) => text.clone(),
        Template::Parts(parts) => parts.iter().fold(String::new(), |text, part| match part {
            Part::Text(more) | Part::Secret(more) => text + more,
            Part::Hole(_) => text + HOLE.encode_utf8(&mut [0; 4]),
        }),
    }
}

/// What a server may repeat of the value of a secret header: all of it, what follows the scheme, the value of a cookie.
/// Only what has no holes.
fn constants_of<'a>(name: &str, value: &'a str) -> Vec<&'a str> {
    let mut constants = vec![value.trim()];
    if name.eq_ignore_ascii_case("cookie") {
        let values = value.split(';').filter_map(|pair| pair.split_once('='));
        constants.extend(values.map(|(_, value)| value.trim().trim_matches('"')));
    } else if let Some((_scheme, credentials)) = value.trim().split_once(' ') {
        constants.push(credentials.trim());
    }
    constants.retain(|text| !text.contains(HOLE));
    constants
}

/// As it was sent, as it was before it was encoded for an address or a form, and both as an address, a form and a JSON
/// text hold them.
fn forms_of(text: &str) -> BTreeSet<String> {
    const ENCODES: [Encode; 4] = [Encode::Raw, Encode::Url, Encode::Form, Encode::JsonString];
    let mut forms = BTreeSet::new();
    for text in [Some(text.to_owned()), decoded(text)].into_iter().flatten() {
        let value = [Some(Value::from_text(text.into_bytes()))];
        for encode in ENCODES {
            let template = Template::Parts(vec![Part::variable(0, encode)]);
            let bounds = Bounds { variables: 1, columns: Vec::new() };
            let mut random = Random::new(0);
            let mut scope =
                Scope { variables: &value, rows: &[], sequence: 0, unix_ns: 0, random: &mut random };
            let mut form = Vec::new();
            let rendered = ReadyTemplate::compile(&template, &bounds)
                .is_ok_and(|template| template.render(&mut scope, &mut form).is_ok());
            forms.extend(rendered.then(|| String::from_utf8(form).ok()).flatten());
        }
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
    use kilobar_core::plan::{Body, Function};

    use super::*;

    fn secrets(texts: &[&str]) -> Secrets {
        let parts = texts.iter().map(|&text| Part::Secret(text.to_owned())).collect();
        secrets_of(Template::Parts(parts), &[("Cookie", Template::Fixed("sid=abcd".into()))])
    }

    fn secrets_of(body: Template, headers: &[(&str, Template)]) -> Secrets {
        let json = include_str!("../../../tests/golden/plans/first.json");
        let mut plan: Plan = serde_json::from_str(json).unwrap();
        let Step::Request(request) = &mut plan.flows[0].steps[0] else { unreachable!("the example gets /") };
        request.body = Some(Body::Text(body));
        request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
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
        for form in ["p%22ss+word", r#"p"ss word"#, r#"p\"ss word"#, "p%22ss%20word", "sid=abcd"] {
            assert_eq!(secrets.hide(format!("<{form}>")), "<***>");
        }
    }

    #[test]
    fn the_longest_secret_is_hidden_as_one_and_one_of_few_letters_not_at_all() {
        let secrets = secrets(&["abcd", "abcdefgh", "xyz", "100%"]);
        assert_eq!(secrets.hide("abcdefgh abcd xyz 100%".into()), "*** *** xyz ***");
    }

    #[test]
    fn the_head_that_follows_an_interim_response_is_a_head_too() {
        let shown = Secrets::default().hide_in_response(
            b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 401 No\r\nset-cookie: sid=1\r\n\r\ncookie: body",
        );
        assert_eq!(
            shown,
            "HTTP/1.1 103 Early Hints\nlink: x\n\nHTTP/1.1 401 No\nset-cookie: ***\n\ncookie: body"
        );
    }

    #[test]
    fn a_secret_header_is_hidden_on_each_of_its_lines() {
        let shown = Secrets::default().hide_in_response(
            b"HTTP/1.1 200 OK\r\nset-cookie: a=1;\r\n \r\n\tb: 2\r\n cookie: 3\r\nx: 4\r\n 5\r\n",
        );
        assert_eq!(shown, "HTTP/1.1 200 OK\nset-cookie: ***\n ***\n ***\n ***\nx: 4\n 5\n");
        assert_eq!(Secrets::default().hide_in_response(b" cookie: 1\r\n"), " cookie: ***\n");
    }

    #[test]
    fn the_beginning_of_a_secret_at_the_end_of_a_response_is_hidden() {
        let secrets = secrets(&["topsecret", "secretary", "p\u{e4}ssword"]);
        for (text, shown) in [
            ("x tops", "x ***"),
            ("x top", "x top"),
            ("x topsecret", "x ***"),
            ("x topsecreta", "x ***"),
            ("tops x", "tops x"),
            ("sid=abc", "***"),
        ] {
            assert_eq!(secrets.hide_in_response(text.as_bytes()), shown, "{text}");
        }
        assert_eq!(secrets.hide_in_response("x p\u{e4}s".as_bytes()), "x ***");
        let secrets = self::secrets(&["abcd\u{e4}efg"]);
        assert_eq!(secrets.hide_in_response(b"x abcd\xc3"), "x ***");
    }

    #[test]
    fn the_beginning_of_a_secret_at_the_end_of_a_request_is_hidden_only_when_the_request_was_cut() {
        let secrets = secrets(&["admin-pass"]);
        assert_eq!(secrets.hide("user=admin".into()), "user=admin");
        let cut = "-".repeat(SHOWN_BYTES - 5);
        assert_eq!(secrets.hide(format!("{cut}admin")), format!("{cut}***"));
    }

    #[test]
    fn secrets_that_overlap_are_hidden_as_one() {
        let secrets = secrets(&["abcdef", "defghi"]);
        assert_eq!(secrets.hide("<abcdefghi>".into()), "<***>");
        assert_eq!(secrets.hide("<abcdefdefghi>".into()), "<******>");
    }

    #[test]
    fn the_present_value_of_a_variable_in_a_secret_header_is_hidden_in_each_form() {
        let bearer =
            |index| Template::Parts(vec![Part::Text("Bearer ".into()), Part::variable(index, Encode::Raw)]);
        let secrets = secrets_of(
            Template::Fixed(String::new()),
            &[("Authorization", bearer(1)), ("x-shown", bearer(0)), ("x-api-key", bearer(9))],
        );
        let value = |text: &str| Some(Value::from_text(text.as_bytes()));
        let live = secrets.with_values(&[value("shown"), value("t+k/\"n")]);
        let echo = r#"t+k/"n t%2Bk%2F%22n t+k/%22n t+k/\"n shown"#;
        assert_eq!(live.hide(echo.into()), "*** *** *** *** shown");
        assert_eq!(
            live.hide_in_response(b"HTTP/1.1 401 No\r\n\r\nno such token: t+k/"),
            "HTTP/1.1 401 No\n\nno such token: ***"
        );
        for unset in [secrets.clone(), secrets.with_values(&[]), secrets.with_values(&[value("shown"), None])]
        {
            assert_eq!(unset.hide(echo.into()), echo);
        }
    }

    #[test]
    fn what_follows_a_scheme_and_each_value_of_a_cookie_are_secrets_of_their_own() {
        let cookie = Template::Parts(vec![
            Part::Text("a=first; b=\"second=2\"; consent=true; c=third".into()),
            Part::call(
                Function::RandomInt,
                vec![Expr::Json("1".into()), Expr::Json("9".into())],
                Encode::Raw,
            ),
        ]);
        let bearer = Template::Fixed("Bearer abc.def".into());
        let secrets =
            secrets_of(Template::Fixed(String::new()), &[("AUTHORIZATION", bearer), ("cookie", cookie)]);
        assert_eq!(
            secrets.hide("abc.def first second=2 true third Bearer".into()),
            "*** *** *** true third Bearer"
        );
    }
}
