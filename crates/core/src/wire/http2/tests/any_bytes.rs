//! Whatever a server sends, the client goes on or says why not, and it does not matter in which pieces it came.

use proptest::prelude::*;

use super::*;

/// What was learned from bytes that came in pieces of these sizes.
fn learned(bytes: &[u8], pieces: &[usize]) -> String {
    let mut client = client_of(&[]);
    let slots: Vec<Slot> = (0..3).map(|_| get(&mut client)).collect();
    written(&mut client);
    let mut rest = bytes;
    let mut sizes = pieces.iter().cycle();
    let mut fed = Ok(());
    while !rest.is_empty() && fed.is_ok() {
        let (piece, behind) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        fed = client.feed(piece, 7);
        rest = behind;
    }
    let mut story = format!("{fed:?} {}\n", client.open_streams());
    for slot in slots {
        let taken = client.take(slot).unwrap();
        story.push_str(&format!("{taken:?}\n"));
        assert!(taken.kept.head.len() <= KEEP.head_bytes && taken.kept.body.len() <= KEEP.body_bytes);
    }
    story + &format!("{:?}", client.output())
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let block = prop_oneof![
        Just(OK.to_vec()),
        Just([0x88, 0x40, 1, b'a', 1, b'b', 0xbe].to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    let payload =
        prop_oneof![block, prop::collection::vec(any::<u8>(), 0..300), Just(vec![0; 4]), Just(vec![0; 8])];
    let flags = prop_oneof![Just(flag::END_HEADERS), Just(flag::END_HEADERS | flag::END_STREAM), any::<u8>()];
    (0u8..11, flags, prop_oneof![Just(1u32), Just(3), Just(5), 0u32..9], payload)
        .prop_map(|(kind, flags, stream, payload)| frame(kind, flags, stream, &payload))
}

proptest! {
    #[test]
    fn pieces_of_any_size_mean_the_same(
        frames in prop::collection::vec(any_frame(), 0..20),
        pieces in prop::collection::vec(1usize..50, 1..8)
    ) {
        let bytes = frames.concat();
        prop_assert_eq!(learned(&bytes, &pieces), learned(&bytes, &[usize::MAX]));
    }

    #[test]
    fn any_bytes_end_in_progress_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        learned(&bytes, &[13]);
    }
}
