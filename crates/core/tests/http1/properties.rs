//! What holds for any response, made up or damaged.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;

use crate::corpus::corpus;
use crate::replay::assert_cuts_do_not_matter;

/// A well-formed response and its body.
fn any_response() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let fields = vec(("[A-Za-z][A-Za-z0-9-]{0,8}", "[ -~]{0,20}"), 0..8).prop_map(|fields| {
        fields.iter().map(|(name, value)| format!("x-{name}: {value}\r\n")).collect::<String>()
    });
    let status = select(vec![200_u16, 201, 206, 301, 404, 500, 599]);
    (status, 0..3_usize, fields.clone(), fields, vec(vec(any::<u8>(), 1..300), 0..6)).prop_map(
        |(status, framing, fields, trailers, chunks)| {
            let body = chunks.concat();
            let (framing, encoded) = match framing {
                0 => (format!("content-length: {}\r\n", body.len()), body.clone()),
                1 => ("transfer-encoding: chunked\r\n".to_owned(), encode_chunks(&chunks, &trailers)),
                _ => (String::new(), body.clone()),
            };
            let head = format!("HTTP/1.1 {status} Reason\r\n{fields}{framing}\r\n");
            ([head.as_bytes(), &encoded].concat(), body)
        },
    )
}

fn encode_chunks(chunks: &[Vec<u8>], trailers: &str) -> Vec<u8> {
    let mut encoded = Vec::new();
    for chunk in chunks {
        encoded.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        encoded.extend_from_slice(chunk);
        encoded.extend_from_slice(b"\r\n");
    }
    encoded.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
    encoded
}

const CHUNKED_HEAD: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/// One change to some bytes; an index is relative to how many there are then.
#[derive(Debug, Clone)]
enum Damage {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index, Index),
    Repeat(Index, Index),
    Truncate(Index),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    // Bytes that mean something to a parser, and any others.
    let byte = || prop_oneof![select(b"\r\n\0 \t:;,0159aAfF-+".to_vec()), any::<u8>()];
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, other)| Damage::Remove(at, other)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, other)| Damage::Repeat(at, other)),
        any::<Index>().prop_map(Damage::Truncate),
    ]
}

fn apply(damage: &Damage, bytes: &mut Vec<u8>) {
    let place = |index: &Index, bytes: &[u8]| index.index(bytes.len() + 1);
    let range = |one: &Index, other: &Index, bytes: &[u8]| {
        let (one, other) = (place(one, bytes), place(other, bytes));
        one.min(other)..one.max(other)
    };
    match damage {
        Damage::Replace(at, byte) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Damage::Replace(at, byte) | Damage::Insert(at, byte) => bytes.insert(place(at, bytes), *byte),
        Damage::Remove(one, other) => drop(bytes.drain(range(one, other, bytes))),
        Damage::Repeat(one, other) => {
            let range = range(one, other, bytes);
            let (end, copy) = (range.end, bytes[range].to_vec());
            bytes.splice(end..end, copy);
        }
        Damage::Truncate(at) => bytes.truncate(place(at, bytes)),
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 1000,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Default::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_well_formed_response_gives_its_body_however_it_is_cut((bytes, body) in any_response()) {
        let replayed = assert_cuts_do_not_matter("GET", &bytes);
        prop_assert_eq!(replayed.result, Ok(bytes.len()));
        prop_assert_eq!(replayed.body, body);
    }

    #[test]
    fn damage_never_panics_and_never_makes_cuts_matter(
        case in select(corpus().into_iter().filter(|case| case.bytes.len() < 1024).collect::<Vec<_>>()),
        damages in vec(any_damage(), 1..5),
    ) {
        let mut bytes = case.bytes;
        for damage in &damages {
            apply(damage, &mut bytes);
        }
        assert_cuts_do_not_matter(case.method, &bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_never_make_cuts_matter(
        start in select(vec!["", "HTTP/1.1 ", "HTTP/1.1 200 OK\r\n", CHUNKED_HEAD]),
        rest in vec(any::<u8>(), 0..200),
    ) {
        assert_cuts_do_not_matter("GET", &[start.as_bytes(), &rest].concat());
    }
}
