use serde_json::{Value, json};

use super::*;
use crate::loopback::{answer, origin as loopback, plan, response, tried};

fn origin(address: &str) -> Origin {
    Address::parse(address).unwrap().origin
}

#[test]
fn credentials_stay_with_their_host_and_may_be_upgraded() {
    for (first, next, stays) in [
        ("http://a.example", "http://a.example/x", true),
        ("http://a.example", "https://a.example", true),
        ("https://a.example", "http://a.example", false),
        ("http://a.example", "http://a.example:81", false),
        ("http://a.example:8080", "https://a.example", false),
        ("http://a.example", "http://b.example", false),
        ("http://a.example", "http://www.a.example", false),
    ] {
        assert_eq!(stays_at(&origin(first), &origin(next)), stays, "{first} {next}");
    }
}

#[test]
fn methods_change_as_in_browsers() {
    for (status, method, expected) in [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (302, "DELETE", "DELETE"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
    ] {
        let mut leg = Leg { origin: 0, method, with_body: true, is_trusted: true, with_host: true };
        leg.turn(status, 0);
        assert_eq!((leg.method, leg.with_body), (expected, method == expected), "{status} {method}");
    }
}

/// `/1` leads to `/2` and so on to `/9`, with this status.
fn chain(status: u16) -> impl Fn(&str) -> String {
    move |request: &str| {
        let digit =
            request.split(['/', ' ', '?']).nth(2).and_then(|number| number.parse::<u32>().ok()).unwrap_or(9);
        if digit < 9 {
            response(status, &format!("location: {}\r\n", digit + 1), "moved")
        } else {
            response(200, "", "here")
        }
    }
}

fn request(path: &str, redirects: u32) -> Value {
    json!({"path": path, "redirects": redirects})
}

#[test]
fn redirects_are_followed_as_often_as_the_step_says_and_each_is_told() {
    let (port, log) = answer(chain(302));
    let attempts = tried(&plan(&[loopback(port)], &json!({}), &[request("/7?q", 2), request("/8", 0)]));
    let [followed, plain] = &attempts[..] else { panic!("two steps") };
    assert_eq!((followed.status, &followed.failure), (200, &None));
    let hops: Vec<_> = followed.redirects.iter().map(|hop| (hop.status, hop.url.as_str())).collect();
    let url = |number| format!("http://127.0.0.1:{port}/{number}");
    assert_eq!(hops, [(302, url(8).as_str()), (302, url(9).as_str())]);
    assert!(followed.redirects[0].phases_ns.iter().any(|(phase, _)| *phase == "connect"));
    assert!(!followed.redirects[1].phases_ns.iter().any(|(phase, _)| *phase == "connect"), "it was reused");
    assert_eq!((plain.status, plain.redirects.len()), (302, 0), "with 0 a redirect is a response");
    let lines: Vec<_> = log.all().iter().map(|request| request.lines().next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["/7?q", "/8", "/9", "/8"].map(|path| format!("GET {path} HTTP/1.1")));
}

#[test]
fn one_redirect_too_many_fails_with_the_class_status() {
    let (port, log) = answer(chain(307));
    let attempts = tried(&plan(&[loopback(port)], &json!({}), &[request("/1", 3)]));
    let (class, message) = attempts[0].failure.clone().unwrap();
    assert_eq!(class, "status");
    assert_eq!(message, "status 307 is one redirect more than the 3 that the step follows");
    assert_eq!(log.all().len(), 4);
}

#[test]
fn a_post_becomes_a_get_without_its_body_or_stays_what_it_was() {
    for (status, method, sends_body) in [(302, "GET", false), (308, "POST", true)] {
        let (port, log) = answer(chain(status));
        let mut step = request("/8", 1);
        step["method"] = json!("POST");
        step["headers"] = json!([["Content-Type", "text/plain"], ["x-own", "1"]]);
        step["body"] = json!({"text": "hello"});
        assert_eq!(tried(&plan(&[loopback(port)], &json!({}), &[step]))[0].status, 200);
        let second = &log.all()[1];
        assert!(second.starts_with(&format!("{method} /9 HTTP/1.1\r\n")), "{second}");
        assert!(second.contains("x-own: 1\r\n"));
        assert_eq!(second.ends_with("\r\n\r\nhello"), sends_body, "{second}");
        assert_eq!(second.contains("Content-Type"), sends_body, "{second}");
    }
}

#[test]
fn credentials_and_the_host_header_are_not_sent_to_another_host() {
    let (other, received) = answer(|_| response(200, "", "there"));
    let (port, log) =
        answer(move |_| response(302, &format!("location: http://localhost:{other}/in\r\n"), ""));
    let mut step = request("/", 1);
    step["headers"] =
        json!([["Authorization", "Bearer abc"], ["Cookie", "sid=1"], ["Host", "shop"], ["x-own", "1"]]);
    let attempts = tried(&plan(&[loopback(port)], &json!({"cookies": "per_user"}), &[step]));
    assert_eq!((attempts[0].status, &attempts[0].failure), (200, &None));
    assert!(
        log.all()[0].contains("Authorization: Bearer abc\r\n") && log.all()[0].contains("Host: shop\r\n")
    );
    let second = &received.all()[0];
    assert!(
        second.contains(&format!("host: localhost:{other}\r\n")) && second.contains("x-own: 1"),
        "{second}"
    );
    assert!(!second.contains("Bearer") && !second.contains("sid") && !second.contains("shop"), "{second}");
}

#[test]
fn the_guard_judges_where_a_redirect_leads() {
    let (port, _) = answer(|_| response(302, "location: http://169.254.169.254/latest/\r\n", ""));
    let attempts = tried(&plan(&[loopback(port)], &json!({}), &[request("/", 5)]));
    let (class, message) = attempts[0].failure.clone().unwrap();
    assert_eq!(class, "blocked");
    assert!(message.contains("link-local"), "{message}");
}

#[test]
fn a_location_that_is_no_address_is_a_protocol_error_and_none_is_a_response() {
    for (header, class) in [("location: ftp://x/\r\n", Some("protocol")), ("", None)] {
        let (port, _) = answer(move |_| response(302, header, ""));
        let attempts = tried(&plan(&[loopback(port)], &json!({}), &[request("/", 5)]));
        assert_eq!(attempts[0].failure.as_ref().map(|(class, _)| *class), class);
        assert_eq!(attempts[0].status, 302);
    }
}

#[test]
fn the_timeout_is_that_of_all_redirects_together() {
    let exchange = Exchange { send_ns: 100, end_ns: 160, ..Exchange::default() };
    let hop = Hop { status: 302, url: String::new(), exchange, dial: None };
    assert_eq!(remaining(std::slice::from_ref(&hop), 100).unwrap().remaining_ns, 40);
    let failure = remaining(&[hop.clone(), hop], 100).unwrap_err();
    assert_eq!(failure.class, ErrorClass::ReadTimeout);
}

#[test]
fn every_secret_header_stays_with_its_host() {
    let (other, received) = answer(|_| response(200, "", "there"));
    let (port, log) =
        answer(move |_| response(302, &format!("location: http://localhost:{other}/in\r\n"), ""));
    let mut step = request("/", 1);
    step["headers"] = json!([["X-Api-Key", "k3y-of-ours"], ["x-own", "1"]]);
    tried(&plan(&[loopback(port)], &json!({}), &[step]));
    assert!(log.all()[0].contains("X-Api-Key: k3y-of-ours\r\n"));
    let second = &received.all()[0];
    assert!(second.contains("x-own: 1\r\n") && !second.contains("k3y-of-ours"), "{second}");
}
