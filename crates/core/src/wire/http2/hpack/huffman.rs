//! The Huffman code of HPACK (RFC 7541, section 5.2 and appendix B).
//!
//! It is a canonical code: shorter codes come first, and codes of one length follow the order of their symbols. So the
//! lengths say everything, and the tables are computed from them when this is compiled.

use super::HpackError;

/// Length in bits of the code of each byte, and of the end-of-string symbol (256).
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6,
    6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7,
    8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7,
    15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24,
    23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23,
    23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26,
    26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20,
    21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
    27, 27, 26, 30,
];
const LONGEST: usize = 30;
const END_OF_STRING: u16 = 256;
/// Codes up to this length are found with one look-up; that is all of printable ASCII but a few signs.
const FAST_BITS: usize = 10;

struct Codes {
    /// The code of each symbol, in its low bits.
    code: [u32; 257],
    /// All symbols in the order of their codes.
    sorted: [u16; 257],
    /// For each length: the first code that is longer, from the left of 32 bits; and the number by which a code of this
    /// length is off its place in `sorted`.
    end: [u64; LONGEST + 1],
    offset: [i64; LONGEST + 1],
    /// For the next [`FAST_BITS`] bits: length of the code in the high byte and its byte in the low one; 0 if longer.
    fast: [u16; 1 << FAST_BITS],
}

static CODES: Codes = codes();

const fn codes() -> Codes {
    let mut codes = Codes {
        code: [0; 257],
        sorted: [0; 257],
        end: [0; LONGEST + 1],
        offset: [0; LONGEST + 1],
        fast: [0; 1 << FAST_BITS],
    };
    let (mut code, mut place, mut length) = (0u32, 0, 1);
    while length <= LONGEST {
        code <<= 1;
        codes.offset[length] = place as i64 - code as i64;
        let mut symbol = 0;
        while symbol < 257 {
            if LENGTHS[symbol] as usize == length {
                codes.code[symbol] = code;
                codes.sorted[place] = symbol as u16;
                let mut tail = 0;
                while length <= FAST_BITS && tail < 1 << (FAST_BITS - length) {
                    let bits = ((code as usize) << (FAST_BITS - length)) | tail;
                    codes.fast[bits] = (length as u16) << 8 | symbol as u16;
                    tail += 1;
                }
                code += 1;
                place += 1;
            }
            symbol += 1;
        }
        codes.end[length] = (code as u64) << (32 - length);
        length += 1;
    }
    codes
}

/// How many bytes `text` takes when it is encoded.
pub fn encoded_bytes(text: &[u8]) -> usize {
    text.iter().map(|&byte| usize::from(LENGTHS[usize::from(byte)])).sum::<usize>().div_ceil(8)
}

/// Appends `text`, encoded.
pub fn encode(text: &[u8], out: &mut Vec<u8>) {
    let (mut bits, mut count) = (0u64, 0);
    for &byte in text {
        let length = u32::from(LENGTHS[usize::from(byte)]);
        bits = bits << length | u64::from(CODES.code[usize::from(byte)]);
        count += length;
        while count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    if count > 0 {
        // Padded with the beginning of the end-of-string symbol, which is all ones.
        out.push((bits << (8 - count)) as u8 | 0xff >> count);
    }
}

/// Appends the decoded text of `bytes` to `out`: at most 8/5 of their number.
///
/// # Errors
/// A padding that is not the beginning of the end-of-string symbol or is a byte or longer, or that symbol itself.
pub fn decode(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), HpackError> {
    out.reserve(bytes.len() * 8 / 5);
    // The next bits stand from the left; behind them are zeros.
    let (mut bits, mut count) = (0u64, 0);
    let mut rest = bytes.iter();
    loop {
        while count <= 56 {
            let Some(&byte) = rest.next() else { break };
            bits |= u64::from(byte) << (56 - count);
            count += 8;
        }
        let found = CODES.fast[(bits >> (64 - FAST_BITS)) as usize];
        let (symbol, length) = if found != 0 { (found & 0xff, usize::from(found >> 8)) } else { long(bits) };
        if length > count {
            let padding = if count == 0 { 0 } else { !bits >> (64 - count) };
            return if count < 8 && padding == 0 { Ok(()) } else { Err(HpackError::HuffmanPadding) };
        }
        if symbol == END_OF_STRING {
            return Err(HpackError::HuffmanEnd);
        }
        out.push(symbol as u8);
        bits <<= length;
        count -= length;
    }
}

fn long(bits: u64) -> (u16, usize) {
    let next = bits >> 32;
    let mut length = FAST_BITS + 1;
    while length < LONGEST && next >= CODES.end[length] {
        length += 1;
    }
    let code = (next >> (32 - length)) as i64;
    (CODES.sorted[(code + CODES.offset[length]) as usize], length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(bytes: &[u8]) -> Result<Vec<u8>, HpackError> {
        let mut out = Vec::new();
        decode(bytes, &mut out).map(|()| out)
    }

    #[test]
    fn the_code_is_complete_and_has_the_codes_of_the_rfc() {
        let used: u64 = LENGTHS.iter().map(|&length| 1u64 << (LONGEST - usize::from(length))).sum();
        assert_eq!(used, 1 << LONGEST);
        for (symbol, code) in [
            (b'0', 0x0),
            (b' ', 0x14),
            (b'A', 0x21),
            (b'z', 0x7b),
            (b'!', 0x3f8),
            (b'\\', 0x7fff0),
            (0, 0x1ff8),
            (0xff, 0x3ffffee),
        ] {
            assert_eq!(CODES.code[usize::from(symbol)], code, "{symbol}");
        }
        assert_eq!(CODES.code[usize::from(END_OF_STRING)], 0x3fff_ffff);
    }

    #[test]
    fn texts_of_the_rfc_are_decoded_and_encoded() {
        for (text, bytes) in [
            (
                "www.example.com",
                &[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff][..],
            ),
            ("no-cache", &[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf]),
            ("302", &[0x64, 0x02]),
            ("", &[]),
        ] {
            assert_eq!(decoded(bytes).unwrap(), text.as_bytes());
            let mut out = Vec::new();
            encode(text.as_bytes(), &mut out);
            assert_eq!(out, bytes);
        }
    }

    #[test]
    fn wrong_padding_and_the_end_symbol_are_refused() {
        // "a" is 00011; its padding has to be ones, and less than a byte.
        assert_eq!(decoded(&[0b0001_1111]).unwrap(), b"a");
        assert_eq!(decoded(&[0b0001_1110]), Err(HpackError::HuffmanPadding));
        assert_eq!(decoded(&[0b0001_1111, 0xff]), Err(HpackError::HuffmanPadding));
        assert_eq!(decoded(&[0xff]), Err(HpackError::HuffmanPadding));
        assert_eq!(decoded(&[0xff; 4]), Err(HpackError::HuffmanEnd));
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text: Vec<u8>) {
            let mut out = Vec::new();
            encode(&text, &mut out);
            prop_assert_eq!(out.len(), encoded_bytes(&text));
            prop_assert_eq!(decoded(&out).unwrap(), text);
        }

        #[test]
        fn what_is_accepted_has_only_one_form(bytes: Vec<u8>) {
            if let Ok(text) = decoded(&bytes) {
                prop_assert!(text.len() <= bytes.len() * 8 / 5);
                let mut out = Vec::new();
                encode(&text, &mut out);
                prop_assert_eq!(out, bytes);
            }
        }
    }
}
