use std::io::Write;

use serde_json::{Value, json};

use super::*;
use crate::loopback::{Log, answer, plan, read_head, response, serve, tried};

fn through(port: u16) -> Value {
    json!({"proxy": {"host": "127.0.0.1", "port": port, "authorization": "Basic cHJveHk6cGFzcw=="}})
}

fn origin(scheme: &str, host: &str) -> Value {
    json!({"scheme": scheme, "host": host, "port": 8080})
}

#[test]
fn the_reason_is_what_follows_the_status() {
    assert_eq!(reason_of(b"HTTP/1.1 407 Proxy Auth\r\nx: y\r\n\r\n"), " Proxy Auth");
    assert_eq!(reason_of(b"HTTP/1.1 407\r\n\r\n"), "");
    assert_eq!(reason_of(&[b"HTTP/1.1 407 ", &[b'x'; 500][..]].concat()).len(), 101);
}

#[test]
fn a_plain_request_goes_to_the_proxy_whole_and_its_password_is_not_shown() {
    let (port, log) = answer(|_| response(200, "set-cookie: a=1; path=/x\r\n", "Basic cHJveHk6cGFzcw=="));
    let mut http = through(port);
    http["cookies"] = json!("per_user");
    let steps = [json!({"path": "/x/y?z"}), json!({"path": "/x/2"})];
    let attempts = tried(&plan(&[origin("http", "app.localhost")], &http, &steps));
    assert_eq!((attempts[0].status, &attempts[0].failure), (200, &None));
    let received = log.all();
    assert!(
        received[0]
            .starts_with("GET http://app.localhost:8080/x/y?z HTTP/1.1\r\nhost: app.localhost:8080\r\n"),
        "{}",
        received[0]
    );
    assert!(received[0].contains("\r\nproxy-authorization: Basic cHJveHk6cGFzcw==\r\n"));
    assert!(received[1].contains("cookie: a=1\r\n"), "{}", received[1]);
    for attempt in &attempts {
        assert!(!format!("{attempt:?}").contains("cHJveHk6cGFzcw"), "{attempt:?}");
    }
}

#[test]
fn a_refused_tunnel_is_told_with_the_words_of_the_proxy() {
    let (port, log) = answer(|_| response(407, "", "who are you?"));
    let attempts = tried(&plan(&[origin("https", "localhost")], &through(port), &[json!({})]));
    let (class, message) = attempts[0].failure.clone().unwrap();
    assert_eq!(class, "connect");
    assert_eq!(message, format!("the proxy 127.0.0.1:{port} answered 407 Because to CONNECT localhost:8080"));
    let head = &log.all()[0];
    assert!(head.starts_with("CONNECT localhost:8080 HTTP/1.1\r\nhost: localhost:8080\r\n"), "{head}");
    assert!(head.contains("proxy-authorization: Basic cHJveHk6cGFzcw==\r\n"));
}

#[test]
fn a_tunnel_leads_to_the_first_bytes_of_tls() {
    let log = Log::default();
    let received = log.clone();
    let port = serve(move |mut stream| {
        received.add(&read_head(&mut stream).unwrap());
        stream.write_all(b"HTTP/1.1 200 Tunnel\r\n\r\n").unwrap();
        let mut record = [0; 3];
        std::io::Read::read_exact(&mut stream, &mut record).unwrap();
        // A handshake record of TLS.
        received.add(if record[..2] == [22, 3] { b"tls" } else { b"something else" });
    });
    let attempts = tried(&plan(&[origin("https", "localhost")], &through(port), &[json!({})]));
    assert_eq!(attempts[0].failure.as_ref().unwrap().0, "tls");
    assert_eq!(log.all()[1], "tls");
}

#[test]
fn what_is_no_proxy_is_told() {
    for (answer, words) in [
        ("SSH-2.0\r\n\r\n", "does not start with HTTP"),
        ("", "closed the connection"),
        ("HTTP/1.1 200 OK\r\n\r\nhello", "before they were asked for"),
    ] {
        let port = serve(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let attempts = tried(&plan(&[origin("https", "localhost")], &through(port), &[json!({})]));
        let (class, message) = attempts[0].failure.clone().unwrap();
        assert_eq!(class, "connect");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn names_that_only_the_proxy_can_resolve_need_consent() {
    let (port, log) = answer(|_| response(200, "", ""));
    for scheme in ["http", "https"] {
        let attempts = tried(&plan(&[origin(scheme, "shop.example")], &through(port), &[json!({})]));
        assert_eq!(attempts[0].failure.as_ref().unwrap().0, "blocked");
    }
    assert_eq!(log.all().len(), 0);
    let mut allowed = plan(&[origin("http", "shop.example")], &through(port), &[json!({})]);
    allowed["allow"] = json!(["shop.example"]);
    assert_eq!(tried(&allowed)[0].status, 200);
}
