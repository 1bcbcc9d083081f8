use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

use super::*;

const SECOND_NS: u64 = 1_000_000_000;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 64, rng_seed: RngSeed::Fixed(3), failure_persistence: None, ..Default::default() }
}

fn name_of(name: &str) -> SeriesName {
    SeriesName { name: name.into(), kind: "http".into() }
}

fn names(count: usize) -> Vec<SeriesName> {
    (0..count).map(|index| name_of(&format!("step {index}"))).collect()
}

fn sample_of(series: &str, class: ErrorClass, at_ns: u64) -> FailureSample {
    FailureSample {
        at_ns,
        worker: 1,
        series: series.into(),
        class,
        message: "status 500, expected 200".into(),
        request: "GET /items HTTP/1.1\r\n\r\n".into(),
        response: "HTTP/1.1 500 Internal Server Error\r\n\r\n".into(),
        elapsed_ns: 7,
    }
}

fn any_histogram() -> impl Strategy<Value = Histogram> {
    vec((0_u64..10_000_000_000, 1_u64..100), 0..4).prop_map(|records| {
        let mut histogram = Histogram::new();
        records.iter().for_each(|(value_ns, count)| histogram.record_n(*value_ns, *count));
        histogram
    })
}

fn any_count() -> impl Strategy<Value = u64> {
    0..1_000_000_u64
}

fn any_ledger() -> impl Strategy<Value = Ledger> {
    [any_count(), any_count(), any_count(), any_count(), any_count(), any_count(), any_count()].prop_map(
        |[planned, started, dropped, lost, ok, failed, in_flight]| Ledger {
            planned,
            started,
            dropped,
            lost,
            ok,
            failed,
            in_flight,
        },
    )
}

fn any_series(name: &'static str) -> impl Strategy<Value = Series> {
    let counts = [any_count(), any_count(), any_count(), any_count(), any_count()];
    let histograms = [any_histogram(), any_histogram(), any_histogram()];
    (counts, histograms, 0..ERROR_CLASSES.len(), 0..PHASES.len()).prop_map(
        move |([count, failed, errors, bytes_in, bytes_out], [response, service, phase], class, at)| {
            let mut series = Series {
                count,
                failed,
                bytes_in,
                bytes_out,
                response,
                service,
                ..Series::new(name_of(name))
            };
            series.errors[class] = errors;
            series.phases[at] = phase;
            series
        },
    )
}

fn any_flow(name: &'static str) -> impl Strategy<Value = FlowStats> {
    (any_count(), any_count(), any_histogram()).prop_map(move |(count, failed, iteration)| FlowStats {
        name: name.into(),
        count,
        failed,
        iteration,
    })
}

fn any_check(name: &'static str) -> impl Strategy<Value = CheckStats> {
    (any_count(), any_count()).prop_map(move |(passed, failed)| CheckStats {
        name: CheckKey { series: "list".into(), check: name.into(), warn: false },
        passed,
        failed,
    })
}

/// Some of these, in a random order, each at most once.
fn some_of<T: Clone + std::fmt::Debug>(all: impl Strategy<Value = Vec<T>>) -> impl Strategy<Value = Vec<T>> {
    all.prop_shuffle().prop_flat_map(|all| (0..=all.len()).prop_map(move |count| all[..count].to_vec()))
}

/// So few of each kind that three intervals together stay below the limits.
fn any_samples() -> impl Strategy<Value = Vec<FailureSample>> {
    vec((0..2_usize, 0..3_usize), 0..=6).prop_flat_map(|kinds| {
        let mut kinds = kinds;
        kinds.sort_unstable();
        kinds.dedup();
        let count = kinds.len();
        vec(any_count(), count).prop_map(move |times| {
            let of_kind = |(series, class): &(usize, usize), at_ns| {
                sample_of(["list", "show"][*series], ERROR_CLASSES[*class], at_ns)
            };
            kinds.iter().zip(times).map(|(kind, at_ns)| of_kind(kind, at_ns)).collect()
        })
    })
}

fn any_interval() -> impl Strategy<Value = Interval> {
    let time = (0..100 * SECOND_NS, 0..3 * SECOND_NS, 1_u32..4, any::<bool>());
    let counts = [any_count(), any_count(), any_count(), any_count(), any_count(), any_count(), any_count()];
    let lags = (any_histogram(), any_histogram());
    let series = some_of([any_series("list"), any_series("show"), any_series("order")].prop_map(Vec::from));
    let flows = some_of([any_flow("browse"), any_flow("buy")].prop_map(Vec::from));
    let checks = some_of([any_check("status is 200"), any_check("$.ok is true")].prop_map(Vec::from));
    (time, counts, any_ledger(), lags, series, flows, checks, any_samples()).prop_map(
        |(time, counts, ledger, (start_lag, loop_lag), series, flows, checks, samples)| {
            let (start_ns, duration_ns, workers, degraded) = time;
            let [active_users, opened, tls_resumed, closed_idle, open, cpu_ns, rss_bytes] = counts;
            Interval {
                start_ns,
                duration_ns,
                workers,
                degraded,
                ledger,
                active_users,
                connections: Connections { opened, tls_resumed, closed_idle, open },
                generator: Generator { cpu_ns, rss_bytes },
                start_lag,
                loop_lag,
                series,
                flows,
                checks,
                samples,
            }
        },
    )
}

fn merged(one: &Interval, other: &Interval) -> Interval {
    let mut merged = one.clone();
    merged.merge(other);
    merged
}

fn extended(one: &Interval, later: &Interval) -> Interval {
    let mut extended = one.clone();
    extended.extend(later);
    extended
}

/// Names come in the order in which they were first seen; what was measured does not depend on it.
fn sorted(mut interval: Interval) -> Interval {
    interval.series.sort_by(|one, other| one.name.cmp(&other.name));
    interval.flows.sort_by(|one, other| one.name.cmp(&other.name));
    interval.checks.sort_by(|one, other| one.name.check.cmp(&other.name.check));
    interval.samples.sort_by(|one, other| {
        (one.at_ns, one.class, &one.series).cmp(&(other.at_ns, other.class, &other.series))
    });
    interval
}

/// Places an interval of one worker in a second of the run.
fn in_second(mut interval: Interval, second: usize) -> Interval {
    interval.start_ns = second as u64 * SECOND_NS;
    interval.duration_ns = SECOND_NS;
    interval.workers = 1;
    interval
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn merging_is_commutative(one in any_interval(), other in any_interval()) {
        prop_assert_eq!(sorted(merged(&one, &other)), sorted(merged(&other, &one)));
    }

    #[test]
    fn merging_is_associative(a in any_interval(), b in any_interval(), c in any_interval()) {
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
    }

    #[test]
    fn extending_is_associative(a in any_interval(), b in any_interval(), c in any_interval()) {
        let (a, b, c) = (in_second(a, 3), in_second(b, 4), in_second(c, 9));
        let all = extended(&extended(&a, &b), &c);
        prop_assert_eq!(&all, &extended(&a, &extended(&b, &c)));
        prop_assert_eq!((all.start_ns, all.duration_ns), (3 * SECOND_NS, 7 * SECOND_NS));
    }

    #[test]
    fn an_empty_interval_is_neutral_on_both_sides(interval in any_interval()) {
        let empty = Interval::default();
        prop_assert_eq!(&merged(&interval, &empty), &interval);
        prop_assert_eq!(&merged(&empty, &interval), &interval);
        prop_assert_eq!(&extended(&interval, &empty), &interval);
        prop_assert_eq!(&extended(&empty, &interval), &interval);
    }

    #[test]
    fn workers_may_be_merged_before_or_after_their_seconds_are_joined(
        [mut a0, mut a1, mut b0, mut b1] in [any_interval(), any_interval(), any_interval(), any_interval()],
    ) {
        for (interval, second) in [(&mut a0, 0), (&mut b0, 0), (&mut a1, 1), (&mut b1, 1)] {
            *interval = in_second(std::mem::take(interval), second);
            interval.samples.truncate(1);
        }
        let seconds = extended(&merged(&a0, &b0), &merged(&a1, &b1));
        let workers = merged(&extended(&a0, &a1), &extended(&b0, &b1));
        prop_assert_eq!(sorted(seconds), sorted(workers));
    }

    #[test]
    fn the_total_is_the_sum_of_all_series(interval in any_interval()) {
        let total = interval.total();
        prop_assert_eq!(total.count, interval.series.iter().map(|series| series.count).sum::<u64>());
        prop_assert_eq!(total.failed, interval.series.iter().map(|series| series.failed).sum::<u64>());
        prop_assert_eq!(
            total.errors.iter().sum::<u64>(),
            interval.series.iter().flat_map(|series| series.errors).sum::<u64>()
        );
        prop_assert_eq!(total.bytes_in, interval.series.iter().map(|series| series.bytes_in).sum::<u64>());
        prop_assert_eq!(total.bytes_out, interval.series.iter().map(|series| series.bytes_out).sum::<u64>());
        let of_all = |histogram: fn(&Series) -> &Histogram| {
            let mut all = Histogram::new();
            interval.series.iter().for_each(|series| all.merge(histogram(series)));
            all
        };
        prop_assert_eq!(&total.response, &of_all(|series| &series.response));
        prop_assert_eq!(&total.service, &of_all(|series| &series.service));
        prop_assert_eq!(&total.phases[Phase::Wait as usize], &of_all(|series| &series.phases[Phase::Wait as usize]));
    }

    #[test]
    fn restarting_leaves_nothing_but_names_and_gauges(interval in any_interval()) {
        let mut restarted = interval.clone();
        restarted.restart(42);
        let names: Vec<SeriesName> = interval.series.iter().map(|series| series.name.clone()).collect();
        let expected = Interval {
            start_ns: 42,
            workers: interval.workers,
            active_users: interval.active_users,
            ledger: Ledger { in_flight: interval.ledger.in_flight, ..Ledger::default() },
            connections: Connections { open: interval.connections.open, ..Connections::default() },
            generator: Generator { cpu_ns: 0, ..interval.generator },
            checks: interval.checks.iter().map(|check| CheckStats::new(check.name.clone())).collect(),
            ..Interval::of(&names, interval.flows.iter().map(|flow| flow.name.clone()))
        };
        prop_assert_eq!(restarted, expected);
    }

    #[test]
    fn what_is_encoded_is_decoded_again(interval in any_interval()) {
        prop_assert_eq!(Interval::decode(&interval.encode()).unwrap(), interval);
    }

    #[test]
    fn an_interval_that_was_cut_or_goes_on_is_an_error(interval in any_interval(), at in any::<Index>()) {
        let mut bytes = interval.encode();
        prop_assert!(Interval::decode(&bytes[..at.index(bytes.len())]).is_err());
        bytes.push(0xc0);
        prop_assert!(Interval::decode(&bytes).unwrap_err().to_string().contains("1 bytes follow it"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..config() })]

    #[test]
    fn random_bytes_never_make_decoding_panic(bytes in vec(any::<u8>(), 0..100)) {
        let _ = Interval::decode(&bytes);
    }

    #[test]
    fn damaged_intervals_never_make_decoding_panic(damage in vec((any::<Index>(), any::<u8>()), 1..4)) {
        let mut interval = Interval::of(&names(2), ["browse".to_owned()]);
        interval.series[1].response.record(1_000_000);
        interval.start_lag.record(30_000);
        interval.keep_sample(sample_of("step 1", ErrorClass::Status, 5));
        let mut bytes = interval.encode();
        for (at, byte) in &damage {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Ok(read) = Interval::decode(&bytes) {
            prop_assert_eq!(Interval::decode(&read.encode()).unwrap(), read);
        }
    }
}

#[test]
fn merging_adds_gauges_and_extending_keeps_the_newest() {
    let first = Interval {
        workers: 1,
        active_users: 10,
        ledger: Ledger { planned: 7, in_flight: 4, ..Ledger::default() },
        connections: Connections { opened: 5, open: 5, ..Connections::default() },
        generator: Generator { cpu_ns: 100, rss_bytes: 1000 },
        duration_ns: SECOND_NS,
        ..Interval::default()
    };
    let second = Interval { start_ns: SECOND_NS, active_users: 3, ..first.clone() };

    let workers = merged(&first, &Interval { start_ns: 0, ..second.clone() });
    assert_eq!((workers.workers, workers.duration_ns, workers.active_users), (2, SECOND_NS, 13));
    assert_eq!((workers.ledger.planned, workers.ledger.in_flight), (14, 8));
    assert_eq!(workers.connections, Connections { opened: 10, open: 10, ..Connections::default() });
    assert_eq!(workers.generator, Generator { cpu_ns: 200, rss_bytes: 2000 });

    let time = extended(&first, &second);
    assert_eq!((time.workers, time.duration_ns, time.active_users), (1, 2 * SECOND_NS, 3));
    assert_eq!((time.ledger.planned, time.ledger.in_flight), (14, 4));
    assert_eq!(time.connections, Connections { opened: 10, open: 5, ..Connections::default() });
    assert_eq!(time.generator, Generator { cpu_ns: 200, rss_bytes: 1000 });
}

#[test]
fn losses_that_no_worker_reported_are_counted_without_touching_time_or_gauges() {
    let lost = Interval {
        degraded: true,
        ledger: Ledger { planned: 9, lost: 9, ..Ledger::default() },
        ..Interval::default()
    };
    let mut measured = in_second(Interval::default(), 5);
    measured.active_users = 2;
    measured.ledger.in_flight = 3;
    let expected = Interval {
        degraded: true,
        ledger: Ledger { planned: 9, lost: 9, in_flight: 3, ..Ledger::default() },
        ..measured.clone()
    };
    assert_eq!(merged(&measured, &lost), expected);
    assert_eq!(merged(&lost, &measured), expected);
    assert_eq!(extended(&measured, &lost), expected);
    assert_eq!(extended(&lost, &measured), expected);
}

#[test]
fn one_degraded_part_degrades_the_whole() {
    let degraded = Interval { degraded: true, ..in_second(Interval::default(), 1) };
    let healthy = in_second(Interval::default(), 0);
    assert!(merged(&healthy, &degraded).degraded && extended(&healthy, &degraded).degraded);
    assert!(!merged(&healthy, &healthy).degraded);
}

#[test]
fn names_past_the_limit_fold_into_one_and_nothing_is_lost() {
    let mut interval = Interval::default();
    let mut counted = 0;
    for (index, name) in names(MAX_SERIES + 20).into_iter().enumerate() {
        let name = SeriesName { kind: ["http", "tcp"][index % 2].into(), ..name };
        let mut other = Interval::of(&[name], [format!("flow {index}")]);
        other.series[0].count = index as u64;
        other.flows[0].count = index as u64;
        counted += index as u64;
        interval.merge(&other);
    }
    assert_eq!((interval.series.len(), interval.flows.len()), (MAX_SERIES + 1, MAX_SERIES + 1));
    let folded: u64 = (MAX_SERIES as u64..MAX_SERIES as u64 + 20).sum();
    assert_eq!(interval.series[MAX_SERIES].name, SeriesName { name: OTHER.into(), kind: String::new() });
    assert_eq!(interval.series[MAX_SERIES].count, folded);
    assert_eq!((interval.flows[MAX_SERIES].name.as_str(), interval.flows[MAX_SERIES].count), (OTHER, folded));
    assert_eq!(interval.total().count, counted);
    assert_eq!(Interval::decode(&interval.encode()).unwrap(), interval);

    let twice = merged(&interval, &interval);
    assert_eq!(twice.series.len(), MAX_SERIES + 1);
    assert_eq!(twice.series[MAX_SERIES].count, 2 * folded);
    assert_eq!(twice.total().count, 2 * counted);
}

#[test]
fn groups_and_python_calls_past_the_limit_do_not_become_requests() {
    let mut interval = Interval::of(&names(MAX_SERIES), []);
    let kinds = ["http", "group", "python", "group", "tcp"];
    let more = names(MAX_SERIES + 5).split_off(MAX_SERIES);
    let more: Vec<_> =
        more.into_iter().zip(kinds).map(|(name, kind)| SeriesName { kind: kind.into(), ..name }).collect();
    let mut other = Interval::of(&more, []);
    other.series.iter_mut().for_each(|series| series.count = 1);
    interval.merge(&other);
    let others = |interval: &Interval| -> Vec<_> {
        let others = interval.series.iter().filter(|series| series.name.name == OTHER);
        others.map(|series| (series.name.kind.clone(), series.count)).collect()
    };
    let expected = [("".to_owned(), 2), ("group".to_owned(), 2), ("python".to_owned(), 1)];
    assert_eq!(others(&interval), expected);
    assert_eq!(interval.total().count, 2);

    let mut all = Interval::of(&names(MAX_SERIES), []);
    all.series.extend(other.series);
    assert_eq!(others(&Interval::decode(&all.encode()).unwrap()), expected);
}

#[test]
fn an_encoded_interval_with_too_many_names_is_read_within_the_limit() {
    let mut interval =
        Interval::of(&names(3 * MAX_SERIES), (0..3 * MAX_SERIES).map(|index| index.to_string()));
    interval.series.iter_mut().for_each(|series| series.count = 1);
    interval.flows.iter_mut().for_each(|flow| flow.count = 1);
    let read = Interval::decode(&interval.encode()).unwrap();
    assert_eq!((read.series.len(), read.flows.len()), (MAX_SERIES + 1, MAX_SERIES + 1));
    assert_eq!(read.total().count, 3 * MAX_SERIES as u64);
    assert_eq!(read.flows[MAX_SERIES].count, 2 * MAX_SERIES as u64);
}

#[test]
fn series_of_one_name_and_two_kinds_are_two() {
    let http = Interval::of(&[name_of("login")], []);
    let tcp = Interval::of(&[SeriesName { name: "login".into(), kind: "tcp".into() }], []);
    assert_eq!(merged(&http, &tcp).series.len(), 2);
}

#[test]
fn of_one_kind_three_failed_exchanges_are_kept_the_first_ones() {
    let mut interval = Interval::default();
    for at_ns in 0..5 {
        assert_eq!(interval.has_room_for("list", ErrorClass::Eof), at_ns < 3);
        interval.keep_sample(sample_of("list", ErrorClass::Eof, at_ns));
    }
    assert_eq!(interval.samples.iter().map(|sample| sample.at_ns).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(interval.has_room_for("show", ErrorClass::Eof));
    assert!(interval.has_room_for("list", ErrorClass::Reset));
}

#[test]
fn of_all_kinds_twenty_failed_exchanges_are_kept_over_merging_and_extending() {
    let mut first = Interval::default();
    let mut second = Interval::default();
    for class in ERROR_CLASSES {
        first.keep_sample(sample_of("list", class, 1));
        second.keep_sample(sample_of("show", class, 2));
    }
    let classes = ERROR_CLASSES.len();
    assert_eq!((first.samples.len(), second.samples.len()), (classes, classes));
    for both in [merged(&first, &second), extended(&first, &second)] {
        assert_eq!(both.samples.len(), MAX_SAMPLES);
        assert_eq!(both.samples[..classes], first.samples);
        assert!(!both.has_room_for("order", ErrorClass::Dns));
    }
}

#[test]
fn what_is_not_an_interval_is_refused_in_words() {
    for bytes in [&b""[..], b"{}", b"\xc0", b"interval", &[0xde, 0xff, 0xff], &[0xdd, 0xff, 0xff, 0xff, 0xff]]
    {
        let error = Interval::decode(bytes).unwrap_err().to_string();
        assert!(
            error.starts_with("this is not an interval that this version of Kilobar can read: "),
            "{error}"
        );
    }
}

#[test]
fn fields_that_are_not_there_have_their_neutral_value_and_unknown_ones_are_skipped() {
    assert_eq!(Interval::decode(&[0x80]).unwrap(), Interval::default());
    #[derive(Serialize)]
    struct Newer {
        workers: u32,
        moon_phase: (f64, &'static str),
    }
    let bytes = rmp_serde::to_vec_named(&Newer { workers: 2, moon_phase: (0.5, "waxing") }).unwrap();
    assert_eq!(Interval::decode(&bytes).unwrap(), Interval { workers: 2, ..Interval::default() });
}

#[test]
fn a_second_without_work_is_small_on_the_wire() {
    let idle = Interval::of(&names(100), ["browse".to_owned()]);
    assert!(idle.encode().len() < 100 * 128 + 512, "{} bytes", idle.encode().len());
}
