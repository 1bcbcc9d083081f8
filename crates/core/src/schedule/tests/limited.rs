//! Loads that end when so many arrivals were due, because there are no more rows for them.

use super::*;

#[test]
fn a_limited_load_has_its_arrivals_and_ends_with_the_last_one() {
    let limited = uniform(&[rate(100.0, 100.0, 60 * S)]).with_at_most(250);
    let arrivals = all(&limited);
    assert_eq!((arrivals.len(), limited.planned_until(u64::MAX)), (250, 250));
    let last_ns = arrivals[249].at_ns;
    assert!(last_ns < limited.duration_ns() && limited.duration_ns() <= last_ns + 1);
}

#[test]
fn a_limit_that_is_not_reached_changes_nothing() {
    let schedule = uniform(&[rate(100.0, 100.0, S)]);
    let limited = schedule.clone().with_at_most(100);
    assert_eq!((limited.duration_ns(), all(&limited)), (S, all(&schedule)));
}

#[test]
fn a_faster_load_ends_sooner_and_a_slower_one_later_with_the_same_arrivals() {
    let limited = uniform(&[rate(100.0, 100.0, 60 * S)]).with_at_most(1000);
    let (faster, slower) = (limited.rescaled(5 * S, 2.0), limited.rescaled(5 * S, 0.5));
    assert_eq!((all(&faster).len(), all(&slower).len()), (1000, 1000));
    assert_eq!((faster.duration_ns() / S, limited.duration_ns() / S, slower.duration_ns() / S), (7, 9, 14));
    let back = slower.rescaled(8 * S, 2.0);
    assert_eq!((all(&back).len(), back.duration_ns() / S), (1000, 11));
    assert_eq!(all(&limited)[..500], all(&slower)[..500]);
}

#[test]
fn a_load_that_was_limited_and_stopped_stays_stopped() {
    let stopped = uniform(&[rate(100.0, 100.0, 60 * S)]).with_at_most(1000).ended_at(2 * S);
    assert_eq!(stopped.rescaled(S, 10.0).duration_ns(), 2 * S);
}

#[test]
fn the_most_users_from_now_on_are_those_of_the_highest_end_of_what_is_left() {
    let users = |from, to| Stage::Users { from, to, duration_ns: S };
    let schedule = uniform(&[users(0.0, 9.0), users(9.0, 2.0), users(4.0, 4.0)]);
    let most = [0, S / 2, 3 * S / 2, 2 * S, 3 * S].map(|t_ns| schedule.most_users_from(t_ns));
    assert_eq!(most, [9, 9, 6, 4, 0]);
}

proptest! {
    #[test]
    fn no_change_by_hand_gives_more_arrivals_than_there_are_rows(
        stages in stages(), law in law(), most in 0_u64..200, part in 0.0..1.0_f64, factor in 0.1..10.0_f64,
    ) {
        let Ok(schedule) = Schedule::new(&stages, law, 3) else { return Ok(()) };
        prop_assume!(schedule.planned_until(schedule.duration_ns()) < 100_000);
        let limited = schedule.with_at_most(most);
        let at_ns = in_range(&limited, part);
        let changed = limited.rescaled(at_ns, factor);
        prop_assert!(all(&changed).len() as u64 <= most);
        prop_assert_eq!(changed.planned_until(at_ns), limited.planned_until(at_ns));
    }
}
