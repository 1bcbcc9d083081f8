//! Servers for tests, on ports of their own.

use std::cell::Cell;
use std::rc::Rc;

use bytes::Bytes;
use h2::server::SendResponse;
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// A server of the `h2` crate. It answers with the path as body; 404 for `/missing`, and never for `/never`. `/in` sets
/// a cookie and leads to `/cookie`, which answers with method and cookies; `/echo` sends back what it got, and
/// `/coded` says of its body that it is compressed, which is not true.
pub struct H2Server {
    pub port: u16,
    cancelled: Rc<Cell<u32>>,
}

impl H2Server {
    /// Allows so many streams on each connection.
    pub async fn start(max_streams: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cancelled = Rc::new(Cell::new(0));
        let counted = Rc::clone(&cancelled);
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(serve(stream, max_streams, Rc::clone(&counted)));
            }
        });
        Self { port, cancelled }
    }

    /// Streams that the client gave up.
    pub fn cancelled(&self) -> u32 {
        self.cancelled.get()
    }
}

async fn serve(stream: TcpStream, max_streams: u32, cancelled: Rc<Cell<u32>>) {
    let mut builder = h2::server::Builder::new();
    let Ok(mut connection) = builder.max_concurrent_streams(max_streams).handshake::<_, Bytes>(stream).await
    else {
        return;
    };
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::task::spawn_local(answer(request, respond, Rc::clone(&cancelled)));
    }
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    cancelled: Rc<Cell<u32>>,
) {
    let path = request.uri().path().to_owned();
    if path == "/never" {
        let reset = std::future::poll_fn(|context| respond.poll_reset(context)).await;
        assert_eq!(reset.unwrap(), h2::Reason::CANCEL);
        cancelled.set(cancelled.get() + 1);
        return;
    }
    let (head, mut body) = request.into_parts();
    let mut response = Response::builder().status(200).header("x-server", "h2");
    let mut text = path.clone().into_bytes();
    match path.as_str() {
        "/coded" => response = response.header("content-encoding", "gzip"),
        "/missing" => response = response.status(404),
        "/in" => response = response.status(303).header("location", "cookie").header("set-cookie", "sid=1"),
        "/cookie" => {
            let cookies = head.headers.get("cookie").map(|value| value.to_str().unwrap());
            text = format!("{} {}", head.method, cookies.unwrap_or("none")).into_bytes();
        }
        "/echo" => {
            text.clear();
            while let Some(Ok(piece)) = body.data().await {
                text.extend_from_slice(&piece);
                body.flow_control().release_capacity(piece.len()).unwrap();
            }
        }
        _ => {}
    }
    let response = response.body(()).unwrap();
    // The client may be gone already.
    let Ok(mut stream) = respond.send_response(response, false) else { return };
    let _ = stream.send_data(text.into(), true);
}

/// After how many bytes, and what.
pub type Piece = (usize, &'static [u8]);

/// What a client has sent when its first request begins: preface, settings, window and the answer to our settings.
pub const OPENING_BYTES: usize = 24 + 21 + 13 + 9;

/// A server that sends to every connection each of these pieces when so many bytes have come.
pub struct RawServer {
    pub port: u16,
    accepted: Rc<Cell<u32>>,
    task: AbortHandle,
}

impl RawServer {
    /// Empty settings.
    pub const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    /// Settings that allow no stream.
    pub const NO_STREAMS: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0];
    /// The first stream: `100 Continue`.
    pub const CONTINUE: &[u8] = &[0, 0, 5, 1, 4, 0, 0, 0, 1, 0x08, 3, b'1', b'0', b'0'];
    /// The first stream: status 200, and no body.
    pub const OK: &[u8] = &[0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88];
    /// No stream was looked at.
    pub const GOAWAY_BEFORE_ALL: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    pub async fn start(pieces: &[Piece]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepted = Rc::new(Cell::new(0));
        let counted = Rc::clone(&accepted);
        let pieces = pieces.to_vec();
        let task = tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.set(counted.get() + 1);
                tokio::task::spawn_local(say(stream, pieces.clone()));
            }
        });
        Self { port, accepted, task: task.abort_handle() }
    }

    /// Connections so far.
    pub fn accepted(&self) -> u32 {
        self.accepted.get()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn say(mut stream: TcpStream, pieces: Vec<Piece>) {
    let mut buffer = [0; 4096];
    let mut received_bytes = 0;
    for (after_bytes, piece) in pieces {
        while received_bytes < after_bytes {
            match stream.read(&mut buffer).await {
                Ok(bytes @ 1..) => received_bytes += bytes,
                _ => return,
            }
        }
        if stream.write_all(piece).await.is_err() {
            return;
        }
    }
    while let Ok(1..) = stream.read(&mut buffer).await {}
}
