//! HPACK (RFC 7541): how HTTP/2 writes header fields.
//!
//! What comes is decoded with the whole format. What is sent never enters the peer's dynamic table: so the header block
//! of a request is the same bytes on every connection and can be made once.

mod decode;
mod encode;
mod field;
mod huffman;
mod integer;
mod table;
#[cfg(test)]
mod vectors;

pub use decode::Decoder;
pub use encode::{Coding, FieldName, append_field, append_table_size};
pub use field::{Field, FieldKind, Flaw};

/// Bytes of decoded fields that a peer may have us remember: the default of the protocol, which we never change.
pub const TABLE_BYTES: usize = 4096;

/// Why a header block cannot be decoded. The connection is of no more use, because both sides no longer remember the
/// same fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HpackError {
    /// The block ends inside a field.
    #[error("a header block ends inside a field")]
    Truncated,
    /// An integer does not fit 32 bits.
    #[error("a number in a header block does not fit 32 bits")]
    Integer,
    /// An index points behind both tables, or is 0.
    #[error("a header block refers to entry {0}, which no table has")]
    Index(usize),
    /// The padding of a Huffman-coded text is wrong.
    #[error("a Huffman-coded text in a header block is wrongly padded")]
    HuffmanPadding,
    /// A Huffman-coded text has the end-of-string symbol in it.
    #[error("a Huffman-coded text in a header block holds the end-of-string symbol")]
    HuffmanEnd,
    /// The table is to grow over [`TABLE_BYTES`].
    #[error("a header block asks for a table of {0} bytes, over the limit of {TABLE_BYTES}")]
    TableSize(usize),
    /// The size of the table changes behind the first field of a block.
    #[error("a header block changes the size of the table behind its first field")]
    LateTableSize,
}
