//! The usual responses cost no allocation: 200,000 of them a second pass through one core.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use kilobar_core::wire::http1::{Limits, Progress, RequestMethod, ResponseReader, write_request_head};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts the allocations of each thread, since tests run side by side.
struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends may allocate after its counter is gone; nobody counts there any more.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` with this layout, by `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations_of(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

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
