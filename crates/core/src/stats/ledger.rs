//! The ledger: where every planned iteration went.

use serde::{Deserialize, Serialize};

/// Counts of iterations. `planned = started + dropped + lost` and `started = ok + failed + in_flight`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Iterations that were due.
    pub planned: u64,
    /// Iterations that were started, late ones included.
    pub started: u64,
    /// Due iterations that were not started because `max_in_flight` was reached.
    pub dropped: u64,
    /// Due iterations of which nothing is known, because their worker died.
    pub lost: u64,
    /// Iterations of which every step succeeded.
    pub ok: u64,
    /// Iterations with a failed step.
    pub failed: u64,
    /// Started and not yet ended: a gauge, at the end of the interval.
    pub in_flight: u64,
}

impl Ledger {
    /// Whether both equations hold.
    pub fn balances(&self) -> bool {
        self.planned == self.started + self.dropped + self.lost
            && self.started == self.ok + self.failed + self.in_flight
    }

    /// Adds the counters of another worker for the same time: gauges add up.
    pub fn merge(&mut self, other: &Self) {
        let in_flight = self.in_flight + other.in_flight;
        self.extend(other);
        self.in_flight = in_flight;
    }

    /// Adds the counters of a later time: gauges keep their newest value.
    ///
    /// The second equation holds for a ledger that was extended from the start of a run, not for one interval of
    /// it, whose iterations may have been started in an earlier one.
    pub fn extend(&mut self, later: &Self) {
        self.planned += later.planned;
        self.started += later.started;
        self.dropped += later.dropped;
        self.lost += later.lost;
        self.ok += later.ok;
        self.failed += later.failed;
        self.in_flight = later.in_flight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_adds_gauges_and_extending_replaces_them() {
        let first = Ledger { planned: 5, started: 5, ok: 2, in_flight: 3, ..Ledger::default() };
        let second = Ledger {
            planned: 4,
            started: 3,
            dropped: 1,
            ok: 1,
            failed: 1,
            in_flight: 1,
            ..Ledger::default()
        };
        let mut workers = first;
        workers.merge(&second);
        assert_eq!(workers.in_flight, 4);
        assert!(workers.balances());

        let mut time = first;
        time.extend(&Ledger { ok: 2, failed: 1, in_flight: 0, ..Ledger::default() });
        assert_eq!(time.in_flight, 0);
        assert!(time.balances());
    }

    #[test]
    fn a_ledger_that_hides_a_loss_does_not_balance() {
        let ledger = Ledger { planned: 10, started: 9, ok: 9, ..Ledger::default() };
        assert!(!ledger.balances());
        assert!(Ledger { lost: 1, ..ledger }.balances());
    }
}
