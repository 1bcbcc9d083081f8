//! Users of an engine against HTTP/2 servers in the same runtime: the one of the `h2` crate, and frames by hand.

mod server;

use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::{Timers, now_ns, sleep};
use kilobar_core::plan::{
    Body, ConnectionPolicy, CookiePolicy, HttpVersion, PLAN_VERSION, Plan, Proxy, Request, Step, Template,
};
use kilobar_core::stats::{ErrorClass, Interval};

use crate::dial::Failure;
use crate::exchange::{Alarm, Exchange, PATIENCE_NS};
use crate::http2_pool::MAX_CONNECTIONS;
use crate::iteration::Engine;
use crate::message::INLINE_BYTES;
use crate::program::Program;
use crate::steps::ReadyStep;
use server::{H2Server, OPENING_BYTES, RawServer};

const SECOND_NS: u64 = 1_000_000_000;

fn run<F: Future>(test: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_io().build_local(Default::default()).unwrap();
    runtime.block_on(async {
        let _timers = Timers::start().unwrap();
        test.await
    })
}

/// An engine whose only flow gets these paths, a step each.
fn engine(port: u16, paths: &[&str], change: impl FnOnce(&mut Plan)) -> Rc<Engine> {
    let golden = include_str!("../../../../tests/golden/plans/first.json");
    let mut plan: Plan = serde_json::from_str(golden).unwrap();
    plan.version = PLAN_VERSION;
    plan.http.version = HttpVersion::Http2PriorKnowledge;
    plan.origins[0].port = port;
    let Step::Request(request) = plan.flows[0].steps.remove(0) else { unreachable!("the example gets /") };
    for path in paths {
        let mut request = request.clone();
        request.path = Template::Fixed((*path).into());
        plan.flows[0].steps.push(Step::Request(request));
    }
    change(&mut plan);
    Rc::new(Engine::new(Program::new(plan).unwrap(), 0, now_ns()).unwrap())
}

fn request(plan: &mut Plan, step: usize) -> &mut Request {
    let Step::Request(request) = &mut plan.flows[0].steps[step] else { unreachable!("all are requests") };
    request
}

fn timeout(plan: &mut Plan, step: usize, timeout_ns: u64) {
    request(plan, step).timeout_ns = timeout_ns;
}

/// What came of one request.
#[derive(Debug)]
struct Sent {
    done: Result<(), Failure>,
    exchange: Exchange,
    hops: usize,
    status: u16,
    body: String,
    kept: String,
}

impl Sent {
    fn class(&self) -> Option<ErrorClass> {
        self.done.as_ref().err().map(|failure| failure.class)
    }
}

/// A user that sends these steps one after the other, in a task of its own, as in a run.
async fn user(engine: Rc<Engine>, steps: Vec<usize>) -> Vec<Sent> {
    let alarm = Rc::new(Alarm::default());
    poll_fn(|context| {
        alarm.belongs_to(context);
        Poll::Ready(())
    })
    .await;
    let watched = Rc::clone(&alarm);
    let watch = tokio::task::spawn_local(async move {
        loop {
            sleep(SECOND_NS / 200).await;
            watched.check(now_ns());
        }
    });
    let mut user = engine.user(alarm, 1);
    let mut all = Vec::new();
    for step in steps {
        let ReadyStep::Request(request) = &engine.program.flows[0].steps[step] else {
            unreachable!("as above")
        };
        user.kept.clear();
        let done = engine.send(&mut user, request, now_ns()).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        all.push(Sent {
            done,
            exchange: user.course.exchange,
            hops: user.course.hops.len(),
            status: user.status(),
            body: text(&user.body),
            kept: text(&user.kept),
        });
    }
    engine.leave(user).await;
    watch.abort();
    all
}

/// Users at the same time, each of which sends these steps.
async fn users(engine: &Rc<Engine>, number: usize, steps: &[usize]) -> Vec<Sent> {
    let spawn = |_| tokio::task::spawn_local(user(Rc::clone(engine), steps.to_vec()));
    let tasks: Vec<_> = (0..number).map(spawn).collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all
}

/// Connections: opened, and still open.
fn connections(engine: &Engine) -> (u64, u64) {
    let interval = Interval::decode(&engine.recorder.cut(now_ns())).unwrap();
    (interval.connections.opened, interval.connections.open)
}

#[test]
fn many_users_share_one_connection_and_each_gets_its_own_response() {
    run(async {
        let server = H2Server::start(100).await;
        let engine = engine(server.port, &["/a", "/b"], |_| {});
        let sent = users(&engine, 64, &[0, 1, 0]).await;
        assert_eq!(sent.len(), 192);
        for (number, one) in sent.iter().enumerate() {
            assert!(one.done.is_ok(), "{one:?}");
            assert_eq!((one.status, one.body.as_str()), (200, if number % 3 == 1 { "/b" } else { "/a" }));
            let times = one.exchange;
            assert!(times.send_ns <= times.sent_ns && times.sent_ns <= times.first_byte_ns, "{times:?}");
            assert!(times.first_byte_ns <= times.end_ns && times.bytes_in > 18 && times.bytes_out > 9);
        }
        assert_eq!(connections(&engine), (1, 1));
    });
}

#[test]
fn more_connections_are_opened_when_all_streams_are_taken() {
    run(async {
        let server = H2Server::start(2).await;
        let engine = engine(server.port, &["/a"], |_| {});
        let sent = users(&engine, 10, &[0; 20]).await;
        assert!(sent.iter().all(|one| one.done.is_ok()));
        let (opened, open) = connections(&engine);
        assert!((2..=5).contains(&opened) && open == opened, "{opened} {open}");
    });
}

#[test]
fn requests_wait_in_line_when_no_more_connections_may_be_opened() {
    run(async {
        let server = H2Server::start(1).await;
        let engine = engine(server.port, &["/a"], |_| {});
        let sent = users(&engine, MAX_CONNECTIONS + 50, &[0; 4]).await;
        assert!(sent.iter().all(|one| one.done.is_ok()));
        let (opened, _) = connections(&engine);
        assert!(opened <= MAX_CONNECTIONS as u64, "{opened}");
    });
}

#[test]
fn users_with_connections_of_their_own_share_none() {
    run(async {
        let server = H2Server::start(100).await;
        let policy = |policy| move |plan: &mut Plan| plan.http.connections = policy;
        let per_user = engine(server.port, &["/a"], policy(ConnectionPolicy::PerUser));
        assert!(users(&per_user, 3, &[0, 0]).await.iter().all(|one| one.done.is_ok()));
        let per_request = engine(server.port, &["/a"], policy(ConnectionPolicy::PerRequest));
        assert!(users(&per_request, 3, &[0, 0]).await.iter().all(|one| one.done.is_ok()));
        // The tasks of the connections hear of it when they run next.
        sleep(SECOND_NS / 50).await;
        assert_eq!(connections(&per_user), (3, 0));
        assert_eq!(connections(&per_request), (6, 0));
    });
}

#[test]
fn a_timeout_ends_one_stream_and_leaves_the_connection_alone() {
    run(async {
        let server = H2Server::start(100).await;
        let engine = engine(server.port, &["/a", "/never"], |plan| timeout(plan, 1, SECOND_NS / 10));
        let sent = users(&engine, 4, &[0, 1, 0]).await;
        for (number, one) in sent.iter().enumerate() {
            let expected = (number % 3 == 1).then_some(ErrorClass::ReadTimeout);
            assert_eq!(one.class(), expected, "{one:?}");
        }
        let late = &sent[1].exchange;
        assert!(late.end_ns - late.send_ns >= SECOND_NS / 10 && late.first_byte_ns == 0);
        assert_eq!(connections(&engine), (1, 1));
        assert_eq!(server.cancelled(), 4);
    });
}

#[test]
fn waiting_for_a_free_stream_falls_under_the_timeout_of_the_request() {
    run(async {
        let server = RawServer::start(&[(0, RawServer::NO_STREAMS)]).await;
        let engine = engine(server.port, &["/a"], |plan| {
            timeout(plan, 0, SECOND_NS / 10);
        });
        let sent = users(&engine, 1, &[0]).await;
        assert_eq!(sent[0].class(), Some(ErrorClass::ReadTimeout));
        assert!(sent[0].done.as_ref().unwrap_err().message.contains("no stream was free"));
        assert_eq!(connections(&engine), (1, 1), "a request opens one connection at most");
    });
}

#[test]
fn a_request_that_the_server_leaves_behind_is_stale_and_not_repeated() {
    run(async {
        let server =
            RawServer::start(&[(0, RawServer::SETTINGS), (OPENING_BYTES + 1, RawServer::GOAWAY_BEFORE_ALL)])
                .await;
        let engine = engine(server.port, &["/a"], |_| {});
        let sent = users(&engine, 1, &[0]).await;
        assert_eq!(sent[0].class(), Some(ErrorClass::Stale));
        assert!(sent[0].done.as_ref().unwrap_err().message.contains("NO_ERROR"));
        sleep(SECOND_NS / 50).await;
        assert_eq!(connections(&engine), (1, 0));
        assert_eq!(server.accepted(), 1);
    });
}

#[test]
fn a_server_that_goes_away_before_the_first_request_is_not_asked_again() {
    run(async {
        let hello = [RawServer::SETTINGS, RawServer::GOAWAY_BEFORE_ALL].concat().leak();
        let server = RawServer::start(&[(0, hello)]).await;
        let engine = engine(server.port, &["/a"], |_| {});
        let sent = users(&engine, 1, &[0]).await;
        assert_eq!(sent[0].class(), Some(ErrorClass::Stale), "{sent:?}");
        assert_eq!(server.accepted(), 1);
    });
}

#[test]
fn a_server_that_does_not_speak_http_2_is_a_protocol_error_for_all_who_wait() {
    run(async {
        let server = RawServer::start(&[(0, b"HTTP/1.1 400 Bad Request\r\n\r\n")]).await;
        let engine = engine(server.port, &["/a"], |_| {});
        let sent = users(&engine, 5, &[0]).await;
        for one in &sent {
            assert_eq!(one.class(), Some(ErrorClass::Protocol));
            assert!(one.done.as_ref().unwrap_err().message.contains("HTTP/1"));
        }
        assert_eq!(connections(&engine).1, 0);
    });
}

#[test]
fn a_server_that_says_nothing_is_a_connect_timeout() {
    run(async {
        let server = RawServer::start(&[]).await;
        let engine = engine(server.port, &["/a"], |plan| plan.http.connect_timeout_ns = SECOND_NS / 10);
        let sent = users(&engine, 1, &[0]).await;
        assert_eq!(sent[0].class(), Some(ErrorClass::ConnectTimeout));
    });
}

#[test]
fn a_refused_connection_fails_all_who_wait_for_it() {
    run(async {
        let server = RawServer::start(&[]).await;
        let port = server.port;
        drop(server);
        tokio::task::yield_now().await;
        let engine = engine(port, &["/a"], |_| {});
        let sent = users(&engine, 5, &[0]).await;
        assert!(sent.iter().all(|one| one.class() == Some(ErrorClass::Refused)), "{sent:?}");
    });
}

#[test]
fn an_unexpected_response_is_kept_for_the_sample_as_lines() {
    run(async {
        let server = H2Server::start(100).await;
        let engine = engine(server.port, &["/missing"], |_| {});
        let sent = users(&engine, 1, &[0]).await;
        assert_eq!((sent[0].class(), sent[0].status), (Some(ErrorClass::Status), 404));
        assert!(sent[0].kept.starts_with("HTTP/2 404\r\n"), "{}", sent[0].kept);
        assert!(sent[0].kept.ends_with("\r\n\r\n/missing"), "{}", sent[0].kept);
    });
}

#[test]
fn without_tls_and_prior_knowledge_http_1_is_spoken() {
    run(async {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        let server = RawServer::start(&[(1, answer)]).await;
        let engine = engine(server.port, &["/a"], |plan| plan.http.version = HttpVersion::Http2);
        let sent = users(&engine, 1, &[0]).await;
        assert!(sent[0].done.is_ok(), "{:?}", sent[0]);
        assert_eq!(sent[0].status, 200);
    });
}

#[test]
fn cookies_and_redirects_are_the_same_as_over_http_1() {
    run(async {
        let server = H2Server::start(100).await;
        let engine = engine(server.port, &["/in", "/cookie"], |plan| {
            plan.http.cookies = CookiePolicy::PerUser;
            let step = request(plan, 0);
            (step.method, step.redirects) = ("POST".into(), 1);
            step.body = Some(Body::Text(Template::Fixed("name=value".into())));
        });
        let sent = users(&engine, 2, &[0, 1]).await;
        for one in &sent {
            assert!(one.done.is_ok(), "{one:?}");
            assert_eq!((one.status, one.body.as_str()), (200, "GET sid=1"));
        }
        assert_eq!((sent[0].hops, sent[1].hops), (1, 0));
        assert_eq!(connections(&engine), (1, 1));
    });
}

#[test]
fn a_body_of_any_length_comes_back_whole() {
    run(async {
        let server = H2Server::start(100).await;
        let bodies = [1, INLINE_BYTES, 300_000].map(|bytes| "0123456789".repeat(bytes / 10 + 1));
        let engine = engine(server.port, &["/echo"; 3], |plan| {
            for (step, body) in bodies.iter().enumerate() {
                request(plan, step).method = "PUT".into();
                request(plan, step).body = Some(Body::Text(Template::Fixed(body.clone())));
                request(plan, step).checks = serde_json::from_value(serde_json::json!([
                    {"name": 0, "rule": {"size": {"operator": "ge", "bytes": body.len()}}, "warn": false},
                ]))
                .unwrap();
            }
            plan.checks = serde_json::from_value(serde_json::json!([{"series": 0, "name": "size"}])).unwrap();
        });
        let sent = users(&engine, 3, &[2, 0, 1]).await;
        for (number, one) in sent.iter().enumerate() {
            assert!(one.done.is_ok(), "{:?}", one.done);
            assert!(one.body == bodies[[2, 0, 1][number % 3]], "{}", one.body.len());
        }
    });
}

#[test]
fn a_body_is_decoded_only_when_somebody_looks_into_it() {
    run(async {
        let server = H2Server::start(100).await;
        let engine = engine(server.port, &["/coded"; 2], |plan| {
            plan.checks = serde_json::from_value(serde_json::json!([{"series": 0, "name": "it"}])).unwrap();
            for (step, from) in [serde_json::json!({"header": "x-server"}), "body".into()].iter().enumerate()
            {
                request(plan, step).checks = serde_json::from_value(serde_json::json!([
                    {"name": 0, "rule": {"value": {"from": from, "matcher": {"equals": "\"h2\""}}}, "warn": false},
                ]))
                .unwrap();
            }
        });
        let sent = users(&engine, 1, &[0, 1]).await;
        assert_eq!(sent[0].class(), None, "{:?}", sent[0]);
        assert_eq!(sent[1].class(), Some(ErrorClass::Protocol), "{:?}", sent[1]);
        assert!(sent[1].kept.ends_with("\r\n\r\n/coded"), "{}", sent[1].kept);
    });
}

/// A server that answers when it has seen a body of 5,000 bytes, and what it says when it has seen the head.
async fn upload(on_head: &'static [u8]) -> Sent {
    let answer = (OPENING_BYTES + 5_000, RawServer::OK);
    let server = RawServer::start(&[(0, RawServer::SETTINGS), (OPENING_BYTES + 1, on_head), answer]).await;
    let engine = engine(server.port, &["/a"], |plan| {
        request(plan, 0).method = "PUT".into();
        request(plan, 0).expect_continue = true;
        request(plan, 0).body = Some(Body::Text(Template::Fixed("x".repeat(5_000))));
    });
    users(&engine, 1, &[0]).await.remove(0)
}

#[test]
fn a_body_waits_for_the_word_of_the_server_but_not_for_ever() {
    run(async {
        let waited = upload(b"").await;
        assert_eq!((waited.status, waited.class()), (200, None));
        assert!(waited.exchange.sent_ns - waited.exchange.send_ns >= PATIENCE_NS, "{:?}", waited.exchange);
        let wanted = upload(RawServer::CONTINUE).await;
        assert_eq!((wanted.status, wanted.class()), (200, None));
        let times = wanted.exchange;
        assert!(times.send_ns < times.sent_ns && times.sent_ns <= times.first_byte_ns, "{times:?}");
        let refused = upload(RawServer::OK).await;
        assert_eq!((refused.status, refused.exchange.sent_ns), (200, 0), "the body was never sent");
    });
}

#[test]
fn a_proxy_and_prior_knowledge_do_not_go_together() {
    let golden = include_str!("../../../../tests/golden/plans/first.json");
    let mut plan: Plan = serde_json::from_str(golden).unwrap();
    plan.version = PLAN_VERSION;
    plan.http.version = HttpVersion::Http2PriorKnowledge;
    plan.http.proxy = Some(Proxy { host: "127.0.0.1".into(), port: 3128, authorization: None });
    let error = Program::new(plan).err().expect("it is refused").to_string();
    assert!(error.starts_with("http: HTTP/2 without asking"), "{error}");
}
