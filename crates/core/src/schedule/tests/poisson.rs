//! Poisson arrivals: the counts and gaps that theory asks for, and the same ones for everybody.

use super::*;

fn poisson(stages: &[Stage], seed: u64) -> Schedule {
    Schedule::new(stages, ArrivalLaw::Poisson, seed).unwrap()
}

#[test]
fn counts_have_the_mean_and_the_variance_of_a_poisson_process() {
    const SEEDS: u64 = 2000;
    // A ramp, so that the inverse is tested along: 250 expected in all, 90 in the first six seconds.
    for (until_ns, mean) in [(6 * S, 90.0), (10 * S, 250.0)] {
        let counts: Vec<f64> = (0..SEEDS)
            .map(|seed| poisson(&[rate(0.0, 50.0, 10 * S)], seed).planned_until(until_ns) as f64)
            .collect();
        let n = SEEDS as f64;
        let average = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|count| (count - average).powi(2)).sum::<f64>() / (n - 1.0);
        assert!((average - mean).abs() < 4.0 * (mean / n).sqrt(), "{average}");
        // The variance of a sample variance is (kurtosis - 1) variance^2 / n, which here is (2 + 1 / mean)
        // mean^2 / n.
        assert!((variance - mean).abs() < 4.0 * mean * ((2.0 + 1.0 / mean) / n).sqrt(), "{variance}");
    }
}

#[test]
fn gaps_at_a_constant_rate_are_exponential_by_a_kolmogorov_smirnov_bound() {
    let arrivals = all(&poisson(&[rate(1000.0, 1000.0, 100 * S)], 42));
    let mut gaps: Vec<f64> =
        arrivals.windows(2).map(|pair| (pair[1].at_ns - pair[0].at_ns) as f64 / 1e6).collect();
    gaps.sort_by(f64::total_cmp);
    let n = gaps.len() as f64;
    let distance = gaps
        .iter()
        .enumerate()
        .map(|(index, gap)| ((1.0 - (-gap).exp()) - (index as f64 + 0.5) / n).abs())
        .fold(0.0, f64::max);
    assert!(distance < 1.95 / n.sqrt(), "{distance}");
}

#[test]
fn disjoint_seconds_are_not_correlated() {
    let schedule = poisson(&[rate(100.0, 100.0, 2000 * S)], 8);
    let mut per_second = vec![0.0; 2000];
    all(&schedule).iter().for_each(|arrival| per_second[(arrival.at_ns / S) as usize] += 1.0);
    let covariance: f64 = per_second.windows(2).map(|pair| (pair[0] - 100.0) * (pair[1] - 100.0)).sum();
    assert!((covariance / 1999.0_f64.sqrt() / 100.0).abs() < 4.0);
}

#[test]
fn the_seed_decides_and_a_fixed_seed_gives_these_very_nanoseconds() {
    let stages = [rate(10.0, 10.0, S), rate(10.0, 20.0, S)];
    assert_eq!(all(&poisson(&stages, 1)), all(&poisson(&stages, 1)));
    assert_ne!(all(&poisson(&stages, 1)), all(&poisson(&stages, 2)));
    let times: Vec<u64> = all(&poisson(&stages, 1)).iter().take(4).map(|arrival| arrival.at_ns).collect();
    // A golden value: another one means that workers of different versions would disagree.
    assert_eq!(times, [100_770_604, 141_496_487, 381_375_584, 401_564_279]);
}
