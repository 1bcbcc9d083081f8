//! The head of a request as a header block.

use memchr::memchr;

use super::hpack::{Coding, FieldName, append_field};
use crate::wire::http1::{field_values, fields};

/// Fields that say something of an HTTP/1.1 connection; HTTP/2 has none of them (RFC 9113, section 8.2.2).
const OF_CONNECTIONS: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// Turns the heads of requests, as HTTP/1.1 has them, into header blocks.
///
/// A request is written once and sent over the version that the server chooses, so that both say the same.
#[derive(Debug, Clone)]
pub struct HeadEncoder {
    method: FieldName,
    path: FieldName,
    authority: FieldName,
    /// Names that are to be expected.
    known: Vec<(String, Role)>,
}

#[derive(Debug, Clone)]
enum Role {
    Field(FieldName),
    /// It has another place in HTTP/2, or none.
    Dropped,
}

impl Role {
    fn of(name: &str) -> Self {
        let is = |other: &&str| name.eq_ignore_ascii_case(other);
        // `host` is `:authority` in HTTP/2.
        if OF_CONNECTIONS.iter().any(is) || is(&"host") {
            Self::Dropped
        } else {
            Self::Field(FieldName::new(name))
        }
    }
}

impl HeadEncoder {
    /// For heads in which these names are to be expected; other names take a little longer.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let known = ["host", "content-length", "content-type", "cookie"].into_iter().chain(names);
        Self {
            method: FieldName::new(":method"),
            path: FieldName::new(":path"),
            authority: FieldName::new(":authority"),
            known: known.map(|name| (name.to_owned(), Role::of(name))).collect(),
        }
    }

    /// Appends the header block. `head` is one that [`write_request_head`](crate::wire::http1::write_request_head) has
    /// written. `host` becomes `:authority`; fields that HTTP/2 does not have, such as `connection`, are left out; names
    /// are written in lower case.
    pub fn encode(&self, head: &[u8], scheme: &str, coding: Coding, out: &mut Vec<u8>) {
        let line = &head[..memchr(b'\r', head).unwrap_or(head.len())];
        let mut words = line.split(|&byte| byte == b' ');
        let mut word = || std::str::from_utf8(words.next().unwrap_or_default()).unwrap_or_default();
        let (method, path) = (word(), word());
        match method {
            "GET" | "POST" => append_field(":method", method, out),
            _ => self.method.append(method.as_bytes(), coding, out),
        }
        append_field(":scheme", scheme, out);
        // Pseudo-headers come before all others; a second authority would make the request malformed.
        self.authority.append(field_values(head, "host").next().unwrap_or_default(), coding, out);
        if path == "/" {
            append_field(":path", path, out);
        } else {
            self.path.append(path.as_bytes(), coding, out);
        }
        for (name, value) in fields(head) {
            let known = self.known.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
            let other;
            let role = match known {
                Some((_, role)) => role,
                None => {
                    other = Role::of(&String::from_utf8_lossy(name));
                    &other
                }
            };
            if let Role::Field(name) = role {
                name.append(value, coding, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hpack::Decoder;
    use super::*;
    use crate::wire::http1::write_request_head;

    fn fields(block: &[u8]) -> String {
        let mut text = String::new();
        let mut decoder = Decoder::default();
        let take = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        decoder
            .decode(block, |field| text.push_str(&format!("{}={};", take(field.name), take(field.value))))
            .unwrap();
        text
    }

    /// Whatever the coding, and whether the names are known.
    fn encoded(method: &str, path: &str, headers: &[(&str, &str)], body_len: Option<usize>) -> String {
        let mut head = Vec::new();
        write_request_head(&mut head, method, path, "shop:8700", headers.iter().copied(), body_len).unwrap();
        let blocks = [Coding::Plain, Coding::Shortest].into_iter().flat_map(|coding| {
            let head = &head;
            [&[][..], headers].map(|known| {
                let mut out = Vec::new();
                let encoder = HeadEncoder::new(known.iter().map(|(name, _)| *name));
                encoder.encode(head, "https", coding, &mut out);
                fields(&out)
            })
        });
        let mut blocks: Vec<_> = blocks.collect();
        blocks.dedup();
        assert_eq!(blocks.len(), 1, "{blocks:?}");
        blocks.remove(0)
    }

    #[test]
    fn pseudo_headers_come_first_and_lengths_as_in_http_1() {
        assert_eq!(
            encoded("GET", "/", &[("Accept", "a")], None),
            ":method=GET;:scheme=https;:authority=shop:8700;:path=/;accept=a;"
        );
        assert_eq!(
            encoded("POST", "/a?b", &[], None),
            ":method=POST;:scheme=https;:authority=shop:8700;:path=/a?b;content-length=0;"
        );
        assert!(encoded("PATCH", "/", &[], Some(5)).ends_with("content-length=5;"));
        assert!(encoded("PUT", "/", &[("Content-Length", "7")], Some(5)).ends_with("content-length=7;"));
    }

    #[test]
    fn a_host_header_is_the_authority_and_connection_headers_are_left_out() {
        let headers = [
            ("x", "1"),
            ("Host", "other"),
            ("Connection", "close"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
        ];
        assert_eq!(
            encoded("GET", "/x", &headers, None),
            ":method=GET;:scheme=https;:authority=other;:path=/x;x=1;te=trailers;"
        );
    }

    #[test]
    fn white_space_around_a_value_is_not_sent() {
        assert!(encoded("GET", "/", &[("x", " a b\t")], None).ends_with("x=a b;"));
    }

    #[test]
    fn values_keep_colons_spaces_and_bytes_beyond_ascii() {
        let written = encoded("GET", "/ü?a=:", &[("X-A", "b: ü c"), ("x-a", "2")], None);
        assert!(written.ends_with(":path=/ü?a=:;x-a=b: ü c;x-a=2;"), "{written}");
    }
}
