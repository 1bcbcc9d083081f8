//! Answers that lead somewhere else.

use serde_json::json;

use super::Exchange;
use super::plain::number;
use crate::limits::MAX_REDIRECTS;
use crate::query;
use crate::response::TEXT;
use crate::script::Reply;

/// `/redirect/N`: N redirects to where one less is to come, then what arrived there.
pub(super) fn countdown(exchange: &mut Exchange<'_, '_>) -> Reply {
    let hops = exchange.head.parameter("hops").map_or(Some(0), |hops| number(hops, MAX_REDIRECTS));
    let (Some(left), Some(hops)) = (number(exchange.rest, MAX_REDIRECTS), hops) else {
        return exchange.refuse(400, "write /redirect/N with N from 0 to 1000");
    };
    let Some(status) = status(exchange) else { return refuse_status(exchange) };
    if left == 0 {
        let arrived =
            json!({"hops": hops, "method": exchange.head.method, "body_bytes": exchange.body.len()});
        return exchange.respond_json(200, &arrived);
    }
    redirect(exchange, status, &format!("{}?status={status}&hops={}", left - 1, hops + 1))
}

/// `/redirect-to?url=URL`
pub(super) fn to(exchange: &mut Exchange<'_, '_>) -> Reply {
    let url = query::parameter(exchange.head.query, "url");
    // A location that is not one line would be further headers.
    let Some(url) = url.filter(|url| !url.is_empty() && !url.contains(char::is_control)) else {
        return exchange.refuse(400, "write /redirect-to?url=URL, encoded and without control characters");
    };
    let Some(status) = status(exchange) else { return refuse_status(exchange) };
    redirect(exchange, status, &url)
}

/// The status that was asked for, 302 without a word; `None` when it is no redirect.
fn status(exchange: &Exchange<'_, '_>) -> Option<u16> {
    match exchange.head.parameter("status").unwrap_or("302").parse() {
        Ok(status @ (301 | 302 | 303 | 307 | 308)) => Some(status),
        _ => None,
    }
}

fn refuse_status(exchange: &mut Exchange<'_, '_>) -> Reply {
    exchange.refuse(400, "status is 301, 302, 303, 307 or 308")
}

fn redirect(exchange: &mut Exchange<'_, '_>, status: u16, location: &str) -> Reply {
    exchange.respond_with(status, TEXT, &[("location", location)], format!("to {location}").as_bytes())
}
