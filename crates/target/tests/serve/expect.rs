use serde_json::json;

use crate::client::start;

const ASKING: &str = "HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n";

#[test]
fn a_body_that_was_asked_about_is_asked_for() {
    let target = start();
    let mut client = target.connect();
    client.send(format!("POST /expect {ASKING}"));
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abcd");
    assert_eq!(client.response().json(), json!({"expected": true, "body_bytes": 4}));
    assert_eq!(client.post("/expect", "ab").json(), json!({"expected": false, "body_bytes": 2}));
}

#[test]
fn a_refused_body_is_not_waited_for_and_the_connection_ends() {
    let target = start();
    let mut client = target.connect();
    client.send(format!("POST /expect/refuse {ASKING}"));
    let refused = client.response();
    assert_eq!((refused.status(), refused.header("connection")), (417, Some("close")));
    assert_eq!(client.rest(), b"");
    let stats = target.stats();
    assert_eq!(stats["by_path"], json!({"POST /expect/refuse": 1}));
    assert_eq!(stats["by_status"], json!({"417": 1}));
    assert_eq!(stats["bytes_in"], format!("POST /expect/refuse {ASKING}").len());
}

#[test]
fn a_refusal_can_be_late_and_its_delay_be_wrong() {
    let target = start();
    for (path, status) in [("/expect/refuse?delay=1ms", 417), ("/expect/refuse?delay=soon", 400)] {
        let mut client = target.connect();
        client.send(format!("POST {path} {ASKING}"));
        assert_eq!(client.response().status(), status);
        assert_eq!(client.rest(), b"");
        assert_eq!(target.stats()["by_status"][status.to_string()], 1);
    }
}

#[test]
fn a_refusal_after_the_whole_request_leaves_the_connection_open() {
    let target = start();
    let mut client = target.connect();
    assert_eq!(client.get("/expect/refuse").status(), 417);
    assert_eq!(client.get("/").text(), "hello");
}
