//! The head of a request as a header block.

use super::hpack::{Coding, FieldName, append_field};
use crate::wire::http1::{RequestError, is_header_value, is_target, is_token};

/// Fields that say something of an HTTP/1.1 connection; HTTP/2 has none of them (RFC 9113, section 8.2.2).
const OF_CONNECTIONS: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// The head of a request whose path and field values are given each time it is written.
#[derive(Debug, Clone)]
pub struct RequestHead {
    /// `:method` and `:scheme`, and `:authority` unless a field has it.
    opening: Vec<u8>,
    path: FieldName,
    authority: FieldName,
    fields: Vec<Role>,
    length: Option<FieldName>,
    usually_has_body: bool,
}

#[derive(Debug, Clone)]
enum Role {
    Field(String, FieldName),
    /// `host`, which is `:authority` in HTTP/2.
    Authority,
    Dropped,
}

impl RequestHead {
    /// A head with fields of these names. `host` takes the place of `authority`; fields that HTTP/2 does not have, such
    /// as `connection`, are left out. Names are written in lower case.
    ///
    /// # Errors
    /// A method or name that is no token, or an authority that no header can hold.
    pub fn new<'a>(
        method: &str,
        scheme: &str,
        authority: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, RequestError> {
        if !is_token(method) {
            return Err(RequestError::InvalidMethod { method: method.to_owned() });
        }
        if !is_header_value(authority.as_bytes()) {
            return Err(RequestError::InvalidHost);
        }
        let mut fields = Vec::new();
        for name in names {
            if !is_token(name) {
                return Err(RequestError::InvalidHeaderName { name: name.to_owned() });
            }
            let lower = name.to_ascii_lowercase();
            fields.push(match lower.as_str() {
                "host" => Role::Authority,
                known if OF_CONNECTIONS.contains(&known) => Role::Dropped,
                _ => Role::Field(lower.clone(), FieldName::new(&lower)),
            });
        }
        let has =
            |wanted: &str| fields.iter().any(|field| matches!(field, Role::Field(name, _) if name == wanted));
        let length = (!has("content-length")).then(|| FieldName::new("content-length"));
        let mut opening = Vec::new();
        append_field(":method", method, &mut opening);
        append_field(":scheme", scheme, &mut opening);
        if !fields.iter().any(|field| matches!(field, Role::Authority)) {
            append_field(":authority", authority, &mut opening);
        }
        Ok(Self {
            opening,
            path: FieldName::new(":path"),
            authority: FieldName::new(":authority"),
            fields,
            length,
            usually_has_body: matches!(method, "POST" | "PUT" | "PATCH"),
        })
    }

    /// Appends the header block. `value` gives the value of each field, by its place. `content-length` is added as in
    /// HTTP/1.1: when there is a body or the method usually has one, and the field is not given.
    ///
    /// # Errors
    /// The first part that would change the meaning of the request; `out` is then as it was before.
    pub fn write<'a>(
        &self,
        path: &str,
        value: impl Fn(usize) -> &'a str,
        body_len: Option<usize>,
        coding: Coding,
        out: &mut Vec<u8>,
    ) -> Result<(), RequestError> {
        let start = out.len();
        let written = self.append(path, value, body_len, coding, out);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn append<'a>(
        &self,
        path: &str,
        value: impl Fn(usize) -> &'a str,
        body_len: Option<usize>,
        coding: Coding,
        out: &mut Vec<u8>,
    ) -> Result<(), RequestError> {
        if !is_target(path) {
            return Err(RequestError::InvalidTarget);
        }
        out.extend_from_slice(&self.opening);
        if path == "/" {
            append_field(":path", path, out);
        } else {
            self.path.append(path.as_bytes(), coding, out);
        }
        // Pseudo-headers come before all others; a second authority would make the request malformed.
        if let Some(place) = self.fields.iter().position(|role| matches!(role, Role::Authority)) {
            let host = value(place);
            if !is_header_value(host.as_bytes()) {
                return Err(RequestError::InvalidHost);
            }
            self.authority.append(host.as_bytes(), coding, out);
        }
        for (place, role) in self.fields.iter().enumerate() {
            let Role::Field(name, encoded) = role else { continue };
            let value = value(place);
            if !is_header_value(value.as_bytes()) {
                return Err(RequestError::InvalidHeaderValue { name: name.clone() });
            }
            // HTTP/1.1 allows white space around a value and does not count it; here it would be malformed.
            encoded.append(value.trim_matches([' ', '\t']).as_bytes(), coding, out);
        }
        let body_len = body_len.or(self.usually_has_body.then_some(0));
        if let (Some(name), Some(body_len)) = (&self.length, body_len) {
            name.append(itoa::Buffer::new().format(body_len).as_bytes(), coding, out);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::hpack::Decoder;
    use super::*;

    fn fields(block: &[u8]) -> String {
        let mut text = String::new();
        let mut decoder = Decoder::default();
        let take = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        decoder
            .decode(block, |field| text.push_str(&format!("{}={};", take(field.name), take(field.value))))
            .unwrap();
        text
    }

    fn written(
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body_len: Option<usize>,
    ) -> Result<String, RequestError> {
        let head = RequestHead::new(method, "https", "shop:8700", headers.iter().map(|(name, _)| *name))?;
        let mut blocks = Vec::new();
        for coding in [Coding::Plain, Coding::Shortest] {
            let mut out = Vec::new();
            head.write(path, |place| headers[place].1, body_len, coding, &mut out)?;
            blocks.push(fields(&out));
        }
        assert_eq!(blocks[0], blocks[1]);
        Ok(blocks.remove(0))
    }

    #[test]
    fn pseudo_headers_come_first_and_lengths_as_in_http_1() {
        assert_eq!(
            written("GET", "/", &[("Accept", "a")], None).unwrap(),
            ":method=GET;:scheme=https;:authority=shop:8700;:path=/;accept=a;"
        );
        assert_eq!(
            written("POST", "/a?b", &[], None).unwrap(),
            ":method=POST;:scheme=https;:authority=shop:8700;:path=/a?b;content-length=0;"
        );
        assert!(written("GET", "/", &[], Some(5)).unwrap().ends_with("content-length=5;"));
        assert!(
            written("PUT", "/", &[("Content-Length", "7")], Some(5)).unwrap().ends_with("content-length=7;")
        );
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
            written("GET", "/x", &headers, None).unwrap(),
            ":method=GET;:scheme=https;:path=/x;:authority=other;x=1;te=trailers;"
        );
    }

    #[test]
    fn white_space_around_a_value_is_not_sent() {
        assert!(written("GET", "/", &[("x", " a b\t")], None).unwrap().ends_with("x=a b;"));
    }

    #[test]
    fn what_would_change_the_meaning_is_refused_and_leaves_the_output_alone() {
        let bad = "a\r\nb";
        assert_eq!(written("GET", "/ x", &[], None), Err(RequestError::InvalidTarget));
        assert!(matches!(written(bad, "/", &[], None), Err(RequestError::InvalidMethod { .. })));
        assert!(matches!(
            written("GET", "/", &[(bad, "")], None),
            Err(RequestError::InvalidHeaderName { .. })
        ));
        assert!(matches!(
            written("GET", "/", &[("x", bad)], None),
            Err(RequestError::InvalidHeaderValue { .. })
        ));
        assert_eq!(written("GET", "/", &[("host", bad)], None), Err(RequestError::InvalidHost));
        let head = RequestHead::new("GET", "http", "h", ["x"]).unwrap();
        let mut out = b"before".to_vec();
        head.write("/", |_| bad, None, Coding::Plain, &mut out).unwrap_err();
        assert_eq!(out, b"before");
        assert_eq!(RequestHead::new("GET", "http", bad, []).err(), Some(RequestError::InvalidHost));
    }
}
