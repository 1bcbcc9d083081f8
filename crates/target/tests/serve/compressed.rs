use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};

use crate::client::start;

fn read(mut reader: impl Read) -> Vec<u8> {
    let mut decoded = Vec::new();
    reader.read_to_end(&mut decoded).expect("it is what it says it is");
    decoded
}

fn decode(encoding: Option<&str>, body: &[u8]) -> Vec<u8> {
    match encoding {
        None => body.to_vec(),
        Some("gzip") => read(GzDecoder::new(body)),
        Some("deflate") => read(ZlibDecoder::new(body)),
        Some("br") => read(brotli_decompressor::Decompressor::new(body, 4096)),
        Some("zstd") => read(ruzstd::decoding::StreamingDecoder::new(body).expect("a frame")),
        Some(other) => panic!("{other} was not asked for"),
    }
}

#[test]
fn each_encoding_holds_the_first_page_of_items() {
    let target = start();
    let mut client = target.connect();
    let token = client.post("/login", r#"{"user": "ann", "password": "secret"}"#).json()["token"].clone();
    let token = token.as_str().expect("a token");
    client.send(format!("GET /items HTTP/1.1\r\nauthorization: Bearer {token}\r\n\r\n"));
    let items = client.response();
    for encoding in ["br", "zstd", "gzip", "deflate"] {
        let response = client.get(&format!("/compressed?encoding={encoding}"));
        assert_eq!(response.header("content-encoding"), Some(encoding));
        assert_eq!(decode(Some(encoding), &response.body), items.body, "{encoding}");
        assert!(response.body.len() < items.body.len(), "{encoding} is shorter");
    }
    let plain = client.get("/compressed?encoding=identity");
    assert_eq!((plain.header("content-encoding"), &plain.body), (None, &items.body));
    assert_eq!(client.get("/compressed?encoding=rar").status(), 400);
}

#[test]
fn the_encoding_is_negotiated_when_none_is_named() {
    let target = start();
    let mut client = target.connect();
    for (accept, expected) in
        [("gzip", Some("gzip")), ("br;q=0.2, deflate", Some("deflate")), ("identity", None)]
    {
        client.send(format!("GET /compressed HTTP/1.1\r\naccept-encoding: {accept}\r\n\r\n"));
        let response = client.response();
        assert_eq!(response.header("content-encoding"), expected, "{accept}");
        assert_eq!(response.header("vary"), Some("accept-encoding"));
    }
    assert_eq!(client.get("/compressed").header("content-encoding"), None);
}
