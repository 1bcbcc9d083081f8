//! Live changes: a new schedule that is the old one up to an instant and different from there on.

use super::Schedule;
use super::stages::Segment;
use crate::random::mix;

/// Cuts that live changes may leave in a schedule. When there are more, the older half is thinned out:
/// neighbouring pieces of a stage become one with their arrivals at the mean rate. That alters nothing at the
/// cuts that remain and nothing after the newest [`MAX_CUTS`] / 2 of them.
pub const MAX_CUTS: usize = 2048;

impl Schedule {
    /// The same load with rate and users multiplied by `factor` from `at_ns` on. What is due before `at_ns`
    /// is identical. Can be repeated any number of times, see [`MAX_CUTS`].
    ///
    /// A product above [`super::MAX_RATE_PER_S`] or [`super::MAX_USERS`] stops there. A factor of 0 is final:
    /// nothing times 0 comes back. A factor that is negative or not finite changes nothing; refuse it where
    /// it comes from.
    pub fn rescaled(&self, at_ns: u64, factor: f64) -> Self {
        if !factor.is_finite() || factor < 0.0 {
            return self.clone();
        }
        if let Some(limit) = &self.limit {
            return limit.unlimited.rescaled(at_ns, factor).with_at_most(limit.most_arrivals);
        }
        let mut changed = self.before(at_ns);
        for segment in &self.segments[self.index_at(at_ns)..] {
            let rest = segment.rescaled_after(changed.segments.last(), factor);
            changed.segments.push(rest);
        }
        changed.thin_out();
        changed.revision = mix(mix(mix(self.revision, 1), at_ns), factor.to_bits());
        changed
    }

    /// The same load, ending at `at_ns`, or at its own end when that is earlier. What is due before is
    /// identical.
    pub fn ended_at(&self, at_ns: u64) -> Self {
        let mut ended = self.before(at_ns);
        ended.revision = mix(mix(self.revision, 2), at_ns);
        ended
    }

    fn before(&self, at_ns: u64) -> Self {
        let index = self.index_at(at_ns);
        let mut segments = Vec::with_capacity(self.segments.len() + 1);
        segments.extend_from_slice(&self.segments[..index]);
        if let Some(cut) = self.segments.get(index).filter(|segment| segment.start_ns < at_ns) {
            segments.push(cut.until(at_ns));
        }
        Self { segments, limit: None, ..*self }
    }

    fn thin_out(&mut self) {
        let cuts = self.segments.windows(2).filter(|pair| pair[0].stage == pair[1].stage).count();
        if cuts <= MAX_CUTS {
            return;
        }
        let newest = self.segments.split_off(self.segments.len() - MAX_CUTS / 2);
        let mut thinned: Vec<Segment> = Vec::with_capacity(self.segments.len());
        let mut may_fuse = false;
        for segment in self.segments.drain(..) {
            match thinned.last_mut().filter(|last| may_fuse && last.stage == segment.stage) {
                Some(last) => {
                    *last = last.fused(&segment);
                    may_fuse = false;
                }
                None => {
                    thinned.push(segment);
                    may_fuse = true;
                }
            }
        }
        thinned.extend(newest);
        self.segments = thinned;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ArrivalLaw, Stage};
    use crate::schedule::Arrivals;

    const S: u64 = 1_000_000_000;

    fn steady(rate: f64, seconds: u64) -> Schedule {
        let stage = Stage::Rate { from: rate, to: rate, duration_ns: seconds * S };
        Schedule::new(&[stage], ArrivalLaw::Uniform, 1).unwrap()
    }

    #[test]
    fn a_change_takes_effect_at_its_instant_and_lasts() {
        let changed = steady(100.0, 10).rescaled(4 * S, 2.0);
        assert_eq!(changed.rate_at(4 * S - 1), 100.0);
        assert_eq!(changed.rate_at(4 * S), 200.0);
        assert_eq!(changed.planned_until(4 * S), 400);
        assert_eq!(changed.planned_until(u64::MAX), 400 + 1200);
    }

    #[test]
    fn impossible_factors_change_nothing_and_huge_ones_stop_at_the_limit() {
        let schedule = steady(100.0, 10);
        for factor in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(schedule.rescaled(S, factor), schedule);
        }
        assert_eq!(schedule.rescaled(0, 1e300).rate_at(0), crate::schedule::MAX_RATE_PER_S);
        let users = Stage::Users { from: 10.0, to: 20.0, duration_ns: S };
        let users = Schedule::new(&[users], ArrivalLaw::Uniform, 1).unwrap();
        assert_eq!(users.rescaled(0, 1e300).users_at(S - 1), 100_000_000);
    }

    #[test]
    fn a_rate_of_zero_is_final() {
        let stopped = steady(100.0, 10).rescaled(S, 0.0).rescaled(2 * S, 5.0);
        assert_eq!(stopped.planned_until(u64::MAX), 100);
        assert_eq!(stopped.duration_ns(), 10 * S);
    }

    #[test]
    fn an_ended_load_has_nothing_after_its_end() {
        let ended = steady(100.0, 10).ended_at(3 * S / 2);
        assert_eq!((ended.duration_ns(), ended.planned_until(u64::MAX)), (3 * S / 2, 150));
        assert_eq!(ended.ended_at(9 * S).duration_ns(), 3 * S / 2);
        let nothing = ended.ended_at(0);
        assert_eq!((nothing.duration_ns(), nothing.rate_at(0), nothing.users_at(0)), (0, 0.0, 0));
        assert_eq!((nothing.planned_until(S), nothing.next_users_change(0)), (0, None));
        assert_eq!(Arrivals::new(&nothing).peek(&nothing), None);
        assert_eq!(nothing.rescaled(S, 2.0).duration_ns(), 0);
    }

    #[test]
    fn ten_thousand_changes_keep_their_counts_in_bounded_space() {
        let mut schedule = steady(1000.0, 20_000);
        let mut arrivals = Arrivals::new(&schedule);
        let mut fired = 0;
        for press in 0..10_000_u64 {
            let at_ns = (press + 1) * S;
            while arrivals.peek(&schedule).is_some_and(|arrival| arrival.at_ns < at_ns) {
                arrivals.advance();
                fired += 1;
            }
            let changed = schedule.rescaled(at_ns, if press % 2 == 0 { 0.5 } else { 2.0 });
            assert_eq!(changed.planned_until(at_ns), fired);
            schedule = changed;
            assert!(schedule.segments.len() <= MAX_CUTS + 1, "{}", schedule.segments.len());
        }
        // Half of the first 10,000 s run at half the rate, but for the first second, which runs at the whole
        // one.
        assert_eq!(schedule.planned_until(u64::MAX), 1000 + 5000 * 500 + 4999 * 1000 + 9_999 * 1000 + 1000);
        assert!(schedule.segments.windows(2).all(|pair| pair[0].until == pair[1].first));
        assert!(schedule.segments.windows(2).all(|pair| pair[0].end_ns == pair[1].start_ns));
    }
}
