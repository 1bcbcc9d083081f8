//! Response heads and trailers: what httparse finds in them, and where the body ends because of it
//! (RFC 9112, section 6.3).

use std::mem::MaybeUninit;

use httparse::{EMPTY_HEADER, Header, ParserConfig, Response, Status};

use super::{MAX_FIELDS, RequestMethod, WireError};

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// No body, or one of exactly so many bytes.
    Length(u64),
    Chunked,
    UntilClose,
}

/// The part of a response head that concerns the connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) status: u16,
    /// It has a `set-cookie` field.
    pub(super) sets_cookies: bool,
    is_http_10: bool,
    content_length: ContentLength,
    transfer_encoding: TransferEncoding,
    has_close: bool,
    has_keep_alive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContentLength {
    Absent,
    Valid(u64),
    Invalid,
    Conflicting,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TransferEncoding {
    Absent,
    /// Present, and the final coding is `chunked`.
    Chunked,
    /// Present, and the final coding is another one.
    Other,
}

/// Parses a head from its first byte. `None`: more bytes are needed. The number is the length of the head.
pub(super) fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, WireError> {
    // httparse skips empty lines here; the module documentation says why we do not.
    if matches!(bytes.first(), Some(b'\r' | b'\n')) {
        return Err(WireError::InvalidVersion);
    }
    let mut fields = [const { MaybeUninit::<Header<'_>>::uninit() }; MAX_FIELDS];
    let mut response = Response::new(&mut []);
    let parsed =
        ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut fields);
    let used = match parsed {
        Ok(Status::Complete(used)) => used,
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(head_error(error)),
    };
    let (Some(version), Some(status)) = (response.version, response.code) else {
        return Err(WireError::InvalidStatusLine);
    };
    if status < 100 {
        return Err(WireError::InvalidStatusLine);
    }
    let mut head = Head::new(status, version == 0);
    for field in response.headers.iter() {
        head.note(field);
    }
    Ok(Some((head, used)))
}

/// Validates a trailer section; its fields are of no interest. `None`: more bytes are needed.
pub(super) fn parse_trailers(bytes: &[u8]) -> Result<Option<((), usize)>, WireError> {
    // Hardly any server sends trailers, so the array below is not worth its initialisation.
    if bytes.starts_with(b"\r\n") {
        return Ok(Some(((), 2)));
    }
    let mut fields = [EMPTY_HEADER; MAX_FIELDS];
    match httparse::parse_headers(bytes, &mut fields) {
        Ok(Status::Complete((used, _))) => Ok(Some(((), used))),
        Ok(Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(WireError::TooManyFields),
        Err(_) => Err(WireError::InvalidTrailer),
    }
}

fn head_error(error: httparse::Error) -> WireError {
    match error {
        httparse::Error::Version => WireError::InvalidVersion,
        httparse::Error::Status | httparse::Error::Token => WireError::InvalidStatusLine,
        httparse::Error::HeaderName => WireError::InvalidHeaderName,
        httparse::Error::HeaderValue => WireError::InvalidHeaderValue,
        httparse::Error::NewLine => WireError::InvalidLineEnd,
        httparse::Error::TooManyHeaders => WireError::TooManyFields,
    }
}

impl Head {
    fn new(status: u16, is_http_10: bool) -> Self {
        Self {
            status,
            sets_cookies: false,
            is_http_10,
            content_length: ContentLength::Absent,
            transfer_encoding: TransferEncoding::Absent,
            has_close: false,
            has_keep_alive: false,
        }
    }

    #[inline]
    fn note(&mut self, field: &Header<'_>) {
        if is_name(field.name, b"connection") {
            self.note_connection(field.value);
        } else if is_name(field.name, b"content-length") {
            self.note_content_length(field.value);
        } else if is_name(field.name, b"transfer-encoding") {
            self.note_transfer_encoding(field.value);
        } else if is_name(field.name, b"set-cookie") {
            self.sets_cookies = true;
        }
    }

    fn note_connection(&mut self, value: &[u8]) {
        // What nearly every server sends, when it sends the field at all.
        if value == b"keep-alive" {
            self.has_keep_alive = true;
            return;
        }
        for option in list_elements(value) {
            self.has_close |= option.eq_ignore_ascii_case(b"close");
            self.has_keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    // Unlike other lists this one may have no empty elements: a proxy that joined two fields leaves `5, 5`, not `5,`.
    fn note_content_length(&mut self, value: &[u8]) {
        if let (ContentLength::Absent, Some(length)) = (self.content_length, decimal(value)) {
            self.content_length = ContentLength::Valid(length);
            return;
        }
        for element in list_elements(value) {
            self.content_length = match (self.content_length, decimal(element)) {
                (ContentLength::Absent, Some(length)) => ContentLength::Valid(length),
                (ContentLength::Valid(known), Some(length)) if known != length => ContentLength::Conflicting,
                (_, None) => ContentLength::Invalid,
                (unchanged, Some(_)) => unchanged,
            };
        }
    }

    fn note_transfer_encoding(&mut self, value: &[u8]) {
        if self.transfer_encoding == TransferEncoding::Absent {
            self.transfer_encoding = TransferEncoding::Other;
        }
        if let Some(last) = list_elements(value).rfind(|coding| !coding.is_empty()) {
            let is_chunked = last.eq_ignore_ascii_case(b"chunked");
            self.transfer_encoding =
                if is_chunked { TransferEncoding::Chunked } else { TransferEncoding::Other };
        }
    }

    /// Whether this is a 1xx response, after which another head follows.
    pub(super) fn is_informational(&self) -> bool {
        self.status < 200
    }

    /// How the body ends, and whether the connection can carry another exchange after it.
    pub(super) fn framing(&self, method: RequestMethod) -> Result<(Framing, bool), WireError> {
        let persistent = !self.has_close && (!self.is_http_10 || self.has_keep_alive);
        if method == RequestMethod::Connect && (200..300).contains(&self.status) {
            return Ok((Framing::Length(0), false));
        }
        if method == RequestMethod::Head || matches!(self.status, 204 | 304) {
            return Ok((Framing::Length(0), persistent));
        }
        match (self.transfer_encoding, self.content_length) {
            (TransferEncoding::Chunked | TransferEncoding::Other, _) if self.is_http_10 => {
                Err(WireError::TransferEncodingInHttp10)
            }
            // Both fields at once are how responses are smuggled: what follows on the connection cannot be trusted.
            (TransferEncoding::Chunked, length) => {
                Ok((Framing::Chunked, persistent && length == ContentLength::Absent))
            }
            (TransferEncoding::Other, _) => Ok((Framing::UntilClose, false)),
            (TransferEncoding::Absent, ContentLength::Valid(length)) => {
                Ok((Framing::Length(length), persistent))
            }
            (TransferEncoding::Absent, ContentLength::Absent) => Ok((Framing::UntilClose, false)),
            (TransferEncoding::Absent, ContentLength::Invalid) => Err(WireError::InvalidContentLength),
            (TransferEncoding::Absent, ContentLength::Conflicting) => {
                Err(WireError::ConflictingContentLengths)
            }
        }
    }
}

/// Whether a field name, which is a token, is this one in any case. The length tells most names apart; the rest
/// compiles to a few vector instructions, where `eq_ignore_ascii_case` walks the bytes, a seventh of the whole time.
#[inline]
fn is_name<const N: usize>(name: &str, lower_case: &[u8; N]) -> bool {
    let Ok(name) = <&[u8; N]>::try_from(name.as_bytes()) else { return false };
    // Bit 5 is the case of a letter. Setting it makes letters of letters only, and `-` of no other token character.
    name.iter().zip(lower_case).fold(0, |difference, (byte, lower)| difference | ((byte | 0x20) ^ lower)) == 0
}

fn list_elements(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

/// Digits only: `u64::from_str` would take a plus sign.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, &digit| {
        let value = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing_of(
        status_line: &str,
        fields: &[&str],
        method: RequestMethod,
    ) -> Result<(Framing, bool), WireError> {
        let text =
            format!("{status_line}\r\n{}\r\n", fields.iter().map(|f| format!("{f}\r\n")).collect::<String>());
        let (head, used) = parse_head(text.as_bytes())?.expect("a complete head");
        assert_eq!(used, text.len());
        head.framing(method)
    }

    fn get(fields: &[&str]) -> Result<(Framing, bool), WireError> {
        framing_of("HTTP/1.1 200 OK", fields, RequestMethod::Other)
    }

    #[test]
    fn content_length_is_digits_that_fit_64_bits_and_repeats_only_itself() {
        for (fields, expected) in [
            (&["Content-Length: 5"][..], Ok((Framing::Length(5), true))),
            (&["content-length:0005"], Ok((Framing::Length(5), true))),
            (&["content-length: 18446744073709551615"], Ok((Framing::Length(u64::MAX), true))),
            (&["content-length: 5, 5"], Ok((Framing::Length(5), true))),
            (&["content-length: 5", "CONTENT-LENGTH: 5"], Ok((Framing::Length(5), true))),
            (&["content-length: 5", "content-length: 6"], Err(WireError::ConflictingContentLengths)),
            (&["content-length: 5, 6, 5"], Err(WireError::ConflictingContentLengths)),
            (&["content-length: 18446744073709551616"], Err(WireError::InvalidContentLength)),
            (&["content-length: +5"], Err(WireError::InvalidContentLength)),
            (&["content-length: -5"], Err(WireError::InvalidContentLength)),
            (&["content-length: 0x5"], Err(WireError::InvalidContentLength)),
            (&["content-length: 5 5"], Err(WireError::InvalidContentLength)),
            (&["content-length:"], Err(WireError::InvalidContentLength)),
            (&["content-length: 5,"], Err(WireError::InvalidContentLength)),
            (&["content-length: 5", "content-length: five"], Err(WireError::InvalidContentLength)),
        ] {
            assert_eq!(get(fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn the_final_transfer_coding_decides_and_content_length_beside_it_ends_reuse() {
        for (fields, expected) in [
            (&["transfer-encoding: chunked"][..], Ok((Framing::Chunked, true))),
            (&["Transfer-Encoding: gzip, CHUNKED"], Ok((Framing::Chunked, true))),
            (&["transfer-encoding: gzip", "transfer-encoding: chunked"], Ok((Framing::Chunked, true))),
            (&["transfer-encoding: chunked, ,"], Ok((Framing::Chunked, true))),
            (&["transfer-encoding: chunked", "transfer-encoding:"], Ok((Framing::Chunked, true))),
            (&["transfer-encoding: chunked", "content-length: 5"], Ok((Framing::Chunked, false))),
            (&["content-length: nonsense", "transfer-encoding: chunked"], Ok((Framing::Chunked, false))),
            (&["transfer-encoding: chunked, gzip"], Ok((Framing::UntilClose, false))),
            (&["transfer-encoding: identity", "content-length: 5"], Ok((Framing::UntilClose, false))),
            (&["transfer-encoding:"], Ok((Framing::UntilClose, false))),
            (&["transfer-encoding: xchunked"], Ok((Framing::UntilClose, false))),
        ] {
            assert_eq!(get(fields), expected, "{fields:?}");
        }
        let old = framing_of("HTTP/1.0 200 OK", &["transfer-encoding: chunked"], RequestMethod::Other);
        assert_eq!(old, Err(WireError::TransferEncodingInHttp10));
    }

    #[test]
    fn persistence_follows_version_and_connection_options() {
        for (status_line, fields, expected) in [
            ("HTTP/1.1 200 OK", &[][..], true),
            ("HTTP/1.1 200 OK", &["Connection: CLOSE"], false),
            ("HTTP/1.1 200 OK", &["connection: upgrade,Close ,x"], false),
            ("HTTP/1.1 200 OK", &["connection: x", "connection: close"], false),
            ("HTTP/1.1 200 OK", &["connection: closed"], true),
            ("HTTP/1.1 200 OK", &["connection: keep-alive, close"], false),
            ("HTTP/1.0 200 OK", &[], false),
            ("HTTP/1.0 200 OK", &["connection: Keep-Alive"], true),
            ("HTTP/1.0 200 OK", &["connection: x, keep-alive"], true),
            ("HTTP/1.0 200 OK", &["connection: keep-alive", "connection: close"], false),
        ] {
            let fields: Vec<&str> = fields.iter().copied().chain(["content-length: 0"]).collect();
            let framing = framing_of(status_line, &fields, RequestMethod::Other);
            assert_eq!(framing, Ok((Framing::Length(0), expected)), "{status_line} {fields:?}");
        }
    }

    #[test]
    fn responses_without_body_ignore_every_framing_field() {
        let fields = &["content-length: 5, 6", "transfer-encoding: chunked"];
        for (status_line, method, reusable) in [
            ("HTTP/1.1 200 OK", RequestMethod::Head, true),
            ("HTTP/1.0 200 OK", RequestMethod::Head, false),
            ("HTTP/1.1 204 No Content", RequestMethod::Other, true),
            ("HTTP/1.1 304 Not Modified", RequestMethod::Other, true),
            ("HTTP/1.1 200 OK", RequestMethod::Connect, false),
        ] {
            let framing = framing_of(status_line, fields, method);
            assert_eq!(framing, Ok((Framing::Length(0), reusable)), "{status_line} {method:?}");
        }
        let refused = framing_of("HTTP/1.1 407 No", &["content-length: 3"], RequestMethod::Connect);
        assert_eq!(refused, Ok((Framing::Length(3), true)));
    }

    #[test]
    fn field_names_match_in_any_case_and_nothing_else_does() {
        assert!(is_name("cONTENT-lENGTH", b"content-length") && is_name("Connection", b"connection"));
        let token_bytes =
            (b'!'..=b'~').filter(|byte| crate::wire::http1::is_token(&char::from(*byte).to_string()));
        for byte in token_bytes {
            let name = String::from_utf8([b"content", &[byte][..], b"length"].concat()).unwrap();
            assert_eq!(is_name(&name, b"content-length"), byte == b'-', "{name}");
            let name = String::from_utf8([b"c", &[byte][..], b"nnection"].concat()).unwrap();
            assert_eq!(is_name(&name, b"connection"), byte.eq_ignore_ascii_case(&b'o'), "{name}");
        }
    }

    #[test]
    fn trailers_are_fields_until_an_empty_line() {
        assert_eq!(parse_trailers(b"\r\nrest"), Ok(Some(((), 2))));
        assert_eq!(parse_trailers(b"a: b\r\n\r\n"), Ok(Some(((), 8))));
        assert_eq!(parse_trailers(b"a: b\r\n"), Ok(None));
        assert_eq!(parse_trailers(b"no colon\r\n\r\n"), Err(WireError::InvalidTrailer));
        assert_eq!(parse_trailers("a: b\r\n".repeat(101).as_bytes()), Err(WireError::TooManyFields));
    }
}
