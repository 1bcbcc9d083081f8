use serde_json::json;

use crate::client::{Client, Response, start};

fn ask(client: &mut Client<std::net::TcpStream>, path: &str, authorization: &str) -> Response {
    client.send(format!("GET {path} HTTP/1.1\r\nAuthorization: {authorization}\r\n\r\n"));
    client.response()
}

#[test]
fn basic_lets_ann_in_with_her_password() {
    let target = start();
    let mut client = target.connect();
    for authorization in ["Basic YW5uOnNlY3JldA==", "basic YW5uOnNlY3JldA=="] {
        let taken = ask(&mut client, "/auth/basic", authorization);
        assert_eq!((taken.status(), taken.json()), (200, json!({"user": "ann"})));
    }
    let refused = client.get("/auth/basic");
    assert_eq!((refused.status(), refused.header("www-authenticate")), (401, Some("Basic realm=\"target\"")));
    for authorization in ["Basic Ym9iOnNlY3JldA==", "Basic", "Bearer YW5uOnNlY3JldA==", "é"] {
        assert_eq!(ask(&mut client, "/auth/basic", authorization).status(), 401, "{authorization}");
    }
}

#[test]
fn bearer_lets_in_whoever_has_a_token() {
    let target = start();
    let mut client = target.connect();
    let login = client.post("/login", r#"{"user": "bob", "password": "secret"}"#).json();
    let token = login["token"].as_str().expect("a token");
    assert_eq!(ask(&mut client, "/auth/bearer", &format!("Bearer {token}")).json(), json!({"ok": true}));
    let refused = ask(&mut client, "/auth/bearer", "Bearer invented");
    assert_eq!((refused.status(), refused.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(ask(&mut client, "/auth/bearer", &format!("Basic {token}")).status(), 401);
}
