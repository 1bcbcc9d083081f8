//! One HTTP/2 connection that many users share, and the task that reads and writes for all of them.
//!
//! A user that starts a stream only appends to the output and wakes the task. The task runs behind all users that are
//! ready by then, so the requests of all of them go out with one system call; and whatever it reads, it wakes all users
//! whose responses are complete.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use kilobar_clock::now_ns;
use kilobar_core::stats::ErrorClass;
use kilobar_core::wire::http1::Limits;
use kilobar_core::wire::http2::{Client, ConnectionError, ErrorCode, Keep, Kept, Outgoing, Slot, Taken};

use crate::connection::Connection;
use crate::dial::Failure;
use crate::exchange::{Alarm, is_closed};

/// One HTTP/2 connection.
pub struct Link {
    client: RefCell<Client>,
    /// Who waits for the stream at each slot.
    waiting: RefCell<Vec<Option<Waker>>>,
    /// The task of this connection.
    driver: RefCell<Option<Waker>>,
    is_woken: Cell<bool>,
    is_closing: Cell<bool>,
    /// Responses that came over it.
    exchanges: Cell<u64>,
    /// Why it ended.
    failure: RefCell<Option<Failure>>,
}

/// How a connection ended.
pub enum End {
    /// We closed it, or the server did so in good order.
    Closed,
    /// The server closed it while nobody used it.
    ClosedIdle,
    /// It broke while it was in use.
    Failed,
}

impl Link {
    /// A link that has not said anything yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            client: RefCell::new(Client::new(limits)),
            waiting: RefCell::default(),
            driver: RefCell::default(),
            is_woken: Cell::new(false),
            is_closing: Cell::new(false),
            exchanges: Cell::new(0),
            failure: RefCell::default(),
        }
    }

    /// Whether a stream can be opened now.
    #[inline]
    pub fn has_room(&self) -> bool {
        !self.is_closing.get() && self.client.borrow().has_room()
    }

    /// Whether streams can be opened, now or later.
    pub fn accepts(&self) -> bool {
        !self.is_closing.get() && self.client.borrow().accepts()
    }

    /// How many streams could be opened now.
    pub fn room(&self) -> usize {
        let client = self.client.borrow();
        if client.accepts() {
            (client.max_streams() as usize).saturating_sub(client.open_streams())
        } else {
            0
        }
    }

    /// Ends the connection; streams that are open fail.
    pub fn close(&self) {
        self.is_closing.set(true);
        self.wake();
    }

    fn wake(&self) {
        if !self.is_woken.replace(true)
            && let Some(driver) = self.driver.borrow().as_ref()
        {
            driver.wake_by_ref();
        }
    }

    /// Sends a request; what is kept of the response goes into `kept`, up to `keep`.
    ///
    /// # Errors
    /// Gives `kept` back when there is no room.
    #[inline]
    pub fn start(self: &Rc<Self>, request: Outgoing<'_>, keep: Keep, kept: Kept) -> Result<OpenStream, Kept> {
        let slot = self.client.borrow_mut().start(request, keep, kept)?;
        self.wake();
        Ok(OpenStream { link: Rc::clone(self), slot, is_taken: false })
    }

    /// Waits until the server has said what it allows.
    ///
    /// # Errors
    /// When the connection ended before.
    pub async fn opened(&self) -> Result<(), Failure> {
        poll_fn(|context| {
            if self.client.borrow().has_settings() {
                return Poll::Ready(Ok(()));
            }
            if let Some(failure) = self.failure.borrow().as_ref() {
                return Poll::Ready(Err(failure.clone()));
            }
            let mut waiting = self.waiting.borrow_mut();
            waiting.resize(1, None);
            waiting[0] = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Reads and writes until the connection ends. `look` is called whenever something has come.
    pub async fn drive(
        &self,
        mut connection: Connection,
        buffer: &RefCell<Box<[u8]>>,
        mut look: impl FnMut(&Self),
    ) -> End {
        let ended = poll_fn(|context| self.poll(context, &mut connection, buffer, &mut look)).await;
        let mut client = self.client.borrow_mut();
        let was_used = client.open_streams() > 0 || !client.has_settings();
        let failure = match &ended {
            Ok(()) => {
                Failure::new(ErrorClass::Eof, "the connection was closed before the response was complete")
            }
            Err(trouble) => trouble.explain(),
        };
        let code = match &ended {
            Ok(()) => Some(ErrorCode::NO_ERROR),
            Err(Trouble::Wire(error)) => Some(error.code()),
            Err(_) => None,
        };
        if let Some(code) = code {
            client.say_goodbye(code);
            // Whether the server still reads this is its own affair.
            let _ = connection.try_write(client.output());
        }
        *self.failure.borrow_mut() = Some(failure);
        client.lose(now_ns());
        drop(client);
        self.wake_ended();
        match ended {
            Ok(()) => End::Closed,
            Err(_) if was_used => End::Failed,
            Err(_) => End::ClosedIdle,
        }
    }

    fn poll(
        &self,
        context: &mut Context<'_>,
        connection: &mut Connection,
        buffer: &RefCell<Box<[u8]>>,
        look: &mut impl FnMut(&Self),
    ) -> Poll<Result<(), Trouble>> {
        self.is_woken.set(false);
        let mut driver = self.driver.borrow_mut();
        if !driver.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *driver = Some(context.waker().clone());
        }
        drop(driver);
        // What others did since: streams that were cancelled make room too.
        look(self);
        loop {
            let is_idle = {
                let client = self.client.borrow();
                client.open_streams() == 0 && client.has_settings() && !client.accepts()
            };
            if self.is_closing.get() || is_idle {
                return Poll::Ready(Ok(()));
            }
            let is_blocked = self.write(connection)?;
            let mut bytes = buffer.borrow_mut();
            match connection.poll_read(context, &mut bytes) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(Trouble::Eof)),
                Poll::Ready(Ok(read)) => {
                    let fed = self.client.borrow_mut().feed(&bytes[..read], now_ns());
                    drop(bytes);
                    // Responses that were complete are good whatever came behind them.
                    self.wake_ended();
                    fed.map_err(Trouble::Wire)?;
                    look(self);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Trouble::Io(error))),
                Poll::Pending if is_blocked => match connection.poll_writable(context) {
                    Poll::Ready(writable) => writable.map_err(Trouble::Io)?,
                    Poll::Pending => return Poll::Pending,
                },
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Writes what waits; `true` when the socket is full.
    fn write(&self, connection: &mut Connection) -> Result<bool, Trouble> {
        let mut client = self.client.borrow_mut();
        if !client.output().is_empty() {
            client.sending(now_ns());
        }
        while !client.output().is_empty() {
            match connection.try_write(client.output()) {
                Ok(written) => client.wrote(written, now_ns()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                // The server may have said why before it closed: what can be read decides.
                Err(error) if is_closed(&error) => return Ok(false),
                Err(error) => return Err(Trouble::Io(error)),
            }
        }
        match connection.try_flush() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) if is_closed(&error) => Ok(false),
            flushed => flushed.map(|()| false).map_err(Trouble::Io),
        }
    }

    /// Wakes those whose streams have ended, and who waits for the beginning.
    fn wake_ended(&self) {
        let mut client = self.client.borrow_mut();
        let mut waiting = self.waiting.borrow_mut();
        while let Some(slot) = client.pop_ended() {
            if let Some(waker) = waiting.get_mut(slot.index()).and_then(Option::take) {
                waker.wake();
            }
        }
        // Before the first stream only the one that opens the connection waits.
        if self.exchanges.get() == 0
            && client.open_streams() == 0
            && let Some(waker) = waiting.first_mut().and_then(Option::take)
        {
            waker.wake();
        }
    }

    /// Why the connection ended, for a stream on which nothing or something had come.
    #[cold]
    pub fn why(&self, has_begun: bool) -> Failure {
        let failure = self.failure.borrow().clone();
        let failure = failure.unwrap_or_else(|| Failure::new(ErrorClass::Reset, "the connection ended"));
        let is_closed = matches!(failure.class, ErrorClass::Eof | ErrorClass::Reset);
        if self.exchanges.get() > 0 && !has_begun && is_closed {
            let message = "the server had closed this kept-alive connection; the request was not repeated";
            return Failure::new(ErrorClass::Stale, message);
        }
        failure
    }
}

/// A stream of a user. Dropping it cancels it.
pub struct OpenStream {
    link: Rc<Link>,
    slot: Slot,
    is_taken: bool,
}

impl OpenStream {
    /// Sends the body that was held back, unless the server has asked for it before.
    pub fn send_body(&self) {
        self.link.client.borrow_mut().send_body(self.slot);
        self.link.wake();
    }

    /// Waits until it has ended or the alarm rings.
    #[inline]
    pub async fn ended(&self, alarm: &Alarm) {
        poll_fn(|context| {
            let link = &self.link;
            if link.client.borrow_mut().has_ended(self.slot) || alarm.has_expired() {
                return Poll::Ready(());
            }
            let mut waiting = link.waiting.borrow_mut();
            let index = self.slot.index();
            if waiting.len() <= index {
                waiting.resize(index + 1, None);
            }
            match &mut waiting[index] {
                Some(waker) if waker.will_wake(context.waker()) => {}
                waker => *waker = Some(context.waker().clone()),
            }
            Poll::Pending
        })
        .await;
    }

    /// Gives away what came; a stream that is still open is cancelled.
    #[inline]
    pub fn take(&mut self) -> Option<Taken> {
        self.is_taken = true;
        let taken = self.link.client.borrow_mut().take(self.slot)?;
        match taken.outcome {
            Some(_) => self.link.exchanges.set(self.link.exchanges.get() + 1),
            // The server is told that it was cancelled.
            None => self.link.wake(),
        }
        Some(taken)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        if !self.is_taken {
            self.take();
        }
    }
}

/// Why a connection ended, before it is put in words.
enum Trouble {
    Eof,
    Io(io::Error),
    Wire(ConnectionError),
}

impl Trouble {
    fn explain(&self) -> Failure {
        match self {
            Self::Eof => Failure::new(ErrorClass::Eof, "the server closed the connection"),
            Self::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                Failure::new(ErrorClass::Tls, error.to_string())
            }
            Self::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Failure::new(ErrorClass::Eof, "the server ended the TLS connection without saying so")
            }
            Self::Io(error) => Failure::new(ErrorClass::Reset, error.to_string()),
            Self::Wire(error) if error.is_too_large() => {
                Failure::new(ErrorClass::TooLarge, error.to_string())
            }
            Self::Wire(error) => Failure::new(ErrorClass::Protocol, error.to_string()),
        }
    }
}
