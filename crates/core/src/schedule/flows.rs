//! Which flow an arrival executes.

use super::ScheduleError;
use crate::random::mix;

/// 2^64 divided by the golden ratio, made odd. Its multiples fill the circle as evenly as any sequence can.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Chooses flows in proportion to their weights. Which one arrival k executes depends on k and the seed
/// alone, and after any n arrivals each flow has had its part of them within O(log n).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowChoice {
    /// The last point of the circle of 2^64 that belongs to a flow, and the flow; ascending, the last one
    /// complete.
    bounds: Vec<(u64, usize)>,
}

impl FlowChoice {
    /// A choice between as many flows as there are weights.
    ///
    /// # Errors
    /// When a weight is negative or not finite, or none is above zero.
    pub fn new(weights: &[f64]) -> Result<Self, ScheduleError> {
        if let Some(flow) = weights.iter().position(|weight| !weight.is_finite() || *weight < 0.0) {
            return Err(ScheduleError::BadWeight { flow, value: weights[flow] });
        }
        // Relative to the largest, because a sum of finite weights may not be finite.
        let largest = weights.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Err(ScheduleError::NoWeight);
        }
        let total: f64 = weights.iter().map(|weight| weight / largest).sum();
        let mut bounds = Vec::with_capacity(weights.len());
        let mut sum = 0.0;
        for (flow, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            sum += weight / largest;
            let end = (sum / total * 18_446_744_073_709_551_616.0) as u64;
            bounds.push((end.saturating_sub(1), flow));
        }
        if let Some(last) = bounds.last_mut() {
            last.0 = u64::MAX;
        }
        Ok(Self { bounds })
    }

    /// The index of the flow that arrival `number` executes in a run with this seed.
    #[inline]
    pub fn choose(&self, number: u64, seed: u64) -> usize {
        let point = number.wrapping_mul(GOLDEN).wrapping_add(mix(seed, 0x0066_6c6f_7773));
        self.bounds[self.bounds.partition_point(|(bound, _)| *bound < point)].1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn impossible_weights_are_refused_by_their_place() {
        assert_eq!(FlowChoice::new(&[]), Err(ScheduleError::NoWeight));
        assert_eq!(FlowChoice::new(&[0.0, 0.0]), Err(ScheduleError::NoWeight));
        assert_eq!(FlowChoice::new(&[1.0, -2.0]), Err(ScheduleError::BadWeight { flow: 1, value: -2.0 }));
        assert!(matches!(FlowChoice::new(&[f64::NAN]), Err(ScheduleError::BadWeight { flow: 0, .. })));
    }

    #[test]
    fn extreme_weights_do_not_overflow() {
        let choice = FlowChoice::new(&[f64::MAX, f64::MAX, 0.0]).unwrap();
        let first = (0..1000).filter(|number| choice.choose(*number, 1) == 0).count();
        assert!((490..=510).contains(&first), "{first}");
        let choice = FlowChoice::new(&[1e-300, 1e300]).unwrap();
        assert!((0..1000).all(|number| choice.choose(number, 1) == 1));
    }

    #[test]
    fn the_choice_is_the_same_for_the_same_seed_and_another_for_another() {
        let choice = FlowChoice::new(&[1.0, 1.0]).unwrap();
        let of = |seed| (0..64).map(|number| choice.choose(number, seed)).collect::<Vec<_>>();
        assert_eq!(of(1), of(1));
        assert!((2..10).any(|seed| of(seed) != of(1)));
    }

    #[test]
    fn shares_of_workers_hold_the_proportions_too() {
        let choice = FlowChoice::new(&[3.0, 1.0]).unwrap();
        for workers in 1..=32 {
            for worker in 0..workers {
                let chosen = (0..4000).filter(|turn| choice.choose(turn * workers + worker, 9) == 1).count();
                assert!(chosen.abs_diff(1000) <= 40, "worker {worker} of {workers}: {chosen}");
            }
        }
    }

    proptest! {
        #[test]
        fn proportions_are_held_within_the_logarithm_of_the_count(
            mut weights in prop::collection::vec(prop_oneof![Just(0.0), 0.01..10.0], 1..6),
            positive in 0.01..10.0_f64,
            seed in any::<u64>(),
            count in 1..20_000_u64,
        ) {
            weights.push(positive);
            let choice = FlowChoice::new(&weights).unwrap();
            let mut chosen = vec![0_u64; weights.len()];
            for number in 0..count {
                chosen[choice.choose(number, seed)] += 1;
            }
            let total: f64 = weights.iter().sum();
            for (weight, chosen) in weights.iter().zip(chosen) {
                let expected = weight / total * count as f64;
                let bound = 2.0 + 3.0 * (count as f64).ln();
                prop_assert!((chosen as f64 - expected).abs() <= bound, "{chosen} {expected}");
                prop_assert!(*weight > 0.0 || chosen == 0);
            }
        }
    }
}
