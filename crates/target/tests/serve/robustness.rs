use std::net::{Shutdown, TcpListener};

use kilobar_target::{Options, serve};

use crate::client::{Target, start};

/// Sends `request`, expects a refusal that closes the connection, and that the error was counted.
fn refused(target: &Target, request: &[u8], status: u16, counter: &str) {
    let mut client = target.connect();
    client.send(request);
    let response = client.response();
    assert_eq!((response.status(), response.header("connection")), (status, Some("close")));
    assert_eq!(client.rest(), b"");
    let stats = target.stats();
    assert_eq!((&stats["errors"][counter], &stats["requests"]), (&1.into(), &0.into()));
}

#[test]
fn a_malformed_request_is_refused_and_the_connection_closed() {
    refused(&start(), b"\x16\x03\x01 hello\r\n\r\n", 400, "malformed");
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    refused(&start(), b"POST / HTTP/1.1\r\ncontent-length: 16777217\r\n\r\nabc", 413, "body_too_large");
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let head = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(70_000));
    refused(&start(), head.as_bytes(), 431, "head_too_large");
}

#[test]
fn the_largest_body_is_taken() {
    let target = start();
    let mut client = target.connect();
    let bytes = 16 * 1024 * 1024;
    client.send(format!("POST / HTTP/1.1\r\ncontent-length: {bytes}\r\n\r\n"));
    client.send(vec![b'x'; bytes]);
    assert_eq!(client.response().status(), 200);
}

#[test]
fn what_waits_behind_a_long_request_in_pieces_is_answered_too() {
    let target = start();
    let mut client = target.connect();
    client.send("POST /echo HTTP/1.1\r\ncontent-length: 3000\r\n\r\n");
    // The answer on another connection proves that the head was looked at.
    assert_eq!(target.get("/").status(), 200);
    client.send("x".repeat(3000) + "GET /delay/1ms HTTP/1.1\r\n\r\nGET /status/201 HTTP/1.1\r\n\r\n");
    let statuses =
        [client.response(), client.response(), client.response()].map(|response| response.status());
    assert_eq!(statuses, [200, 200, 201]);
}

#[test]
fn a_client_that_expects_it_is_told_to_continue_once() {
    let target = start();
    let mut client = target.connect();
    client.send("POST /echo HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ab");
    client.send("cd");
    assert_eq!(client.response().json()["body"], "abcd");
}

#[test]
fn a_client_that_leaves_within_a_request_is_counted_as_an_error() {
    let target = start();
    let mut client = target.connect();
    client.send("GET / HT");
    client.stream.shutdown(Shutdown::Write).expect("open");
    assert_eq!(client.rest(), b"");
    let stats = target.stats();
    assert_eq!((&stats["errors"]["closed_mid_request"], &stats["requests"]), (&1.into(), &0.into()));
}

#[test]
fn a_client_that_stops_reading_does_not_hold_up_the_others() {
    let target = start();
    let mut stuck = target.connect();
    stuck.send("GET /bytes/67108864 HTTP/1.1\r\n\r\n".repeat(3));
    assert_eq!(target.get("/").text(), "hello");
    for _ in 0..3 {
        assert_eq!(stuck.response().body.len(), 67_108_864);
    }
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("bound").port();
    let error = serve(Options { port, ..Options::default() }, |_| {}, || true).expect_err("in use");
    assert_eq!(error.code(), "address-in-use");
    assert!(error.to_string().contains(&format!("port {port} is in use")), "{error}");
}

#[test]
fn an_address_that_is_not_ours_is_an_error() {
    let options = Options { host: "192.0.2.1".to_owned(), port: 0, ..Options::default() };
    assert_eq!(serve(options, |_| {}, || true).expect_err("not ours").code(), "bad-address");
}

#[test]
fn options_that_contradict_each_other_are_errors() {
    let options = Options { ca_file: Some("ca.pem".into()), ..Options::default() };
    assert_eq!(serve(options, |_| {}, || true).expect_err("no TLS").code(), "bad-option");
    let options = Options { response_bytes: 2_000_000, ..Options::default() };
    assert_eq!(serve(options, |_| {}, || true).expect_err("too long").code(), "bad-option");
}
