use serde_json::{Value, json};

use super::*;
use crate::loopback::{origin, plan};
use crate::program::Program;

fn refused(step: Value) -> String {
    let plan: Plan = serde_json::from_value(plan(&[], &json!({}), &[])).unwrap();
    let steps = [serde_json::from_value(step).unwrap()];
    ready_steps(&plan, &steps, "flow `f`", &mut Files::default()).err().expect("it is refused")
}

#[test]
fn a_step_that_refers_to_what_is_not_there_is_refused_with_its_place() {
    let set = json!({"kind": "set", "variable": 9, "value": "1"});
    assert_eq!(refused(set.clone()), "flow `f`, step 1: variable 9 does not exist");
    let group = json!({"kind": "group", "series": 9, "steps": []});
    assert_eq!(refused(group), "flow `f`, step 1: no such series");
    let call = json!({"kind": "python", "series": 9, "function": "m.f", "arguments": [], "variable": 0});
    assert_eq!(refused(call), "flow `f`, step 1: no such series");
    let nested = json!({"kind": "repeat", "times": "2", "variable": null, "steps": [set]});
    assert_eq!(refused(nested), "flow `f`, step 1, step 1: variable 9 does not exist");
}

#[test]
fn think_times_that_cannot_be_are_refused() {
    let think = |how: Value| refused(json!({"kind": "think", "how": how}));
    assert!(think(json!({"uniform": {"min_ns": 2, "max_ns": 1}})).contains("above the longest"));
    assert!(think(json!({"pacing": {"period_ns": u64::MAX}})).contains("above 100 days"));
    assert!(think(json!({"exponential": {"mean_ns": 1, "max_ns": u64::MAX}})).contains("above 100 days"));
}

#[test]
fn parallel_has_bounds_and_so_has_the_depth_of_steps() {
    let branches = vec![json!([]); MAX_BRANCHES + 1];
    assert!(
        refused(json!({"kind": "parallel", "max": 1, "branches": branches}))
            .contains("at most 1000 branches")
    );
    let mut deep = json!({"kind": "group", "series": 0, "steps": []});
    for _ in 0..=MAX_DEPTH {
        deep = json!({"kind": "group", "series": 0, "steps": [deep]});
    }
    assert!(refused(deep).contains("nested more than 32 deep"));
}

#[test]
fn at_most_64_branches_are_executed_at_once() {
    let program = |max: u32| {
        let mut plan = plan(&[origin(1)], &json!({}), &[json!({})]);
        let steps = plan["flows"][0]["steps"].take();
        plan["flows"][0]["steps"] = json!([{"kind": "parallel", "max": max, "branches": [steps]}]);
        Program::from_json(&plan.to_string()).err().map(|error| error.to_string())
    };
    assert_eq!((program(1), program(64)), (None, None));
    for max in [0, 65] {
        assert!(program(max).unwrap().contains("1 to 64 at once"), "{max}");
    }
}
