//! Sending: requests become frames, as far as the windows of the server allow.

use std::collections::VecDeque;
use std::fmt::Debug;

use super::client::Client;
use super::frame::{FrameHeader, HEADER_BYTES, flag, kind};
use super::hpack::append_table_size;
use super::response::{Keep, Kept};
use super::settings::DEFAULT_WINDOW_BYTES;
use super::stream::{Slot, Stream, Unsent};
use crate::wire::http1::RequestMethod;

/// Bodies wait with the streams, not in the output, while so much is already waiting for the socket.
const OUTPUT_BYTES: usize = 256 * 1024;

/// A body that is sent from where it lies.
pub trait Body: Debug {
    /// The next bytes in one piece when `sent` have been sent already; empty at the end.
    fn after(&self, sent: usize) -> &[u8];

    /// Itself, for what cannot be sent at once.
    fn keep(&self) -> Box<dyn Body>;
}

impl Body for &[u8] {
    fn after(&self, sent: usize) -> &[u8] {
        &self[sent..]
    }

    fn keep(&self) -> Box<dyn Body> {
        Box::new(self.to_vec())
    }
}

impl Body for Vec<u8> {
    fn after(&self, sent: usize) -> &[u8] {
        &self[sent..]
    }

    fn keep(&self) -> Box<dyn Body> {
        Box::new(self.clone())
    }
}

/// A request as it goes over the wire.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The header block, from [`super::HeadEncoder`].
    pub block: &'a [u8],
    /// The body; empty if it has none.
    pub body: &'a dyn Body,
    /// The body waits until the server has said `100 Continue`, or [`Client::send_body`] is called.
    pub holds_body: bool,
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
        let has_body = !request.body.after(0).is_empty();
        let before = self.output.bytes.len();
        if self.sender.tells_table_size {
            self.sender.tells_table_size = false;
            let mut block = Vec::with_capacity(request.block.len() + 1);
            append_table_size(0, &mut block);
            block.extend_from_slice(request.block);
            self.write_block(id, &block, !has_body);
        } else {
            self.write_block(id, request.block, !has_body);
        }
        let bytes = (self.output.bytes.len() - before) as u64;
        if let Some(stream) = self.streams.at(slot) {
            stream.traffic.bytes_out = bytes;
        }
        if !has_body {
            self.output.end(slot, id);
            return Ok(slot);
        }
        let sent = if request.holds_body { 0 } else { self.write_body(slot, request.body, 0) };
        if !request.body.after(sent).is_empty()
            && let Some(stream) = self.streams.at(slot)
        {
            stream.unsent = Some(Unsent { body: request.body.keep(), sent, is_held: request.holds_body });
            if !request.holds_body {
                self.sender.waiting.push_back((slot, id));
            }
        }
        Ok(slot)
    }

    /// Sends a body that was held back, whatever the server has said.
    pub fn send_body(&mut self, slot: Slot) {
        let Some(stream) = self.streams.at(slot).filter(|stream| stream.is_open()) else { return };
        let Some(unsent) = stream.unsent.as_mut().filter(|unsent| unsent.is_held) else { return };
        unsent.is_held = false;
        self.sender.waiting.push_back((slot, stream.id));
        self.send_more();
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
            let Some(mut unsent) = stream.unsent.take() else { continue };
            unsent.sent = self.write_body(slot, &*unsent.body, unsent.sent);
            if !unsent.body.after(unsent.sent).is_empty() {
                if let Some(stream) = self.streams.at(slot) {
                    stream.unsent = Some(unsent);
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

    /// Writes of a body, of which `sent` bytes are gone, what windows and output have room for; returns how much of it is
    /// gone then.
    fn write_body(&mut self, slot: Slot, body: &dyn Body, sent: usize) -> usize {
        let most = self.server.max_payload_bytes;
        let Some(stream) = self.streams.at(slot) else { return sent };
        let before = sent;
        let mut sent = sent;
        let mut piece = body.after(sent);
        while !piece.is_empty() && self.output.pending().len() < OUTPUT_BYTES {
            let window = stream.send_window.min(self.sender.window_bytes).max(0) as usize;
            let length = piece.len().min(window).min(most);
            if length == 0 {
                break;
            }
            let rest = body.after(sent + length);
            let flags = if rest.is_empty() { flag::END_STREAM } else { 0 };
            let header = FrameHeader { length, kind: kind::DATA, flags, stream: stream.id };
            header.write(&mut self.output.bytes);
            self.output.bytes.extend_from_slice(&piece[..length]);
            stream.send_window -= length as i64;
            self.sender.window_bytes -= length as i64;
            stream.traffic.bytes_out += (HEADER_BYTES + length) as u64;
            sent += length;
            piece = rest;
        }
        if piece.is_empty() {
            self.output.end(slot, stream.id);
        }
        if sent > before {
            self.is_busy();
        }
        sent
    }
}
