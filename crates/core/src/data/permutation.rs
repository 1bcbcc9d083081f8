//! A seeded permutation of 0 to n - 1 that needs no memory.

use crate::random::mix;

/// Rounds of the Feistel network. Four make a pseudorandom permutation of a good round function (Luby and Rackoff,
/// 1988); the two more are for networks of very few bits.
const ROUNDS: usize = 6;

/// A permutation of the numbers below `size`, computed for one number at a time.
///
/// A Feistel network permutes the numbers of an even number of bits, whatever its round function is. The smallest one
/// that holds `size` numbers is at most four times as large. A result that is not below `size` is permuted again until
/// one is ("cycle walking", Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permutation {
    size: u64,
    half_bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The permutation of 0 to `size` - 1 with this seed.
    pub fn new(size: u64, seed: u64) -> Self {
        let bits = u64::BITS - size.saturating_sub(1).leading_zeros();
        let keys = std::array::from_fn(|round| mix(seed, round as u64));
        Self { size, half_bits: bits.div_ceil(2), keys }
    }

    /// Where `number` goes.
    ///
    /// # Panics
    /// When `number` is not below the size.
    pub fn apply(&self, number: u64) -> u64 {
        assert!(number < self.size, "{number} is not below {}", self.size);
        let mut permuted = self.network(number);
        while permuted >= self.size {
            permuted = self.network(permuted);
        }
        permuted
    }

    fn network(&self, number: u64) -> u64 {
        let mask = (1_u64 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (mix(key, right) & mask));
        }
        left << self.half_bits | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{HashMap, HashSet};

    fn all(size: u64, seed: u64) -> Vec<u64> {
        let permutation = Permutation::new(size, seed);
        (0..size).map(|number| permutation.apply(number)).collect()
    }

    #[test]
    fn a_permutation_never_changes_because_stored_plans_must_replay() {
        assert_eq!(all(10, 1), [8, 3, 6, 1, 7, 0, 5, 2, 4, 9]);
        assert_eq!(Permutation::new(u64::MAX, 7).apply(0), 4_802_534_967_451_894_818);
    }

    #[test]
    fn every_order_of_four_rows_is_about_as_likely_as_the_others() {
        let mut counts: HashMap<Vec<u64>, u32> = HashMap::new();
        (0..24_000).for_each(|seed| *counts.entry(all(4, seed)).or_default() += 1);
        assert_eq!(counts.len(), 24);
        assert!(counts.values().all(|count| (500..2000).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_first_of_many_rows_is_any_row() {
        let mut counts = [0_u32; 10];
        (0..10_000).for_each(|seed| counts[(Permutation::new(1_000, seed).apply(0) / 100) as usize] += 1);
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }

    #[test]
    #[should_panic(expected = "3 is not below 3")]
    fn a_number_outside_is_a_mistake_of_the_caller() {
        Permutation::new(3, 0).apply(3);
    }

    proptest! {
        #[test]
        fn each_number_is_hit_exactly_once(size in 0_u64..3_000, seed: u64) {
            let seen: HashSet<u64> = all(size, seed).into_iter().collect();
            prop_assert_eq!(seen.len() as u64, size);
            prop_assert!(seen.iter().all(|number| *number < size));
        }

        #[test]
        fn numbers_of_a_huge_permutation_stay_below_its_size_and_differ(size in 1_u64 << 33..=u64::MAX, seed: u64) {
            let permutation = Permutation::new(size, seed);
            let seen: HashSet<u64> = (0..50).map(|number| permutation.apply(number)).collect();
            prop_assert_eq!(seen.len(), 50);
            prop_assert!(seen.iter().all(|number| *number < size));
        }
    }
}
