//! Bodies of requests: held back until the server wants them, and in pieces.

use proptest::prelude::*;

use super::*;

/// `:status: 100`, with a name from the static table.
const CONTINUE: &[u8] = &[0x08, 3, b'1', b'0', b'0'];

/// A body in pieces.
#[derive(Debug, Clone)]
struct Pieces(Vec<Vec<u8>>);

impl Body for Pieces {
    fn after(&self, sent: usize) -> &[u8] {
        let mut before = 0;
        for piece in &self.0 {
            if sent < before + piece.len() {
                return &piece[sent - before..];
            }
            before += piece.len();
        }
        &[]
    }

    fn keep(&self) -> Box<dyn Body> {
        Box::new(self.clone())
    }
}

#[test]
fn a_body_that_is_held_back_is_sent_when_the_server_says_continue() {
    let mut client = client_of(&[]);
    let slot = start(&mut client, &&b"ping"[..], true);
    let sent = frames(&written(&mut client));
    assert_eq!((sent.len(), sent[0].0, sent[0].1), (1, kind::HEADERS, flag::END_HEADERS));
    client.feed(&headers(1, CONTINUE, false), 4).unwrap();
    let data = (kind::DATA, flag::END_STREAM, 1, b"ping".to_vec());
    assert_eq!(frames(&written(&mut client)), [data]);
    client.send_body(slot);
    assert!(client.output().is_empty(), "it is sent once");
    client.feed(&headers(1, OK, true), 5).unwrap();
    let taken = client.take(slot).expect("it ended");
    assert_eq!((taken.outcome, taken.status), (Some(Ok(())), 200));
    let traffic = taken.traffic;
    assert_eq!((traffic.send_ns, traffic.sent_ns, traffic.first_byte_ns), (2, 3, 5));
}

#[test]
fn a_body_that_is_held_back_can_be_sent_without_a_word_of_the_server() {
    let mut client = client_of(&[]);
    let slot = start(&mut client, &&b"ping"[..], true);
    written(&mut client);
    client.send_body(slot);
    assert_eq!(frames(&written(&mut client))[0].3, b"ping");
}

#[test]
fn a_final_response_makes_a_body_that_is_held_back_useless() {
    let mut client = client_of(&[]);
    let slot = start(&mut client, &&b"ping"[..], true);
    written(&mut client);
    client.feed(&headers(1, OK, true), 4).unwrap();
    client.send_body(slot);
    let sent = frames(&written(&mut client));
    assert_eq!((sent.len(), sent[0].0, &sent[0].3[..]), (1, kind::RST_STREAM, &[0, 0, 0, 8][..]));
    assert_eq!(outcome(&mut client, slot), Some(Ok(200)));
}

proptest! {
    #[test]
    fn pieces_arrive_in_order_and_the_last_ends_the_stream(
        sizes in prop::collection::vec(1_usize..40_000, 1..5), window in 1_u32..100_000
    ) {
        let mut client = client_of(&[(4, window)]);
        let pieces: Vec<_> = sizes.iter().enumerate().map(|(index, size)| vec![index as u8; *size]).collect();
        let whole = pieces.concat();
        start(&mut client, &Pieces(pieces), false);
        let mut received = Vec::new();
        loop {
            let sent = frames(&written(&mut client));
            let data = sent.iter().filter(|frame| frame.0 == kind::DATA);
            received.extend(data.flat_map(|frame| frame.3.iter().copied()));
            if sent.iter().any(|frame| frame.1 & flag::END_STREAM != 0) {
                break;
            }
            for stream in [0, 1] {
                client.feed(&frame(kind::WINDOW_UPDATE, 0, stream, &50_000_u32.to_be_bytes()), 3).unwrap();
            }
        }
        prop_assert!(received == whole);
    }
}
