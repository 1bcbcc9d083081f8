//! One request over HTTP/2: a stream of a shared connection, which is opened when there is none with room.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::{now_ns, sleep_until};
use kilobar_core::plan::{ConnectionPolicy, HttpVersion, Scheme};
use kilobar_core::stats::ErrorClass;
use kilobar_core::wire::http1::Limits;
use kilobar_core::wire::http2::{Keep, Kept, Outgoing, StreamError, Taken};

use crate::connection::Connection;
use crate::dial::{DialTimes, Failure};
use crate::exchange::Exchange;
use crate::http2_link::{End, Link, OpenStream};
use crate::http2_pool::{Dialling, Links, Turn};
use crate::http2_request::Http2Request;
use crate::iteration::{Engine, User};
use crate::ready_request::ReadyRequest;
use crate::secrets::SHOWN_BYTES;

/// What came of it.
pub enum Over {
    /// The response is complete.
    Http2,
    /// The server speaks HTTP/1.1, and the connection that was opened to find that out, if one was.
    Http1(Option<Connection>),
}

impl Engine {
    /// Sends `request` over HTTP/2 and reads the whole response into `user`. Waiting for a free stream counts as
    /// response time, and falls under the request's timeout.
    ///
    /// # Errors
    /// As [`crate::exchange::run`].
    pub async fn send_http2(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        http2: &Http2Request,
        began_ns: u64,
        exchange: &mut Exchange,
        dialled: &mut Option<Box<DialTimes>>,
    ) -> Result<Over, Failure> {
        let timeout_ns = request.plan.timeout_ns;
        exchange.send_ns = began_ns;
        user.alarm.set(began_ns.saturating_add(timeout_ns));
        let policy = self.program.plan.http.connections;
        let links = match policy {
            ConnectionPolicy::Reuse => self.http2.origin(request.origin),
            ConnectionPolicy::PerUser => user.own_http2.origin(request.origin),
            // Nobody else ever sees it.
            ConnectionPolicy::PerRequest => Rc::default(),
        };
        let mut is_written = http2.fixed().is_some();
        let (link, stream) = loop {
            let link = match links.turn(&user.alarm, dialled.is_none()).await {
                Turn::Use(link) => link,
                Turn::Http1 => return Ok(Over::Http1(None)),
                Turn::Failed(failure) => return Err(failure),
                Turn::Expired => return Err(no_free_stream(timeout_ns)),
                Turn::Dial(dialling) => {
                    let is_first = dialled.is_none();
                    let times = dialled.insert(Box::default());
                    match Box::pin(self.open_http2(user, request, &links, dialling, times)).await? {
                        Opened::Http2(link) => {
                            exchange.send_ns = now_ns();
                            // Connecting does not count, but it cannot put the end off for ever.
                            if is_first {
                                user.alarm.set(exchange.send_ns.saturating_add(timeout_ns));
                            }
                            if !link.accepts() {
                                return Err(gone_away());
                            }
                            link
                        }
                        Opened::Http1(connection) => return Ok(Over::Http1(Some(connection))),
                    }
                }
            };
            // Only now: a request that goes over HTTP/1.1 after all would draw its random values twice.
            if !std::mem::replace(&mut is_written, true) {
                request.write_http2(http2, &user.variables, &mut user.random, &mut user.draft)?;
            }
            if let Some(stream) = self.start(&link, user, request, http2) {
                break (link, stream);
            }
        };
        let taken = stream.ended(&user.alarm).await;
        if policy == ConnectionPolicy::PerRequest {
            link.close();
        }
        let Some(taken) = taken else { return Err(link.why(false)) };
        conclude(taken, &link, user, exchange, timeout_ns).map(|()| Over::Http2)
    }

    #[inline]
    fn start(
        &self,
        link: &Rc<Link>,
        user: &mut User,
        request: &ReadyRequest,
        http2: &Http2Request,
    ) -> Option<OpenStream> {
        user.make_room();
        let (block, body) = http2.fixed().unwrap_or_else(|| user.draft.http2());
        let body_bytes = if request.saves.is_empty() { SHOWN_BYTES } else { usize::MAX };
        let keep = Keep { head_bytes: SHOWN_BYTES, body_bytes };
        let kept = Kept { head: std::mem::take(&mut user.head), body: std::mem::take(&mut user.body) };
        let outgoing = Outgoing { block, body, method: request.method };
        match link.start(outgoing, keep, kept) {
            Ok(stream) => Some(stream),
            Err(kept) => {
                (user.head, user.body) = (kept.head, kept.body);
                None
            }
        }
    }

    /// Opens a connection and finds out what is spoken on it. Until the server has said what it allows, the connection
    /// is not open; that too falls under the connect timeout.
    async fn open_http2(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        links: &Rc<Links>,
        dialling: Dialling,
        times: &mut DialTimes,
    ) -> Result<Opened, Failure> {
        let http = &self.program.plan.http;
        let deadline_ns = now_ns().saturating_add(http.connect_timeout_ns);
        let connection = match self.dial(user, request, times).await {
            Ok(connection) => connection,
            Err(failure) => {
                dialling.failed(&failure);
                return Err(failure);
            }
        };
        if http.version == HttpVersion::Http2 && connection.alpn() != Some(b"h2") {
            dialling.found_http1();
            return Ok(Opened::Http1(connection));
        }
        let limits =
            Limits { max_head_bytes: http.max_head_bytes as usize, max_body_bytes: http.max_body_bytes };
        let link = Rc::new(Link::new(limits));
        let driven = Rc::clone(&link);
        let (home, buffer, recorder) = (Rc::clone(links), Rc::clone(&self.buffer), Rc::clone(&self.recorder));
        tokio::task::spawn_local(async move {
            let end = driven.drive(connection, &buffer, |link| home.look(link)).await;
            home.remove(&driven);
            recorder.closed(1, u64::from(matches!(end, End::ClosedIdle)));
        });
        let mut opened = pin!(link.opened());
        let mut limit = pin!(sleep_until(deadline_ns));
        let opened = poll_fn(|context| match opened.as_mut().poll(context) {
            Poll::Pending => limit.as_mut().poll(context).map(|()| Err(no_settings(http.connect_timeout_ns))),
            opened => opened,
        })
        .await;
        match opened {
            Ok(()) => {
                dialling.opened(&link);
                Ok(Opened::Http2(Rc::clone(&link)))
            }
            Err(failure) => {
                link.close();
                dialling.failed(&failure);
                Err(failure)
            }
        }
    }

    /// Whether this request goes, or may go, over HTTP/2.
    #[inline]
    pub fn may_speak_http2(&self, request: &ReadyRequest) -> bool {
        match self.program.plan.http.version {
            HttpVersion::Http1 => false,
            HttpVersion::Http2 => self.program.plan.origins[request.origin].scheme == Scheme::Https,
            HttpVersion::Http2PriorKnowledge => true,
        }
    }
}

enum Opened {
    Http2(Rc<Link>),
    Http1(Connection),
}

/// Hands over what came, and says what went wrong.
#[inline]
fn conclude(
    taken: Taken,
    link: &Link,
    user: &mut User,
    exchange: &mut Exchange,
    timeout_ns: u64,
) -> Result<(), Failure> {
    let traffic = taken.traffic;
    if traffic.send_ns != 0 {
        exchange.send_ns = traffic.send_ns;
    }
    exchange.sent_ns = traffic.sent_ns;
    exchange.first_byte_ns = traffic.first_byte_ns;
    exchange.end_ns = traffic.end_ns;
    exchange.bytes_in = traffic.bytes_in;
    exchange.bytes_out = traffic.bytes_out;
    (user.head, user.body) = (taken.kept.head, taken.kept.body);
    user.status = taken.status;
    match taken.outcome {
        Some(Ok(())) => Ok(()),
        outcome => {
            if exchange.end_ns == 0 {
                exchange.end_ns = now_ns();
            }
            user.keep_http2();
            let has_begun = traffic.first_byte_ns != 0;
            Err(explain(outcome.and_then(Result::err), link, has_begun, timeout_ns))
        }
    }
}

#[cold]
fn explain(error: Option<StreamError>, link: &Link, has_begun: bool, timeout_ns: u64) -> Failure {
    let Some(error) = error else {
        let waited_s = timeout_ns as f64 / 1e9;
        return Failure::new(ErrorClass::ReadTimeout, format!("no complete response within {waited_s} s"));
    };
    let class = match error {
        StreamError::ConnectionLost => return link.why(has_begun),
        StreamError::Reset(_) => ErrorClass::Reset,
        StreamError::GoneAway(_) => ErrorClass::Stale,
        error if error.is_too_large() => ErrorClass::TooLarge,
        _ => ErrorClass::Protocol,
    };
    Failure::new(class, error.to_string())
}

#[cold]
fn no_free_stream(timeout_ns: u64) -> Failure {
    let waited_s = timeout_ns as f64 / 1e9;
    let message =
        format!("no stream was free on any connection within {waited_s} s; the request was not sent");
    Failure::new(ErrorClass::ReadTimeout, message)
}

#[cold]
fn gone_away() -> Failure {
    Failure::new(
        ErrorClass::Stale,
        "the server went away as soon as the connection was open; no other was opened",
    )
}

#[cold]
fn no_settings(timeout_ns: u64) -> Failure {
    let waited_s = timeout_ns as f64 / 1e9;
    let message = format!("the server did not begin to speak HTTP/2 within {waited_s} s");
    Failure::new(ErrorClass::ConnectTimeout, message)
}

#[cfg(test)]
mod tests;
