//! Undoes what `content-encoding` says was done to a body: gzip, deflate, br, zstd, one after the other.

use std::io::{self, BufRead, Read};

use crate::extract::head;

/// Encodings that may have been applied to one body.
const MAX_ENCODINGS: usize = 4;
/// A window that every zstd decoder has to offer for HTTP (RFC 9659).
const MIN_ZSTD_WINDOW_BYTES: u64 = 8 << 20;
/// What an encoding adds at most to a text that cannot be made shorter, besides an eighth of it.
const BETWEEN_BYTES: usize = 64 * 1024;
/// What brotli's decoder reads at once.
const BROTLI_BUFFER_BYTES: usize = 4096;

/// Why a body cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// There is more of it than is accepted. What would come out of a few bytes can fill any memory.
    #[error("the decoded body is larger than {limit_bytes} bytes")]
    TooLarge {
        /// How many are accepted.
        limit_bytes: usize,
    },
    /// Not an encoding that Kilobar knows.
    #[error(
        "the body is encoded as {0:?}; Kilobar decodes gzip, deflate, br and zstd (send `accept-encoding: gzip`)"
    )]
    Unknown(String),
    /// More of them than anybody needs.
    #[error("the body is encoded more than {MAX_ENCODINGS} times")]
    TooMany,
    /// The bytes are not what the header says.
    #[error("the body is not {encoding}, which `content-encoding` says it is: {reason}")]
    Corrupt {
        /// The encoding.
        encoding: &'static str,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// The body as it was before its `content-encoding` headers in `head` were applied. A body without such a header is
/// returned as it is; otherwise it is decoded into `out`, which is emptied before.
///
/// # Errors
/// When it cannot be decoded, or more than `limit_bytes` come out of it.
pub fn decode<'a>(
    head: &[u8],
    body: &'a [u8],
    limit_bytes: usize,
    out: &'a mut Vec<u8>,
) -> Result<&'a [u8], ContentError> {
    let encodings = encodings(head)?;
    // A response without a body, such as one to HEAD, says how the body would be encoded.
    if encodings.is_empty() || body.is_empty() {
        return if body.len() > limit_bytes { Err(ContentError::TooLarge { limit_bytes }) } else { Ok(body) };
    }
    // What is still encoded may be a little longer than what comes out of it.
    let between_bytes = limit_bytes.saturating_add(limit_bytes / 8).saturating_add(BETWEEN_BYTES);
    let mut inner = None;
    for (position, encoding) in encodings.iter().enumerate().rev() {
        let stage_bytes = if position == 0 { limit_bytes } else { between_bytes };
        encoding.decode(inner.as_deref().unwrap_or(body), stage_bytes, out)?;
        if out.len() > stage_bytes {
            return Err(ContentError::TooLarge { limit_bytes });
        }
        if position > 0 {
            inner = Some(std::mem::take(out));
        }
    }
    Ok(out)
}

/// In the order in which they were applied.
fn encodings(head: &[u8]) -> Result<Vec<Encoding>, ContentError> {
    let mut encodings = Vec::new();
    for name in head::values(head, "content-encoding").flat_map(|value| value.split(|&byte| byte == b',')) {
        let name = name.trim_ascii();
        let encoding = match name.to_ascii_lowercase().as_slice() {
            b"" | b"identity" => continue,
            b"gzip" | b"x-gzip" => Encoding::Gzip,
            b"deflate" => Encoding::Deflate,
            b"br" => Encoding::Brotli,
            b"zstd" => Encoding::Zstd,
            _ => return Err(ContentError::Unknown(String::from_utf8_lossy(name).chars().take(40).collect())),
        };
        if encodings.len() == MAX_ENCODINGS {
            return Err(ContentError::TooMany);
        }
        encodings.push(encoding);
    }
    Ok(encodings)
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// Fills `out` with at most one byte more than `limit_bytes`.
    fn decode(self, body: &[u8], limit_bytes: usize, out: &mut Vec<u8>) -> Result<(), ContentError> {
        out.clear();
        let decoded = match self {
            Self::Gzip => read(flate2::bufread::MultiGzDecoder::new(body), limit_bytes, out),
            Self::Deflate if is_zlib(body) => read(flate2::bufread::ZlibDecoder::new(body), limit_bytes, out),
            Self::Deflate => read(flate2::bufread::DeflateDecoder::new(body), limit_bytes, out),
            Self::Brotli => {
                read(brotli_decompressor::Decompressor::new(body, BROTLI_BUFFER_BYTES), limit_bytes, out)
            }
            Self::Zstd => zstd(body, limit_bytes, out),
        };
        decoded.map_err(|error| ContentError::Corrupt { encoding: self.name(), reason: error.to_string() })
    }
}

/// Appends what `decoder` gives to `out`, until that is longer than it may be.
fn read(decoder: impl Read, limit_bytes: usize, out: &mut Vec<u8>) -> io::Result<()> {
    let room = (limit_bytes + 1).saturating_sub(out.len());
    decoder.take(room as u64).read_to_end(out).map(drop)
}

/// `deflate` means the zlib format, but some servers send the data without its envelope.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [first, second, ..] if first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0)
}

/// All frames, one after the other.
fn zstd(body: &[u8], limit_bytes: usize, out: &mut Vec<u8>) -> io::Result<()> {
    use ruzstd::decoding::StreamingDecoder;
    use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
    let mut rest = body;
    while !rest.fill_buf()?.is_empty() && out.len() <= limit_bytes {
        // The decoder keeps a whole window in memory before it gives anything away.
        if zstd_window_bytes(rest)
            .is_some_and(|window| window > MIN_ZSTD_WINDOW_BYTES.max(limit_bytes as u64))
        {
            return Err(io::Error::other("its window is too large"));
        }
        let mut frame = rest;
        match StreamingDecoder::new(&mut frame) {
            Ok(decoder) => read(decoder, limit_bytes, out)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                frame = frame
                    .get(length as usize..)
                    .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            }
            Err(error) => return Err(io::Error::other(error.to_string())),
        }
        rest = frame;
    }
    Ok(())
}

/// The window that the header of a frame asks for (RFC 8878, 3.1.1.1).
fn zstd_window_bytes(frame: &[u8]) -> Option<u64> {
    let descriptor = *frame.get(4)?;
    let single_segment = descriptor & 0x20 != 0;
    if !single_segment {
        let window = *frame.get(5)?;
        let base = 1_u64 << (10 + (window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    let dictionary_bytes = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size_bytes = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let start = 5 + dictionary_bytes;
    let size = frame.get(start..start + size_bytes)?;
    let size = size.iter().rev().fold(0_u64, |size, &byte| size << 8 | u64::from(byte));
    Some(if size_bytes == 2 { size + 256 } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write;

    /// "hello brotli " eight times, by the encoder of node.
    const BROTLI: &[u8] =
        b"\x1b\x67\x00\xf8\x1d\xa9\x53\x9f\xbb\x70\x2d\x56\x86\x26\x27\x41\xd8\xe8\x92\x2d\xed\x2d\x00\
        \x8c\x06\xae\x99\xf1\x0b";
    /// 100,001 zeros, by the same.
    const BROTLI_BOMB: &[u8] = b"\x5b\xa0\x86\x81\x7f\x02\x20\x1e\x0b\x04\xb4\xfc\x02\x00";

    fn head(encodings: &str) -> Vec<u8> {
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encodings}\r\n\r\n").into_bytes()
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn raw_deflate(text: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    fn decoded(encodings: &str, body: &[u8]) -> Result<Vec<u8>, ContentError> {
        decode(&head(encodings), body, 100_000, &mut Vec::new()).map(<[u8]>::to_vec)
    }

    #[test]
    fn a_body_without_encodings_is_returned_as_it_is() {
        let body = b"text";
        for head in [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &head("identity"), &head(" , ")] {
            let mut out = Vec::new();
            assert!(std::ptr::eq(decode(head, body, 4, &mut out).unwrap(), body));
        }
    }

    #[test]
    fn several_encodings_are_undone_from_the_last_to_the_first() {
        assert_eq!(decoded("gzip, zstd", &zstd(&gzip(b"text"))).unwrap(), b"text");
        assert_eq!(decoded("zstd, X-GZIP, deflate", &zlib(&gzip(&zstd(b"text")))).unwrap(), b"text");
        let two_lines = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-encoding: deflate\r\n\r\n";
        assert_eq!(decode(two_lines, &zlib(&gzip(b"x")), 9, &mut Vec::new()).unwrap(), b"x");
        assert_eq!(decoded("gzip,gzip,gzip,gzip,gzip", b"x"), Err(ContentError::TooMany));
    }

    #[test]
    fn brotli_is_decoded() {
        assert_eq!(decoded("br", BROTLI).unwrap(), b"hello brotli ".repeat(8));
    }

    #[test]
    fn members_and_frames_after_the_first_belong_to_the_body() {
        assert_eq!(decoded("gzip", &[gzip(b"one "), gzip(b"two")].concat()).unwrap(), b"one two");
        let skippable = b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec();
        assert_eq!(decoded("zstd", &[zstd(b"one "), skippable, zstd(b"two")].concat()).unwrap(), b"one two");
    }

    #[test]
    fn a_response_without_a_body_need_not_be_encoded() {
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            assert_eq!(decoded(encoding, b"").unwrap(), b"");
        }
    }

    #[test]
    fn a_bomb_is_cut_at_the_limit() {
        let bomb = vec![0; 100_001];
        for (encoding, body) in [
            ("gzip", gzip(&bomb)),
            ("deflate", zlib(&bomb)),
            ("deflate", raw_deflate(&bomb)),
            ("zstd", zstd(&bomb)),
            ("br", BROTLI_BOMB.to_vec()),
            ("identity", bomb.clone()),
        ] {
            let mut out = Vec::new();
            let error = decode(&head(encoding), &body, 100_000, &mut out).unwrap_err();
            assert_eq!(error, ContentError::TooLarge { limit_bytes: 100_000 }, "{encoding}");
            assert!(out.capacity() <= 400_000, "{encoding}: {}", out.capacity());
        }
        assert_eq!(decoded("gzip", &gzip(&bomb[1..])).unwrap().len(), 100_000, "as much as is accepted");
    }

    #[test]
    fn a_window_larger_than_any_memory_is_refused() {
        let header = b"\x28\xb5\x2f\xfd\x00\xff";
        let error = decoded("zstd", header).unwrap_err();
        assert!(error.to_string().ends_with("its window is too large"), "{error}");
    }

    #[test]
    fn unknown_encodings_are_refused_with_what_to_do() {
        let error = decoded("gzip, compress", b"x").unwrap_err();
        assert_eq!(error, ContentError::Unknown("compress".to_owned()));
        assert!(error.to_string().contains("send `accept-encoding: gzip`"), "{error}");
    }

    #[test]
    fn a_body_that_is_cut_off_or_something_else_is_refused() {
        let text = b"some text that is long enough to be cut";
        for (encoding, body) in
            [("gzip", gzip(text)), ("deflate", zlib(text)), ("zstd", zstd(text)), ("br", BROTLI.to_vec())]
        {
            for damaged in [&body[..body.len() - 1], &body[..body.len() / 2], b"{\"not\": \"encoded\"}"] {
                let error = decoded(encoding, damaged).expect_err(encoding);
                let said = format!("the body is not {encoding}, which `content-encoding` says it is: ");
                assert!(error.to_string().starts_with(&said), "{error}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(text in prop::collection::vec(0_u8..4, 0..2000)) {
            for (encoding, body) in [
                ("gzip", gzip(&text)), ("deflate", zlib(&text)), ("deflate", raw_deflate(&text)), ("zstd", zstd(&text)),
            ] {
                prop_assert_eq!(&decoded(encoding, &body).unwrap(), &text, "{}", encoding);
            }
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
            let mut frame = zstd(&bytes);
            let at = at.index(frame.len());
            frame[at] = byte;
            for encoding in ["gzip", "deflate", "br", "zstd"] {
                for body in [&bytes, &frame] {
                    let _ = decoded(encoding, body).map(|text| assert!(text.len() <= 100_000));
                }
            }
        }
    }
}
