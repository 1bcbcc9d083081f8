//! Finds whole requests in received bytes. No I/O.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use httparse::{Header, Status};

use crate::limits::{MAX_BODY_BYTES, MAX_HEAD_BYTES, MAX_HEADERS};

/// A head that was received whole.
#[derive(Debug)]
pub(crate) struct Head<'h, 'b> {
    pub(crate) method: &'b str,
    pub(crate) path: &'b str,
    /// What follows the question mark; empty when there is none.
    pub(crate) query: &'b str,
    /// 0 or 1.
    pub(crate) minor_version: u8,
    pub(crate) headers: &'h [Header<'b>],
    /// Whether the client allows another request on this connection.
    pub(crate) keep_alive: bool,
    pub(crate) expects_continue: bool,
    pub(crate) body: Framing,
    /// Length of the head itself.
    pub(crate) bytes: usize,
}

/// How the end of a request's body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
}

/// Why a request is refused. The connection cannot go on after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed,
    HeadTooLarge,
    BodyTooLarge,
}

/// Room for the headers of one request.
pub(crate) type HeaderSpace<'b> = [MaybeUninit<Header<'b>>; MAX_HEADERS];

/// The head at the start of `data`; `None` when it is not whole yet.
pub(crate) fn parse_head<'h, 'b>(
    data: &'b [u8],
    space: &'h mut HeaderSpace<'b>,
) -> Result<Option<Head<'h, 'b>>, Refusal> {
    let mut parsed = httparse::Request::new(&mut []);
    let bytes = match parsed.parse_with_uninit_headers(data, space) {
        Ok(Status::Complete(bytes)) if bytes <= MAX_HEAD_BYTES => bytes,
        Ok(Status::Partial) if data.len() < MAX_HEAD_BYTES => return Ok(None),
        Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
        Err(_) => return Err(Refusal::Malformed),
    };
    let (Some(method), Some(target), Some(minor_version)) = (parsed.method, parsed.path, parsed.version)
    else {
        return Err(Refusal::Malformed);
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut head = Head {
        method,
        path,
        query,
        minor_version,
        headers: parsed.headers,
        keep_alive: minor_version == 1,
        expects_continue: false,
        body: Framing::Length(0),
        bytes,
    };
    head.apply_headers()?;
    Ok(Some(head))
}

impl<'b> Head<'_, 'b> {
    fn apply_headers(&mut self) -> Result<(), Refusal> {
        let mut length = None;
        let mut chunked = false;
        for header in self.headers {
            // The length of the name rules out nearly every header before any text is compared.
            match header.name.len() {
                6 if header.name.eq_ignore_ascii_case("expect") => {
                    self.expects_continue = header.value.eq_ignore_ascii_case(b"100-continue");
                }
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    for option in header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                        if option.eq_ignore_ascii_case(b"close") {
                            self.keep_alive = false;
                        } else if option.eq_ignore_ascii_case(b"keep-alive") {
                            self.keep_alive = true;
                        }
                    }
                }
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    let value = parse_length(header.value)?;
                    if length.replace(value).is_some_and(|earlier| earlier != value) {
                        return Err(Refusal::Malformed);
                    }
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    if chunked || !header.value.eq_ignore_ascii_case(b"chunked") {
                        return Err(Refusal::Malformed);
                    }
                    chunked = true;
                }
                _ => {}
            }
        }
        self.body = match (length, chunked) {
            (Some(_), true) => return Err(Refusal::Malformed),
            (Some(bytes), false) if bytes > MAX_BODY_BYTES as u64 => return Err(Refusal::BodyTooLarge),
            (length, false) => Framing::Length(length.unwrap_or(0) as usize),
            (None, true) => Framing::Chunked,
        };
        Ok(())
    }

    /// The value of a header, found by its lowercase name.
    pub(crate) fn header(&self, name: &str) -> Option<&'b [u8]> {
        self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    }

    /// The value of a query parameter, as it was sent.
    pub(crate) fn parameter(&self, name: &str) -> Option<&'b str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, v)| v)
    }
}

fn parse_length(value: &[u8]) -> Result<u64, Refusal> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Malformed);
    }
    Ok(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// How far the chunks of a request that is still arriving were followed, so that no byte is looked at twice.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkScan {
    /// Start of the first chunk that is not whole yet, from the start of the body.
    at: usize,
    /// Bytes of body in the chunks before that.
    body_bytes: usize,
}

impl ChunkScan {
    /// The length of the body in `data` with all its framing; `None` when it is not whole yet.
    pub(crate) fn advance(&mut self, data: &[u8]) -> Result<Option<usize>, Refusal> {
        loop {
            // Framing may cost as much as the body itself, not more.
            if self.at > 2 * MAX_BODY_BYTES {
                return Err(Refusal::BodyTooLarge);
            }
            let rest = data.get(self.at..).unwrap_or_default();
            let (line_bytes, chunk_bytes) = match httparse::parse_chunk_size(rest) {
                Ok(Status::Complete(chunk)) => chunk,
                Ok(Status::Partial) if rest.len() <= MAX_HEAD_BYTES => return Ok(None),
                _ => return Err(Refusal::Malformed),
            };
            if chunk_bytes == 0 {
                return trailers_end(&rest[line_bytes..])
                    .map(|end| end.map(|end| self.at + line_bytes + end));
            }
            if chunk_bytes > (MAX_BODY_BYTES - self.body_bytes) as u64 {
                return Err(Refusal::BodyTooLarge);
            }
            let end = line_bytes + chunk_bytes as usize;
            match rest.get(end..end + 2) {
                Some(b"\r\n") => {}
                Some(_) => return Err(Refusal::Malformed),
                None => return Ok(None),
            }
            self.at += end + 2;
            self.body_bytes += chunk_bytes as usize;
        }
    }
}

/// The length of the trailers at the start of `data` with their empty line.
fn trailers_end(data: &[u8]) -> Result<Option<usize>, Refusal> {
    if data.starts_with(b"\r\n") {
        return Ok(Some(2));
    }
    let mut space = [httparse::EMPTY_HEADER; MAX_HEADERS];
    match httparse::parse_headers(data, &mut space) {
        Ok(Status::Complete((bytes, _))) => Ok(Some(bytes)),
        Ok(Status::Partial) if data.len() <= MAX_HEAD_BYTES => Ok(None),
        _ => Err(Refusal::Malformed),
    }
}

/// The body that `scan` found whole, without its framing.
fn join_chunks(mut data: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Status::Complete((line_bytes, chunk_bytes))) = httparse::parse_chunk_size(data) {
        if chunk_bytes == 0 {
            break;
        }
        let end = line_bytes + chunk_bytes as usize;
        body.extend_from_slice(&data[line_bytes..end]);
        data = &data[end + 2..];
    }
    body
}

/// A body that was received whole.
#[derive(Debug)]
pub(crate) struct Body<'b> {
    /// Without chunk framing.
    pub(crate) data: Cow<'b, [u8]>,
    /// Length of the whole request, head included.
    pub(crate) request_bytes: usize,
}

/// The body after the head of `data`; `None` when it is not whole yet.
pub(crate) fn find_body<'b>(
    head: &Head<'_, 'b>,
    data: &'b [u8],
    scan: &mut ChunkScan,
) -> Result<Option<Body<'b>>, Refusal> {
    let body = &data[head.bytes..];
    match head.body {
        Framing::Length(bytes) => {
            let whole = body.get(..bytes);
            Ok(whole.map(|body| Body { data: Cow::Borrowed(body), request_bytes: head.bytes + bytes }))
        }
        Framing::Chunked => Ok(scan.advance(body)?.map(|bytes| {
            *scan = ChunkScan::default();
            Body { data: Cow::Owned(join_chunks(&body[..bytes])), request_bytes: head.bytes + bytes }
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Draws, Stream};

    fn space<'b>() -> HeaderSpace<'b> {
        [MaybeUninit::uninit(); MAX_HEADERS]
    }

    fn refusal(data: &[u8]) -> Refusal {
        parse_head(data, &mut space()).expect_err("refused")
    }

    #[test]
    fn a_head_is_found_only_when_it_is_whole() {
        let data = b"GET /a/b?x=1&y=2 HTTP/1.1\r\nhost: h\r\nX-Thing: v\r\n\r\nrest";
        let whole = data.len() - 4;
        for end in 0..whole {
            assert!(parse_head(&data[..end], &mut space()).expect("no error").is_none(), "{end}");
        }
        let mut space = space();
        let head = parse_head(data, &mut space).expect("no error").expect("whole");
        assert_eq!((head.method, head.path, head.query, head.bytes), ("GET", "/a/b", "x=1&y=2", whole));
        assert_eq!((head.keep_alive, head.body), (true, Framing::Length(0)));
        assert_eq!((head.header("x-thing"), head.header("none")), (Some(&b"v"[..]), None));
        assert_eq!((head.parameter("y"), head.parameter("z")), (Some("2"), None));
    }

    #[test]
    fn the_connection_stays_open_as_version_and_header_say() {
        for (text, expected) in [
            (&b"GET / HTTP/1.1\r\n\r\n"[..], true),
            (b"GET / HTTP/1.0\r\n\r\n", false),
            (b"GET / HTTP/1.1\r\nconnection: x, Close\r\n\r\n", false),
            (b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", true),
        ] {
            let mut space = space();
            assert_eq!(parse_head(text, &mut space).expect("valid").expect("whole").keep_alive, expected);
        }
    }

    #[test]
    fn what_cannot_be_framed_is_refused() {
        assert_eq!(refusal(b"nonsense\r\n\r\n"), Refusal::Malformed);
        assert_eq!(refusal(b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n"), Refusal::Malformed);
        assert_eq!(
            refusal(b"GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"),
            Refusal::Malformed
        );
        assert_eq!(refusal(b"GET / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n"), Refusal::Malformed);
        let both = b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n";
        assert_eq!(refusal(both), Refusal::Malformed);
    }

    #[test]
    fn what_is_too_large_is_refused() {
        assert_eq!(refusal(b"GET / HTTP/1.1\r\ncontent-length: 16777217\r\n\r\n"), Refusal::BodyTooLarge);
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
        assert_eq!(refusal(many.as_bytes()), Refusal::HeadTooLarge);
        let long = format!("GET / HTTP/1.1\r\na: {}", "b".repeat(MAX_HEAD_BYTES));
        assert_eq!(refusal(long.as_bytes()), Refusal::HeadTooLarge);
    }

    #[test]
    fn chunks_are_followed_at_whatever_byte_they_are_cut() {
        let head = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
        let chunks = b"5\r\nhello\r\n6;note=1\r\n world\r\n0\r\nchecksum: 1\r\n\r\n";
        let data = [&head[..], chunks, b"GET"].concat();
        let whole = head.len() + chunks.len();
        let mut scan = ChunkScan::default();
        for end in head.len()..=whole {
            let mut space = space();
            let head = parse_head(&data[..end], &mut space).expect("valid").expect("whole");
            let found = find_body(&head, &data[..end], &mut scan).expect("valid");
            assert_eq!(found.is_some(), end == whole, "{end}");
            if let Some(body) = found {
                assert_eq!((&body.data[..], body.request_bytes), (&b"hello world"[..], whole));
            }
        }
        assert_eq!(scan, ChunkScan::default());
    }

    #[test]
    fn broken_chunks_are_refused() {
        for data in [&b"x\r\n"[..], b"1\r\nab\r\n", b"0\r\nbad trailer\r\n\r\n"] {
            assert_eq!(ChunkScan::default().advance(data), Err(Refusal::Malformed), "{data:?}");
        }
        assert_eq!(ChunkScan::default().advance(b"1000001\r\n"), Err(Refusal::BodyTooLarge));
    }

    #[test]
    fn no_bytes_make_the_parser_panic_or_find_more_than_there_is() {
        let seeds: [&[u8]; 3] = [
            b"POST /a?b=c HTTP/1.1\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\nhello",
            b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n",
            b"GET http://h/ HTTP/1.0\r\nconnection: keep-alive, close\r\n\r\n",
        ];
        let draws = Draws::new(1);
        let below = |limit: usize| (draws.next(Stream::Flaky) * limit as f64) as usize;
        for round in 0..30_000 {
            let mut data = seeds[round % seeds.len()].to_vec();
            for _ in 0..=below(4) {
                let at = below(data.len());
                match below(3) {
                    0 => data[at] = below(256) as u8,
                    1 => data.truncate(at + 1),
                    _ => data.insert(at, b"\r\n :;,0f"[below(8)]),
                }
            }
            let mut space = space();
            if let Ok(Some(head)) = parse_head(&data, &mut space)
                && let Ok(Some(body)) = find_body(&head, &data, &mut ChunkScan::default())
            {
                assert!(body.request_bytes <= data.len(), "{data:?}");
                assert!(head.bytes + body.data.len() <= body.request_bytes, "{data:?}");
            }
        }
    }
}
