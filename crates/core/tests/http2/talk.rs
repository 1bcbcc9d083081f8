//! A conversation in memory: the client on one side, a server of the `h2` crate on the other.

use std::sync::Arc;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use kilobar_core::wire::http1::{Limits, RequestMethod, write_request_head};
use kilobar_core::wire::http2::{Client, Coding, HeadEncoder, Keep, Kept, Outgoing, Taken};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// A status with which a script asks for a reset instead of a response.
pub const RESET: u16 = 0;

/// More than any test sends, so that neither side ever waits for the other to read.
const PIPE_BYTES: usize = 64 << 20;

/// A request, and the response that it gets.
#[derive(Debug, Clone)]
pub struct Script {
    pub method: &'static str,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub status: u16,
    pub response_headers: Vec<(String, String)>,
    pub response_body: Vec<u8>,
    pub has_trailers: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            method: "GET",
            headers: Vec::new(),
            body: Vec::new(),
            status: 200,
            response_headers: Vec::new(),
            response_body: b"hello".to_vec(),
            has_trailers: false,
        }
    }
}

/// What the server allows.
#[derive(Debug, Clone, Copy)]
pub struct ServerOptions {
    pub window_bytes: u32,
    pub max_streams: u32,
    pub max_frame_bytes: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { window_bytes: 65_535, max_streams: 100, max_frame_bytes: 16_384 }
    }
}

/// Sends all requests as soon as there is room, and returns what came back, in the same order.
pub fn talk(scripts: &[Script], options: ServerOptions) -> Vec<Taken> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        let server = tokio::spawn(serve(theirs, scripts.to_vec().into(), options));
        let heard = ask(ours, scripts).await;
        server.abort();
        heard
    })
}

async fn ask(mut pipe: DuplexStream, scripts: &[Script]) -> Vec<Taken> {
    let limits = Limits { max_head_bytes: 1 << 20, max_body_bytes: 1 << 30 };
    let keep = Keep { head_bytes: usize::MAX, body_bytes: usize::MAX };
    let mut client = Client::new(limits);
    let mut heard: Vec<Option<Taken>> = scripts.iter().map(|_| None).collect();
    let mut open = Vec::new();
    let mut next = 0;
    let mut buffer = vec![0; 10_000];
    let mut now_ns = 1;
    while heard.iter().any(Option::is_none) {
        while next < scripts.len() && client.has_room() {
            let script = &scripts[next];
            let block = block_of(next, script);
            let method = RequestMethod::of(script.method);
            let request = Outgoing { block: &block, body: &script.body, holds_body: false, method };
            open.push((client.start(request, keep, Kept::default()).expect("room"), next));
            next += 1;
        }
        while !client.output().is_empty() {
            client.sending(now_ns);
            let written = pipe.write(client.output()).await.unwrap();
            client.wrote(written, now_ns);
        }
        let read = pipe.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the server closed the connection");
        now_ns += 1;
        client.feed(&buffer[..read], now_ns).unwrap();
        while let Some(slot) = client.pop_ended() {
            let place = open.iter().position(|(open, _)| *open == slot).expect("it was opened");
            let (_, index) = open.swap_remove(place);
            heard[index] = client.take(slot);
        }
    }
    assert_eq!(client.open_streams(), 0);
    heard.into_iter().flatten().collect()
}

fn block_of(index: usize, script: &Script) -> Vec<u8> {
    let headers = script.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let body_len = (!script.body.is_empty()).then_some(script.body.len());
    let mut head = Vec::new();
    let path = format!("/{index}");
    write_request_head(&mut head, script.method, &path, "shop:8700", headers.clone(), body_len).unwrap();
    let coding = if index.is_multiple_of(2) { Coding::Shortest } else { Coding::Plain };
    let mut block = Vec::new();
    HeadEncoder::new(headers.map(|(name, _)| name)).encode(&head, "http", coding, &mut block);
    block
}

async fn serve(pipe: DuplexStream, scripts: Arc<[Script]>, options: ServerOptions) {
    let mut connection = h2::server::Builder::new()
        .initial_window_size(options.window_bytes)
        .max_concurrent_streams(options.max_streams)
        .max_frame_size(options.max_frame_bytes)
        .max_header_list_size(1 << 20)
        .handshake::<_, Bytes>(pipe)
        .await
        .unwrap();
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted.unwrap();
        tokio::spawn(answer(request, respond, Arc::clone(&scripts)));
    }
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>, scripts: Arc<[Script]>) {
    let (head, mut body) = request.into_parts();
    let index: usize = head.uri.path()[1..].parse().unwrap();
    let script = &scripts[index];
    assert_eq!(head.method.as_str(), script.method);
    assert_eq!(head.uri.to_string(), format!("http://shop:8700/{index}"));
    for (name, value) in &script.headers {
        assert!(head.headers.get_all(name).iter().any(|given| given == value.as_str()), "{name}");
    }
    let mut received = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        received.extend_from_slice(&piece);
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    assert!(received == script.body, "the body of request {index}");
    if script.status == RESET {
        return respond.send_reset(Reason::INTERNAL_ERROR);
    }
    let mut response = Response::builder().status(script.status);
    for (name, value) in &script.response_headers {
        response = response.header(name, value);
    }
    let ends = script.response_body.is_empty() && !script.has_trailers;
    let mut stream = respond.send_response(response.body(()).unwrap(), ends).unwrap();
    if !script.response_body.is_empty() {
        stream.send_data(script.response_body.clone().into(), !script.has_trailers).unwrap();
    }
    if script.has_trailers {
        let mut trailers = HeaderMap::new();
        trailers.insert(HeaderName::from_static("x-checksum"), HeaderValue::from_static("1"));
        stream.send_trailers(trailers).unwrap();
    }
}
