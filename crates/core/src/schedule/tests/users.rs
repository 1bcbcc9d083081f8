//! Users over time.

use super::*;

fn users(from: f64, to: f64, duration_ns: u64) -> Stage {
    Stage::Users { from, to, duration_ns }
}

#[test]
fn a_ramp_up_starts_with_nobody_and_adds_the_first_user_just_after() {
    let schedule = uniform(&[users(0.0, 50.0, 10 * S), users(50.0, 50.0, S)]);
    let at = |t_ns| schedule.users_at(t_ns);
    assert_eq!([at(0), at(1), at(S / 5), at(S / 5 + 1)], [0, 1, 1, 2]);
    assert_eq!([at(10 * S - 1), at(10 * S), at(11 * S - 1), at(11 * S)], [50, 50, 50, 0]);
}

#[test]
fn a_ramp_down_keeps_its_last_user_to_the_end() {
    let schedule = uniform(&[users(50.0, 0.0, 10 * S)]);
    let at = |t_ns| schedule.users_at(t_ns);
    assert_eq!([at(0), at(S / 5), at(S / 5 + 1), at(10 * S - 1), at(10 * S)], [50, 49, 49, 1, 0]);
    assert_eq!(schedule.next_users_change(9 * S + 4 * S / 5), Some(10 * S));
    assert_eq!(schedule.next_users_change(10 * S), None);
}

#[test]
fn rounding_never_adds_a_user() {
    // 50 * 1.1 is 55.00000000000001 in binary.
    let mut schedule = uniform(&[users(50.0, 50.0, 10_000 * S)]).rescaled(S, 1.1);
    assert_eq!(schedule.users_at(S), 55);
    for press in 2..1000 {
        schedule = schedule.rescaled(press * S, if press % 2 == 0 { 1.1 } else { 1.0 / 1.1 });
    }
    assert_eq!(schedule.users_at(9000 * S), 55);
}

#[test]
fn arrivals_and_users_do_not_mix() {
    let schedule = uniform(&[rate(10.0, 10.0, S), users(5.0, 5.0, S), rate(10.0, 10.0, S)]);
    assert_eq!((schedule.users_at(0), schedule.users_at(S), schedule.users_at(2 * S)), (0, 5, 0));
    assert_eq!((schedule.rate_at(0), schedule.rate_at(S), schedule.rate_at(2 * S)), (10.0, 0.0, 10.0));
    assert_eq!(schedule.planned_until(2 * S), 10);
    assert_eq!(all(&schedule)[10], Arrival { number: 10, at_ns: 2 * S });
    assert_eq!(schedule.next_users_change(0), Some(S));
    assert_eq!(schedule.next_users_change(S), Some(2 * S));
}

proptest! {
    #[test]
    fn changes_of_users_are_exactly_where_they_are_announced(
        stages in stages(), part in 0.0..1.0_f64, factor in 0.0..2.0_f64,
        samples in prop::collection::vec(0.0..1.0_f64, 20),
    ) {
        let schedule = uniform(&stages);
        let schedule = schedule.rescaled(in_range(&schedule, part), factor);
        let mut changes = vec![(0, schedule.users_at(0))];
        while let Some(change_ns) = schedule.next_users_change(changes[changes.len() - 1].0) {
            let (last_ns, last_users) = changes[changes.len() - 1];
            prop_assert!(change_ns > last_ns && change_ns <= schedule.duration_ns());
            prop_assert_eq!(schedule.users_at(change_ns - 1), last_users);
            prop_assert_ne!(schedule.users_at(change_ns), last_users);
            changes.push((change_ns, schedule.users_at(change_ns)));
        }
        for sample in samples {
            let t_ns = in_range(&schedule, sample);
            let announced = changes.iter().rev().find(|(change_ns, _)| *change_ns <= t_ns).unwrap().1;
            prop_assert_eq!(schedule.users_at(t_ns), announced);
        }
        prop_assert_eq!(changes[changes.len() - 1].1, 0);
    }

    #[test]
    fn users_are_the_line_rounded_up(from in 0.0..1000.0_f64, to in 0.0..1000.0_f64, part in 0.0..1.0_f64) {
        let schedule = uniform(&[users(from, to, 10 * S)]);
        let t_ns = in_range(&schedule, part);
        let line = from + (to - from) * t_ns as f64 / (10 * S) as f64;
        let asked = schedule.users_at(t_ns) as f64;
        prop_assert!(asked >= line - 1e-6 && asked < line + 1.0 + 1e-6, "{asked} {line}");
    }
}
