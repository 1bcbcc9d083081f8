use serde_json::json;

use crate::client::start;

#[test]
fn a_countdown_leads_on_relatively_until_it_arrives() {
    let target = start();
    let mut client = target.connect();
    let first = client.get("/redirect/2");
    assert_eq!((first.status(), first.header("location")), (302, Some("1?status=302&hops=1")));
    let second = client.get("/redirect/1?status=302&hops=1");
    assert_eq!(second.header("location"), Some("0?status=302&hops=2"));
    let arrived = client.post("/redirect/0?status=302&hops=2", "abc");
    assert_eq!(
        (arrived.status(), arrived.json()),
        (200, json!({"hops": 2, "method": "POST", "body_bytes": 3}))
    );
    assert_eq!(client.get("/_target/stats").json()["by_path"]["GET /redirect"], 2);
}

#[test]
fn each_kind_of_redirect_can_be_asked_for() {
    let target = start();
    let mut client = target.connect();
    for status in [301, 302, 303, 307, 308] {
        assert_eq!(client.get(&format!("/redirect/1?status={status}")).status(), status);
        let sent = client.get(&format!("/redirect-to?status={status}&url=http%3A%2F%2Fa.test%2F%3Fx%3D1"));
        assert_eq!((sent.status(), sent.header("location")), (status, Some("http://a.test/?x=1")));
    }
}

#[test]
fn what_is_no_redirect_is_refused() {
    let target = start();
    let mut client = target.connect();
    for path in [
        "/redirect/1001",
        "/redirect/x",
        "/redirect/1?status=304",
        "/redirect/1?hops=-1",
        "/redirect-to",
        "/redirect-to?url=",
        "/redirect-to?url=/&status=200",
        "/redirect-to?url=%2F%0D%0Aset-cookie:%20a=b",
    ] {
        let refused = client.get(path);
        assert_eq!((refused.status(), refused.header("location")), (400, None), "{path}");
    }
}
