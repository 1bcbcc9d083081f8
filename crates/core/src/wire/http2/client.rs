//! One connection, as a machine that is fed with bytes.

use super::error::{ConnectionError, ErrorCode, StreamError};
use super::frame::{self, FrameHeader, HEADER_BYTES, MAX_PAYLOAD_BYTES, flag, kind, number, write_frame};
use super::hpack::Decoder;
use super::output::Output;
use super::send::Sender;
use super::settings::{self, CONNECTION_WINDOW_BYTES, MAX_WINDOW_BYTES, STREAM_WINDOW_BYTES, ServerSettings};
use super::stream::{Slot, Streams, Taken};
use super::{MAX_IDLE_FRAMES, MAX_STREAMS};
use crate::wire::http1::Limits;

/// What a buffer for incomplete frames may keep.
const KEPT_BYTES: usize = 4096;
/// The largest stream id. Behind it a new connection is needed.
const LAST_ID: u32 = (1 << 31) - 1;

/// One connection to a server.
#[derive(Debug)]
pub struct Client {
    pub(super) limits: Limits,
    pub(super) server: ServerSettings,
    pub(super) streams: Streams,
    pub(super) output: Output,
    pub(super) sender: Sender,
    has_settings: bool,
    gone_away: Option<ErrorCode>,
    decoder: Decoder,
    /// The beginning of a frame that has not come whole.
    partial: Vec<u8>,
    block: PartialBlock,
    /// Bytes of body that came since the server was last told that it may send more.
    unacknowledged_bytes: u32,
    idle_frames: u32,
}

/// A header block that goes on in CONTINUATION frames.
#[derive(Debug, Default)]
struct PartialBlock {
    /// 0: there is none.
    stream: u32,
    ends_stream: bool,
    bytes: Vec<u8>,
}

impl Client {
    /// A new connection; what has to be said first is in its output.
    pub fn new(limits: Limits) -> Self {
        let mut output = Output::default();
        settings::write_opening(&mut output.bytes);
        Self {
            limits,
            server: ServerSettings::default(),
            streams: Streams::default(),
            output,
            sender: Sender::default(),
            has_settings: false,
            gone_away: None,
            decoder: Decoder::default(),
            partial: Vec::new(),
            block: PartialBlock::default(),
            unacknowledged_bytes: 0,
            idle_frames: 0,
        }
    }

    /// Whether the server has said what it allows: before, it is not known to speak HTTP/2 at all.
    pub fn has_settings(&self) -> bool {
        self.has_settings
    }

    /// Whether a stream can be opened now.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.accepts() && self.streams.open() < self.max_streams() as usize
    }

    /// Whether streams can be opened, now or when others have ended.
    #[inline]
    pub fn accepts(&self) -> bool {
        self.has_settings && self.gone_away.is_none() && self.sender.next_id <= LAST_ID
    }

    /// Streams that may be open at once.
    pub fn max_streams(&self) -> u32 {
        self.server.max_concurrent_streams.min(MAX_STREAMS)
    }

    /// Streams that are open.
    #[inline]
    pub fn open_streams(&self) -> usize {
        self.streams.open()
    }

    /// A stream that ended since this was last asked, until there is none.
    #[inline]
    pub fn pop_ended(&mut self) -> Option<Slot> {
        self.streams.pop_ended()
    }

    /// Whether this stream has ended.
    #[inline]
    pub fn has_ended(&mut self, slot: Slot) -> bool {
        self.streams.at(slot).is_none_or(|stream| !stream.is_open())
    }

    /// Gives away a stream and what came on it. One that is still open is cancelled; the others go on.
    pub fn take(&mut self, slot: Slot) -> Option<Taken> {
        let stream = self.streams.remove(slot)?;
        if stream.is_open() {
            self.reset(stream.id, ErrorCode::CANCEL);
        }
        Some(Taken {
            outcome: stream.outcome,
            status: stream.response.status(),
            body_bytes: stream.response.body_bytes(),
            traffic: stream.traffic,
            kept: stream.response.kept,
        })
    }

    /// The connection is lost: all open streams end.
    pub fn lose(&mut self, now_ns: u64) {
        self.gone_away.get_or_insert(ErrorCode::NO_ERROR);
        self.end_where(|_| true, StreamError::ConnectionLost, now_ns);
    }

    /// Says goodbye with this code; afterwards no stream can be opened.
    pub fn say_goodbye(&mut self, code: ErrorCode) {
        self.gone_away = Some(code);
        let payload = [0u32.to_be_bytes(), code.0.to_be_bytes()].concat();
        write_frame(kind::GOAWAY, 0, 0, &payload, &mut self.output.bytes);
    }

    /// Takes in what was read at `now_ns`, in pieces of any size.
    ///
    /// # Errors
    /// When the connection is of no more use. Its streams are left as they are: see [`Client::lose`].
    pub fn feed(&mut self, input: &[u8], now_ns: u64) -> Result<(), ConnectionError> {
        let mut input = input;
        if !self.partial.is_empty() {
            input = self.fill(input, HEADER_BYTES);
            let Some(header) = self.partial.first_chunk() else { return Ok(()) };
            let header = self.check_length(header)?;
            input = self.fill(input, HEADER_BYTES + header.length);
            if self.partial.len() < HEADER_BYTES + header.length {
                return Ok(());
            }
            let mut frame = std::mem::take(&mut self.partial);
            self.frame(header, &frame[HEADER_BYTES..], now_ns)?;
            frame.clear();
            frame.shrink_to(KEPT_BYTES);
            self.partial = frame;
        }
        while let Some(header) = input.first_chunk() {
            let header = self.check_length(header)?;
            let Some((payload, rest)) = input[HEADER_BYTES..].split_at_checked(header.length) else { break };
            self.frame(header, payload, now_ns)?;
            input = rest;
        }
        self.partial.extend_from_slice(input);
        Ok(())
    }

    /// Moves input until the incomplete frame has so many bytes, and returns the rest.
    fn fill<'a>(&mut self, input: &'a [u8], bytes: usize) -> &'a [u8] {
        let (here, rest) = input.split_at(bytes.saturating_sub(self.partial.len()).min(input.len()));
        self.partial.extend_from_slice(here);
        rest
    }

    #[inline]
    fn check_length(&self, bytes: &[u8; HEADER_BYTES]) -> Result<FrameHeader, ConnectionError> {
        if !self.has_settings && bytes.starts_with(b"HTTP/") {
            return Err(ConnectionError::Http1);
        }
        let header = FrameHeader::read(bytes);
        if header.length > MAX_PAYLOAD_BYTES {
            let kind = kind::name(header.kind);
            return Err(ConnectionError::FrameTooLarge { kind, length: header.length });
        }
        Ok(header)
    }

    #[inline]
    fn frame(&mut self, header: FrameHeader, payload: &[u8], now_ns: u64) -> Result<(), ConnectionError> {
        let is_settings = header.kind == kind::SETTINGS && !header.has(flag::ACK);
        if !self.has_settings && !is_settings {
            return Err(ConnectionError::NoSettings);
        }
        if (self.block.stream != 0) != (header.kind == kind::CONTINUATION) {
            return Err(ConnectionError::Interrupted(kind::name(header.kind)));
        }
        self.idle_frames += 1;
        if self.idle_frames > MAX_IDLE_FRAMES {
            return Err(ConnectionError::Flood(MAX_IDLE_FRAMES));
        }
        match header.kind {
            kind::DATA => self.data(header, payload, now_ns),
            kind::HEADERS => self.headers(header, payload, now_ns),
            kind::CONTINUATION => self.continuation(header, payload, now_ns),
            kind::RST_STREAM => self.rst_stream(header, payload, now_ns),
            kind::WINDOW_UPDATE => self.window_update(header, payload, now_ns),
            kind::SETTINGS => self.settings(header, payload),
            kind::PING => self.ping(header, payload),
            kind::GOAWAY => self.goaway(header, payload, now_ns),
            kind::PUSH_PROMISE => Err(ConnectionError::Push),
            kind::PRIORITY if header.stream == 0 => Err(misplaced(header)),
            // Priorities are not heeded; frames that nobody knows are to be ignored.
            _ => Ok(()),
        }
    }

    /// Refuses a frame on a stream that was never opened; frames on streams that have ended are still under way.
    #[inline]
    fn check_stream(&self, header: FrameHeader) -> Result<(), ConnectionError> {
        if header.stream & 1 == 1 && header.stream < self.sender.next_id {
            Ok(())
        } else {
            Err(misplaced(header))
        }
    }

    fn data(&mut self, header: FrameHeader, payload: &[u8], now_ns: u64) -> Result<(), ConnectionError> {
        self.check_stream(header)?;
        let data = header.unpadded(payload).ok_or(ConnectionError::FrameSize("DATA"))?;
        let bytes = payload.len() as u32;
        self.unacknowledged_bytes += bytes;
        if self.unacknowledged_bytes > CONNECTION_WINDOW_BYTES {
            return Err(ConnectionError::FlowControl);
        }
        if self.unacknowledged_bytes >= CONNECTION_WINDOW_BYTES / 2 {
            let more = std::mem::take(&mut self.unacknowledged_bytes);
            self.enlarge_window(0, more);
        }
        let Some((slot, stream)) = self.streams.find(header.stream) else { return Ok(()) };
        if !data.is_empty() {
            self.idle_frames = 0;
        }
        note_arrival(&mut stream.traffic, payload.len(), now_ns);
        stream.unacknowledged_bytes += bytes;
        let taken = if stream.unacknowledged_bytes > STREAM_WINDOW_BYTES {
            Err(StreamError::FlowControl)
        } else {
            stream.response.data(data)
        };
        let ends = header.has(flag::END_STREAM);
        match taken {
            Ok(()) if ends => {
                let ended = stream.response.end();
                self.end(slot, header.stream, ended, now_ns);
            }
            Ok(()) if stream.unacknowledged_bytes >= STREAM_WINDOW_BYTES / 2 => {
                let more = std::mem::take(&mut stream.unacknowledged_bytes);
                self.enlarge_window(header.stream, more);
            }
            Ok(()) => {}
            Err(error) => self.end(slot, header.stream, Err(error), now_ns),
        }
        Ok(())
    }

    fn enlarge_window(&mut self, stream: u32, bytes: u32) {
        write_frame(kind::WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes(), &mut self.output.bytes);
    }

    fn headers(&mut self, header: FrameHeader, payload: &[u8], now_ns: u64) -> Result<(), ConnectionError> {
        self.check_stream(header)?;
        let wrong_size = ConnectionError::FrameSize("HEADERS");
        let block = header.unpadded(payload).ok_or(wrong_size)?;
        let skipped = if header.has(flag::PRIORITY) { 5 } else { 0 };
        let block = block.get(skipped..).ok_or(wrong_size)?;
        if let Some((_, stream)) = self.streams.find(header.stream) {
            note_arrival(&mut stream.traffic, payload.len(), now_ns);
        }
        let ends_stream = header.has(flag::END_STREAM);
        if header.has(flag::END_HEADERS) {
            return self.block(header.stream, ends_stream, block, now_ns);
        }
        self.block.stream = header.stream;
        self.block.ends_stream = ends_stream;
        self.block.bytes.extend_from_slice(block);
        Ok(())
    }

    fn continuation(
        &mut self,
        header: FrameHeader,
        payload: &[u8],
        now_ns: u64,
    ) -> Result<(), ConnectionError> {
        if header.stream != self.block.stream {
            return Err(ConnectionError::Interrupted("CONTINUATION"));
        }
        let limit_bytes = self.limits.max_head_bytes;
        if self.block.bytes.len() + payload.len() > limit_bytes {
            return Err(ConnectionError::HeadTooLarge { limit_bytes });
        }
        self.block.bytes.extend_from_slice(payload);
        if let Some((_, stream)) = self.streams.find(header.stream) {
            note_arrival(&mut stream.traffic, payload.len(), now_ns);
        }
        if !header.has(flag::END_HEADERS) {
            return Ok(());
        }
        let block = std::mem::take(&mut self.block);
        self.block(block.stream, block.ends_stream, &block.bytes, now_ns)
    }

    /// A whole header block. It has to be decoded also when nobody waits for it any more: later ones refer to it.
    fn block(
        &mut self,
        id: u32,
        ends_stream: bool,
        block: &[u8],
        now_ns: u64,
    ) -> Result<(), ConnectionError> {
        let Some((slot, stream)) = self.streams.find(id) else {
            return Ok(self.decoder.decode(block, |_| {})?);
        };
        self.idle_frames = 0;
        let response = &mut stream.response;
        response.begin_block();
        self.decoder.decode(block, |field| response.take(field))?;
        match response.end_block(ends_stream) {
            Ok(()) if ends_stream => {
                let ended = response.end();
                self.end(slot, id, ended, now_ns);
            }
            Ok(()) if response.continues() => {
                // The first byte of the response is that of the final one.
                stream.traffic.first_byte_ns = 0;
                self.send_body(slot);
            }
            Ok(()) => {}
            Err(error) => self.end(slot, id, Err(error), now_ns),
        }
        Ok(())
    }

    fn rst_stream(
        &mut self,
        header: FrameHeader,
        payload: &[u8],
        now_ns: u64,
    ) -> Result<(), ConnectionError> {
        self.check_stream(header)?;
        let code = number(payload).filter(|_| payload.len() == 4).map(ErrorCode);
        let code = code.ok_or(ConnectionError::FrameSize("RST_STREAM"))?;
        if let Some((slot, stream)) = self.streams.find(header.stream) {
            note_arrival(&mut stream.traffic, payload.len(), now_ns);
            self.streams.end(slot, Err(StreamError::Reset(code)), now_ns);
        }
        Ok(())
    }

    fn window_update(
        &mut self,
        header: FrameHeader,
        payload: &[u8],
        now_ns: u64,
    ) -> Result<(), ConnectionError> {
        let more = number(payload).filter(|_| payload.len() == 4);
        let more = i64::from(more.ok_or(ConnectionError::FrameSize("WINDOW_UPDATE"))? & 0x7fff_ffff);
        let is_wrong = |window: i64| more == 0 || window + more > MAX_WINDOW_BYTES;
        if header.stream == 0 {
            if is_wrong(self.sender.window_bytes) {
                return Err(ConnectionError::Window);
            }
            self.sender.window_bytes += more;
        } else {
            self.check_stream(header)?;
            let Some((slot, stream)) = self.streams.find(header.stream) else { return Ok(()) };
            if is_wrong(stream.send_window) {
                self.end(slot, header.stream, Err(StreamError::Window), now_ns);
                return Ok(());
            }
            stream.send_window += more;
        }
        self.send_more();
        Ok(())
    }

    fn settings(&mut self, header: FrameHeader, payload: &[u8]) -> Result<(), ConnectionError> {
        if header.stream != 0 {
            return Err(misplaced(header));
        }
        if header.has(flag::ACK) {
            return if payload.is_empty() { Ok(()) } else { Err(ConnectionError::FrameSize("SETTINGS")) };
        }
        let before = self.server;
        self.server.apply(payload)?;
        if !self.has_settings && self.server.max_concurrent_streams == u32::MAX {
            self.server.max_concurrent_streams = MAX_STREAMS;
        }
        self.has_settings = true;
        // Our table is always empty; a server that shrinks it wants to hear that we know.
        self.sender.tells_table_size |= self.server.table_bytes < before.table_bytes;
        let more = i64::from(self.server.window_bytes) - i64::from(before.window_bytes);
        for (_, stream) in self.streams.each_open() {
            stream.send_window += more;
        }
        if self.streams.each_open().any(|(_, stream)| stream.send_window > MAX_WINDOW_BYTES) {
            return Err(ConnectionError::Window);
        }
        settings::write_ack(&mut self.output.bytes);
        self.send_more();
        Ok(())
    }

    fn ping(&mut self, header: FrameHeader, payload: &[u8]) -> Result<(), ConnectionError> {
        if header.stream != 0 {
            return Err(misplaced(header));
        }
        if payload.len() != 8 {
            return Err(ConnectionError::FrameSize("PING"));
        }
        if !header.has(flag::ACK) {
            write_frame(kind::PING, flag::ACK, 0, payload, &mut self.output.bytes);
        }
        Ok(())
    }

    fn goaway(&mut self, header: FrameHeader, payload: &[u8], now_ns: u64) -> Result<(), ConnectionError> {
        if header.stream != 0 {
            return Err(misplaced(header));
        }
        let wrong_size = ConnectionError::FrameSize("GOAWAY");
        let last_id = number(payload).ok_or(wrong_size)? & LAST_ID;
        let code = ErrorCode(number(&payload[4..]).ok_or(wrong_size)?);
        self.gone_away = Some(code);
        self.end_where(|id| id > last_id, StreamError::GoneAway(code), now_ns);
        Ok(())
    }

    fn end_where(&mut self, wanted: impl Fn(u32) -> bool, error: StreamError, now_ns: u64) {
        let open = self.streams.each_open().filter(|(_, stream)| wanted(stream.id));
        let slots: Vec<Slot> = open.map(|(slot, _)| slot).collect();
        for slot in slots {
            self.streams.end(slot, Err(error), now_ns);
        }
    }

    /// Ends a stream, and tells the server what it does not know.
    #[inline]
    fn end(&mut self, slot: Slot, id: u32, outcome: Result<(), StreamError>, now_ns: u64) {
        let code = match outcome {
            // An answer to a request that was not sent whole: the rest is of no use to anybody.
            Ok(()) => {
                let is_sent = self.streams.at(slot).is_none_or(|stream| stream.is_sent());
                if is_sent { None } else { Some(ErrorCode::CANCEL) }
            }
            Err(error) => error.code(),
        };
        if let Some(code) = code {
            self.reset(id, code);
        }
        self.streams.end(slot, outcome, now_ns);
    }

    fn reset(&mut self, id: u32, code: ErrorCode) {
        write_frame(kind::RST_STREAM, 0, id, &code.0.to_be_bytes(), &mut self.output.bytes);
    }

    /// Forgets how many frames brought nothing on.
    pub(super) fn is_busy(&mut self) {
        self.idle_frames = 0;
    }
}

#[inline]
fn note_arrival(traffic: &mut super::Traffic, payload_bytes: usize, now_ns: u64) {
    traffic.bytes_in += (frame::HEADER_BYTES + payload_bytes) as u64;
    if traffic.first_byte_ns == 0 {
        traffic.first_byte_ns = now_ns;
    }
}

#[cold]
fn misplaced(header: FrameHeader) -> ConnectionError {
    ConnectionError::MisplacedFrame { kind: kind::name(header.kind), stream: header.stream }
}
