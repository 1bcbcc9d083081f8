//! What can be wrong with a response.

use super::{MAX_CHUNK_LINE_BYTES, MAX_FIELDS, MAX_TRAILER_BYTES};

/// Why the bytes of a response are not a complete, acceptable HTTP/1.1 response.
///
/// The connection is of no more use after any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Closed before the first byte: on a reused connection the keep-alive race, on a new one a server that hangs up.
    #[error("the peer closed the connection before it sent any byte of the response")]
    ClosedBeforeResponse,
    /// Closed inside the status line or the header fields, or after informational responses only.
    #[error("the peer closed the connection inside the response head, after {received_bytes} bytes of it")]
    ClosedInHead {
        /// Head bytes that had come, informational responses included.
        received_bytes: u64,
    },
    /// Closed before as many body bytes had come as `content-length` announced.
    #[error(
        "the peer closed the connection after {received_bytes} of {announced_bytes} announced body bytes"
    )]
    ClosedInBody {
        /// Body bytes that had come.
        received_bytes: u64,
        /// The value of `content-length`.
        announced_bytes: u64,
    },
    /// Closed before the last chunk and the end of the trailers.
    #[error("the peer closed the connection inside a chunked body, after {received_bytes} decoded bytes")]
    ClosedInChunkedBody {
        /// Decoded body bytes that had come.
        received_bytes: u64,
    },

    /// The head does not end within [`super::Limits::max_head_bytes`].
    #[error("the response head is larger than {limit_bytes} bytes")]
    HeadTooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// More than [`MAX_FIELDS`] header or trailer fields.
    #[error("the response has more than {MAX_FIELDS} header or trailer fields")]
    TooManyFields,
    /// The body is, or is announced to be, over [`super::Limits::max_body_bytes`].
    #[error("the response body is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// A chunk-size line, extensions included, is over [`MAX_CHUNK_LINE_BYTES`].
    #[error("a chunk-size line is longer than {MAX_CHUNK_LINE_BYTES} bytes")]
    ChunkLineTooLarge,
    /// The trailer section is over [`MAX_TRAILER_BYTES`].
    #[error("the trailer section is larger than {MAX_TRAILER_BYTES} bytes")]
    TrailersTooLarge,

    /// The first bytes are not `HTTP/1.0` or `HTTP/1.1`.
    #[error("the response does not start with HTTP/1.0 or HTTP/1.1")]
    InvalidVersion,
    /// The status line has no three-digit code of 100 or more, or a reason phrase with control characters.
    #[error("the status line is malformed")]
    InvalidStatusLine,
    /// A header line does not start with a field name and a colon; folded lines are refused too.
    #[error(
        "a header line does not start with a valid field name and a colon (folded lines are not accepted)"
    )]
    InvalidHeaderName,
    /// A header value holds a control character.
    #[error("a header value holds a control character")]
    InvalidHeaderValue,
    /// A carriage return without line feed at the end of the head.
    #[error("a carriage return is not followed by a line feed")]
    InvalidLineEnd,
    /// Status 101, although no request of Kilobar asks to change the protocol.
    #[error("the server switched protocols (status 101) without having been asked to")]
    UnexpectedUpgrade,

    /// `content-length` is not a decimal number that fits 64 bits.
    #[error("content-length is not a valid number of bytes")]
    InvalidContentLength,
    /// Several `content-length` values that differ.
    #[error("there are several content-length values and they differ")]
    ConflictingContentLengths,
    /// `transfer-encoding` in an HTTP/1.0 response, which does not know it.
    #[error("transfer-encoding is not allowed in an HTTP/1.0 response")]
    TransferEncodingInHttp10,
    /// A chunk does not start with a hexadecimal size followed by CR LF or an extension.
    #[error("a chunk size is malformed")]
    InvalidChunkSize,
    /// A chunk size does not fit 64 bits.
    #[error("a chunk size does not fit 64 bits")]
    ChunkSizeOverflow,
    /// A chunk extension holds a bare line feed.
    #[error("a chunk extension holds a bare line feed")]
    InvalidChunkExtension,
    /// The data of a chunk is not followed by CR LF: the chunk is longer than its size said.
    #[error("the data of a chunk is not followed by CR LF")]
    InvalidChunkEnd,
    /// The trailer section is not made of valid field lines.
    #[error("the trailer section is malformed")]
    InvalidTrailer,
}

impl WireError {
    /// Whether a limit was exceeded: of the head, the body, a chunk-size line or the trailers.
    pub const fn is_too_large(&self) -> bool {
        matches!(
            self,
            Self::HeadTooLarge { .. }
                | Self::TooManyFields
                | Self::BodyTooLarge { .. }
                | Self::ChunkLineTooLarge
                | Self::TrailersTooLarge
        )
    }

    /// Whether the peer closed the connection before the response was complete.
    pub const fn is_truncated(&self) -> bool {
        matches!(
            self,
            Self::ClosedBeforeResponse
                | Self::ClosedInHead { .. }
                | Self::ClosedInBody { .. }
                | Self::ClosedInChunkedBody { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_truncations_are_told_apart_from_nonsense() {
        for (error, is_too_large, is_truncated) in [
            (WireError::HeadTooLarge { limit_bytes: 1 }, true, false),
            (WireError::TooManyFields, true, false),
            (WireError::BodyTooLarge { limit_bytes: 1 }, true, false),
            (WireError::ChunkLineTooLarge, true, false),
            (WireError::TrailersTooLarge, true, false),
            (WireError::ClosedBeforeResponse, false, true),
            (WireError::ClosedInHead { received_bytes: 1 }, false, true),
            (WireError::ClosedInBody { received_bytes: 1, announced_bytes: 2 }, false, true),
            (WireError::ClosedInChunkedBody { received_bytes: 1 }, false, true),
            (WireError::InvalidVersion, false, false),
            (WireError::ChunkSizeOverflow, false, false),
        ] {
            assert_eq!((error.is_too_large(), error.is_truncated()), (is_too_large, is_truncated), "{error}");
        }
    }

    #[test]
    fn messages_carry_the_numbers() {
        let error = WireError::ClosedInBody { received_bytes: 2, announced_bytes: 5 };
        assert_eq!(error.to_string(), "the peer closed the connection after 2 of 5 announced body bytes");
        assert_eq!(
            WireError::TooManyFields.to_string(),
            "the response has more than 100 header or trailer fields"
        );
    }
}
