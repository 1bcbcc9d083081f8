//! `/_target`: asks and steers the target itself. These requests are not counted.

use serde_json::json;

use crate::behaviour::Exchange;
use crate::behaviour::delay::parse_duration_ns;
use crate::limits::MAX_STALL_NS;
use crate::response::{self, JSON};
use crate::script::Act;
use crate::server::Server;

/// What to do for a control request. Its bytes are sent by an act, so that they stay out of the counters.
pub(crate) fn acts(server: &Server, exchange: &mut Exchange<'_, '_>, now_ns: u64) -> Vec<Act> {
    let mut bytes = Vec::new();
    let mut answer = |status: u16, body: &serde_json::Value| {
        response::write(&mut bytes, exchange.head, status, JSON, body.to_string().as_bytes());
    };
    let mut stall = None;
    match (exchange.head.method, exchange.rest) {
        ("GET" | "HEAD", "stats") => answer(200, &server.counters.borrow().to_json(now_ns)),
        ("POST", "reset") => {
            server.counters.borrow_mut().reset();
            server.behaviour.reset();
            answer(200, &json!({"reset": true}));
        }
        ("POST", "stall") => {
            let asked = exchange.head.parameter("for").and_then(parse_duration_ns);
            match asked.filter(|stall_ns| *stall_ns <= MAX_STALL_NS) {
                Some(stall_ns) => {
                    stall = Some(Act::Stall(stall_ns));
                    answer(200, &json!({"stall_ms": stall_ns as f64 / 1e6}));
                }
                None => answer(400, &json!({"error": "write /_target/stall?for=2s, at most 60s"})),
            }
        }
        (_, "stats") => answer(405, &json!({"error": "use GET"})),
        (_, "reset" | "stall") => answer(405, &json!({"error": "use POST"})),
        _ => answer(404, &json!({"error": "there are stats, reset and stall"})),
    }
    let mut acts = vec![Act::Send(bytes)];
    acts.extend(stall);
    if !exchange.head.keep_alive {
        acts.push(Act::Close);
    }
    acts
}
