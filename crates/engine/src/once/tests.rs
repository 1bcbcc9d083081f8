use serde_json::{Value as Json, json};

use super::*;
use crate::loopback::{answer, origin, plan, response};

fn with_setup(port: u16, steps: &Json) -> Json {
    let mut whole = plan(&[origin(port)], &json!({"cookies": "per_iteration"}), &[json!({})]);
    whole["setup"] = steps.clone();
    whole["teardown"] = steps.clone();
    whole["variables"] = json!(["text", "number"]);
    whole
}

fn get(fields: Json) -> Json {
    plan(&[], &json!({}), &[fields])["flows"][0]["steps"][0].clone()
}

#[test]
fn values_and_cookies_travel_to_the_workers_with_types_and_secrecy() {
    let (port, _) = answer(|_| response(200, "set-cookie: sid=1\r\n", "7"));
    let secret = json!([{"secret": "pa\"ss"}]);
    let steps = json!([
        get(json!({"saves": [{"variable": 1, "from": {"json": "$"}}]})),
        {"kind": "set", "variable": 0, "value": secret},
    ]);
    let whole = with_setup(port, &steps);
    let outcome = once(&whole.to_string(), Occasion::Setup, None).unwrap();
    assert!(outcome.failure.is_none());
    let given =
        Given::from_json(&outcome.given.to_string(), &serde_json::from_value(whole).unwrap()).unwrap();
    let [Some(text), Some(number)] = &given.variables[..] else { panic!("both are there") };
    assert_eq!((text.text(), text.is_json()), (&b"pa\"ss"[..], false));
    assert!(text.is_secret());
    assert_eq!((number.text(), number.is_json(), number.is_secret()), (&b"7"[..], true, false));
    assert_eq!(given.jar.pairs().count(), 1);
}

#[test]
fn what_was_done_before_a_failure_is_given_on_and_the_failure_told() {
    let (port, log) = answer(|request| {
        let status = if request.starts_with("GET /bad") { 500 } else { 200 };
        response(status, "", "no")
    });
    let steps = json!([{"kind": "set", "variable": 0, "value": "x"}, get(json!({"path": "/bad", "expect_status": [[200, 299]]})), get(json!({}))]);
    let outcome = once(&with_setup(port, &steps).to_string(), Occasion::Setup, None).unwrap();
    let failure = outcome.failure.unwrap();
    assert_eq!((failure.step.as_str(), failure.class), ("step", "status"));
    assert!(failure.response.contains("no"));
    assert!(outcome.given["variables"][0][1] == "\"x\"");
    assert_eq!(log.all().len(), 1);
}

#[test]
fn a_run_that_setup_stops_does_not_start_and_a_user_that_ends_it_is_no_failure() {
    let stopped = |what: &str| {
        let steps = json!([{"kind": "exit", "what": what, "message": "closed"}]);
        once(&with_setup(1, &steps).to_string(), Occasion::Setup, None).unwrap().failure
    };
    let failure = stopped("stop_run").unwrap();
    assert_eq!((failure.class, failure.message.as_str()), ("script", "closed"));
    assert!(stopped("stop_user").is_none());
}

#[test]
fn thinking_is_not_cut_short() {
    let steps =
        json!([{"kind": "think", "how": {"uniform": {"min_ns": 300_000_000, "max_ns": 300_000_000}}}]);
    let from_ns = now_ns();
    once(&with_setup(1, &steps).to_string(), Occasion::Setup, None).unwrap();
    assert!(now_ns() - from_ns >= 300_000_000);
}

#[test]
fn what_another_plan_left_is_refused() {
    let plan: Plan = serde_json::from_value(with_setup(1, &json!([]))).unwrap();
    let other = r#"{"variables": [["else", "1", false]], "jar": []}"#;
    assert!(Given::from_json(other, &plan).is_err());
    assert!(Given::from_json("{", &plan).is_err());
}
