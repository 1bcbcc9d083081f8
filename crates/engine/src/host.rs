//! Where the engine and the host of Python users meet: orders for the one, words of the other. Rust never calls Python:
//! threads of the interpreter come for orders and leave words, and each side wakes the other through an eventfd.
//!
//! See `docs/design/005-python-users.md`.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use kilobar_core::plan::Act;
use kilobar_core::stats::ErrorClass;
use rustix::event::{EventfdFlags, eventfd};

/// What the engine wants of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// A user takes a turn.
    Turn {
        /// Number of the user.
        user: u64,
        /// Number of the turn, which comes back with its end.
        turn: u64,
        /// Index of the class.
        class: usize,
        /// What it does.
        act: Act,
        /// The row that it gets.
        row: u64,
        /// When it was meant to start.
        intended_ns: u64,
    },
    /// A request of `self.http` has ended.
    Response(Box<Came>),
    /// A thread is to be started for this user, which asks for the orders in this mailbox.
    Hire {
        /// Number of the mailbox.
        mailbox: u64,
        /// Number of the user.
        user: u64,
        /// Index of its class.
        class: usize,
    },
    /// The user with this number is no longer wanted, whatever it is doing.
    Gone {
        /// Number of the user.
        user: u64,
    },
    /// As [`Self::Gone`], for a user with a thread of its own.
    Dismissed,
    /// A guest is to start.
    Arrive {
        /// Number of the user.
        user: u64,
        /// Index of its class.
        class: usize,
    },
    /// A guest is to leave.
    Leave {
        /// Number of the user.
        user: u64,
    },
    /// The run is over.
    Close,
}

/// What came back to a request of `self.http`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Came {
    /// Number of the request.
    pub request: u64,
    /// Status code; 0 without a response.
    pub status: u16,
    /// Status line and headers.
    pub head: Vec<u8>,
    /// The decoded body.
    pub body: Vec<u8>,
    /// From the first byte sent to the last one received.
    pub took_ns: u64,
    /// Why the step failed: class and words.
    pub failure: Option<(ErrorClass, String)>,
    /// Where it came from, when it was redirected.
    pub url: String,
}

/// A request that user code sends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    /// The name under which it is counted.
    pub name: String,
    /// Method token.
    pub method: String,
    /// Absolute, or a path at the target.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body, if it has one.
    pub body: Option<Vec<u8>>,
    /// Limit.
    pub timeout_ns: u64,
    /// How many redirects are followed.
    pub redirects: u32,
    /// Status codes that are success, both ends included.
    pub statuses: Vec<(u16, u16)>,
}

/// How a turn went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnOutcome {
    /// Well.
    Ok,
    /// It failed, and this is why.
    Failed(String),
    /// Well, and the user leaves.
    UserLeaves,
    /// Well, and the run is to be stopped, for this reason.
    RunStops(String),
}

/// The end of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndOfTurn {
    /// When Python began with it.
    pub began_ns: u64,
    /// When it was done.
    pub ended_ns: u64,
    /// How it went.
    pub outcome: TurnOutcome,
    /// The turn is counted as a step of this name; without one it has counted steps of its own.
    pub name: Option<String>,
    /// How long the user rests.
    pub pause_ns: u64,
}

/// A step that Python timed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimedStep {
    /// Index of the flow.
    pub flow: usize,
    /// Name of its series.
    pub name: String,
    /// Kind of its series.
    pub kind: String,
    /// When it was meant to start.
    pub intended_ns: u64,
    /// When it started.
    pub began_ns: u64,
    /// When it ended.
    pub ended_ns: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Why it failed: class and words.
    pub failure: Option<(ErrorClass, String)>,
}

/// What the host tells the engine.
#[derive(Debug)]
pub enum Word {
    /// A turn has ended.
    End(u64, EndOfTurn),
    /// A turn sends a request.
    Request {
        /// Of whom: a turn, or a guest.
        sender: Sender,
        /// Comes back with the response.
        request: u64,
        /// When it was meant to start; 0: when it does.
        intended_ns: u64,
        /// What is asked for.
        asked: Box<Asked>,
    },
    /// Nobody waits any more for what comes to a request of a turn.
    Unwanted {
        /// Number of the turn.
        turn: u64,
        /// Number of the request.
        request: u64,
    },
    /// A step was timed.
    Step(Box<TimedStep>),
    /// A step that was counted as good was bad.
    StepWasBad(Box<TimedStep>),
    /// The host's own loop was this late.
    Lag(u64),
    /// A guest begins an iteration.
    Began,
    /// A guest has ended an iteration; the words say why it failed.
    Ended {
        /// Index of the flow.
        flow: usize,
        /// When it began.
        began_ns: u64,
        /// When it ended.
        ended_ns: u64,
        /// Why it failed.
        failure: Option<String>,
    },
    /// A guest is gone.
    Left {
        /// Number of the user.
        user: u64,
        /// Nobody is to take its place.
        for_good: bool,
    },
    /// The run is to be stopped.
    Stop(String),
    /// The host has closed.
    Closed,
}

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// That of a turn.
    Turn(u64),
    /// That of a guest, which counts it itself.
    Guest(u64),
}

/// A thread's own orders. Its number is never given again: a thread that comes late, or was given up, does not hear what
/// is meant for whoever has the number of its user by then.
#[derive(Debug, Default)]
pub struct Mailbox {
    orders: Mutex<VecDeque<Order>>,
    came: Condvar,
}

impl Mailbox {
    fn put(&self, order: Order) {
        lock(&self.orders).push_back(order);
        self.came.notify_one();
    }

    fn next(&self) -> Order {
        let mut orders = lock(&self.orders);
        loop {
            match orders.pop_front() {
                Some(order) => return order,
                None => orders = self.came.wait(orders).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// What the host has said of the user code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded {
    /// Its users can be started.
    Well,
    /// They cannot, and this is why.
    Badly(String),
}

/// Both ends of the conversation. One serves a whole process.
#[derive(Debug, Default)]
pub struct Host {
    orders: Mutex<VecDeque<Order>>,
    mailboxes: Mutex<HashMap<u64, Arc<Mailbox>>>,
    words: Mutex<Vec<Word>>,
    /// The engine was woken and has not taken its words since.
    is_woken: AtomicBool,
    next_number: AtomicU64,
    /// Wakes the host.
    ordered: OnceLock<OwnedFd>,
    /// Wakes the engine.
    said: OnceLock<Arc<OwnedFd>>,
    code: Mutex<CodeState>,
    code_came: Condvar,
}

#[derive(Debug, Default)]
struct CodeState {
    wanted: Option<String>,
    loaded: Option<Loaded>,
    /// Nobody will ask any more.
    over: bool,
}

static HOST: OnceLock<Host> = OnceLock::new();

/// The host of this process.
pub fn host() -> &'static Host {
    HOST.get_or_init(Host::default)
}

/// The host's side: called by threads of the interpreter.
impl Host {
    /// Waits for user code that is to be loaded: JSON. `None` when there will be none.
    pub fn next_code(&self) -> Option<String> {
        let mut code = lock(&self.code);
        loop {
            if let Some(wanted) = code.wanted.take() {
                return Some(wanted);
            }
            if code.over {
                return None;
            }
            code = self.code_came.wait(code).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Answers [`Self::next_code`].
    pub fn code_loaded(&self, loaded: Loaded) {
        lock(&self.code).loaded = Some(loaded);
        self.wake_engine();
    }

    /// Readable while orders wait.
    ///
    /// # Errors
    /// When the machine has no file descriptor left.
    pub fn orders_fd(&self) -> io::Result<RawFd> {
        if self.ordered.get().is_none() {
            let _ = self.ordered.set(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
            if !lock(&self.orders).is_empty() {
                self.wake_host();
            }
        }
        Ok(self.ordered.get().expect("it was just set").as_raw_fd())
    }

    /// All orders that wait, but those of threads.
    pub fn take_orders(&self) -> VecDeque<Order> {
        if let Some(wake) = self.ordered.get() {
            // Before the orders are taken: one that comes in between wakes us once more, none is forgotten.
            let _ = rustix::io::read(wake, &mut [0; 8]);
        }
        std::mem::take(&mut *lock(&self.orders))
    }

    /// Waits for an order in a mailbox, which is that of the user whose thread this is.
    pub fn next_order(&self, mailbox: u64) -> Order {
        let mailbox = lock(&self.mailboxes).get(&mailbox).cloned();
        mailbox.map_or(Order::Dismissed, |mailbox| mailbox.next())
    }

    /// Says something to the engine.
    pub fn say(&self, word: Word) {
        lock(&self.words).push(word);
        // Whoever finds that it was woken already need not wake it again.
        if !self.is_woken.swap(true, Ordering::AcqRel) {
            self.wake_engine();
        }
    }

    /// Says something that can wait until the engine looks, which it does at every tick of its own. To be woken for
    /// everything that is merely counted would cost the host more than the counting.
    pub fn mention(&self, word: Word) {
        const MOST: usize = 1024;
        let mut words = lock(&self.words);
        words.push(word);
        let are_many = words.len() == MOST;
        drop(words);
        if are_many {
            self.wake_engine();
        }
    }

    /// A number for a request.
    pub fn next_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn wake_engine(&self) {
        if let Some(wake) = self.said.get() {
            // It can only fail when its counter is full, and then the engine is to wake up anyway.
            let _ = rustix::io::write(wake, &1_u64.to_ne_bytes());
        }
    }
}

/// The engine's side.
impl Host {
    /// Wants this user code to be loaded; what becomes of it: [`Self::loaded`].
    pub fn load(&self, code: String) {
        lock(&self.code).wanted = Some(code);
        self.code_came.notify_all();
    }

    /// What has become of the user code, if anything has.
    pub fn loaded(&self) -> Option<Loaded> {
        lock(&self.code).loaded.clone()
    }

    /// Lets whoever waits for user code go.
    pub fn has_no_code(&self) {
        lock(&self.code).over = true;
        self.code_came.notify_all();
    }

    /// Readable while words wait.
    ///
    /// # Errors
    /// When the machine has no file descriptor left.
    pub fn words_fd(&self) -> io::Result<Arc<OwnedFd>> {
        if self.said.get().is_none() {
            let _ = self.said.set(Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?));
            // What was said before nobody has heard.
            self.wake_engine();
        }
        Ok(Arc::clone(self.said.get().expect("it was just set")))
    }

    /// All words that wait.
    pub fn take_words(&self) -> Vec<Word> {
        // Before they are taken: what is said in between wakes once more, and is not forgotten.
        self.is_woken.store(false, Ordering::Release);
        std::mem::take(&mut *lock(&self.words))
    }

    /// Gives the host an order.
    pub fn order(&self, order: Order) {
        let mut orders = lock(&self.orders);
        orders.push_back(order);
        let is_first = orders.len() == 1;
        drop(orders);
        if is_first {
            self.wake_host();
        }
    }

    /// Wants a thread for a user of this class. The number of its mailbox.
    pub fn hire(&self, user: u64, class: usize) -> u64 {
        let mailbox = self.next_number();
        lock(&self.mailboxes).insert(mailbox, Arc::default());
        self.order(Order::Hire { mailbox, user, class });
        mailbox
    }

    /// Gives a thread an order. One that is gone does not wait for any.
    pub fn order_thread(&self, mailbox: u64, order: Order) {
        if let Some(mailbox) = lock(&self.mailboxes).get(&mailbox) {
            mailbox.put(order);
        }
    }

    /// Lets a thread go: it ends when it asks next.
    pub fn dismiss_thread(&self, mailbox: u64) {
        if let Some(mailbox) = lock(&self.mailboxes).remove(&mailbox) {
            mailbox.put(Order::Dismissed);
        }
    }

    /// The run is over: lets everybody go.
    pub fn close(&self) {
        for (_, mailbox) in lock(&self.mailboxes).drain() {
            mailbox.put(Order::Dismissed);
        }
        self.order(Order::Close);
    }

    fn wake_host(&self) {
        if let Some(wake) = self.ordered.get() {
            let _ = rustix::io::write(wake, &1_u64.to_ne_bytes());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds one.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
