//! Answers that show the request itself.

use serde_json::{Map, Value, json};

use super::Exchange;
use crate::limits::MAX_INSPECTED_BYTES;
use crate::script::Reply;

/// `/echo`: what was received, as JSON.
pub(super) fn echo(exchange: &mut Exchange<'_, '_>) -> Reply {
    let head = exchange.head;
    let mut headers: Map<String, Value> = Map::new();
    for header in head.headers {
        let value = String::from_utf8_lossy(header.value);
        match headers.entry(header.name.to_ascii_lowercase()) {
            serde_json::map::Entry::Vacant(entry) => {
                entry.insert(value.into());
            }
            serde_json::map::Entry::Occupied(mut entry) => {
                let joined = format!("{}, {value}", entry.get().as_str().unwrap_or_default());
                entry.insert(joined.into());
            }
        }
    }
    let echo = json!({
        "method": head.method,
        "path": head.path,
        "query": head.query,
        "version": format!("1.{}", head.minor_version),
        "headers": headers,
        "body_bytes": exchange.body.len(),
        "body": String::from_utf8_lossy(exchange.body),
    });
    exchange.respond_json(200, &echo)
}

/// `/inspect`: the request line, each header as it was sent, and the beginning of the body.
pub(super) fn inspect(exchange: &mut Exchange<'_, '_>) -> Reply {
    let head = exchange.head;
    let headers: Vec<Value> = head
        .headers
        .iter()
        .map(|header| json!([header.name, String::from_utf8_lossy(header.value)]))
        .collect();
    let shown = &exchange.body[..exchange.body.len().min(MAX_INSPECTED_BYTES)];
    let document = json!({
        "method": head.method,
        "path": head.path,
        "query": head.query,
        "headers": headers,
        "body_bytes": exchange.body.len(),
        "body": String::from_utf8_lossy(shown),
    });
    exchange.respond_json(200, &document)
}
