//! A small shop: log in, look at items, order one. What the examples and the demo run against.

use std::cell::Cell;

use serde_json::{Value, json};

use super::delay::Delay;
use super::{Exchange, auth};
use crate::draw::{Draws, Stream, mix};
use crate::response::JSON;
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
            let body = json!({"error": format!("use {allowed}")}).to_string();
            return exchange.respond_with(405, JSON, &[("allow", allowed)], body.as_bytes());
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
        exchange.respond_json(200, &json!({"token": self.token(user)}))
    }

    fn session(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        let document: Value = serde_json::from_slice(exchange.body).unwrap_or_default();
        match document["user"].as_str() {
            Some(user) => exchange.respond_json(201, &json!({"session": self.token(user), "user": user})),
            None => exchange.refuse(400, r#"send {"user": "..."}"#),
        }
    }

    fn items(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        if !auth::credentials(exchange, "bearer").is_some_and(|token| self.is_token(token)) {
            return auth::challenge(exchange, "Bearer", auth::BEARER_HINT);
        }
        let number = exchange.head.parameter("page").map_or(Some(1), |page| page.parse::<u32>().ok());
        let Some(number) = number else {
            return exchange.refuse(400, "page is a whole number from 1");
        };
        exchange.respond_json(200, &page(u64::from(number)))
    }

    fn order(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        let Ok(document) = serde_json::from_slice::<Value>(exchange.body) else {
            return exchange.refuse(400, "the body is not JSON");
        };
        match document["item"].as_u64() {
            Some(item @ 1..=ITEMS) => {
                self.orders.set(self.orders.get() + 1);
                let order = json!({"order": self.orders.get(), "item": item, "state": "accepted"});
                exchange.respond_json(201, &order)
            }
            _ => exchange.refuse(400, "item is a whole number from 1 to 1000"),
        }
    }

    /// The shop keeps no sessions: the second half of a token proves the first.
    fn token(&self, user: &str) -> String {
        let name = user.bytes().fold(self.key, |hash, byte| mix(hash ^ u64::from(byte)));
        format!("{name:016x}{:016x}", mix(name ^ self.key))
    }

    /// Whether `/login` gave this token.
    pub(super) fn is_token(&self, token: &str) -> bool {
        let parse = |half: &str| u64::from_str_radix(half, 16).ok();
        let halves = token.split_at_checked(16);
        let numbers = halves.and_then(|(name, proof)| Some((parse(name)?, parse(proof)?)));
        numbers.is_some_and(|(name, proof)| mix(name ^ self.key) == proof)
    }
}

/// A page of the list of items.
pub(super) fn page(number: u64) -> Value {
    let first = number.saturating_sub(1) * ITEMS_PER_PAGE + 1;
    let last = if number == 0 { 0 } else { (first + ITEMS_PER_PAGE - 1).min(ITEMS) };
    let items: Vec<Value> = (first..=last).map(describe).collect();
    json!({"ok": true, "page": number, "items": items})
}

fn item(exchange: &mut Exchange<'_, '_>) -> Reply {
    match exchange.rest.parse::<u64>() {
        Ok(id @ 1..=ITEMS) => exchange.respond_json(200, &describe(id)),
        _ => exchange.refuse(404, "there is no such item; there are 1 to 1000"),
    }
}

fn describe(id: u64) -> Value {
    json!({"id": id, "name": name(id), "price": price(id)})
}

pub(super) fn name(id: u64) -> String {
    format!("{} {}", COLOURS[(id % 10) as usize], THINGS[(id / 10 % 10) as usize])
}

pub(super) fn price(id: u64) -> f64 {
    let price_cents = 199 + id * 7919 % 9800;
    price_cents as f64 / 100.0
}
