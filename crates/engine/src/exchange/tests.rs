use std::io::{Read, Write};

use serde_json::{Value, json};

use crate::loopback::{Log, answer, origin, plan, read_head, read_request, response, serve, tried};

fn expecting(body: &str) -> Value {
    json!({"method": "PUT", "body": {"text": body}, "expect_continue": true})
}

/// Answers to the head with `first`, then reads the body if `reads`, then answers `second`.
fn reluctant(first: &'static str, reads: bool, second: &'static str) -> (u16, Log) {
    let log = Log::default();
    let received = log.clone();
    let port = serve(move |mut stream| {
        let Some(head) = read_head(&mut stream) else { return };
        received.add(&head);
        stream.write_all(first.as_bytes()).unwrap();
        if reads {
            let mut body = [0; 5];
            stream.read_exact(&mut body).unwrap();
            received.add(&body);
            stream.write_all(second.as_bytes()).unwrap();
        }
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        received.add(&rest);
    });
    (port, log)
}

#[test]
fn the_body_is_sent_when_the_server_wants_it() {
    let (port, log) = reluctant(
        "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
        true,
        "HTTP/1.1 201 Made\r\ncontent-length: 0\r\n\r\n",
    );
    let attempts = tried(&plan(&[origin(port)], &json!({}), &[expecting("hello")]));
    assert_eq!((attempts[0].status, &attempts[0].failure), (201, &None));
    let received = log.all();
    assert!(
        received[0].contains("expect: 100-continue\r\n") && received[0].contains("content-length: 5\r\n")
    );
    assert_eq!(received[1], "hello");
}

#[test]
fn the_body_is_sent_after_a_second_without_an_answer() {
    let (port, log) = reluctant("", true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let attempts = tried(&plan(&[origin(port)], &json!({}), &[expecting("hello")]));
    assert_eq!((attempts[0].status, &attempts[0].failure), (200, &None));
    assert_eq!(log.all()[1], "hello");
    let send_ns = attempts[0].phases_ns.iter().find(|(phase, _)| *phase == "send").unwrap().1;
    assert!(send_ns >= 1_000_000_000, "{send_ns}");
}

#[test]
fn a_refusal_is_the_response_and_the_connection_is_closed_without_the_body() {
    let (port, log) = reluctant("HTTP/1.1 417 No\r\ncontent-length: 2\r\n\r\nno", false, "");
    let attempts = tried(&plan(&[origin(port)], &json!({}), &[expecting("hello"), json!({})]));
    assert_eq!((attempts[0].status, &attempts[0].failure), (417, &None));
    assert!(attempts[1].phases_ns.iter().any(|(phase, _)| *phase == "connect"), "a connection of its own");
    assert!(!log.all().concat().contains("hello"));
}

#[test]
fn an_answer_before_the_body_is_whole_counts_and_the_connection_is_closed() {
    let port = serve(|mut stream| {
        if read_head(&mut stream).is_none() {
            return;
        }
        let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 Too Much\r\ncontent-length: 0\r\n\r\n";
        for piece in answer.as_bytes().chunks(25) {
            stream.write_all(piece).unwrap();
        }
        // Held open without reading: only the answer can end the exchange.
        std::thread::park();
    });
    let large = "x".repeat(16 << 20);
    let attempts = tried(&plan(&[origin(port)], &json!({}), &[expecting(&large), expecting(&large)]));
    for attempt in &attempts {
        assert_eq!((attempt.status, &attempt.failure), (413, &None));
    }
    assert!(attempts[1].phases_ns.iter().any(|(phase, _)| *phase == "connect"), "a connection of its own");
}

#[test]
fn a_request_without_a_body_expects_nothing() {
    let (port, log) = answer(|_| response(200, "", ""));
    tried(&plan(&[origin(port)], &json!({}), &[json!({"expect_continue": true})]));
    assert!(!log.all()[0].contains("expect"));
}

/// What a server received as body and `content-length` of a request with this body.
fn received(body: &Value) -> (Vec<u8>, String) {
    let log = Log::default();
    let (heads, bodies) = (log.clone(), std::sync::Arc::new(std::sync::Mutex::new(Vec::new())));
    let kept = std::sync::Arc::clone(&bodies);
    let port = serve(move |mut stream| {
        while let Some(request) = read_request(&mut stream) {
            let end = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            heads.add(&request[..end]);
            kept.lock().unwrap().extend_from_slice(&request[end..]);
            stream.write_all(response(200, "", "").as_bytes()).unwrap();
        }
    });
    let attempts = tried(&plan(&[origin(port)], &json!({}), &[json!({"method": "POST", "body": body})]));
    assert_eq!(attempts[0].failure, None);
    (bodies.lock().unwrap().clone(), log.all().concat())
}

#[test]
fn files_small_and_large_arrive_as_they_are() {
    for (name, bytes) in [("small", 5), ("large", 3_000_000)] {
        let path = std::env::temp_dir().join(format!("kilobar-body-{}-{name}", std::process::id()));
        let content: Vec<u8> = (0..bytes).map(|index| (index % 251) as u8).collect();
        std::fs::write(&path, &content).unwrap();
        let (body, head) = received(&json!({"file": path}));
        assert!(body == content, "{name}");
        assert!(head.contains(&format!("content-length: {bytes}\r\n")), "{head}");
        let parts = json!({"multipart": [
            {"name": "before", "content": {"text": "1"}},
            {"name": "up", "content": {"file": path}, "filename": "a\"b.bin", "content_type": "x/y"},
        ]});
        let (body, head) = received(&parts);
        let boundary = head.split("boundary=").nth(1).unwrap().lines().next().unwrap();
        let expected = [
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"before\"\r\n\r\n1\r\n")
                .as_bytes(),
            format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"up\"; filename=\"a%22b.bin\"\r\n"
            )
            .as_bytes(),
            b"content-type: x/y\r\n\r\n",
            &content,
            format!("\r\n--{boundary}--\r\n").as_bytes(),
        ]
        .concat();
        assert!(body == expected, "{name}");
        std::fs::remove_file(path).unwrap();
    }
}
