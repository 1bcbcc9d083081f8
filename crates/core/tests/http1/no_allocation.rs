//! The usual responses cost no allocation: 200,000 of them a second pass through one core.

use kilobar_core::wire::http1::{Limits, Progress, RequestMethod, ResponseReader, write_request_head};

use crate::allocations::allocations_of;

#[test]
fn whole_responses_and_bodies_in_pieces_do_not_allocate() {
    let limits = Limits { max_head_bytes: 65_536, max_body_bytes: 1 << 20 };
    let sized = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello";
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let continued = [&b"HTTP/1.1 100 Continue\r\n\r\n"[..], sized].concat();
    let count = allocations_of(|| {
        let mut reader = ResponseReader::new(limits);
        for response in [&sized[..], chunked, &continued] {
            reader.begin(RequestMethod::Other);
            assert_eq!(reader.feed(response, None), Ok(Progress::Done { used: response.len() }));
            let (head, rest) = response.split_at(response.len() - 3);
            reader.begin(RequestMethod::Other);
            assert_eq!(reader.feed(head, None), Ok(Progress::More));
            assert_eq!(reader.feed(rest, None), Ok(Progress::Done { used: 3 }));
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn a_head_in_pieces_allocates_once_for_many_responses() {
    let limits = Limits { max_head_bytes: 65_536, max_body_bytes: 1 << 20 };
    let response = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello";
    let mut reader = ResponseReader::new(limits);
    let mut exchange = || {
        reader.begin(RequestMethod::Other);
        assert_eq!(reader.feed(&response[..40], None), Ok(Progress::More));
        assert_eq!(reader.feed(&response[40..], None), Ok(Progress::Done { used: response.len() - 40 }));
    };
    exchange();
    assert_eq!(allocations_of(|| (0..100).for_each(|_| exchange())), 0);
}

#[test]
fn a_request_head_is_written_into_the_given_buffer_alone() {
    let mut out = Vec::with_capacity(512);
    let count = allocations_of(|| {
        let headers = [("accept", "*/*"), ("authorization", "Bearer x")];
        write_request_head(&mut out, "POST", "/orders", "shop", headers, Some(12)).unwrap();
    });
    assert_eq!(count, 0);
}
