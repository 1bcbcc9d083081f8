//! The client against frames written by hand: what it sends, how streams end, and what ends a connection.

mod any_bytes;
mod bodies;
mod connection;
mod streams;

use super::frame::{flag, kind, write_frame};
use super::*;
use crate::wire::http1::{Limits, RequestMethod};

const LIMITS: Limits = Limits { max_head_bytes: 20_000, max_body_bytes: 1 << 30 };
const KEEP: Keep = Keep { head_bytes: 4096, body_bytes: 4096 };
/// `:status: 200`.
const OK: &[u8] = &[0x88];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_frame(kind, flags, stream, payload, &mut out);
    out
}

fn settings(pairs: &[(u16, u32)]) -> Vec<u8> {
    let pair = |&(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(kind::SETTINGS, 0, 0, &pairs.iter().flat_map(pair).collect::<Vec<u8>>())
}

fn headers(stream: u32, block: &[u8], ends: bool) -> Vec<u8> {
    let ends = if ends { flag::END_STREAM } else { 0 };
    frame(kind::HEADERS, flag::END_HEADERS | ends, stream, block)
}

fn data(stream: u32, bytes: &[u8], ends: bool) -> Vec<u8> {
    frame(kind::DATA, if ends { flag::END_STREAM } else { 0 }, stream, bytes)
}

/// A client whose server has said that it has these settings, and that has nothing more to write.
fn client_of(pairs: &[(u16, u32)]) -> Client {
    let mut client = Client::new(LIMITS);
    client.feed(&settings(pairs), 1).unwrap();
    written(&mut client);
    client
}

/// Everything that the client wants to write.
fn written(client: &mut Client) -> Vec<u8> {
    let mut all = Vec::new();
    while !client.output().is_empty() {
        all.extend_from_slice(client.output());
        client.sending(2);
        let bytes = client.output().len();
        client.wrote(bytes, 3);
    }
    all
}

fn get(client: &mut Client) -> Slot {
    post(client, b"")
}

fn post(client: &mut Client, body: &[u8]) -> Slot {
    // `:method: GET`, `:scheme: http`, `:path: /`: who asks is of no interest here.
    start(client, &body, false)
}

fn start(client: &mut Client, body: &dyn Body, holds_body: bool) -> Slot {
    let block = &[0x82, 0x86, 0x84];
    let request = Outgoing { block, body, holds_body, method: RequestMethod::Other };
    client.start(request, KEEP, Kept::default()).expect("room")
}

/// Type, flags, stream and payload of each frame.
fn frames(mut bytes: &[u8]) -> Vec<(u8, u8, u32, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some(header) = bytes.first_chunk() {
        let header = frame::FrameHeader::read(header);
        let (payload, rest) = bytes[frame::HEADER_BYTES..].split_at(header.length);
        found.push((header.kind, header.flags, header.stream, payload.to_vec()));
        bytes = rest;
    }
    assert!(bytes.is_empty());
    found
}

fn outcome(client: &mut Client, slot: Slot) -> Option<Result<u16, StreamError>> {
    let taken = client.take(slot).expect("it is there");
    taken.outcome.map(|done| done.map(|()| taken.status))
}
