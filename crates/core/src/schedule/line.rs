//! A rate or a number of users that is constant or ramps linearly, its integral, and the inverse of that
//! integral.
//!
//! The integral decides which arrivals are due before a given nanosecond, and two answers to that question
//! must never contradict each other: a schedule that is cut in two has to hand over exactly the arrivals that
//! it has not fired. So there is **one** comparison, [`Line::exceeds`], and everything else is derived from
//! it: the inverse is by definition the last nanosecond at which the comparison still says no.
//!
//! For that, the comparison must be monotone in time *as computed*, rounding included. A sum of products of
//! values that are not negative is; a difference is not. Hence a line is always read from its low end (a
//! falling ramp backwards in time), which also keeps full relative precision where a ramp comes down to zero.

/// A linear function of time over a stage, or over what is left of one. Never negative.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// The value at the low end.
    low: f64,
    /// Half of what the value grows by per nanosecond, away from the low end.
    half_growth: f64,
    length_ns: u64,
    /// The low end is the later one.
    falling: bool,
    /// The integral over the whole length, in units of value times nanosecond.
    area: f64,
}

impl Line {
    /// The line from one value to another.
    pub(super) fn between(from: f64, to: f64, length_ns: u64) -> Self {
        let low = from.min(to);
        let half_growth = (from.max(to) - low) / length_ns as f64 / 2.0;
        Self::from_low_end(low, half_growth, length_ns, to < from)
    }

    /// The constant line with this integral.
    pub(super) fn with_area(area: f64, length_ns: u64) -> Self {
        Self::from_low_end(area / length_ns as f64, 0.0, length_ns, false)
    }

    fn from_low_end(low: f64, half_growth: f64, length_ns: u64, falling: bool) -> Self {
        let mut line = Self { low, half_growth, length_ns, falling, area: 0.0 };
        line.area = line.area_from_low_end(length_ns);
        line
    }

    /// The same line without its first `elapsed_ns`.
    pub(super) fn after(&self, elapsed_ns: u64) -> Self {
        let low = if self.falling { self.low } else { self.value_at(elapsed_ns) };
        Self::from_low_end(low, self.half_growth, self.length_ns - elapsed_ns, self.falling)
    }

    /// The line times a factor, or times less where it would rise above `limit`. A line that nowhere reaches
    /// `least` becomes zero, so that no arithmetic on it can underflow.
    pub(super) fn scaled(&self, factor: f64, least: f64, limit: f64) -> Self {
        let peak = self.peak();
        let factor = if peak * factor > limit { limit / peak } else { factor };
        if peak * factor < least {
            return Self::between(0.0, 0.0, self.length_ns);
        }
        Self::from_low_end(self.low * factor, self.half_growth * factor, self.length_ns, self.falling)
    }

    fn peak(&self) -> f64 {
        self.low + 2.0 * self.half_growth * self.length_ns as f64
    }

    /// The value after `elapsed_ns`; as computed, never falling on a rising line and never rising on a
    /// falling one.
    pub(super) fn value_at(&self, elapsed_ns: u64) -> f64 {
        let from_low_end_ns = if self.falling { self.length_ns - elapsed_ns } else { elapsed_ns };
        self.low + 2.0 * self.half_growth * from_low_end_ns as f64
    }

    /// The integral over the first `elapsed_ns`.
    pub(super) fn area_over(&self, elapsed_ns: u64) -> f64 {
        if self.falling {
            self.area - self.area_from_low_end(self.length_ns - elapsed_ns)
        } else {
            self.area_from_low_end(elapsed_ns)
        }
    }

    /// Whether the low end is the later one, so that areas are measured back from there.
    pub(super) fn is_falling(&self) -> bool {
        self.falling
    }

    /// Whether the integral over the first `elapsed_ns` goes beyond a point, which is given by the `area`
    /// between it and the low end. Monotone in both, as computed. Never at the start, where the integral is
    /// nothing.
    pub(super) fn exceeds(&self, elapsed_ns: u64, area: f64) -> bool {
        if self.falling {
            elapsed_ns > 0 && self.area_from_low_end(self.length_ns - elapsed_ns) < area
        } else {
            self.area_from_low_end(elapsed_ns) > area
        }
    }

    /// The last instant at which the integral does not yet exceed the same point: its inverse, rounded down.
    ///
    /// Only for a point that is exceeded at the end.
    pub(super) fn last_until(&self, area: f64) -> u64 {
        let guess_ns = self.inverse_from_low_end(area);
        if self.falling {
            self.length_ns
                - first(guess_ns, self.length_ns, |left_ns| self.area_from_low_end(left_ns) >= area)
        } else {
            first(guess_ns, self.length_ns, |elapsed_ns| self.area_from_low_end(elapsed_ns) > area) - 1
        }
    }

    fn area_from_low_end(&self, length_ns: u64) -> f64 {
        // Through i64, because that conversion is one instruction. Lengths are below 2^53.
        let length_ns = length_ns.cast_signed() as f64;
        length_ns * (self.low + self.half_growth * length_ns)
    }

    /// Solves `half_growth * x^2 + low * x = area` for x. In this form of the quadratic formula nothing is
    /// subtracted, so it is exact to a few ulp for any slope, the tiniest included.
    fn inverse_from_low_end(&self, area: f64) -> f64 {
        if area <= 0.0 {
            0.0
        } else if area >= self.area {
            self.length_ns as f64
        } else if self.half_growth == 0.0 {
            area / self.low
        } else {
            2.0 * area / (self.low + (self.low * self.low + 4.0 * self.half_growth * area).sqrt())
        }
    }
}

/// The first number from 1 to `last` at which something is reached. That is just after `guess`, but for
/// rounding.
#[inline]
fn first(guess: f64, last: u64, reached: impl Fn(u64) -> bool) -> u64 {
    let guess = (guess as i64).cast_unsigned().saturating_add(1).min(last);
    if reached(guess) && !(guess > 1 && reached(guess - 1)) { guess } else { search(guess, last, reached) }
}

/// Apart from [`first`] and cold, because a compiler that unrolls these loops triples the cost of every
/// arrival.
#[cold]
#[inline(never)]
fn search(guess: u64, last: u64, reached: impl Fn(u64) -> bool) -> u64 {
    let mut number = guess;
    while number > 1 && reached(number - 1) {
        number -= 1;
    }
    while number < last && !reached(number) {
        number += 1;
    }
    number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY_NS: u64 = 86_400_000_000_000;

    /// Lines as people ask for them: constant, up from zero, down to zero, and hardly sloped at all.
    fn lines() -> impl Strategy<Value = Line> {
        let value = prop_oneof![Just(0.0), 0.001..10.0, 10.0..1e6];
        let slope = prop_oneof![Just(0.0), Just(1e-12), -1.0..1.0, Just(-1.0)];
        (value, slope, prop_oneof![1..1000_u64, 1..100 * DAY_NS]).prop_map(|(from, slope, length_ns)| {
            Line::between(from, (from + from * slope).max(0.0), length_ns)
        })
    }

    fn integral(line: &Line, elapsed_ns: u64) -> f64 {
        const STEPS: u64 = 1000;
        let width = elapsed_ns as f64 / STEPS as f64;
        (0..STEPS)
            .map(|step| {
                let middle_ns = ((step as f64 + 0.5) * width) as u64;
                line.value_at(middle_ns) * width
            })
            .sum()
    }

    proptest! {
        #[test]
        fn the_inverse_is_the_last_instant_that_does_not_exceed(line in lines(), part in 0.0..1.0_f64) {
            let area = line.area * part;
            if !line.exceeds(line.length_ns, area) {
                return Ok(());
            }
            let at_ns = line.last_until(area);
            prop_assert!(at_ns < line.length_ns);
            prop_assert!(!line.exceeds(at_ns, area));
            prop_assert!(line.exceeds(at_ns + 1, area));
        }

        #[test]
        fn the_area_agrees_with_numeric_integration(line in lines(), part in 0.0..1.0_f64) {
            let elapsed_ns = (line.length_ns as f64 * part) as u64;
            // Below, whole nanoseconds are too coarse for a numeric integration.
            if elapsed_ns < 1_000_000 {
                return Ok(());
            }
            let (exact, numeric) = (line.area_over(elapsed_ns), integral(&line, elapsed_ns));
            prop_assert!((exact - numeric).abs() <= line.area * 1e-6, "{exact} {numeric}");
        }

        #[test]
        fn the_rest_of_a_line_is_the_line_from_there_on(
            line in lines(), part in 0.0..1.0_f64, later in 0.0..1.0_f64,
        ) {
            let cut_ns = (line.length_ns as f64 * part) as u64;
            let rest = line.after(cut_ns);
            let later_ns = (rest.length_ns as f64 * later) as u64;
            let (there, here) = (line.value_at(cut_ns + later_ns), rest.value_at(later_ns));
            prop_assert!((there - here).abs() <= 1e-12 * line.peak(), "{there} {here}");
            prop_assert!((line.area_over(cut_ns) + rest.area - line.area).abs() <= 1e-12 * line.area);
        }
    }

    #[test]
    fn a_scaled_line_respects_its_limits() {
        let line = Line::between(10.0, 100.0, 1_000);
        assert_eq!(line.scaled(2.0, 1e-9, 1e9).value_at(1_000), 200.0);
        assert_eq!(line.scaled(2.0, 1e-9, 50.0).value_at(1_000), 50.0);
        assert_eq!(line.scaled(1e-12, 1e-9, 50.0).peak(), 0.0);
    }
}
