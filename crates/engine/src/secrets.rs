//! What no person may see of an exchange, neither as it was sent nor as the server sent it back.

mod probes;

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use kilobar_core::cookies::Jar;
use kilobar_core::plan::{DataSource, Encode, Expr, Part, Plan, Step, Template};
use kilobar_core::random::Random;
use kilobar_core::template::{Bounds, ReadyTemplate, Row, Scope, Value};

use probes::Probes;

/// How much of a request or response is shown.
pub const SHOWN_BYTES: usize = 4096;
/// How much of the words of a failure is shown.
const MESSAGE_BYTES: usize = 1024;
/// Stands where something was left out.
const CUT: char = '…';
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
    probes: Rc<Probes>,
}

impl Secrets {
    /// Collects them from the requests of a plan, in every form in which a server may send them back. Variables have no
    /// values yet: see [`Self::with_values`].
    pub fn of(plan: &Plan) -> Self {
        let mut secrets = Self { texts: BTreeSet::new(), probes: Rc::new(Probes::of(plan)) };
        plan.secrets.iter().for_each(|text| secrets.add(text));
        secrets.add_rows(plan);
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
                secrets.add_header(name, &text_with_holes(value));
            }
        }
        for authorization in plan.http.proxy.iter().filter_map(|proxy| proxy.authorization.as_ref()) {
            secrets.add_header("proxy-authorization", authorization);
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

    /// These, and what becomes of the secret headers of any request of the plan with the present values and rows of a
    /// user: whole, and each value in them.
    pub fn with_values(&self, variables: &[Option<Value>], rows: &[Option<Row>]) -> Self {
        let mut secrets = self.clone();
        for value in variables.iter().flatten().filter(|value| value.is_secret()) {
            secrets.add(&String::from_utf8_lossy(value.text()));
        }
        for (header, text) in self.probes.texts(variables, rows) {
            match header {
                Some(name) => secrets.add_header(name, &text),
                None => secrets.add(&text),
            }
        }
        secrets
    }

    /// These, and the values of secret headers as they were sent.
    pub fn with_headers<'a>(mut self, headers: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        headers.for_each(|(name, value)| self.add_header(name, value));
        self
    }

    /// Whether the value of this variable gets into a secret header.
    pub fn hides(&self, variable: usize) -> bool {
        self.probes.variables.contains(&variable)
    }

    fn add_header(&mut self, name: &str, value: &str) {
        for text in constants_of(name, value) {
            self.add(text);
        }
    }

    /// Values of rows in the plan that came from the environment.
    fn add_rows(&mut self, plan: &Plan) {
        for data in &plan.data {
            let DataSource::Rows(rows) = &data.source else { continue };
            for row in rows {
                for json in data.secret_columns.iter().filter_map(|&column| row.get(column)) {
                    self.add(&String::from_utf8_lossy(Value::from_json_text(json).text()));
                }
            }
        }
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

    /// The words of a failure without them, at most [`MESSAGE_BYTES`]. Where words are cut, with `…`, the beginning of a
    /// secret is hidden too.
    pub fn hide_in_message(&self, message: &str) -> String {
        let end = (0..=message.len().min(MESSAGE_BYTES)).rev().find(|&end| message.is_char_boundary(end));
        let mut text = message[..end.unwrap_or(0)].to_owned();
        if text.len() < message.len() {
            text.push(CUT);
        }
        let cuts = text.match_indices(CUT).filter_map(|(at, _)| {
            // A quoted text ends with its quote.
            let before = text[..at].trim_end_matches('"');
            self.beginning_at_the_end(before)
        });
        let cuts = cuts.collect();
        self.hide_places(text, cuts)
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
        let beginning = cut.then(|| self.beginning_at_the_end(&text)).flatten();
        self.hide_places(text, beginning.into_iter().collect())
    }

    /// Hides them, and what stands in `places`.
    fn hide_places(&self, text: String, mut places: Vec<Range<usize>>) -> String {
        let found = self.texts.iter().flat_map(|secret| {
            text.match_indices(secret.as_str()).map(|(start, found)| start..start + found.len())
        });
        places.extend(found);
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
mod tests;
