//! Bytes that wait for the socket, and the streams that want to know when theirs are gone.

use std::collections::VecDeque;

use super::stream::{Slot, Streams};

/// Memory that is kept when everything is written.
const KEPT_BYTES: usize = 64 * 1024;

/// Bytes that wait for the socket.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// What is to be written; frames are appended.
    pub(super) bytes: Vec<u8>,
    written: usize,
    /// Bytes that were written before those in `bytes`.
    passed: u64,
    /// Streams of which nothing was written when they were last looked at.
    fresh: Vec<(Slot, u32)>,
    /// Where requests end, counted from the first byte of the connection.
    ends: VecDeque<(u64, Slot, u32)>,
}

impl Output {
    /// What is still to be written.
    #[inline]
    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// A request begins with the next byte.
    #[inline]
    pub(super) fn begin(&mut self, slot: Slot, id: u32) {
        self.fresh.push((slot, id));
    }

    /// A request ended with the last byte.
    #[inline]
    pub(super) fn end(&mut self, slot: Slot, id: u32) {
        self.ends.push_back((self.passed + self.bytes.len() as u64, slot, id));
    }

    /// All of it is about to be written.
    #[inline]
    pub(super) fn sending(&mut self, streams: &mut Streams, now_ns: u64) {
        for (slot, id) in self.fresh.drain(..) {
            if let Some(stream) = streams.at(slot).filter(|stream| stream.id == id) {
                stream.traffic.send_ns = now_ns;
            }
        }
    }

    /// So many bytes were written.
    #[inline]
    pub(super) fn wrote(&mut self, bytes: usize, streams: &mut Streams, now_ns: u64) {
        self.written += bytes;
        let at = self.passed + self.written as u64;
        while let Some(&(end, slot, id)) = self.ends.front().filter(|(end, ..)| *end <= at) {
            debug_assert!(end <= at);
            self.ends.pop_front();
            if let Some(stream) = streams.at(slot).filter(|stream| stream.id == id)
                && stream.traffic.first_byte_ns == 0
            {
                stream.traffic.sent_ns = now_ns;
            }
        }
        if self.written == self.bytes.len() {
            self.passed = at;
            self.written = 0;
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_BYTES);
        } else if self.written >= KEPT_BYTES {
            self.bytes.drain(..self.written);
            self.passed = at;
            self.written = 0;
        }
    }
}
