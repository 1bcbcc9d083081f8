//! Sending: requests become frames, as far as the windows of the server allow.

use std::collections::VecDeque;

use super::client::Client;
use super::frame::{FrameHeader, HEADER_BYTES, flag, kind};
use super::hpack::append_table_size;
use super::response::{Keep, Kept};
use super::settings::DEFAULT_WINDOW_BYTES;
use super::stream::{Slot, Stream};
use crate::wire::http1::RequestMethod;

/// Bodies wait with the streams, not in the output, while so much is already waiting for the socket.
const OUTPUT_BYTES: usize = 256 * 1024;

/// A request as it goes over the wire.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The header block, from [`super::RequestHead`].
    pub block: &'a [u8],
    /// The body; empty if it has none.
    pub body: &'a [u8],
    /// What its response may look like.
    pub method: RequestMethod,
}

/// What is known of the sending half of a connection.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) next_id: u32,
    /// Bytes of body that may be sent, on all streams.
    pub(super) window_bytes: i64,
    /// The next header block says that our table is empty.
    pub(super) tells_table_size: bool,
    /// Streams whose body waits for a window or the socket.
    waiting: VecDeque<(Slot, u32)>,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            next_id: 1,
            window_bytes: i64::from(DEFAULT_WINDOW_BYTES),
            tells_table_size: false,
            waiting: VecDeque::new(),
        }
    }
}

impl Client {
    /// Opens a stream for a request. What is kept of the response goes into `kept`, up to `keep`.
    ///
    /// # Errors
    /// Gives `kept` back when there is no room, see [`Client::has_room`].
    pub fn start(&mut self, request: Outgoing<'_>, keep: Keep, kept: Kept) -> Result<Slot, Kept> {
        if !self.has_room() {
            return Err(kept);
        }
        let id = self.sender.next_id;
        self.sender.next_id += 2;
        let window = i64::from(self.server.window_bytes);
        let slot = self.streams.open_one(id, window, (request.method, self.limits), (keep, kept));
        self.output.begin(slot, id);
        self.is_busy();
        let before = self.output.bytes.len();
        if self.sender.tells_table_size {
            self.sender.tells_table_size = false;
            let mut block = Vec::with_capacity(request.block.len() + 1);
            append_table_size(0, &mut block);
            block.extend_from_slice(request.block);
            self.write_block(id, &block, request.body.is_empty());
        } else {
            self.write_block(id, request.block, request.body.is_empty());
        }
        let bytes = (self.output.bytes.len() - before) as u64;
        if let Some(stream) = self.streams.at(slot) {
            stream.traffic.bytes_out = bytes;
        }
        if request.body.is_empty() {
            self.output.end(slot, id);
        } else {
            let sent = self.write_body(slot, request.body);
            if sent < request.body.len()
                && let Some(stream) = self.streams.at(slot)
            {
                stream.unsent = (request.body[sent..].to_vec(), 0);
                self.sender.waiting.push_back((slot, id));
            }
        }
        Ok(slot)
    }

    /// What waits for the socket.
    #[inline]
    pub fn output(&self) -> &[u8] {
        self.output.pending()
    }

    /// The output is about to be written: requests in it begin now.
    #[inline]
    pub fn sending(&mut self, now_ns: u64) {
        self.output.sending(&mut self.streams, now_ns);
    }

    /// So many bytes of the output were written.
    #[inline]
    pub fn wrote(&mut self, bytes: usize, now_ns: u64) {
        self.output.wrote(bytes, &mut self.streams, now_ns);
        self.send_more();
    }

    /// Sends of the waiting bodies what can be sent now.
    #[inline]
    pub(super) fn send_more(&mut self) {
        for _ in 0..self.sender.waiting.len() {
            let Some((slot, id)) = self.sender.waiting.pop_front() else { return };
            let is_waiting = |stream: &&mut Stream| stream.id == id && stream.is_open();
            let Some(stream) = self.streams.at(slot).filter(is_waiting) else { continue };
            let (unsent, from) = std::mem::take(&mut stream.unsent);
            let until = from + self.write_body(slot, &unsent[from..]);
            if until < unsent.len() {
                if let Some(stream) = self.streams.at(slot) {
                    stream.unsent = (unsent, until);
                }
                self.sender.waiting.push_back((slot, id));
            }
        }
    }

    /// Writes a header block, in as many frames as the server's limit asks for.
    #[inline]
    fn write_block(&mut self, stream: u32, block: &[u8], ends_stream: bool) {
        let most = self.server.max_payload_bytes;
        let mut flags = if ends_stream { flag::END_STREAM } else { 0 };
        let mut kind = kind::HEADERS;
        let mut rest = block;
        while rest.len() > most {
            let (here, behind) = rest.split_at(most);
            FrameHeader { length: most, kind, flags, stream }.write(&mut self.output.bytes);
            self.output.bytes.extend_from_slice(here);
            (kind, flags, rest) = (kind::CONTINUATION, 0, behind);
        }
        flags |= flag::END_HEADERS;
        FrameHeader { length: rest.len(), kind, flags, stream }.write(&mut self.output.bytes);
        self.output.bytes.extend_from_slice(rest);
    }

    /// Writes of a body what windows and output have room for, and returns how much that was.
    fn write_body(&mut self, slot: Slot, body: &[u8]) -> usize {
        let most = self.server.max_payload_bytes;
        let Some(stream) = self.streams.at(slot) else { return body.len() };
        let mut sent = 0;
        while sent < body.len() && self.output.pending().len() < OUTPUT_BYTES {
            let window = stream.send_window.min(self.sender.window_bytes).max(0) as usize;
            let length = (body.len() - sent).min(window).min(most);
            if length == 0 {
                break;
            }
            let flags = if sent + length == body.len() { flag::END_STREAM } else { 0 };
            let header = FrameHeader { length, kind: kind::DATA, flags, stream: stream.id };
            header.write(&mut self.output.bytes);
            self.output.bytes.extend_from_slice(&body[sent..sent + length]);
            stream.send_window -= length as i64;
            self.sender.window_bytes -= length as i64;
            stream.traffic.bytes_out += (HEADER_BYTES + length) as u64;
            sent += length;
        }
        if sent == body.len() {
            self.output.end(slot, stream.id);
        }
        if sent > 0 {
            self.is_busy();
        }
        sent
    }
}
