//! hyper's client on a connection that exists in memory only, driven by hand: no runtime, no time, no threads.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Request, Response};

use crate::replay::LIMITS;

/// What hyper made of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Done {
        status: u16,
        body: Vec<u8>,
        /// Whether the connection takes another request; never so after the server closed it.
        reusable: bool,
    },
    Error,
    /// Neither: hyper waits for more bytes.
    Waiting,
}

/// What happens after the last byte of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Closed,
    Open,
}

/// A server that answers the first request with fixed bytes, in pieces of the given size.
struct Script {
    rest: Vec<u8>,
    piece_bytes: usize,
    ending: Ending,
    request: Vec<u8>,
    reader: Option<Waker>,
}

impl Script {
    // hyper takes bytes that come before its request for a protocol error.
    fn is_asked(&self) -> bool {
        self.request.ends_with(b"\r\n\r\n")
    }
}

impl Read for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        if !self.is_asked() || (self.rest.is_empty() && self.ending == Ending::Open) {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let here = self.piece_bytes.min(self.rest.len()).min(buffer.remaining());
        buffer.put_slice(&self.rest[..here]);
        self.rest.drain(..here);
        Poll::Ready(Ok(()))
    }
}

impl Write for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.request.extend_from_slice(bytes);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends one request of this method through hyper and answers it with these bytes.
pub fn exchange(method: &str, response: &[u8], piece_bytes: usize, ending: Ending) -> Seen {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let cx = &mut Context::from_waker(&waker);
    let script = Script { rest: response.to_vec(), piece_bytes, ending, request: Vec::new(), reader: None };

    let mut builder = Builder::new();
    builder.max_buf_size(LIMITS.max_head_bytes);
    let Poll::Ready(Ok((mut sender, connection))) = pin!(builder.handshake::<_, String>(script)).poll(cx)
    else {
        panic!("the handshake of HTTP/1 needs no input");
    };
    let target = if method == "CONNECT" { "shop:443" } else { "/" };
    let request = Request::builder().method(method).uri(target).header("host", "shop").body(String::new());
    let mut connection = pin!(connection);
    let mut is_connected = true;
    let mut outcome = None;
    {
        let mut exchange = pin!(whole_response(&mut sender, request.expect("a valid request")));
        woken.0.store(true, Ordering::Relaxed);
        while woken.0.swap(false, Ordering::Relaxed) {
            is_connected = is_connected && connection.as_mut().poll(cx).is_pending();
            if outcome.is_none()
                && let Poll::Ready(ready) = exchange.as_mut().poll(cx)
            {
                outcome = Some(ready);
                woken.0.store(true, Ordering::Relaxed);
            }
        }
    }
    match outcome {
        None => Seen::Waiting,
        Some(Err(_)) => Seen::Error,
        Some(Ok((status, body))) => Seen::Done { status, body, reusable: is_connected && sender.is_ready() },
    }
}

async fn whole_response(
    sender: &mut SendRequest<String>,
    request: Request<String>,
) -> hyper::Result<(u16, Vec<u8>)> {
    let response: Response<Incoming> = sender.send_request(request).await?;
    let (parts, mut incoming) = response.into_parts();
    let mut body = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut incoming).poll_frame(cx)).await {
        if let Ok(data) = frame?.into_data() {
            body.extend_from_slice(&data);
        }
    }
    Ok((parts.status.as_u16(), body))
}
