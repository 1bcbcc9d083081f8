use serde_json::json;

use crate::client::start;

#[test]
fn echo_tells_what_was_received() {
    let target = start();
    let mut client = target.connect();
    client.send(
        "PUT /echo/x?a=1 HTTP/1.1\r\nHost: t\r\nX-A: 1\r\nx-a: 2\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    client.send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    let echo = client.response().json();
    assert_eq!(
        (&echo["method"], &echo["path"], &echo["query"]),
        (&"PUT".into(), &"/echo/x".into(), &"a=1".into())
    );
    assert_eq!((&echo["headers"]["x-a"], &echo["headers"]["host"]), (&"1, 2".into(), &"t".into()));
    assert_eq!((&echo["body"], &echo["body_bytes"]), (&"abcde".into(), &5.into()));
}

#[test]
fn inspect_tells_each_header_as_it_was_sent() {
    let target = start();
    let mut client = target.connect();
    client.send(
        b"PUT /inspect/x?a=%31 HTTP/1.1\r\nHost: t\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 3\r\n\r\na\xffb",
    );
    let expected = json!({
        "method": "PUT",
        "path": "/inspect/x",
        "query": "a=%31",
        "headers": [["Host", "t"], ["X-A", "1"], ["x-a", "2"], ["content-length", "3"]],
        "body_bytes": 3,
        "body": "a\u{fffd}b",
    });
    assert_eq!(client.response().json(), expected);
}

#[test]
fn inspect_shows_the_beginning_of_a_long_body() {
    let target = start();
    let document = target.connect().post("/inspect", &"x".repeat(100_000)).json();
    assert_eq!(
        (&document["body_bytes"], document["body"].as_str().map(str::len)),
        (&100_000.into(), Some(65_536))
    );
}
