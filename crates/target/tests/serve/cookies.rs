use serde_json::json;

use crate::client::{Response, start};

fn set(response: &Response) -> Vec<&str> {
    response.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")).collect()
}

#[test]
fn the_cookies_that_came_are_shown() {
    let target = start();
    let mut client = target.connect();
    assert_eq!(client.get("/cookies").json(), json!({"cookies": {}, "count": 0}));
    client.send("GET /cookies HTTP/1.1\r\nCookie: a=1; b=x=y;c=\r\ncookie: a=2\r\n\r\n");
    let expected = json!({"cookies": {"a": "1", "b": "x=y", "c": ""}, "count": 4});
    assert_eq!(client.response().json(), expected);
}

#[test]
fn cookies_are_set_for_the_path_and_time_that_were_asked_for() {
    let target = start();
    let mut client = target.connect();
    let plain = client.get("/cookies/set?a=1&b=x%2Fy&delay=0ms");
    assert_eq!(set(&plain), ["a=1; Path=/", "b=x/y; Path=/"]);
    assert_eq!((plain.status(), plain.json()), (200, json!({"set": ["a", "b"]})));
    let narrow = client.get("/cookies/set?a=1&_path=/items&_max_age=60");
    assert_eq!(set(&narrow), ["a=1; Path=/items; Max-Age=60"]);
    assert_eq!(set(&client.get("/cookies/set?a=&_path=")), ["a="], "the path is left to the client");
}

#[test]
fn cookies_are_cleared_by_letting_them_expire() {
    let target = start();
    let cleared = target.get("/cookies/clear?a&b=1");
    assert_eq!(set(&cleared), ["a=; Path=/; Max-Age=0", "b=; Path=/; Max-Age=0"]);
    assert_eq!(cleared.json(), json!({"cleared": ["a", "b"]}));
}

#[test]
fn what_is_no_cookie_is_refused() {
    let target = start();
    let mut client = target.connect();
    let many: String = (0..101).map(|index| format!("&c{index}=1")).collect();
    for query in
        ["", "=1", "a%0d%0a=1", "a=1%0d%0ax:y", "a=1;2", "a=x+y", "a=1&_path=/%3B", "a=1&_max_age=-1", &many]
    {
        let refused = client.get(&format!("/cookies/set?{query}"));
        assert_eq!((refused.status(), set(&refused).len()), (400, 0), "{query}");
    }
}
