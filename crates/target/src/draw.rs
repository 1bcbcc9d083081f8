//! Random numbers that are the same in every run with the same seed.

use std::cell::Cell;

/// What a number is drawn for. Each has a sequence of its own, so that draws for one do not shift another's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    Uniform,
    Exponential,
    Bimodal,
    Flaky,
    Shop,
}

const STREAMS: usize = Stream::Shop as usize + 1;

/// The sequences of one target.
#[derive(Debug)]
pub(crate) struct Draws {
    seed: u64,
    states: [Cell<u64>; STREAMS],
}

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        let draws = Draws { seed, states: Default::default() };
        draws.rewind();
        draws
    }

    /// Starts every sequence from its beginning.
    pub(crate) fn rewind(&self) {
        for (index, state) in self.states.iter().enumerate() {
            state.set(mix(self.seed).wrapping_add(mix(index as u64 + 1)));
        }
    }

    /// The next number of a sequence, at least 0 and below 1.
    pub(crate) fn next(&self, stream: Stream) -> f64 {
        let state = &self.states[stream as usize];
        state.set(state.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
        (mix(state.get()) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The output function of SplitMix64: a bijection that scatters its argument.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(draws: &Draws, stream: Stream) -> Vec<f64> {
        (0..8).map(|_| draws.next(stream)).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_and_another_seed_differs() {
        let drawn = first(&Draws::new(7), Stream::Flaky);
        assert_eq!(drawn, first(&Draws::new(7), Stream::Flaky));
        assert_ne!(drawn, first(&Draws::new(8), Stream::Flaky));
        assert_ne!(drawn, first(&Draws::new(7), Stream::Shop));
    }

    #[test]
    fn draws_for_one_purpose_do_not_shift_those_for_another() {
        let (alone, mixed) = (Draws::new(7), Draws::new(7));
        first(&mixed, Stream::Shop);
        assert_eq!(first(&alone, Stream::Flaky), first(&mixed, Stream::Flaky));
    }

    #[test]
    fn rewinding_starts_from_the_beginning() {
        let draws = Draws::new(7);
        let drawn = first(&draws, Stream::Uniform);
        draws.rewind();
        assert_eq!(drawn, first(&draws, Stream::Uniform));
    }

    #[test]
    fn draws_spread_evenly_over_zero_to_one() {
        let draws = Draws::new(1);
        let mut tenths = [0u32; 10];
        for _ in 0..10_000 {
            tenths[(draws.next(Stream::Uniform) * 10.0) as usize] += 1;
        }
        assert!(tenths.iter().all(|count| (900..1100).contains(count)), "{tenths:?}");
    }
}
