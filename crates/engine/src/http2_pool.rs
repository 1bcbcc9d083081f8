//! Who shares which HTTP/2 connection, and who waits for a free stream.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use tokio::sync::Notify;

use crate::dial::Failure;
use crate::exchange::Alarm;
use crate::http2_link::Link;

/// Connections that one owner opens to an origin. When all their streams are taken, requests wait for a free one.
pub const MAX_CONNECTIONS: usize = 256;

/// The connections of one owner: a worker, or one user.
#[derive(Default)]
pub struct Http2Pool {
    origins: RefCell<Vec<Rc<Links>>>,
}

impl Http2Pool {
    /// Those to this origin.
    #[inline]
    pub fn origin(&self, origin: usize) -> Rc<Links> {
        let mut origins = self.origins.borrow_mut();
        if origins.len() <= origin {
            origins.resize_with(origin + 1, Rc::default);
        }
        Rc::clone(&origins[origin])
    }

    /// Closes all of them.
    pub fn close(&self) {
        for links in self.origins.borrow_mut().drain(..) {
            links.open.borrow().iter().for_each(|link| link.close());
        }
    }
}

/// The connections of one owner to one origin.
#[derive(Default)]
pub struct Links {
    open: RefCell<Vec<Rc<Link>>>,
    /// Somebody is opening one, for all who wait.
    is_dialling: Cell<bool>,
    /// What went wrong the last time, and how often something did.
    failure: RefCell<Option<Failure>>,
    failures: Cell<u64>,
    speaks_http1: Cell<bool>,
    /// Requests that wait for a stream; newcomers stand behind them.
    waiting: Cell<usize>,
    /// Those of them that were woken and have not run yet.
    woken: Cell<usize>,
    changed: Notify,
}

/// What a request does that has no stream yet.
pub enum Turn {
    /// Take a stream of this connection.
    Use(Rc<Link>),
    /// Open a connection, for others too.
    Dial(Dialling),
    /// The server does not speak HTTP/2.
    Http1,
    /// The connection for which it waited could not be opened.
    Failed(Failure),
    /// Its time is up.
    Expired,
}

impl Links {
    /// Waits for a turn, behind all who waited before. A request that has dialled already does not do so again.
    #[inline]
    pub async fn turn(self: &Rc<Self>, alarm: &Alarm, may_dial: bool) -> Turn {
        if self.waiting.get() == 0
            && let Some(link) = self.with_room()
        {
            return Turn::Use(link);
        }
        // Whoever has to wait can afford to have its future kept elsewhere.
        Box::pin(self.wait(alarm, may_dial)).await
    }

    async fn wait(self: &Rc<Self>, alarm: &Alarm, may_dial: bool) -> Turn {
        let failures = self.failures.get();
        let mut may_go = self.waiting.get() == 0;
        loop {
            if self.speaks_http1.get() {
                return Turn::Http1;
            }
            if may_go && let Some(link) = self.with_room() {
                return Turn::Use(link);
            }
            if self.failures.get() != failures && self.open.borrow().is_empty() {
                let failure = self.failure.borrow().clone();
                if let Some(failure) = failure {
                    return Turn::Failed(failure);
                }
            }
            if alarm.has_expired() {
                return Turn::Expired;
            }
            let is_full = self.with_room().is_none();
            let may_dial = may_dial || self.open.borrow().is_empty();
            if may_dial && is_full && !self.is_dialling.get() && self.open.borrow().len() < MAX_CONNECTIONS {
                return Turn::Dial(Dialling::new(self));
            }
            let _place = Place::new(self);
            let mut changed = pin!(self.changed.notified());
            poll_fn(|context| match changed.as_mut().poll(context) {
                Poll::Pending if !alarm.has_expired() => Poll::Pending,
                _ => Poll::Ready(()),
            })
            .await;
            may_go = true;
        }
    }

    fn with_room(&self) -> Option<Rc<Link>> {
        self.open.borrow().iter().find(|link| link.has_room()).map(Rc::clone)
    }

    /// Something has come on a connection, so there may be room: as many as can go are woken.
    #[inline]
    pub fn look(&self, link: &Link) {
        if self.waiting.get() > self.woken.get() {
            self.wake(link.room());
        }
    }

    #[cold]
    fn wake(&self, room: usize) {
        let more = room.saturating_sub(self.woken.get()).min(self.waiting.get() - self.woken.get());
        for _ in 0..more {
            self.woken.set(self.woken.get() + 1);
            self.changed.notify_one();
        }
    }

    /// A connection has ended, or goes away.
    pub fn remove(&self, link: &Rc<Link>) {
        self.open.borrow_mut().retain(|open| !Rc::ptr_eq(open, link));
        // Whoever comes first opens another one.
        self.wake_all();
    }

    fn wake_all(&self) {
        self.woken.set(self.waiting.get());
        self.changed.notify_waiters();
    }
}

/// The place of a request among those that wait.
struct Place<'a>(&'a Links);

impl<'a> Place<'a> {
    fn new(links: &'a Links) -> Self {
        links.waiting.set(links.waiting.get() + 1);
        Self(links)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let links = self.0;
        links.waiting.set(links.waiting.get() - 1);
        links.woken.set(links.woken.get().saturating_sub(1));
    }
}

/// The opening of a connection, for which others wait.
pub struct Dialling(Rc<Links>);

impl Dialling {
    fn new(links: &Rc<Links>) -> Self {
        links.is_dialling.set(true);
        Self(Rc::clone(links))
    }

    /// It is open.
    pub fn opened(self, link: &Rc<Link>) {
        self.0.open.borrow_mut().push(Rc::clone(link));
    }

    /// The server speaks HTTP/1.1 instead.
    pub fn found_http1(self) {
        self.0.speaks_http1.set(true);
    }

    /// It could not be opened.
    pub fn failed(self, failure: &Failure) {
        *self.0.failure.borrow_mut() = Some(failure.clone());
        self.0.failures.set(self.0.failures.get() + 1);
    }
}

impl Drop for Dialling {
    fn drop(&mut self) {
        self.0.is_dialling.set(false);
        self.0.wake_all();
    }
}
