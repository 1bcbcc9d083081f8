//! Answers that set cookies, and show those that came back.

use serde_json::{Map, Value, json};

use super::Exchange;
use super::plain::number;
use crate::limits::MAX_COOKIES;
use crate::query;
use crate::response::JSON;
use crate::script::Reply;

/// `/cookies`: the cookies that came. Of several with one name the first is shown, and all are counted.
pub(super) fn show(exchange: &mut Exchange<'_, '_>) -> Reply {
    let mut cookies: Map<String, Value> = Map::new();
    let mut count = 0;
    for header in exchange.head.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("cookie")) {
        let text = String::from_utf8_lossy(header.value);
        for (name, value) in text.split(';').filter_map(|pair| pair.trim().split_once('=')) {
            cookies.entry(name).or_insert_with(|| value.into());
            count += 1;
        }
    }
    exchange.respond_json(200, &json!({"cookies": cookies, "count": count}))
}

/// `/cookies/set?name=value&...`
pub(super) fn set(exchange: &mut Exchange<'_, '_>) -> Reply {
    let max_age = query::parameter(exchange.head.query, "_max_age");
    let cookies =
        query::parameters(exchange.head.query).map(|(name, value)| (name, value.unwrap_or_default()));
    answer(exchange, "set", cookies, max_age.as_deref())
}

/// `/cookies/clear?name&...`: sets them anew, as expired.
pub(super) fn clear(exchange: &mut Exchange<'_, '_>) -> Reply {
    let cookies = query::parameters(exchange.head.query).map(|(name, _)| (name, String::new()));
    answer(exchange, "cleared", cookies, Some("0"))
}

fn answer(
    exchange: &mut Exchange<'_, '_>,
    verb: &str,
    asked: impl Iterator<Item = (String, String)>,
    max_age: Option<&str>,
) -> Reply {
    let attributes = match attributes(exchange.head.query, max_age) {
        Ok(attributes) => attributes,
        Err(problem) => return exchange.refuse(400, problem),
    };
    let (mut names, mut lines) = (Vec::new(), Vec::new());
    for (name, value) in asked.filter(|(name, _)| name != "delay" && !name.starts_with('_')) {
        if name.is_empty() || !name.bytes().all(is_name) || !value.bytes().all(is_octet) {
            return exchange
                .refuse(400, "a cookie is NAME=VALUE; NAME of letters, digits, . _ -, VALUE as in RFC 6265");
        }
        lines.push(format!("{name}={value}{attributes}"));
        names.push(name);
    }
    if names.is_empty() || names.len() > MAX_COOKIES {
        return exchange.refuse(400, "name 1 to 100 cookies in the query");
    }
    let headers: Vec<_> = lines.iter().map(|line| ("set-cookie", line.as_str())).collect();
    exchange.respond_with(200, JSON, &headers, json!({ verb: names }).to_string().as_bytes())
}

/// What follows each cookie in its header.
fn attributes(query: &str, max_age: Option<&str>) -> Result<String, &'static str> {
    let path = query::parameter(query, "_path").unwrap_or_else(|| "/".to_owned());
    if !path.bytes().all(is_octet) {
        return Err("_path is printable, without space and ;");
    }
    let mut attributes = if path.is_empty() { path } else { format!("; Path={path}") };
    match max_age.map(|age| number(age, u64::MAX)) {
        None => {}
        Some(Some(age_s)) => attributes += &format!("; Max-Age={age_s}"),
        Some(None) => return Err("_max_age is a whole number of seconds"),
    }
    Ok(attributes)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

/// What RFC 6265 allows in a value without quotes.
fn is_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}
