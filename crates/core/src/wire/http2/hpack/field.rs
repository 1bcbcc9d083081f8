//! What a field of a response means to the client, decided once for each entry of a table.

/// A decoded header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name, in lower case if it is valid.
    pub name: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
    /// What it means.
    pub kind: FieldKind,
}

/// What a field of a response means to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// `:status`, with a code from 100 to 599 or above.
    Status(u16),
    /// `content-length`, with its number.
    ContentLength(u64),
    /// Any other valid field.
    Regular,
    /// A field that makes the message malformed.
    Malformed(Flaw),
}

/// What makes a response malformed (RFC 9113, section 8.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A name that is empty, has an upper-case letter or a character that names do not have.
    #[error("a header name is empty, not in lower case, or holds a character that is not allowed")]
    Name,
    /// A value with a line break or NUL, or with white space at an end.
    #[error("a header value holds a line break or NUL, or begins or ends with white space")]
    Value,
    /// A name that starts with a colon and is not `:status`.
    #[error("a pseudo-header other than :status")]
    Pseudo,
    /// `:status` without a three-digit code.
    #[error(":status is not a three-digit code")]
    Status,
    /// `connection` and its kin, which HTTP/2 does without.
    #[error("a header field of HTTP/1.1 connections, such as connection or transfer-encoding")]
    ConnectionSpecific,
    /// `content-length` without a number.
    #[error("content-length is not a valid number of bytes")]
    ContentLength,
    /// Several `content-length` that differ.
    #[error("there are several content-length values and they differ")]
    ContentLengths,
    /// No `:status`.
    #[error("there is no :status")]
    NoStatus,
    /// Several `:status`, one behind another field, or one in trailers.
    #[error(":status is repeated, behind other fields or in trailers")]
    MisplacedStatus,
    /// An informational response that ends the stream.
    #[error("an informational response (1xx) ends the stream")]
    LastInformational,
    /// Status 101, which HTTP/2 does not know.
    #[error("status 101, which HTTP/2 does not have")]
    Upgrade,
    /// Body before the head.
    #[error("a body without a head")]
    NoHead,
    /// Trailers that do not end the stream.
    #[error("a second head that does not end the stream")]
    OpenTrailers,
    /// A body where none can be: after HEAD, 204 or 304.
    #[error("a body in a response that has none (to HEAD, 204 or 304)")]
    Body,
}

const REGULAR_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let here = byte as u8;
        table[byte] = here.is_ascii_lowercase() || here.is_ascii_digit();
        byte += 1;
    }
    let signs = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < signs.len() {
        table[signs[at] as usize] = true;
        at += 1;
    }
    table
};

impl FieldKind {
    /// Looks at a field.
    pub fn of(name: &[u8], value: &[u8]) -> Self {
        if let [b':', pseudo @ ..] = name {
            return if pseudo == b"status" { status(value) } else { Self::Malformed(Flaw::Pseudo) };
        }
        if name.is_empty() || !name.iter().all(|&byte| REGULAR_NAME[usize::from(byte)]) {
            return Self::Malformed(Flaw::Name);
        }
        let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
        if memchr::memchr3(b'\r', b'\n', 0, value).is_some()
            || is_space(value.first())
            || is_space(value.last())
        {
            return Self::Malformed(Flaw::Value);
        }
        match name {
            b"content-length" => content_length(value),
            b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
                Self::Malformed(Flaw::ConnectionSpecific)
            }
            _ => Self::Regular,
        }
    }
}

fn status(value: &[u8]) -> FieldKind {
    match value {
        [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            FieldKind::Status([a, b, c].iter().fold(0, |code, &&digit| code * 10 + u16::from(digit - b'0')))
        }
        _ => FieldKind::Malformed(Flaw::Status),
    }
}

fn content_length(value: &[u8]) -> FieldKind {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(value).ok().filter(|_| digits).and_then(|text| text.parse().ok());
    number.map_or(FieldKind::Malformed(Flaw::ContentLength), FieldKind::ContentLength)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_mean_what_they_say() {
        for (name, value, kind) in [
            (":status", "204", FieldKind::Status(204)),
            (":status", "099", FieldKind::Malformed(Flaw::Status)),
            (":status", "2000", FieldKind::Malformed(Flaw::Status)),
            (":path", "/", FieldKind::Malformed(Flaw::Pseudo)),
            ("content-length", "18446744073709551615", FieldKind::ContentLength(u64::MAX)),
            ("content-length", "18446744073709551616", FieldKind::Malformed(Flaw::ContentLength)),
            ("content-length", "+1", FieldKind::Malformed(Flaw::ContentLength)),
            ("content-length", "", FieldKind::Malformed(Flaw::ContentLength)),
            ("x-any_1", "a b\tc", FieldKind::Regular),
            ("x", "", FieldKind::Regular),
            ("", "x", FieldKind::Malformed(Flaw::Name)),
            ("X", "x", FieldKind::Malformed(Flaw::Name)),
            ("a b", "x", FieldKind::Malformed(Flaw::Name)),
            ("a:", "x", FieldKind::Malformed(Flaw::Name)),
            ("a", "x\r\ny: z", FieldKind::Malformed(Flaw::Value)),
            ("a", "x\0", FieldKind::Malformed(Flaw::Value)),
            ("a", " x", FieldKind::Malformed(Flaw::Value)),
            ("a", "x\t", FieldKind::Malformed(Flaw::Value)),
            ("connection", "close", FieldKind::Malformed(Flaw::ConnectionSpecific)),
            ("transfer-encoding", "chunked", FieldKind::Malformed(Flaw::ConnectionSpecific)),
        ] {
            assert_eq!(FieldKind::of(name.as_bytes(), value.as_bytes()), kind, "{name}: {value}");
        }
    }
}
