//! Header blocks to fields.

use super::field::{Field, FieldKind};
use super::table::Table;
use super::{HpackError, huffman, integer};

/// Decodes the header blocks of one connection, in the order in which they come.
#[derive(Debug, Default)]
pub struct Decoder {
    table: Table,
    /// Name and value of the field that is being decoded.
    text: Vec<u8>,
}

impl Decoder {
    /// Gives each field of a whole header block to `take`.
    ///
    /// # Errors
    /// When the block cannot be decoded; the connection is of no more use then.
    pub fn decode(&mut self, block: &[u8], mut take: impl FnMut(Field<'_>)) -> Result<(), HpackError> {
        let mut rest = block;
        let mut has_field = false;
        while let Some(&first) = rest.first() {
            if first & 0xe0 == 0x20 {
                let (max_bytes, behind) = integer::decode(rest, 5)?;
                if has_field {
                    return Err(HpackError::LateTableSize);
                }
                self.table.resize(max_bytes)?;
                rest = behind;
                continue;
            }
            has_field = true;
            rest = if first & 0x80 != 0 {
                let (index, behind) = integer::decode(rest, 7)?;
                take(self.table.get(index)?);
                behind
            } else {
                self.literal(rest, first & 0x40 != 0, &mut take)?
            };
        }
        Ok(())
    }

    /// A field that stands in the block itself; its name may stand in a table.
    fn literal<'a>(
        &mut self,
        input: &'a [u8],
        remember: bool,
        take: &mut impl FnMut(Field<'_>),
    ) -> Result<&'a [u8], HpackError> {
        let (index, mut rest) = integer::decode(input, if remember { 6 } else { 4 })?;
        self.text.clear();
        if index == 0 {
            rest = string(rest, &mut self.text)?;
        } else {
            self.text.extend_from_slice(self.table.get(index)?.name);
        }
        let name_bytes = self.text.len();
        rest = string(rest, &mut self.text)?;
        let (name, value) = self.text.split_at(name_bytes);
        let kind = FieldKind::of(name, value);
        take(Field { name, value, kind });
        if remember {
            self.table.insert(&self.text, name_bytes, kind);
        }
        Ok(rest)
    }

    /// Bytes that the dynamic table counts.
    #[cfg(test)]
    pub fn table_bytes(&self) -> usize {
        self.table.size_bytes()
    }
}

fn string<'a>(input: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], HpackError> {
    let (length, rest) = integer::decode(input, 7)?;
    let (text, behind) = rest.split_at_checked(length).ok_or(HpackError::Truncated)?;
    if input[0] & 0x80 != 0 {
        huffman::decode(text, out)?;
    } else {
        out.extend_from_slice(text);
    }
    Ok(behind)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::TABLE_BYTES;
    use super::*;

    /// How many fields there are.
    fn decoded(decoder: &mut Decoder, block: &[u8]) -> Result<usize, HpackError> {
        let mut fields = 0;
        decoder.decode(block, |_| fields += 1)?;
        Ok(fields)
    }

    #[test]
    fn mistakes_of_a_peer_are_told_apart() {
        for (block, error) in [
            (&[0x80][..], HpackError::Index(0)),
            (&[0xbe], HpackError::Index(62)),
            (&[0x7f, 0x00], HpackError::Index(63)),
            (&[0x40], HpackError::Truncated),
            (&[0x40, 0x02, b'a'], HpackError::Truncated),
            (&[0x40, 0x01, b'a'], HpackError::Truncated),
            (&[0x88, 0x20], HpackError::LateTableSize),
            (&[0x3f, 0xe2, 0x1f], HpackError::TableSize(4097)),
            (&[0x40, 0x81, 0x00, 0x00], HpackError::HuffmanPadding),
        ] {
            assert_eq!(decoded(&mut Decoder::default(), block), Err(error), "{block:x?}");
        }
    }

    #[test]
    fn a_changed_table_size_counts_from_the_next_field_on() {
        let mut decoder = Decoder::default();
        decoded(&mut decoder, &[0x40, 1, b'a', 1, b'b']).unwrap();
        assert_eq!(decoder.table_bytes(), 34);
        assert_eq!(decoded(&mut decoder, &[0x20, 0x3f, 0xe1, 0x1f, 0x88]), Ok(1));
        assert_eq!(decoder.table_bytes(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_fields_or_an_error_within_bounded_memory(
            blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20)
        ) {
            let mut decoder = Decoder::default();
            for block in &blocks {
                let _ = decoded(&mut decoder, block);
                prop_assert!(decoder.table_bytes() <= TABLE_BYTES);
                prop_assert!(decoder.text.capacity() <= TABLE_BYTES + 8 * 300);
            }
        }
    }
}
