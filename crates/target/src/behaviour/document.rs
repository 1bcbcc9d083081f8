//! A page and an XML document, to find things in.

use std::cell::Cell;
use std::fmt::Write;

use serde_json::json;

use super::{Exchange, shop};
use crate::draw::mix;
use crate::query;
use crate::response::{HTML, XML};
use crate::script::Reply;

/// Items on the page and in the document.
const ITEMS: u64 = 5;

/// `/html`, `/html/submit` and `/xml`.
#[derive(Debug)]
pub(super) struct Documents {
    key: u64,
    pages: Cell<u64>,
}

impl Documents {
    pub(super) fn new(seed: u64) -> Self {
        Documents { key: mix(seed ^ 0xC5_2F), pages: Cell::new(0) }
    }

    pub(super) fn reset(&self) {
        self.pages.set(0);
    }

    /// `/html`
    pub(super) fn page(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        self.pages.set(self.pages.get() + 1);
        let page = write_page(&self.csrf(self.pages.get()));
        exchange.respond(200, HTML, page.as_bytes())
    }

    /// `/html/submit`: what the form on the page is sent to.
    pub(super) fn submit(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        let form = std::str::from_utf8(exchange.body).unwrap_or_default();
        let csrf = query::parameter(form, "csrf").unwrap_or_default();
        // Nobody keeps the values: the first half is the number of the page, the second one proves it.
        let number = csrf.get(..16).and_then(|half| u64::from_str_radix(half, 16).ok());
        match number.filter(|number| self.csrf(*number) == csrf) {
            Some(page) => exchange.respond_json(200, &json!({"page": page})),
            None => exchange.refuse(403, "send the form of /html, with the field csrf as it stands there"),
        }
    }

    fn csrf(&self, page: u64) -> String {
        format!("{page:016x}{:016x}", mix(self.key ^ mix(page)))
    }
}

fn write_page(csrf: &str) -> String {
    let (mut links, mut rows) = (String::new(), String::new());
    for id in 1..=ITEMS {
        let (name, price) = (shop::name(id), shop::price(id));
        let class = if id == 1 { "item first" } else { "item" };
        write!(links, "\n<li class=\"{class}\"><a class=\"link\" href=\"/items/{id}\">{name}</a></li>")
            .and_then(|()| write!(rows, "\n<tr><td>{name}</td><td class=\"price\">{price:.2}</td></tr>"))
            .expect("memory takes every byte");
    }
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Items &amp; prices</title></head>
<body>
<h1>Items</h1>
<form id="order" action="/html/submit" method="post">
<input type="hidden" name="csrf" value="{csrf}">
<input type="text" name="item" value="1">
<button type="submit">Order</button>
</form>
<ul id="items">{links}
</ul>
<table id="prices">
<tr><th>item</th><th>price</th></tr>{rows}
</table>
</body>
</html>
"#
    )
}

/// `/xml`: an answer as a SOAP service gives it.
pub(super) fn xml(exchange: &mut Exchange<'_, '_>) -> Reply {
    let mut items = String::new();
    for id in 1..=ITEMS {
        let (name, price) = (shop::name(id), shop::price(id));
        write!(
            items,
            "\n<shop:item id=\"{id}\"><shop:name>{name}</shop:name>\
             <shop:price currency=\"EUR\">{price:.2}</shop:price></shop:item>"
        )
        .expect("memory takes every byte");
    }
    let document = format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
<soap:Header/>
<soap:Body>
<shop:ItemsResponse xmlns:shop="urn:kilobar:shop">
<shop:count>{ITEMS}</shop:count>{items}
<shop:note><![CDATA[prices < 100]]></shop:note>
</shop:ItemsResponse>
</soap:Body>
</soap:Envelope>
"#
    );
    exchange.respond(200, XML, document.as_bytes())
}
