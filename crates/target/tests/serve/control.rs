use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::start;

#[test]
fn what_was_received_and_sent_is_counted_exactly() {
    let target = start();
    let mut client = target.connect();
    let request = "GET / HTTP/1.1\r\nhost: t\r\n\r\n";
    let mut bytes_out = 0;
    for _ in 0..100 {
        client.send(request);
        let response = client.response();
        bytes_out += response.head.len() + response.body.len();
    }
    let response = client.post("/echo", "12345");
    bytes_out += response.head.len() + response.body.len();
    let response = client.get("/items/5000");
    bytes_out += response.head.len() + response.body.len();

    let stats = client.get("/_target/stats").json();
    assert_eq!(stats["requests"], 102);
    assert_eq!(stats["by_path"], json!({"GET /": 100, "POST /echo": 1, "GET /items/{id}": 1}));
    assert_eq!(stats["by_status"], json!({"200": 101, "404": 1}));
    assert_eq!((&stats["connections"], &stats["open_connections"]), (&1.into(), &1.into()));
    let post_bytes = "POST /echo HTTP/1.1\r\ncontent-length: 5\r\n\r\n12345".len();
    let get_bytes = "GET /items/5000 HTTP/1.1\r\nhost: t\r\n\r\n".len();
    assert_eq!(stats["bytes_in"], 100 * request.len() + post_bytes + get_bytes);
    assert_eq!(stats["bytes_out"], bytes_out);
    let per_second = stats["per_second"].as_array().expect("a list");
    assert_eq!(
        per_second.iter().map(|second| second["requests"].as_u64().expect("a count")).sum::<u64>(),
        102
    );
    assert!(stats["errors"].as_object().expect("an object").values().all(|count| count == 0), "{stats}");
}

#[test]
fn a_request_counts_when_its_body_has_arrived() {
    let target = start();
    let mut client = target.connect();
    client.send("POST /echo HTTP/1.1\r\ncontent-length: 10\r\n\r\n12345");
    assert_eq!(target.stats()["requests"], 0);
    client.send("67890");
    assert_eq!(client.response().status(), 200);
    assert_eq!(target.stats()["requests"], 1);
}

#[test]
fn requests_that_are_never_answered_count_too() {
    let target = start();
    let mut client = target.connect();
    client.send("GET /fault/close HTTP/1.1\r\n\r\n");
    assert_eq!(client.rest(), b"");
    let stats = target.stats();
    assert_eq!((&stats["by_path"]["GET /fault/close"], &stats["by_status"]), (&1.into(), &json!({})));
}

#[test]
fn a_reset_zeroes_the_counters_and_rewinds_what_is_drawn() {
    let target = start();
    let mut client = target.connect();
    let mut draw = || (0..50).map(|_| client.get("/fault/flaky/0.5").status()).collect::<Vec<u16>>();
    let before = draw();
    assert_eq!(target.connect().post("/_target/reset", "").status(), 200);
    let stats = target.stats();
    assert_eq!(
        (&stats["requests"], &stats["bytes_in"], &stats["per_second"]),
        (&0.into(), &0.into(), &json!([]))
    );
    assert_eq!(stats["by_path"], json!({}));
    assert_eq!(draw(), before);
    assert_eq!(target.stats()["requests"], 50);
}

#[test]
fn a_stall_is_answered_first_and_then_holds_everything_back() {
    let target = start();
    let mut waiting = target.connect();
    waiting.send("GET /delay/1ms HTTP/1.1\r\n\r\n");
    let mut idle = target.connect();
    assert_eq!(idle.get("/").status(), 200);
    waiting.response();
    waiting.send("GET /delay/20ms HTTP/1.1\r\n\r\n");

    let start = Instant::now();
    let stall = target.connect().post("/_target/stall?for=1s", "");
    assert_eq!((stall.status(), &stall.json()["stall_ms"]), (200, &1000.0.into()));
    let stalled = Instant::now();

    let mut fresh = TcpStream::connect(("127.0.0.1", target.ready.http_port)).expect("the backlog takes it");
    fresh.write_all(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n").expect("the kernel takes it");
    assert_eq!(idle.get("/").status(), 200);
    assert!(start.elapsed() >= Duration::from_secs(1), "nothing is answered during the stall");
    assert!(stalled.elapsed() >= Duration::from_millis(300), "the stall call itself is answered before it");
    waiting.response();
    let mut text = String::new();
    fresh.read_to_string(&mut text).expect("answered after the stall");
    assert!(text.ends_with("hello"));
}

#[test]
fn control_refuses_what_it_does_not_know() {
    let target = start();
    let mut client = target.connect();
    for path in ["/_target/stall", "/_target/stall?for=2m", "/_target/stall?for=x"] {
        assert_eq!(client.post(path, "").status(), 400, "{path}");
    }
    assert_eq!(client.get("/_target/reset").status(), 405);
    assert_eq!(client.get("/_target/other").status(), 404);
    assert_eq!(client.get("/_target/stats").json()["requests"], 0);
}
