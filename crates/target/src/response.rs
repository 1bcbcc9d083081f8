//! Writes responses as bytes. No I/O.

use crate::request::Head;

const FILLER_BYTES: usize = 26 * 2520;

/// The alphabet over and over: byte i of every long body is letter i mod 26.
pub(crate) static FILLER: [u8; FILLER_BYTES] = {
    let mut filler = [0; FILLER_BYTES];
    let mut index = 0;
    while index < FILLER_BYTES {
        filler[index] = b'a' + (index % 26) as u8;
        index += 1;
    }
    filler
};

pub(crate) const TEXT: &str = "text/plain";
pub(crate) const JSON: &str = "application/json";
pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const XML: &str = "text/xml; charset=utf-8";

/// How a response says where its body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Bytes(u64),
    Chunked,
    /// By closing the connection.
    Close,
    /// The status allows no body.
    None,
}

/// Writes a status line and the headers up to, but without, the empty line; so the caller may add headers.
pub(crate) fn open_head(output: &mut Vec<u8>, head: &Head<'_, '_>, status: u16, kind: &str, length: Length) {
    output.extend_from_slice(b"HTTP/1.1 ");
    number(output, u64::from(status));
    output.push(b' ');
    output.extend_from_slice(reason(status).as_bytes());
    if length != Length::None {
        header(output, "content-type", kind.as_bytes());
    }
    match length {
        Length::Bytes(bytes) => {
            output.extend_from_slice(b"\r\ncontent-length: ");
            number(output, bytes);
        }
        Length::Chunked => header(output, "transfer-encoding", b"chunked"),
        Length::Close | Length::None => {}
    }
    if length == Length::Close || !head.keep_alive {
        header(output, "connection", b"close");
    } else if head.minor_version == 0 {
        header(output, "connection", b"keep-alive");
    }
}

/// Writes a further header after [`open_head`].
pub(crate) fn header(output: &mut Vec<u8>, name: &str, value: &[u8]) {
    output.extend_from_slice(b"\r\n");
    output.extend_from_slice(name.as_bytes());
    output.extend_from_slice(b": ");
    output.extend_from_slice(value);
}

/// Ends the headers.
pub(crate) fn close_head(output: &mut Vec<u8>) {
    output.extend_from_slice(b"\r\n\r\n");
}

/// Writes a whole response, without its body when that was asked with HEAD.
pub(crate) fn write(output: &mut Vec<u8>, head: &Head<'_, '_>, status: u16, kind: &str, body: &[u8]) {
    write_with(output, head, status, kind, &[], body);
}

/// Writes a whole response with further headers.
pub(crate) fn write_with(
    output: &mut Vec<u8>,
    head: &Head<'_, '_>,
    status: u16,
    kind: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) {
    open_head(output, head, status, kind, Length::Bytes(body.len() as u64));
    for (name, value) in headers {
        header(output, name, value.as_bytes());
    }
    close_head(output);
    if head.method != "HEAD" {
        output.extend_from_slice(body);
    }
}

/// Writes a response that says what was wrong with the request.
pub(crate) fn write_error(output: &mut Vec<u8>, head: &Head<'_, '_>, status: u16, message: &str) {
    let body = serde_json::json!({ "error": message }).to_string();
    write(output, head, status, JSON, body.as_bytes());
}

/// Writes one chunk with its framing.
pub(crate) fn chunk(output: &mut Vec<u8>, data: &[u8]) {
    output.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
    output.extend_from_slice(data);
    output.extend_from_slice(b"\r\n");
}

/// Appends the first `bytes` of the endless filler.
pub(crate) fn fill(output: &mut Vec<u8>, bytes: usize) {
    let end = output.len() + bytes;
    while output.len() < end {
        let missing = end - output.len();
        output.extend_from_slice(&FILLER[..missing.min(FILLER.len())]);
    }
}

fn number(output: &mut Vec<u8>, value: u64) {
    output.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        418 => "I'm a teapot",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        // The reason is optional; the space before it is not.
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{HeaderSpace, parse_head};

    fn written(request: &[u8], write: impl Fn(&mut Vec<u8>, &Head<'_, '_>)) -> String {
        let mut space: HeaderSpace = [std::mem::MaybeUninit::uninit(); _];
        let head = parse_head(request, &mut space).expect("valid").expect("whole");
        let mut output = Vec::new();
        write(&mut output, &head);
        String::from_utf8(output).expect("text")
    }

    #[test]
    fn a_response_carries_its_length_and_body() {
        let text = written(b"GET / HTTP/1.1\r\n\r\n", |output, head| write(output, head, 200, TEXT, b"hi"));
        assert_eq!(text, "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nhi");
    }

    #[test]
    fn a_head_request_gets_the_length_without_the_body() {
        let text = written(b"HEAD / HTTP/1.1\r\n\r\n", |output, head| write(output, head, 200, TEXT, b"hi"));
        assert_eq!(text, "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n");
    }

    #[test]
    fn a_response_says_what_becomes_of_the_connection_when_that_is_not_the_rule() {
        let respond = |output: &mut Vec<u8>, head: &Head<'_, '_>| write(output, head, 200, TEXT, b"");
        assert!(written(b"GET / HTTP/1.0\r\n\r\n", respond).contains("connection: close\r\n"));
        let kept = written(b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", respond);
        assert!(kept.contains("connection: keep-alive\r\n"));
    }

    #[test]
    fn long_bodies_go_on_through_the_alphabet_without_a_seam() {
        let mut output = b"x".to_vec();
        fill(&mut output, FILLER.len() + 30);
        assert_eq!(output.len(), FILLER.len() + 31);
        assert!(output[1..].iter().enumerate().all(|(index, byte)| *byte == b'a' + (index % 26) as u8));
    }
}
