//! What the target answers. Pure but for the state of the target: bytes and acts come out, nothing is sent here.

mod auth;
mod compressed;
mod cookies;
pub(crate) mod delay;
mod document;
mod expect;
mod fault;
mod inspect;
mod jobs;
mod plain;
mod redirect;
mod shop;

use serde_json::Value;

use crate::draw::Draws;
use crate::request::Head;
use crate::response::{self, JSON, TEXT};
use crate::routes::Route;
use crate::script::{Act, Reply};
use compressed::Compressed;
use delay::{Delay, DelayError};
use document::Documents;
use jobs::Jobs;
use shop::Shop;

/// A request that was received whole, and where its answer begins to be written.
pub(crate) struct Exchange<'a, 'b> {
    pub(crate) head: &'a Head<'a, 'b>,
    pub(crate) body: &'a [u8],
    /// The part of the path that varies.
    pub(crate) rest: &'b str,
    pub(crate) output: &'a mut Vec<u8>,
}

impl Exchange<'_, '_> {
    fn is_head(&self) -> bool {
        self.head.method == "HEAD"
    }

    fn respond(&mut self, status: u16, kind: &str, body: &[u8]) -> Reply {
        response::write(self.output, self.head, status, kind, body);
        Reply::sent(status)
    }

    fn respond_json(&mut self, status: u16, document: &Value) -> Reply {
        self.respond(status, JSON, document.to_string().as_bytes())
    }

    fn respond_with(&mut self, status: u16, kind: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        response::write_with(self.output, self.head, status, kind, headers, body);
        Reply::sent(status)
    }

    fn refuse(&mut self, status: u16, message: &str) -> Reply {
        response::write_error(self.output, self.head, status, message);
        Reply::sent(status)
    }
}

/// What answers depend on beside the request.
#[derive(Debug)]
pub(crate) struct Behaviour {
    /// The whole response to `GET /`.
    constant: Vec<u8>,
    constant_body: Vec<u8>,
    draws: Draws,
    shop: Shop,
    documents: Documents,
    jobs: Jobs,
    compressed: Compressed,
}

impl Behaviour {
    pub(crate) fn new(response_bytes: usize, seed: u64, shop_delay: Delay) -> Self {
        let constant_body: Vec<u8> = b"hello".iter().copied().cycle().take(response_bytes).collect();
        let mut constant =
            format!("HTTP/1.1 200 OK\r\ncontent-type: {TEXT}\r\ncontent-length: {response_bytes}\r\n\r\n")
                .into_bytes();
        constant.extend_from_slice(&constant_body);
        Behaviour {
            constant,
            constant_body,
            draws: Draws::new(seed),
            shop: Shop::new(seed, shop_delay),
            documents: Documents::new(seed),
            jobs: Jobs::default(),
            compressed: Compressed::new(),
        }
    }

    /// Rewinds everything that changes from answer to answer.
    pub(crate) fn reset(&self) {
        self.draws.rewind();
        self.shop.reset();
        self.documents.reset();
        self.jobs.reset();
    }

    /// Answers a request to anything but the control paths.
    #[inline]
    pub(crate) fn answer(&self, route: Route, exchange: Exchange<'_, '_>) -> Reply {
        if route == Route::Root && exchange.head.query.is_empty() && is_plainest(exchange.head) {
            exchange.output.extend_from_slice(&self.constant);
            return Reply::sent(200);
        }
        self.answer_any(route, exchange)
    }

    /// Puts the delay before the answer, and the end of the connection after it.
    fn answer_any(&self, route: Route, mut exchange: Exchange<'_, '_>) -> Reply {
        let start = exchange.output.len();
        let (mut reply, delay_ns) = match self.delay_ns(route, &exchange) {
            Ok(delay_ns) => (self.respond(route, &mut exchange), delay_ns),
            Err(error) => (exchange.refuse(400, &error.to_string()), 0),
        };
        if delay_ns > 0 {
            let written = exchange.output.split_off(start);
            reply.acts.splice(0..0, [Act::Wait(delay_ns), Act::Send(written)]);
        }
        if !exchange.head.keep_alive && !reply.ends_connection() {
            reply.acts.push(Act::Close);
        }
        reply
    }

    /// The delay that the path has and the one that the query adds.
    fn delay_ns(&self, route: Route, exchange: &Exchange<'_, '_>) -> Result<u64, DelayError> {
        let extra = exchange.head.parameter("delay").map(str::parse::<Delay>).transpose()?;
        let own_ns = match route {
            Route::Delay => exchange.rest.parse::<Delay>()?.next_ns(&self.draws, None),
            _ => self.shop.delay_ns(route, &self.draws),
        };
        Ok(own_ns + extra.map_or(0, |delay| delay.next_ns(&self.draws, None)))
    }

    fn respond(&self, route: Route, exchange: &mut Exchange<'_, '_>) -> Reply {
        match route {
            Route::Root | Route::Delay => exchange.respond(200, TEXT, &self.constant_body),
            Route::Bytes => plain::bytes(exchange),
            Route::Status => plain::status(exchange),
            Route::Chunked => plain::chunked(exchange),
            Route::Slow => plain::slow(exchange),
            Route::CloseDelimited => plain::close_delimited(exchange),
            Route::Echo => inspect::echo(exchange),
            Route::Inspect => inspect::inspect(exchange),
            Route::Headers => plain::headers(exchange),
            Route::Html => self.documents.page(exchange),
            Route::HtmlSubmit => self.documents.submit(exchange),
            Route::Xml => document::xml(exchange),
            Route::Compressed => self.compressed.respond(exchange),
            Route::Redirect => redirect::countdown(exchange),
            Route::RedirectTo => redirect::to(exchange),
            Route::Cookies => cookies::show(exchange),
            Route::CookiesSet => cookies::set(exchange),
            Route::CookiesClear => cookies::clear(exchange),
            Route::AuthBasic => auth::basic(exchange),
            Route::AuthBearer => auth::bearer(exchange, &self.shop),
            Route::Expect => expect::welcome(exchange),
            Route::ExpectRefuse => expect::refuse(exchange),
            Route::Counter => self.jobs.count(exchange),
            Route::JobsStart => self.jobs.start(exchange),
            Route::Job => self.jobs.look(exchange),
            Route::Login | Route::Session | Route::Items | Route::Item | Route::Orders => {
                self.shop.respond(route, exchange)
            }
            Route::Control | Route::Unknown => exchange.refuse(404, "there is nothing at this path"),
            fault => fault::respond(fault, exchange, &self.draws),
        }
    }
}

fn is_plainest(head: &Head<'_, '_>) -> bool {
    head.minor_version == 1 && head.keep_alive && head.method != "HEAD"
}
