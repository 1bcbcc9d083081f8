//! No response makes the reader panic, exceed its limits, or depend on how its bytes were cut.
//!
//! An input is the request's method, a line feed, and the response, as in `fuzz/seeds/http1_response`.
#![no_main]

#[path = "../../crates/core/tests/http1/replay.rs"]
mod replay;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (method, response) = replay::split_seed(input);
    replay::assert_cuts_do_not_matter(method, response);
});
