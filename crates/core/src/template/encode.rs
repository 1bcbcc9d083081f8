//! Writes a value so that it can stand in its place: in a path, a form, a JSON text.

use super::Value;
use super::value::Form;
use crate::plan::Encode;

/// `Encode::Url`: the byte may stand in a path or a query, or separates their parts.
const URL: u8 = 1;
/// `Encode::Form`: unreserved in RFC 3986, section 2.3.
const FORM: u8 = 2;
/// Inside a JSON string: needs no escape (RFC 8259, section 7). What is not ASCII is checked before.
const JSON: u8 = 4;

/// For each byte, the places where it stands for itself.
const PLAIN: [u8; 256] = plain_bytes();

const fn plain_bytes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let char = byte as u8;
        let mut places = 0;
        if char.is_ascii_graphic()
            && !matches!(char, b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'%')
        {
            places |= URL;
        }
        if char.is_ascii_alphanumeric() || matches!(char, b'-' | b'.' | b'_' | b'~') {
            places |= FORM;
        }
        if char >= b' ' && char != b'"' && char != b'\\' {
            places |= JSON;
        }
        table[byte] = places;
        byte += 1;
    }
    table
}

/// How many bytes at the start of `text` stand for themselves in this place.
fn plain_length(text: &[u8], place: u8) -> usize {
    text.iter().position(|&byte| PLAIN[usize::from(byte)] & place == 0).unwrap_or(text.len())
}

/// Appends a value as its place asks.
pub(super) fn value(value: &Value, encode: Encode, out: &mut Vec<u8>) {
    written(value.text(), value.form(), encode, out);
}

/// Makes what stands in `out` from `start` on into what its place asks. What needs no change is not copied.
pub(super) fn in_place(start: usize, form: Form, encode: Encode, out: &mut Vec<u8>) {
    let plain_in = match encode {
        Encode::Raw => return,
        Encode::JsonValue if form == Form::Json => return,
        Encode::Url => URL,
        Encode::Form => FORM,
        // Bytes that are not ASCII might not be UTF-8, but unreserved ones are.
        Encode::JsonString | Encode::JsonValue => FORM,
    };
    if plain_length(&out[start..], plain_in) == out.len() - start {
        if encode == Encode::JsonValue {
            out.insert(start, b'"');
            out.push(b'"');
        }
        return;
    }
    let text = out.split_off(start);
    written(&text, form, encode, out);
}

fn written(text: &[u8], form: Form, encode: Encode, out: &mut Vec<u8>) {
    match encode {
        Encode::Raw => out.extend_from_slice(text),
        Encode::Url => url(text, out),
        Encode::Form => self::form(text, out),
        Encode::JsonString => json_string(text, out),
        Encode::JsonValue if form == Form::Json => out.extend_from_slice(text),
        Encode::JsonValue => {
            out.push(b'"');
            json_string(text, out);
            out.push(b'"');
        }
    }
}

/// Percent-encodes what can stand neither in a path nor in a query, and a `%` that encodes nothing.
///
/// `#` is encoded too: in a request it would not be data but the start of a fragment, which is never sent.
fn url(text: &[u8], out: &mut Vec<u8>) {
    percent(text, URL, starts_encoded, out);
}

/// Percent-encodes everything but unreserved bytes; a space becomes `%20`, which also stands for a space where `+` does not.
pub(super) fn form(text: &[u8], out: &mut Vec<u8>) {
    percent(text, FORM, |_| false, out);
}

fn starts_encoded(text: &[u8]) -> bool {
    matches!(text, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// Writes a byte that does not stand for itself as `%XX`, unless `keep` says that it may stay before what follows it.
fn percent(mut text: &[u8], place: u8, keep: fn(&[u8]) -> bool, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    loop {
        let (plain, rest) = text.split_at(plain_length(text, place));
        out.extend_from_slice(plain);
        let [byte, after @ ..] = rest else { return };
        if keep(rest) {
            out.push(*byte);
        } else {
            out.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        text = after;
    }
}

/// Writes the inside of a JSON string. What is not UTF-8 cannot stand in JSON and becomes U+FFFD.
pub(super) fn json_string(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        json_escape(chunk.valid().as_bytes(), out);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

fn json_escape(mut text: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    loop {
        let (plain, rest) = text.split_at(plain_length(text, JSON));
        out.extend_from_slice(plain);
        let [byte, after @ ..] = rest else { return };
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[
                    DIGITS[usize::from(control >> 4)],
                    DIGITS[usize::from(control & 15)],
                ]);
            }
        }
        text = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(encode: fn(&[u8], &mut Vec<u8>), text: &[u8]) -> String {
        let mut out = Vec::new();
        encode(text, &mut out);
        String::from_utf8(out).expect("encoded text is UTF-8")
    }

    /// What a server makes of percent-encoded text.
    fn percent_decoded(text: &str) -> Vec<u8> {
        let mut rest = text.as_bytes();
        let mut out = Vec::new();
        while let [byte, after @ ..] = rest {
            rest = after;
            match (byte, after) {
                (b'%', [high, low, after @ ..]) => {
                    let digit =
                        |digit: u8| char::from(digit).to_digit(16).expect("a hexadecimal digit") as u8;
                    out.push(digit(*high) << 4 | digit(*low));
                    rest = after;
                }
                _ => out.push(*byte),
            }
        }
        out
    }

    #[test]
    fn url_keeps_what_may_stand_in_a_path_or_query() {
        let plain = "/a/b;v=1,2/~user/(x)!$&'*+-._:@[0]?q=a%20b&r=%e9";
        let rows = [
            (plain.as_bytes(), plain),
            (b"", ""),
            (b"a b", "a%20b"),
            (b"\"<>\\^`{|}", "%22%3C%3E%5C%5E%60%7B%7C%7D"),
            (b"\0\r\n\x7f", "%00%0D%0A%7F"),
            ("é€".as_bytes(), "%C3%A9%E2%82%AC"),
            (b"\xff", "%FF"),
            (b"a#b", "a%23b"),
            (b"100%", "100%25"),
            (b"%4", "%254"),
            (b"%4g%41", "%254g%41"),
            (b"%%41", "%25%41"),
        ];
        for (text, expected) in rows {
            assert_eq!(encoded(url, text), expected);
        }
    }

    #[test]
    fn form_keeps_only_unreserved_bytes() {
        let rows: [(&[u8], &str); 4] = [
            (b"AZaz09-._~", "AZaz09-._~"),
            (b"a b+c&d=e/f?g#h%41", "a%20b%2Bc%26d%3De%2Ff%3Fg%23h%2541"),
            (b"!$'()*,:;@[]", "%21%24%27%28%29%2A%2C%3A%3B%40%5B%5D"),
            ("é\u{0}\u{7f}".as_bytes(), "%C3%A9%00%7F"),
        ];
        for (text, expected) in rows {
            assert_eq!(encoded(form, text), expected);
        }
    }

    #[test]
    fn json_strings_escape_what_they_must_and_replace_what_they_cannot_hold() {
        let rows: [(&[u8], &str); 6] = [
            (b"plain / text", "plain / text"),
            (b"\"\\", r#"\"\\"#),
            (b"\n\r\t\x08\x0c\0\x1f\x7f", "\\n\\r\\t\\u0008\\u000c\\u0000\\u001f\x7f"),
            ("é😀\u{2028}".as_bytes(), "é😀\u{2028}"),
            (b"a\xffb\xc3", "a\u{fffd}b\u{fffd}"),
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
        ];
        for (text, expected) in rows {
            assert_eq!(encoded(json_string, text), expected);
        }
    }

    proptest! {
        #[test]
        fn form_decodes_to_the_same_bytes(text: Vec<u8>) {
            let encoded = encoded(form, &text);
            prop_assert!(encoded.bytes().all(|byte| byte == b'%' || PLAIN[usize::from(byte)] & FORM != 0));
            prop_assert_eq!(percent_decoded(&encoded), text);
        }

        #[test]
        fn url_decodes_to_the_same_bytes_where_nothing_was_encoded_before(text: Vec<u8>) {
            let text: Vec<u8> = text.into_iter().filter(|&byte| byte != b'%').collect();
            prop_assert_eq!(percent_decoded(&encoded(url, &text)), text);
        }

        #[test]
        fn url_leaves_alone_what_is_encoded(text in prop_oneof![any::<Vec<u8>>(), "[%a-f0-9 ]{0,20}".prop_map(Into::into)]) {
            let once = encoded(url, &text);
            prop_assert!(once.bytes().all(|byte| byte == b'%' || PLAIN[usize::from(byte)] & URL != 0));
            prop_assert_eq!(&encoded(url, once.as_bytes()), &once);
        }

        #[test]
        fn json_strings_read_back_as_the_same_text(text: Vec<u8>) {
            let json = format!("\"{}\"", encoded(json_string, &text));
            let expected = String::from_utf8_lossy(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), expected);
        }
    }
}
