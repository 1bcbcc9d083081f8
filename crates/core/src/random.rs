//! A small, fast generator for reproducible runs: SplitMix64. Not for anything that must stay secret.
//!
//! Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, with the output function in
//! the form of <https://prng.di.unimi.it/splitmix64.c>. It passes BigCrush, its state is one word and seeding it
//! costs nothing, which suits us: every iteration has a generator of its own, so that iteration k draws the same
//! numbers whoever executes it.

/// 2^64 divided by the golden ratio, made odd: the step of the sequence.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// A seeded sequence of random numbers. A clone continues with the same numbers as its original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The sequence of this seed. For several sequences from one seed, use [`mix`].
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 random bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        scramble(self.state)
    }

    /// A number from 0 to `bound` - 1, each exactly as likely as the others.
    ///
    /// # Panics
    /// When `bound` is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below 0");
        // Lemire, "Fast random integer generation in an interval", 2019: the high half of a product is the result, and
        // the few products that would favour some results are drawn again.
        let mut product = self.next_u64() as u128 * bound as u128;
        if (product as u64) < bound {
            let favoured = bound.wrapping_neg() % bound;
            while (product as u64) < favoured {
                product = self.next_u64() as u128 * bound as u128;
            }
        }
        (product >> 64) as u64
    }

    /// A whole number from `min` to `max`, both included, each exactly as likely as the others.
    ///
    /// # Panics
    /// When `min` is greater than `max`.
    pub const fn range_i64(&mut self, min: i64, max: i64) -> i64 {
        assert!(min <= max, "the range is empty");
        // Two's complement: the distance of any two i64 fits into a u64, and wrapping addition undoes it.
        let distance = max.wrapping_sub(min) as u64;
        let offset = if distance == u64::MAX { self.next_u64() } else { self.below(distance + 1) };
        min.wrapping_add(offset as i64)
    }

    /// A number from 0.0 to just below 1.0: one of the 2^53 evenly spaced ones.
    pub const fn unit_f64(&mut self) -> f64 {
        const SPACING: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.next_u64() >> 11) as f64 * SPACING
    }
}

/// The seed of stream number `index` of a run with this seed. Streams of neighbouring indexes, and of neighbouring
/// seeds, have nothing in common. For more dimensions: `mix(mix(seed, user), iteration)`.
pub const fn mix(seed: u64, index: u64) -> u64 {
    // The seed is scrambled first: were it only added, `mix(seed, 0)` would be the first number of
    // `Random::new(seed)`, and stream 1 of one seed would be stream 0 of another.
    let origin = scramble(seed ^ 0x6b69_6c6f_6261_7221);
    scramble(origin.wrapping_add(index.wrapping_mul(GAMMA)))
}

/// Stafford's variant 13 of the 64-bit finaliser of MurmurHash3: a bijection in which every input bit
/// flips every output bit with a probability close to one half.
const fn scramble(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// Chi-square of `draws` over `cells` equally likely cells; its mean is cells - 1, its variance twice that.
    fn chi_square(cells: usize, draws: usize, mut draw: impl FnMut() -> usize) -> f64 {
        let mut counts = vec![0_u32; cells];
        (0..draws).for_each(|_| counts[draw()] += 1);
        let expected = draws as f64 / cells as f64;
        counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum()
    }

    /// Six standard deviations above the mean. The seeds are fixed, so a test passes always or never.
    fn chi_square_limit(cells: usize) -> f64 {
        let freedom = (cells - 1) as f64;
        freedom + 6.0 * (2.0 * freedom).sqrt()
    }

    #[test]
    fn the_numbers_are_those_of_the_published_generator() {
        let rows: [(u64, &[u64]); 2] = [
            (0, &[0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]),
            (
                1_234_567,
                &[
                    6_457_827_717_110_365_317,
                    3_203_168_211_198_807_973,
                    9_817_491_932_198_370_423,
                    4_593_380_528_125_082_431,
                    16_408_922_859_458_223_821,
                ],
            ),
        ];
        for (seed, expected) in rows {
            let mut random = Random::new(seed);
            let actual: Vec<u64> = expected.iter().map(|_| random.next_u64()).collect();
            assert_eq!(actual, expected, "seed {seed}");
        }
    }

    #[test]
    fn streams_never_change_because_stored_plans_must_replay() {
        let actual = [mix(0, 0), mix(0, 1), mix(1, 0), mix(u64::MAX, u64::MAX)];
        let expected =
            [0xb291_ef4e_d183_df66, 0x6b50_8212_6386_563c, 0xd22a_e294_4f95_9372, 0x0620_0925_4ce6_48ac];
        assert_eq!(actual, expected);
    }

    #[test]
    fn small_bounds_are_hit_evenly() {
        for cells in [2, 3, 7, 10, 100] {
            let mut random = Random::new(42);
            let actual = chi_square(cells, 100_000, || random.below(cells as u64) as usize);
            assert!(actual < chi_square_limit(cells), "{cells} cells: {actual}");
        }
    }

    #[test]
    fn a_bound_that_does_not_divide_the_range_is_not_biased() {
        // Without rejection, four draws would share three results, and every third result would come twice as often.
        let bound = 3 << 62;
        let mut random = Random::new(7);
        let actual = chi_square(3, 100_000, || (random.below(bound) % 3) as usize);
        assert!(actual < chi_square_limit(3), "{actual}");
    }

    #[test]
    fn both_ends_of_a_range_occur() {
        let mut random = Random::new(1);
        let seen: HashSet<i64> = (0..200).map(|_| random.range_i64(-1, 1)).collect();
        assert_eq!(seen, HashSet::from([-1, 0, 1]));
    }

    #[test]
    fn unit_numbers_are_spread_evenly() {
        let mut random = Random::new(3);
        let actual = chi_square(50, 100_000, || (random.unit_f64() * 50.0) as usize);
        assert!(actual < chi_square_limit(50), "{actual}");
    }

    #[test]
    fn first_numbers_of_neighbouring_streams_are_spread_evenly() {
        let mut index = 0;
        let actual = chi_square(64, 100_000, || {
            index += 1;
            Random::new(mix(1, index)).below(64) as usize
        });
        assert!(actual < chi_square_limit(64), "{actual}");
    }

    #[test]
    fn streams_of_one_seed_differ_from_each_other_from_the_sequence_and_from_other_seeds() {
        let mut random = Random::new(5);
        let streams = (0..10_000).flat_map(|index| [mix(5, index), mix(5_u64.wrapping_add(GAMMA), index)]);
        let seen: HashSet<u64> = streams.chain((0..10_000).map(|_| random.next_u64())).collect();
        assert_eq!(seen.len(), 30_000);
    }

    #[test]
    #[should_panic(expected = "the range is empty")]
    fn an_empty_range_is_a_mistake_of_the_caller() {
        Random::new(0).range_i64(1, 0);
    }

    #[test]
    #[should_panic(expected = "there is no number below 0")]
    fn a_bound_of_zero_is_a_mistake_of_the_caller() {
        Random::new(0).below(0);
    }

    proptest! {
        #[test]
        fn numbers_stay_below_their_bound(seed: u64, bound in 1..=u64::MAX) {
            let mut random = Random::new(seed);
            prop_assert!((0..20).all(|_| random.below(bound) < bound));
        }

        #[test]
        fn numbers_stay_in_their_range(seed: u64, one: i64, other: i64) {
            let (min, max) = (one.min(other), one.max(other));
            let mut random = Random::new(seed);
            prop_assert!((0..20).all(|_| (min..=max).contains(&random.range_i64(min, max))));
        }

        #[test]
        fn ranges_at_the_ends_of_i64_do_not_overflow(seed: u64, near in 0_i64..3) {
            let mut random = Random::new(seed);
            random.range_i64(i64::MIN, i64::MAX);
            prop_assert!(random.range_i64(i64::MIN, i64::MIN + near) <= i64::MIN + near);
            prop_assert!(random.range_i64(i64::MAX - near, i64::MAX) >= i64::MAX - near);
        }

        #[test]
        fn unit_numbers_are_at_least_zero_and_below_one(seed: u64) {
            let mut random = Random::new(seed);
            prop_assert!((0..20).all(|_| (0.0..1.0).contains(&random.unit_f64())));
        }

        #[test]
        fn a_clone_continues_with_the_same_numbers(seed: u64) {
            let mut random = Random::new(seed);
            random.next_u64();
            let mut copy = random.clone();
            prop_assert_eq!(random.next_u64(), copy.next_u64());
        }
    }
}
