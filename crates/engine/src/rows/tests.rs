use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::loopback::plan;

fn rows(per: &str, when_exhausted: &str) -> Rows {
    let mut whole = plan(&[], &json!({}), &[]);
    whole["data"] = json!([{
        "name": "d", "source": {"rows": [["1"], ["\"two\""]]}, "columns": ["n"], "pick": "unique", "per": per,
        "when_exhausted": when_exhausted,
    }]);
    Rows::open(&serde_json::from_value::<Plan>(whole).unwrap()).unwrap()
}

/// What iteration 3 of user 1 and what iteration 1 of user 3 get: a row, nothing, or a failure.
fn dealt(per: &str, when_exhausted: &str) -> [Value; 2] {
    let rows = rows(per, when_exhausted);
    [(1, 3), (3, 1)].map(|(user, sequence)| match rows.deal(0, user, sequence) {
        Ok(Given::Row(row)) => json!(row[0].to_json()),
        Ok(Given::End) => json!(null),
        Err(failure) => json!([failure.class.name(), failure.message]),
    })
}

#[test]
fn iterations_and_users_get_the_row_of_their_number_and_what_follows_when_there_is_none() {
    let failure = json!(["data", "no row of `d` is left"]);
    assert_eq!(dealt("iteration", "stop"), [json!(null), json!("\"two\"")]);
    assert_eq!(dealt("user", "stop"), [json!("\"two\""), json!(null)]);
    assert_eq!(dealt("iteration", "fail"), [failure, json!("\"two\"")]);
    assert_eq!(dealt("user", "recycle"), [json!("\"two\""), json!("\"two\"")]);
}

#[test]
fn a_set_is_over_only_when_that_is_no_failure() {
    assert!(rows("iteration", "stop").is_over(0, 0, 2));
    assert!(!rows("iteration", "stop").is_over(0, 9, 1));
    assert!(!rows("iteration", "fail").is_over(0, 0, 2));
}

proptest! {
    #[test]
    fn no_two_iterations_have_the_same_number_whoever_was_added_by_hand(users in 1_u64..20, added in 0_u64..20) {
        let all = (0..users + added).flat_map(|user| (0..20).map(move |iteration| (user, iteration)));
        let numbers: Vec<u64> = all.map(|(user, iteration)| sequence_of(user, users, iteration)).collect();
        prop_assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len());
    }
}
