//! The usual exchange costs no allocation, and no more memory than the streams that are open at once.

use kilobar_core::wire::http1::{Limits, RequestMethod};
use kilobar_core::wire::http2::{Client, Keep, Kept, Outgoing};

use crate::allocations::allocations_of;

/// Sends two requests and takes in their responses, with memory that goes from exchange to exchange.
fn exchange(client: &mut Client, first_id: u8, kept: &mut [Option<Kept>; 2]) {
    let keep = Keep { head_bytes: 4096, body_bytes: 4096 };
    let (block, body) = (&[0x82, 0x86, 0x84], &&b"ping"[..]);
    let request = Outgoing { block, body, holds_body: false, method: RequestMethod::Other };
    let slots = [0, 1].map(|user| client.start(request, keep, kept[user].take().unwrap()).expect("room"));
    client.sending(1);
    client.wrote(client.output().len(), 2);
    for (user, slot) in slots.into_iter().enumerate() {
        let id = first_id + 2 * user as u8;
        // `:status: 200`, and `a: b` that enters the table.
        let head = [0, 0, 6, 1, 4, 0, 0, 0, id, 0x88, 0x40, 1, b'a', 1, b'b'];
        let body = [0, 0, 4, 0, 1, 0, 0, 0, id, b'p', b'o', b'n', b'g'];
        client.feed(&head[..10], 3).unwrap();
        client.feed(&head[10..], 3).unwrap();
        client.feed(&body, 4).unwrap();
        assert_eq!(client.pop_ended(), Some(slot));
        let taken = client.take(slot).expect("it ended");
        assert_eq!((taken.status, taken.outcome), (200, Some(Ok(()))));
        kept[user] = Some(taken.kept);
    }
}

#[test]
fn exchanges_on_a_warm_connection_do_not_allocate() {
    let mut client = Client::new(Limits { max_head_bytes: 65_536, max_body_bytes: 1 << 20 });
    client.feed(&[0, 0, 0, 4, 0, 0, 0, 0, 0], 1).unwrap();
    let mut kept = [Some(Kept::default()), Some(Kept::default())];
    for round in 0..30 {
        exchange(&mut client, 4 * round + 1, &mut kept);
    }
    let count = allocations_of(|| {
        for round in 30..60 {
            exchange(&mut client, 4 * round + 1, &mut kept);
        }
    });
    // The table doubles its memory while it fills; that is all.
    assert!(count <= 2, "{count}");
}
