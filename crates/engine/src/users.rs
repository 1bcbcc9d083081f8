//! Closed load: a number of users, each of which starts an iteration when its previous one has ended.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::{now_ns, sleep};
use kilobar_core::random::mix;

use crate::worker::Run;

/// A closed user that could not even send waits this long, so that it does not hammer a dead server.
const BREATH_NS: u64 = 100_000_000;

/// The closed users of a worker.
#[derive(Default)]
pub struct Crowd {
    /// Users with a lower number go on; over all workers.
    wanted: Cell<u64>,
    running: RefCell<HashSet<u64>>,
}

impl Crowd {
    /// Nobody starts another iteration.
    pub fn dismiss_all(&self) {
        self.wanted.set(0);
    }
}

/// Starts and ends users as the schedule asks, until the load ends.
pub async fn attend(run: Rc<Run>) {
    let mut due_ns = 0;
    while !run.wait_until(due_ns).await {}
    loop {
        let time_ns = run.time_ns();
        let wanted = run.schedule.borrow().users_at(time_ns);
        let before = run.crowd.wanted.replace(wanted);
        // Users whose worker died are among those that already ran, so a change of owners looks at all of them.
        let first = if run.take_owners_changed(time_ns) { 0 } else { before };
        for number in first..wanted {
            if run.owns(number, time_ns) && run.crowd.running.borrow_mut().insert(number) {
                tokio::task::spawn_local(live(Rc::clone(&run), number, run.engine.start_ns + due_ns));
            }
        }
        if time_ns >= run.end_ns() {
            return;
        }
        let next_ns = run.schedule.borrow().next_users_change(time_ns).unwrap_or(run.end_ns());
        let next_ns = run.next_owners_change(time_ns).map_or(next_ns, |change_ns| next_ns.min(change_ns));
        let next_ns = next_ns.min(run.end_ns());
        due_ns = if run.wait_until(next_ns).await { next_ns } else { run.time_ns() };
    }
}

async fn live(run: Rc<Run>, number: u64, due_ns: u64) {
    let alarm = run.new_alarm();
    poll_fn(|context| {
        alarm.belongs_to(context);
        Poll::Ready(())
    })
    .await;
    let seed = mix(run.engine.program.plan.seed, number);
    let mut user = run.engine.user(Rc::clone(&alarm), seed);
    let mut intended_ns = due_ns;
    let mut iteration: u64 = 0;
    while number < run.crowd.wanted.get() {
        run.engine.recorder.started();
        let (ended_ns, unsent) =
            run.engine.iterate(&mut user, seed.wrapping_add(iteration), intended_ns, false).await;
        run.ended();
        // Iterations that never wait must not keep the others from running.
        tokio::task::consume_budget().await;
        iteration += 1;
        intended_ns = ended_ns;
        if unsent {
            sleep(BREATH_NS).await;
            intended_ns = now_ns();
        }
    }
    run.engine.dismiss(user);
    run.crowd.running.borrow_mut().remove(&number);
}
