//! A plan made ready to run: fixed requests are rendered once, paths are parsed, everything is checked.

use std::rc::Rc;

use kilobar_core::json_path::JsonPath;
use kilobar_core::plan::{ConnectionPolicy, Flow, Origin, PLAN_VERSION, Part, Plan, Request, Scheme, Step, Template};
use kilobar_core::random::Random;
use kilobar_core::schedule::{FlowChoice, Schedule};
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::{RenderError, Value, render, render_redacted};
use kilobar_core::wire::http1::{RequestMethod, is_header_value, is_token};

use crate::dial::Failure;

/// Headers whose values no sample may show.
const SECRET_HEADERS: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];

/// A plan made ready to run.
pub struct Program {
    /// As it came.
    pub plan: Plan,
    /// Its flows, in order.
    pub flows: Vec<ReadyFlow>,
    /// Which of them an iteration executes.
    pub choice: FlowChoice,
}

/// A flow made ready to run.
pub struct ReadyFlow {
    /// Its steps, in order.
    pub steps: Vec<ReadyStep>,
}

/// A step made ready to run.
pub enum ReadyStep {
    /// Send this.
    Request(Box<ReadyRequest>),
    /// Wait between these bounds.
    Think {
        /// Shortest wait.
        min_ns: u64,
        /// Longest wait.
        max_ns: u64,
    },
}

/// A request made ready to send.
pub struct ReadyRequest {
    /// As it stands in the plan.
    pub plan: Request,
    /// The bytes to send, when they are always the same.
    pub fixed: Option<Rc<[u8]>>,
    /// What its response may look like.
    pub method: RequestMethod,
    /// What to keep of the response.
    pub saves: Vec<(usize, JsonPath)>,
    host: String,
    adds_agent: bool,
    close: bool,
}

/// A plan that no engine can run. Whoever wrote it by hand gets to see this; `kilobar check` finds all of it earlier.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// Not the JSON form of a plan.
    #[error("this is not a plan: {0}")]
    Json(#[from] serde_json::Error),
    /// Made for another engine.
    #[error("this plan has version {0}, this engine runs version {PLAN_VERSION}")]
    Version(u32),
    /// A reference that leads nowhere, or a value that cannot stand where it does.
    #[error("{place}: {problem}")]
    Invalid {
        /// Where in the plan.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

impl Program {
    /// Reads and checks a plan in its JSON form.
    ///
    /// # Errors
    /// When the plan cannot be run as it is.
    pub fn from_json(json: &str) -> Result<Self, ProgramError> {
        Self::new(serde_json::from_str(json)?)
    }

    /// Checks a plan and makes it ready.
    ///
    /// # Errors
    /// When the plan cannot be run as it is.
    pub fn new(plan: Plan) -> Result<Self, ProgramError> {
        if plan.version != PLAN_VERSION {
            return Err(ProgramError::Version(plan.version));
        }
        let invalid = |place: &str, problem: String| ProgramError::Invalid { place: place.to_owned(), problem };
        Schedule::of(&plan).map_err(|error| invalid("load", error.to_string()))?;
        let weights: Vec<f64> = plan.flows.iter().map(|flow| flow.weight).collect();
        let choice = FlowChoice::new(&weights).map_err(|error| invalid("flows", error.to_string()))?;
        let mut flows = Vec::with_capacity(plan.flows.len());
        for flow in &plan.flows {
            flows.push(ready_flow(&plan, flow)?);
        }
        Ok(Self { flows, choice, plan })
    }
}

fn ready_flow(plan: &Plan, flow: &Flow) -> Result<ReadyFlow, ProgramError> {
    let mut steps = Vec::with_capacity(flow.steps.len());
    for (index, step) in flow.steps.iter().enumerate() {
        let invalid =
            |problem: String| ProgramError::Invalid { place: format!("flow {:?}, step {}", flow.name, index + 1), problem };
        steps.push(match step {
            Step::Think { min_ns, max_ns } if min_ns <= max_ns => ReadyStep::Think { min_ns: *min_ns, max_ns: *max_ns },
            Step::Think { .. } => return Err(invalid("the shortest think time is above the longest".into())),
            Step::Request(request) => {
                ReadyStep::Request(Box::new(ReadyRequest::new(plan, request).map_err(invalid)?))
            }
        });
    }
    Ok(ReadyFlow { steps })
}

impl ReadyRequest {
    fn new(plan: &Plan, request: &Request) -> Result<Self, String> {
        let origin = plan.origins.get(request.origin).ok_or("no such origin")?;
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
        if let Some(body) = &request.body {
            check_template(plan, body)?;
        }
        let mut saves = Vec::with_capacity(request.saves.len());
        for save in &request.saves {
            plan.variables.get(save.variable).ok_or("a save names no variable")?;
            let path = JsonPath::parse(&save.json).map_err(|error| format!("{:?}: {error}", save.json))?;
            saves.push((save.variable, path));
        }
        let has = |wanted: &str| request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let mut ready = Self {
            fixed: None,
            method: RequestMethod::of(&request.method),
            saves,
            host: if has("host") { String::new() } else { host_header(origin) },
            adds_agent: !has("user-agent"),
            close: plan.http.connections == ConnectionPolicy::PerRequest && !has("connection"),
            plan: request.clone(),
        };
        ready.fixed = ready.render_fixed()?;
        Ok(ready)
    }

    fn render_fixed(&self) -> Result<Option<Rc<[u8]>>, String> {
        let request = &self.plan;
        let fixed = request.path.is_fixed()
            && request.headers.iter().all(|(_, value)| value.is_fixed())
            && request.body.as_ref().is_none_or(Template::is_fixed);
        if !fixed {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let rendered = self.write(&[], &mut Random::new(0), &mut bytes, &mut Vec::new());
        rendered.map_err(|failure| failure.message)?;
        Ok(Some(bytes.into()))
    }

    /// Writes the request to `out`; `body` is scratch memory.
    ///
    /// # Errors
    /// Class `script`, when a value is missing or cannot stand where the template puts it.
    pub fn write(
        &self,
        variables: &[Option<Value>],
        random: &mut Random,
        out: &mut Vec<u8>,
        body: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let request = &self.plan;
        let unset = |error: RenderError| Failure::new(ErrorClass::Script, error.to_string());
        out.clear();
        body.clear();
        out.extend_from_slice(request.method.as_bytes());
        out.push(b' ');
        let target = out.len();
        render(&request.path, variables, random, out).map_err(unset)?;
        if out[target..].iter().any(|byte| !(0x21..0x7f).contains(byte)) || out.get(target) != Some(&b'/') {
            return Err(Failure::new(ErrorClass::Script, "the path has a byte that no request line may have"));
        }
        out.extend_from_slice(b" HTTP/1.1\r\n");
        if !self.host.is_empty() {
            write_header(out, "host", self.host.as_bytes());
        }
        if self.adds_agent {
            write_header(out, "user-agent", concat!("kilobar/", env!("CARGO_PKG_VERSION")).as_bytes());
        }
        for (name, value) in &request.headers {
            write_header(out, name, b"");
            out.truncate(out.len() - 2);
            let start = out.len();
            render(value, variables, random, out).map_err(unset)?;
            if !is_header_value(&out[start..]) {
                let message = format!("the value of header {name} has a line break or a control character");
                return Err(Failure::new(ErrorClass::Script, message));
            }
            out.extend_from_slice(b"\r\n");
        }
        if self.close {
            write_header(out, "connection", b"close");
        }
        if let Some(template) = &request.body {
            render(template, variables, random, body).map_err(unset)?;
        }
        let needs_length = request.body.is_some() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
        if needs_length && !self.has_header("content-length") {
            write_header(out, "content-length", body.len().to_string().as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body);
        Ok(())
    }

    /// The request as a person may see it: secrets hidden.
    pub fn redacted(&self, variables: &[Option<Value>], random: &mut Random) -> String {
        let request = &self.plan;
        let mut shown = format!("{} ", request.method).into_bytes();
        let mut add = |template: &Template, out: &mut Vec<u8>| {
            if let Err(error) = render_redacted(template, variables, random, out) {
                out.extend_from_slice(format!("<{error}>").as_bytes());
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
        if let Some(body) = &request.body {
            shown.push(b'\n');
            add(body, &mut shown);
        }
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// Whether the status code is an expected one.
    #[inline]
    pub fn expects(&self, status: u16) -> bool {
        self.plan.expect_status.iter().any(|&(low, high)| (low..=high).contains(&status))
    }

    fn has_header(&self, wanted: &str) -> bool {
        self.plan.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    }
}

/// A response as a person may see it: values of secret headers hidden, bytes that are no text replaced.
pub fn redact_response(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut in_head = true;
    let lines = text.split_inclusive('\n').map(|line| {
        in_head &= !line.trim_end().is_empty();
        match line.split_once(':') {
            Some((name, _)) if in_head && is_secret_header(name) => format!("{name}: ***\n"),
            _ => line.replace('\r', ""),
        }
    });
    lines.collect()
}

fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.iter().any(|secret| secret.eq_ignore_ascii_case(name.trim()))
}

fn write_header(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
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
            Part::Variable { index, .. } if *index >= plan.variables.len() => {
                return Err(format!("variable {index} does not exist"));
            }
            Part::RandomInt { min, max } if min > max => {
                return Err(format!("random.int({min}, {max}): the smallest value is above the largest"));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_headers_are_hidden_in_the_head_and_only_there() {
        let shown = redact_response(b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=1\r\nx: 2\r\n\r\ncookie: not a header");
        assert_eq!(shown, "HTTP/1.1 200 OK\nSet-Cookie: ***\nx: 2\n\ncookie: not a header");
    }

    #[test]
    fn the_host_header_names_the_port_only_when_it_is_unusual() {
        let origin = |scheme, host: &str, port| Origin { scheme, host: host.into(), port };
        assert_eq!(host_header(&origin(Scheme::Http, "a.example", 80)), "a.example");
        assert_eq!(host_header(&origin(Scheme::Https, "a.example", 443)), "a.example");
        assert_eq!(host_header(&origin(Scheme::Https, "a.example", 80)), "a.example:80");
        assert_eq!(host_header(&origin(Scheme::Http, "::1", 8700)), "[::1]:8700");
    }
}
