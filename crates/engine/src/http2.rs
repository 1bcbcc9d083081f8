//! One request over HTTP/2: a stream of a shared connection, which is opened when there is none with room.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::{now_ns, sleep_until};
use kilobar_core::plan::{ConnectionPolicy, HttpVersion, Scheme};
use kilobar_core::stats::ErrorClass;
use kilobar_core::wire::http1::{KeepHead, Limits};
use kilobar_core::wire::http2::{Keep, Kept, Outgoing, StreamError, Taken};

use crate::connection::Connection;
use crate::dial::Failure;
use crate::exchange::{Alarm, PATIENCE_NS, timed_out};
use crate::http2_link::{End, Link, OpenStream};
use crate::http2_pool::{Dialling, Links, Turn};
use crate::http2_request::Http2Request;
use crate::iteration::{Engine, User};
use crate::ready_request::ReadyRequest;
use crate::request::Offer;
use crate::secrets::SHOWN_BYTES;
use crate::tls;

/// What came of it.
pub enum Over {
    /// The response is complete.
    Http2,
    /// The server speaks HTTP/1.1, and the connection that was opened to find that out, if one was.
    Http1(Option<Box<Connection>>),
}

impl Engine {
    /// How the request that the user has ready goes over HTTP/2, if it does or may do so.
    #[inline]
    pub(crate) fn may_speak_http2<'a>(
        &self,
        user: &User,
        request: &'a ReadyRequest,
    ) -> Option<&'a Http2Request> {
        let http2 = request.http2.as_deref()?;
        let speaks = match self.program.plan.http.version {
            HttpVersion::Http1 => false,
            HttpVersion::Http2 => self.origins.get(user.course.aim.origin).scheme == Scheme::Https,
            HttpVersion::Http2PriorKnowledge => true,
        };
        speaks.then_some(http2)
    }

    /// Sends the message that the user has ready over HTTP/2 and reads the whole response into the user. Waiting for a
    /// free stream counts as response time, and falls under the request's timeout. It stands between
    /// [`User::begin_http2`] and [`User::end_http2`].
    ///
    /// # Errors
    /// As [`crate::exchange::run`].
    #[inline]
    pub(crate) async fn transmit_http2(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        http2: &Http2Request,
    ) -> Result<Over, Failure> {
        let policy = self.program.plan.http.connections;
        let origin = user.course.aim.origin;
        let links = match policy {
            ConnectionPolicy::Reuse => self.http2.origin(origin),
            ConnectionPolicy::PerUser => user.own_http2.origin(origin),
            // Nobody else ever sees it.
            ConnectionPolicy::PerRequest => Rc::default(),
        };
        let (link, mut stream) = loop {
            let link = match links.turn(&user.alarm, user.course.dial.is_none()).await {
                Turn::Use(link) => link,
                Turn::Http1 => return Ok(Over::Http1(None)),
                Turn::Failed(failure) => return Err(failure),
                Turn::Expired => return Err(no_free_stream(user.course.aim.limit.timeout_ns)),
                // Rare, and its future is large: it is kept out of the hot one.
                Turn::Dial(dialling) => match Box::pin(self.open_http2(user, &links, dialling)).await? {
                    Opened::Http2(link) => link,
                    Opened::Http1(connection) => return Ok(Over::Http1(Some(connection))),
                },
            };
            if let Some(stream) = self.start(&link, user, request, http2) {
                break (link, stream);
            }
        };
        if user.course.aim.expects_continue {
            Box::pin(send_when_wanted(&stream, &user.alarm)).await;
        }
        stream.ended(&user.alarm).await;
        let taken = stream.take();
        if policy == ConnectionPolicy::PerRequest {
            link.close();
        }
        let Some(taken) = taken else { return Err(link.why(false)) };
        conclude(taken, &link, user).map(|()| Over::Http2)
    }

    #[inline]
    fn start(
        &self,
        link: &Rc<Link>,
        user: &mut User,
        request: &ReadyRequest,
        http2: &Http2Request,
    ) -> Option<OpenStream> {
        user.body.clear();
        let lines = std::mem::take(&mut user.http2_head.lines);
        let kept = Kept { head: lines, body: std::mem::take(&mut user.body) };
        let keep = Keep {
            head_bytes: if request.keeps_head != KeepHead::Never { usize::MAX } else { SHOWN_BYTES },
            body_bytes: if request.judge.needs_body() { usize::MAX } else { SHOWN_BYTES },
        };
        let aim = user.course.aim;
        let mut encoded = std::mem::take(&mut user.draft.block);
        let body = user.message(request);
        let block = match http2.fixed().filter(|_| !user.draft.is_written) {
            Some(fixed) => fixed,
            None => {
                http2.encode(body, self.origins.get(aim.origin).scheme, &mut encoded);
                &encoded
            }
        };
        let outgoing = Outgoing { block, body, holds_body: aim.expects_continue, method: aim.response_to };
        let started = link.start(outgoing, keep, kept);
        user.draft.block = encoded;
        match started {
            Ok(stream) => Some(stream),
            Err(kept) => {
                (user.http2_head.lines, user.body) = (kept.head, kept.body);
                None
            }
        }
    }

    /// Opens a connection and finds out what is spoken on it. Until the server has said what it allows, the connection
    /// is not open; that too falls under the connect timeout.
    async fn open_http2(
        &self,
        user: &mut User,
        links: &Rc<Links>,
        dialling: Dialling,
    ) -> Result<Opened, Failure> {
        let http = &self.program.plan.http;
        let is_first = user.course.dial.is_none();
        let deadline_ns = now_ns().saturating_add(http.connect_timeout_ns);
        let connection = match self.dial(user, Offer::AsPlanned).await {
            Ok(connection) => connection,
            Err(failure) => {
                dialling.failed(&failure);
                return Err(failure);
            }
        };
        if http.version == HttpVersion::Http2 && connection.alpn() != Some(tls::HTTP2) {
            dialling.found_http1();
            return Ok(Opened::Http1(Box::new(connection)));
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
        if let Err(failure) = opened {
            link.close();
            dialling.failed(&failure);
            return Err(failure);
        }
        dialling.opened(&link);
        user.course.exchange.send_ns = now_ns();
        // Connecting does not count, but it cannot put the end off for ever.
        if is_first {
            let remaining_ns = user.course.aim.limit.remaining_ns;
            user.alarm.set(user.course.exchange.send_ns.saturating_add(remaining_ns));
        }
        if link.accepts() { Ok(Opened::Http2(Rc::clone(&link))) } else { Err(gone_away()) }
    }
}

impl User {
    /// Nothing has come yet, and the time of the request runs.
    #[inline]
    pub(crate) fn begin_http2(&mut self) {
        self.course.is_http2 = true;
        self.http2_head.status = 0;
        self.http2_head.lines.clear();
        self.alarm.set(self.course.exchange.send_ns.saturating_add(self.course.aim.limit.remaining_ns));
    }

    /// The response is there, or will not come this way.
    #[inline]
    pub(crate) fn end_http2(&mut self, over: &Result<Over, Failure>) {
        self.alarm.clear();
        self.course.is_http2 = !matches!(over, Ok(Over::Http1(_)));
        self.course.complete = matches!(over, Ok(Over::Http2));
    }
}

enum Opened {
    Http2(Rc<Link>),
    Http1(Box<Connection>),
}

/// The body is held back until the server says that it wants it, for at most a second.
async fn send_when_wanted(stream: &OpenStream, alarm: &Alarm) {
    let mut patience = pin!(sleep_until(now_ns().saturating_add(PATIENCE_NS)));
    let mut ended = pin!(stream.ended(alarm));
    let is_late = poll_fn(|context| match ended.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(false),
        Poll::Pending => patience.as_mut().poll(context).map(|()| true),
    });
    if is_late.await {
        stream.send_body();
    }
}

/// Hands over what came, and says what went wrong.
#[inline]
fn conclude(taken: Taken, link: &Link, user: &mut User) -> Result<(), Failure> {
    let traffic = taken.traffic;
    let exchange = &mut user.course.exchange;
    if traffic.send_ns != 0 {
        exchange.send_ns = traffic.send_ns;
    }
    exchange.sent_ns = traffic.sent_ns;
    exchange.first_byte_ns = traffic.first_byte_ns;
    exchange.end_ns = traffic.end_ns;
    exchange.bytes_in = traffic.bytes_in;
    exchange.bytes_out = traffic.bytes_out;
    user.http2_head.status = taken.status;
    (user.http2_head.lines, user.body) = (taken.kept.head, taken.kept.body);
    match taken.outcome {
        Some(Ok(())) => Ok(()),
        outcome => {
            if exchange.end_ns == 0 {
                exchange.end_ns = now_ns();
            }
            user.keep_http2();
            Err(match outcome.and_then(Result::err) {
                Some(error) => explain(error, link, traffic.first_byte_ns != 0),
                None => timed_out(&user.alarm, &user.course.exchange, user.course.aim.limit.timeout_ns),
            })
        }
    }
}

#[cold]
fn explain(error: StreamError, link: &Link, has_begun: bool) -> Failure {
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
