//! For tests: servers on loopback that speak exact bytes, and plans that go to them.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::{Attempt, attempt};

/// What a server received: whole requests, in the order in which they came.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Everything so far.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Adds what came.
    pub fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap().push(String::from_utf8_lossy(bytes).into_owned());
    }
}

/// Serves each connection in a thread of its own; returns the port.
pub fn serve(connection: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connection = Arc::new(connection);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, connection) = (stream.unwrap(), Arc::clone(&connection));
            std::thread::spawn(move || connection(stream));
        }
    });
    port
}

/// Answers each request with what `answer` says to it, and logs it. Connections are kept alive.
pub fn answer(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (u16, Log) {
    let log = Log::default();
    let received = log.clone();
    let port = serve(move |mut stream| {
        while let Some(request) = read_request(&mut stream) {
            received.add(&request);
            if stream.write_all(answer(&String::from_utf8_lossy(&request)).as_bytes()).is_err() {
                return;
            }
        }
    });
    (port, log)
}

/// Reads a head and the body that its `content-length` announces; `None` at the end of the stream.
pub fn read_request(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut bytes = read_head(stream)?;
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    stream.read_exact(&mut body).ok()?;
    bytes.extend(body);
    Some(bytes)
}

/// Reads to the end of a head and not a byte further.
pub fn read_head(stream: &mut impl Read) -> Option<Vec<u8>> {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    Some(bytes)
}

/// A response with this status, these header lines and this body.
pub fn response(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Because\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// A plan with one flow of these requests, each the fields that differ from a plain `GET /` to the first origin. `http`
/// says what differs from the usual policy.
pub fn plan(origins: &[Value], http: &Value, requests: &[Value]) -> Value {
    let mut policy = json!({
        "connections": "reuse", "connect_timeout_ns": 5_000_000_000_u64, "max_head_bytes": 65_536,
        "max_body_bytes": 1 << 20, "insecure": false, "resumption": "per_user",
    });
    overlay(&mut policy, http);
    let steps = requests.iter().map(|fields| {
        let mut request = json!({
            "kind": "request", "series": 0, "method": "GET", "origin": 0, "path": "/", "headers": [], "body": null,
            "timeout_ns": 5_000_000_000_u64, "expect_status": [[100, 599]], "saves": [],
        });
        overlay(&mut request, fields);
        request
    });
    json!({
        "version": kilobar_core::plan::PLAN_VERSION, "name": "loopback", "seed": 1, "arrivals": "uniform",
        "load": [{"kind": "rate", "from": 1.0, "to": 1.0, "duration_ns": 1_000_000_000}],
        "max_in_flight": 10, "grace_ns": 0, "series": [{"name": "step", "kind": "http"}],
        "flows": [{"name": "flow", "weight": 1.0, "steps": steps.collect::<Vec<_>>()}],
        "variables": ["text"], "origins": origins, "http": policy,
    })
}

fn overlay(onto: &mut Value, fields: &Value) {
    let fields = fields.as_object().unwrap().clone();
    onto.as_object_mut().unwrap().extend(fields);
}

/// An origin on loopback.
pub fn origin(port: u16) -> Value {
    json!({"scheme": "http", "host": "127.0.0.1", "port": port})
}

/// Executes the plan once and tells what happened to each request.
pub fn tried(plan: &Value) -> Vec<Attempt> {
    let attempts: Rc<RefCell<Vec<Attempt>>> = Rc::default();
    let told = Rc::clone(&attempts);
    attempt(&plan.to_string(), move |attempt| told.borrow_mut().push(attempt.clone())).unwrap();
    attempts.take()
}
