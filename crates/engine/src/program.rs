//! A plan made ready to run: fixed requests are rendered once, paths are parsed, everything is checked.

use std::rc::Rc;

use kilobar_core::json_path::JsonPath;
use kilobar_core::plan::{
    ConnectionPolicy, Flow, Origin, PLAN_VERSION, Part, Plan, Request, Scheme, Step, Template,
};
use kilobar_core::random::Random;
use kilobar_core::schedule::{FlowChoice, Schedule};
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::{Value, render, render_redacted};
use kilobar_core::wire::http1::{RequestMethod, is_token, write_request_head};

use crate::dial::Failure;
use crate::secrets::{SHOWN_BYTES, Secrets, is_secret_header};

const MAX_THINK_NS: u64 = 100 * 86_400 * 1_000_000_000;

/// A plan made ready to run.
pub struct Program {
    /// As it came.
    pub plan: Plan,
    /// Its flows, in order.
    pub flows: Vec<ReadyFlow>,
    /// Which of them an iteration executes.
    pub choice: FlowChoice,
    /// What nobody may see of its exchanges.
    pub secrets: Secrets,
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
    /// The request itself asks the server to close the connection.
    pub closes: bool,
    host: String,
    /// Those of the plan and those that Kilobar adds.
    headers: Vec<(String, Template)>,
}

/// Memory in which requests are written, used again for each.
#[derive(Default)]
pub struct Draft {
    /// The request as it goes over the wire.
    pub request: Vec<u8>,
    values: Vec<u8>,
    ends: Vec<usize>,
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
        let invalid =
            |place: &str, problem: String| ProgramError::Invalid { place: place.to_owned(), problem };
        Schedule::of(&plan).map_err(|error| invalid("load", error.to_string()))?;
        let weights: Vec<f64> = plan.flows.iter().map(|flow| flow.weight).collect();
        let choice = FlowChoice::new(&weights).map_err(|error| invalid("flows", error.to_string()))?;
        let mut flows = Vec::with_capacity(plan.flows.len());
        for flow in &plan.flows {
            flows.push(ready_flow(&plan, flow)?);
        }
        Ok(Self { flows, choice, secrets: Secrets::of(&plan), plan })
    }
}

fn ready_flow(plan: &Plan, flow: &Flow) -> Result<ReadyFlow, ProgramError> {
    let mut steps = Vec::with_capacity(flow.steps.len());
    for (index, step) in flow.steps.iter().enumerate() {
        let invalid = |problem: String| ProgramError::Invalid {
            place: format!("flow {:?}, step {}", flow.name, index + 1),
            problem,
        };
        steps.push(match step {
            Step::Think { max_ns, .. } if *max_ns > MAX_THINK_NS => {
                return Err(invalid("a think time is above 100 days".into()));
            }
            Step::Think { min_ns, max_ns } if min_ns <= max_ns => {
                ReadyStep::Think { min_ns: *min_ns, max_ns: *max_ns }
            }
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
        let mut ready = Self {
            fixed: None,
            method: RequestMethod::of(&request.method),
            saves,
            closes: headers.iter().any(|(name, value)| asks_to_close(name, value)),
            host: host_header(origin),
            headers,
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
        let templates = std::iter::once(&self.plan.path)
            .chain(self.headers.iter().map(|(_, value)| value))
            .chain(&self.plan.body);
        for template in templates {
            render(template, variables, random, values).map_err(|error| script(error.to_string()))?;
            ends.push(values.len());
        }
        let values = std::str::from_utf8(values).map_err(|_| script("a saved value is not text".into()))?;
        let value = |index: usize| &values[if index == 0 { 0 } else { ends[index - 1] }..ends[index]];
        let headers =
            self.headers.iter().enumerate().map(|(index, (name, _))| (name.as_str(), value(index + 1)));
        let body = self.plan.body.as_ref().map(|_| value(self.headers.len() + 1));
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
        if let Some(body) = &request.body {
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
    use kilobar_core::plan::Encode;

    use super::*;

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
        request.body = Some(body);
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
        let rendered = vec![Part::Variable { index: 0, encode: Encode::Raw }];
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
        let body = Template::Parts(vec![Part::Variable { index: 0, encode: Encode::Raw }]);
        let bytes = shown("/", body, Some(Value::from_text(vec![0xff; 10_000])));
        assert!((SHOWN_BYTES - 3..=SHOWN_BYTES).contains(&bytes.len()), "{}", bytes.len());
    }
}
