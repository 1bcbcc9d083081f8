//! What concerns one stream: requests, windows, responses, and streams that end too soon.

use super::*;

#[test]
fn a_request_and_its_response_have_times_and_bytes() {
    let mut client = client_of(&[]);
    let slot = post(&mut client, b"ping");
    assert_eq!(
        frames(&written(&mut client)),
        [
            (kind::HEADERS, flag::END_HEADERS, 1, vec![0x82, 0x86, 0x84]),
            (kind::DATA, flag::END_STREAM, 1, b"ping".to_vec()),
        ]
    );
    client.feed(&headers(1, OK, false), 10).unwrap();
    assert!(!client.has_ended(slot));
    client.feed(&data(1, b"pong", true), 11).unwrap();
    assert_eq!(client.pop_ended(), Some(slot));
    assert_eq!(client.pop_ended(), None);
    let taken = client.take(slot).unwrap();
    assert_eq!((taken.outcome, taken.status, taken.body_bytes), (Some(Ok(())), 200, 4));
    assert_eq!(taken.kept.body, b"pong");
    assert_eq!(
        taken.traffic,
        Traffic {
            send_ns: 2,
            sent_ns: 3,
            first_byte_ns: 10,
            end_ns: 11,
            bytes_in: 10 + 13,
            bytes_out: 12 + 13
        }
    );
    assert!(client.take(slot).is_none());
}

#[test]
fn a_request_is_sent_when_its_last_byte_is_gone() {
    let mut client = client_of(&[]);
    let (first, second) = (post(&mut client, b"1"), post(&mut client, b"22"));
    let bytes = client.output().len();
    client.sending(20);
    client.wrote(21, 21);
    client.wrote(1, 22);
    client.sending(23);
    client.wrote(bytes - 22, 24);
    assert!(client.output().is_empty());
    let sent = |client: &mut Client, slot| {
        client.take(slot).map(|taken| (taken.traffic.send_ns, taken.traffic.sent_ns))
    };
    assert_eq!(sent(&mut client, first), Some((20, 22)));
    assert_eq!(sent(&mut client, second), Some((20, 24)));
}

#[test]
fn output_that_is_written_bit_by_bit_stays_whole() {
    let mut client = client_of(&[(4, 1 << 30)]);
    client.feed(&frame(kind::WINDOW_UPDATE, 0, 0, &[0x40, 0, 0, 0]), 1).unwrap();
    let body: Vec<u8> = (0..1_000_000u32).map(|number| (number / 7) as u8).collect();
    let slot = post(&mut client, &body);
    let mut all = Vec::new();
    while !client.output().is_empty() {
        client.sending(2);
        let here = client.output().len().min(50_001);
        all.extend_from_slice(&client.output()[..here]);
        client.wrote(here, 3);
    }
    let arrived: Vec<u8> =
        frames(&all).into_iter().filter(|frame| frame.0 == kind::DATA).flat_map(|frame| frame.3).collect();
    assert!(arrived == body);
    assert_eq!(client.take(slot).unwrap().traffic.sent_ns, 3);
}

#[test]
fn streams_end_in_any_order_and_their_places_are_used_again() {
    let mut client = client_of(&[]);
    let slots: Vec<Slot> = (0..3).map(|_| get(&mut client)).collect();
    client.feed(&[headers(5, OK, true), headers(1, OK, true), headers(3, OK, true)].concat(), 1).unwrap();
    for slot in &slots {
        assert_eq!(outcome(&mut client, *slot), Some(Ok(200)));
    }
    let again = get(&mut client);
    assert!(slots.contains(&again));
    client.feed(&headers(7, OK, true), 1).unwrap();
    assert_eq!(outcome(&mut client, again), Some(Ok(200)));
}

#[test]
fn continuations_padding_and_priority_do_not_change_what_a_head_says() {
    let mut client = client_of(&[]);
    let slot = get(&mut client);
    let flags = flag::PADDED | flag::PRIORITY;
    client.feed(&frame(kind::HEADERS, flags, 1, &[2, 0, 0, 0, 0, 9, 0x88, 0xff, 0xff]), 1).unwrap();
    client.feed(&frame(kind::CONTINUATION, 0, 1, &[0x00, 0x01]), 1).unwrap();
    client.feed(&frame(kind::CONTINUATION, flag::END_HEADERS, 1, b"a\x01b"), 1).unwrap();
    let padded = [&[3][..], b"hi", &[0; 3]].concat();
    client.feed(&frame(kind::DATA, flag::PADDED | flag::END_STREAM, 1, &padded), 1).unwrap();
    let taken = client.take(slot).unwrap();
    assert_eq!(taken.outcome, Some(Ok(())));
    assert_eq!((&taken.kept.head[..], &taken.kept.body[..]), (&b"HTTP/2 200\r\na: b\r\n"[..], &b"hi"[..]));
}

#[test]
fn a_body_waits_for_both_windows_and_goes_on_when_they_open() {
    let mut client = client_of(&[(4, 10)]);
    let slot = post(&mut client, &[b'x'; 25]);
    let lengths = |sent: Vec<(u8, u8, u32, Vec<u8>)>| -> Vec<(usize, u8)> {
        sent.iter().filter(|frame| frame.0 == kind::DATA).map(|frame| (frame.3.len(), frame.1)).collect()
    };
    assert_eq!(lengths(frames(&written(&mut client))), [(10, 0)]);
    client.feed(&frame(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 5]), 1).unwrap();
    assert_eq!(lengths(frames(&written(&mut client))), [(5, 0)]);
    client.feed(&settings(&[(4, 20)]), 1).unwrap();
    assert_eq!(lengths(frames(&written(&mut client))), [(10, flag::END_STREAM)]);
    client.feed(&headers(1, OK, true), 1).unwrap();
    assert_eq!(outcome(&mut client, slot), Some(Ok(200)));
}

#[test]
fn a_smaller_window_than_what_was_sent_stops_a_body() {
    let mut client = client_of(&[(4, 10)]);
    post(&mut client, &[b'x'; 25]);
    written(&mut client);
    client.feed(&settings(&[(4, 0)]), 1).unwrap();
    client.feed(&frame(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 10]), 1).unwrap();
    assert!(frames(&written(&mut client)).iter().all(|frame| frame.0 != kind::DATA));
    client.feed(&frame(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 15]), 1).unwrap();
    let sent = frames(&written(&mut client));
    assert_eq!((sent[0].0, sent[0].1, sent[0].3.len()), (kind::DATA, flag::END_STREAM, 15));
}

#[test]
fn a_large_body_does_not_fill_the_output_at_once() {
    let mut client = client_of(&[(4, (1 << 31) - 1), (5, 1 << 20)]);
    client.feed(&frame(kind::WINDOW_UPDATE, 0, 0, &[0x70, 0, 0, 0]), 1).unwrap();
    let body: Vec<u8> = (0..5_000_000u32).map(|number| number as u8).collect();
    post(&mut client, &body);
    assert!(client.output().len() < 2 << 20);
    let sent = frames(&written(&mut client));
    let arrived: Vec<u8> =
        sent.iter().filter(|frame| frame.0 == kind::DATA).flat_map(|frame| frame.3.clone()).collect();
    assert!(arrived == body);
    assert_eq!(sent.last().unwrap().1, flag::END_STREAM);
}

#[test]
fn a_large_head_is_continued() {
    let mut client = client_of(&[]);
    let request =
        Outgoing { block: &[0x82; 40_000], body: &&b""[..], holds_body: false, method: RequestMethod::Other };
    client.start(request, KEEP, Kept::default()).unwrap();
    let sent: Vec<(u8, u8, usize)> =
        frames(&written(&mut client)).iter().map(|frame| (frame.0, frame.1, frame.3.len())).collect();
    assert_eq!(
        sent,
        [
            (kind::HEADERS, flag::END_STREAM, 16_384),
            (kind::CONTINUATION, 0, 16_384),
            (kind::CONTINUATION, flag::END_HEADERS, 7_232)
        ]
    );
}

#[test]
fn windows_are_told_anew_when_half_is_used_and_not_before() {
    let mut client = client_of(&[]);
    let slot = get(&mut client);
    written(&mut client);
    client.feed(&headers(1, OK, false), 1).unwrap();
    let piece = data(1, &[0; 16_384], false);
    let half = (STREAM_WINDOW_BYTES / 2 / 16_384) as usize;
    for _ in 1..half {
        client.feed(&piece, 1).unwrap();
    }
    assert!(client.output().is_empty());
    client.feed(&piece, 1).unwrap();
    let more = (STREAM_WINDOW_BYTES / 2).to_be_bytes().to_vec();
    assert_eq!(frames(&written(&mut client)), [(kind::WINDOW_UPDATE, 0, 1, more)]);
    for _ in 0..3 * half {
        client.feed(&piece, 1).unwrap();
    }
    let of_connection = frames(&written(&mut client)).into_iter().filter(|frame| frame.2 == 0).count();
    assert_eq!(of_connection, 1);
    assert!(!client.has_ended(slot));
}

#[test]
fn a_cancelled_stream_is_reset_and_what_still_comes_on_it_is_ignored() {
    let mut client = client_of(&[]);
    let (cancelled, other) = (get(&mut client), get(&mut client));
    written(&mut client);
    assert_eq!(outcome(&mut client, cancelled), None);
    assert_eq!(frames(&written(&mut client)), [(kind::RST_STREAM, 0, 1, vec![0, 0, 0, 8])]);
    // The head enters the table, to which the other stream refers.
    let late = [
        headers(1, &[0x88, 0x40, 1, b'a', 1, b'b'], false),
        data(1, b"late", true),
        frame(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]),
        frame(kind::RST_STREAM, 0, 1, &[0; 4]),
        headers(3, &[0x88, 0xbe], true),
    ];
    client.feed(&late.concat(), 1).unwrap();
    let taken = client.take(other).unwrap();
    assert_eq!(taken.kept.head, b"HTTP/2 200\r\na: b\r\n");
}

#[test]
fn a_server_may_reset_a_stream_or_answer_before_it_has_read_the_request() {
    let mut client = client_of(&[(4, 0)]);
    let (refused, early) = (get(&mut client), post(&mut client, b"never sent"));
    written(&mut client);
    client.feed(&frame(kind::RST_STREAM, 0, 1, &[0, 0, 0, 7]), 1).unwrap();
    client.feed(&headers(3, OK, true), 1).unwrap();
    assert_eq!(outcome(&mut client, refused), Some(Err(StreamError::Reset(ErrorCode::REFUSED_STREAM))));
    let taken = client.take(early).unwrap();
    assert_eq!((taken.outcome, taken.traffic.sent_ns), (Some(Ok(())), 0));
    assert_eq!(frames(&written(&mut client)), [(kind::RST_STREAM, 0, 3, vec![0, 0, 0, 8])]);
}

#[test]
fn a_malformed_response_fails_its_stream_only() {
    let mut client = client_of(&[]);
    let (bad, good) = (get(&mut client), get(&mut client));
    written(&mut client);
    client.feed(&headers(1, &[0x88, 0x00, 1, b'A', 1, b'b'], true), 1).unwrap();
    client.feed(&headers(3, OK, true), 1).unwrap();
    assert_eq!(outcome(&mut client, bad), Some(Err(StreamError::Malformed(Flaw::Name))));
    assert_eq!(outcome(&mut client, good), Some(Ok(200)));
    assert_eq!(frames(&written(&mut client)), [(kind::RST_STREAM, 0, 1, vec![0, 0, 0, 1])]);
}

#[test]
fn a_window_of_a_stream_that_overflows_ends_the_stream() {
    for more in [[0, 0, 0, 0], [0x7f, 0xff, 0xff, 0xff]] {
        let mut client = client_of(&[]);
        let slot = get(&mut client);
        client.feed(&frame(kind::WINDOW_UPDATE, 0, 1, &more), 1).unwrap();
        assert_eq!(outcome(&mut client, slot), Some(Err(StreamError::Window)));
    }
    let mut client = client_of(&[(4, 1)]);
    get(&mut client);
    client.feed(&frame(kind::WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0xff, 0xfe]), 1).unwrap();
    assert_eq!(client.feed(&settings(&[(4, 2)]), 1), Err(ConnectionError::Window));
}
