//! Frames (RFC 9113, section 4): nine bytes that say what follows, and the frames that a client writes.

/// Bytes before the payload of each frame.
pub const HEADER_BYTES: usize = 9;
/// The largest payload that we accept, and that every peer has to: the default of the protocol.
pub const MAX_PAYLOAD_BYTES: usize = 16_384;

/// Types of frames.
pub mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;

    /// The name of a type, for messages.
    pub const fn name(kind: u8) -> &'static str {
        match kind {
            DATA => "DATA",
            HEADERS => "HEADERS",
            PRIORITY => "PRIORITY",
            RST_STREAM => "RST_STREAM",
            SETTINGS => "SETTINGS",
            PUSH_PROMISE => "PUSH_PROMISE",
            PING => "PING",
            GOAWAY => "GOAWAY",
            WINDOW_UPDATE => "WINDOW_UPDATE",
            CONTINUATION => "CONTINUATION",
            _ => "unknown",
        }
    }
}

/// Flags of frames.
pub mod flag {
    pub const END_STREAM: u8 = 0x1;
    pub const ACK: u8 = 0x1;
    pub const END_HEADERS: u8 = 0x4;
    pub const PADDED: u8 = 0x8;
    pub const PRIORITY: u8 = 0x20;
}

/// What the first nine bytes of a frame say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Bytes that follow.
    pub length: usize,
    /// Its type, one of [`kind`] or unknown.
    pub kind: u8,
    /// Its flags, of [`flag`].
    pub flags: u8,
    /// Its stream; 0 is the connection.
    pub stream: u32,
}

impl FrameHeader {
    /// Reads it.
    #[inline]
    pub fn read(bytes: &[u8; HEADER_BYTES]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = *bytes;
        Self {
            length: u32::from_be_bytes([0, a, b, c]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
        }
    }

    /// Appends it.
    #[inline]
    pub fn write(self, out: &mut Vec<u8>) {
        let [_, a, b, c] = (self.length as u32).to_be_bytes();
        let [d, e, f, g] = self.stream.to_be_bytes();
        out.extend_from_slice(&[a, b, c, self.kind, self.flags, d, e, f, g]);
    }

    /// Whether it has this flag.
    #[inline]
    pub fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload without its padding; `None` when the padding is longer than the payload.
    #[inline]
    pub fn unpadded(self, payload: &[u8]) -> Option<&[u8]> {
        if !self.has(flag::PADDED) {
            return Some(payload);
        }
        let (&padding, rest) = payload.split_first()?;
        rest.get(..rest.len().checked_sub(usize::from(padding))?)
    }
}

/// Appends a frame with this payload.
pub fn write_frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    FrameHeader { length: payload.len(), kind, flags, stream }.write(out);
    out.extend_from_slice(payload);
}

/// The first four bytes as a number.
#[inline]
pub fn number(payload: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*payload.first_chunk::<4>()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_reserved_bit_of_a_stream_is_ignored() {
        let header = FrameHeader::read(&[0, 0, 5, 0, 1, 0x80, 0, 0, 3]);
        assert_eq!(header, FrameHeader { length: 5, kind: kind::DATA, flags: flag::END_STREAM, stream: 3 });
    }

    #[test]
    fn padding_is_removed_and_may_not_exceed_the_payload() {
        let header = |flags| FrameHeader { length: 4, kind: kind::DATA, flags, stream: 1 };
        assert_eq!(header(0).unpadded(&[1, 2, 3, 4]), Some(&[1, 2, 3, 4][..]));
        assert_eq!(header(flag::PADDED).unpadded(&[1, 2, 3, 4]), Some(&[2, 3][..]));
        assert_eq!(header(flag::PADDED).unpadded(&[3, 2, 3, 4]), Some(&[][..]));
        assert_eq!(header(flag::PADDED).unpadded(&[4, 2, 3, 4]), None);
        assert_eq!(header(flag::PADDED).unpadded(&[]), None);
    }

    proptest! {
        #[test]
        fn every_header_comes_back(length in 0usize..1 << 24, kind: u8, flags: u8, stream in 0u32..1 << 31) {
            let header = FrameHeader { length, kind, flags, stream };
            let mut out = Vec::new();
            header.write(&mut out);
            prop_assert_eq!(FrameHeader::read(out[..].try_into().unwrap()), header);
        }
    }
}
