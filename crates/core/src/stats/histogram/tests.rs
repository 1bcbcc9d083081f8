use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

type Oracle = hdrhistogram::Histogram<u64>;

const QUANTILES: [f64; 12] = [1e-9, 0.01, 0.07, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0 - 1e-12, 1.0];

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 128,
        rng_seed: RngSeed::Fixed(2),
        failure_persistence: None,
        ..Default::default()
    }
}

/// Durations of every order of magnitude that fits.
fn any_value() -> impl Strategy<Value = u64> {
    (0_u32..=42).prop_flat_map(|bits| 0..=((1_u64 << bits) - 1))
}

fn any_values() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(any_value(), 0..200)
}

fn any_histogram() -> impl Strategy<Value = Histogram> {
    prop::collection::vec((any_value(), 1_u64..1000), 0..60).prop_map(|records| {
        let mut histogram = Histogram::new();
        records.iter().for_each(|(value_ns, count)| histogram.record_n(*value_ns, *count));
        histogram
    })
}

fn of(values: &[u64]) -> Histogram {
    let mut histogram = Histogram::new();
    values.iter().for_each(|value_ns| histogram.record(*value_ns));
    histogram
}

fn oracle_of(values: &[u64]) -> Oracle {
    let mut oracle = Oracle::new_with_bounds(1, HIGHEST_NS, 3).unwrap();
    values.iter().for_each(|value_ns| oracle.record(*value_ns).unwrap());
    oracle
}

fn encoded_by_oracle(oracle: &Oracle) -> Vec<u8> {
    let mut bytes = Vec::new();
    V2Serializer::new().serialize(oracle, &mut bytes).unwrap();
    bytes
}

fn merged(mut one: Histogram, other: &Histogram) -> Histogram {
    one.merge(other);
    one
}

fn chunks_held(histogram: &Histogram) -> usize {
    histogram.chunks.iter().flatten().count()
}

/// Header of a valid encoding, then this payload.
fn v2(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Histogram::new().encode();
    bytes.pop();
    bytes[4..8].copy_from_slice(&(payload.len() as u32).to_be_bytes());
    bytes.extend(payload);
    bytes
}

#[test]
fn every_counter_begins_where_the_one_before_it_ends() {
    let mut next_ns = 0;
    for index in 0..COUNTERS {
        assert_eq!(lowest_of(index), next_ns, "counter {index}");
        assert_eq!(index_of(lowest_of(index)), index);
        assert_eq!(index_of(middle_of(index)), index);
        assert_eq!(index_of(highest_of(index)), index);
        next_ns = highest_of(index) + 1;
    }
    assert_eq!(next_ns - 1, HIGHEST_NS);
    const { assert!(HIGHEST_NS >= 3600 * 1_000_000_000) };
}

#[test]
fn an_empty_histogram_answers_zero_and_holds_no_counters() {
    let histogram = Histogram::default();
    assert!(histogram.is_empty());
    assert_eq!((histogram.count(), histogram.min(), histogram.max(), histogram.mean()), (0, 0, 0, 0.0));
    assert_eq!((histogram.quantile(0.0), histogram.quantile(0.5), histogram.quantile(1.0)), (0, 0, 0));
    assert_eq!(histogram.count_above(0), 0);
    assert_eq!(chunks_held(&histogram), 0);
    assert_eq!(size_of::<Histogram>(), 304);
}

#[test]
fn memory_grows_with_the_powers_of_two_that_were_seen_only() {
    let mut histogram = of(&[0, 1023]);
    assert_eq!(chunks_held(&histogram), 1);
    histogram.record(1024);
    assert_eq!(chunks_held(&histogram), 2);
    (1_000_000..1_048_576).for_each(|value_ns| histogram.record(value_ns));
    assert_eq!(chunks_held(&histogram), 3);
    let outliers = of(&[5, HIGHEST_NS]);
    histogram.merge(&outliers);
    assert_eq!(chunks_held(&histogram), 4);
}

#[test]
fn a_value_above_the_highest_counts_as_the_highest() {
    let mut histogram = Histogram::new();
    histogram.record(u64::MAX);
    histogram.record(HIGHEST_NS + 1);
    assert_eq!(histogram, of(&[HIGHEST_NS, HIGHEST_NS]));
    assert_eq!(histogram.mean(), HIGHEST_NS as f64);
    assert_eq!(histogram.count_above(u64::MAX), 0);
}

#[test]
fn recording_no_times_changes_nothing() {
    let mut histogram = of(&[7]);
    histogram.record_n(1_000_000, 0);
    assert_eq!(histogram, of(&[7]));
    assert_eq!(chunks_held(&histogram), 1);
}

#[test]
fn a_full_histogram_counts_no_more_and_stays_consistent() {
    let mut full = of(&[1000]);
    full.record_n(5000, u64::MAX);
    assert_eq!(full.count(), MAX_COUNT);
    full.record(1);
    assert_eq!((full.count(), full.min()), (MAX_COUNT, 1000));
    let before = full.clone();
    full.merge(&of(&[9, 9_000_000]));
    assert_eq!(full, before);

    let mut nearly_full = Histogram::new();
    nearly_full.record_n(4, MAX_COUNT - 1);
    nearly_full.merge(&of(&[3_000_001, 3_000_001]));
    assert_eq!((nearly_full.count(), nearly_full.max()), (MAX_COUNT, 3_000_001));

    for histogram in [full, nearly_full] {
        assert_eq!(histogram.counters().map(|(_, count)| count).sum::<u64>(), MAX_COUNT);
        assert_eq!(histogram.quantile(1.0), histogram.max());
        assert_eq!(
            rmp_serde::from_slice::<Histogram>(&rmp_serde::to_vec_named(&histogram).unwrap()).unwrap(),
            histogram
        );
    }
}

#[test]
fn quantiles_outside_of_their_range_are_the_extremes() {
    let histogram = of(&[1_234_567, 2_000_001, 3_456_789]);
    for (q, expected) in [
        (f64::NEG_INFINITY, 1_234_567),
        (-1.0, 1_234_567),
        (0.0, 1_234_567),
        (f64::NAN, 1_234_567),
        (1.0, 3_456_789),
        (2.0, 3_456_789),
        (f64::INFINITY, 3_456_789),
    ] {
        assert_eq!(histogram.quantile(q), expected, "{q}");
    }
}

#[test]
fn a_quantile_that_is_a_whole_number_of_records_ends_with_that_record() {
    let histogram = of(&(1..=100).collect::<Vec<_>>());
    for percent in 1..=100 {
        assert_eq!(histogram.quantile(f64::from(percent) / 100.0), percent as u64);
    }
}

#[test]
fn histograms_are_equal_by_what_they_counted_not_by_the_memory_they_hold() {
    let mut cleared = of(&[1, 1_000_000, 1_000_000_000]);
    cleared.clear();
    assert_eq!(cleared, Histogram::new());
    assert_eq!(chunks_held(&cleared), 3);
    assert_ne!(of(&[1_000_000]), of(&[1_000_001]));
    assert_ne!(of(&[1, 2, 9]), of(&[1, 3, 9]));
}

#[test]
fn debug_output_is_one_short_line() {
    assert_eq!(
        format!("{:?}", of(&[10, 20, 30])),
        "Histogram { count: 3, min_ns: 10, p50_ns: 20, p99_ns: 30, max_ns: 30, .. }"
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn quantiles_are_those_of_the_oracle_within_the_exact_extremes(
        values in prop::collection::vec(any_value(), 1..300),
        more in prop::collection::vec(0.0..1.0, 5),
    ) {
        let (ours, oracle) = (of(&values), oracle_of(&values));
        for q in QUANTILES.into_iter().chain(more) {
            let expected = oracle.value_at_quantile(q.next_down()).clamp(ours.min(), ours.max());
            prop_assert_eq!(ours.quantile(q), expected, "{}", q);
        }
    }

    #[test]
    fn count_mean_and_extremes_are_exact(values in prop::collection::vec(any_value(), 1..300)) {
        let histogram = of(&values);
        let sum: u128 = values.iter().map(|value_ns| u128::from(*value_ns)).sum();
        prop_assert_eq!(histogram.count(), values.len() as u64);
        prop_assert_eq!(histogram.mean(), sum as f64 / values.len() as f64);
        prop_assert_eq!(histogram.min(), *values.iter().min().unwrap());
        prop_assert_eq!(histogram.max(), *values.iter().max().unwrap());
    }

    #[test]
    fn every_value_is_found_again_within_a_thousandth(value_ns in any_value()) {
        let found_ns = of(&[0, value_ns, HIGHEST_NS]).quantile(0.5);
        prop_assert!(found_ns >= value_ns);
        prop_assert!((found_ns - value_ns) as f64 <= value_ns as f64 * 0.001, "{} for {}", found_ns, value_ns);
    }

    #[test]
    fn records_above_a_value_are_those_of_higher_counters(values in any_values(), limit_ns in any_value()) {
        let above = values.iter().filter(|value_ns| index_of(**value_ns) > index_of(limit_ns)).count();
        prop_assert_eq!(of(&values).count_above(limit_ns), above as u64);
    }

    #[test]
    fn merging_is_commutative(one in any_histogram(), other in any_histogram()) {
        prop_assert_eq!(merged(one.clone(), &other), merged(other, &one));
    }

    #[test]
    fn merging_is_associative(a in any_histogram(), b in any_histogram(), c in any_histogram()) {
        prop_assert_eq!(merged(merged(a.clone(), &b), &c), merged(a, &merged(b, &c)));
    }

    #[test]
    fn an_empty_histogram_is_neutral(histogram in any_histogram()) {
        prop_assert_eq!(&merged(histogram.clone(), &Histogram::new()), &histogram);
        prop_assert_eq!(&merged(Histogram::new(), &histogram), &histogram);
    }

    #[test]
    fn the_parts_of_a_split_merge_to_the_whole(values in any_values(), parts in 1_usize..9) {
        let mut whole = Histogram::new();
        for part in 0..parts {
            let dealt: Vec<u64> = values.iter().skip(part).step_by(parts).copied().collect();
            whole.merge(&of(&dealt));
        }
        prop_assert_eq!(&whole, &of(&values));
        for q in QUANTILES {
            prop_assert_eq!(whole.quantile(q), of(&values).quantile(q));
        }
    }

    #[test]
    fn a_cleared_histogram_records_like_a_new_one(before in any_values(), after in any_values()) {
        let mut reused = of(&before);
        reused.clear();
        prop_assert!(reused.is_empty());
        prop_assert!(reused.chunks.iter().flatten().all(|chunk| chunk.iter().all(|count| *count == 0)));
        after.iter().for_each(|value_ns| reused.record(*value_ns));
        prop_assert_eq!(&reused, &of(&after));
        prop_assert_eq!(reused.encode(), of(&after).encode());
    }

    #[test]
    fn recording_a_value_many_times_is_recording_it_often(value_ns in any_value(), count in 0_u64..50) {
        let mut at_once = Histogram::new();
        at_once.record_n(value_ns, count);
        prop_assert_eq!(at_once, of(&vec![value_ns; count as usize]));
    }

    #[test]
    fn the_encoding_is_byte_for_byte_that_of_the_oracle(values in any_values()) {
        prop_assert_eq!(of(&values).encode(), encoded_by_oracle(&oracle_of(&values)));
    }

    #[test]
    fn the_oracle_reads_what_is_encoded_here(histogram in any_histogram()) {
        let read: Oracle = Deserializer::new().deserialize(&mut histogram.encode().as_slice()).unwrap();
        prop_assert_eq!(read.len(), histogram.count());
        for (index, count) in histogram.counters() {
            prop_assert_eq!(read.count_at(lowest_of(index)), count);
        }
    }

    #[test]
    fn encodings_of_an_oracle_of_any_range_are_read_here(values in any_values(), highest in HIGHEST_NS..=u64::MAX) {
        let mut oracle = Oracle::new_with_bounds(1, highest, 3).unwrap();
        values.iter().for_each(|value_ns| oracle.record(*value_ns).unwrap());
        let read = Histogram::decode(&encoded_by_oracle(&oracle)).unwrap();
        prop_assert!(read.counters().eq(of(&values).counters()));
        prop_assert_eq!(read.count(), values.len() as u64);
    }

    #[test]
    fn decoding_keeps_the_counters_and_all_else_within_a_thousandth(histogram in any_histogram()) {
        let read = Histogram::decode(&histogram.encode()).unwrap();
        prop_assert_eq!(read.encode(), histogram.encode());
        prop_assert!((read.mean() - histogram.mean()).abs() <= histogram.mean() * 0.001);
        prop_assert!(read.min() <= histogram.min() && read.max() >= histogram.max());
        prop_assert_eq!(index_of(read.max()), index_of(histogram.max()));
        prop_assert_eq!(index_of(read.min()), index_of(histogram.min()));
    }

    #[test]
    fn the_serde_form_keeps_everything(histogram in any_histogram()) {
        let bytes = rmp_serde::to_vec_named(&histogram).unwrap();
        prop_assert_eq!(rmp_serde::from_slice::<Histogram>(&bytes).unwrap(), histogram);
    }

    #[test]
    fn random_bytes_never_make_decoding_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Histogram::decode(&bytes).is_err());
        let _ = Histogram::decode(&v2(&bytes));
        let _ = rmp_serde::from_slice::<Histogram>(&bytes);
    }

    #[test]
    fn cut_encodings_are_errors(histogram in any_histogram(), at in any::<prop::sample::Index>()) {
        for bytes in [histogram.encode(), rmp_serde::to_vec_named(&histogram).unwrap()] {
            let cut = &bytes[..at.index(bytes.len())];
            prop_assert!(Histogram::decode(cut).is_err());
            prop_assert!(rmp_serde::from_slice::<Histogram>(cut).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..config() })]

    #[test]
    fn damaged_encodings_are_errors_or_consistent_histograms(
        values in prop::collection::vec(any_value(), 0..6),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        in_serde_form in any::<bool>(),
    ) {
        let histogram = of(&values);
        let mut bytes =
            if in_serde_form { rmp_serde::to_vec_named(&histogram).unwrap() } else { histogram.encode() };
        for (at, byte) in &damage {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        let read = if in_serde_form {
            rmp_serde::from_slice(&bytes).ok()
        } else {
            Histogram::decode(&bytes).ok()
        };
        if let Some(read) = read {
            prop_assert_eq!(read.counters().map(|(_, count)| count).sum::<u64>(), read.count());
            prop_assert!(read.min() <= read.max() && read.max() <= HIGHEST_NS);
            prop_assert!(read.min() as f64 <= read.mean() * 1.001 && read.mean() <= read.max() as f64 * 1.001);
            prop_assert_eq!(read.quantile(1.0), read.max());
        }
    }
}

#[test]
fn what_is_not_ours_is_refused_with_its_reason() {
    let valid = of(&[1, 2, 3_000_000]).encode();
    let with = |at: usize, byte: u8| {
        let mut bytes = valid.clone();
        bytes[at] = byte;
        bytes
    };
    let longer = [valid.clone(), vec![0]].concat();
    let i64_max = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    for (what, bytes, reason) in [
        ("nothing", vec![], HistogramError::Length),
        ("V1", with(3, 0x01), HistogramError::Cookie { cookie: 0x1c84_9301 }),
        ("compressed V2", with(3, 0x14), HistogramError::Cookie { cookie: 0x1c84_9314 }),
        ("a header only", valid[..40].to_vec(), HistogramError::Length),
        ("bytes after the end", longer, HistogramError::Length),
        ("shifted counters", with(11, 1), HistogramError::Layout),
        ("two digits", with(15, 2), HistogramError::Layout),
        ("units of 1000", with(22, 3), HistogramError::Layout),
        ("doubles in another unit", with(32, 0x40), HistogramError::Layout),
        ("a counter that is cut", v2(&[0x80]), HistogramError::Length),
        ("zeros without end", v2(&[0xff; 9]), HistogramError::Range),
        ("one zero too many", v2(&[0x81, 0x90, 0x04]), HistogramError::Range),
        ("more than can be counted", v2(&[i64_max.as_slice(), &[2]].concat()), HistogramError::Count),
    ] {
        assert_eq!(Histogram::decode(&bytes), Err(reason), "{what}");
    }
    assert_eq!(Histogram::decode(&v2(&i64_max)).unwrap().count(), MAX_COUNT);
    assert_eq!(Histogram::decode(&v2(&[])), Ok(Histogram::new()));
}

#[test]
fn an_empty_histogram_is_one_byte_and_a_whole_one_says_what_its_numbers_are() {
    assert_eq!(rmp_serde::to_vec_named(&Histogram::new()).unwrap(), [0xc0]);
    let bytes = rmp_serde::to_vec_named(&of(&[1])).unwrap();
    for name in ["min_ns", "max_ns", "sum_ns", "counts"] {
        assert!(bytes.windows(name.len()).any(|window| window == name.as_bytes()), "{name}");
    }
    assert_eq!(bytes.len(), 76);
}

#[test]
fn a_sum_of_more_than_64_bits_survives() {
    let mut histogram = Histogram::new();
    histogram.record_n(3_600_000_000_000, 1 << 36);
    let bytes = rmp_serde::to_vec_named(&histogram).unwrap();
    let read: Histogram = rmp_serde::from_slice(&bytes).unwrap();
    assert_eq!(read, histogram);
    assert_eq!(read.mean(), 3.6e12);
}

#[test]
fn extremes_and_sums_that_the_counters_contradict_are_refused() {
    #[derive(serde::Serialize)]
    struct Form {
        min_ns: u64,
        max_ns: u64,
        sum_ns: i64,
        counts: Bytes,
    }
    struct Bytes(Vec<u8>);
    impl serde::Serialize for Bytes {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&self.0)
        }
    }
    let read = |min_ns, max_ns, sum_ns, counts: &Histogram| {
        let form = Form { min_ns, max_ns, sum_ns, counts: Bytes(counts.encode()) };
        rmp_serde::from_slice::<Histogram>(&rmp_serde::to_vec_named(&form).unwrap())
    };
    let counts = of(&[1_000, 3_000_000]);
    assert_eq!(read(1_000, 3_000_000, 3_001_000, &counts).unwrap(), counts);
    for (min_ns, max_ns, sum_ns) in [
        (999, 3_000_000, 3_001_000),
        (1_000, 4_000_000, 3_001_000),
        (1_000, u64::MAX, 3_001_000),
        (3_000_000, 1_000, 3_001_000),
        (1_000, 3_000_000, 3_010_000),
        (1_000, 3_000_000, 0),
        (1_000, 3_000_000, -1),
    ] {
        let error = read(min_ns, max_ns, sum_ns, &counts).unwrap_err();
        assert!(error.to_string().contains("contradicts"), "{error}");
    }
    assert!(read(0, 0, 0, &Histogram::new()).is_err());
}

#[test]
#[ignore = "a measurement for people: cargo test --release -p kilobar-core ns_per_record -- --ignored --nocapture"]
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures time and prints it")]
fn ns_per_record() {
    // 4096 values around 1 ms with a tail, from a linear congruence; then the same with all powers of two.
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let typical: Vec<u64> =
        (0..4096).map(|_| 800_000 + next() % 400_000 + (next() % 50 / 49) * 9_000_000).collect();
    let spread: Vec<u64> = (0..4096).map(|_| (next() << 11) >> (next() % 42)).collect();
    for (name, values) in [("typical", typical), ("spread over all magnitudes", spread)] {
        let mut histogram = Histogram::new();
        let rounds = 5_000;
        let started = std::time::Instant::now();
        for _ in 0..rounds {
            for value_ns in std::hint::black_box(&values) {
                histogram.record(*value_ns);
            }
        }
        let records = rounds * values.len() as u32;
        println!("{name}: {:.2} ns per record", started.elapsed().as_nanos() as f64 / f64::from(records));
        assert_eq!(histogram.count(), u64::from(records));
    }
}
