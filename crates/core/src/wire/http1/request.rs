//! Writes request heads, and refuses what would change their meaning.

use memchr::memchr3;

/// Why a request head was not written. Values are not repeated in the message: they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The method is not a token.
    #[error("the method {method:?} is not a valid HTTP token")]
    InvalidMethod {
        /// The method as given.
        method: String,
    },
    /// The target is empty or holds white space or a control character.
    #[error("the request target is empty or holds white space or a control character; percent-encode it")]
    InvalidTarget,
    /// The host is not a valid header value.
    #[error("the host holds a line break or a NUL character")]
    InvalidHost,
    /// A header name is not a token.
    #[error("the header name {name:?} is not a valid HTTP token")]
    InvalidHeaderName {
        /// The name as given.
        name: String,
    },
    /// A header value would end its line.
    #[error("the value of the header {name:?} holds a line break or a NUL character")]
    InvalidHeaderValue {
        /// The name of the header.
        name: String,
    },
}

/// Whether this is a token (RFC 9110, section 5.6.2): a valid method or field name.
pub fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether this can stand in a header line without ending it: it has no CR, LF or NUL.
///
/// Other control characters are let through on purpose: how a server treats them is worth testing.
pub fn is_header_value(value: &[u8]) -> bool {
    memchr3(b'\r', b'\n', 0, value).is_none()
}

/// Whether this can stand in a request line: not empty, no white space, no control characters.
///
/// Bytes beyond ASCII are let through, as most clients and servers do.
pub fn is_target(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte > b' ' && byte != 0x7f)
}

/// Appends a request head to `out`: request line, header fields, empty line.
///
/// `target` is path and query as they go over the wire. `host` comes first unless `headers` has one. `content-length`
/// is added when there is a body, or when the method is one that usually has it (POST, PUT, PATCH), unless `headers`
/// has a `content-length` or `transfer-encoding`; those are written as given, right or wrong, since the person who
/// wrote them may be testing just that.
///
/// # Errors
/// The first part that would change the meaning of the request; `out` is then as it was before.
pub fn write_request_head<'a>(
    out: &mut Vec<u8>,
    method: &str,
    target: &str,
    host: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str), IntoIter: Clone>,
    body_len: Option<usize>,
) -> Result<(), RequestError> {
    let start = out.len();
    let written = append_head(out, method, target, host, headers.into_iter(), body_len);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn append_head<'a>(
    out: &mut Vec<u8>,
    method: &str,
    target: &str,
    host: &str,
    headers: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    body_len: Option<usize>,
) -> Result<(), RequestError> {
    if !is_token(method) {
        return Err(RequestError::InvalidMethod { method: method.to_owned() });
    }
    if !is_target(target) {
        return Err(RequestError::InvalidTarget);
    }
    for part in [method, " ", target, " HTTP/1.1\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    if !headers.clone().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        if !is_header_value(host.as_bytes()) {
            return Err(RequestError::InvalidHost);
        }
        append_field(out, "host", host);
    }
    let mut has_length = false;
    for (name, value) in headers {
        if !is_token(name) {
            return Err(RequestError::InvalidHeaderName { name: name.to_owned() });
        }
        if !is_header_value(value.as_bytes()) {
            return Err(RequestError::InvalidHeaderValue { name: name.to_owned() });
        }
        has_length |=
            name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding");
        append_field(out, name, value);
    }
    let usually_has_body = matches!(method, "POST" | "PUT" | "PATCH");
    if let Some(length) = body_len.or(usually_has_body.then_some(0)).filter(|_| !has_length) {
        append_field(out, "content-length", itoa::Buffer::new().format(length));
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn append_field(out: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(method: &str, headers: &[(&str, &str)], body_len: Option<usize>) -> Result<String, RequestError> {
        let mut out = Vec::new();
        let headers = headers.iter().copied();
        write_request_head(&mut out, method, "/a?b=c", "shop:8700", headers, body_len)?;
        Ok(String::from_utf8(out).expect("ASCII"))
    }

    #[test]
    fn a_plain_get_has_a_request_line_and_a_host() {
        assert_eq!(head("GET", &[], None).unwrap(), "GET /a?b=c HTTP/1.1\r\nhost: shop:8700\r\n\r\n");
    }

    #[test]
    fn host_and_length_are_added_unless_given() {
        for (method, headers, body_len, fields) in [
            (
                "POST",
                &[("accept", "*/*")][..],
                Some(12),
                "host: shop:8700\r\naccept: */*\r\ncontent-length: 12\r\n",
            ),
            ("GET", &[("Host", "other")], None, "Host: other\r\n"),
            ("GET", &[], Some(0), "host: shop:8700\r\ncontent-length: 0\r\n"),
            ("POST", &[], None, "host: shop:8700\r\ncontent-length: 0\r\n"),
            ("PUT", &[], None, "host: shop:8700\r\ncontent-length: 0\r\n"),
            ("PATCH", &[], None, "host: shop:8700\r\ncontent-length: 0\r\n"),
            ("DELETE", &[], None, "host: shop:8700\r\n"),
            ("PUT", &[("Content-Length", "7")], Some(3), "host: shop:8700\r\nContent-Length: 7\r\n"),
            (
                "PUT",
                &[("transfer-encoding", "chunked")],
                None,
                "host: shop:8700\r\ntransfer-encoding: chunked\r\n",
            ),
        ] {
            let expected = format!("{method} /a?b=c HTTP/1.1\r\n{fields}\r\n");
            assert_eq!(head(method, headers, body_len).unwrap(), expected);
        }
    }

    #[test]
    fn injection_is_refused_and_leaves_the_output_alone() {
        fn refused(method: &str, target: &str, host: &str, name: &str, value: &str) -> RequestError {
            let mut out = b"before".to_vec();
            let error =
                write_request_head(&mut out, method, target, host, [(name, value)], None).unwrap_err();
            assert_eq!(out, b"before");
            error
        }
        let name = || "x".to_owned();
        for end in ["\r\ny: z", "\n", "\r", "\0"] {
            let bad = format!("secret{end}");
            assert_eq!(
                refused("GET", "/", "h", "x", &bad),
                RequestError::InvalidHeaderValue { name: name() }
            );
            assert_eq!(refused("GET", "/", &bad, "x", "v"), RequestError::InvalidHost);
            assert_eq!(refused("GET", &bad, "h", "x", "v"), RequestError::InvalidTarget);
            assert_eq!(
                refused("GET", "/", "h", &bad, "v"),
                RequestError::InvalidHeaderName { name: bad.clone() }
            );
            assert_eq!(
                refused(&bad, "/", "h", "x", "v"),
                RequestError::InvalidMethod { method: bad.clone() }
            );
        }
        assert_eq!(refused("GET", "/a b", "h", "x", "v"), RequestError::InvalidTarget);
        assert_eq!(refused("GET", "", "h", "x", "v"), RequestError::InvalidTarget);
        assert!(!refused("GET", "/", "h", "x", "secret\n").to_string().contains("secret"));
    }

    #[test]
    fn tokens_values_and_targets_are_told_apart() {
        assert!(is_token("GET") && is_token("x-a_b.c!#$%&'*+^`|~9"));
        assert!(!is_token("") && !is_token("a b") && !is_token("a:") && !is_token("ü") && !is_token("a\t"));
        assert!(is_header_value(b"") && is_header_value("a\tb ü".as_bytes()) && is_header_value(&[1, 0xff]));
        assert!(!is_header_value(b"a\r") && !is_header_value(b"a\n") && !is_header_value(b"a\0"));
        assert!(is_target("/ü?a=%20") && is_target("*") && !is_target("/\t") && !is_target("/\x7f"));
    }
}
