//! One connection: reads requests, answers them in order, performs what their answers ask for.

use std::future::poll_fn;
use std::io;
use std::mem::{self, MaybeUninit};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use kilobar_clock::{now_ns, sleep_sharply_until};

use crate::behaviour::Exchange;
use crate::control;
use crate::counters::Fault;
use crate::limits::{LINGER_NS, MAX_HEADERS, OUTPUT_BYTES};
use crate::request::{Body, ChunkScan, Framing, Head, HeaderSpace, Refusal, find_body, parse_head};
use crate::response::FILLER;
use crate::routes::{self, Route};
use crate::script::Act;
use crate::server::Server;
use crate::transport::Transport;

/// A connection and what it has received but not answered.
pub(crate) struct Connection {
    server: Rc<Server>,
    transport: Transport,
    /// Received bytes that are not a whole request yet, or wait behind an answer that takes time.
    inbox: Vec<u8>,
    /// Below this length the inbox holds no whole request.
    wanted: usize,
    scan: ChunkScan,
    /// Whether the request in the inbox was told to send its body.
    continued: bool,
}

/// What a look at the inbox yielded.
struct Step {
    /// Bytes that the kernel did not take at once.
    unsent: Vec<u8>,
    /// What to do when they are sent.
    next: Next,
}

enum Next {
    Read,
    /// Look again: the output grew long before the inbox was empty.
    Resume,
    Perform(Work),
}

/// The acts for one request.
struct Work {
    acts: Vec<Act>,
    received_ns: u64,
    /// Control requests are not.
    counted: bool,
}

/// A request that was answered.
struct Answered {
    /// Its length.
    bytes: usize,
    acts: Vec<Act>,
    counted: bool,
}

/// How the connection goes on.
#[derive(PartialEq)]
enum Flow {
    Open,
    Ended,
}

impl Connection {
    pub(crate) fn new(server: Rc<Server>, transport: Transport) -> Self {
        let mut counters = server.counters.borrow_mut();
        counters.connections += 1;
        counters.open_connections += 1;
        drop(counters);
        Connection {
            server,
            transport,
            inbox: Vec::new(),
            wanted: 0,
            scan: ChunkScan::default(),
            continued: false,
        }
    }

    /// Serves until either side ends the connection.
    pub(crate) async fn run(mut self) {
        if let Err(error) = self.serve().await {
            let fault = match error.kind() {
                io::ErrorKind::InvalidData => Fault::Tls,
                _ => Fault::ConnectionLost,
            };
            self.server.counters.borrow_mut().failed(fault);
        }
    }

    async fn serve(&mut self) -> io::Result<()> {
        let mut resume = false;
        loop {
            let Some(Step { unsent, next }) =
                poll_fn(|context| self.poll_answer(context, &mut resume)).await?
            else {
                if !self.inbox.is_empty() {
                    self.server.counters.borrow_mut().failed(Fault::ClosedMidRequest);
                }
                return Ok(());
            };
            self.send(&unsent, true).await?;
            resume = match next {
                Next::Read => false,
                Next::Resume => true,
                Next::Perform(work) => {
                    if self.perform(work).await? == Flow::Ended {
                        return Ok(());
                    }
                    true
                }
            };
        }
    }

    /// Answers whatever can be answered at once, until something takes time: then yields the bytes that could not be
    /// sent and what comes after them. `None` when the client has closed.
    ///
    /// `resume` looks at the inbox once before reading. No await lies in here, so all connections share the two buffers.
    fn poll_answer(
        &mut self,
        context: &mut Context<'_>,
        resume: &mut bool,
    ) -> Poll<io::Result<Option<Step>>> {
        let server = Rc::clone(&self.server);
        let scratch = &mut *server.scratch.borrow_mut();
        loop {
            let received = if mem::take(resume) {
                &[][..]
            } else {
                let bytes = ready!(self.transport.poll_read(context, &mut scratch.input))?;
                if bytes == 0 {
                    return Poll::Ready(Ok(None));
                }
                &scratch.input[..bytes]
            };
            let output = &mut scratch.output;
            output.clear();
            let next = self.answer_all(received, output);
            let sent = if output.is_empty() { 0 } else { self.transport.try_send(output)? };
            self.server.counters.borrow_mut().bytes_out += sent as u64;
            let whole = sent == output.len() && self.transport.is_flushed();
            if !whole || !matches!(next, Next::Read) {
                let unsent = output[sent..].to_vec();
                output.shrink_to(4 * OUTPUT_BYTES);
                return Poll::Ready(Ok(Some(Step { unsent, next })));
            }
        }
    }

    /// Answers the requests in the inbox and `received`, and keeps what is left.
    #[inline]
    fn answer_all(&mut self, received: &[u8], output: &mut Vec<u8>) -> Next {
        if self.inbox.is_empty() {
            let (used, next) = self.answer_each(received, output);
            self.inbox.extend_from_slice(&received[used..]);
            return next;
        }
        let mut inbox = mem::take(&mut self.inbox);
        inbox.extend_from_slice(received);
        if inbox.len() < self.wanted {
            self.inbox = inbox;
            return Next::Read;
        }
        let (used, next) = self.answer_each(&inbox, output);
        if used < inbox.len() {
            inbox.drain(..used);
            self.inbox = inbox;
        }
        next
    }

    /// Answers requests one after the other; also says how many bytes they had.
    fn answer_each(&mut self, data: &[u8], output: &mut Vec<u8>) -> (usize, Next) {
        let now_ns = now_ns();
        let mut used = 0;
        while used < data.len() {
            if output.len() >= OUTPUT_BYTES {
                return (used, Next::Resume);
            }
            match self.answer_one(&data[used..], output, now_ns) {
                Ok(None) => break,
                Ok(Some(Answered { bytes, acts, counted })) => {
                    used += bytes;
                    if !acts.is_empty() {
                        return (used, Next::Perform(Work { acts, received_ns: now_ns, counted }));
                    }
                }
                Err(refusal) => {
                    output.extend_from_slice(self.refuse(refusal));
                    let work = Work { acts: vec![Act::Linger], received_ns: now_ns, counted: true };
                    return (data.len(), Next::Perform(work));
                }
            }
        }
        (used, Next::Read)
    }

    /// Answers the first request of `data`; `None` when it is not whole.
    #[inline]
    fn answer_one(
        &mut self,
        data: &[u8],
        output: &mut Vec<u8>,
        now_ns: u64,
    ) -> Result<Option<Answered>, Refusal> {
        let mut space: HeaderSpace<'_> = [MaybeUninit::uninit(); MAX_HEADERS];
        let Some(head) = parse_head(data, &mut space)? else {
            self.wanted = 0;
            return Ok(None);
        };
        let (route, rest) = routes::find(head.path);
        let Some(Body { data: body, request_bytes: bytes }) = find_body(&head, data, &mut self.scan)? else {
            let exchange = Exchange { head: &head, body: &[], rest, output };
            return Ok(self.answer_unfinished(route, exchange, data.len(), now_ns));
        };
        self.continued = false;
        self.wanted = 0;
        let mut exchange = Exchange { head: &head, body: &body, rest, output };
        if route == Route::Control {
            let acts = control::acts(&self.server, &mut exchange, now_ns);
            return Ok(Some(Answered { bytes, acts, counted: false }));
        }
        let mut counters = self.server.counters.borrow_mut();
        counters.received(head.method, route, bytes, now_ns);
        let reply = self.server.behaviour.answer(route, exchange);
        if let Some(status) = reply.status {
            counters.answered(status);
        }
        Ok(Some(Answered { bytes, acts: reply.acts, counted: true }))
    }

    /// Answers a request whose body is still missing, if its path does not wait for it; else asks for the body if the
    /// client wants to be asked. `received_bytes` have come of it.
    fn answer_unfinished(
        &mut self,
        route: Route,
        exchange: Exchange<'_, '_>,
        received_bytes: usize,
        now_ns: u64,
    ) -> Option<Answered> {
        let head = exchange.head;
        let mut counters = self.server.counters.borrow_mut();
        let reply = match route {
            Route::FaultEarly => {
                counters.failed(Fault::EarlyAnswer);
                self.server.behaviour.answer(route, exchange)
            }
            Route::ExpectRefuse => {
                counters.received(head.method, route, head.bytes, now_ns);
                // Whether the body comes after all cannot be known, so nothing else can come after it.
                let head = Head { keep_alive: false, ..*head };
                let reply = self.server.behaviour.answer(route, Exchange { head: &head, ..exchange });
                reply.status.into_iter().for_each(|status| counters.answered(status));
                reply
            }
            _ => {
                if head.expects_continue && !mem::replace(&mut self.continued, true) {
                    exchange.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                }
                self.wanted = if let Framing::Length(bytes) = head.body { head.bytes + bytes } else { 0 };
                return None;
            }
        };
        Some(Answered { bytes: received_bytes, acts: reply.acts, counted: true })
    }

    fn refuse(&self, refusal: Refusal) -> &'static [u8] {
        let (fault, response): (_, &[u8]) = match refusal {
            Refusal::Malformed => {
                (Fault::Malformed, b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            }
            Refusal::HeadTooLarge => (
                Fault::HeadTooLarge,
                b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            ),
            Refusal::BodyTooLarge => (
                Fault::BodyTooLarge,
                b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            ),
        };
        self.server.counters.borrow_mut().failed(fault);
        response
    }

    async fn perform(&mut self, work: Work) -> io::Result<Flow> {
        let mut clock_ns = work.received_ns;
        for act in work.acts {
            match act {
                Act::Wait(duration_ns) => {
                    clock_ns += duration_ns;
                    sleep_sharply_until(clock_ns).await;
                }
                Act::Send(bytes) => self.send(&bytes, work.counted).await?,
                Act::Fill(bytes) => self.fill(bytes, work.counted).await?,
                Act::Repeat { piece, times, every_ns } => {
                    for _ in 0..times {
                        if every_ns > 0 {
                            clock_ns += every_ns;
                            sleep_sharply_until(clock_ns).await;
                        }
                        self.send(&piece, work.counted).await?;
                        // A client that keeps up with us would otherwise keep the thread.
                        tokio::task::yield_now().await;
                    }
                }
                Act::Stall(duration_ns) => self.server.stall(duration_ns),
                Act::Ignore => {
                    self.discard().await?;
                    return Ok(Flow::Ended);
                }
                Act::Linger => {
                    self.transport.end().await?;
                    self.discard_for(LINGER_NS).await?;
                    return Ok(Flow::Ended);
                }
                Act::Close => {
                    self.transport.end().await?;
                    return Ok(Flow::Ended);
                }
                Act::Reset => {
                    self.transport.reset_when_closed()?;
                    return Ok(Flow::Ended);
                }
            }
        }
        Ok(Flow::Open)
    }

    async fn fill(&mut self, mut bytes: u64, counted: bool) -> io::Result<()> {
        while bytes > 0 {
            let piece = bytes.min(FILLER.len() as u64) as usize;
            self.send(&FILLER[..piece], counted).await?;
            bytes -= piece as u64;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn send(&mut self, mut data: &[u8], counted: bool) -> io::Result<()> {
        while !data.is_empty() {
            let sent = self.transport.try_send(data)?;
            if sent == 0 {
                self.transport.writable().await?;
            }
            if counted {
                self.server.counters.borrow_mut().bytes_out += sent as u64;
            }
            data = &data[sent..];
        }
        self.transport.flush().await
    }

    /// Throws away what arrives until the client closes.
    async fn discard(&mut self) -> io::Result<()> {
        poll_fn(|context| self.poll_discard(context)).await
    }

    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let server = Rc::clone(&self.server);
        let scratch = &mut *server.scratch.borrow_mut();
        while ready!(self.transport.poll_read(context, &mut scratch.input))? > 0 {}
        Poll::Ready(Ok(()))
    }

    async fn discard_for(&mut self, duration_ns: u64) -> io::Result<()> {
        let mut deadline = std::pin::pin!(kilobar_clock::sleep(duration_ns));
        poll_fn(|context| match self.poll_discard(context) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => deadline.as_mut().poll(context).map(Ok),
        })
        .await
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.server.counters.borrow_mut().open_connections -= 1;
    }
}
