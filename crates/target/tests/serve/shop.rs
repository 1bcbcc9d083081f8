use serde_json::json;

use crate::client::{Client, Response, start};

fn items(client: &mut Client<std::net::TcpStream>, path: &str, token: &str) -> Response {
    client.send(format!("GET {path} HTTP/1.1\r\nauthorization: Bearer {token}\r\n\r\n"));
    client.response()
}

#[test]
fn a_customer_logs_in_looks_around_and_orders() {
    let target = start();
    let mut client = target.connect();
    let login = client.post("/login", r#"{"user": "admin", "password": "secret"}"#);
    assert_eq!(login.status(), 200);
    let token = login.json()["token"].as_str().expect("a token").to_owned();

    let page = items(&mut client, "/items?page=3", &token).json();
    assert_eq!(page["ok"], true);
    let ids: Vec<_> =
        page["items"].as_array().expect("a list").iter().map(|item| item["id"].clone()).collect();
    assert_eq!(json!(ids), json!([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]));

    let item = client.get("/items/21").json();
    assert_eq!(item, page["items"][0]);
    assert!(item["name"].is_string() && item["price"].as_f64().is_some_and(|price| price > 0.0), "{item}");

    let order = client.post("/orders", r#"{"item": 7, "tenant": "acme"}"#);
    assert_eq!((order.status(), &order.json()["order"], &order.json()["item"]), (201, &1.into(), &7.into()));
    assert_eq!(client.post("/orders", r#"{"item": 8}"#).json()["order"], 2);
}

#[test]
fn the_list_needs_a_token_that_login_gave() {
    let target = start();
    let mut client = target.connect();
    let refused = client.get("/items?page=1");
    assert_eq!((refused.status(), refused.header("www-authenticate")), (401, Some("Bearer")));
    for token in ["", "invented", "00000000000000000000000000000000", "ééééééééé"] {
        assert_eq!(items(&mut client, "/items", token).status(), 401, "{token}");
    }
    assert_eq!(client.post("/login", r#"{"user": "admin", "password": "guess"}"#).status(), 401);
    assert_eq!(client.post("/login", "user=admin").status(), 400);
}

#[test]
fn pages_end_where_the_items_end() {
    let target = start();
    let mut client = target.connect();
    let token = client.post("/login", r#"{"user": "a", "password": "secret"}"#).json()["token"].clone();
    let token = token.as_str().expect("a token");
    for (page, expected) in [("1", 10), ("100", 10), ("101", 0), ("0", 0), ("4294967295", 0)] {
        let document = items(&mut client, &format!("/items?page={page}"), token).json();
        assert_eq!(document["items"].as_array().expect("a list").len(), expected, "{page}");
    }
    assert_eq!(items(&mut client, "/items?page=x", token).status(), 400);
}

#[test]
fn what_the_shop_does_not_have_or_understand_it_refuses() {
    let target = start();
    let mut client = target.connect();
    assert_eq!(client.get("/items/1000").status(), 200);
    for path in ["/items/1001", "/items/0", "/items/x"] {
        assert_eq!(client.get(path).status(), 404, "{path}");
    }
    for body in ["{", r#"{"item": "7"}"#, r#"{"item": 1001}"#, ""] {
        assert_eq!(client.post("/orders", body).status(), 400, "{body}");
    }
    let refused = client.get("/orders");
    assert_eq!((refused.status(), refused.header("allow")), (405, Some("POST")));
    assert_eq!(client.post("/session", r#"{"user": "ann"}"#).json()["user"], "ann");
}
