//! What concerns the connection as a whole.

use super::*;

#[test]
fn it_begins_with_preface_settings_and_a_large_window() {
    let mut client = Client::new(LIMITS);
    assert!(!client.has_room() && !client.has_settings());
    let opening = written(&mut client);
    let rest = opening.strip_prefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    let more = (CONNECTION_WINDOW_BYTES - 65_535).to_be_bytes();
    assert_eq!(
        frames(rest),
        [
            (kind::SETTINGS, 0, 0, vec![0, 2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0]),
            (kind::WINDOW_UPDATE, 0, 0, more.to_vec())
        ]
    );
    client.feed(&settings(&[(3, 2)]), 1).unwrap();
    assert_eq!(frames(&written(&mut client)), [(kind::SETTINGS, flag::ACK, 0, vec![])]);
    assert!(client.has_room() && client.has_settings());
}

#[test]
fn the_server_says_how_many_streams_there_are() {
    let mut client = client_of(&[(3, 2)]);
    let first = get(&mut client);
    get(&mut client);
    assert!(!client.has_room() && client.accepts());
    let request =
        Outgoing { block: &[0x82], body: &&b""[..], holds_body: false, method: RequestMethod::Other };
    assert!(client.start(request, KEEP, Kept::default()).is_err());
    client.feed(&headers(1, OK, true), 5).unwrap();
    assert!(client.has_room());
    assert_eq!(outcome(&mut client, first), Some(Ok(200)));
    client.feed(&settings(&[(3, 0)]), 5).unwrap();
    assert!(!client.has_room());
    assert_eq!(client_of(&[]).max_streams(), MAX_STREAMS);
    assert_eq!(client_of(&[(3, 1 << 30)]).max_streams(), MAX_STREAMS);
}

#[test]
fn pings_are_answered_once() {
    let mut client = client_of(&[]);
    client.feed(&frame(kind::PING, 0, 0, b"12345678"), 1).unwrap();
    client.feed(&frame(kind::PING, flag::ACK, 0, b"12345678"), 1).unwrap();
    assert_eq!(frames(&written(&mut client)), [(kind::PING, flag::ACK, 0, b"12345678".to_vec())]);
}

#[test]
fn frames_and_settings_that_nobody_knows_are_ignored() {
    let mut client = client_of(&[(0x99, 1)]);
    let slot = get(&mut client);
    for unknown in [frame(0xbe, 0xff, 1, b"x"), frame(0xbe, 0, 0, b""), frame(kind::PRIORITY, 0, 1, &[0; 5])]
    {
        client.feed(&unknown, 1).unwrap();
    }
    client.feed(&headers(1, OK, true), 1).unwrap();
    assert_eq!(outcome(&mut client, slot), Some(Ok(200)));
}

#[test]
fn a_server_that_goes_away_leaves_the_younger_streams_behind() {
    let mut client = client_of(&[]);
    let (old, young) = (get(&mut client), get(&mut client));
    client.feed(&frame(kind::GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0, b'x']), 4).unwrap();
    assert_eq!(client.pop_ended(), Some(young));
    assert!(!client.accepts());
    client.feed(&headers(1, OK, true), 5).unwrap();
    assert_eq!(outcome(&mut client, old), Some(Ok(200)));
    assert_eq!(outcome(&mut client, young), Some(Err(StreamError::GoneAway(ErrorCode::NO_ERROR))));
    assert_eq!(client.open_streams(), 0);
}

#[test]
fn a_lost_connection_ends_all_streams() {
    let mut client = client_of(&[]);
    let slots = [get(&mut client), get(&mut client)];
    client.lose(9);
    for slot in slots {
        let taken = client.take(slot).unwrap();
        assert_eq!((taken.outcome, taken.traffic.end_ns), (Some(Err(StreamError::ConnectionLost)), 9));
    }
    assert!(!client.accepts());
}

#[test]
fn a_goodbye_tells_the_code() {
    let mut client = client_of(&[]);
    client.say_goodbye(ErrorCode::PROTOCOL_ERROR);
    assert_eq!(frames(&written(&mut client)), [(kind::GOAWAY, 0, 0, vec![0, 0, 0, 0, 0, 0, 0, 1])]);
    assert!(!client.accepts());
}

#[test]
fn what_is_not_http_2_is_told_apart() {
    let fed = |bytes: &[u8]| Client::new(LIMITS).feed(bytes, 1);
    assert_eq!(fed(b"HTTP/1.1 400 Bad Request\r\n"), Err(ConnectionError::Http1));
    assert_eq!(fed(&frame(kind::PING, 0, 0, &[0; 8])), Err(ConnectionError::NoSettings));
    assert_eq!(fed(&frame(kind::SETTINGS, flag::ACK, 0, &[])), Err(ConnectionError::NoSettings));
}

#[test]
fn broken_rules_of_the_connection_end_it() {
    let misplaced = |kind, stream| ConnectionError::MisplacedFrame { kind, stream };
    let cases = [
        (data(0, b"x", false), misplaced("DATA", 0)),
        (data(3, b"x", false), misplaced("DATA", 3)),
        (data(2, b"x", false), misplaced("DATA", 2)),
        (headers(0, OK, false), misplaced("HEADERS", 0)),
        (headers(5, OK, false), misplaced("HEADERS", 5)),
        (frame(kind::RST_STREAM, 0, 0, &[0; 4]), misplaced("RST_STREAM", 0)),
        (frame(kind::RST_STREAM, 0, 1, &[0; 5]), ConnectionError::FrameSize("RST_STREAM")),
        (frame(kind::SETTINGS, 0, 1, &[]), misplaced("SETTINGS", 1)),
        (frame(kind::SETTINGS, flag::ACK, 0, &[0; 6]), ConnectionError::FrameSize("SETTINGS")),
        (frame(kind::SETTINGS, 0, 0, &[0; 5]), ConnectionError::FrameSize("SETTINGS")),
        (frame(kind::PING, 0, 1, &[0; 8]), misplaced("PING", 1)),
        (frame(kind::PING, 0, 0, &[0; 7]), ConnectionError::FrameSize("PING")),
        (frame(kind::GOAWAY, 0, 1, &[0; 8]), misplaced("GOAWAY", 1)),
        (frame(kind::GOAWAY, 0, 0, &[0; 7]), ConnectionError::FrameSize("GOAWAY")),
        (frame(kind::GOAWAY, 0, 0, &[0; 3]), ConnectionError::FrameSize("GOAWAY")),
        (frame(kind::WINDOW_UPDATE, 0, 0, &[0; 4]), ConnectionError::Window),
        (frame(kind::WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]), ConnectionError::Window),
        (frame(kind::WINDOW_UPDATE, 0, 0, &[0; 3]), ConnectionError::FrameSize("WINDOW_UPDATE")),
        (frame(kind::WINDOW_UPDATE, 0, 7, &[0, 0, 0, 1]), misplaced("WINDOW_UPDATE", 7)),
        (frame(kind::PUSH_PROMISE, 0, 1, &[0; 4]), ConnectionError::Push),
        (frame(kind::PRIORITY, 0, 0, &[0; 5]), misplaced("PRIORITY", 0)),
        (frame(kind::CONTINUATION, 0, 1, &[]), ConnectionError::Interrupted("CONTINUATION")),
        (frame(kind::DATA, flag::PADDED, 1, &[]), ConnectionError::FrameSize("DATA")),
        (frame(kind::HEADERS, flag::PADDED, 1, &[9, 1]), ConnectionError::FrameSize("HEADERS")),
        (frame(kind::HEADERS, flag::PRIORITY, 1, &[0; 4]), ConnectionError::FrameSize("HEADERS")),
        (headers(1, &[0x80], false), ConnectionError::Hpack(HpackError::Index(0))),
        (headers(9, &[0x80], false), misplaced("HEADERS", 9)),
        (vec![0, 0x40, 1, 0, 0, 0, 0, 0, 1], ConnectionError::FrameTooLarge { kind: "DATA", length: 16_385 }),
        (settings(&[(4, 1 << 31)]), ConnectionError::Setting { name: "INITIAL_WINDOW_SIZE", value: 1 << 31 }),
    ];
    for (bytes, error) in cases {
        let mut client = client_of(&[]);
        get(&mut client);
        assert_eq!(client.feed(&bytes, 1), Err(error), "{bytes:x?}");
    }
}

#[test]
fn a_header_block_may_not_be_interrupted() {
    let begun = frame(kind::HEADERS, 0, 1, OK);
    for other in [
        frame(kind::PING, 0, 0, &[0; 8]),
        data(1, b"", false),
        headers(1, OK, false),
        frame(kind::CONTINUATION, 0, 3, OK),
    ] {
        let mut client = client_of(&[]);
        get(&mut client);
        get(&mut client);
        client.feed(&begun, 1).unwrap();
        assert!(matches!(client.feed(&other, 1), Err(ConnectionError::Interrupted(_))));
    }
}

#[test]
fn a_header_block_without_end_is_cut_off() {
    let mut client = client_of(&[]);
    get(&mut client);
    client.feed(&frame(kind::HEADERS, 0, 1, &[0; 10_000]), 1).unwrap();
    client.feed(&frame(kind::CONTINUATION, 0, 1, &[0; 10_000]), 1).unwrap();
    let error = ConnectionError::HeadTooLarge { limit_bytes: LIMITS.max_head_bytes };
    assert_eq!(client.feed(&frame(kind::CONTINUATION, 0, 1, &[0]), 1), Err(error));
}

#[test]
fn frames_that_bring_nothing_on_are_a_flood_after_a_while() {
    for useless in [
        frame(kind::PING, 0, 0, &[0; 8]),
        settings(&[]),
        data(1, b"", false),
        frame(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]),
        frame(0xbe, 0, 0, &[]),
    ] {
        let mut client = client_of(&[]);
        get(&mut client);
        client.feed(&headers(1, OK, false), 1).unwrap();
        let fed = (0..=MAX_IDLE_FRAMES).try_for_each(|_| client.feed(&useless, 1));
        assert_eq!(fed, Err(ConnectionError::Flood(MAX_IDLE_FRAMES)));
        assert!(client.output().len() < 400_000);
    }
    let mut client = client_of(&[]);
    get(&mut client);
    client.feed(&frame(kind::HEADERS, 0, 1, OK), 1).unwrap();
    let empty = frame(kind::CONTINUATION, 0, 1, &[]);
    let fed = (0..=MAX_IDLE_FRAMES).try_for_each(|_| client.feed(&empty, 1));
    assert_eq!(fed, Err(ConnectionError::Flood(MAX_IDLE_FRAMES)));
}

#[test]
fn a_server_that_shrinks_our_table_hears_that_it_is_empty() {
    let mut client = client_of(&[(1, 100)]);
    get(&mut client);
    get(&mut client);
    let sent = frames(&written(&mut client));
    assert_eq!(sent[0].3, [0x20, 0x82, 0x86, 0x84]);
    assert_eq!(sent[1].3, [0x82, 0x86, 0x84]);
}
