//! A request as it goes over the wire: its own bytes, and files that are sent from where they are.

use std::rc::Rc;

/// A file smaller than this is copied into the message: a copy costs less than another system call.
pub const INLINE_BYTES: usize = 16 * 1024;

/// A request as it goes over the wire.
#[derive(Debug, Default, Clone)]
pub struct Message {
    /// Head and body without the inserts.
    bytes: Vec<u8>,
    /// In the order of their places.
    inserts: Vec<Insert>,
    head_bytes: usize,
}

#[derive(Debug, Clone)]
struct Insert {
    /// Comes after so many bytes of [`Message::bytes`].
    after: usize,
    content: Rc<[u8]>,
}

impl Message {
    /// Empties it for the next request.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.inserts.clear();
        self.head_bytes = 0;
    }

    /// Empties it, if it takes more memory than this or holds files.
    #[inline]
    pub fn give_back_memory(&mut self, above_bytes: usize) {
        if self.bytes.capacity() > above_bytes || !self.inserts.is_empty() {
            *self = Self::default();
        }
    }

    /// Where the next bytes are written.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// What was written so far is the head.
    pub fn end_head(&mut self) {
        self.head_bytes = self.bytes.len();
    }

    /// Adds the content of a file.
    pub fn push_file(&mut self, content: &Rc<[u8]>) {
        if content.len() < INLINE_BYTES {
            self.bytes.extend_from_slice(content);
        } else {
            self.inserts.push(Insert { after: self.bytes.len(), content: Rc::clone(content) });
        }
    }

    /// Request line and header fields, with the empty line.
    pub fn head(&self) -> &[u8] {
        &self.bytes[..self.head_bytes]
    }

    /// How long the head is.
    pub fn head_bytes(&self) -> usize {
        self.head_bytes
    }

    /// The next bytes in one piece when `sent` have been sent already; empty at the end.
    #[inline]
    pub fn after(&self, sent: usize) -> &[u8] {
        if self.inserts.is_empty() { &self.bytes[sent..] } else { self.after_among_inserts(sent) }
    }

    /// What the request line asks for: path and query, or the absolute address that a proxy gets.
    pub fn target(&self) -> &str {
        let line = self.bytes.split(|&byte| byte == b'\r').next().unwrap_or_default();
        let target = line.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
        std::str::from_utf8(target).unwrap_or_default()
    }

    fn after_among_inserts(&self, sent: usize) -> &[u8] {
        // How much of the whole message stands before the part that is looked at.
        let (mut before, mut from) = (0, 0);
        for insert in &self.inserts {
            let own = insert.after - from;
            if sent < before + own {
                return &self.bytes[from + sent - before..insert.after];
            }
            before += own;
            from = insert.after;
            if sent < before + insert.content.len() {
                return &insert.content[sent - before..];
            }
            before += insert.content.len();
        }
        &self.bytes[from + sent - before..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(pieces: &[(&[u8], usize)]) -> (Message, Vec<u8>) {
        let (mut message, mut whole) = (Message::default(), Vec::new());
        for (index, &(text, file_bytes)) in pieces.iter().enumerate() {
            let content: Rc<[u8]> = vec![b'0' + index as u8; file_bytes].into();
            message.bytes_mut().extend_from_slice(text);
            message.push_file(&content);
            whole.extend_from_slice(text);
            whole.extend_from_slice(&content);
        }
        (message, whole)
    }

    #[test]
    fn small_files_are_copied_and_large_ones_are_not() {
        let (message, _) = of(&[(b"a", INLINE_BYTES - 1), (b"b", INLINE_BYTES)]);
        assert_eq!((message.bytes.len(), message.inserts.len()), (INLINE_BYTES + 1, 1));
    }

    #[test]
    fn only_a_large_message_gives_its_memory_back() {
        let (mut small, _) = of(&[(b"abc", 5)]);
        small.give_back_memory(1000);
        assert_eq!(small.after(0), b"abc00000");
        let (mut large, _) = of(&[(&[b'a'; 1001], 0)]);
        large.give_back_memory(1000);
        assert_eq!((large.bytes.capacity(), large.after(0)), (0, &b""[..]));
        let (mut with_file, _) = of(&[(b"a", INLINE_BYTES)]);
        with_file.give_back_memory(1000);
        assert_eq!(with_file.after(0), b"");
    }

    #[test]
    fn the_target_is_the_second_word_of_the_request_line() {
        let mut message = Message::default();
        message.bytes_mut().extend_from_slice(b"GET /a?b=c HTTP/1.1\r\nhost: x y\r\n\r\n");
        assert_eq!(message.target(), "/a?b=c");
        assert_eq!(Message::default().target(), "");
    }

    proptest! {
        #[test]
        fn every_byte_is_sent_once_and_in_order_whatever_each_write_takes(
            pieces in prop::collection::vec(("[a-z]{0,5}", prop_oneof![Just(0), Just(3), Just(INLINE_BYTES)]), 0..4),
            step in 1_usize..20_000,
        ) {
            let pieces: Vec<_> = pieces.iter().map(|(text, bytes)| (text.as_bytes(), *bytes)).collect();
            let (message, whole) = of(&pieces);
            let mut sent = Vec::new();
            loop {
                let piece = message.after(sent.len());
                if piece.is_empty() {
                    break;
                }
                sent.extend_from_slice(&piece[..piece.len().min(step)]);
            }
            prop_assert!(sent == whole);
        }
    }
}
