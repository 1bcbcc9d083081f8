//! Well-behaved answers of every size, status, framing and pace.

use super::Exchange;
use super::delay::parse_duration_ns;
use crate::limits::{INLINE_BYTES, MAX_PIECES, MAX_RESPONSE_BYTES, MAX_RESPONSE_HEADERS};
use crate::response::{self, Length, TEXT};
use crate::script::{Act, Reply};

/// What `/slow` sends at each interval.
const PIECE: &[u8; 16] = b"one small piece\n";

/// A whole number of digits alone, of at most `most`.
pub(super) fn number(text: &str, most: u64) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok().filter(|number| *number <= most) } else { None }
}

/// `/bytes/N`
pub(super) fn bytes(exchange: &mut Exchange<'_, '_>) -> Reply {
    let Some(bytes) = number(exchange.rest, MAX_RESPONSE_BYTES) else {
        return exchange.refuse(400, "write /bytes/N with N from 0 to 67108864");
    };
    response::open_head(exchange.output, exchange.head, 200, TEXT, Length::Bytes(bytes));
    response::close_head(exchange.output);
    body(exchange, bytes, Vec::new())
}

/// `/close-delimited/N`
pub(super) fn close_delimited(exchange: &mut Exchange<'_, '_>) -> Reply {
    let Some(bytes) = number(exchange.rest, MAX_RESPONSE_BYTES) else {
        return exchange.refuse(400, "write /close-delimited/N with N from 0 to 67108864");
    };
    response::open_head(exchange.output, exchange.head, 200, TEXT, Length::Close);
    response::close_head(exchange.output);
    body(exchange, bytes, vec![Act::Close])
}

fn body(exchange: &mut Exchange<'_, '_>, bytes: u64, mut after: Vec<Act>) -> Reply {
    match exchange.is_head() {
        true => {}
        false if bytes <= INLINE_BYTES => response::fill(exchange.output, bytes as usize),
        false => after.insert(0, Act::Fill(bytes)),
    }
    Reply::then(200, after)
}

/// `/status/CODE`: an interim status comes before a 200.
pub(super) fn status(exchange: &mut Exchange<'_, '_>) -> Reply {
    match number(exchange.rest, 599) {
        Some(interim @ (100 | 102..=199)) => {
            response::open_head(exchange.output, exchange.head, interim as u16, TEXT, Length::None);
            response::close_head(exchange.output);
            exchange.respond(200, TEXT, format!("after {interim}").as_bytes())
        }
        Some(status @ (204 | 304)) => {
            response::open_head(exchange.output, exchange.head, status as u16, TEXT, Length::None);
            response::close_head(exchange.output);
            Reply::sent(status as u16)
        }
        Some(status @ 200..) => {
            let location: &[(&str, &str)] = match status {
                301 | 302 | 303 | 307 | 308 => &[("location", "/")],
                _ => &[],
            };
            exchange.respond_with(status as u16, TEXT, location, format!("status {status}").as_bytes())
        }
        _ => exchange.refuse(400, "write /status/CODE with CODE from 100 to 599, but not 101"),
    }
}

/// `/chunked/N/SIZE`
pub(super) fn chunked(exchange: &mut Exchange<'_, '_>) -> Reply {
    let asked = exchange.rest.split_once('/').and_then(|(times, bytes)| {
        let (times, bytes) = (number(times, MAX_PIECES)?, number(bytes, MAX_RESPONSE_BYTES)?);
        (bytes > 0 && times * bytes <= MAX_RESPONSE_BYTES).then_some((times, bytes))
    });
    let Some((times, bytes)) = asked else {
        return exchange
            .refuse(400, "write /chunked/N/SIZE with N up to 1000000, SIZE from 1, together up to 67108864");
    };
    response::open_head(exchange.output, exchange.head, 200, TEXT, Length::Chunked);
    response::close_head(exchange.output);
    if exchange.is_head() {
        return Reply::sent(200);
    }
    let mut piece = Vec::new();
    let mut data = Vec::new();
    response::fill(&mut data, bytes as usize);
    response::chunk(&mut piece, &data);
    if piece.len() as u64 * times <= INLINE_BYTES {
        exchange.output.extend_from_slice(&piece.repeat(times as usize));
        exchange.output.extend_from_slice(b"0\r\n\r\n");
        return Reply::sent(200);
    }
    Reply::then(200, vec![Act::Repeat { piece, times, every_ns: 0 }, Act::Send(b"0\r\n\r\n".to_vec())])
}

/// `/slow/N/INTERVAL`: the head at once, then a piece of 16 bytes after each interval.
pub(super) fn slow(exchange: &mut Exchange<'_, '_>) -> Reply {
    let asked = exchange.rest.split_once('/');
    let asked =
        asked.and_then(|(times, every)| Some((number(times, MAX_PIECES)?, parse_duration_ns(every)?)));
    let Some((times, every_ns)) = asked else {
        return exchange.refuse(400, "write /slow/N/INTERVAL such as /slow/10/100ms, N up to 1000000");
    };
    let length = Length::Bytes(times * PIECE.len() as u64);
    response::open_head(exchange.output, exchange.head, 200, TEXT, length);
    response::close_head(exchange.output);
    if exchange.is_head() {
        return Reply::sent(200);
    }
    Reply::then(200, vec![Act::Repeat { piece: PIECE.to_vec(), times, every_ns }])
}

/// `/headers/N`
pub(super) fn headers(exchange: &mut Exchange<'_, '_>) -> Reply {
    let Some(count) = number(exchange.rest, MAX_RESPONSE_HEADERS) else {
        return exchange.refuse(400, "write /headers/N with N from 0 to 10000");
    };
    let body = format!("{count} headers");
    response::open_head(exchange.output, exchange.head, 200, TEXT, Length::Bytes(body.len() as u64));
    for index in 1..=count {
        response::header(exchange.output, &format!("x-header-{index}"), b"value");
    }
    response::close_head(exchange.output);
    if !exchange.is_head() {
        exchange.output.extend_from_slice(body.as_bytes());
    }
    Reply::sent(200)
}
