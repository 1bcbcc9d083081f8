//! Answers that are wrong in one known way each.

use super::Exchange;
use super::delay::parse_share;
use crate::draw::{Draws, Stream};
use crate::response::{self, TEXT};
use crate::routes::Route;
use crate::script::{Act, Reply};

/// What `/fault/garbage` sends: no HTTP, no TLS, no text.
const GARBAGE: &[u8] = b"\x00\xff\x13\x37 this is not HTTP \xfe\x01\r\n\r\n";
/// Body bytes that `/fault/half` and `/fault/wrong-length` send, and those that they announce.
const SENT_BYTES: usize = 500;
const ANNOUNCED_BYTES: usize = 1000;

/// Answers one of the `/fault` paths.
pub(super) fn respond(route: Route, exchange: &mut Exchange<'_, '_>, draws: &Draws) -> Reply {
    match route {
        Route::FaultReset => Reply::then(None, vec![Act::Reset]),
        Route::FaultClose => Reply::then(None, vec![Act::Close]),
        Route::FaultHalf => {
            write_short_body(exchange);
            Reply::then(200, vec![Act::Close])
        }
        Route::FaultWrongLength => {
            write_short_body(exchange);
            Reply::then(200, vec![Act::Ignore])
        }
        Route::FaultHalfHead => {
            exchange.output.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-le");
            Reply::then(None, vec![Act::Close])
        }
        Route::FaultGarbage => {
            exchange.output.extend_from_slice(GARBAGE);
            Reply::then(None, vec![Act::Close])
        }
        Route::FaultEndlessHeader => {
            exchange.output.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
            let piece = b"x-endless: and another one\r\n".repeat(200);
            Reply::then(None, vec![forever(piece), Act::Close])
        }
        Route::FaultEndlessBody => {
            response::open_head(exchange.output, exchange.head, 200, TEXT, response::Length::Chunked);
            response::close_head(exchange.output);
            let mut piece = Vec::new();
            response::chunk(&mut piece, &response::FILLER[..4096]);
            Reply::then(200, vec![forever(piece), Act::Close])
        }
        Route::FaultNever => Reply::then(None, vec![Act::Ignore]),
        Route::FaultExtra => {
            let reply = exchange.respond(200, TEXT, b"expected");
            exchange.output.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nleftover");
            reply
        }
        Route::FaultStale => {
            exchange.respond(200, TEXT, b"stale");
            Reply::then(200, vec![Act::Close])
        }
        Route::FaultEarly => {
            exchange.respond(200, TEXT, b"early");
            Reply::then(200, vec![Act::Linger])
        }
        Route::FaultFlaky => flaky(exchange, draws),
        _ => exchange.refuse(404, "there is no such fault"),
    }
}

fn flaky(exchange: &mut Exchange<'_, '_>, draws: &Draws) -> Reply {
    match parse_share(exchange.rest) {
        None => exchange.refuse(400, "write /fault/flaky/SHARE with SHARE from 0 to 1"),
        Some(share) if draws.next(Stream::Flaky) < share => exchange.respond(500, TEXT, b"flaky"),
        Some(_) => exchange.respond(200, TEXT, b"steady"),
    }
}

fn write_short_body(exchange: &mut Exchange<'_, '_>) {
    let length = response::Length::Bytes(ANNOUNCED_BYTES as u64);
    response::open_head(exchange.output, exchange.head, 200, TEXT, length);
    response::close_head(exchange.output);
    response::fill(exchange.output, SENT_BYTES);
}

fn forever(piece: Vec<u8>) -> Act {
    Act::Repeat { piece, times: u64::MAX, every_ns: 0 }
}
