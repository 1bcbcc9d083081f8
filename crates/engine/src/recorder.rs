//! Counts what the users of a worker do, into the interval that is being measured.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use kilobar_core::plan::SeriesName;
use kilobar_core::stats::{ErrorClass, FailureSample, Interval, Phase, Series};

use crate::dial::{DialTimes, Failure};
use crate::exchange::Exchange;
use crate::host::TimedStep;
use crate::program::Program;
use crate::redirect::Hop;

/// The measurements of one worker since the last cut.
pub struct Recorder {
    interval: RefCell<Interval>,
    cpu_ns: Cell<u64>,
    worker: u32,
    /// Indexes of series that were named at run time, by kind and name.
    found: RefCell<HashMap<String, HashMap<String, usize>>>,
    /// Users that rest between two iterations.
    resting: Cell<u64>,
    /// Users that drive themselves.
    guests: Cell<u64>,
}

/// A step that has ended.
pub struct Ended<'a> {
    /// Index of its series.
    pub series: usize,
    /// When it was meant to start.
    pub intended_ns: u64,
    /// The redirects before it; the step is all of them together.
    pub hops: &'a [Hop],
    /// What it did on the wire.
    pub exchange: &'a Exchange,
    /// What opening a connection cost, if it had to be opened.
    pub dial: Option<&'a DialTimes>,
    /// Whether a whole response came.
    pub complete: bool,
    /// Why it failed, if it did.
    pub failure: Option<&'a Failure>,
}

/// What people may see of a failed step: secrets are hidden.
#[derive(Debug, Default)]
pub struct Shown {
    /// What happened.
    pub message: String,
    /// What was sent; empty when the step is no request.
    pub request: String,
    /// What came back, as far as it is shown.
    pub response: String,
}

impl Recorder {
    /// A recorder for the worker with this index.
    pub fn new(program: &Program, worker: u32) -> Self {
        let plan = &program.plan;
        Self {
            interval: RefCell::new(Interval::of_plan(plan)),
            cpu_ns: Cell::new(kilobar_clock::process_cpu_ns()),
            worker,
            found: RefCell::default(),
            resting: Cell::new(0),
            guests: Cell::new(0),
        }
    }

    /// Index of the series with this name and kind. Those past the limit are counted together.
    pub fn series_of(&self, name: &str, kind: &str) -> usize {
        if let Some(index) = self.found.borrow().get(kind).and_then(|names| names.get(name)) {
            return *index;
        }
        let asked = SeriesName { name: name.to_owned(), kind: kind.to_owned() };
        let mut interval = self.interval.borrow_mut();
        let index = interval.series_index(&asked);
        if interval.series[index].name == asked {
            self.found.borrow_mut().entry(asked.kind).or_default().insert(asked.name, index);
        }
        index
    }

    /// The name of a series.
    pub fn series_name(&self, index: usize) -> String {
        self.interval.borrow().series[index].name.name.clone()
    }

    /// A step that Python timed has ended.
    pub fn timed(&self, step: &TimedStep) {
        let index = self.series_of(&step.name, &step.kind);
        let mut interval = self.interval.borrow_mut();
        let series = &mut interval.series[index];
        series.count += 1;
        series.bytes_in += step.bytes_in;
        series.bytes_out += step.bytes_out;
        if let Some((class, _)) = &step.failure {
            series.failed += 1;
            series.errors[*class as usize] += 1;
        }
        series.response.record(step.ended_ns.saturating_sub(step.intended_ns));
        series.service.record(step.ended_ns.saturating_sub(step.began_ns));
    }

    /// A step that was counted as good was bad.
    pub fn was_bad(&self, name: &str, kind: &str, class: ErrorClass) {
        let index = self.series_of(name, kind);
        let series = &mut self.interval.borrow_mut().series[index];
        series.failed += 1;
        series.errors[class as usize] += 1;
    }

    /// A user begins to rest between two iterations, or ends it.
    pub fn rests(&self, begins: bool) {
        let resting = self.resting.get();
        self.resting.set(if begins { resting + 1 } else { resting - 1 });
    }

    /// So many users that drive themselves are here.
    pub fn guests(&self, guests: u64) {
        self.guests.set(guests);
    }

    /// A due arrival found `max_in_flight` reached.
    pub fn dropped(&self) {
        let ledger = &mut self.interval.borrow_mut().ledger;
        ledger.planned += 1;
        ledger.dropped += 1;
    }

    /// An iteration is due and a user takes it.
    #[inline]
    pub fn started(&self) {
        let ledger = &mut self.interval.borrow_mut().ledger;
        ledger.planned += 1;
        ledger.started += 1;
        ledger.in_flight += 1;
    }

    /// An arrival's first step begins this long after it was due.
    #[inline]
    pub fn start_lag(&self, lag_ns: u64) {
        self.interval.borrow_mut().start_lag.record(lag_ns);
    }

    /// An iteration has ended after `elapsed_ns`.
    #[inline]
    pub fn finished(&self, flow: usize, elapsed_ns: u64, ok: bool) {
        let mut interval = self.interval.borrow_mut();
        let ledger = &mut interval.ledger;
        ledger.in_flight -= 1;
        if ok {
            ledger.ok += 1;
        } else {
            ledger.failed += 1;
        }
        let flow = &mut interval.flows[flow];
        flow.count += 1;
        flow.failed += u64::from(!ok);
        flow.iteration.record(elapsed_ns);
    }

    /// A step has ended.
    #[inline]
    pub fn step(&self, ended: &Ended<'_>) {
        let mut interval = self.interval.borrow_mut();
        let series = &mut interval.series[ended.series];
        let exchange = ended.exchange;
        let send_ns = ended.hops.first().map_or(exchange.send_ns, |first| first.exchange.send_ns);
        series.count += 1;
        series.bytes_in += exchange.bytes_in;
        series.bytes_out += exchange.bytes_out;
        for hop in ended.hops {
            record_hop(series, hop);
        }
        if let Some(failure) = ended.failure {
            series.failed += 1;
            series.errors[failure.class as usize] += 1;
        }
        if ended.complete {
            series.response.record(exchange.end_ns.saturating_sub(ended.intended_ns));
            series.service.record(exchange.end_ns - send_ns);
            for (phase, took_ns) in exchange.phases_ns() {
                series.phases[phase as usize].record(took_ns);
            }
        }
        if let Some(class @ (ErrorClass::ReadTimeout | ErrorClass::ConnectTimeout)) =
            ended.failure.map(|failure| failure.class)
        {
            // What it waited is the least that its response would have taken: left out, a server that stopped
            // answering would look fast.
            series.response.record(exchange.end_ns.saturating_sub(ended.intended_ns));
            if class == ErrorClass::ReadTimeout {
                series.service.record(exchange.end_ns - send_ns);
            }
        }
        if let Some(dial) = ended.dial {
            record_dial(series, dial);
        }
    }

    /// Steps that are counted together have ended, or a call of Python.
    pub fn group(&self, series: usize, response_ns: u64, service_ns: u64, failed: Option<ErrorClass>) {
        let mut interval = self.interval.borrow_mut();
        let series = &mut interval.series[series];
        series.count += 1;
        if let Some(class) = failed {
            series.failed += 1;
            series.errors[class as usize] += 1;
        }
        series.response.record(response_ns);
        series.service.record(service_ns);
    }

    /// A response passed a check, or did not.
    #[inline]
    pub fn check(&self, index: usize, passed: bool) {
        self.interval.borrow_mut().checks[index].count(passed);
    }

    /// A connection was opened.
    pub fn opened(&self, tls_resumed: bool) {
        let connections = &mut self.interval.borrow_mut().connections;
        connections.opened += 1;
        connections.open += 1;
        connections.tls_resumed += u64::from(tls_resumed);
    }

    /// Connections were closed, `idle` of them by the server while nobody used them.
    pub fn closed(&self, connections: u64, idle: u64) {
        let counts = &mut self.interval.borrow_mut().connections;
        counts.open -= connections;
        counts.closed_idle += idle;
    }

    /// The event loop served a timer this late.
    pub fn loop_lag(&self, lag_ns: u64) {
        self.interval.borrow_mut().loop_lag.record(lag_ns);
    }

    /// Keeps a failed exchange if there is room for one of its kind; `show` is asked only then, for
    /// what happened, what was sent and what came back, without secrets.
    #[cold]
    pub fn sample(
        &self,
        series: &str,
        class: ErrorClass,
        at_ns: u64,
        elapsed_ns: u64,
        show: impl FnOnce() -> Shown,
    ) {
        let mut interval = self.interval.borrow_mut();
        if interval.has_room_for(series, class) {
            let Shown { message, request, response } = show();
            interval.keep_sample(FailureSample {
                at_ns,
                worker: self.worker,
                series: series.to_owned(),
                class,
                message,
                request,
                response,
                elapsed_ns,
            });
        }
    }

    /// Iterations in flight now.
    pub fn in_flight(&self) -> u64 {
        self.interval.borrow().ledger.in_flight
    }

    /// Ends the interval at `end_ns` (from the start of the run), encodes it and begins anew.
    pub fn cut(&self, end_ns: u64) -> Vec<u8> {
        let mut interval = self.interval.borrow_mut();
        interval.duration_ns = end_ns - interval.start_ns;
        let active = interval.ledger.in_flight + self.resting.get();
        interval.active_users = active.max(self.guests.get());
        let cpu_ns = kilobar_clock::process_cpu_ns();
        interval.generator.cpu_ns = cpu_ns - self.cpu_ns.replace(cpu_ns);
        interval.generator.rss_bytes = resident_bytes();
        let encoded = interval.encode();
        interval.restart(end_ns);
        encoded
    }
}

#[cold]
fn record_hop(series: &mut Series, hop: &Hop) {
    series.bytes_in += hop.exchange.bytes_in;
    series.bytes_out += hop.exchange.bytes_out;
    for (phase, took_ns) in hop.exchange.phases_ns() {
        series.phases[phase as usize].record(took_ns);
    }
    if let Some(dial) = &hop.dial {
        record_dial(series, dial);
    }
}

fn record_dial(series: &mut Series, dial: &DialTimes) {
    let phases = [(Phase::Dns, dial.dns_ns), (Phase::Connect, dial.connect_ns), (Phase::Tls, dial.tls_ns)];
    for (phase, took_ns) in phases {
        if let Some(took_ns) = took_ns {
            series.phases[phase as usize].record(took_ns);
        }
    }
}

/// Resident memory of this process; 0 where the kernel does not tell.
fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok().and_then(|statm| {
        let resident = statm.split(' ').nth(1)?;
        resident.parse::<u64>().ok()
    });
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}

#[cfg(test)]
mod tests {
    use kilobar_core::plan::{PLAN_VERSION, Plan};

    use super::*;

    fn exchange(start_ns: u64) -> Exchange {
        Exchange {
            send_ns: start_ns,
            sent_ns: start_ns + 10,
            first_byte_ns: start_ns + 30,
            end_ns: start_ns + 60,
            bytes_in: 100,
            bytes_out: 7,
        }
    }

    #[test]
    fn a_step_with_redirects_is_one_result_from_its_first_byte_to_its_last() {
        let json = include_str!("../../../tests/golden/plans/first.json");
        let mut plan: Plan = serde_json::from_str(json).unwrap();
        plan.version = PLAN_VERSION;
        let recorder = Recorder::new(&Program::new(plan).unwrap(), 0);
        let dial = DialTimes { connect_ns: Some(5), ..DialTimes::default() };
        let hop = |start_ns, dial: Option<DialTimes>| Hop {
            status: 302,
            url: String::new(),
            exchange: exchange(start_ns),
            dial: dial.map(Box::new),
        };
        recorder.step(&Ended {
            series: 0,
            intended_ns: 900,
            hops: &[hop(1000, Some(dial)), hop(1100, None)],
            exchange: &exchange(1200),
            dial: Some(&dial),
            complete: true,
            failure: None,
        });
        let interval = recorder.interval.borrow();
        let series = &interval.series[0];
        assert_eq!((series.count, series.bytes_in, series.bytes_out), (1, 300, 21));
        assert_eq!((series.service.count(), series.service.max()), (1, 260));
        assert_eq!((series.response.count(), series.response.max()), (1, 360));
        let counts: Vec<u64> = series.phases.iter().map(|phase| phase.count()).collect();
        assert_eq!(counts, [0, 2, 0, 3, 3, 3]);
    }
}
