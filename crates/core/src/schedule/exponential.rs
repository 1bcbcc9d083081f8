//! Exponential gaps, each a function of (seed, number), and the same to the last bit on every machine.

use crate::random::mix;

/// Gap `number` of the sequence with this seed: exponential with mean 1, from 1e-16 to 36.7.
pub(super) fn gap(seed: u64, number: u64) -> f64 {
    const SPACING: f64 = 1.0 / (1_u64 << 52) as f64;
    // In the middle of one of 2^52 cells: never 0 and never 1.
    -ln(((mix(seed, number) >> 12) as f64 + 0.5) * SPACING)
}

/// The natural logarithm of a positive normal number, to about 1e-15.
///
/// `f64::ln` comes from the platform and may differ in the last bit from machine to machine; then two workers
/// would disagree on which of them owns an arrival at the instant of a change. These operations round alike
/// everywhere.
fn ln(value: f64) -> f64 {
    /// The bits of the square root of one half: the mantissa is taken from there to the square root of two.
    const ROOT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
    const MANTISSA_MASK: u64 = (1 << 52) - 1;
    let shifted = value.to_bits().wrapping_sub(ROOT_HALF_BITS);
    let exponent = (shifted.cast_signed() >> 52) as f64;
    let mantissa = f64::from_bits((shifted & MANTISSA_MASK) + ROOT_HALF_BITS);

    // ln m = 2 artanh((m - 1) / (m + 1)) = 2 (s + s^3/3 + s^5/5 + ...) with |s| below 0.172; in the order of
    // Estrin, which lets the processor work on the terms side by side.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let (z2, z4) = (z * z, z * z * (z * z));
    let low = (1.0 + z * (1.0 / 3.0)) + z2 * (1.0 / 5.0 + z * (1.0 / 7.0));
    let middle = (1.0 / 9.0 + z * (1.0 / 11.0)) + z2 * (1.0 / 13.0 + z * (1.0 / 15.0));
    let series = low + z4 * (middle + z4 * (1.0 / 17.0));
    exponent * std::f64::consts::LN_2 + 2.0 * s * series
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gaps_are_exponential_by_a_kolmogorov_smirnov_bound() {
        const COUNT: usize = 100_000;
        let mut gaps: Vec<f64> = (0..COUNT as u64).map(|number| gap(7, number)).collect();
        gaps.sort_by(f64::total_cmp);
        let distance = gaps
            .iter()
            .enumerate()
            .map(|(index, gap)| ((1.0 - (-gap).exp()) - (index as f64 + 0.5) / COUNT as f64).abs())
            .fold(0.0, f64::max);
        // 1.95 / sqrt(n) is exceeded by chance once in a thousand times; the seed is fixed.
        assert!(distance < 1.95 / (COUNT as f64).sqrt(), "{distance}");
    }

    #[test]
    fn neighbouring_gaps_are_not_correlated() {
        const COUNT: u64 = 100_000;
        let products: f64 =
            (0..COUNT).map(|number| (gap(3, number) - 1.0) * (gap(3, number + 1) - 1.0)).sum();
        assert!((products / (COUNT as f64).sqrt()).abs() < 4.0);
    }

    #[test]
    fn the_extreme_draws_are_finite_and_positive() {
        assert_eq!(ln(1.0), 0.0);
        let cell = 1.0 / (1_u64 << 52) as f64;
        assert!(ln(0.5 * cell) > -36.8);
        assert!(ln(1.0 - 0.5 * cell) < 0.0);
    }

    proptest! {
        #[test]
        fn the_logarithm_agrees_with_that_of_the_platform(value in prop_oneof![1e-16..1.0_f64, 0.9..1.1_f64]) {
            let (ours, platform) = (ln(value), value.ln());
            prop_assert!((ours - platform).abs() <= 2e-15 * platform.abs().max(1e-300), "{ours} {platform}");
        }
    }
}
