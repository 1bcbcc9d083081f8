//! Answers for clients that ask before they send a body. That the body may come is said while it is still missing, by the
//! connection.

use serde_json::json;

use super::Exchange;
use crate::response::TEXT;
use crate::script::{Act, Reply};

/// `/expect`
pub(super) fn welcome(exchange: &mut Exchange<'_, '_>) -> Reply {
    let document = json!({"expected": exchange.head.expects_continue, "body_bytes": exchange.body.len()});
    exchange.respond_json(200, &document)
}

/// `/expect/refuse`: the body may be still missing; then the head says that the connection ends here.
pub(super) fn refuse(exchange: &mut Exchange<'_, '_>) -> Reply {
    exchange.respond(417, TEXT, b"no body is wanted here");
    match exchange.head.keep_alive {
        true => Reply::sent(417),
        false => Reply::then(417, vec![Act::Linger]),
    }
}
