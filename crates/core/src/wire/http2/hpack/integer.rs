//! Integers of HPACK (RFC 7541, section 5.1): what does not fit the rest of a byte continues in groups of seven bits.

use super::HpackError;

/// Reads an integer whose first byte leaves `bits` for it, and returns it with what follows.
///
/// # Errors
/// When the input ends inside it, or it does not fit 32 bits.
#[inline]
pub fn decode(input: &[u8], bits: u32) -> Result<(usize, &[u8]), HpackError> {
    let (&first, mut rest) = input.split_first().ok_or(HpackError::Truncated)?;
    let most = (1usize << bits) - 1;
    let mut value = usize::from(first) & most;
    if value < most {
        return Ok((value, rest));
    }
    for shift in (0..=28).step_by(7) {
        let (&byte, behind) = rest.split_first().ok_or(HpackError::Truncated)?;
        rest = behind;
        value += usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return if value <= u32::MAX as usize { Ok((value, rest)) } else { Err(HpackError::Integer) };
        }
    }
    Err(HpackError::Integer)
}

/// Appends `value` behind the bits of `first` that say what it is.
#[inline]
pub fn encode(value: usize, first: u8, bits: u32, out: &mut Vec<u8>) {
    let most = (1usize << bits) - 1;
    if value < most {
        out.push(first | value as u8);
        return;
    }
    out.push(first | most as u8);
    let mut rest = value - most;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_rfc_are_read_and_written() {
        for (value, bits, bytes) in [(10, 5, &[0x0a][..]), (1337, 5, &[0x1f, 0x9a, 0x0a]), (42, 8, &[0x2a])] {
            let mut out = Vec::new();
            encode(value, 0, bits, &mut out);
            assert_eq!(out, bytes);
            assert_eq!(decode(bytes, bits), Ok((value, &[][..])));
        }
    }

    #[test]
    fn what_is_cut_or_too_large_is_refused() {
        assert_eq!(decode(&[], 5), Err(HpackError::Truncated));
        assert_eq!(decode(&[0x1f], 5), Err(HpackError::Truncated));
        assert_eq!(decode(&[0x1f, 0x80], 5), Err(HpackError::Truncated));
        assert_eq!(decode(&[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 5), Err(HpackError::Integer));
        assert_eq!(decode(&[0x1f, 0xff, 0xff, 0xff, 0xff, 0x7f], 5), Err(HpackError::Integer));
        assert_eq!(decode(&[0x1f, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], 5), Err(HpackError::Integer));
    }

    proptest! {
        #[test]
        fn every_integer_comes_back(value: u32, bits in 1u32..=8, tail: Vec<u8>) {
            let mut out = Vec::new();
            encode(value as usize, 0, bits, &mut out);
            out.extend_from_slice(&tail);
            prop_assert_eq!(decode(&out, bits), Ok((value as usize, &tail[..])));
        }
    }
}
