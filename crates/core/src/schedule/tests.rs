//! What holds for every load: nothing is fired twice, nothing is left out, and all counts agree.

mod limited;
mod poisson;
mod precision;
mod shares;
mod users;

use proptest::prelude::*;

use super::*;

const S: u64 = 1_000_000_000;

fn rate(from: f64, to: f64, duration_ns: u64) -> Stage {
    Stage::Rate { from, to, duration_ns }
}

fn uniform(stages: &[Stage]) -> Schedule {
    Schedule::new(stages, ArrivalLaw::Uniform, 1).unwrap()
}

/// All arrivals that a fresh cursor finds.
fn all(schedule: &Schedule) -> Vec<Arrival> {
    let mut arrivals = Arrivals::new(schedule);
    std::iter::from_fn(|| {
        let arrival = arrivals.peek(schedule);
        arrivals.advance();
        arrival
    })
    .collect()
}

/// Stages of a few hundred arrivals, constant ones, ramps from and to zero, pauses and users among them.
fn stage() -> impl Strategy<Value = Stage> {
    let value =
        || prop_oneof![Just(0.0), Just(50.0), 0.0..200.0, (0..200_u32).prop_map(|v| f64::from(v) / 10.0)];
    let duration_ns = prop_oneof![Just(S), 0..4 * S, 0..1000_u64, (1..40_u64).prop_map(|v| v * 100_000_000)];
    (value(), value(), duration_ns, 0..6_u32).prop_map(|(from, to, duration_ns, shape)| match shape {
        0 => Stage::Users { from, to, duration_ns },
        1 | 2 => rate(from, from, duration_ns),
        _ => rate(from, to, duration_ns),
    })
}

fn stages() -> impl Strategy<Value = Vec<Stage>> {
    prop::collection::vec(stage(), 1..8)
        .prop_filter("lasts no time", |stages| Schedule::new(stages, ArrivalLaw::Uniform, 0).is_ok())
}

fn law() -> impl Strategy<Value = ArrivalLaw> {
    prop_oneof![Just(ArrivalLaw::Uniform), Just(ArrivalLaw::Poisson)]
}

/// The integrated rate, straight from the definition of the stages.
fn integrated_rate(stages: &[Stage], t_ns: u64) -> f64 {
    let mut start_ns = 0;
    let mut sum = 0.0;
    for stage in stages {
        let (kind, from, to, duration_ns) = parts(stage);
        let elapsed_ns = t_ns.saturating_sub(start_ns).min(duration_ns) as f64;
        if kind == Kind::Rate && duration_ns > 0 {
            let end = from + (to - from) * elapsed_ns / duration_ns as f64;
            sum += (from + end) / 2.0 * elapsed_ns / 1e9;
        }
        start_ns += duration_ns;
    }
    sum
}

fn in_range(schedule: &Schedule, part: f64) -> u64 {
    (schedule.duration_ns() as f64 * part) as u64
}

#[test]
fn a_constant_rate_is_exact() {
    let arrivals = all(&uniform(&[rate(500.0, 500.0, 10 * S)]));
    assert_eq!(arrivals.len(), 5000);
    assert!(
        arrivals.iter().zip(0..).all(|(arrival, k)| *arrival == Arrival { number: k, at_ns: k * 2_000_000 })
    );
}

#[test]
fn ramps_from_and_to_zero_have_the_times_that_arithmetic_gives() {
    // 0/s to 50/s in 10 s: N(t) = 2.5 t^2, so arrival k is due at sqrt(k / 2.5).
    let up = all(&uniform(&[rate(0.0, 50.0, 10 * S)]));
    assert_eq!((up.len(), up[0].at_ns, up[10].at_ns, up[90].at_ns), (250, 0, 2 * S, 6 * S));
    // The same backwards: N(t) = 250 - 2.5 (10 - t)^2.
    let down = all(&uniform(&[rate(50.0, 0.0, 10 * S)]));
    assert_eq!((down.len(), down[0].at_ns, down[90].at_ns, down[160].at_ns), (250, 0, 2 * S, 4 * S));
    assert_eq!(down[240].at_ns, 8 * S);
}

#[test]
fn a_pause_is_waited_out() {
    let pause = rate(0.0, 0.0, 5 * S);
    let schedule = uniform(&[pause, rate(10.0, 10.0, S), pause, rate(10.0, 10.0, S)]);
    let arrivals = all(&schedule);
    let times: Vec<u64> = [0, 9, 10, 19].map(|k: usize| arrivals[k].at_ns).to_vec();
    assert_eq!(times, [5 * S, 5 * S + 9 * S / 10, 11 * S, 11 * S + 9 * S / 10]);
    assert_eq!((arrivals.len(), schedule.rate_at(3 * S), schedule.rate_at(5 * S)), (20, 0.0, 10.0));
}

#[test]
fn a_cursor_without_more_arrivals_stays_there() {
    let schedule = uniform(&[rate(1.0, 1.0, S)]);
    let mut arrivals = Arrivals::new(&schedule);
    arrivals.advance();
    assert_eq!(
        arrivals.peek(&schedule),
        Some(Arrival { number: 0, at_ns: 0 }),
        "only a seen arrival is passed"
    );
    arrivals.advance();
    for _ in 0..3 {
        assert_eq!(arrivals.peek(&schedule), None);
        arrivals.advance();
    }
    assert_eq!(arrivals.skip_until(&schedule, u64::MAX), 1);
}

#[test]
fn impossible_loads_are_refused_with_their_place() {
    let refused = |stages: &[Stage]| Schedule::new(stages, ArrivalLaw::Uniform, 1).unwrap_err();
    let second = |stage: Stage| refused(&[rate(1.0, 1.0, S), stage]);
    assert_eq!(refused(&[]), ScheduleError::NoStages);
    assert_eq!(refused(&[rate(1.0, 1.0, 0)]), ScheduleError::NoDuration);
    assert_eq!(refused(&vec![rate(1.0, 1.0, 1); 10_001]), ScheduleError::TooManyStages { count: 10_001 });
    assert_eq!(second(rate(1.0, 1.0, u64::MAX)), ScheduleError::TooLong { stage: 1 });
    assert_eq!(second(rate(-1.0, 1.0, S)), ScheduleError::BadValue { stage: 1, field: "from", value: -1.0 });
    assert!(matches!(second(rate(1.0, f64::NAN, S)), ScheduleError::BadValue { stage: 1, field: "to", .. }));
    assert_eq!(
        refused(&[rate(1.0, 2e9, S)]),
        ScheduleError::RateTooHigh { stage: 0, field: "to", value: 2e9 }
    );
    let users = Stage::Users { from: 2e8, to: f64::INFINITY, duration_ns: S };
    assert_eq!(second(users), ScheduleError::TooManyUsers { stage: 1, field: "from", value: 2e8 });
    let error = second(rate(-1.0, 1.0, S));
    assert_eq!(error.code(), "load-value");
    assert_eq!(
        error.to_string(),
        "load[1].from: -1 is not a possible from; hint: it must be a number from 0 up"
    );
}

proptest! {
    #[test]
    fn decimal_loads_have_exactly_the_count_that_decimal_arithmetic_gives(
        tenths in prop::collection::vec((0..2000_u64, 0..2000_u64, 0..100_u64), 1..20),
    ) {
        let stages: Vec<Stage> =
            tenths.iter().map(|(from, to, d)| rate(*from as f64 / 10.0, *to as f64 / 10.0, d * 100_000_000)).collect();
        prop_assume!(Schedule::new(&stages, ArrivalLaw::Uniform, 0).is_ok());
        let exact_200ths: u64 = tenths.iter().map(|(from, to, d)| (from + to) * d).sum();
        let schedule = uniform(&stages);
        prop_assert_eq!(schedule.planned_until(u64::MAX), exact_200ths.div_ceil(200));
        prop_assert_eq!(all(&schedule).len() as u64, exact_200ths.div_ceil(200));
    }

    #[test]
    fn arrivals_come_in_order_when_the_integrated_rate_reaches_their_number(stages in stages()) {
        let schedule = uniform(&stages);
        let arrivals = all(&schedule);
        prop_assert!(arrivals.iter().zip(0..).all(|(arrival, k)| arrival.number == k));
        prop_assert!(arrivals.windows(2).all(|pair| pair[0].at_ns <= pair[1].at_ns));
        prop_assert!(arrivals.iter().all(|arrival| arrival.at_ns < schedule.duration_ns()));
        for arrival in &arrivals {
            let reached = integrated_rate(&stages, arrival.at_ns);
            prop_assert!((reached - arrival.number as f64).abs() <= 1e-6, "{arrival:?} {reached}");
        }
    }

    #[test]
    fn counts_equal_those_of_the_cursor(
        stages in stages(), law in law(), parts in prop::array::uniform2(0.0..1.1_f64),
        owned in prop::collection::vec(any::<bool>(), 1..130),
    ) {
        let schedule = Schedule::new(&stages, law, 3).unwrap();
        let arrivals = all(&schedule);
        let [from_ns, until_ns] = parts.map(|part| in_range(&schedule, part));
        let due = arrivals.iter().filter(|arrival| arrival.at_ns < until_ns).count() as u64;
        prop_assert_eq!(schedule.planned_until(until_ns), due);
        prop_assert_eq!(schedule.planned_until(u64::MAX), arrivals.len() as u64);
        let of = arrivals.iter().filter(|arrival| {
            (from_ns..until_ns).contains(&arrival.at_ns) && owned[arrival.number as usize % owned.len()]
        });
        prop_assert_eq!(schedule.planned_of(&owned, from_ns, until_ns), of.count() as u64);
        prop_assert_eq!(schedule.planned_of(&[], from_ns, until_ns), 0);
        // At the instant of an arrival itself it is not yet due "before"; one nanosecond later it is.
        for arrival in arrivals.iter().step_by(if law == ArrivalLaw::Uniform { 1 } else { 199 }) {
            prop_assert!(schedule.planned_until(arrival.at_ns) <= arrival.number);
            prop_assert!(schedule.planned_until(arrival.at_ns + 1) > arrival.number);
        }
    }

    #[test]
    fn a_skipping_cursor_continues_like_one_that_walked(stages in stages(), law in law(), part in 0.0..1.1_f64) {
        let schedule = Schedule::new(&stages, law, 3).unwrap();
        let until_ns = in_range(&schedule, part);
        let mut arrivals = Arrivals::new(&schedule);
        arrivals.skip_until(&schedule, until_ns);
        let next = all(&schedule).into_iter().find(|arrival| arrival.at_ns >= until_ns);
        prop_assert_eq!(arrivals.peek(&schedule), next);
    }
}
