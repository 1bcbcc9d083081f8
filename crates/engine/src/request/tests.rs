use std::rc::Rc;

use serde_json::json;

use super::*;
use crate::loopback::{answer, origin, plan, response, tried};
use crate::program::Program;
use crate::steps::ReadyStep;

fn cookies_of(request: &str) -> Vec<&str> {
    request.lines().filter(|line| line.to_ascii_lowercase().starts_with("cookie:")).collect()
}

#[test]
fn the_path_of_a_target_is_what_the_origin_sees() {
    for (target, path) in [
        ("/a?b=http://c", "/a?b=http://c"),
        ("http://a.example/b?c", "/b?c"),
        ("http://a.example", "/"),
        ("*", "*"),
    ] {
        assert_eq!(path_of(target), path, "{target}");
    }
}

#[test]
fn cookies_go_back_to_where_they_came_from_beside_those_of_the_step() {
    let (port, log) = answer(|request| {
        let set = if request.starts_with("GET /shop/in") {
            "set-cookie: sid=s3cr3t; path=/shop\r\nSet-Cookie: lang=de; max-age=60\r\n"
        } else {
            ""
        };
        response(200, set, "you are s3cr3t")
    });
    let steps = [
        json!({"path": "/shop/in"}),
        json!({"path": "/shop/x", "headers": [["cookie", "lang=own; a=1"]]}),
        json!({"path": "/elsewhere"}),
    ];
    let attempts = tried(&plan(&[origin(port)], &json!({"cookies": "per_user"}), &steps));
    let received = log.all();
    let sent: Vec<_> = received.iter().map(|request| cookies_of(request)).collect();
    assert_eq!(sent, [vec![], vec!["cookie: lang=own; a=1; sid=s3cr3t"], vec![]]);
    assert!(!attempts[1].response.contains("s3cr3t"), "{}", attempts[1].response);
}

#[test]
fn cookies_of_a_redirect_are_sent_to_where_it_leads() {
    let (port, log) = answer(|request| {
        if request.starts_with("POST /in") {
            response(303, "location: /home\r\nset-cookie: sid=1\r\n", "")
        } else {
            response(200, "set-cookie: sid=; max-age=0\r\n", "")
        }
    });
    let steps = [json!({"path": "/in", "method": "POST", "redirects": 1}), json!({"path": "/home"})];
    tried(&plan(&[origin(port)], &json!({"cookies": "per_iteration"}), &steps));
    let received = log.all();
    let sent: Vec<_> = received.iter().map(|request| cookies_of(request)).collect();
    assert_eq!(sent, [vec![], vec!["cookie: sid=1"], vec![]]);
}

#[test]
fn with_the_policy_off_no_cookie_is_kept() {
    let (port, log) = answer(|_| response(200, "set-cookie: sid=1\r\n", ""));
    tried(&plan(&[origin(port)], &json!({}), &[json!({}), json!({})]));
    assert!(log.all().iter().all(|request| cookies_of(request).is_empty()));
}

#[test]
fn an_address_that_is_known_only_at_run_time_is_asked() {
    let (other, log) = answer(|_| response(200, "", ""));
    let (port, _) = answer(move |_| {
        response(200, "", &format!("{{\"next\": \"http://LOCALHOST:{other}/a/../b?c=d#e\"}}"))
    });
    let save = json!([{"variable": 0, "from": {"json": "$.next"}}]);
    let path = json!([{"hole": {"value": {"variable": 0}}}]);
    let steps = [json!({"saves": save}), json!({"origin": null, "path": path})];
    let attempts = tried(&plan(&[origin(port)], &json!({}), &steps));
    assert_eq!((attempts[1].status, &attempts[1].failure), (200, &None));
    let head = &log.all()[0];
    assert!(head.starts_with(&format!("GET /b?c=d HTTP/1.1\r\nhost: localhost:{other}\r\n")), "{head}");
}

#[test]
fn an_address_that_is_none_fails_the_step_before_anything_is_sent() {
    let attempts = tried(&plan(&[], &json!({}), &[json!({"origin": null, "path": "/relative"})]));
    let (class, message) = attempts[0].failure.clone().unwrap();
    assert_eq!(class, "script");
    assert_eq!(
        message,
        "the address of the request cannot be used: it does not start with http:// or https://"
    );
}

#[test]
fn a_given_address_is_used_for_a_name_and_judged() {
    let (port, log) = answer(|_| response(200, "", ""));
    let shop = json!({"scheme": "http", "host": "shop.example", "port": port});
    let attempts = |address: &str| {
        tried(&plan(
            std::slice::from_ref(&shop),
            &json!({"resolve": [["Shop.example", address]]}),
            &[json!({})],
        ))
    };
    assert_eq!(attempts("127.0.0.1")[0].status, 200);
    assert!(log.all()[0].contains(&format!("host: shop.example:{port}\r\n")));
    assert_eq!(attempts("8.8.8.8")[0].failure.as_ref().unwrap().0, "blocked");
}

#[test]
fn of_a_body_that_cannot_be_read_status_and_the_other_checks_are_judged_first() {
    let (port, _) = answer(|request| {
        let status = if request.starts_with("GET /busy") { 503 } else { 200 };
        response(status, "content-encoding: gzip\r\nx-ready: no\r\n", "this is no gzip")
    });
    let of_body =
        json!({"name": 0, "rule": {"value": {"from": {"json": "$.ok"}, "matcher": {"equals": "true"}}}});
    let of_head = json!({"name": 1, "rule": {"value": {"from": {"header": "x-ready"}, "matcher": {"equals": "\"yes\""}}}});
    let steps = [
        json!({"path": "/busy", "expect_status": [[200, 299]], "checks": [of_body]}),
        json!({"checks": [of_body, of_head]}),
        json!({"checks": [of_body]}),
    ];
    let mut plan = plan(&[origin(port)], &json!({}), &steps);
    plan["checks"] = json!([{"series": 0, "name": "$.ok"}, {"series": 0, "name": "x-ready"}]);
    plan["flows"] = json!(
        plan["flows"][0]["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| json!({"name": "flow", "weight": 1.0, "steps": [step]}))
            .collect::<Vec<_>>()
    );
    let attempts = tried(&plan);
    let classes: Vec<_> = attempts.iter().map(|attempt| attempt.failure.as_ref().unwrap().0).collect();
    assert_eq!(classes, ["status", "check", "protocol"]);
}

#[test]
fn what_large_requests_and_responses_took_is_given_back() {
    let (port, log) = answer(|_| response(200, "", &"x".repeat(60_000)));
    let text = "y".repeat(100_000);
    let large = json!({
        "method": "POST", "body": {"text": text},
        "headers": [["x-turn", [{"hole": {"value": {"call": {"function": "uuid", "arguments": []}}}}]]],
        "saves": [{"variable": 0, "from": {"regex": {"pattern": "^x", "group": 0}}}],
    });
    let plan = serde_json::from_value(plan(&[origin(port)], &json!({}), &[large])).unwrap();
    let engine = Engine::new(Program::new(plan).unwrap(), 0, 0).unwrap();
    let mut user = engine.user(Rc::default(), 0);
    let ReadyStep::Request(request) = &engine.program.flows[0].steps[0] else { panic!("it is a request") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
    runtime.unwrap().block_on(async {
        let _timers = kilobar_clock::Timers::start().unwrap();
        engine.request(&mut user, request, 0, 0).await.unwrap();
    });
    assert!(log.all()[0].ends_with(&text));
    assert_eq!(user.variables[0].as_ref().unwrap().text(), b"x");
    assert_eq!((user.body.capacity(), user.draft.message.after(0).len()), (0, 0));
}

#[test]
fn rare_things_are_kept_out_of_the_future_of_a_request() {
    let plan = serde_json::from_value(plan(&[origin(1)], &json!({}), &[json!({})])).unwrap();
    let engine = Engine::new(Program::new(plan).unwrap(), 0, 0).unwrap();
    let mut user = engine.user(Rc::default(), 0);
    let ReadyStep::Request(request) = &engine.program.flows[0].steps[0] else { panic!("it is a request") };
    let size = size_of_val(&engine.request(&mut user, request, 0, 0));
    assert!(size <= 560, "{size} bytes for each user that waits for a response");
}
