//! Long runs and large numbers, against exact integer arithmetic.

use super::*;

const HOUR: u64 = 3600 * S;

/// Jumps to `at_ns` and compares the next thousand arrivals with what `exact_ns` says, to two nanoseconds.
fn check(schedule: &Schedule, at_ns: u64, exact_ns: impl Fn(u64) -> u64) {
    let mut arrivals = Arrivals::new(schedule);
    arrivals.skip_until(schedule, at_ns);
    for _ in 0..1000 {
        let arrival = arrivals.peek(schedule).expect("the load goes on");
        let exact_ns = exact_ns(arrival.number);
        assert!(arrival.at_ns.abs_diff(exact_ns) <= 2, "{arrival:?} is due at {exact_ns}");
        arrivals.advance();
    }
}

#[test]
fn after_72_hours_at_50_000_per_second_every_nanosecond_is_right() {
    let schedule = uniform(&[rate(50_000.0, 50_000.0, 72 * HOUR)]);
    check(&schedule, 72 * HOUR - S, |k| k * 20_000);
    assert_eq!(schedule.planned_until(u64::MAX), 50_000 * 72 * 3600);

    let thirds = uniform(&[rate(1.0, 1.0, HOUR), rate(30_000.0, 30_000.0, 72 * HOUR)]);
    check(&thirds, 73 * HOUR - S, |k| HOUR + (k - 3600) * 100_000 / 3);
}

#[test]
fn a_ramp_of_72_hours_is_right_at_both_ends() {
    let (length_ns, peak) = (72 * HOUR, 50_000_u64);
    // N(t) = peak t^2 / (2 length), so t = sqrt(2 k length / peak).
    let root = |k: u64| {
        (u128::from(k) * 2 * u128::from(length_ns) * u128::from(S) / u128::from(peak)).isqrt() as u64
    };
    let total = peak * 36 * 3600;

    let up = uniform(&[rate(0.0, peak as f64, length_ns)]);
    assert_eq!(up.planned_until(u64::MAX), total);
    for at_ns in [0, HOUR, length_ns - S] {
        check(&up, at_ns, root);
    }
    let down = uniform(&[rate(peak as f64, 0.0, length_ns)]);
    assert_eq!(down.planned_until(u64::MAX), total);
    let last_thousand_ns = length_ns - root(1000) - 1;
    for at_ns in [0, HOUR, last_thousand_ns] {
        check(&down, at_ns, |k| length_ns - root(total - k));
    }
}

#[test]
fn a_slow_stage_after_1e11_arrivals_is_as_exact_as_at_the_start() {
    let schedule = uniform(&[rate(1e6, 1e6, 100_000 * S), rate(0.5, 0.5, 4000 * S)]);
    check(&schedule, 100_000 * S, |k| 100_000 * S + (k - 100_000_000_000) * 2 * S);
    // The same when the fast stage ends between two arrivals: there is half an arrival to go.
    let schedule = uniform(&[rate(1e6, 1e6, 100_000 * S + 500), rate(0.5, 0.5, 4000 * S)]);
    check(&schedule, 100_001 * S, |k| 100_000 * S + 500 + (k - 100_000_000_001) * 2 * S + S);
}

#[test]
fn a_slope_that_is_hardly_there_behaves_like_none() {
    let schedule = uniform(&[rate(1000.0, 1000.0 + 1e-12, HOUR)]);
    check(&schedule, HOUR - 2 * S, |k| k * 1_000_000);
    let schedule = uniform(&[rate(1000.0 + 1e-12, 1000.0, HOUR)]);
    check(&schedule, HOUR - 2 * S, |k| k * 1_000_000);
}

#[test]
fn cuts_do_not_wear_precision_down() {
    let mut schedule = uniform(&[rate(50_000.0, 50_000.0, 72 * HOUR)]);
    for cut in 1..1000 {
        schedule = schedule.rescaled(cut * 259 * S + cut * 7, 1.0);
    }
    check(&schedule, 72 * HOUR - S, |k| k * 20_000);
    assert!(schedule.planned_until(u64::MAX).abs_diff(50_000 * 72 * 3600) <= 1);
}

#[test]
fn the_extremes_of_what_is_allowed_are_counted_and_end() {
    let schedule = uniform(&[rate(1e9, 1e9, MAX_DURATION_NS)]);
    // One a nanosecond, to the precision of a f64.
    assert!(schedule.planned_until(u64::MAX).abs_diff(MAX_DURATION_NS) <= 8);
    let mut arrivals = Arrivals::new(&schedule);
    arrivals.skip_until(&schedule, MAX_DURATION_NS - 1);
    assert!(arrivals.peek(&schedule).is_none_or(|arrival| arrival.at_ns < MAX_DURATION_NS));

    for (from, to) in
        [(0.0, f64::MIN_POSITIVE), (1e-300, 1e-300), (0.0, 1e-9), (1e-9, 0.0), (1e9, 0.0), (0.0, 1e9)]
    {
        let schedule = uniform(&[rate(from, to, MAX_DURATION_NS)]);
        let planned = schedule.planned_until(u64::MAX);
        assert!(planned as f64 + 1.0 >= (from + to) / 2.0 * 8_640_000.0 * (1.0 - 2e-15), "{from} {to}");
        let mut arrivals = Arrivals::new(&schedule);
        assert!(arrivals.peek(&schedule).is_none_or(|first| first.at_ns == 0));
        arrivals.skip_until(&schedule, MAX_DURATION_NS / 2);
        assert!(arrivals.peek(&schedule).is_none_or(|next| next.at_ns >= MAX_DURATION_NS / 2));
    }
}

proptest! {
    #[test]
    fn a_stage_of_one_nanosecond_or_of_100_days_keeps_order(
        from in prop_oneof![Just(0.0), 1e-9..1e9], to in prop_oneof![Just(0.0), 1e-9..1e9],
        length_ns in prop_oneof![1..10_u64, 1..MAX_DURATION_NS], at in 0.0..1.0_f64,
    ) {
        let schedule = uniform(&[rate(from, to, length_ns)]);
        let mut arrivals = Arrivals::new(&schedule);
        arrivals.skip_until(&schedule, in_range(&schedule, at));
        let mut last_ns = in_range(&schedule, at);
        for _ in 0..20 {
            let Some(arrival) = arrivals.peek(&schedule) else { break };
            prop_assert!((last_ns..length_ns).contains(&arrival.at_ns), "{arrival:?}");
            prop_assert!(schedule.planned_until(arrival.at_ns) <= arrival.number);
            prop_assert!(schedule.planned_until(arrival.at_ns + 1) > arrival.number);
            last_ns = arrival.at_ns;
            arrivals.advance();
        }
    }
}

/// `cargo test --release -p kilobar-core schedule -- --ignored --nocapture`
#[test]
#[ignore = "prints a measurement"]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement needs a clock and a reader"
)]
fn nanoseconds_per_arrival() {
    const COUNT: u32 = 20_000_000;
    let share = Share::new(&Slots::initial(2), 0);
    let loads = [("constant", 1e6, 1e6), ("rising", 0.0, 1e6), ("falling", 1e6, 0.0)];
    for (law, (name, from, to)) in
        [ArrivalLaw::Uniform, ArrivalLaw::Poisson].into_iter().flat_map(|law| loads.map(|load| (law, load)))
    {
        let schedule = Schedule::new(&[rate(from, to, HOUR)], law, 1).unwrap();
        let mut arrivals = Arrivals::new(&schedule);
        let start = std::time::Instant::now();
        let mut owned = 0_u64;
        for _ in 0..COUNT {
            owned += arrivals.peek(&schedule).map_or(0, |arrival| u64::from(share.owns(arrival.number)));
            arrivals.advance();
        }
        println!("{law:?} {name}: {:?} per arrival ({owned} owned)", start.elapsed() / COUNT);
    }
}
