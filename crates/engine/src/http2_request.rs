//! A request made ready for HTTP/2: what never changes is encoded once.

use kilobar_core::plan::{Origin, Scheme};
use kilobar_core::wire::http2::{Body, Coding, HeadEncoder};

use crate::message::Message;

/// A request made ready for HTTP/2.
pub struct Http2Request {
    encoder: HeadEncoder,
    /// The header block of a request that is always the same.
    fixed: Option<Box<[u8]>>,
}

impl Http2Request {
    /// `names` are those of the header fields that it usually has.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { encoder: HeadEncoder::new(names), fixed: None }
    }

    /// Remembers that this is what is sent, unless cookies are added to it.
    pub fn fix(&mut self, message: &Message, origin: &Origin) {
        let mut block = Vec::new();
        self.encoder.encode(message.head(), name_of(origin.scheme), Coding::Shortest, &mut block);
        self.fixed = Some(block.into());
    }

    /// The header block of the request that is always the same.
    #[inline]
    pub fn fixed(&self) -> Option<&[u8]> {
        self.fixed.as_deref()
    }

    /// Writes the header block of a message into `out`.
    pub fn encode(&self, message: &Message, scheme: Scheme, out: &mut Vec<u8>) {
        out.clear();
        self.encoder.encode(message.head(), name_of(scheme), Coding::Plain, out);
    }
}

fn name_of(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    }
}

impl Body for Message {
    fn after(&self, sent: usize) -> &[u8] {
        Message::after(self, self.head_bytes() + sent)
    }

    fn keep(&self) -> Box<dyn Body> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::INLINE_BYTES;

    #[test]
    fn the_body_of_a_message_is_what_comes_behind_its_head() {
        let mut message = Message::default();
        message.bytes_mut().extend_from_slice(b"POST / HTTP/1.1\r\n\r\n");
        message.end_head();
        message.bytes_mut().extend_from_slice(b"before");
        message.push_file(&vec![b'x'; INLINE_BYTES].into());
        message.bytes_mut().extend_from_slice(b"behind");
        let kept = message.keep();
        for body in [&message as &dyn Body, &*kept] {
            assert_eq!(body.after(0), b"before");
            assert_eq!(body.after(3), b"ore");
            assert_eq!(body.after(6).len(), INLINE_BYTES);
            assert_eq!(body.after(6 + INLINE_BYTES), b"behind");
            assert_eq!(body.after(12 + INLINE_BYTES), b"");
        }
    }

    #[test]
    fn a_message_without_body_has_none() {
        let mut message = Message::default();
        message.bytes_mut().extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
        message.end_head();
        assert_eq!(Body::after(&message, 0), b"");
    }
}
