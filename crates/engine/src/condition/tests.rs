use kilobar_core::random::Random;
use kilobar_core::template::Value;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::loopback::plan;

fn ready(condition: Json) -> Result<ReadyCondition, String> {
    let mut whole = plan(&[], &json!({}), &[]);
    whole["variables"] = json!(["set", "unset"]);
    let plan: Plan = serde_json::from_value(whole).unwrap();
    ReadyCondition::new(&plan, &serde_json::from_value(condition).unwrap())
}

/// With variable 0 set to `value` and variable 1 not.
fn holds_with(value: Value, condition: Json) -> Result<bool, RenderError> {
    let (variables, mut random) = ([Some(value), None], Random::new(0));
    ready(condition).unwrap().holds(&mut Scope {
        variables: &variables,
        rows: &[],
        sequence: 0,
        unix_ns: 0,
        random: &mut random,
    })
}

fn holds(condition: Json) -> bool {
    holds_with(Value::from_text(*b"x"), condition).unwrap()
}

fn compared(left: &str, operator: &str, right: &str) -> bool {
    holds(json!({"compare": {"left": left, "operator": operator, "right": right}}))
}

#[test]
fn two_numbers_are_compared_by_value_and_anything_else_as_text() {
    for (left, operator, right, expected) in [
        ("2", "lt", "10", true),
        ("2", "lt", "10x", false),
        ("1.0", "eq", "1", true),
        ("1e1", "ge", " 10 ", true),
        ("12345678901234567891", "gt", "12345678901234567890", true),
        ("", "eq", "", true),
        ("", "ne", "0", true),
        ("b", "gt", "a", true),
        ("a", "le", "a", true),
    ] {
        assert_eq!(compared(left, operator, right), expected, "{left} {operator} {right}");
    }
}

#[test]
fn a_value_holds_unless_it_says_nothing() {
    for (text, expected) in [
        ("", false),
        ("0", false),
        ("false", false),
        ("null", false),
        ("0.0", true),
        (" ", true),
        ("no", true),
    ] {
        assert_eq!(holds(json!({"truthy": text})), expected, "{text:?}");
    }
}

#[test]
fn a_variable_without_a_value_can_be_asked_for_but_not_used() {
    assert!(holds(json!({"is_set": 0})));
    assert!(!holds(json!({"is_set": 1})));
    let unset = json!({"truthy": [{"hole": {"value": {"variable": 1}}}]});
    assert!(holds_with(Value::from_text(*b"x"), unset.clone()).is_err());
    assert!(!holds(json!({"all": [{"is_set": 1}, unset]})), "what comes after is not looked at");
}

#[test]
fn parts_and_patterns_are_found_anywhere() {
    assert!(holds(json!({"contains": {"text": "a needle here", "part": "needle"}})));
    assert!(!holds(json!({"contains": {"text": "a", "part": "b"}})));
    assert!(holds(json!({"matches": {"text": "order 17", "pattern": "[0-9]+$"}})));
    let bytes = Value::from_text([0xff, b'7']);
    let pattern = json!({"matches": {"text": [{"hole": {"value": {"variable": 0}}}], "pattern": "7$"}});
    assert!(holds_with(bytes, pattern).unwrap(), "bytes that are no text too");
}

#[test]
fn what_cannot_be_looked_at_is_refused_before_the_run() {
    assert_eq!(ready(json!({"is_set": 2})).err(), Some("variable 2 does not exist".to_owned()));
    assert!(ready(json!({"matches": {"text": "", "pattern": "("}})).is_err());
    let mut deep = json!({"truthy": "1"});
    for _ in 0..=MAX_DEPTH {
        deep = json!({"not": deep});
    }
    assert_eq!(ready(deep).err(), Some("conditions are nested more than 32 deep".to_owned()));
}

proptest! {
    #[test]
    fn and_or_and_not_are_those_of_logic(values in prop::collection::vec(any::<bool>(), 0..6)) {
        let leaves: Vec<Json> = values.iter().map(|value| json!({"truthy": value.to_string()})).collect();
        prop_assert_eq!(holds(json!({"all": leaves})), values.iter().all(|value| *value));
        prop_assert_eq!(holds(json!({"any": leaves})), values.iter().any(|value| *value));
        prop_assert_eq!(holds(json!({"not": {"all": leaves}})), !values.iter().all(|value| *value));
    }

    #[test]
    fn exactly_one_of_less_equal_and_greater_holds(left in "[0-9a-z.]{0,4}", right in "[0-9a-z.]{0,4}") {
        let found = ["lt", "eq", "gt"].map(|operator| compared(&left, operator, &right));
        prop_assert_eq!(found.iter().filter(|holds| **holds).count(), 1);
        prop_assert_eq!(compared(&left, "ne", &right), !found[1]);
    }
}
