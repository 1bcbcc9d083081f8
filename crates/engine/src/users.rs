//! Closed load: a number of users, each of which starts an iteration when its previous one has ended.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::{now_ns, sleep};
use kilobar_core::random::mix;

use crate::exchange::Alarm;
use crate::guests;
use crate::iteration::{Ends, Turn};
use crate::rows::sequence_of;
use crate::worker::Run;

/// A closed user that could not even send waits this long, so that it does not hammer a dead server.
const BREATH_NS: u64 = 100_000_000;

/// Keeps the random choices of closed users apart from those of arrivals.
const USERS_STREAM: u64 = 0x7573_6572_735f_5f5f;

/// The closed users of a worker.
#[derive(Default)]
pub struct Crowd {
    /// Users with a lower number go on; over all workers.
    wanted: Cell<u64>,
    running: RefCell<HashSet<u64>>,
    /// Users that ended themselves; nobody takes their place.
    gone: RefCell<HashSet<u64>>,
    /// How many iterations each user has executed here: one that comes back goes on behind them.
    iterations: RefCell<HashMap<u64, u64>>,
    /// The most iterations that a user of this worker has executed.
    most_iterations: Cell<u64>,
}

impl Crowd {
    /// Nobody starts another iteration.
    pub fn dismiss_all(&self) {
        self.wanted.set(0);
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.running.borrow().is_empty()
    }

    /// Whether the users below `wanted` that are `owned` have all ended themselves.
    fn has_ended(&self, wanted: u64, owned: impl Fn(u64) -> bool) -> bool {
        let gone = self.gone.borrow();
        self.is_empty()
            && !gone.is_empty()
            && (0..wanted).all(|number| gone.contains(&number) || !owned(number))
    }

    /// Whether a user is to execute another iteration.
    pub fn wants(&self, number: u64) -> bool {
        number < self.wanted.get() && !self.gone.borrow().contains(&number)
    }

    /// How many iterations of a user are behind it. What another worker has executed of one that it `began` cannot be
    /// asked any more, and is taken for twice the most that any user here has executed.
    fn iterations_of(&self, number: u64, began_elsewhere: bool) -> u64 {
        const RESERVE: u64 = 16;
        let skipped = if began_elsewhere { 2 * self.most_iterations.get() + RESERVE } else { 0 };
        self.iterations.borrow().get(&number).copied().unwrap_or(skipped)
    }

    /// A user has ended itself: nobody takes its place.
    pub fn is_gone_for_good(&self, number: u64) {
        self.gone.borrow_mut().insert(number);
    }

    /// A user that is still here has executed so many iterations.
    #[inline]
    fn has_executed(&self, iterations: u64) {
        self.most_iterations.set(self.most_iterations.get().max(iterations));
    }

    /// A user stops after so many iterations. Only then are they written down by number: nobody else asks before.
    fn has_stopped(&self, number: u64, iterations: u64) {
        self.iterations.borrow_mut().insert(number, iterations);
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
        if wanted < before {
            run.left();
        }
        // Users whose worker died are among those that already ran, so a change of owners looks at all of them.
        let first = if run.take_owners_changed(time_ns) { 0 } else { before };
        for number in first..wanted {
            if run.owns(number, time_ns)
                && !run.crowd.gone.borrow().contains(&number)
                && run.crowd.running.borrow_mut().insert(number)
            {
                tokio::task::spawn_local(live(Rc::clone(&run), number, run.engine.start_ns + due_ns));
            }
        }
        if time_ns >= run.end_ns() {
            return;
        }
        let most = run.schedule.borrow().most_users_from(time_ns);
        if run.crowd.has_ended(most, |number| run.owns(number, time_ns)) && run.has_only_users() {
            run.end_load();
            return;
        }
        let next_ns = run.schedule.borrow().next_users_change(time_ns).unwrap_or(run.end_ns());
        let next_ns = run.next_owners_change(time_ns).map_or(next_ns, |change_ns| next_ns.min(change_ns));
        let next_ns = next_ns.min(run.end_ns());
        due_ns = if run.wait_until(next_ns).await { next_ns } else { run.time_ns() };
    }
}

async fn live(run: Rc<Run>, number: u64, due_ns: u64) {
    let alarm = run.engine.new_alarm();
    poll_fn(|context| {
        alarm.belongs_to(context);
        Poll::Ready(())
    })
    .await;
    let mut intended_ns = due_ns;
    // Whoever is wanted again while it executes `after` comes back at once.
    while run.crowd.wants(number) {
        if run.engine.program.has_guests() {
            guests::stay(&run, number).await;
            continue;
        }
        stay(&run, number, intended_ns, &alarm).await;
        intended_ns = now_ns();
    }
    run.crowd.running.borrow_mut().remove(&number);
    run.left();
}

/// A user from when it comes to when it leaves.
async fn stay(run: &Run, number: u64, due_ns: u64, alarm: &Rc<Alarm>) {
    let seed = mix(mix(run.engine.program.plan.seed, USERS_STREAM), number);
    let mut user = run.engine.user(Rc::clone(alarm), seed);
    user.number = number;
    let mut intended_ns = due_ns;
    let mut iterations = run.crowd.iterations_of(number, run.was_begun_elsewhere(number));
    loop {
        let sequence = run.first_user_sequence + sequence_of(number, run.most_users, iterations);
        let chooser = seed.wrapping_add(iterations);
        let program = &run.engine.program;
        let class = program.plan.code.as_ref().map(|code| code.class_of(number));
        let flow = class.unwrap_or_else(|| program.choose(chooser));
        let turn = Turn { number: chooser, flow, sequence, intended_ns, due: false };
        if !run.crowd.wants(number) {
            break;
        }
        if !run.engine.has_rows(number, &turn) {
            run.crowd.gone.borrow_mut().insert(number);
            break;
        }
        run.engine.starts(&turn);
        run.engine.reseed(&mut user, turn.number);
        let ended = run.engine.iterate(&mut user, turn).await;
        run.ended();
        // Iterations that never wait must not keep the others from running.
        tokio::task::consume_budget().await;
        iterations += 1;
        run.crowd.has_executed(iterations);
        if let Ends::Run(reason) = &ended.ends {
            run.ask_to_stop(reason);
        }
        if ended.ends != Ends::Nothing {
            run.crowd.gone.borrow_mut().insert(number);
            break;
        }
        intended_ns = ended.at_ns;
        if ended.unsent {
            sleep(BREATH_NS).await;
            intended_ns = now_ns();
        }
        if ended.pause_ns > 0 {
            rest(run, number, ended.at_ns.saturating_add(ended.pause_ns)).await;
            intended_ns = now_ns();
        }
    }
    run.crowd.has_stopped(number, iterations);
    run.engine.leave(user).await;
}

/// Between two iterations, until this instant or until the user is no longer wanted.
async fn rest(run: &Run, number: u64, until_ns: u64) {
    run.engine.recorder.rests(true);
    while run.crowd.wants(number) && now_ns() < until_ns {
        let time_ns = until_ns.saturating_sub(run.engine.start_ns);
        run.wait_until(time_ns).await;
    }
    run.engine.recorder.rests(false);
}

#[cfg(test)]
mod tests;
