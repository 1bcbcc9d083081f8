//! The streams of a connection that are open, or ended and not yet looked at.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::error::StreamError;
use super::response::{Keep, Kept, Response};
use super::send::Body;
use crate::wire::http1::{Limits, RequestMethod};

/// Where a stream is kept. It is valid until the stream is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(pub(super) u32);

impl Slot {
    /// A small number: one less than the most streams that were kept at once is the largest.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// When things happened on a stream, and how much was moved. A time is 0 while it has not come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The first byte of the request was about to be written.
    pub send_ns: u64,
    /// Its last byte was written.
    pub sent_ns: u64,
    /// The first frame of the response was there.
    pub first_byte_ns: u64,
    /// The stream had ended.
    pub end_ns: u64,
    /// Bytes of frames that came.
    pub bytes_in: u64,
    /// Bytes of frames that were written, or are about to be.
    pub bytes_out: u64,
}

/// A stream that somebody has taken.
#[derive(Debug)]
pub struct Taken {
    /// How it ended; `None` when it was still open, so that it was cancelled.
    pub outcome: Option<Result<(), StreamError>>,
    /// Status code; 0 if no final head came.
    pub status: u16,
    /// Bytes of body.
    pub body_bytes: u64,
    /// Its times and bytes.
    pub traffic: Traffic,
    /// What was kept of the response.
    pub kept: Kept,
}

/// A stream.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: u32,
    pub(super) response: Response,
    pub(super) traffic: Traffic,
    /// Bytes that may be sent.
    pub(super) send_window: i64,
    /// Bytes of body that came since the server was last told that it may send more.
    pub(super) unacknowledged_bytes: u32,
    /// The request's body, as long as it is not sent whole.
    pub(super) unsent: Option<Unsent>,
    pub(super) outcome: Option<Result<(), StreamError>>,
}

/// A body of which something is still to be sent.
#[derive(Debug)]
pub(super) struct Unsent {
    pub(super) body: Box<dyn Body>,
    pub(super) sent: usize,
    /// It waits until the server wants it.
    pub(super) is_held: bool,
}

impl Stream {
    pub(super) fn is_open(&self) -> bool {
        self.outcome.is_none()
    }

    /// Whether the request is written, or in the output.
    pub(super) fn is_sent(&self) -> bool {
        self.unsent.is_none()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Streams {
    slots: Vec<Option<Stream>>,
    free: Vec<Slot>,
    /// Of those that are open.
    by_id: HashMap<u32, Slot, BuildHasherDefault<IdHasher>>,
    /// Ended since this was last asked for.
    ended: Vec<Slot>,
}

impl Streams {
    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.by_id.len()
    }

    /// Opens the stream `id`.
    pub(super) fn open_one(
        &mut self,
        id: u32,
        send_window: i64,
        (method, limits): (RequestMethod, Limits),
        (keep, kept): (Keep, Kept),
    ) -> Slot {
        let stream = Stream {
            id,
            response: Response::new(method, limits, keep, kept),
            traffic: Traffic::default(),
            send_window,
            unacknowledged_bytes: 0,
            unsent: None,
            outcome: None,
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            Slot(self.slots.len() as u32 - 1)
        });
        self.slots[slot.index()] = Some(stream);
        self.by_id.insert(id, slot);
        slot
    }

    /// The open stream with this id.
    #[inline]
    pub(super) fn find(&mut self, id: u32) -> Option<(Slot, &mut Stream)> {
        let slot = *self.by_id.get(&id)?;
        Some((slot, self.slots[slot.index()].as_mut()?))
    }

    /// The stream at this place.
    #[inline]
    pub(super) fn at(&mut self, slot: Slot) -> Option<&mut Stream> {
        self.slots.get_mut(slot.index())?.as_mut()
    }

    /// All open streams.
    pub(super) fn each_open(&mut self) -> impl Iterator<Item = (Slot, &mut Stream)> {
        self.slots.iter_mut().enumerate().filter_map(|(index, stream)| {
            let stream = stream.as_mut().filter(|stream| stream.is_open())?;
            Some((Slot(index as u32), stream))
        })
    }

    /// Ends an open stream.
    #[inline]
    pub(super) fn end(&mut self, slot: Slot, outcome: Result<(), StreamError>, now_ns: u64) {
        let Some(stream) = self.slots[slot.index()].as_mut().filter(|stream| stream.is_open()) else {
            return;
        };
        stream.outcome = Some(outcome);
        stream.traffic.end_ns = now_ns;
        self.by_id.remove(&stream.id);
        self.ended.push(slot);
    }

    /// One of those that ended since they were last asked for.
    #[inline]
    pub(super) fn pop_ended(&mut self) -> Option<Slot> {
        self.ended.pop()
    }

    /// Forgets a stream.
    #[inline]
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Stream> {
        let stream = self.slots.get_mut(slot.index())?.take()?;
        self.by_id.remove(&stream.id);
        self.free.push(slot);
        Some(stream)
    }
}

/// Ids are odd numbers in a row: spread enough by one multiplication.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }

    #[inline]
    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
