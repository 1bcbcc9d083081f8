//! Replays a response in pieces, and holds that the cuts do not matter. Used by the tests and by `fuzz/`.

use kilobar_core::wire::http1::{Limits, Progress, RequestMethod, ResponseReader, WireError};

/// Small, so that a fuzzer reaches them with small inputs.
pub const LIMITS: Limits = Limits { max_head_bytes: 8192, max_body_bytes: 4096 };

/// All that may be observed of a response once the connection is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// How many bytes of all belonged to the response.
    pub result: Result<usize, WireError>,
    pub status: u16,
    pub keep_alive: bool,
    pub informational: u32,
    pub body: Vec<u8>,
}

/// Feeds the pieces one by one; what comes after the end of the response is not fed. Then closes the connection.
pub fn replay<'a>(method: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Replayed {
    let mut reader = ResponseReader::new(LIMITS);
    reader.begin(RequestMethod::of(method));
    let (mut used, mut body) = (0, Vec::new());
    let mut progress = Ok(Progress::More);
    for piece in pieces {
        progress = reader.feed(piece, Some(&mut body));
        match progress {
            Ok(Progress::More) => used += piece.len(),
            Ok(Progress::Done { used: here }) => {
                assert!(here <= piece.len(), "used {here} of {} bytes", piece.len());
                used += here;
                break;
            }
            Err(_) => break,
        }
    }
    if progress == Ok(Progress::More) {
        progress = reader.end_of_stream();
    }
    assert_ne!(progress, Ok(Progress::More), "a closed connection leaves nothing to wait for");
    assert_eq!(reader.body_bytes(), body.len() as u64);
    assert!(reader.head_bytes() <= LIMITS.max_head_bytes as u64);
    assert!(reader.body_bytes() <= LIMITS.max_body_bytes);
    if progress.is_ok() {
        assert_eq!(
            reader.feed(b"more", None),
            Ok(Progress::Done { used: 0 }),
            "a complete response takes nothing"
        );
        assert!((200..1000).contains(&reader.status()));
    } else {
        assert_eq!(reader.feed(b"more", None), progress, "an error stays");
        assert!(!reader.keep_alive());
    }
    Replayed {
        result: progress.map(|_| used),
        status: reader.status(),
        keep_alive: reader.keep_alive(),
        informational: reader.informational(),
        body,
    }
}

/// Replays a response whole, byte by byte, and cut at some places that depend on its bytes only; all must agree.
pub fn assert_cuts_do_not_matter(method: &str, bytes: &[u8]) -> Replayed {
    let whole = replay(method, [bytes]);
    assert_eq!(replay(method, bytes.chunks(1)), whole, "byte by byte");
    let mut seed = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3) // FNV-1a
    });
    for _ in 0..8 {
        let mut pieces = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (piece, after) = rest.split_at((1 + (seed >> 33) as usize % 64).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        assert_eq!(replay(method, pieces.iter().copied()), whole, "cut into {pieces:?}");
    }
    whole
}

/// What a fuzzer's input means: the request's method up to the first line feed, the response after it.
pub fn split_seed(seed: &[u8]) -> (&str, &[u8]) {
    let end = seed.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let response = seed.get(end + 1..).unwrap_or_default();
    (std::str::from_utf8(&seed[..end]).unwrap_or("GET"), response)
}
