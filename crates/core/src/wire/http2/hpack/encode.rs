//! Fields to header blocks, without the dynamic table.

use super::{huffman, integer, table};

/// How texts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As they are: for what is written for each request.
    Plain,
    /// Huffman-coded where that is shorter: for what is written once.
    Shortest,
}

/// A field name as it goes over the wire, to which values are appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldName {
    encoded: Box<[u8]>,
}

/// Names whose values no intermediary may keep in a table (RFC 7541, section 7.1.3).
const NEVER_INDEXED: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

impl FieldName {
    /// The name in lower case, as HTTP/2 demands.
    pub fn new(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let first = if NEVER_INDEXED.contains(&name.as_str()) { 0x10 } else { 0x00 };
        let mut encoded = Vec::new();
        match table::STATIC.iter().position(|(known, _)| *known == name) {
            Some(place) => integer::encode(place + 1, first, 4, &mut encoded),
            None => {
                encoded.push(first);
                append_text(name.as_bytes(), Coding::Shortest, &mut encoded);
            }
        }
        Self { encoded: encoded.into() }
    }

    /// Appends a field with this name.
    #[inline]
    pub fn append(&self, value: &[u8], coding: Coding, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.encoded);
        append_text(value, coding, out);
    }
}

/// Appends a field that never changes, as short as it can be: as an index if the static table has it whole.
pub fn append_field(name: &str, value: &str, out: &mut Vec<u8>) {
    match table::STATIC.iter().position(|known| *known == (name, value)) {
        Some(place) if !value.is_empty() => integer::encode(place + 1, 0x80, 7, out),
        _ => FieldName::new(name).append(value.as_bytes(), Coding::Shortest, out),
    }
}

/// Appends the announcement that the encoder's table has this size from here on.
pub fn append_table_size(bytes: usize, out: &mut Vec<u8>) {
    integer::encode(bytes, 0x20, 5, out);
}

#[inline]
fn append_text(text: &[u8], coding: Coding, out: &mut Vec<u8>) {
    if coding == Coding::Shortest {
        let bytes = huffman::encoded_bytes(text);
        if bytes < text.len() {
            integer::encode(bytes, 0x80, 7, out);
            return huffman::encode(text, out);
        }
    }
    integer::encode(text.len(), 0x00, 7, out);
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Decoder;
    use super::*;

    fn decoded(block: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut fields = Vec::new();
        let mut decoder = Decoder::default();
        decoder
            .decode(block, |field| {
                fields.push((String::from_utf8(field.name.to_vec()).unwrap(), field.value.to_vec()));
            })
            .unwrap();
        assert_eq!(decoder.table_bytes(), 0, "nothing may enter the peer's table");
        fields
    }

    #[test]
    fn known_fields_are_one_byte_and_known_names_an_index() {
        let mut out = Vec::new();
        append_field(":method", "GET", &mut out);
        append_field(":scheme", "https", &mut out);
        append_field(":path", "/", &mut out);
        assert_eq!(out, [0x82, 0x87, 0x84]);
        out.clear();
        FieldName::new("User-Agent").append(b"k", Coding::Plain, &mut out);
        assert_eq!(out, [0x0f, 58 - 15, 1, b'k']);
    }

    #[test]
    fn secrets_are_marked_as_never_indexed() {
        for (name, first) in [("authorization", 0x1f), ("cookie", 0x1f), ("accept", 0x0f), ("x-a", 0x00)] {
            let mut out = Vec::new();
            FieldName::new(name).append(b"v", Coding::Plain, &mut out);
            assert_eq!(out[0], first, "{name}");
        }
    }

    proptest! {
        #[test]
        fn fields_come_back_whatever_the_coding(
            name in "[a-z][a-z0-9-]{0,40}", value in prop::collection::vec(any::<u8>(), 0..300), plain: bool
        ) {
            let mut out = Vec::new();
            let coding = if plain { Coding::Plain } else { Coding::Shortest };
            FieldName::new(&name).append(&value, coding, &mut out);
            prop_assert_eq!(decoded(&out), [(name, value)]);
        }
    }
}
