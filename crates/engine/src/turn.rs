//! Turns of users that Python executes: an order, what the user asks for while it takes its turn, and how that ends.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::now_ns;
use kilobar_core::cookies::Jar;
use kilobar_core::plan::{Act, CodeClass, Way};
use kilobar_core::stats::ErrorClass;

use crate::code_request::Requests;
use crate::dial::Failure;
use crate::exchange::Alarm;
use crate::flow::{Pace, Stop};
use crate::host::{Asked, Came, EndOfTurn, Order, TimedStep, TurnOutcome, host};
use crate::iteration::{Engine, User};
use crate::recorder::Shown;

/// Requests of one turn that are under way at once; others wait for them.
const MAX_LANES: usize = 256;

/// What a worker knows of the turns that its users take.
#[derive(Default)]
pub struct Turns {
    waiting: RefCell<HashMap<u64, Rc<Slot>>>,
    /// Rows that were dealt here, by class.
    dealt: RefCell<Vec<Dealt>>,
    /// Requests that were made ready.
    pub(crate) requests: Requests,
    /// Somebody takes orders.
    has_host: Cell<bool>,
    worker: Cell<(u64, u64)>,
}

/// Where Python executes a user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hosted {
    /// It has not taken a turn yet.
    #[default]
    Nowhere,
    /// In a thread, which waits at this mailbox.
    Thread(u64),
    /// In a task of the event loop.
    Task,
}

/// A request of a turn.
pub struct Request {
    /// Comes back with the response.
    pub number: u64,
    /// When it was meant to start; 0: when it does.
    pub intended_ns: u64,
    /// What is asked for.
    pub asked: Box<Asked>,
}

/// How many rows of a class were dealt, and how many are kept for iterations that have started.
#[derive(Clone, Copy, Default)]
struct Dealt {
    dealt: u64,
    kept: u64,
}

/// A turn that is being taken.
struct Slot {
    alarm: Rc<Alarm>,
    deadline_ns: u64,
    is_overdue: Cell<bool>,
    /// Those that wait to be sent.
    requests: RefCell<VecDeque<Request>>,
    /// Those that are under way, and what ends them.
    under_way: RefCell<Vec<(u64, Rc<Alarm>)>>,
    end: RefCell<Option<EndOfTurn>>,
}

/// What comes of a slot.
enum Said {
    Request(Request),
    End(EndOfTurn),
    /// Nothing, for too long.
    Overdue,
}

impl Turns {
    /// The host of this process takes orders for worker `worker` of `workers`.
    pub fn have_host(&self, worker: u32, workers: u32) {
        self.has_host.set(true);
        self.worker.set((u64::from(worker), u64::from(workers.max(1))));
    }

    /// Whether a class has a row for one more iteration.
    pub fn has_row(&self, class: usize, rows: Option<u64>) -> bool {
        let Dealt { dealt, kept } = self.dealt.borrow().get(class).copied().unwrap_or_default();
        rows.is_none_or(|rows| self.row(dealt + kept) < rows)
    }

    /// An iteration has started, so one row is its: there may be something else to do before it is dealt.
    pub fn keep_row(&self, class: usize) {
        self.of_class(class, |class| class.kept += 1);
    }

    /// An iteration ends without having pressed: its row is for another one.
    pub fn give_back_row(&self, class: usize) {
        self.of_class(class, |class| class.kept = class.kept.saturating_sub(1));
    }

    /// Every worker deals its own rows: those after so many of it.
    fn row(&self, dealt: u64) -> u64 {
        let (worker, workers) = self.worker.get();
        worker + dealt * workers
    }

    /// The row that was kept.
    fn deal(&self, class: usize) -> u64 {
        self.of_class(class, |class| {
            class.kept = class.kept.saturating_sub(1);
            class.dealt += 1;
            self.row(class.dealt - 1)
        })
    }

    fn of_class<T>(&self, class: usize, change: impl FnOnce(&mut Dealt) -> T) -> T {
        let mut dealt = self.dealt.borrow_mut();
        if dealt.len() <= class {
            dealt.resize(class + 1, Dealt::default());
        }
        change(&mut dealt[class])
    }

    /// A turn has ended. One that was given up nobody waits for.
    pub fn ended(&self, turn: u64, end: EndOfTurn) {
        if let Some(slot) = self.waiting.borrow_mut().remove(&turn) {
            *slot.end.borrow_mut() = Some(end);
            slot.alarm.wake();
        }
    }

    /// A turn wants a request to be sent. One that was given up wants nothing any more.
    pub fn asked(&self, turn: u64, request: Request) {
        if let Some(slot) = self.waiting.borrow().get(&turn) {
            slot.requests.borrow_mut().push_back(request);
            slot.alarm.wake();
        }
    }

    /// Nobody waits for a request of a turn any more: it ends now, or is not sent at all.
    pub fn unwanted(&self, turn: u64, request: u64) {
        let waiting = self.waiting.borrow();
        let Some(slot) = waiting.get(&turn) else { return };
        slot.requests.borrow_mut().retain(|waiting| waiting.number != request);
        if let Some((_, alarm)) = slot.under_way.borrow().iter().find(|(number, _)| *number == request) {
            let now_ns = now_ns();
            alarm.limit(now_ns);
            alarm.check(now_ns);
        }
    }

    /// Wakes those whose turn takes too long.
    pub fn check(&self, now_ns: u64) {
        for slot in self.waiting.borrow().values().filter(|slot| slot.deadline_ns <= now_ns) {
            slot.is_overdue.set(true);
            slot.alarm.wake();
        }
    }
}

impl Slot {
    async fn next(&self) -> Said {
        poll_fn(|_| {
            if let Some(request) = self.requests.borrow_mut().pop_front() {
                return Poll::Ready(Said::Request(request));
            }
            match self.end.borrow_mut().take() {
                Some(end) => Poll::Ready(Said::End(end)),
                None if self.is_overdue.get() => Poll::Ready(Said::Overdue),
                None => Poll::Pending,
            }
        })
        .await
    }
}

/// One request of a turn beside another one.
type Lane<'a> = Pin<Box<dyn Future<Output = (Jar, Jar)> + 'a>>;

impl Engine {
    /// Lets the user take a turn.
    ///
    /// # Errors
    /// Why the rest of the iteration is not executed.
    pub(crate) async fn turn(
        &self,
        user: &mut User,
        class: usize,
        act: Act,
        pace: &mut Pace,
    ) -> Result<(), Stop> {
        if !self.turns.has_host.get() {
            return Err(self.stumble(user, "users of Python are executed by the workers of a run only"));
        }
        let known = self.class(class);
        let row = match act {
            Act::Press => self.turns.deal(class),
            Act::Start | Act::Stop => 0,
        };
        let turn = host().next_number();
        let slot = Rc::new(Slot {
            alarm: Rc::clone(&user.alarm),
            deadline_ns: now_ns().saturating_add(known.timeout_ns),
            is_overdue: Cell::new(false),
            requests: RefCell::default(),
            under_way: RefCell::default(),
            end: RefCell::new(None),
        });
        self.turns.waiting.borrow_mut().insert(turn, Rc::clone(&slot));
        let order = Order::Turn { user: user.number, turn, class, act, row, intended_ns: pace.intended_ns };
        match known.way {
            Way::Threads => {
                let mailbox = match user.hosted {
                    Hosted::Thread(mailbox) => mailbox,
                    _ => host().hire(user.number, class),
                };
                user.hosted = Hosted::Thread(mailbox);
                host().order_thread(mailbox, order);
            }
            Way::Async | Way::Guest => {
                user.hosted = Hosted::Task;
                host().order(order);
            }
        }
        let end = self.attend(user, &slot).await;
        user.alarm.limit(0);
        match end {
            Some(end) => self.finish_turn(user, act, end, pace),
            None => {
                self.turns.waiting.borrow_mut().remove(&turn);
                self.give_up(user, known, act, pace)
            }
        }
    }

    fn class(&self, class: usize) -> &CodeClass {
        let code = self.program.plan.code.as_ref().expect("a step that needs it was checked");
        &code.classes[class]
    }

    /// Does what the turn asks for, until it ends. `None` when that takes too long.
    async fn attend(&self, user: &mut User, slot: &Slot) -> Option<EndOfTurn> {
        loop {
            match slot.next().await {
                Said::End(end) => return Some(end),
                Said::Overdue => return None,
                Said::Request(request) => match user.hosted {
                    Hosted::Thread(_) => self.answer(user, slot, request).await,
                    Hosted::Nowhere | Hosted::Task => self.answer_all(user, slot, request).await,
                },
            }
        }
    }

    /// Sends a request and brings back what came. It does not outlive its turn.
    async fn answer(&self, user: &mut User, slot: &Slot, request: Request) {
        let number = request.number;
        user.alarm.limit(slot.deadline_ns);
        slot.under_way.borrow_mut().push((number, Rc::clone(&user.alarm)));
        let came = self.fetch(user, &request.asked, request.intended_ns).await;
        slot.under_way.borrow_mut().retain(|(under_way, _)| *under_way != number);
        let order = Order::Response(Box::new(Came { request: number, ..came }));
        match user.hosted {
            Hosted::Thread(mailbox) => host().order_thread(mailbox, order),
            Hosted::Nowhere | Hosted::Task => host().order(order),
        }
    }

    /// As [`Self::answer`], and whatever else the turn asks for in the meantime.
    async fn answer_all(&self, user: &mut User, slot: &Slot, first: Request) {
        let mut sibling = Sibling::of(user);
        {
            let mut lanes: Vec<Lane<'_>> = Vec::new();
            let before = sibling.jar.clone();
            let mut own = pin!(async {
                self.answer(user, slot, first).await;
                user.jar.clone()
            });
            let mut own_is_done = false;
            poll_fn(|context| {
                if !own_is_done && let Poll::Ready(jar) = own.as_mut().poll(context) {
                    own_is_done = true;
                    sibling.jar.absorb(&before, jar);
                }
                loop {
                    while lanes.len() < MAX_LANES {
                        let Some(request) = slot.requests.borrow_mut().pop_front() else { break };
                        let user = sibling.user(self);
                        user.alarm.belongs_to(context);
                        lanes.push(Box::pin(self.lane(user, slot, request)));
                    }
                    let count = lanes.len();
                    lanes.retain_mut(|lane| match lane.as_mut().poll(context) {
                        Poll::Ready((before, after)) => {
                            // What one has received, those that are sent after it know.
                            sibling.jar.absorb(&before, after);
                            false
                        }
                        Poll::Pending => true,
                    });
                    if lanes.len() == count || slot.requests.borrow().is_empty() {
                        break;
                    }
                }
                if own_is_done && lanes.is_empty() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
        user.jar = sibling.jar;
    }

    /// The cookies before and after one request.
    async fn lane(&self, mut user: User, slot: &Slot, request: Request) -> (Jar, Jar) {
        let before = user.jar.clone();
        self.answer(&mut user, slot, request).await;
        (before, user.jar)
    }

    fn finish_turn(&self, user: &mut User, act: Act, end: EndOfTurn, pace: &mut Pace) -> Result<(), Stop> {
        if std::mem::take(&mut pace.starts_in_python) {
            self.recorder.start_lag(end.began_ns.saturating_sub(pace.start_ns));
        }
        let failure = match &end.outcome {
            TurnOutcome::Failed(message) => Some((ErrorClass::Script, message.clone())),
            _ => None,
        };
        pace.has_sent |= failure.is_none() || end.name.is_none();
        if let Some((class, message)) = &failure {
            let name = end.name.clone().unwrap_or_else(|| self.program.plan.flows[user.flow].name.clone());
            self.keep_words(user, &name, *class, message, end.ended_ns.saturating_sub(pace.intended_ns));
        }
        if let Some(name) = end.name {
            self.recorder.timed(&TimedStep {
                flow: user.flow,
                name,
                kind: kind_of(act).to_owned(),
                intended_ns: pace.intended_ns,
                began_ns: end.began_ns,
                ended_ns: end.ended_ns,
                bytes_in: 0,
                bytes_out: 0,
                failure,
            });
        }
        pace.now_ns = now_ns();
        pace.intended_ns = pace.now_ns;
        pace.pause_ns = end.pause_ns;
        match end.outcome {
            TurnOutcome::Ok => Ok(()),
            TurnOutcome::Failed(_) => Err(Stop::Failed(ErrorClass::Script)),
            TurnOutcome::UserLeaves => Err(Stop::User),
            TurnOutcome::RunStops(reason) => Err(Stop::Run(reason)),
        }
    }

    /// Python is to let the user go, if it knows it.
    pub(crate) fn dismiss(&self, user: &mut User) {
        match std::mem::take(&mut user.hosted) {
            Hosted::Nowhere => {}
            Hosted::Thread(mailbox) => host().dismiss_thread(mailbox),
            Hosted::Task => host().order(Order::Gone { user: user.number }),
        }
    }

    /// A turn takes too long: whatever the user does, it is no longer ours. Another one comes in its place.
    #[cold]
    fn give_up(&self, user: &mut User, class: &CodeClass, act: Act, pace: &mut Pace) -> Result<(), Stop> {
        self.dismiss(user);
        user.forget_preparations();
        pace.starts_in_python = false;
        pace.now_ns = now_ns();
        let (what, name) = match act {
            Act::Start => ("on_start", format!("{}.on_start", class.name)),
            Act::Press => ("it", class.name.clone()),
            Act::Stop => ("on_stop", format!("{}.on_stop", class.name)),
        };
        let limit_s = class.timeout_ns as f64 / 1e9;
        let message = format!("{what} did not return within {limit_s} s, and its user was given up");
        self.keep_words(user, &name, ErrorClass::Script, &message, pace.now_ns - pace.intended_ns);
        self.recorder.timed(&TimedStep {
            flow: user.flow,
            name,
            kind: kind_of(act).to_owned(),
            intended_ns: pace.intended_ns,
            began_ns: pace.intended_ns,
            ended_ns: pace.now_ns,
            bytes_in: 0,
            bytes_out: 0,
            failure: Some((ErrorClass::Script, message)),
        });
        pace.has_sent = true;
        Err(Stop::Failed(ErrorClass::Script))
    }

    /// Keeps what user code said of a failure.
    #[cold]
    pub(crate) fn keep_words(
        &self,
        user: &User,
        series: &str,
        class: ErrorClass,
        message: &str,
        elapsed_ns: u64,
    ) {
        let at_ns = now_ns().saturating_sub(self.start_ns);
        self.recorder.sample(series, class, at_ns, elapsed_ns, || Shown {
            message: self.secrets_of(user, None).hide_in_message(message),
            ..Shown::default()
        });
        if let Some(watch) = &self.watch {
            watch.failed(self, user, &Failure::new(class, message.to_owned()));
        }
    }
}

/// How a turn is counted: getting ready is not what is tested.
fn kind_of(act: Act) -> &'static str {
    match act {
        Act::Press => "press",
        Act::Start | Act::Stop => "hook",
    }
}

/// What another user needs to send a request beside the first one of a turn, as the same user.
struct Sibling {
    number: u64,
    flow: usize,
    sequence: u64,
    own_pool: Rc<crate::pool::Pool>,
    own_http2: Rc<crate::http2_pool::Http2Pool>,
    tls: Option<std::sync::Arc<rustls::ClientConfig>>,
    jar: Jar,
}

impl Sibling {
    fn of(user: &User) -> Self {
        Self {
            number: user.number,
            flow: user.flow,
            sequence: user.sequence,
            own_pool: Rc::clone(&user.own_pool),
            own_http2: Rc::clone(&user.own_http2),
            tls: user.tls.clone(),
            jar: user.jar.clone(),
        }
    }

    fn user(&self, engine: &Engine) -> User {
        let mut user = engine.user(engine.new_alarm(), 0);
        user.number = self.number;
        user.flow = self.flow;
        user.sequence = self.sequence;
        user.own_pool = Rc::clone(&self.own_pool);
        user.own_http2 = Rc::clone(&self.own_http2);
        user.tls.clone_from(&self.tls);
        user.jar = self.jar.clone();
        user
    }
}
