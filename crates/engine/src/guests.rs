//! Users that drive themselves: they are told to come and to leave, and tell of their iterations.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::{now_ns, sleep};
use kilobar_core::stats::ErrorClass;
use tokio::sync::Notify;

use crate::host::{Asked, Came, Order, host};
use crate::iteration::User;
use crate::recorder::Shown;
use crate::worker::Run;

/// One that left by itself is followed by another only after a while, so that code that fails at once does not spin.
const BREATH_NS: u64 = 100_000_000;

/// The guests of a worker.
#[derive(Default)]
pub struct Guests {
    here: RefCell<HashMap<u64, Rc<Guest>>>,
    /// What sends their requests, when it is not busy: cookies and connections of each.
    users: RefCell<HashMap<u64, User>>,
}

#[derive(Default)]
struct Guest {
    is_gone: Cell<bool>,
    is_gone_for_good: Cell<bool>,
    left: Notify,
}

impl Guests {
    /// A guest is gone.
    pub fn left(&self, user: u64, for_good: bool) {
        self.users.borrow_mut().remove(&user);
        if let Some(guest) = self.here.borrow_mut().remove(&user) {
            guest.is_gone_for_good.set(for_good);
            guest.is_gone.set(true);
            guest.left.notify_one();
        }
    }

    fn count(&self) -> u64 {
        self.here.borrow().len() as u64
    }
}

/// A guest from when it comes to when it has left.
pub async fn stay(run: &Rc<Run>, number: u64) {
    let code = run.engine.program.plan.code.as_ref().expect("guests are user code");
    let guest = Rc::new(Guest::default());
    run.guests.here.borrow_mut().insert(number, Rc::clone(&guest));
    run.engine.recorder.guests(run.guests.count());
    host().order(Order::Arrive { user: number, class: code.class_of(number) });
    while run.crowd.wants(number) && !guest.is_gone.get() {
        run.wait_or(guest.left.notified()).await;
    }
    if !guest.is_gone.get() {
        host().order(Order::Leave { user: number });
        while !guest.is_gone.get() {
            guest.left.notified().await;
        }
    } else if guest.is_gone_for_good.get() {
        run.crowd.is_gone_for_good(number);
    } else if run.crowd.wants(number) {
        sleep(BREATH_NS).await;
    }
    run.engine.recorder.guests(run.guests.count());
}

/// A guest has ended an iteration, after it began at the first instant, at the second.
pub fn ended(run: &Run, flow: usize, (began_ns, ended_ns): (u64, u64), failure: Option<&str>) {
    let took_ns = ended_ns.saturating_sub(began_ns);
    run.engine.recorder.finished(flow, took_ns, failure.is_none());
    if let Some(message) = failure {
        let name = &run.engine.program.plan.flows[flow].name;
        keep_words(run, name, ErrorClass::Script, message, took_ns);
    }
    run.ended();
}

/// Keeps what user code said of a failed step.
#[cold]
pub fn keep_words(run: &Run, series: &str, class: ErrorClass, message: &str, elapsed_ns: u64) {
    let engine = &run.engine;
    let at_ns = now_ns().saturating_sub(engine.start_ns);
    engine.recorder.sample(series, class, at_ns, elapsed_ns, || Shown {
        message: engine.program.secrets.hide_in_message(message),
        ..Shown::default()
    });
}

/// A guest wants a request to be sent. It counts it itself: only then is known how it went.
pub fn asked(run: &Rc<Run>, user: u64, request: u64, asked: Box<Asked>) {
    let run = Rc::clone(run);
    tokio::task::spawn_local(async move {
        let alarm = run.engine.new_alarm();
        poll_fn(|context| {
            alarm.belongs_to(context);
            Poll::Ready(())
        })
        .await;
        let kept = run.guests.users.borrow_mut().remove(&user);
        let mut sender = kept.unwrap_or_else(|| run.engine.user(Rc::clone(&alarm), user));
        sender.alarm = alarm;
        sender.number = user;
        let came = run.engine.fetch_uncounted(&mut sender, &asked).await;
        host().order(Order::Response(Box::new(Came { request, ..came })));
        if run.guests.here.borrow().contains_key(&user) {
            run.guests.users.borrow_mut().insert(user, sender);
        }
    });
}
