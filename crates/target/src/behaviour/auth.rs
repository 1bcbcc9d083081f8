//! Answers for those who say who they are.

use serde_json::json;

use super::Exchange;
use super::shop::Shop;
use crate::response::JSON;
use crate::script::Reply;

/// `ann:secret` in base64.
const CREDENTIALS: &str = "YW5uOnNlY3JldA==";

/// What those are told who come without a token.
pub(super) const BEARER_HINT: &str = "send authorization: Bearer TOKEN with the token of POST /login";

/// `/auth/basic`
pub(super) fn basic(exchange: &mut Exchange<'_, '_>) -> Reply {
    if credentials(exchange, "basic") == Some(CREDENTIALS) {
        return exchange.respond_json(200, &json!({"user": "ann"}));
    }
    challenge(exchange, r#"Basic realm="target""#, "send user ann with password secret")
}

/// `/auth/bearer`: the token is one of `/login`.
pub(super) fn bearer(exchange: &mut Exchange<'_, '_>, shop: &Shop) -> Reply {
    if credentials(exchange, "bearer").is_some_and(|token| shop.is_token(token)) {
        return exchange.respond_json(200, &json!({"ok": true}));
    }
    challenge(exchange, "Bearer", BEARER_HINT)
}

/// What follows `scheme`, which is lowercase, in the header `authorization`.
pub(super) fn credentials<'b>(exchange: &Exchange<'_, 'b>, scheme: &str) -> Option<&'b str> {
    let header = std::str::from_utf8(exchange.head.header("authorization")?).ok()?;
    let (name, credentials) = header.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then_some(credentials)
}

/// A 401 that says how to authenticate.
pub(super) fn challenge(exchange: &mut Exchange<'_, '_>, scheme: &str, hint: &str) -> Reply {
    let body = json!({"error": hint}).to_string();
    exchange.respond_with(401, JSON, &[("www-authenticate", scheme)], body.as_bytes())
}
