//! The items of the shop, encoded in each way that clients decode.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{Exchange, shop};
use crate::response::JSON;
use crate::script::Reply;

/// There is no encoder of brotli here: these are the items, encoded by its own tool. A test decodes them.
const BROTLI: &[u8] = include_bytes!("items.json.br");

/// The encodings, the one that is preferred when several are equally welcome first.
const NAMES: [&str; 5] = ["br", "zstd", "gzip", "deflate", "identity"];

/// `/compressed`: its bodies never change, so each is encoded once.
#[derive(Debug)]
pub(super) struct Compressed {
    /// In the order of [`NAMES`].
    bodies: [Vec<u8>; NAMES.len()],
}

impl Compressed {
    pub(super) fn new() -> Self {
        let items = shop::page(1).to_string().into_bytes();
        let zstd = compress_to_vec(items.as_slice(), CompressionLevel::Fastest);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let mut deflate = ZlibEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&items).and_then(|()| deflate.write_all(&items)).expect("memory takes every byte");
        let (gzip, deflate) = (gzip.finish(), deflate.finish());
        let [gzip, deflate] = [gzip, deflate].map(|bytes| bytes.expect("memory takes every byte"));
        Compressed { bodies: [BROTLI.to_vec(), zstd, gzip, deflate, items] }
    }

    pub(super) fn respond(&self, exchange: &mut Exchange<'_, '_>) -> Reply {
        let asked = match exchange.head.parameter("encoding") {
            Some(name) => NAMES.iter().position(|known| *known == name),
            None => Some(negotiate(exchange.head.header("accept-encoding").unwrap_or_default())),
        };
        let Some(index) = asked else {
            return exchange.refuse(400, "encoding is br, zstd, gzip, deflate or identity");
        };
        let body = &self.bodies[index];
        match NAMES[index] {
            "identity" => exchange.respond_with(200, JSON, &[VARY], body),
            name => exchange.respond_with(200, JSON, &[("content-encoding", name), VARY], body),
        }
    }
}

const VARY: (&str, &str) = ("vary", "accept-encoding");

/// The number of the encoding that `accept-encoding` wants most.
fn negotiate(accept: &[u8]) -> usize {
    let accept = String::from_utf8_lossy(accept);
    let quality = |name: &str| {
        accept.split(',').find_map(|entry| {
            let (encoding, parameter) = entry.split_once(';').unwrap_or((entry, ""));
            let quality = parameter.trim().strip_prefix("q=").map_or(Some(1.0), |value| value.parse().ok());
            encoding.trim().eq_ignore_ascii_case(name).then_some(quality.unwrap_or(0.0))
        })
    };
    let mut best = (NAMES.len() - 1, 0.0);
    for (index, name) in NAMES.iter().enumerate() {
        let quality: f32 = quality(name).unwrap_or(0.0);
        if quality > best.1 {
            best = (index, quality);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_the_one_that_is_most_welcome() {
        for (accept, expected) in [
            ("", "identity"),
            ("gzip", "gzip"),
            ("gzip, deflate, br, zstd", "br"),
            ("GZIP;q=1.0, br;q=0.5", "gzip"),
            ("br;q=0, deflate", "deflate"),
            ("gzip;q=none, compress", "identity"),
            ("identity;q=0.5, zstd;q=0.4", "identity"),
        ] {
            assert_eq!(NAMES[negotiate(accept.as_bytes())], expected, "{accept}");
        }
    }
}
