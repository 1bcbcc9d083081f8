use std::time::{Duration, Instant};

use kilobar_target::Options;

use crate::client::{start, start_with};

fn alphabet(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|index| b'a' + (index % 26) as u8).collect()
}

#[test]
fn the_root_says_hello_and_keeps_the_connection() {
    let target = start();
    let mut client = target.connect();
    client.send("GET / HTTP/1.1\r\nhost: t\r\n\r\n");
    let expected = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";
    assert_eq!(client.exactly(expected.len()), expected.as_bytes());
    assert_eq!(client.get("/").text(), "hello");
}

#[test]
fn the_root_has_the_length_that_was_asked_for() {
    let target = start_with(Options { response_bytes: 12, ..Options::default() });
    assert_eq!(target.get("/").text(), "hellohellohe");
}

#[test]
fn pipelined_requests_are_answered_in_order_whatever_each_takes() {
    let target = start();
    let mut client = target.connect();
    let paths = ["/status/201", "/delay/20ms", "/bytes/40000", "/", "/status/202"];
    client.send(paths.map(|path| format!("GET {path} HTTP/1.1\r\n\r\n")).concat());
    let statuses = paths.map(|_| client.response()).map(|response| (response.status(), response.body.len()));
    assert_eq!(statuses, [(201, 10), (200, 5), (200, 40000), (200, 5), (202, 10)]);
}

#[test]
fn many_pipelined_requests_are_all_answered() {
    let target = start();
    let mut client = target.connect();
    client.send("GET / HTTP/1.1\r\n\r\n".repeat(5000));
    for _ in 0..5000 {
        assert_eq!(client.response().text(), "hello");
    }
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let target = start();
    let mut client = target.connect();
    client.stream.set_nodelay(true).expect("an option");
    for byte in b"POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" {
        client.send([*byte]);
    }
    assert_eq!(client.response().json()["body"], "abc");
}

#[test]
fn bytes_gives_exactly_as_many_as_asked() {
    let target = start();
    let mut client = target.connect();
    for bytes in [0, 1, 16_384, 16_385, 1_000_000] {
        assert_eq!(client.get(&format!("/bytes/{bytes}")).body, alphabet(bytes), "{bytes}");
    }
    assert_eq!(client.get("/bytes/67108865").status(), 400);
    assert_eq!(client.get("/bytes/x").status(), 400);
}

#[test]
fn status_gives_the_code_that_was_asked_for() {
    let target = start();
    let mut client = target.connect();
    assert_eq!(client.get("/status/503").text(), "status 503");
    assert_eq!(client.get("/status/299").head.lines().next(), Some("HTTP/1.1 299 "));
    assert_eq!(client.get("/status/302").header("location"), Some("/"));
    assert_eq!(client.get("/status/101").status(), 400);
    assert_eq!(client.get("/status/600").status(), 400);
    for status in ["204 No Content", "304 Not Modified"] {
        client.send(format!("GET /status/{} HTTP/1.1\r\n\r\n", &status[..3]));
        assert_eq!(client.head(), format!("HTTP/1.1 {status}\r\n\r\n"));
    }
}

#[test]
fn an_interim_status_comes_before_a_final_one() {
    let target = start();
    let mut client = target.connect();
    client.send("GET /status/103 HTTP/1.1\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 103 Early Hints\r\n\r\n");
    assert_eq!(client.response().text(), "after 103");
}

#[test]
fn a_delay_is_never_shorter_than_asked() {
    let target = start();
    let mut client = target.connect();
    for path in ["/delay/30ms", "/delay/uniform/30ms..40ms", "/delay/bimodal/30ms/40ms/0.5", "/?delay=30ms"] {
        let start = Instant::now();
        assert_eq!(client.get(path).status(), 200);
        assert!(start.elapsed() >= Duration::from_millis(30), "{path}");
    }
    assert_eq!(client.get("/delay/exponential/1ms").status(), 200);
    assert_eq!(client.get("/delay/soon").status(), 400);
    assert_eq!(client.get("/?delay=soon").status(), 400);
}

#[test]
fn chunks_have_the_asked_number_and_size() {
    let target = start();
    let mut client = target.connect();
    client.send("GET /chunked/3/4 HTTP/1.1\r\n\r\n");
    assert!(client.head().contains("transfer-encoding: chunked"));
    let expected = b"4\r\nabcd\r\n4\r\nabcd\r\n4\r\nabcd\r\n0\r\n\r\n";
    assert_eq!(client.exactly(expected.len()), expected);

    client.send("GET /chunked/20/10000 HTTP/1.1\r\n\r\n");
    client.head();
    let chunk = [b"2710\r\n", &alphabet(10_000)[..], b"\r\n"].concat();
    assert_eq!(client.exactly(chunk.len() * 20), chunk.repeat(20));
    assert_eq!(client.exactly(5), b"0\r\n\r\n");
    assert_eq!(client.get("/chunked/1000/100000").status(), 400);
    assert_eq!(client.get("/").status(), 200);
}

#[test]
fn a_slow_body_comes_in_pieces_after_the_head() {
    let target = start();
    let mut client = target.connect();
    let start = Instant::now();
    let response = client.get("/slow/3/10ms");
    assert_eq!(response.text(), "one small piece\n".repeat(3));
    assert!(start.elapsed() >= Duration::from_millis(30));
}

#[test]
fn a_close_delimited_body_ends_with_the_connection() {
    let target = start();
    for bytes in [10, 100_000] {
        let mut client = target.connect();
        client.send(format!("GET /close-delimited/{bytes} HTTP/1.1\r\n\r\n"));
        let head = client.head();
        assert!(head.contains("connection: close") && !head.contains("content-length"), "{head}");
        assert_eq!(client.rest(), alphabet(bytes));
    }
}

#[test]
fn headers_gives_as_many_as_asked() {
    let target = start();
    let response = target.get("/headers/250");
    assert_eq!(response.head.matches("\r\nx-header-").count(), 250);
    assert_eq!(response.header("x-header-250"), Some("value"));
}

#[test]
fn a_head_request_gets_no_body() {
    let target = start();
    let mut client = target.connect();
    for (path, length) in
        [("/", Some("5")), ("/bytes/99999", Some("99999")), ("/chunked/2/2", None), ("/echo", None)]
    {
        client.send(format!("HEAD {path} HTTP/1.1\r\n\r\n"));
        let head = client.head();
        assert!(
            length.is_none_or(|length| head.contains(&format!("content-length: {length}\r\n"))),
            "{head}"
        );
    }
    assert_eq!(client.get("/").text(), "hello");
}

#[test]
fn the_connection_closes_when_the_client_asks_for_it() {
    let target = start();
    for request in ["GET / HTTP/1.1\r\nconnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] {
        let mut client = target.connect();
        client.send(request);
        assert_eq!(client.response().header("connection"), Some("close"));
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn an_unknown_path_is_not_found() {
    let target = start();
    assert_eq!(target.get("/nothing/here").status(), 404);
}
