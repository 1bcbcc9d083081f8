//! `expect: 100-continue` (RFC 9110, section 10.1.1): the head first, the body when the server wants it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use kilobar_clock::{now_ns, sleep_until};

use super::{Alarm, Exchange, Incoming, Sending, Trouble, send, send_and_receive, understand};
use crate::connection::Connection;
use crate::message::Message;

/// Servers that do not know the header never answer to it: after so long the body is sent anyway.
pub const PATIENCE_NS: u64 = 1_000_000_000;

/// What ended the wait.
enum Answer {
    /// The body is to be sent.
    Wanted,
    /// A final response has begun, the body is of no use.
    Refused,
    /// A final response was there, whole.
    Complete,
}

/// As [`send_and_receive`], but the body waits for a `100 Continue`, for at most a second. When a final response comes
/// first, the body is never sent, and the connection cannot be used again.
pub(super) async fn send_when_wanted(
    connection: &mut Connection,
    message: &Message,
    incoming: &mut Incoming<'_>,
    alarm: &Alarm,
    exchange: &mut Exchange,
) -> Result<(), Trouble> {
    let answer = wait(connection, message, incoming, alarm, exchange).await?;
    // So far only the head was: a response that comes before the body is whole leaves the connection unusable.
    exchange.sent_ns = 0;
    let sending = match answer {
        Answer::Complete => return Ok(()),
        Answer::Refused => Sending::Nothing,
        Answer::Wanted => {
            // The first byte of the response is that of the final one.
            exchange.first_byte_ns = 0;
            Sending::Whole
        }
    };
    send_and_receive(connection, message, incoming, alarm, exchange, sending).await
}

async fn wait(
    connection: &mut Connection,
    message: &Message,
    incoming: &mut Incoming<'_>,
    alarm: &Alarm,
    exchange: &mut Exchange,
) -> Result<Answer, Trouble> {
    let mut patience = pin!(sleep_until(now_ns().saturating_add(PATIENCE_NS)));
    loop {
        let head_sent = exchange.bytes_out as usize >= message.head_bytes() && !connection.has_unsent();
        if !head_sent {
            send(connection, message, message.head_bytes(), exchange)?;
        }
        let head_sent = exchange.bytes_out as usize >= message.head_bytes() && !connection.has_unsent();
        let shared = incoming.buffer;
        let progress = poll_fn(|context| {
            let mut buffer = shared.borrow_mut();
            match connection.poll_read(context, &mut buffer) {
                Poll::Ready(Ok(read)) => {
                    return Poll::Ready(understand(&buffer[..read], incoming, exchange).map(Some));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Trouble::Io(error))),
                Poll::Pending if alarm.expired.get() => return Poll::Ready(Err(Trouble::TimedOut)),
                Poll::Pending => {}
            }
            if head_sent {
                patience.as_mut().poll(context).map(|()| Ok(None))
            } else {
                connection.poll_writable(context).map(|_| Ok(Some(false)))
            }
        })
        .await?;
        match progress {
            None => return Ok(Answer::Wanted),
            Some(true) => return Ok(Answer::Complete),
            Some(false) if incoming.reader.status() != 0 => return Ok(Answer::Refused),
            Some(false) if incoming.reader.continued() => return Ok(Answer::Wanted),
            Some(false) => {}
        }
    }
}
