use serde_json::{Value as Json, json};

use super::*;
use crate::loopback::{answer, origin, plan, response, tried};

const MS: u64 = 1_000_000;

fn pace() -> Pace {
    Pace { start_ns: 1_000 * MS, intended_ns: 1_000 * MS, now_ns: 1_300 * MS, ..Pace::new(0) }
}

fn waits_ns(think: Think, draws: usize) -> Vec<u64> {
    let mut random = Random::new(7);
    (0..draws).map(|_| end_of_think(think, &pace(), &mut random).saturating_sub(pace().now_ns)).collect()
}

#[test]
fn exponential_thinking_has_its_mean_and_its_spread_and_is_cut_at_its_longest() {
    let waits = waits_ns(Think::Exponential { mean_ns: 100 * MS, max_ns: 1_000 * MS }, 20_000);
    let mean_ms = waits.iter().sum::<u64>() as f64 / waits.len() as f64 / MS as f64;
    assert!((97.0..103.0).contains(&mean_ms), "{mean_ms}");
    let above_mean = waits.iter().filter(|wait| **wait > 100 * MS).count() as f64 / waits.len() as f64;
    assert!((0.35..0.385).contains(&above_mean), "1/e of them: {above_mean}");
    let cut = waits_ns(Think::Exponential { mean_ns: 100 * MS, max_ns: 50 * MS }, 1_000);
    assert_eq!(cut.iter().max(), Some(&(50 * MS)));
}

#[test]
fn uniform_thinking_stays_within_its_bounds_and_reaches_both() {
    let waits = waits_ns(Think::Uniform { min_ns: 3, max_ns: 6 }, 200);
    assert_eq!((waits.iter().min(), waits.iter().max()), (Some(&3), Some(&6)));
    assert_eq!(waits_ns(Think::Uniform { min_ns: 5, max_ns: 5 }, 1), [5]);
}

#[test]
fn pacing_waits_for_what_is_left_of_the_period_and_not_at_all_when_it_is_over() {
    assert_eq!(waits_ns(Think::Pacing { period_ns: 500 * MS }, 2), [200 * MS, 200 * MS]);
    assert_eq!(waits_ns(Think::Pacing { period_ns: 100 * MS }, 1), [0]);
}

/// A template that is nothing but a variable.
fn variable(index: usize) -> Json {
    json!([{"hole": {"value": {"variable": index}}}])
}

fn get(path: Json) -> Json {
    let whole = plan(&[], &json!({}), &[json!({"path": path})]);
    whole["flows"][0]["steps"][0].clone()
}

/// Executes these steps once; what the server received, and the failure if there was one.
fn executed(steps: Json) -> (Vec<String>, Option<(&'static str, String)>) {
    let (port, log) = answer(|request| {
        let status = if request.starts_with("GET /bad") { 500 } else { 200 };
        response(status, "", "")
    });
    let mut whole = plan(&[origin(port)], &json!({}), &[]);
    whole["variables"] = json!(["a", "b"]);
    whole["series"] = json!([{"name": "step", "kind": "http"}, {"name": "g", "kind": "group"}]);
    whole["flows"][0]["steps"] = steps;
    let failure = tried(&whole).into_iter().find_map(|attempt| attempt.failure);
    let path_of = |request: &String| request.split(' ').nth(1).unwrap_or_default().to_owned();
    (log.all().iter().map(path_of).collect(), failure)
}

fn set(index: usize, value: &str) -> Json {
    json!({"kind": "set", "variable": index, "value": value})
}

#[test]
fn a_loop_over_entries_sees_each_one_with_its_type() {
    let path = json!([{"text": "/"}, {"hole": {"value": {"variable": 0}, "encode": "url"}}]);
    let steps =
        json!([{"kind": "for_each", "items": "[1, \"b\", null]", "variable": 0, "steps": [get(path)]}]);
    assert_eq!(executed(steps), (vec!["/1".into(), "/b".into(), "/null".into()], None));
}

#[test]
fn loops_are_bounded_and_say_so() {
    let too_many = format!("[{}]", vec!["1"; MAX_ENTRIES + 1].join(","));
    for (step, words) in [
        (json!({"kind": "repeat", "times": "1000001", "variable": null, "steps": []}), "not \"1000001\""),
        (json!({"kind": "repeat", "times": "-1", "variable": null, "steps": []}), "not \"-1\""),
        (json!({"kind": "for_each", "items": too_many, "variable": 0, "steps": []}), "at most 100000"),
        (json!({"kind": "for_each", "items": "{}", "variable": 0, "steps": []}), "a JSON array, not \"{}\""),
    ] {
        let (_, failure) = executed(json!([step, get(json!("/never"))]));
        let (class, message) = failure.unwrap();
        assert_eq!(class, "script");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_while_fails_after_its_last_turn_only_when_it_still_holds() {
    let one_turn = |value: &str| {
        let condition = json!({"compare": {"left": variable(0), "operator": "eq", "right": "go"}});
        let body = json!([get(json!("/turn")), set(0, value)]);
        executed(json!([set(0, "go"), {"kind": "while", "condition": condition, "max": 1, "steps": body}]))
    };
    assert_eq!(one_turn("done"), (vec!["/turn".into()], None));
    let (paths, failure) = one_turn("go");
    assert_eq!((paths.len(), failure.unwrap().1.as_str()), (1, "`while` still holds after 1 turns"));
}

#[test]
fn branches_see_what_was_and_leave_what_they_changed() {
    let see = |index: usize| get(json!([{"text": "/see/"}, {"hole": {"value": {"variable": index}}}]));
    let branches = json!([[set(0, "new"), see(0)], [see(0), set(1, "late")]]);
    let steps = json!([set(0, "old"), set(1, "old"), {"kind": "parallel", "max": 1, "branches": branches}, see(0), see(1)]);
    assert_eq!(executed(steps).0, ["/see/new", "/see/old", "/see/new", "/see/late"]);
}

#[test]
fn the_first_failure_of_the_branches_is_that_of_the_step_and_all_of_them_end() {
    let branches = json!([
        [get(json!("/one"))],
        [{"kind": "exit", "what": "fail", "message": "second"}],
        [get(json!("/three"))],
    ]);
    let (mut paths, failure) =
        executed(json!([{"kind": "parallel", "max": 2, "branches": branches}, get(json!("/never"))]));
    paths.sort();
    assert_eq!(paths, ["/one", "/three"]);
    assert_eq!(failure, Some(("script", "second".to_owned())));
}

#[test]
fn an_end_within_groups_loops_and_branches_ends_the_iteration() {
    for what in ["stop_user", "stop_run", "fail"] {
        let exit = json!({"kind": "exit", "what": what, "message": "enough"});
        let group = json!({"kind": "group", "series": 1, "steps": [get(json!("/once")), exit]});
        let repeat = json!({"kind": "repeat", "times": "5", "variable": null, "steps": [group]});
        let steps = json!([{"kind": "parallel", "max": 6, "branches": [[repeat]]}, get(json!("/never"))]);
        let (paths, failure) = executed(steps);
        assert_eq!(paths, ["/once"], "{what}");
        assert_eq!(failure.is_some(), what == "fail");
    }
}
