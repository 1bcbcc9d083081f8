//! Looks into a response: is it what it must be, and what of it is kept.

use kilobar_core::check::{Checker, Expected};
use kilobar_core::extract::{Extractor, Response};
use kilobar_core::plan::{Plan, Request, Save, Which};
use kilobar_core::random::Random;
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::{Bounds, Row, Scope, Value};

use crate::dial::Failure;

/// What a request wants of its response, made ready.
#[derive(Debug)]
pub struct Judge {
    expect_status: Box<[(u16, u16)]>,
    checks: Box<[Checker]>,
    saves: Box<[ReadySave]>,
    /// Somebody else wants the whole response.
    keeps_whole: bool,
}

/// What a user knows: templates are filled from it, values are saved into it.
pub struct Memory<'a> {
    /// Saved values, by index.
    pub variables: &'a mut [Option<Value>],
    /// Rows of data, by index of the data set.
    pub rows: &'a [Option<Row>],
    /// Number of the iteration.
    pub sequence: u64,
    /// Random choices.
    pub random: &'a mut Random,
}

impl Memory<'_> {
    fn scope(&mut self) -> Scope<'_> {
        let unix_ns = kilobar_clock::unix_ns();
        Scope {
            variables: self.variables,
            rows: self.rows,
            sequence: self.sequence,
            unix_ns,
            random: self.random,
        }
    }
}

/// A value to keep, made ready.
#[derive(Debug)]
struct ReadySave {
    variable: usize,
    from: Extractor,
    which: Which,
    default: Option<Expected>,
}

impl Judge {
    /// Reads all expressions of the request.
    ///
    /// # Errors
    /// When one of them is wrong or refers to what the plan does not have, in words.
    pub fn compile(plan: &Plan, request: &Request) -> Result<Self, String> {
        let bounds = Bounds::of(plan);
        let mut checks = Vec::with_capacity(request.checks.len());
        for check in &request.checks {
            plan.checks.get(check.name).ok_or("a check has no name in the plan")?;
            checks.push(Checker::compile(check, &bounds)?);
        }
        let mut saves = Vec::with_capacity(request.saves.len());
        for save in &request.saves {
            plan.variables.get(save.variable).ok_or("a save names no variable")?;
            saves.push(ReadySave::compile(save, &bounds)?);
        }
        let expect_status = request.expect_status.as_slice().into();
        Ok(Self { expect_status, checks: checks.into(), saves: saves.into(), keeps_whole: false })
    }

    /// Looks at the status only, and has the whole response kept.
    pub fn of_whole(expect_status: &[(u16, u16)]) -> Self {
        let expect_status = expect_status.into();
        Self { expect_status, checks: Box::default(), saves: Box::default(), keeps_whole: true }
    }

    /// Whether somebody else wants the whole response.
    #[inline]
    pub fn keeps_whole(&self) -> bool {
        self.keeps_whole
    }

    /// Whether nothing but the status is looked at.
    #[inline]
    pub fn is_about_status(&self) -> bool {
        self.checks.is_empty() && self.saves.is_empty()
    }

    /// Whether the body of the response is looked at, so that it has to be kept and decoded.
    pub fn needs_body(&self) -> bool {
        self.keeps_whole
            || self.checks.iter().any(Checker::needs_body)
            || self.saves.iter().any(|save| save.from.needs_body())
    }

    /// Whether the header lines of the response are looked at, so that they have to be kept. Decoding a body needs
    /// them as well.
    pub fn needs_head(&self) -> bool {
        self.keeps_whole
            || self.checks.iter().any(Checker::needs_head)
            || self.saves.iter().any(|save| save.from.needs_head())
    }

    /// Judges a response: its status, then all checks, then the values to save, which go into the user's memory. `count` is
    /// called for each check with its index in [`Plan::checks`] and whether it passed, also when the status was wrong.
    ///
    /// # Errors
    /// Class `status`, `check` or `extract`: the first thing that is wrong. Nothing is saved unless status and checks
    /// were right; saves before the one that fails are kept.
    pub fn judge(
        &self,
        plan: &Plan,
        response: &Response,
        memory: &mut Memory<'_>,
        mut count: impl FnMut(usize, bool),
    ) -> Result<(), Failure> {
        self.checked(plan, response, memory, &mut count, |_| true)?;
        for save in &self.saves {
            let value = save.take(response, memory)?;
            match memory.variables.get_mut(save.variable) {
                Some(variable) => *variable = Some(value),
                None => return Err(Failure::new(ErrorClass::Extract, "this user has no such variable")),
            }
        }
        Ok(())
    }

    /// As [`Self::judge`] for a response whose body cannot be read: its status, and the checks that need no body. The
    /// others are not counted, and nothing is saved.
    ///
    /// # Errors
    /// Class `status` or `check`.
    pub fn judge_without_body(
        &self,
        plan: &Plan,
        response: &Response,
        memory: &mut Memory<'_>,
        mut count: impl FnMut(usize, bool),
    ) -> Result<(), Failure> {
        self.checked(plan, response, memory, &mut count, |check| !check.needs_body())
    }

    fn checked(
        &self,
        plan: &Plan,
        response: &Response,
        memory: &mut Memory<'_>,
        count: &mut impl FnMut(usize, bool),
        is_asked: impl Fn(&Checker) -> bool,
    ) -> Result<(), Failure> {
        let mut judged = self.status(response.status);
        for check in self.checks.iter().filter(|check| is_asked(check)) {
            let outcome = check.holds(response, &mut memory.scope());
            count(check.name, outcome.is_ok());
            if let Err(words) = outcome
                && !check.warn
                && judged.is_ok()
            {
                let name = plan.checks.get(check.name).map_or("check", |check| check.name.as_str());
                let class = if check.is_about_status() { ErrorClass::Status } else { ErrorClass::Check };
                judged = Err(Failure::new(class, format!("{name}: {words}")));
            }
        }
        judged
    }

    /// Of a response that failed, keeps the values for variables that are `wanted`, as far as they are there: who shows the
    /// response has to know them to hide them.
    #[cold]
    pub fn save_from_failed(
        &self,
        response: &Response,
        memory: &mut Memory<'_>,
        wanted: impl Fn(usize) -> bool,
    ) {
        for save in self.saves.iter().filter(|save| wanted(save.variable)) {
            if let Ok(value) = save.take(response, memory)
                && let Some(variable) = memory.variables.get_mut(save.variable)
            {
                *variable = Some(value);
            }
        }
    }

    /// Whether the status is one that counts as success.
    ///
    /// # Errors
    /// Class `status`.
    #[inline]
    pub fn status(&self, status: u16) -> Result<(), Failure> {
        let ranges = &self.expect_status;
        if ranges.is_empty() || ranges.iter().any(|&(from, to)| (from..=to).contains(&status)) {
            return Ok(());
        }
        Err(Failure::new(ErrorClass::Status, format!("status {status} was not expected")))
    }
}

impl ReadySave {
    fn compile(save: &Save, bounds: &Bounds) -> Result<Self, String> {
        Ok(Self {
            variable: save.variable,
            from: Extractor::compile(&save.from).map_err(|error| format!("{:?}: {error}", save.from))?,
            which: save.which,
            default: save.default.as_ref().map(|default| Expected::new(default, bounds)).transpose()?,
        })
    }

    /// The value, or its default when there is none; also when the response is of another kind, for example not JSON.
    fn take(&self, response: &Response, memory: &mut Memory<'_>) -> Result<Value, Failure> {
        let found = self.from.find(response, self.which, memory.random);
        if let Ok(Some(value)) = found {
            return Ok(value);
        }
        if let Some(default) = &self.default {
            let value = default.value(&mut memory.scope());
            return value.map_err(|words| Failure::new(ErrorClass::Extract, words));
        }
        Err(Failure::new(
            ErrorClass::Extract,
            match found {
                Err(failure) => failure.to_string(),
                Ok(_) => format!("nothing at {} in the response", self.from),
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(expect_status: serde_json::Value, checks: serde_json::Value, saves: serde_json::Value) -> Plan {
        let request = json!({
            "kind": "request", "series": 0, "method": "GET", "origin": 0, "path": "/", "headers": [], "body": null,
            "timeout_ns": 1, "expect_status": expect_status, "checks": checks, "saves": saves,
        });
        let names = ["$.ok is true", "size < 20 B", "time < 1 s"];
        serde_json::from_value(json!({
            "version": 2, "name": "judge", "seed": 0, "arrivals": "uniform", "load": [], "max_in_flight": 1,
            "grace_ns": 0, "flows": [{"name": "f", "weight": 1.0, "steps": [request]}],
            "series": [{"name": "GET /", "kind": "http"}],
            "checks": names.map(|name| json!({"series": 0, "name": name})),
            "variables": ["id", "token"], "origins": [{"scheme": "http", "host": "h", "port": 80}],
            "http": {
                "connections": "reuse", "connect_timeout_ns": 1, "max_head_bytes": 1, "max_body_bytes": 1,
                "insecure": false, "resumption": "none",
            },
        }))
        .unwrap()
    }

    fn judge(plan: &Plan) -> Judge {
        let kilobar_core::plan::Step::Request(request) = &plan.flows[0].steps[0] else { unreachable!() };
        Judge::compile(plan, request).unwrap()
    }

    struct Judged {
        outcome: Result<(), (ErrorClass, String)>,
        counts: Vec<(usize, bool)>,
        saved: Vec<Option<String>>,
    }

    fn judged(plan: &Plan, status: u16, body: &[u8]) -> Judged {
        let response = Response::new(status, b"HTTP/1.1 200 OK\r\nx-id: 7\r\n\r\n", body, 500_000_000);
        let mut variables = vec![None; 2];
        let mut counts = Vec::new();
        let outcome = judge(plan).judge(
            plan,
            &response,
            &mut Memory { variables: &mut variables, rows: &[], sequence: 0, random: &mut Random::new(0) },
            |check, passed| counts.push((check, passed)),
        );
        let text = |value: &Value| String::from_utf8_lossy(value.text()).into_owned();
        let saved = variables.iter().map(|value| value.as_ref().map(text)).collect();
        Judged { outcome: outcome.map_err(|failure| (failure.class, failure.message)), counts, saved }
    }

    fn three_checks() -> serde_json::Value {
        json!([
            {"name": 0, "rule": {"value": {"from": {"json": "$.ok"}, "matcher": {"equals": "true"}}}, "warn": false},
            {"name": 1, "rule": {"size": {"operator": "lt", "bytes": 20}}},
            {"name": 2, "rule": {"time": {"operator": "lt", "duration_ns": 1_000_000_000}}},
        ])
    }

    fn save_id() -> serde_json::Value {
        json!([{"variable": 0, "from": {"json": "$.id"}}])
    }

    #[test]
    fn a_response_as_it_must_be_is_saved_from() {
        let judged =
            judged(&plan(json!([[200, 299]]), three_checks(), save_id()), 200, br#"{"ok":true,"id":7}"#);
        assert_eq!(judged.outcome, Ok(()));
        assert_eq!(judged.counts, [(0, true), (1, true), (2, true)]);
        assert_eq!(judged.saved, [Some("7".to_owned()), None]);
    }

    #[test]
    fn all_checks_are_counted_and_the_first_that_fails_is_the_failure() {
        let body = br#"{"ok":false,"id":7,"more":"than 20 bytes"}"#;
        let judged = judged(&plan(json!([]), three_checks(), save_id()), 500, body);
        assert_eq!(judged.outcome, Err((ErrorClass::Check, "$.ok is true: it is false".to_owned())));
        assert_eq!(judged.counts, [(0, false), (1, false), (2, true)]);
        assert_eq!(judged.saved, [None, None], "nothing is saved from a response that failed");
    }

    #[test]
    fn a_wrong_status_is_the_failure_but_checks_are_counted() {
        let judged = judged(&plan(json!([[200, 299]]), three_checks(), save_id()), 503, b"busy");
        assert_eq!(judged.outcome, Err((ErrorClass::Status, "status 503 was not expected".to_owned())));
        assert_eq!(judged.counts, [(0, false), (1, true), (2, true)]);
    }

    #[test]
    fn a_warning_is_counted_and_fails_nothing() {
        let mut checks = three_checks();
        checks[0]["warn"] = json!(true);
        let judged = judged(&plan(json!([]), checks, save_id()), 200, br#"{"ok":1,"id":2}"#);
        assert_eq!(judged.outcome, Ok(()));
        assert_eq!(judged.counts[0], (0, false));
        assert_eq!(judged.saved[0].as_deref(), Some("2"));
    }

    #[test]
    fn a_value_that_is_not_there_fails_unless_it_has_a_default() {
        let missing = |default: serde_json::Value| {
            json!([{"variable": 1, "from": {"header": "x-id"}},
                   {"variable": 0, "from": {"json": "$.id"}, "which": {"index": 3}, "default": default}])
        };
        let failed = judged(&plan(json!([]), json!([]), missing(json!(null))), 200, b"{}");
        assert_eq!(failed.outcome, Err((ErrorClass::Extract, "nothing at $.id in the response".to_owned())));
        assert_eq!(failed.saved[1].as_deref(), Some("7"));
        let no_json = judged(&plan(json!([]), json!([]), missing(json!(null))), 200, b"<p>");
        let (class, message) = no_json.outcome.unwrap_err();
        assert_eq!(class, ErrorClass::Extract);
        assert!(message.starts_with("the response is not JSON at line 1"), "{message}");
        for body in [&b"{}"[..], b"<p>"] {
            let saved = judged(&plan(json!([]), json!([]), missing(json!("none"))), 200, body);
            assert_eq!((saved.outcome, saved.saved[0].as_deref()), (Ok(()), Some("none")));
        }
    }

    #[test]
    fn only_what_is_looked_at_is_needed() {
        let needs = |checks, saves| {
            let plan = plan(json!([]), checks, saves);
            let judge = judge(&plan);
            (judge.needs_head(), judge.needs_body())
        };
        assert_eq!(needs(json!([]), json!([])), (false, false));
        assert_eq!(needs(three_checks(), json!([])), (false, true));
        assert_eq!(needs(json!([]), json!([{"variable": 0, "from": {"cookie": "a"}}])), (true, false));
    }

    #[test]
    fn what_is_wrong_in_a_plan_is_said() {
        let refused = |checks, saves| {
            let plan = plan(json!([]), checks, saves);
            let kilobar_core::plan::Step::Request(request) = &plan.flows[0].steps[0] else { unreachable!() };
            Judge::compile(&plan, request).unwrap_err()
        };
        assert_eq!(refused(json!([]), json!([{"variable": 9, "from": "body"}])), "a save names no variable");
        assert_eq!(
            refused(json!([{"name": 9, "rule": {"regex": "a"}}]), json!([])),
            "a check has no name in the plan"
        );
        let message = refused(json!([]), json!([{"variable": 0, "from": {"xpath": "//a["}}]));
        assert!(message.contains("at character 5"), "{message}");
    }
}
