//! One request and its response over an open connection.

mod expect;
#[cfg(test)]
mod tests;

pub use expect::PATIENCE_NS;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, Waker};

use kilobar_clock::now_ns;
use kilobar_core::stats::{ErrorClass, Phase};
use kilobar_core::wire::http1::{Progress, RequestMethod, ResponseReader};

use crate::connection::Connection;
use crate::dial::Failure;
use crate::message::Message;
use crate::secrets::SHOWN_BYTES;

/// Bytes that are read at once; one such buffer serves a whole worker, because reading never spans an await.
pub const READ_BUFFER_BYTES: usize = 64 * 1024;

/// The limit of the exchange that a user has in flight.
///
/// A timer per request would cost more than the request: the worker looks over all alarms a few times a second, and
/// wakes the tasks whose time is up.
#[derive(Default)]
pub struct Alarm {
    deadline_ns: Cell<u64>,
    /// It rings then at the latest, whatever it is set to; 0: no such limit.
    last_ns: Cell<u64>,
    expired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Alarm {
    /// Remembers whom to wake. A task's waker is the same for its whole life, so once is enough.
    pub fn belongs_to(&self, context: &Context<'_>) {
        *self.waker.borrow_mut() = Some(context.waker().clone());
    }

    /// Rings at this time, unless it is set or cleared before.
    #[inline]
    pub fn set(&self, deadline_ns: u64) {
        self.expired.set(false);
        self.deadline_ns.set(deadline_ns.min(self.last_ns()));
    }

    /// From now on it rings at this time at the latest whenever it is set, also when it is set already; 0 lifts that.
    pub fn limit(&self, last_ns: u64) {
        self.last_ns.set(last_ns);
        let deadline_ns = self.deadline_ns.get();
        if deadline_ns != 0 {
            self.deadline_ns.set(deadline_ns.min(self.last_ns()));
        }
    }

    /// When it rings at the latest.
    #[inline]
    pub fn last_ns(&self) -> u64 {
        let last_ns = self.last_ns.get();
        if last_ns == 0 { u64::MAX } else { last_ns }
    }

    /// Does not ring any more.
    #[inline]
    pub fn clear(&self) {
        self.deadline_ns.set(0);
    }

    /// Whether it rang since it was set.
    #[inline]
    pub fn has_expired(&self) -> bool {
        self.expired.get()
    }

    /// Wakes its task.
    #[inline]
    pub fn wake(&self) {
        if let Some(waker) = self.waker.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }

    /// Wakes its task if its time is up.
    pub fn check(&self, now_ns: u64) {
        let deadline_ns = self.deadline_ns.get();
        if deadline_ns != 0 && deadline_ns <= now_ns {
            self.clear();
            self.expired.set(true);
            self.wake();
        }
    }
}

/// When things happened, and how much was moved.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exchange {
    /// The first byte was about to be written.
    pub send_ns: u64,
    /// The last byte was written.
    pub sent_ns: u64,
    /// The first byte of the response was there.
    pub first_byte_ns: u64,
    /// The last byte was there, or it had failed.
    pub end_ns: u64,
    /// HTTP bytes read.
    pub bytes_in: u64,
    /// HTTP bytes written.
    pub bytes_out: u64,
}

impl Exchange {
    /// How long sending, waiting and receiving took, in ns. An early response can come before the last byte was sent.
    #[inline]
    pub fn phases_ns(&self) -> [(Phase, u64); 3] {
        let sent_ns = if self.sent_ns == 0 { self.first_byte_ns } else { self.sent_ns };
        [
            (Phase::Send, sent_ns - self.send_ns),
            (Phase::Wait, self.first_byte_ns.saturating_sub(sent_ns)),
            (Phase::Receive, self.end_ns - self.first_byte_ns),
        ]
    }

    /// Whether the request was sent whole before its response began, so that the connection can be used again.
    pub fn was_sent(&self) -> bool {
        self.sent_ns != 0
    }
}

/// How long an exchange may take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limit {
    /// From now on.
    pub remaining_ns: u64,
    /// What the step asked for, before redirects took their part of it.
    pub timeout_ns: u64,
}

/// Where an exchange goes, and what it may be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aim {
    /// Index of the origin.
    pub origin: usize,
    /// What the response may look like.
    pub response_to: RequestMethod,
    /// The body waits until the server wants it.
    pub expects_continue: bool,
    /// How long it may take.
    pub limit: Limit,
}

/// What an exchange reads into.
pub struct Incoming<'a> {
    /// The worker's read buffer.
    pub buffer: &'a RefCell<Box<[u8]>>,
    /// Understands the bytes.
    pub reader: &'a mut ResponseReader,
    /// Where the body goes, if a later step needs it.
    pub body: Option<&'a mut Vec<u8>>,
    /// Where the beginning of what came is kept when it came in pieces, for a failure sample.
    pub kept: &'a mut Vec<u8>,
}

/// Sends `message` and reads the whole response. `exchange.send_ns` is given; everything else is filled in, as far
/// as it came also when it fails.
///
/// # Errors
/// Anything but a complete response, and bytes after it.
#[inline]
pub async fn run(
    connection: &mut Connection,
    message: &Message,
    aim: &Aim,
    incoming: &mut Incoming<'_>,
    alarm: &Alarm,
    exchange: &mut Exchange,
) -> Result<(), Failure> {
    alarm.set(exchange.send_ns.saturating_add(aim.limit.remaining_ns));
    let done = if aim.expects_continue {
        // Rare: its future is kept out of the hot one.
        Box::pin(expect::send_when_wanted(connection, message, incoming, alarm, exchange)).await
    } else {
        send_and_receive(connection, message, incoming, alarm, exchange, Sending::Whole).await
    };
    alarm.clear();
    if let Err(failure) = &done {
        exchange.end_ns = now_ns();
        if matches!(failure, Trouble::TimedOut) {
            return Err(timed_out(alarm, exchange, aim.limit.timeout_ns));
        }
        return Err(explain(failure, connection, incoming.reader));
    }
    connection.exchanges += 1;
    Ok(())
}

/// What can go wrong, before it is put in words.
enum Trouble {
    Io(io::Error),
    Wire(kilobar_core::wire::http1::WireError),
    Leftover(usize),
    TimedOut,
}

/// How much of a message is to be sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// What is left of it.
    Whole,
    /// Nothing more: the server does not want it, or does not listen any longer.
    Nothing,
}

/// Sends what [`Exchange::bytes_out`] leaves of the message while it reads the response.
#[inline]
async fn send_and_receive(
    connection: &mut Connection,
    message: &Message,
    incoming: &mut Incoming<'_>,
    alarm: &Alarm,
    exchange: &mut Exchange,
    mut sending: Sending,
) -> Result<(), Trouble> {
    let mut all_sent = sending == Sending::Nothing;
    loop {
        if !all_sent {
            match send(connection, message, usize::MAX, exchange) {
                // The server may have answered and closed before it read everything: its answer is what counts.
                Err(Trouble::Io(error)) if is_closed(&error) && exchange.bytes_out > 0 => {
                    sending = Sending::Nothing;
                }
                sent => sent?,
            }
            let rest = message.after(exchange.bytes_out as usize);
            all_sent = sending == Sending::Nothing || (rest.is_empty() && !connection.has_unsent());
        }
        let shared = incoming.buffer;
        let complete = poll_fn(|context| {
            let mut buffer = shared.borrow_mut();
            match connection.poll_read(context, &mut buffer) {
                Poll::Ready(Ok(read)) => Poll::Ready(understand(&buffer[..read], incoming, exchange)),
                Poll::Ready(Err(error)) => Poll::Ready(Err(Trouble::Io(error))),
                // Only now: what had arrived in time is no timeout, however late it is looked at.
                Poll::Pending if alarm.expired.get() => Poll::Ready(Err(Trouble::TimedOut)),
                Poll::Pending if !all_sent => connection.poll_writable(context).map(|_| Ok(false)),
                Poll::Pending => Poll::Pending,
            }
        })
        .await?;
        if complete {
            return Ok(());
        }
        if alarm.expired.get() {
            return Err(Trouble::TimedOut);
        }
    }
}

/// Sends what fits, up to the first `until` bytes of the message.
#[inline]
fn send(
    connection: &mut Connection,
    message: &Message,
    until: usize,
    exchange: &mut Exchange,
) -> Result<(), Trouble> {
    loop {
        let sent = exchange.bytes_out as usize;
        let piece = message.after(sent);
        let piece = &piece[..piece.len().min(until.saturating_sub(sent))];
        if piece.is_empty() {
            break;
        }
        match connection.try_write(piece) {
            Ok(written) => exchange.bytes_out += written as u64,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(Trouble::Io(error)),
        }
    }
    match connection.try_flush() {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
        flushed => flushed.map_err(Trouble::Io)?,
    }
    if exchange.first_byte_ns == 0 {
        exchange.sent_ns = now_ns();
    }
    Ok(())
}

/// Takes in what was read, nothing at the end of the stream; `true` when the response is complete.
#[inline]
fn understand(bytes: &[u8], incoming: &mut Incoming<'_>, exchange: &mut Exchange) -> Result<bool, Trouble> {
    exchange.end_ns = now_ns();
    if exchange.first_byte_ns == 0 && !bytes.is_empty() {
        exchange.first_byte_ns = exchange.end_ns;
    }
    exchange.bytes_in += bytes.len() as u64;
    let fed = if bytes.is_empty() {
        incoming.reader.end_of_stream()
    } else {
        incoming.reader.feed(bytes, incoming.body.as_deref_mut())
    };
    match fed {
        Ok(Progress::Done { used }) if used == bytes.len() => {
            // A response in one piece is still in the read buffer when a sample is wanted.
            if !incoming.kept.is_empty() {
                keep(incoming.kept, bytes);
            }
            Ok(true)
        }
        Ok(Progress::Done { used }) => {
            keep(incoming.kept, bytes);
            Err(Trouble::Leftover(bytes.len() - used))
        }
        Ok(Progress::More) => {
            keep(incoming.kept, bytes);
            Ok(false)
        }
        Err(error) => {
            keep(incoming.kept, bytes);
            Err(Trouble::Wire(error))
        }
    }
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = SHOWN_BYTES.saturating_sub(kept.len()).min(bytes.len());
    kept.extend_from_slice(&bytes[..room]);
}

/// Whether the server has closed the connection.
pub fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe)
}

/// The alarm rang before the response was whole: the time of the request was up, or that of whoever waited for it.
#[cold]
pub fn timed_out(alarm: &Alarm, exchange: &Exchange, timeout_ns: u64) -> Failure {
    let message = if alarm.last_ns() < exchange.send_ns.saturating_add(timeout_ns) {
        let waited_s = exchange.end_ns.saturating_sub(exchange.send_ns) as f64 / 1e9;
        format!("nobody waited for the response any more after {waited_s:.3} s")
    } else {
        format!("no complete response within {} s", timeout_ns as f64 / 1e9)
    };
    Failure::new(ErrorClass::ReadTimeout, message)
}

#[cold]
fn explain(trouble: &Trouble, connection: &Connection, reader: &ResponseReader) -> Failure {
    let stale = connection.exchanges > 0 && !reader.started();
    let stale_message = "the server had closed this kept-alive connection; the request was not repeated";
    match trouble {
        Trouble::TimedOut => unreachable!("it is put in words by `timed_out`"),
        Trouble::Leftover(bytes) => Failure::new(
            ErrorClass::Protocol,
            format!("{bytes} bytes after the end of the response, to which nothing had been asked"),
        ),
        Trouble::Io(error) if stale && (is_closed(error) || error.kind() == io::ErrorKind::UnexpectedEof) => {
            Failure::new(ErrorClass::Stale, stale_message)
        }
        Trouble::Io(error) if is_closed(error) => Failure::new(ErrorClass::Reset, error.to_string()),
        Trouble::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            Failure::new(ErrorClass::Tls, error.to_string())
        }
        Trouble::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Failure::new(ErrorClass::Eof, "the server ended the TLS connection without saying so")
        }
        Trouble::Io(error) => Failure::new(ErrorClass::Reset, error.to_string()),
        Trouble::Wire(error) if error.is_truncated() && stale => {
            Failure::new(ErrorClass::Stale, stale_message)
        }
        Trouble::Wire(error) if error.is_truncated() => Failure::new(ErrorClass::Eof, error.to_string()),
        Trouble::Wire(error) if error.is_too_large() => Failure::new(ErrorClass::TooLarge, error.to_string()),
        Trouble::Wire(error) => Failure::new(ErrorClass::Protocol, error.to_string()),
    }
}
