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

#[test]
fn credentials_go_to_an_address_of_a_response_only_when_the_plan_names_the_host_or_the_step_says_so() {
    let (other, log) = answer(|_| response(200, "", ""));
    let (port, own) = answer(move |_| response(200, "", &format!("http://localhost:{other}/")));
    let save = json!([{"variable": 0, "from": "body"}]);
    let address = |trusts: bool| {
        json!({
            "origin": null, "path": [{"hole": {"value": {"variable": 0}}}], "trusts_address": trusts,
            "headers": [["authorization", "Bearer ours"], ["x-api-key", "k3y"], ["cookie", "a=1"], ["x-own", "1"]],
        })
    };
    let steps = [json!({"saves": save}), address(false), address(true)];
    tried(&plan(&[origin(port)], &json!({}), &steps));
    let known = json!({"scheme": "http", "host": "localhost", "port": other});
    tried(&plan(&[origin(port), known], &json!({}), &steps[..2]));
    let sent = log.all();
    let with_credentials: Vec<_> = sent.iter().map(|request| request.contains("Bearer ours")).collect();
    assert_eq!(with_credentials, [false, true, true]);
    assert!(
        !sent[0].contains("k3y") && !sent[0].contains("a=1") && sent[0].contains("x-own: 1"),
        "{}",
        sent[0]
    );
    assert_eq!(own.all().len(), 2);
}

#[test]
fn a_trial_shows_the_row_and_that_cookies_went_with_the_request() {
    let (port, _) = answer(|_| response(200, "set-cookie: sid=s3cr3t\r\n", ""));
    let path = json!([{"text": "/"}, {"hole": {"value": {"column": {"data": 0, "column": 0}}}}]);
    let steps = [json!({"path": path}), json!({"path": "/"})];
    let mut plan = plan(&[origin(port)], &json!({"cookies": "per_user"}), &steps);
    plan["data"] = json!([{
        "name": "users", "source": {"rows": [["\"ann\""]]}, "columns": ["name"], "pick": "sequential",
        "per": "iteration", "when_exhausted": "recycle",
    }]);
    let attempts = tried(&plan);
    assert_eq!(attempts[0].variables, [("users.name".to_owned(), "ann".to_owned())]);
    assert!(!attempts[0].request.contains("cookie"), "{}", attempts[0].request);
    assert!(attempts[1].request.contains("cookie: ***\n"), "{}", attempts[1].request);
}

/// The sample of the only failure when the flow of this plan is executed once as in a run.
fn sample_of(plan: serde_json::Value) -> kilobar_core::stats::FailureSample {
    let program = Program::new(serde_json::from_value(plan).unwrap()).unwrap();
    let interval = crate::once::alone(async {
        let engine = Rc::new(Engine::new(program, 0, kilobar_clock::now_ns()).unwrap());
        let mut user = crate::once::lone_user(&engine).await;
        let turn = crate::iteration::Turn {
            number: 0,
            flow: 0,
            sequence: 0,
            intended_ns: engine.start_ns,
            due: false,
        };
        engine.recorder.started();
        engine.iterate(&mut user, turn).await;
        Ok(engine.recorder.cut(kilobar_clock::now_ns()))
    });
    let interval = kilobar_core::stats::Interval::decode(&interval.unwrap()).unwrap();
    let [sample] = &interval.samples[..] else { panic!("one failure") };
    sample.clone()
}

#[test]
fn a_sample_shows_the_request_as_it_was_and_hides_the_token_that_just_came() {
    let (port, _) = answer(|_| response(200, "", r#"{"token":"fresh-token","page":"second"}"#));
    let hole = |value: serde_json::Value| json!([{"hole": {"value": value}}]);
    let login = json!({
        "path": hole(json!({"variable": 0})),
        "saves": [{"variable": 0, "from": {"json": "$.page"}}, {"variable": 1, "from": {"json": "$.token"}},
                  {"variable": 0, "from": {"json": "$.missing"}}],
    });
    let later = json!({"headers": [["authorization", hole(json!({"variable": 1}))]]});
    let mut plan = plan(&[origin(port)], &json!({}), &[login, later]);
    plan["variables"] = json!(["page", "token"]);
    plan["flows"][0]["steps"]
        .as_array_mut()
        .unwrap()
        .insert(0, json!({"kind": "set", "variable": 0, "value": "/first"}));
    let sample = sample_of(plan);
    assert_eq!(sample.message, "nothing at $.missing in the response");
    assert!(sample.request.starts_with("GET /first HTTP/1.1\n"), "{}", sample.request);
    assert!(sample.response.ends_with(r#"{"token":"***","page":"second"}"#), "{}", sample.response);
}

#[test]
fn the_message_of_a_sample_is_hidden_and_a_redirect_that_cannot_be_followed_is_shown() {
    let (port, _) = answer(|_| response(302, "location: ftp://key_of_env/\r\n", "moved"));
    let mut followed = plan(&[origin(port)], &json!({}), &[json!({"redirects": 1})]);
    followed["secrets"] = json!(["key_of_env"]);
    let sample = sample_of(followed);
    assert!(
        sample.response.starts_with("HTTP/1.1 302") && sample.response.ends_with("moved"),
        "{}",
        sample.response
    );
    assert!(!sample.response.contains("key_of_env"), "{}", sample.response);
    let save = json!([{"variable": 0, "from": {"json": "$.key_of_env"}}]);
    let (port, _) = answer(|_| response(200, "", "{}"));
    let mut saving = plan(&[origin(port)], &json!({}), &[json!({"saves": save})]);
    saving["secrets"] = json!(["key_of_env"]);
    assert_eq!(sample_of(saving).message, "nothing at $.*** in the response");
}

#[test]
fn the_words_of_a_fail_step_are_short() {
    let (port, _) = answer(|_| response(200, "", &"x".repeat(100_000)));
    let steps = [json!({"saves": [{"variable": 0, "from": "body"}]})];
    let mut plan = plan(&[origin(port)], &json!({}), &steps);
    let exit = json!({"kind": "exit", "what": "fail", "message": [{"hole": {"value": {"variable": 0}}}]});
    plan["flows"][0]["steps"].as_array_mut().unwrap().push(exit);
    let message = sample_of(plan).message;
    assert!((1000..1100).contains(&message.len()), "{} bytes", message.len());
}
