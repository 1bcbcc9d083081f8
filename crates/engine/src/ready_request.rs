//! A request made ready to send: what never changes is rendered once.

use std::rc::Rc;

use kilobar_core::plan::{
    Body, BodyPart, ConnectionPolicy, CookiePolicy, HttpPolicy, HttpVersion, Origin, PartContent, Plan,
    Proxy, Request, Scheme, Template,
};
use kilobar_core::random::{Random, mix};
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::{Bounds, ReadyTemplate, Scope};
use kilobar_core::url::{authority, origin_text};
use kilobar_core::wire::http1::{KeepHead, RequestMethod, is_token, write_request_head};

use crate::dial::Failure;
use crate::draft::{Draft, PATH};
use crate::files::Files;
use crate::http2_request::Http2Request;
use crate::judge::Judge;
use crate::message::Message;
use crate::multipart::Multipart;
use crate::secrets::{SHOWN_BYTES, is_secret_header};

/// A step that asks for more is a mistake: browsers give up after twenty.
const MAX_REDIRECTS: u32 = 100;

/// A request made ready to send.
pub struct ReadyRequest {
    /// As it stands in the plan.
    pub plan: Request,
    /// Index into [`Plan::origins`]; without one, the path renders to an absolute address.
    pub origin: Option<usize>,
    /// What to send, when it is always the same and there are no cookies.
    pub fixed: Option<Rc<Message>>,
    /// What HTTP/2 needs besides, unless the plan speaks only HTTP/1.1.
    pub http2: Option<Box<Http2Request>>,
    /// What its response may look like.
    pub method: RequestMethod,
    /// What the response must be, and what is kept of it.
    pub judge: Judge,
    /// The request itself asks the server to close the connection.
    pub closes: bool,
    /// Whether the head of the response is needed: for cookies, redirects, or to understand the body.
    pub keeps_head: KeepHead,
    /// The `host` header, when the origin is known.
    host: String,
    /// Those of the plan and those that Kilobar adds; the value of each is in `templates`.
    headers: Vec<Header>,
    /// Path, headers, and what the body is made of.
    templates: Vec<ReadyTemplate>,
    body: ReadyBody,
}

struct Header {
    name: String,
    kind: HeaderKind,
    /// It stands in the plan.
    is_planned: bool,
}

/// Headers that redirects and cookies treat in their own way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HeaderKind {
    Plain,
    Host,
    Cookie,
    /// Another header that says who asks.
    Credentials,
    /// Says something of the body.
    OfBody,
}

enum ReadyBody {
    None,
    /// Index of its template.
    Text(usize),
    File(Rc<[u8]>),
    Multipart(Multipart),
}

/// Where and how a request is sent: as the plan says, or as a redirect asks.
pub struct Sending<'a> {
    /// Method token.
    pub method: &'a str,
    /// Whom it is for.
    pub origin: &'a Origin,
    /// The `host` header, unless the step has its own.
    pub host: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The value of the `cookie` header, those of the step included. Without one the step's own is sent.
    pub cookies: Option<&'a str>,
    /// Body and the headers that belong to it are sent.
    pub with_body: bool,
    /// `authorization`, `cookie` and other secret headers of the step are sent: not to another host than the one they are meant for.
    pub with_credentials: bool,
    /// The step's own `host` header is sent.
    pub with_host: bool,
}

impl ReadyRequest {
    /// Checks a request of `plan` and makes it ready; files of bodies are read.
    ///
    /// # Errors
    /// In words, when it can never be sent.
    pub fn new(plan: &Plan, request: &Request, files: &mut Files) -> Result<Self, String> {
        plan.series.get(request.series).ok_or("no such series")?;
        Self::build(plan, request, Judge::compile(plan, request)?, |ready, templates| {
            ready.add_body(plan.seed, files, templates)
        })
    }

    /// A request that user code asks for, with this body. The whole response to it is kept. Its series is not one of the
    /// plan, but of the recorder.
    ///
    /// # Errors
    /// In words, when it can never be sent.
    pub fn of_code(plan: &Plan, request: &Request, body: Option<Rc<[u8]>>) -> Result<Self, String> {
        let judge = Judge::of_whole(&request.expect_status);
        Self::build(plan, request, judge, |ready, _| {
            ready.body = body.map_or(ReadyBody::None, ReadyBody::File);
            Ok(())
        })
    }

    fn build(
        plan: &Plan,
        request: &Request,
        judge: Judge,
        add_body: impl FnOnce(&mut Self, &mut Vec<Template>) -> Result<(), String>,
    ) -> Result<Self, String> {
        let origin = match request.origin {
            Some(index) => Some(plan.origins.get(index).ok_or("no such origin")?),
            None => None,
        };
        if !is_token(&request.method) {
            return Err(format!("{:?} is not a method", request.method));
        }
        if let Some((name, _)) = request.headers.iter().find(|(name, _)| !is_token(name)) {
            return Err(format!("{name:?} is not a header name"));
        }
        if request.redirects > MAX_REDIRECTS {
            return Err(format!("a step follows at most {MAX_REDIRECTS} redirects"));
        }
        let mut ready = Self {
            fixed: None,
            http2: None,
            origin: request.origin,
            method: RequestMethod::of(&request.method),
            keeps_head: if judge.needs_head() || judge.needs_body() {
                KeepHead::Always
            } else if plan.http.cookies != CookiePolicy::Off || request.redirects > 0 {
                KeepHead::WhenNotable
            } else {
                KeepHead::Never
            },
            judge,
            closes: false,
            host: origin.map(authority).unwrap_or_default(),
            headers: Vec::new(),
            templates: Vec::new(),
            body: ReadyBody::None,
            plan: request.clone(),
        };
        let mut templates = vec![request.path.clone()];
        ready.add_headers(&plan.http, &mut templates);
        add_body(&mut ready, &mut templates)?;
        let bounds = Bounds::of(plan);
        for template in &templates {
            let template = ReadyTemplate::compile(template, &bounds).map_err(|error| error.to_string())?;
            ready.templates.push(template);
        }
        if let Some(origin) = origin {
            ready.fixed = ready.render_fixed(origin, plan.http.proxy.as_ref())?;
        }
        if plan.http.version != HttpVersion::Http1 {
            ready.http2 = Some(Box::new(ready.ready_http2(origin)));
        }
        Ok(ready)
    }

    fn add_headers(&mut self, http: &HttpPolicy, templates: &mut Vec<Template>) {
        let mut headers = self.plan.headers.clone();
        let mut add = |name: &str, value: &str| {
            if !headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                headers.push((name.to_owned(), Template::Fixed(value.to_owned())));
            }
        };
        add("user-agent", concat!("kilobar/", env!("CARGO_PKG_VERSION")));
        if http.connections == ConnectionPolicy::PerRequest {
            add("connection", "close");
        }
        if self.expects_continue() {
            add("expect", "100-continue");
        }
        self.closes = headers.iter().any(|(name, value)| asks_to_close(name, value));
        let is_multipart = matches!(self.plan.body, Some(Body::Multipart(_)));
        // The boundary belongs into it, so it is written with the body.
        headers.retain(|(name, _)| !(is_multipart && name.eq_ignore_ascii_case("content-type")));
        for (name, value) in headers {
            let is_planned = self.plan.headers.iter().any(|(planned, _)| *planned == name);
            self.headers.push(Header { kind: HeaderKind::of(&name), name, is_planned });
            templates.push(value);
        }
    }

    fn add_body(
        &mut self,
        seed: u64,
        files: &mut Files,
        templates: &mut Vec<Template>,
    ) -> Result<(), String> {
        self.body = match &self.plan.body {
            None => ReadyBody::None,
            Some(Body::Text(text)) => {
                templates.push(text.clone());
                ReadyBody::Text(templates.len() - 1)
            }
            Some(Body::File(path)) => ReadyBody::File(files.read(path)?),
            Some(Body::Multipart(parts)) => {
                let given =
                    self.plan.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
                let given = match given {
                    None => None,
                    Some((_, value)) => Some(
                        value.fixed_text().ok_or("the content type of a multipart body is made of values")?,
                    ),
                };
                let mut random = Random::new(mix(seed, self.plan.series as u64));
                ReadyBody::Multipart(Multipart::new(parts, given.as_deref(), &mut random, files, templates)?)
            }
        };
        Ok(())
    }

    fn render_fixed(&self, origin: &Origin, proxy: Option<&Proxy>) -> Result<Option<Rc<Message>>, String> {
        if !self.templates.iter().all(ReadyTemplate::is_fixed) {
            return Ok(None);
        }
        let (mut draft, mut random) = (Draft::default(), Random::new(0));
        let mut scope = Scope { variables: &[], rows: &[], sequence: 0, unix_ns: 0, random: &mut random };
        self.fill(&mut scope, &mut draft).map_err(|failure| failure.message)?;
        let mut message = Message::default();
        let sending = self.as_planned(origin, &self.host, draft.path());
        self.write(&mut message, &sending, proxy, &mut random, &draft).map_err(|failure| failure.message)?;
        Ok(Some(Rc::new(message)))
    }

    fn ready_http2(&self, origin: Option<&Origin>) -> Http2Request {
        let mut http2 = Http2Request::new(self.headers.iter().map(|header| header.name.as_str()));
        if let (Some(message), Some(origin)) = (&self.fixed, origin) {
            http2.fix(message, origin);
        }
        http2
    }

    /// The request as the plan says, without cookies of a jar.
    pub fn as_planned<'a>(&'a self, origin: &'a Origin, host: &'a str, target: &'a str) -> Sending<'a> {
        Sending {
            method: &self.plan.method,
            origin,
            host,
            target,
            cookies: None,
            with_body: true,
            with_credentials: true,
            with_host: true,
        }
    }

    /// The `host` header for an origin of the plan.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the body is sent only when the server has said that it wants it.
    pub fn expects_continue(&self) -> bool {
        self.plan.expect_continue && self.plan.body.is_some()
    }

    /// The `cookie` header that the step itself sends, of a filled draft; empty without one.
    pub fn own_cookies<'a>(&self, draft: &'a Draft) -> &'a str {
        let own = self.headers.iter().position(|header| header.kind == HeaderKind::Cookie);
        own.map_or("", |index| draft.value(PATH + 1 + index))
    }

    /// Name and value of each secret header, as they were rendered last.
    pub fn credentials<'a>(&'a self, draft: &'a Draft) -> impl Iterator<Item = (&'a str, &'a str)> {
        // One that could not be filled has fewer values.
        let headers = self.headers.iter().enumerate().take(draft.ends.len().saturating_sub(PATH + 1));
        let secret = headers.filter(|(_, header)| is_secret_header(&header.name));
        secret.map(|(index, header)| (header.name.as_str(), draft.value(PATH + 1 + index)))
    }

    /// Renders everything that has holes into `draft`: the only place where values get into a request.
    ///
    /// # Errors
    /// Class `script`, when a value is missing or is no text.
    pub fn fill(&self, scope: &mut Scope<'_>, draft: &mut Draft) -> Result<(), Failure> {
        let Draft { values, ends, .. } = draft;
        values.clear();
        ends.clear();
        for template in &self.templates {
            let start = values.len();
            template.render(scope, values).map_err(|error| script(&error))?;
            std::str::from_utf8(&values[start..]).map_err(|_| script(&"a saved value is not text"))?;
            ends.push(values.len());
        }
        Ok(())
    }

    /// Writes the message of a filled draft. `proxy` is the one of the plan.
    ///
    /// # Errors
    /// Class `script`, when a value cannot stand where the template puts it.
    pub fn write(
        &self,
        message: &mut Message,
        sending: &Sending<'_>,
        proxy: Option<&Proxy>,
        random: &mut Random,
        draft: &Draft,
    ) -> Result<(), Failure> {
        message.clear();
        let value = |index: usize| draft.value(index);
        let body = if sending.with_body { &self.body } else { &ReadyBody::None };
        let multipart = match body {
            ReadyBody::Multipart(multipart) => Some((multipart, multipart.boundary(value, random))),
            _ => None,
        };
        let content_type = multipart.as_ref().map(|(multipart, boundary)| multipart.content_type(boundary));
        // What goes to a proxy names the origin; through a tunnel nobody sees it.
        let proxy = proxy.filter(|_| sending.origin.scheme == Scheme::Http);
        let absolute = proxy.map(|_| origin_text(sending.origin) + sending.target);
        let added = [
            ("content-type", content_type.as_deref()),
            ("cookie", sending.cookies),
            ("proxy-authorization", proxy.and_then(|proxy| proxy.authorization.as_deref())),
        ];
        let added = added.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let own = self.headers.iter().enumerate().filter(|(_, header)| sending.takes(header.kind));
        let own = own.map(|(index, header)| (header.name.as_str(), value(PATH + 1 + index)));
        let length = match body {
            ReadyBody::None => None,
            ReadyBody::Text(index) => Some(value(*index).len()),
            ReadyBody::File(content) => Some(content.len()),
            ReadyBody::Multipart(_) => {
                multipart.as_ref().map(|(multipart, boundary)| multipart.length(boundary, value))
            }
        };
        let target = absolute.as_deref().unwrap_or(sending.target);
        let out = message.bytes_mut();
        write_request_head(out, sending.method, target, sending.host, own.chain(added), length)
            .map_err(|error| script(&error))?;
        message.end_head();
        match (body, &multipart) {
            (ReadyBody::Text(index), _) => message.bytes_mut().extend_from_slice(value(*index).as_bytes()),
            (ReadyBody::File(content), _) => message.push_file(content),
            (_, Some((multipart, boundary))) => multipart.write(boundary, value, message),
            (_, None) => {}
        }
        Ok(())
    }

    /// The beginning of the request as a person may see it, at most [`SHOWN_BYTES`], see [`as_spoken`]. Secrets that the plan marks are
    /// hidden; [`Secrets::hide`] hides those that stand elsewhere too.
    pub fn redacted(&self, scope: &mut Scope<'_>) -> String {
        let mut shown = format!("{} ", self.plan.method).into_bytes();
        let mut add = |index: usize, out: &mut Vec<u8>| {
            if out.len() >= SHOWN_BYTES {
                return;
            }
            if let Err(error) = self.templates[index].render_redacted(scope, out) {
                out.extend_from_slice(format!("<{error}>").as_bytes());
            }
            // A body may be megabytes.
            out.truncate(SHOWN_BYTES);
        };
        add(PATH, &mut shown);
        shown.extend_from_slice(b" HTTP/1.1\n");
        if !self.host.is_empty() {
            shown.extend_from_slice(format!("host: {}\n", self.host).as_bytes());
        }
        for (index, header) in self.headers.iter().enumerate().filter(|(_, header)| header.is_planned) {
            shown.extend_from_slice(format!("{}: ", header.name).as_bytes());
            if is_secret_header(&header.name) {
                shown.extend_from_slice(b"***");
            } else {
                add(PATH + 1 + index, &mut shown);
            }
            shown.push(b'\n');
        }
        match &self.plan.body {
            None => {}
            Some(Body::Text(_)) => {
                shown.push(b'\n');
                add(PATH + 1 + self.headers.len(), &mut shown);
            }
            Some(Body::File(path)) => shown.extend_from_slice(format!("\n<the file {path}>").as_bytes()),
            Some(Body::Multipart(parts)) => {
                let mut index = PATH + 1 + self.headers.len();
                for part in parts {
                    index = show_part(part, index, &mut add, &mut shown);
                }
            }
        }
        shown.truncate(SHOWN_BYTES);
        let mut shown = String::from_utf8_lossy(&shown).into_owned();
        while shown.len() > SHOWN_BYTES {
            shown.pop();
        }
        shown
    }
}

/// What [`ReadyRequest::redacted`] shows, with the version of HTTP over which it went: that is known only afterwards.
pub fn as_spoken(shown: String, is_http2: bool) -> String {
    if is_http2 { shown.replacen(" HTTP/1.1\n", " HTTP/2\n", 1) } else { shown }
}

fn asks_to_close(name: &str, value: &Template) -> bool {
    name.eq_ignore_ascii_case("connection")
        && value
            .fixed_text()
            .is_some_and(|text| text.split(',').any(|option| option.trim().eq_ignore_ascii_case("close")))
}

/// `index` is that of the part's first template; returns that of the next part's.
fn show_part(
    part: &BodyPart,
    mut index: usize,
    add: &mut impl FnMut(usize, &mut Vec<u8>),
    shown: &mut Vec<u8>,
) -> usize {
    shown.extend_from_slice(format!("\n{}: ", part.name).as_bytes());
    if part.filename.is_some() {
        add(index, shown);
        index += 1;
        shown.push(b' ');
    }
    match &part.content {
        PartContent::Text(_) => {
            add(index, shown);
            index += 1;
        }
        PartContent::File(path) => shown.extend_from_slice(format!("<the file {path}>").as_bytes()),
    }
    index
}

fn script(problem: &dyn std::fmt::Display) -> Failure {
    Failure::new(ErrorClass::Script, problem.to_string())
}

impl HeaderKind {
    fn of(name: &str) -> Self {
        const OF_BODY: [&str; 7] = [
            "content-type",
            "content-length",
            "content-encoding",
            "content-language",
            "content-location",
            "transfer-encoding",
            "expect",
        ];
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("host") {
            Self::Host
        } else if is("cookie") {
            Self::Cookie
        } else if is_secret_header(name) {
            Self::Credentials
        } else if OF_BODY.into_iter().any(is) {
            Self::OfBody
        } else {
            Self::Plain
        }
    }
}

impl Sending<'_> {
    /// Whether a header of the step is sent.
    fn takes(&self, kind: HeaderKind) -> bool {
        match kind {
            HeaderKind::Plain => true,
            HeaderKind::Host => self.with_host,
            HeaderKind::Cookie => self.cookies.is_none() && self.with_credentials,
            HeaderKind::Credentials => self.with_credentials,
            HeaderKind::OfBody => self.with_body,
        }
    }
}

#[cfg(test)]
mod tests;
