use std::io::ErrorKind;
use std::net::Shutdown;

use crate::client::{Client, Target, start};

fn ask(target: &Target, fault: &str) -> Client<std::net::TcpStream> {
    let mut client = target.connect();
    client.send(format!("GET /fault/{fault} HTTP/1.1\r\n\r\n"));
    client
}

#[test]
fn reset_resets_without_a_byte() {
    assert_eq!(ask(&start(), "reset").end(), Err(ErrorKind::ConnectionReset));
}

#[test]
fn close_closes_without_a_byte() {
    assert_eq!(ask(&start(), "close").rest(), b"");
}

#[test]
fn half_sends_half_of_the_body_and_closes() {
    let target = start();
    let mut client = ask(&target, "half");
    assert!(client.head().contains("content-length: 1000\r\n"));
    assert_eq!(client.rest().len(), 500);
}

#[test]
fn half_head_closes_within_the_head() {
    let sent = ask(&start(), "half-head").rest();
    assert_eq!(sent, b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-le");
}

#[test]
fn garbage_is_not_http() {
    let sent = ask(&start(), "garbage").rest();
    assert_eq!(sent, b"\x00\xff\x13\x37 this is not HTTP \xfe\x01\r\n\r\n");
}

#[test]
fn an_endless_header_does_not_end() {
    let target = start();
    let sent = ask(&target, "endless-header").exactly(2_000_000);
    assert!(sent.starts_with(b"HTTP/1.1 200 OK\r\nx-endless: and another one\r\nx-endless"));
    assert!(!sent.windows(4).any(|window| window == b"\r\n\r\n"));
    assert_eq!(target.get("/").status(), 200, "others are served meanwhile");
}

#[test]
fn an_endless_body_does_not_end() {
    let target = start();
    let mut client = ask(&target, "endless-body");
    assert!(client.head().contains("transfer-encoding: chunked"));
    let sent = client.exactly(2_000_000);
    assert!(sent.starts_with(b"1000\r\nabc"));
    assert!(!sent.windows(5).any(|window| window == b"0\r\n\r\n"));
}

#[test]
fn never_leaves_the_request_unanswered_until_the_client_gives_up() {
    let target = start();
    let mut client = ask(&target, "never");
    assert_eq!(target.get("/").status(), 200);
    client.stream.set_nonblocking(true).expect("an option");
    assert_eq!(client.end(), Err(ErrorKind::WouldBlock));
    client.stream.set_nonblocking(false).expect("an option");
    client.stream.shutdown(Shutdown::Write).expect("open");
    assert_eq!(client.rest(), b"");
}

#[test]
fn extra_sends_another_response_that_nobody_asked_for() {
    let target = start();
    let mut client = ask(&target, "extra");
    assert_eq!(client.response().text(), "expected");
    assert_eq!(client.response().text(), "leftover");
}

#[test]
fn stale_closes_a_connection_that_it_promised_to_keep() {
    let target = start();
    let mut client = ask(&target, "stale");
    let response = client.response();
    assert_eq!((response.text(), response.header("connection")), ("stale", None));
    assert_eq!(client.rest(), b"");
}

#[test]
fn wrong_length_announces_more_than_it_sends_and_stays_open() {
    let target = start();
    let mut client = ask(&target, "wrong-length");
    assert!(client.head().contains("content-length: 1000\r\n"));
    assert_eq!(client.exactly(500).len(), 500);
    assert_eq!(target.get("/").status(), 200);
    client.stream.set_nonblocking(true).expect("an option");
    assert_eq!(client.end(), Err(ErrorKind::WouldBlock));
}

#[test]
fn early_answers_before_the_body_and_counts_no_request() {
    let target = start();
    let mut client = target.connect();
    client.send("POST /fault/early HTTP/1.1\r\ncontent-length: 1000000\r\n\r\nonly the beginning");
    assert_eq!(client.response().text(), "early");
    assert_eq!(client.rest(), b"");
    let stats = target.stats();
    assert_eq!((&stats["requests"], &stats["errors"]["early_answer"]), (&0.into(), &1.into()));
}

#[test]
fn flaky_fails_in_the_asked_proportion_and_the_same_way_each_time() {
    let failures = || {
        let target = start();
        let mut client = target.connect();
        (0..500).map(|_| client.get("/fault/flaky/0.1").status() == 500).collect::<Vec<bool>>()
    };
    let first = failures();
    assert!((30..=70).contains(&first.iter().filter(|failed| **failed).count()));
    assert_eq!(first, failures());
}

#[test]
fn a_fault_can_be_delayed_and_no_fault_is_unknown() {
    let target = start();
    assert_eq!(ask(&target, "close?delay=5ms").rest(), b"");
    assert_eq!(target.get("/fault/flaky/2").status(), 400);
    assert_eq!(target.get("/fault/none").status(), 404);
}
