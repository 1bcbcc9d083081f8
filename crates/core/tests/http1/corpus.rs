//! Responses with names, and what is expected of each when the server closes the connection after it.

use kilobar_core::wire::http1::WireError;

use crate::replay::LIMITS;

/// What must come out of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    Done { status: u16, body: Vec<u8>, leftover_bytes: usize, reusable: bool },
    Error(WireError),
}

/// One response of the table.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: &'static str,
    pub method: &'static str,
    pub bytes: Vec<u8>,
    pub expected: Expected,
    /// Why hyper's client sees it otherwise, where it does.
    pub unlike_hyper: Option<&'static str>,
}

impl Case {
    fn new(name: &'static str, bytes: impl AsRef<[u8]>, expected: Expected) -> Self {
        Self { name, method: "GET", bytes: bytes.as_ref().to_vec(), expected, unlike_hyper: None }
    }

    fn to(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    fn unlike_hyper(self, reason: &'static str) -> Self {
        Self { unlike_hyper: Some(reason), ..self }
    }

    fn leaving(mut self, bytes: usize) -> Self {
        if let Expected::Done { leftover_bytes, .. } = &mut self.expected {
            *leftover_bytes = bytes;
        }
        self
    }
}

/// Complete, and the connection is reusable.
fn ok(name: &'static str, bytes: impl AsRef<[u8]>, status: u16, body: &str) -> Case {
    let body = body.as_bytes().to_vec();
    Case::new(name, bytes, Expected::Done { status, body, leftover_bytes: 0, reusable: true })
}

/// Complete, and the connection is not reusable.
fn last(name: &'static str, bytes: impl AsRef<[u8]>, status: u16, body: &str) -> Case {
    let body = body.as_bytes().to_vec();
    Case::new(name, bytes, Expected::Done { status, body, leftover_bytes: 0, reusable: false })
}

fn err(name: &'static str, bytes: impl AsRef<[u8]>, error: WireError) -> Case {
    Case::new(name, bytes, Expected::Error(error))
}

/// A 200 response with these fields, each without its line end, and this after the head.
fn response(fields: &[&str], rest: impl AsRef<[u8]>) -> Vec<u8> {
    let lines: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    [format!("HTTP/1.1 200 OK\r\n{lines}\r\n").as_bytes(), rest.as_ref()].concat()
}

fn chunked(rest: impl AsRef<[u8]>) -> Vec<u8> {
    response(&["transfer-encoding: chunked"], rest)
}

/// The whole table.
pub fn corpus() -> Vec<Case> {
    [
        lengths(),
        bodyless(),
        informational(),
        persistence(),
        codings(),
        chunks(),
        heads(),
        truncations(),
        limits(),
    ]
    .concat()
}

fn lengths() -> Vec<Case> {
    let with = |fields: &[&str]| response(fields, "hello");
    vec![
        ok("content_length", with(&["content-length: 5"]), 200, "hello"),
        ok("content_length_zero", response(&["content-length: 0"], ""), 200, ""),
        ok("content_length_in_capitals", with(&["CONTENT-LENGTH:5"]), 200, "hello"),
        ok("content_length_with_leading_zeros", with(&["content-length: 0005"]), 200, "hello"),
        ok("content_length_repeated_in_list", with(&["content-length: 5, 5"]), 200, "hello"),
        ok(
            "content_length_repeated_in_fields",
            with(&["content-length: 5", "content-length: 5"]),
            200,
            "hello",
        ),
        ok("content_length_among_spaces", with(&["content-length: \t5 "]), 200, "hello"),
        ok("leftover_after_content_length", response(&["content-length: 2"], "hello"), 200, "he").leaving(3),
        ok("second_response_after_first", with(&["content-length: 5"]).repeat(2), 200, "hello").leaving(43),
        last("until_close", with(&[]), 200, "hello"),
        last("until_close_empty", response(&[], ""), 200, ""),
        err(
            "content_lengths_differ_in_fields",
            with(&["content-length: 5", "content-length: 6"]),
            WireError::ConflictingContentLengths,
        ),
        err(
            "content_lengths_differ_in_list",
            with(&["content-length: 5, 6"]),
            WireError::ConflictingContentLengths,
        ),
        err("content_length_with_plus", with(&["content-length: +5"]), WireError::InvalidContentLength),
        err("content_length_negative", with(&["content-length: -5"]), WireError::InvalidContentLength),
        err("content_length_hexadecimal", with(&["content-length: 0x5"]), WireError::InvalidContentLength),
        err("content_length_empty", with(&["content-length:"]), WireError::InvalidContentLength),
        err(
            "content_length_with_empty_element",
            with(&["content-length: 5,"]),
            WireError::InvalidContentLength,
        ),
        err(
            "content_length_overflows",
            with(&["content-length: 18446744073709551616"]),
            WireError::InvalidContentLength,
        ),
    ]
}

fn bodyless() -> Vec<Case> {
    let fields = "content-length: 5\r\ncontent-type: text/plain\r\n\r\n";
    vec![
        ok("head_with_content_length", format!("HTTP/1.1 200 OK\r\n{fields}"), 200, "").to("HEAD"),
        ok("head_with_chunked", chunked(""), 200, "").to("HEAD"),
        ok("head_without_framing", response(&[], ""), 200, "").to("HEAD"),
        ok("head_with_invalid_content_length", response(&["content-length: five"], ""), 200, "").to("HEAD"),
        ok("head_with_a_body_after_all", response(&["content-length: 5"], "hello"), 200, "")
            .to("HEAD")
            .leaving(5),
        ok("no_content", format!("HTTP/1.1 204 No Content\r\n{fields}"), 204, ""),
        ok(
            "no_content_with_chunked",
            "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n",
            204,
            "",
        ),
        ok("not_modified", format!("HTTP/1.1 304 Not Modified\r\n{fields}"), 304, ""),
        last("connect_accepted", response(&["content-length: 5"], ""), 200, "").to("CONNECT"),
        ok("connect_refused", "HTTP/1.1 407 No\r\ncontent-length: 2\r\n\r\nno", 407, "no").to("CONNECT"),
    ]
}

fn informational() -> Vec<Case> {
    let fin = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n";
    let go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    vec![
        ok("continue_first", format!("{go_on}{fin}"), 200, "hi"),
        ok(
            "several_informational",
            format!("{go_on}{hints}HTTP/1.1 102 Processing\r\n\r\n{hints}{fin}"),
            200,
            "hi",
        ),
        ok(
            "informational_with_length",
            format!("HTTP/1.1 103 E\r\ncontent-length: 9\r\n\r\n{fin}"),
            200,
            "hi",
        ),
        ok("informational_before_head", format!("{go_on}HTTP/1.1 200 OK\r\n\r\n"), 200, "").to("HEAD"),
        err(
            "closed_after_informational",
            go_on,
            WireError::ClosedInHead { received_bytes: go_on.len() as u64 },
        ),
        err("garbage_after_informational", format!("{go_on}garbage"), WireError::InvalidVersion),
        err(
            "switching_protocols",
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
            WireError::UnexpectedUpgrade,
        )
        .unlike_hyper(
            "hyper hands the connection over; we never ask for an upgrade, so it is the server's mistake",
        ),
    ]
}

fn persistence() -> Vec<Case> {
    let with =
        |version: &str, fields: &str| format!("HTTP/{version} 200 OK\r\n{fields}content-length: 2\r\n\r\nhi");
    vec![
        last("close_option", with("1.1", "connection: close\r\n"), 200, "hi"),
        last("close_option_in_list_and_capitals", with("1.1", "Connection: Upgrade, CLOSE\r\n"), 200, "hi"),
        last(
            "close_option_in_second_field",
            with("1.1", "connection: te\r\nconnection: close\r\n"),
            200,
            "hi",
        ),
        ok(
            "keep_alive_option",
            with("1.1", "connection: keep-alive\r\nkeep-alive: timeout=5\r\n"),
            200,
            "hi",
        ),
        last("http_10", with("1.0", ""), 200, "hi"),
        ok("http_10_keep_alive", with("1.0", "connection: Keep-Alive\r\n"), 200, "hi"),
        last("http_10_keep_alive_and_close", with("1.0", "connection: keep-alive, close\r\n"), 200, "hi"),
        ok(
            "keep_alive_beside_unreadable_option",
            b"HTTP/1.0 200 OK\r\nconnection: keep-alive, \xff\r\ncontent-length: 2\r\n\r\nhi",
            200,
            "hi",
        )
        .unlike_hyper(
            "hyper ignores a whole field for one byte beyond ASCII; an unknown option concerns nobody",
        ),
        last("http_10_until_close", "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\nhi", 200, "hi"),
    ]
}

fn codings() -> Vec<Case> {
    const MAY_BE_SMUGGLED: &str =
        "RFC 9112, 6.3; the body is the same, but hyper goes on using the connection";
    let body = "2\r\nhi\r\n0\r\n\r\n";
    vec![
        ok("chunked_after_gzip", response(&["transfer-encoding: gzip, chunked"], body), 200, "hi"),
        ok("chunked_in_capitals", response(&["Transfer-Encoding: CHUNKED"], body), 200, "hi"),
        ok(
            "chunked_in_second_field",
            response(&["transfer-encoding: gzip", "transfer-encoding: chunked"], body),
            200,
            "hi",
        ),
        ok("chunked_with_empty_elements", response(&["transfer-encoding: , chunked, ,"], body), 200, "hi")
            .unlike_hyper(
                "RFC 9110, 5.6.1: empty elements are ignored; hyper looks behind the last comma only",
            ),
        ok(
            "chunked_after_unreadable_coding",
            [&b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzi\xff, chunked\r\n\r\n"[..], body.as_bytes()]
                .concat(),
            200,
            "hi",
        )
        .unlike_hyper("hyper ignores a whole field for one byte beyond ASCII; its final coding is readable"),
        last("chunked_not_final", response(&["transfer-encoding: chunked, gzip"], "hi"), 200, "hi"),
        last(
            "identity_coding",
            response(&["transfer-encoding: identity", "content-length: 1"], "hi"),
            200,
            "hi",
        ),
        last(
            "chunked_with_length",
            response(&["transfer-encoding: chunked", "content-length: 1"], body),
            200,
            "hi",
        )
        .unlike_hyper(MAY_BE_SMUGGLED),
        last(
            "length_with_chunked",
            response(&["content-length: 99", "transfer-encoding: chunked"], body),
            200,
            "hi",
        )
        .unlike_hyper(MAY_BE_SMUGGLED),
        err(
            "chunked_in_http_10",
            format!("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}"),
            WireError::TransferEncodingInHttp10,
        ),
    ]
}

fn chunks() -> Vec<Case> {
    vec![
        ok("one_chunk", chunked("5\r\nhello\r\n0\r\n\r\n"), 200, "hello"),
        ok("several_chunks", chunked("2\r\nhe\r\n1\r\nl\r\n02\r\nlo\r\n000\r\n\r\n"), 200, "hello"),
        ok("no_chunks", chunked("0\r\n\r\n"), 200, ""),
        ok(
            "hexadecimal_sizes",
            chunked("A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n"),
            200,
            "01234567890123456789a",
        ),
        ok("chunk_extensions", chunked("2;a=b;c=\"d;e\"\r\nhi\r\n0;last\r\n\r\n"), 200, "hi"),
        ok("chunk_padding", chunked("2 \t\r\nhi\r\n0  ;x\r\n\r\n"), 200, "hi"),
        ok("trailers", chunked("2\r\nhi\r\n0\r\nx-sum: 1\r\nx-time: 2\r\n\r\n"), 200, "hi"),
        ok("leftover_after_chunks", chunked("2\r\nhi\r\n0\r\n\r\nxyz"), 200, "hi").leaving(3),
        ok("trailers_with_bare_lf", chunked("2\r\nhi\r\n0\r\nx-sum: 1\n\n"), 200, "hi").unlike_hyper(
            "RFC 9112, 2.2: a bare LF may end a field line; hyper takes that in heads but not in trailers",
        ),
        err("chunk_size_missing", chunked("\r\nhi\r\n"), WireError::InvalidChunkSize),
        err("chunk_size_not_hexadecimal", chunked("g\r\nhi\r\n"), WireError::InvalidChunkSize),
        err("chunk_size_negative", chunked("-1\r\nhi\r\n"), WireError::InvalidChunkSize),
        err("chunk_size_with_bare_lf", chunked("2\nhi\r\n"), WireError::InvalidChunkSize),
        err("chunk_size_overflows", chunked("10000000000000000\r\n"), WireError::ChunkSizeOverflow),
        err(
            "chunk_extension_with_bare_lf",
            chunked("2;x\nhi\r\n0\r\n\r\n"),
            WireError::InvalidChunkExtension,
        ),
        err("chunk_longer_than_its_size", chunked("2\r\nhello\r\n0\r\n\r\n"), WireError::InvalidChunkEnd),
        err("chunk_with_bare_lf", chunked("2\r\nhi\n0\r\n\r\n"), WireError::InvalidChunkEnd),
        err("trailer_without_colon", chunked("2\r\nhi\r\n0\r\nnonsense\r\n\r\n"), WireError::InvalidTrailer),
        err("trailer_folded", chunked("2\r\nhi\r\n0\r\na: b\r\n c\r\n\r\n"), WireError::InvalidTrailer),
    ]
}

fn heads() -> Vec<Case> {
    vec![
        ok("no_reason_phrase", "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", 200, ""),
        ok("empty_reason_phrase", "HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n", 200, ""),
        ok(
            "reason_phrase_beyond_ascii",
            "HTTP/1.1 404 pas trouv\u{e9}\r\ncontent-length: 0\r\n\r\n",
            404,
            "",
        ),
        ok("unknown_status", "HTTP/1.1 799 What\r\ncontent-length: 0\r\n\r\n", 799, ""),
        ok("bare_lf", "HTTP/1.1 200 OK\ncontent-length: 2\n\nhi", 200, "hi"),
        ok("value_beyond_ascii", response(&["x: \u{fc}", "content-length: 0"], ""), 200, ""),
        ok(
            "a_hundred_fields",
            response(&[["x: y"; 99].as_slice(), &["content-length: 0"]].concat(), ""),
            200,
            "",
        ),
        err("too_many_fields", response(&["x: y"; 101], ""), WireError::TooManyFields),
        err(
            "empty_line_first",
            ["\r\n".as_bytes(), &response(&["content-length: 0"], "")].concat(),
            WireError::InvalidVersion,
        )
        .unlike_hyper(
            "after a response it would be leftover bytes, an error; arriving later must not make it fine",
        ),
        err("folded_field", response(&["a: b", " c", "content-length: 0"], ""), WireError::InvalidHeaderName),
        err("space_before_colon", response(&["content-length : 0"], ""), WireError::InvalidHeaderName),
        err("field_without_colon", response(&["nonsense"], ""), WireError::InvalidHeaderName),
        err("field_without_name", response(&[": x"], ""), WireError::InvalidHeaderName),
        err("nul_in_value", response(&["a: b\0"], ""), WireError::InvalidHeaderValue),
        err("cr_in_value", response(&["a: b\rc"], ""), WireError::InvalidHeaderValue),
        err("cr_instead_of_end", "HTTP/1.1 200 OK\r\n\rx", WireError::InvalidLineEnd).unlike_hyper(
            "only about when: given single bytes, hyper's search for the end of a head waits for more",
        ),
        err("status_of_two_digits", "HTTP/1.1 20 OK\r\n\r\n", WireError::InvalidStatusLine),
        err("status_of_four_digits", "HTTP/1.1 2000 OK\r\n\r\n", WireError::InvalidStatusLine),
        err("status_below_100", "HTTP/1.1 099 OK\r\n\r\n", WireError::InvalidStatusLine),
        err("status_after_two_spaces", "HTTP/1.1  200 OK\r\n\r\n", WireError::InvalidStatusLine),
        err("control_character_in_reason", "HTTP/1.1 200 O\u{1}K\r\n\r\n", WireError::InvalidStatusLine),
        err("http_2_version", "HTTP/2.0 200 OK\r\n\r\n", WireError::InvalidVersion),
        err("http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", WireError::InvalidVersion),
        err("http_09", "<html>hello</html>\n", WireError::InvalidVersion),
        err("ssh", "SSH-2.0-OpenSSH_9.2\r\n", WireError::InvalidVersion),
        err("tls_alert", [0x15, 3, 3, 0, 2, 2, 40], WireError::InvalidVersion),
    ]
}

fn truncations() -> Vec<Case> {
    let head = |received_bytes| WireError::ClosedInHead { received_bytes };
    let in_chunks = |received_bytes| WireError::ClosedInChunkedBody { received_bytes };
    vec![
        err("nothing", "", WireError::ClosedBeforeResponse),
        err("cut_in_version", "HTTP/1", head(6)),
        err("cut_in_status_line", "HTTP/1.1 200 O", head(14)),
        err("cut_in_field", "HTTP/1.1 200 OK\r\nconte", head(22)),
        err("cut_before_empty_line", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n", head(36)),
        err(
            "cut_in_body",
            response(&["content-length: 5"], "he"),
            WireError::ClosedInBody { received_bytes: 2, announced_bytes: 5 },
        ),
        err(
            "cut_before_body",
            response(&["content-length: 5"], ""),
            WireError::ClosedInBody { received_bytes: 0, announced_bytes: 5 },
        ),
        err("cut_before_chunks", chunked(""), in_chunks(0)),
        err("cut_in_chunk_size", chunked("5"), in_chunks(0)),
        err("cut_in_chunk", chunked("5\r\nhe"), in_chunks(2)),
        err("cut_after_chunk", chunked("2\r\nhi\r\n"), in_chunks(2)),
        err("cut_in_last_chunk", chunked("2\r\nhi\r\n0\r\n"), in_chunks(2)),
        err("cut_in_trailers", chunked("2\r\nhi\r\n0\r\nx-sum: 1\r\n"), in_chunks(2)),
    ]
}

fn limits() -> Vec<Case> {
    const NO_BODY_LIMIT: &str = "hyper leaves the size of bodies to its user";
    let (head_limit, body_limit) = (LIMITS.max_head_bytes, LIMITS.max_body_bytes as usize);
    let head_too_large = WireError::HeadTooLarge { limit_bytes: head_limit };
    let body_too_large = WireError::BodyTooLarge { limit_bytes: body_limit as u64 };
    let filled = |bytes: usize| {
        let shortest = response(&["content-length: 0", "x: "], "").len();
        response(&["content-length: 0", &format!("x: {}", "y".repeat(bytes - shortest))], "")
    };
    let body = "b".repeat(body_limit);
    let trailer = format!("x: {}\r\n", "y".repeat(1000));
    vec![
        ok("head_at_its_limit", filled(head_limit), 200, ""),
        err("endless_field", &filled(2 * head_limit)[..2 * head_limit - 4], head_too_large),
        err("endless_informational", "HTTP/1.1 100 Continue\r\n\r\n".repeat(head_limit / 20), head_too_large)
            .unlike_hyper("hyper skips informational responses for ever"),
        err("content_length_over_limit", response(&["content-length: 4097"], ""), body_too_large)
            .unlike_hyper(NO_BODY_LIMIT),
        ok("body_at_its_limit", response(&["content-length: 4096"], &body), 200, &body),
        last("until_close_at_its_limit", response(&[], &body), 200, &body),
        err("endless_body", response(&[], format!("{body}b")), body_too_large).unlike_hyper(NO_BODY_LIMIT),
        err("chunk_over_limit", chunked("1001\r\n"), body_too_large).unlike_hyper(NO_BODY_LIMIT),
        err("chunks_over_limit", chunked("1\r\nb\r\n".repeat(body_limit) + "1\r\n"), body_too_large)
            .unlike_hyper(NO_BODY_LIMIT),
        err(
            "endless_chunk_extension",
            chunked(format!("1;{}", "e".repeat(20_000))),
            WireError::ChunkLineTooLarge,
        ),
        err("endless_chunk_size", chunked("0".repeat(20_000)), WireError::ChunkLineTooLarge)
            .unlike_hyper("hyper takes leading zeros for ever"),
        ok(
            "many_chunk_extensions",
            chunked(format!("1;{}\r\nb\r\n", "e".repeat(6000)).repeat(3) + "0\r\n\r\n"),
            200,
            "bbb",
        )
        .unlike_hyper("hyper limits the extensions of a whole body, which a long legitimate one exceeds"),
        err("endless_trailers", chunked(format!("0\r\n{}", trailer.repeat(17))), WireError::TrailersTooLarge),
        err(
            "too_many_trailers",
            chunked(format!("0\r\n{}\r\n", "x: y\r\n".repeat(101))),
            WireError::TooManyFields,
        ),
    ]
}
