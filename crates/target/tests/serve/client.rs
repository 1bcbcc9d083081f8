//! A target on a thread of its own, and a blocking client.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use kilobar_target::{Options, Ready, TargetError, serve};
use serde_json::Value;

/// A running target; dropping it stops it.
pub struct Target {
    pub ready: Ready,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), TargetError>>>,
}

/// A target on any free port, without delays in the shop.
pub fn start() -> Target {
    start_with(Options { shop_delay: "0".parse().expect("a delay"), ..Options::default() })
}

pub fn start_with(options: Options) -> Target {
    let (sender, receiver) = mpsc::channel();
    let stop = Arc::new(AtomicBool::new(false));
    let should_stop = Arc::clone(&stop);
    let options = Options { port: 0, ..options };
    let thread = std::thread::spawn(move || {
        let announce = |ready: &Ready| sender.send(ready.clone()).expect("the test waits");
        serve(options, announce, move || should_stop.load(Ordering::Relaxed))
    });
    let ready = receiver.recv().expect("the target starts");
    Target { ready, stop, thread: Some(thread) }
}

impl Target {
    pub fn connect(&self) -> Client<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.ready.http_port)).expect("the target listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
        Client { stream, received: Vec::new() }
    }

    /// Sends one request on a connection of its own.
    pub fn get(&self, path: &str) -> Response {
        self.connect().get(path)
    }

    pub fn stats(&self) -> Value {
        self.get("/_target/stats").json()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("dropped once");
        thread.join().expect("the target does not panic").expect("the target ends well");
    }
}

pub struct Client<S> {
    pub stream: S,
    received: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn status(&self) -> u16 {
        self.head[9..12].parse().expect("a status")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|(_, v)| v)
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

impl<S: Read + Write> Client<S> {
    pub fn over(stream: S) -> Self {
        Client { stream, received: Vec::new() }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the target takes bytes");
    }

    pub fn get(&mut self, path: &str) -> Response {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: t\r\n\r\n"));
        self.response()
    }

    pub fn post(&mut self, path: &str, body: &str) -> Response {
        self.send(format!("POST {path} HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
        self.response()
    }

    /// Reads up to the end of the next head.
    pub fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.received.drain(..at + 4).collect();
                return String::from_utf8(head).expect("text");
            }
            assert!(self.receive() > 0, "the connection ended in a head: {:?}", self.received);
        }
    }

    /// Reads a response that has a length.
    pub fn response(&mut self) -> Response {
        let mut response = Response { head: self.head(), body: Vec::new() };
        let length = response.header("content-length").expect("a length").parse().expect("a number");
        response.body = self.exactly(length);
        response
    }

    pub fn exactly(&mut self, bytes: usize) -> Vec<u8> {
        while self.received.len() < bytes {
            assert!(self.receive() > 0, "the connection ended early");
        }
        self.received.drain(..bytes).collect()
    }

    /// Everything until the target closes.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.receive() > 0 {}
        std::mem::take(&mut self.received)
    }

    /// What reading ends with when nothing is left.
    pub fn end(&mut self) -> Result<usize, ErrorKind> {
        self.stream.read(&mut [0; 1]).map_err(|error| error.kind())
    }

    fn receive(&mut self) -> usize {
        let mut buffer = [0; 65536];
        let bytes = self.stream.read(&mut buffer).expect("the target answers");
        self.received.extend_from_slice(&buffer[..bytes]);
        bytes
    }
}
