//! A worker: one process that runs one share of a plan and tells its controller what it measured.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::{Timers, now_ns, sleep_sharply_until, sleep_until};
use kilobar_core::plan::Stage;
use kilobar_core::schedule::{Schedule, Slots};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::arrivals::{self, Seats};
use crate::control::{Command, Controller, Event, Prepare, Start};
use crate::guests::Guests;
use crate::host::host;
use crate::hosting::{self, Ear};
use crate::iteration::{Engine, Given};
use crate::program::Program;
use crate::users::{self, Crowd};

const SECOND_NS: u64 = 1_000_000_000;
/// The event loop's own lag is measured this often; beats and alarms are multiples of it.
const TICK_NS: u64 = 10_000_000;
const TICKS_A_CHECK_OF_ALARMS: u64 = 5;
const TICKS_A_BEAT: u64 = 25;
/// Without a sign of the controller for this long a worker stops by itself.
const LEASE_NS: u64 = 5 * SECOND_NS;

/// How long user code may take to close.
const CLOSING_NS: u64 = 10 * SECOND_NS;

/// A worker that could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The socket, the timer or the runtime failed.
    #[error("worker: {0}")]
    Io(#[from] io::Error),
    /// The plan cannot be run here; the controller has been told.
    #[error("the plan was refused: {0}")]
    Refused(String),
}

/// Runs one worker, spoken to over `socket`, until it is done or its controller is gone.
///
/// # Errors
/// When the plan cannot be run here, or the machine refuses a socket or a timer.
pub fn run_worker(socket: OwnedFd) -> Result<(), WorkerError> {
    raise_file_limit();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    // Blocking threads only ask for names.
    let runtime =
        builder.enable_io().event_interval(127).max_blocking_threads(4).build_local(Default::default())?;
    end_with_a_panic();
    let result = runtime.block_on(work(socket));
    host().has_no_code();
    // A name server that does not answer must not keep the process.
    runtime.shutdown_background();
    result
}

/// A task that panics would silently take its user along; a worker that dies is noticed and replaced.
fn end_with_a_panic() {
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        show(panic);
        std::process::abort();
    }));
}

/// Sockets are what this process is for: it takes as many as the system allows it.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // A refusal shows as failed connections with their reason, so it is no error here.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

async fn work(socket: OwnedFd) -> Result<(), WorkerError> {
    let _timers = Timers::start()?;
    let stream = std::os::unix::net::UnixStream::from(socket);
    stream.set_nonblocking(true)?;
    let controller = Rc::new(Controller::new(UnixStream::from_std(stream)?));
    let sender = Rc::clone(&controller);
    tokio::task::spawn_local(async move { sender.send().await });
    controller.tell(&Event::Ready { pid: std::process::id(), version: crate::VERSION });
    let run = match begin(&controller).await? {
        Begun::Run(run) => run,
        Begun::Dismissed => return Ok(()),
        Begun::Refused(reason) => {
            controller.tell(&Event::Refused { code: "plan-refused", message: &reason });
            take_leave(&controller).await;
            return Err(WorkerError::Refused(reason));
        }
    };
    let hearer = if run.has_host {
        Some(tokio::task::spawn_local(hosting::hear(Rc::clone(&run), Ear::open()?)))
    } else {
        None
    };
    let listener = tokio::task::spawn_local(listen(Rc::clone(&run), Rc::clone(&controller)));
    let ticker = tokio::task::spawn_local(tick(Rc::clone(&run), Rc::clone(&controller)));
    let cutter = tokio::task::spawn_local(cut(Rc::clone(&run), Rc::clone(&controller)));
    run.execute().await;
    if run.controller_gone.get() {
        return Ok(());
    }
    if let Some(hearer) = hearer {
        host().close();
        // What user code says last, when it is closed, still counts.
        either(hearer, sleep_until(now_ns() + CLOSING_NS)).await;
    }
    // What is counted after the last cut would be in nobody's books.
    for task in [listener, ticker, cutter] {
        task.abort();
    }
    controller.report(&run.engine.recorder.cut(run.time_ns()));
    controller.tell(&Event::Done);
    take_leave(&controller).await;
    Ok(())
}

/// What became of the commands before the run.
enum Begun {
    Run(Rc<Run>),
    /// Nobody wants it any more.
    Dismissed,
    /// The plan cannot be run here.
    Refused(String),
}

/// Hears the commands that come before a run. To prepare may take as long as it takes to read all data once, and blocks
/// everything else: the start is set only afterwards, and a worker that has not started need not beat.
async fn begin(controller: &Rc<Controller>) -> io::Result<Begun> {
    let mut prepared = None;
    loop {
        match controller.hear().await? {
            Some(Command::Prepare(prepare)) => match Prepared::new(&prepare) {
                Ok(done) => {
                    let plan = &done.engine.program.plan;
                    if let Err(problem) = Ear::open()?.load(plan, prepare.worker, prepare.workers).await {
                        return Ok(Begun::Refused(problem));
                    }
                    prepared = Some(done);
                    controller.tell(&Event::Prepared);
                }
                Err(reason) => return Ok(Begun::Refused(reason)),
            },
            Some(Command::Start(start)) => {
                let Some(prepared) = prepared else {
                    return Ok(Begun::Refused("the command `start` came before `prepare`".to_owned()));
                };
                let run = Run::new(prepared, start, controller);
                return Ok(run.map_or_else(Begun::Refused, |run| Begun::Run(Rc::new(run))));
            }
            Some(Command::Abort) | None => return Ok(Begun::Dismissed),
            Some(_) => {}
        }
    }
}

/// Everything that a share of a plan needs and that does not depend on its start.
struct Prepared {
    engine: Engine,
    schedule: Schedule,
    worker: u32,
}

impl Prepared {
    fn new(prepare: &Prepare) -> Result<Self, String> {
        let program = Program::from_json(prepare.plan.get()).map_err(|error| error.to_string())?;
        let schedule = Schedule::of(&program.plan).map_err(|error| error.to_string())?;
        // Nothing looks at its start before that is known.
        let engine = Engine::new(program, prepare.worker, 0)?;
        Ok(Self { engine, schedule, worker: prepare.worker })
    }
}

/// Waits until everything is sent, but not for a controller that goes at this very moment.
async fn take_leave(controller: &Controller) {
    either(controller.drained(), sleep_until(now_ns() + LEASE_NS)).await;
}

/// One share of a run, while it goes.
pub struct Run {
    /// What its users share.
    pub engine: Engine,
    /// When work starts; changes when a person changes the load.
    pub schedule: RefCell<Schedule>,
    /// Users that serve arrivals.
    pub seats: Seats,
    /// Closed users.
    pub crowd: Crowd,
    /// Users that drive themselves.
    pub guests: Guests,
    /// Iterations of open load that may be in flight here.
    pub max_in_flight: Cell<u32>,
    /// Index of this worker.
    pub worker: u32,
    /// How many workers there were when the run started.
    pub workers: u32,
    /// The most users that the plan asks for at once.
    pub most_users: u64,
    /// Number of the first iteration of closed users: those of the plan's arrivals come before it.
    pub first_user_sequence: u64,
    controller: Rc<Controller>,
    /// (from the start of the run, owners from then on), oldest first; the first one is in force.
    owners: RefCell<Vec<(u64, Slots)>>,
    owners_changed: Cell<bool>,
    /// Wakes whoever waits for a time that a command may have changed.
    changed: Notify,
    grace_ns: Cell<u64>,
    lease_until_ns: Cell<u64>,
    draining: Cell<bool>,
    idle: Notify,
    aborted: Notify,
    controller_gone: Cell<bool>,
    asked_to_stop: Cell<bool>,
    /// The host of its users has said its last word.
    pub host_is_closed: Cell<bool>,
    has_host: bool,
}

impl Run {
    fn new(prepared: Prepared, start: Start, controller: &Rc<Controller>) -> Result<Self, String> {
        let Prepared { mut engine, schedule, worker } = prepared;
        engine.start_ns = start.start_at_ns;
        let plan = &engine.program.plan;
        let grace_ns = plan.grace_ns;
        let most_users = plan.most_users();
        let has_users = plan.load.iter().any(|stage| matches!(stage, Stage::Users { .. }));
        let first_user_sequence = if has_users { schedule.planned_until(schedule.duration_ns()) } else { 0 };
        if let Some(given) = &start.given {
            let given = Given::from_json(given.get(), &engine.program.plan)?;
            engine.given.replace(given);
        }
        let workers = start.owners.iter().max().map_or(1, |last| last + 1);
        let slots = Slots::from_owners(start.owners).map_err(|error| error.to_string())?;
        let has_host = plan.code.is_some();
        if has_host {
            engine.turns.have_host(worker, workers);
        }
        Ok(Self {
            engine,
            schedule: RefCell::new(schedule),
            seats: Seats::default(),
            crowd: Crowd::default(),
            guests: Guests::default(),
            max_in_flight: Cell::new(start.max_in_flight),
            worker,
            workers,
            most_users,
            first_user_sequence,
            controller: Rc::clone(controller),
            owners: RefCell::new(vec![(0, slots)]),
            owners_changed: Cell::new(false),
            changed: Notify::new(),
            grace_ns: Cell::new(grace_ns),
            lease_until_ns: Cell::new(now_ns() + LEASE_NS),
            draining: Cell::new(false),
            idle: Notify::new(),
            aborted: Notify::new(),
            controller_gone: Cell::new(false),
            asked_to_stop: Cell::new(false),
            host_is_closed: Cell::new(false),
            has_host,
        })
    }

    async fn execute(self: &Rc<Self>) {
        let open = tokio::task::spawn_local(arrivals::fire(Rc::clone(self)));
        let closed = tokio::task::spawn_local(users::attend(Rc::clone(self)));
        let dispatchers = [open.abort_handle(), closed.abort_handle()];
        let to_the_end = async {
            let _ = open.await;
            let _ = closed.await;
            self.drain().await;
        };
        either(to_the_end, self.aborted.notified()).await;
        dispatchers.iter().for_each(AbortHandle::abort);
        self.crowd.dismiss_all();
    }

    async fn drain(&self) {
        self.draining.set(true);
        let start_ns = now_ns();
        let has_after = self.engine.program.has_after() || self.engine.program.has_guests();
        if has_after {
            self.seats.close();
        }
        while self.engine.recorder.in_flight() > 0
            || has_after && !(self.seats.is_empty() && self.crowd.is_empty())
        {
            // Asked anew each time, because a `stop` may bring another grace.
            let deadline_ns = start_ns.saturating_add(self.grace_ns.get());
            if now_ns() >= deadline_ns {
                return;
            }
            either(self.idle.notified(), sleep_until(deadline_ns)).await;
        }
    }

    /// Time from the start of the run; 0 before it.
    pub fn time_ns(&self) -> u64 {
        now_ns().saturating_sub(self.engine.start_ns)
    }

    /// When the load ends, from the start of the run.
    pub fn end_ns(&self) -> u64 {
        self.schedule.borrow().duration_ns()
    }

    /// Waits for this time of the run. `false` when a command came first, so that the caller looks again.
    pub async fn wait_until(&self, time_ns: u64) -> bool {
        let mut sleep = pin!(sleep_sharply_until(self.engine.start_ns + time_ns));
        let mut changed = pin!(self.changed.notified());
        poll_fn(|context| {
            if sleep.as_mut().poll(context).is_ready() {
                return Poll::Ready(true);
            }
            changed.as_mut().poll(context).map(|()| false)
        })
        .await
    }

    /// Waits until a command may have changed something, or for this.
    pub async fn wait_or(&self, other: impl Future) {
        either(self.changed.notified(), other).await;
    }

    /// Whether the arrival or user with this number is this worker's at this time of the run.
    #[inline]
    pub fn owns(&self, number: u64, time_ns: u64) -> bool {
        let owners = self.owners.borrow();
        let in_force = owners.iter().rev().find(|(from_ns, _)| *from_ns <= time_ns).unwrap_or(&owners[0]);
        in_force.1.owner(number) == self.worker
    }

    /// Whether another worker may have executed iterations of a closed user that is this worker's now.
    pub fn was_begun_elsewhere(&self, number: u64) -> bool {
        self.owners.borrow()[0].1.owner(number) != self.worker
    }

    /// The number of the iteration of an arrival, which no other iteration of the run has. With closed users in the same
    /// plan, arrivals that a person adds to it get numbers behind all rows.
    pub fn sequence_of_arrival(&self, number: u64) -> u64 {
        const BEYOND: u64 = 1 << 61;
        let is_planned = self.first_user_sequence == 0 || number < self.first_user_sequence;
        if is_planned { number } else { BEYOND + number }
    }

    /// When owners change next, after this time.
    pub fn next_owners_change(&self, time_ns: u64) -> Option<u64> {
        self.owners.borrow().iter().map(|(from_ns, _)| *from_ns).find(|from_ns| *from_ns > time_ns)
    }

    /// Whether owners have changed since this was last asked.
    pub fn take_owners_changed(&self, time_ns: u64) -> bool {
        let all_in_force = self.next_owners_change(time_ns).is_none();
        self.owners_changed.replace(self.owners_changed.get() && !all_in_force)
    }

    /// An iteration has ended.
    #[inline]
    pub fn ended(&self) {
        if self.draining.get() {
            self.idle.notify_waiters();
        }
    }

    /// A loop of this process served a tick so late: the engine's, or that of the host of Python users. Every tick that
    /// was due in the meantime was late too: a stall must not look like a single late tick.
    pub fn loop_lag(&self, lag_ns: u64) {
        const MOST: u64 = 100_000;
        for missed in 0..=(lag_ns / TICK_NS).min(MOST) {
            self.engine.recorder.loop_lag(lag_ns - missed * TICK_NS);
        }
    }

    /// A user has left.
    pub fn left(&self) {
        self.ended();
        self.changed.notify_waiters();
    }

    /// A step asks that the whole run be stopped.
    pub fn ask_to_stop(&self, reason: &str) {
        // Once: many users may get to that step before the stop arrives.
        if self.asked_to_stop.replace(true) {
            return;
        }
        self.controller.tell(&Event::Stop { reason });
    }

    /// Whether the load starts no arrivals.
    pub fn has_only_users(&self) -> bool {
        self.engine.program.plan.load.iter().all(|stage| matches!(stage, Stage::Users { .. }))
    }

    /// Nobody is left who could do anything: the load ends here.
    pub fn end_load(&self) {
        self.change(|schedule| schedule.ended_at(self.time_ns()));
        self.changed.notify_waiters();
    }

    fn obey(&self, command: Command) {
        self.lease_until_ns.set(now_ns() + LEASE_NS);
        match command {
            Command::Members { owners, max_in_flight, effective_at_ns } => {
                self.max_in_flight.set(max_in_flight);
                if let Ok(slots) = Slots::from_owners(owners) {
                    self.owners.borrow_mut().push((effective_at_ns, slots));
                    self.owners_changed.set(true);
                }
            }
            Command::Scale { factor, effective_at_ns } => {
                self.change(|schedule| schedule.rescaled(effective_at_ns, factor))
            }
            Command::Stop { effective_at_ns, grace_ns } => return self.stop(effective_at_ns, grace_ns),
            Command::Abort => return self.aborted.notify_one(),
            Command::Lease | Command::Prepare(_) | Command::Start(_) => return,
        }
        self.changed.notify_waiters();
    }

    fn stop(&self, at_ns: u64, grace_ns: u64) {
        self.grace_ns.set(grace_ns);
        self.change(|schedule| schedule.ended_at(at_ns));
        self.changed.notify_waiters();
        self.idle.notify_waiters();
    }

    fn change(&self, changed: impl FnOnce(&Schedule) -> Schedule) {
        let new = changed(&self.schedule.borrow());
        *self.schedule.borrow_mut() = new;
    }
}

async fn listen(run: Rc<Run>, controller: Rc<Controller>) {
    while let Ok(Some(command)) = controller.hear().await {
        run.obey(command);
    }
    // Nobody is left to report to: load without a controller must not go on.
    run.controller_gone.set(true);
    run.aborted.notify_one();
}

async fn tick(run: Rc<Run>, controller: Rc<Controller>) {
    let mut due_ns = now_ns();
    for number in 1u64.. {
        due_ns += TICK_NS;
        sleep_until(due_ns).await;
        let now_ns = now_ns();
        let lag_ns = now_ns - due_ns;
        run.loop_lag(lag_ns);
        due_ns += lag_ns / TICK_NS * TICK_NS;
        if run.has_host {
            hosting::heed_all(&run);
        }
        if number.is_multiple_of(TICKS_A_CHECK_OF_ALARMS) {
            run.engine.check_alarms(now_ns);
        }
        if number.is_multiple_of(TICKS_A_BEAT) {
            if !controller.is_behind() {
                controller.tell(&Event::Beat);
            }
            if now_ns > run.lease_until_ns.get() {
                run.lease_until_ns.set(u64::MAX);
                run.stop(run.time_ns(), run.grace_ns.get());
            }
        }
    }
}

async fn cut(run: Rc<Run>, controller: Rc<Controller>) {
    let mut end_ns = SECOND_NS;
    loop {
        sleep_until(run.engine.start_ns + end_ns).await;
        if run.has_host {
            hosting::heed_all(&run);
        }
        if !controller.is_behind() {
            controller.report(&run.engine.recorder.cut(end_ns));
        }
        end_ns += SECOND_NS;
    }
}

/// Waits for whichever ends first.
async fn either(one: impl Future, other: impl Future) {
    let mut one = pin!(one);
    let mut other = pin!(other);
    poll_fn(|context| {
        if one.as_mut().poll(context).is_ready() || other.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}
