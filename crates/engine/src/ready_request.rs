//! A request made ready to send: what never changes is rendered once.

use std::rc::Rc;

use kilobar_core::json_path::JsonPath;
use kilobar_core::plan::{Body, ConnectionPolicy, Extract, Origin, Plan, Request, Scheme, Template};
use kilobar_core::random::Random;
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::{Bounds, ReadyTemplate, Scope, Value};
use kilobar_core::wire::http1::{RequestMethod, is_token, write_request_head};

use crate::dial::Failure;
use crate::secrets::{SHOWN_BYTES, is_secret_header};

/// A request made ready to send.
pub struct ReadyRequest {
    /// As it stands in the plan.
    pub plan: Request,
    /// Index into [`Plan::origins`].
    pub origin: usize,
    /// The bytes to send, when they are always the same.
    pub fixed: Option<Rc<[u8]>>,
    /// What its response may look like.
    pub method: RequestMethod,
    /// What to keep of the response.
    pub saves: Vec<(usize, JsonPath)>,
    /// The request itself asks the server to close the connection.
    pub closes: bool,
    host: String,
    /// Those of the plan and those that Kilobar adds.
    headers: Vec<(String, ReadyTemplate)>,
    /// How many of the headers stand in the plan.
    planned_headers: usize,
    path: ReadyTemplate,
    body: Option<ReadyTemplate>,
}

/// Memory in which requests are written, used again for each.
#[derive(Default)]
pub struct Draft {
    /// The request as it goes over the wire.
    pub request: Vec<u8>,
    values: Vec<u8>,
    ends: Vec<usize>,
}

impl ReadyRequest {
    pub fn new(plan: &Plan, request: &Request) -> Result<Self, String> {
        let index = request.origin.ok_or("not an address of this engine")?;
        let origin = plan.origins.get(index).ok_or("no such origin")?;
        plan.series.get(request.series).ok_or("no such series")?;
        if !is_token(&request.method) {
            return Err(format!("{:?} is not a method", request.method));
        }
        if let Some((name, _)) = request.headers.iter().find(|(name, _)| !is_token(name)) {
            return Err(format!("{name:?} is not a header name"));
        }
        let bounds = Bounds::of(plan);
        let ready = |template: &Template| {
            ReadyTemplate::compile(template, &bounds).map_err(|error| error.to_string())
        };
        let body = match &request.body {
            None => None,
            Some(Body::Text(text)) => Some(ready(text)?),
            Some(_) => return Err("not a body of this engine".into()),
        };
        let mut saves = Vec::with_capacity(request.saves.len());
        for save in &request.saves {
            plan.variables.get(save.variable).ok_or("a save names no variable")?;
            let Extract::Json(path) = &save.from else { return Err("not a save of this engine".into()) };
            let path = JsonPath::parse(path).map_err(|error| format!("{path:?}: {error}"))?;
            saves.push((save.variable, path));
        }
        let mut headers = Vec::with_capacity(request.headers.len() + 2);
        for (name, value) in &request.headers {
            headers.push((name.clone(), ready(value)?));
        }
        let mut add = |name: &str, value: &str| {
            if !request.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                headers.push((name.to_owned(), ReadyTemplate::fixed(value)));
            }
        };
        add("user-agent", concat!("kilobar/", env!("CARGO_PKG_VERSION")));
        if plan.http.connections == ConnectionPolicy::PerRequest {
            add("connection", "close");
        }
        let mut ready = Self {
            fixed: None,
            origin: index,
            method: RequestMethod::of(&request.method),
            saves,
            closes: headers.iter().any(|(name, value)| asks_to_close(name, value)),
            host: host_header(origin),
            headers,
            planned_headers: request.headers.len(),
            path: ready(&request.path)?,
            body,
            plan: request.clone(),
        };
        ready.fixed = ready.render_fixed()?;
        Ok(ready)
    }

    fn render_fixed(&self) -> Result<Option<Rc<[u8]>>, String> {
        let fixed = self.path.is_fixed()
            && self.headers.iter().all(|(_, value)| value.is_fixed())
            && self.body.as_ref().is_none_or(ReadyTemplate::is_fixed);
        if !fixed {
            return Ok(None);
        }
        let mut draft = Draft::default();
        self.write(&[], &mut Random::new(0), &mut draft).map_err(|failure| failure.message)?;
        Ok(Some(draft.request.into()))
    }

    /// Writes the request into `draft`.
    ///
    /// # Errors
    /// Class `script`, when a value is missing or cannot stand where the template puts it.
    pub fn write(
        &self,
        variables: &[Option<Value>],
        random: &mut Random,
        draft: &mut Draft,
    ) -> Result<(), Failure> {
        let script = |problem: String| Failure::new(ErrorClass::Script, problem);
        let Draft { request, values, ends } = draft;
        request.clear();
        values.clear();
        ends.clear();
        let templates =
            std::iter::once(&self.path).chain(self.headers.iter().map(|(_, value)| value)).chain(&self.body);
        let mut scope = scope_of(variables, random);
        for template in templates {
            template.render(&mut scope, values).map_err(|error| script(error.to_string()))?;
            ends.push(values.len());
        }
        let values = std::str::from_utf8(values).map_err(|_| script("a saved value is not text".into()))?;
        let value = |index: usize| &values[if index == 0 { 0 } else { ends[index - 1] }..ends[index]];
        let headers =
            self.headers.iter().enumerate().map(|(index, (name, _))| (name.as_str(), value(index + 1)));
        let body = self.body.as_ref().map(|_| value(self.headers.len() + 1));
        write_request_head(request, &self.plan.method, value(0), &self.host, headers, body.map(str::len))
            .map_err(|error| script(error.to_string()))?;
        request.extend_from_slice(body.unwrap_or_default().as_bytes());
        Ok(())
    }

    /// The beginning of the request as a person may see it, at most [`SHOWN_BYTES`]. Secrets that the plan marks are
    /// hidden; [`Secrets::hide`] hides those that stand elsewhere too.
    pub fn redacted(&self, variables: &[Option<Value>], random: &mut Random) -> String {
        let request = &self.plan;
        let mut shown = format!("{} ", request.method).into_bytes();
        let mut scope = scope_of(variables, random);
        let mut add = |template: &ReadyTemplate, out: &mut Vec<u8>| {
            if out.len() >= SHOWN_BYTES {
                return;
            }
            if let Err(error) = template.render_redacted(&mut scope, out) {
                out.extend_from_slice(format!("<{error}>").as_bytes());
            }
            // A body may be megabytes.
            out.truncate(SHOWN_BYTES);
        };
        add(&self.path, &mut shown);
        shown.extend_from_slice(b" HTTP/1.1\n");
        shown.extend_from_slice(format!("host: {}\n", self.host).as_bytes());
        for (name, value) in &self.headers[..self.planned_headers] {
            shown.extend_from_slice(format!("{name}: ").as_bytes());
            if is_secret_header(name) {
                shown.extend_from_slice(b"***");
            } else {
                add(value, &mut shown);
            }
            shown.push(b'\n');
        }
        if let Some(body) = &self.body {
            shown.push(b'\n');
            add(body, &mut shown);
        }
        shown.truncate(SHOWN_BYTES);
        let mut shown = String::from_utf8_lossy(&shown).into_owned();
        while shown.len() > SHOWN_BYTES {
            shown.pop();
        }
        shown
    }

    /// Whether the status code is an expected one.
    #[inline]
    pub fn expects(&self, status: u16) -> bool {
        self.plan.expect_status.iter().any(|&(low, high)| (low..=high).contains(&status))
    }
}

fn asks_to_close(name: &str, value: &ReadyTemplate) -> bool {
    name.eq_ignore_ascii_case("connection")
        && value
            .fixed_text()
            .is_some_and(|text| text.split(',').any(|option| option.trim().eq_ignore_ascii_case("close")))
}

fn host_header(origin: &Origin) -> String {
    let host = if origin.host.contains(':') { format!("[{}]", origin.host) } else { origin.host.clone() };
    let default_port = if origin.scheme == Scheme::Http { 80 } else { 443 };
    if origin.port == default_port { host } else { format!("{host}:{}", origin.port) }
}

/// What a request is rendered from.
fn scope_of<'a>(variables: &'a [Option<Value>], random: &'a mut Random) -> Scope<'a> {
    Scope { variables, rows: &[], sequence: 0, unix_ns: 0, random }
}

#[cfg(test)]
mod tests {
    use kilobar_core::plan::{Encode, Part, Step};

    use super::*;
    use crate::program::{Program, ReadyStep};

    #[test]
    fn the_host_header_names_the_port_only_when_it_is_unusual() {
        let origin = |scheme, host: &str, port| Origin { scheme, host: host.into(), port };
        assert_eq!(host_header(&origin(Scheme::Http, "a.example", 80)), "a.example");
        assert_eq!(host_header(&origin(Scheme::Https, "a.example", 443)), "a.example");
        assert_eq!(host_header(&origin(Scheme::Https, "a.example", 80)), "a.example:80");
        assert_eq!(host_header(&origin(Scheme::Http, "::1", 8700)), "[::1]:8700");
    }

    /// What is shown of a request with this path and body, in a plan with one variable.
    fn shown(path: &str, body: Template, variable: Option<Value>) -> String {
        let mut plan: Plan =
            serde_json::from_str(include_str!("../../../tests/golden/plans/first.json")).unwrap();
        plan.variables.push("text".into());
        let Step::Request(request) = &mut plan.flows[0].steps[0] else { unreachable!("the example gets /") };
        request.path = Template::Fixed(path.into());
        request.body = Some(Body::Text(body));
        let program = Program::new(plan).unwrap();
        let ReadyStep::Request(request) = &program.flows[0].steps[0] else { unreachable!("as in the plan") };
        request.redacted(&[variable], &mut Random::new(1))
    }

    #[test]
    fn a_short_request_is_shown_whole() {
        let body = Template::Parts(vec![Part::Text("a=1&b=".into()), Part::Secret("pass".into())]);
        assert_eq!(shown("/x", body, None), "GET /x HTTP/1.1\nhost: 127.0.0.1:8700\n\na=1&b=***");
    }

    #[test]
    fn a_long_request_is_cut_between_characters() {
        let long = "\u{20ac}".repeat(10_000);
        let rendered = vec![Part::variable(0, Encode::Raw)];
        for start in ["/", "/1", "/12", "/123"] {
            let fixed = shown(start, Template::Fixed(long.clone()), None);
            assert!((SHOWN_BYTES - 3..=SHOWN_BYTES).contains(&fixed.len()), "{}", fixed.len());
            assert!(fixed.starts_with(&format!("GET {start} HTTP/1.1\n")));
            let value = Value::from_text(long.clone().into_bytes());
            assert_eq!(shown(start, Template::Parts(rendered.clone()), Some(value)), fixed);
        }
        let long_path = shown(&format!("/{}", "x".repeat(10_000)), Template::Fixed("body".into()), None);
        assert_eq!(long_path.len(), SHOWN_BYTES);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_make_a_shown_request_longer() {
        let body = Template::Parts(vec![Part::variable(0, Encode::Raw)]);
        let bytes = shown("/", body, Some(Value::from_text(vec![0xff; 10_000])));
        assert!((SHOWN_BYTES - 3..=SHOWN_BYTES).contains(&bytes.len()), "{}", bytes.len());
    }
}
