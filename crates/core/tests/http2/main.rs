//! The HTTP/2 client against the server of the `h2` crate: whatever one side says, the other has to hear.

#[path = "../allocations/mod.rs"]
mod allocations;
mod no_allocation;
mod talk;

use kilobar_core::wire::http2::StreamError;
use proptest::prelude::*;

use talk::{Script, ServerOptions, talk};

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let value = prop_oneof!["[ -~]{0,60}".prop_map(|text| text.trim().to_owned()), Just("x".repeat(5000))];
    prop::collection::vec(("x-[a-z0-9]{1,12}", value), 0..6)
}

fn script() -> impl Strategy<Value = Script> {
    let size = prop_oneof![4 => 0usize..200, 1 => 0usize..300_000];
    let method = prop_oneof![Just("GET"), Just("POST"), Just("HEAD")];
    (
        method,
        fields(),
        size.clone(),
        prop_oneof![Just(200u16), Just(404), Just(204)],
        fields(),
        size,
        any::<bool>(),
    )
        .prop_map(
            |(method, headers, body_bytes, status, response_headers, response_bytes, has_trailers)| Script {
                method,
                headers,
                body: (0..if method == "POST" { body_bytes } else { 0 }).map(|at| at as u8).collect(),
                status,
                response_headers,
                response_body: (0..if method == "HEAD" || status == 204 { 0 } else { response_bytes })
                    .map(|at| (at / 3) as u8)
                    .collect(),
                has_trailers: has_trailers && method != "HEAD" && status != 204,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn requests_arrive_and_responses_come_back(
        scripts in prop::collection::vec(script(), 1..12),
        window_bytes in prop_oneof![Just(65_535u32), 1_000u32..100_000, Just(1 << 24)],
        max_streams in 1u32..8,
        max_frame_bytes in prop_oneof![Just(16_384u32), Just(1 << 20)],
    ) {
        let options = ServerOptions { window_bytes, max_streams, max_frame_bytes };
        for (script, heard) in scripts.iter().zip(talk(&scripts, options)) {
            prop_assert_eq!(heard.outcome, Some(Ok(())));
            prop_assert_eq!(heard.status, script.status);
            prop_assert_eq!(heard.body_bytes, script.response_body.len() as u64);
            prop_assert!(heard.kept.body == script.response_body);
            let head = String::from_utf8(heard.kept.head).unwrap();
            for (name, value) in &script.response_headers {
                let line = format!("{name}: {value}\r\n");
                prop_assert!(head.contains(&line), "{line:?} in {head:?}");
            }
        }
    }
}

#[test]
fn a_stream_that_the_server_resets_says_with_which_code() {
    let scripts = [Script { status: talk::RESET, ..Script::default() }, Script::default()];
    let heard = talk(&scripts, ServerOptions::default());
    assert!(
        matches!(heard[0].outcome, Some(Err(StreamError::Reset(code))) if code.to_string() == "INTERNAL_ERROR")
    );
    assert_eq!(heard[1].outcome, Some(Ok(())));
}
