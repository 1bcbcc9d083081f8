//! Answers that change with every request: a counter, and jobs that take a while.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use serde_json::json;

use super::Exchange;
use crate::limits::MAX_JOBS;
use crate::response::JSON;
use crate::script::Reply;

/// How often a job is found at work before it is done.
const LOOKS_AT_WORK: u8 = 2;

/// `/counter`, `/jobs/start` and `/jobs/ID`.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    value: Cell<u64>,
    ledger: RefCell<Ledger>,
}

impl Jobs {
    pub(super) fn reset(&self) {
        self.value.set(0);
        *self.ledger.borrow_mut() = Ledger::default();
    }

    /// `/counter`
    pub(super) fn count(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        self.value.set(self.value.get() + 1);
        exchange.respond_json(200, &json!({"value": self.value.get()}))
    }

    /// `/jobs/start`
    pub(super) fn start(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        let id = self.ledger.borrow_mut().start();
        let location = format!("/jobs/{id}");
        let body = json!({"id": id, "state": "working"}).to_string();
        exchange.respond_with(202, JSON, &[("location", &location)], body.as_bytes())
    }

    /// `/jobs/ID`
    pub(super) fn look(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        let id = exchange.rest.parse().ok();
        match id.and_then(|id| Some((id, self.ledger.borrow_mut().look(id)?))) {
            Some((id, true)) => exchange.respond_json(200, &json!({"id": id, "state": "done"})),
            Some((id, false)) => exchange.respond_json(200, &json!({"id": id, "state": "working"})),
            None => exchange.refuse(404, "there is no such job; POST /jobs/start starts one"),
        }
    }
}

/// How often each of the youngest jobs was looked at.
#[derive(Debug, Default)]
struct Ledger {
    /// Jobs before the first of `looks`.
    forgotten: u64,
    looks: VecDeque<u8>,
}

impl Ledger {
    /// The number of a new job, from 1.
    fn start(&mut self) -> u64 {
        if self.looks.len() == MAX_JOBS {
            self.looks.pop_front();
            self.forgotten += 1;
        }
        self.looks.push_back(0);
        self.forgotten + self.looks.len() as u64
    }

    /// Whether the job is done; `None` when there is none with this number.
    fn look(&mut self, id: u64) -> Option<bool> {
        let index = id.checked_sub(self.forgotten + 1)?;
        let looks = self.looks.get_mut(usize::try_from(index).ok()?)?;
        let done = *looks >= LOOKS_AT_WORK;
        *looks += u8::from(!done);
        Some(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_at_work_twice_and_then_stays_done() {
        let mut ledger = Ledger::default();
        assert_eq!((ledger.start(), ledger.start()), (1, 2));
        let looks: Vec<_> = (0..4).map(|_| ledger.look(1)).collect();
        assert_eq!(looks, [Some(false), Some(false), Some(true), Some(true)]);
        assert_eq!(ledger.look(2), Some(false), "each job has a course of its own");
    }

    #[test]
    fn there_are_only_jobs_that_were_started() {
        let mut ledger = Ledger::default();
        ledger.start();
        for id in [0, 2, u64::MAX] {
            assert_eq!(ledger.look(id), None, "{id}");
        }
    }

    #[test]
    fn the_oldest_jobs_are_forgotten_when_there_are_too_many() {
        let mut ledger = Ledger::default();
        let last = (0..MAX_JOBS + 3).map(|_| ledger.start()).last();
        assert_eq!(last, Some(MAX_JOBS as u64 + 3));
        assert_eq!((ledger.look(3), ledger.look(4)), (None, Some(false)));
        assert_eq!(ledger.looks.len(), MAX_JOBS);
    }
}
