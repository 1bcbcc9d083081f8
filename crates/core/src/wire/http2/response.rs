//! One response: whether its head, body and trailers follow the rules, and what is kept of them.

use super::error::StreamError;
use super::hpack::{Field, FieldKind, Flaw};
use crate::wire::http1::{Limits, RequestMethod};

/// How much of a response is kept, at most; the rest is only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// Bytes of the head.
    pub head_bytes: usize,
    /// Bytes of the body.
    pub body_bytes: usize,
}

/// Memory for what is kept, which goes from exchange to exchange.
#[derive(Debug, Default)]
pub struct Kept {
    /// The final head as in HTTP/1.1: a line with the status, then `name: value` lines; without the empty line.
    pub head: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
}

/// One response as it comes.
#[derive(Debug)]
pub(super) struct Response {
    method: RequestMethod,
    limits: Limits,
    keep: Keep,
    pub(super) kept: Kept,
    status: u16,
    content_length: Option<u64>,
    head_bytes: usize,
    body_bytes: u64,
    block: Block,
}

/// What is known of the header block that is being read.
#[derive(Debug, Default, Clone, Copy)]
struct Block {
    status: u16,
    has_regular: bool,
    content_length: Option<u64>,
    flaw: Option<Flaw>,
}

impl Response {
    pub(super) fn new(method: RequestMethod, limits: Limits, keep: Keep, mut kept: Kept) -> Self {
        kept.head.clear();
        kept.body.clear();
        Self {
            method,
            limits,
            keep,
            kept,
            status: 0,
            content_length: None,
            head_bytes: 0,
            body_bytes: 0,
            block: Block::default(),
        }
    }

    /// The status of the final head; 0 until it came.
    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// Whether the header block that was read last said `100 Continue`.
    pub(super) fn continues(&self) -> bool {
        self.status == 0 && self.block.status == 100
    }

    pub(super) fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// A header block begins.
    #[inline]
    pub(super) fn begin_block(&mut self) {
        self.block = Block::default();
    }

    /// One field of it.
    #[inline]
    pub(super) fn take(&mut self, field: Field<'_>) {
        self.head_bytes += field.name.len() + field.value.len() + ": \r\n".len();
        let flaw = match field.kind {
            FieldKind::Status(status)
                if self.block.status == 0 && !self.block.has_regular && self.status == 0 =>
            {
                self.block.status = status;
                // What an informational head said is not the response's.
                self.kept.head.clear();
                self.keep_line(b"HTTP/2 ", field.value, b"");
                return;
            }
            FieldKind::Status(_) => Some(Flaw::MisplacedStatus),
            FieldKind::ContentLength(bytes)
                if self.block.content_length.is_some_and(|given| given != bytes) =>
            {
                Some(Flaw::ContentLengths)
            }
            FieldKind::ContentLength(bytes) => {
                self.block.content_length = Some(bytes);
                None
            }
            FieldKind::Regular => None,
            FieldKind::Malformed(flaw) => Some(flaw),
        };
        self.block.has_regular = true;
        if flaw.is_some() {
            self.block.flaw = self.block.flaw.or(flaw);
        }
        if self.status == 0 {
            self.keep_line(field.name, b": ", field.value);
        }
    }

    #[inline]
    fn keep_line(&mut self, name: &[u8], between: &[u8], value: &[u8]) {
        let head = &mut self.kept.head;
        if head.len() + name.len() + between.len() + value.len() + 2 <= self.keep.head_bytes {
            for part in [name, between, value, b"\r\n"] {
                head.extend_from_slice(part);
            }
        }
    }

    /// The header block is complete.
    #[inline]
    pub(super) fn end_block(&mut self, ends_stream: bool) -> Result<(), StreamError> {
        if self.head_bytes > self.limits.max_head_bytes {
            return Err(StreamError::HeadTooLarge { limit_bytes: self.limits.max_head_bytes });
        }
        let flaw = match (self.block.flaw, self.status, self.block.status) {
            (Some(flaw), ..) => Some(flaw),
            (None, 0, 0) => Some(Flaw::NoStatus),
            (None, 0, 101) => Some(Flaw::Upgrade),
            (None, 0, 100..200) => ends_stream.then_some(Flaw::LastInformational),
            (None, 0, status) => {
                self.status = status;
                return self.begin_body();
            }
            (None, ..) => (!ends_stream).then_some(Flaw::OpenTrailers),
        };
        flaw.map_or(Ok(()), |flaw| Err(StreamError::Malformed(flaw)))
    }

    fn begin_body(&mut self) -> Result<(), StreamError> {
        if self.has_no_body() {
            return Ok(());
        }
        self.content_length = self.block.content_length;
        if self.content_length.is_some_and(|bytes| bytes > self.limits.max_body_bytes) {
            return Err(StreamError::BodyTooLarge { limit_bytes: self.limits.max_body_bytes });
        }
        Ok(())
    }

    fn has_no_body(&self) -> bool {
        self.method == RequestMethod::Head || matches!(self.status, 204 | 304)
    }

    /// A piece of the body.
    #[inline]
    pub(super) fn data(&mut self, data: &[u8]) -> Result<(), StreamError> {
        if self.status == 0 {
            return Err(StreamError::Malformed(Flaw::NoHead));
        }
        if data.is_empty() {
            return Ok(());
        }
        if self.has_no_body() {
            return Err(StreamError::Malformed(Flaw::Body));
        }
        self.body_bytes += data.len() as u64;
        if self.body_bytes > self.limits.max_body_bytes {
            return Err(StreamError::BodyTooLarge { limit_bytes: self.limits.max_body_bytes });
        }
        if let Some(announced_bytes) = self.content_length.filter(|bytes| *bytes < self.body_bytes) {
            return Err(StreamError::WrongLength { announced_bytes, received_bytes: self.body_bytes });
        }
        let body = &mut self.kept.body;
        let room = self.keep.body_bytes.saturating_sub(body.len()).min(data.len());
        body.extend_from_slice(&data[..room]);
        Ok(())
    }

    /// The server ended the stream.
    #[inline]
    pub(super) fn end(&self) -> Result<(), StreamError> {
        match self.content_length {
            Some(announced_bytes) if announced_bytes != self.body_bytes => {
                Err(StreamError::WrongLength { announced_bytes, received_bytes: self.body_bytes })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { max_head_bytes: 200, max_body_bytes: 10 };
    const KEEP: Keep = Keep { head_bytes: 100, body_bytes: 8 };

    fn response(method: &str) -> Response {
        Response::new(RequestMethod::of(method), LIMITS, KEEP, Kept::default())
    }

    fn block(response: &mut Response, fields: &[(&str, &str)], ends: bool) -> Result<(), StreamError> {
        response.begin_block();
        for (name, value) in fields {
            let (name, value) = (name.as_bytes(), value.as_bytes());
            response.take(Field { name, value, kind: FieldKind::of(name, value) });
        }
        response.end_block(ends)
    }

    #[test]
    fn head_body_and_trailers_make_a_response() {
        let mut response = response("GET");
        block(&mut response, &[(":status", "103"), ("link", "x")], false).unwrap();
        assert_eq!(response.status(), 0);
        block(&mut response, &[(":status", "200"), ("content-length", "5"), ("a", "b")], false).unwrap();
        response.data(b"hel").unwrap();
        response.data(b"lo").unwrap();
        block(&mut response, &[("checksum", "1")], true).unwrap();
        response.end().unwrap();
        assert_eq!((response.status(), response.body_bytes()), (200, 5));
        assert_eq!(response.kept.head, b"HTTP/2 200\r\ncontent-length: 5\r\na: b\r\n");
        assert_eq!(response.kept.body, b"hello");
    }

    #[test]
    fn no_more_is_kept_than_asked_for() {
        let mut response = response("GET");
        let long = "x".repeat(90);
        block(&mut response, &[(":status", "200"), ("long", &long), ("a", "b")], false).unwrap();
        response.data(b"0123456789").unwrap();
        assert_eq!(response.kept.head, b"HTTP/2 200\r\na: b\r\n");
        assert_eq!(response.kept.body, b"01234567");
        assert_eq!(response.body_bytes(), 10);
    }

    #[test]
    fn malformed_heads_are_told_apart() {
        for (blocks, flaw) in [
            (&[&[("a", "b")][..]][..], Flaw::NoStatus),
            (&[&[]], Flaw::NoStatus),
            (&[&[("a", "b"), (":status", "200")]], Flaw::MisplacedStatus),
            (&[&[(":status", "200"), (":status", "200")]], Flaw::MisplacedStatus),
            (&[&[(":status", "200")], &[(":status", "200")]], Flaw::MisplacedStatus),
            (&[&[(":status", "200")], &[("a", "b")]], Flaw::OpenTrailers),
            (&[&[(":status", "101")]], Flaw::Upgrade),
            (
                &[&[(":status", "200"), ("content-length", "1"), ("content-length", "2")]],
                Flaw::ContentLengths,
            ),
            (&[&[(":status", "200"), (":path", "/")]], Flaw::Pseudo),
            (&[&[(":status", "200"), ("A", "b")]], Flaw::Name),
        ] {
            let mut response = response("GET");
            let ended = blocks.iter().try_for_each(|fields| block(&mut response, fields, false));
            assert_eq!(ended, Err(StreamError::Malformed(flaw)), "{blocks:?}");
        }
        let last = block(&mut response("GET"), &[(":status", "100")], true);
        assert_eq!(last, Err(StreamError::Malformed(Flaw::LastInformational)));
        assert_eq!(response("GET").data(b"x"), Err(StreamError::Malformed(Flaw::NoHead)));
    }

    #[test]
    fn a_response_without_body_may_announce_one_but_not_send_it() {
        for (method, status) in [("HEAD", "200"), ("GET", "304"), ("GET", "204")] {
            let mut response = response(method);
            block(&mut response, &[(":status", status), ("content-length", "999")], false).unwrap();
            response.data(b"").unwrap();
            response.end().unwrap();
            assert_eq!(response.data(b"x"), Err(StreamError::Malformed(Flaw::Body)));
        }
    }

    #[test]
    fn lengths_and_limits_hold() {
        let mut short = response("GET");
        block(&mut short, &[(":status", "200"), ("content-length", "5")], false).unwrap();
        short.data(b"1234").unwrap();
        assert_eq!(short.end(), Err(StreamError::WrongLength { announced_bytes: 5, received_bytes: 4 }));
        assert_eq!(
            short.data(b"56"),
            Err(StreamError::WrongLength { announced_bytes: 5, received_bytes: 6 })
        );
        let announced = block(&mut response("GET"), &[(":status", "200"), ("content-length", "11")], false);
        assert_eq!(announced, Err(StreamError::BodyTooLarge { limit_bytes: 10 }));
        let mut open = response("GET");
        block(&mut open, &[(":status", "200")], false).unwrap();
        open.data(b"0123456789").unwrap();
        assert_eq!(open.data(b"x"), Err(StreamError::BodyTooLarge { limit_bytes: 10 }));
        let endless = block(&mut response("GET"), &[(":status", "200"), ("a", &"b".repeat(200))], true);
        assert_eq!(endless, Err(StreamError::HeadTooLarge { limit_bytes: 200 }));
    }

    #[test]
    fn informational_heads_count_to_the_limit() {
        let mut response = response("GET");
        let heads = (0..100).try_for_each(|_| block(&mut response, &[(":status", "103")], false));
        assert_eq!(heads, Err(StreamError::HeadTooLarge { limit_bytes: 200 }));
    }
}
