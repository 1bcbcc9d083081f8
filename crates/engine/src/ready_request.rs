//! A request made ready to send: what never changes is rendered once.

use std::rc::Rc;

use kilobar_core::json_path::JsonPath;
use kilobar_core::plan::{
    Body, ConnectionPolicy, Expr, Extract, Hole, HttpVersion, Origin, Part, Plan, Request, Scheme, Template,
};
use kilobar_core::random::Random;
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::{Value, render, render_redacted};
use kilobar_core::wire::http1::{RequestMethod, is_token, write_request_head};

use crate::dial::Failure;
use crate::http2_request::Http2Request;
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
    /// The same for HTTP/2, unless the plan speaks only HTTP/1.1.
    pub http2: Option<Http2Request>,
    host: String,
    /// Those of the plan and those that Kilobar adds.
    headers: Vec<(String, Template)>,
    body: Option<Template>,
}

/// Memory in which requests are written, used again for each.
#[derive(Default)]
pub struct Draft {
    /// The request as it goes over the wire.
    pub request: Vec<u8>,
    /// Of an HTTP/2 request: where its header block ends and its body begins.
    block_bytes: usize,
    values: Vec<u8>,
    ends: Vec<usize>,
}

impl Draft {
    /// Header block and body of the HTTP/2 request that was written last.
    #[inline]
    pub fn http2(&self) -> (&[u8], &[u8]) {
        self.request.split_at(self.block_bytes)
    }

    /// The texts that were rendered last, by their place.
    fn rendered<'a>(&'a self) -> Result<impl Fn(usize) -> &'a str + Copy + use<'a>, Failure> {
        let values = std::str::from_utf8(&self.values)
            .map_err(|_| Failure::new(ErrorClass::Script, "a saved value is not text"))?;
        let ends = &self.ends;
        Ok(move |index: usize| &values[if index == 0 { 0 } else { ends[index - 1] }..ends[index]])
    }
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
        check_template(plan, &request.path)?;
        for (_, value) in &request.headers {
            check_template(plan, value)?;
        }
        let body = match &request.body {
            None => None,
            Some(Body::Text(text)) => Some(text.clone()),
            Some(_) => return Err("not a body of this engine".into()),
        };
        if let Some(body) = &body {
            check_template(plan, body)?;
        }
        let mut saves = Vec::with_capacity(request.saves.len());
        for save in &request.saves {
            plan.variables.get(save.variable).ok_or("a save names no variable")?;
            let Extract::Json(path) = &save.from else { return Err("not a save of this engine".into()) };
            let path = JsonPath::parse(path).map_err(|error| format!("{path:?}: {error}"))?;
            saves.push((save.variable, path));
        }
        let mut headers = request.headers.clone();
        let mut add = |name: &str, value: &str| {
            if !request.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                headers.push((name.to_owned(), Template::Fixed(value.to_owned())));
            }
        };
        add("user-agent", concat!("kilobar/", env!("CARGO_PKG_VERSION")));
        if plan.http.connections == ConnectionPolicy::PerRequest {
            add("connection", "close");
        }
        let host = host_header(origin);
        let names = headers.iter().map(|(name, _)| name.as_str());
        let http2 = match plan.http.version {
            HttpVersion::Http1 => None,
            _ => Some(Http2Request::new(&request.method, origin, &host, names)?),
        };
        let mut ready = Self {
            http2,
            fixed: None,
            origin: index,
            method: RequestMethod::of(&request.method),
            saves,
            closes: headers.iter().any(|(name, value)| asks_to_close(name, value)),
            host,
            headers,
            body,
            plan: request.clone(),
        };
        ready.fixed = ready.render_fixed()?;
        Ok(ready)
    }

    fn render_fixed(&mut self) -> Result<Option<Rc<[u8]>>, String> {
        let request = &self.plan;
        let fixed = request.path.is_fixed()
            && request.headers.iter().all(|(_, value)| value.is_fixed())
            && self.body.as_ref().is_none_or(Template::is_fixed);
        if !fixed {
            return Ok(None);
        }
        let mut draft = Draft::default();
        self.write(&[], &mut Random::new(0), &mut draft).map_err(|failure| failure.message)?;
        if let Some(http2) = &mut self.http2 {
            let rendered = draft.rendered().map_err(|failure| failure.message)?;
            let body = self.body.as_ref().map(|_| rendered(self.headers.len() + 1));
            http2.fix(rendered(0), |index| rendered(index + 1), body)?;
        }
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
        self.render(variables, random, draft)?;
        let mut request = std::mem::take(&mut draft.request);
        let rendered = draft.rendered()?;
        let headers =
            self.headers.iter().enumerate().map(|(index, (name, _))| (name.as_str(), rendered(index + 1)));
        let body = self.body.as_ref().map(|_| rendered(self.headers.len() + 1));
        let written = write_request_head(
            &mut request,
            &self.plan.method,
            rendered(0),
            &self.host,
            headers,
            body.map(str::len),
        );
        request.extend_from_slice(body.unwrap_or_default().as_bytes());
        draft.request = request;
        written.map_err(|error| Failure::new(ErrorClass::Script, error.to_string()))
    }

    /// Writes header block and body for HTTP/2 into `draft`, see [`Draft::http2`].
    ///
    /// # Errors
    /// As [`ReadyRequest::write`].
    pub fn write_http2(
        &self,
        http2: &Http2Request,
        variables: &[Option<Value>],
        random: &mut Random,
        draft: &mut Draft,
    ) -> Result<(), Failure> {
        self.render(variables, random, draft)?;
        let mut block = std::mem::take(&mut draft.request);
        let rendered = draft.rendered()?;
        let body = self.body.as_ref().map(|_| rendered(self.headers.len() + 1));
        let written = http2.write(rendered(0), |index| rendered(index + 1), body.map(str::len), &mut block);
        let block_bytes = block.len();
        block.extend_from_slice(body.unwrap_or_default().as_bytes());
        draft.request = block;
        draft.block_bytes = block_bytes;
        written.map_err(|error| Failure::new(ErrorClass::Script, error))
    }

    /// Renders path, header values and body, in this order.
    fn render(
        &self,
        variables: &[Option<Value>],
        random: &mut Random,
        draft: &mut Draft,
    ) -> Result<(), Failure> {
        draft.request.clear();
        draft.values.clear();
        draft.ends.clear();
        let templates = std::iter::once(&self.plan.path)
            .chain(self.headers.iter().map(|(_, value)| value))
            .chain(&self.body);
        for template in templates {
            render(template, variables, random, &mut draft.values)
                .map_err(|error| Failure::new(ErrorClass::Script, error.to_string()))?;
            draft.ends.push(draft.values.len());
        }
        Ok(())
    }

    /// The beginning of the request as a person may see it, at most [`SHOWN_BYTES`]. Secrets that the plan marks are
    /// hidden; [`Secrets::hide`] hides those that stand elsewhere too.
    pub fn redacted(&self, variables: &[Option<Value>], random: &mut Random) -> String {
        let request = &self.plan;
        let mut shown = format!("{} ", request.method).into_bytes();
        let mut add = |template: &Template, out: &mut Vec<u8>| {
            let room = SHOWN_BYTES.saturating_sub(out.len());
            match template {
                // A constant body may be megabytes.
                Template::Fixed(text) => out.extend(text.bytes().take(room)),
                _ if room == 0 => {}
                _ => {
                    if let Err(error) = render_redacted(template, variables, random, out) {
                        out.extend_from_slice(format!("<{error}>").as_bytes());
                    }
                }
            }
        };
        add(&request.path, &mut shown);
        shown.extend_from_slice(b" HTTP/1.1\n");
        shown.extend_from_slice(format!("host: {}\n", self.host).as_bytes());
        for (name, value) in &request.headers {
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

fn asks_to_close(name: &str, value: &Template) -> bool {
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

fn check_template(plan: &Plan, template: &Template) -> Result<(), String> {
    let Template::Parts(parts) = template else { return Ok(()) };
    for part in parts {
        match part {
            Part::Hole(Hole { value: Expr::Variable(index), .. }) if *index >= plan.variables.len() => {
                return Err(format!("variable {index} does not exist"));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kilobar_core::plan::{Encode, Step};

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
