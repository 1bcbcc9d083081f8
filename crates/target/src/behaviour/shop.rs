//! A small shop: log in, look at items, order one. What the examples and the demo run against.

use std::cell::Cell;

use serde_json::{Value, json};

use super::Exchange;
use super::delay::Delay;
use crate::draw::{Draws, Stream, mix};
use crate::response::{self, JSON, Length};
use crate::routes::Route;
use crate::script::Reply;

const PASSWORD: &str = "secret";
const ITEMS: u64 = 1000;
const ITEMS_PER_PAGE: u64 = 10;
const COLOURS: [&str; 10] =
    ["amber", "blue", "coral", "green", "indigo", "olive", "plum", "silver", "teal", "white"];
const THINGS: [&str; 10] =
    ["bowl", "chair", "clock", "lamp", "mirror", "mug", "pillow", "shelf", "teapot", "vase"];

#[derive(Debug)]
pub(crate) struct Shop {
    key: u64,
    delay: Delay,
    orders: Cell<u64>,
}

impl Shop {
    pub(crate) fn new(seed: u64, delay: Delay) -> Self {
        Shop { key: mix(seed ^ 0x5308), delay, orders: Cell::new(0) }
    }

    pub(crate) fn reset(&self) {
        self.orders.set(0);
    }

    /// How long the shop takes over this: dearer work takes longer, in proportion.
    pub(crate) fn delay_ns(&self, route: Route, draws: &Draws) -> u64 {
        let times = match route {
            Route::Item | Route::Session => 1,
            Route::Items | Route::Orders => 2,
            Route::Login => 3,
            _ => return 0,
        };
        times * self.delay.next_ns(draws, Some(Stream::Shop))
    }

    pub(crate) fn respond(&self, route: Route, exchange: &mut Exchange<'_, '_>) -> Reply {
        let allowed = if let Route::Items | Route::Item = route { "GET" } else { "POST" };
        if exchange.head.method != allowed && !(allowed == "GET" && exchange.is_head()) {
            return respond_with(
                exchange,
                405,
                "allow",
                allowed,
                &json!({"error": format!("use {allowed}")}),
            );
        }
        match route {
            Route::Login => self.login(exchange),
            Route::Session => self.session(exchange),
            Route::Items => self.items(exchange),
            Route::Item => item(exchange),
            _ => self.order(exchange),
        }
    }

    fn login(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        let document: Value = serde_json::from_slice(exchange.body).unwrap_or_default();
        let (Some(user), Some(password)) = (document["user"].as_str(), document["password"].as_str()) else {
            return exchange.refuse(400, r#"send {"user": "...", "password": "..."}"#);
        };
        if password != PASSWORD {
            return exchange.refuse(401, "wrong password");
        }
        respond_json(exchange, 200, &json!({"token": self.token(user)}))
    }

    fn session(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        let document: Value = serde_json::from_slice(exchange.body).unwrap_or_default();
        match document["user"].as_str() {
            Some(user) => respond_json(exchange, 201, &json!({"session": self.token(user), "user": user})),
            None => exchange.refuse(400, r#"send {"user": "..."}"#),
        }
    }

    fn items(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        if !self.authorized(exchange) {
            let error = json!({"error": "send authorization: Bearer TOKEN with the token of POST /login"});
            return respond_with(exchange, 401, "www-authenticate", "Bearer", &error);
        }
        let Some(page) = exchange.head.parameter("page").map_or(Some(1), |page| page.parse::<u32>().ok())
        else {
            return exchange.refuse(400, "page is a whole number from 1");
        };
        let page = u64::from(page);
        let first = page.saturating_sub(1) * ITEMS_PER_PAGE + 1;
        let last = if page == 0 { 0 } else { (first + ITEMS_PER_PAGE - 1).min(ITEMS) };
        let items: Vec<Value> = (first..=last).map(describe).collect();
        respond_json(exchange, 200, &json!({"ok": true, "page": page, "items": items}))
    }

    fn order(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        let Ok(document) = serde_json::from_slice::<Value>(exchange.body) else {
            return exchange.refuse(400, "the body is not JSON");
        };
        match document["item"].as_u64() {
            Some(item @ 1..=ITEMS) => {
                self.orders.set(self.orders.get() + 1);
                let order = json!({"order": self.orders.get(), "item": item, "state": "accepted"});
                respond_json(exchange, 201, &order)
            }
            _ => exchange.refuse(400, "item is a whole number from 1 to 1000"),
        }
    }

    /// The shop keeps no sessions: the second half of a token proves the first.
    fn token(&self, user: &str) -> String {
        let name = user.bytes().fold(self.key, |hash, byte| mix(hash ^ u64::from(byte)));
        format!("{name:016x}{:016x}", mix(name ^ self.key))
    }

    fn authorized(&self, exchange: &Exchange<'_, '_>) -> bool {
        let header = exchange.head.header("authorization").and_then(|value| std::str::from_utf8(value).ok());
        let halves = header
            .and_then(|value| value.strip_prefix("Bearer "))
            .and_then(|token| token.split_at_checked(16));
        let parse = |half: &str| u64::from_str_radix(half, 16).ok();
        let numbers = halves.and_then(|(name, proof)| Some((parse(name)?, parse(proof)?)));
        numbers.is_some_and(|(name, proof)| mix(name ^ self.key) == proof)
    }
}

fn item(exchange: &mut Exchange<'_, '_>) -> Reply {
    match exchange.rest.parse::<u64>() {
        Ok(id @ 1..=ITEMS) => respond_json(exchange, 200, &describe(id)),
        _ => exchange.refuse(404, "there is no such item; there are 1 to 1000"),
    }
}

fn describe(id: u64) -> Value {
    let name = format!("{} {}", COLOURS[(id % 10) as usize], THINGS[(id / 10 % 10) as usize]);
    let price_cents = 199 + id * 7919 % 9800;
    json!({"id": id, "name": name, "price": price_cents as f64 / 100.0})
}

fn respond_json(exchange: &mut Exchange<'_, '_>, status: u16, document: &Value) -> Reply {
    exchange.respond(status, JSON, document.to_string().as_bytes())
}

fn respond_with(
    exchange: &mut Exchange<'_, '_>,
    status: u16,
    name: &str,
    value: &str,
    document: &Value,
) -> Reply {
    let body = document.to_string();
    response::open_head(exchange.output, exchange.head, status, JSON, Length::Bytes(body.len() as u64));
    response::header(exchange.output, name, value.as_bytes());
    response::close_head(exchange.output);
    if !exchange.is_head() {
        exchange.output.extend_from_slice(body.as_bytes());
    }
    Reply::sent(status)
}
