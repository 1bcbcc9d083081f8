//! What can go wrong: with the connection, or with one stream of it.

use std::fmt;

use super::hpack::{Flaw, HpackError};

/// A code with which a peer ends a stream or a connection (RFC 9113, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// Nothing is wrong.
    pub const NO_ERROR: Self = Self(0);
    /// The peer broke a rule for which there is no better code.
    pub const PROTOCOL_ERROR: Self = Self(1);
    /// The peer sent more than its window.
    pub const FLOW_CONTROL_ERROR: Self = Self(3);
    /// A frame of a size that it cannot have.
    pub const FRAME_SIZE_ERROR: Self = Self(6);
    /// The stream was not looked at and may be tried again.
    pub const REFUSED_STREAM: Self = Self(7);
    /// The stream is no longer needed.
    pub const CANCEL: Self = Self(8);
    /// A header block that cannot be decoded.
    pub const COMPRESSION_ERROR: Self = Self(9);
    /// The peer behaves as if it wanted to wear us out.
    pub const ENHANCE_YOUR_CALM: Self = Self(11);

    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.get(self.0 as usize) {
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "error code {:#x}", self.0),
        }
    }
}

/// Why the bytes of a server are not HTTP/2. The connection is of no more use, all its open streams fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// It answers in HTTP/1.
    #[error("the server answers in HTTP/1, not HTTP/2")]
    Http1,
    /// Its first frame is not SETTINGS.
    #[error("the server does not begin with a SETTINGS frame: it does not speak HTTP/2")]
    NoSettings,
    /// A frame larger than we allowed.
    #[error("a {kind} frame of {length} bytes is larger than the agreed {} bytes", super::MAX_PAYLOAD_BYTES)]
    FrameTooLarge {
        /// Its type.
        kind: &'static str,
        /// Its announced length.
        length: usize,
    },
    /// A frame whose length or padding does not fit its type.
    #[error("a {0} frame has a length or padding that it cannot have")]
    FrameSize(&'static str),
    /// A frame of the connection on a stream, or the other way round.
    #[error("a {kind} frame on stream {stream}, where none can be")]
    MisplacedFrame {
        /// Its type.
        kind: &'static str,
        /// Its stream.
        stream: u32,
    },
    /// A header block is interrupted, or continued without having begun.
    #[error("a {0} frame interrupts a header block, or continues none")]
    Interrupted(&'static str),
    /// A pushed response, although we said that we want none.
    #[error("the server pushes a response although push is switched off")]
    Push,
    /// A setting that cannot have this value.
    #[error("the setting {name} cannot be {value}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: u32,
    },
    /// The window of the connection, or of all its streams, is enlarged by nothing or over its limit.
    #[error(
        "the window of the connection, or of all its streams, is enlarged by nothing or over 2^31-1 bytes"
    )]
    Window,
    /// More data than the window of the connection allows.
    #[error("the server sends more than the window of the connection allows")]
    FlowControl,
    /// A header block that cannot be decoded.
    #[error(transparent)]
    Hpack(#[from] HpackError),
    /// A header block over the limit.
    #[error("a header block is larger than {limit_bytes} bytes")]
    HeadTooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// Very many frames that bring no response on.
    #[error("{0} frames in a row that brought no response on")]
    Flood(u32),
}

impl ConnectionError {
    /// Whether a limit of ours was exceeded, not a rule of the protocol.
    pub const fn is_too_large(&self) -> bool {
        matches!(self, Self::HeadTooLarge { .. })
    }

    /// With which code the server is told.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::FrameTooLarge { .. } | Self::FrameSize(_) => ErrorCode::FRAME_SIZE_ERROR,
            Self::Window | Self::FlowControl => ErrorCode::FLOW_CONTROL_ERROR,
            Self::Hpack(_) => ErrorCode::COMPRESSION_ERROR,
            Self::HeadTooLarge { .. } | Self::Flood(_) => ErrorCode::ENHANCE_YOUR_CALM,
            _ => ErrorCode::PROTOCOL_ERROR,
        }
    }
}

/// Why a stream ended without a complete response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The server ended it.
    #[error("the server reset the stream ({0})")]
    Reset(ErrorCode),
    /// The server went away before it looked at it.
    #[error("the server went away ({0}) and had not looked at this request; the request was not repeated")]
    GoneAway(ErrorCode),
    /// The connection ended, or was of no more use.
    #[error("the connection ended in the middle of the exchange")]
    ConnectionLost,
    /// The response breaks the rules of HTTP.
    #[error("the response is malformed: {0}")]
    Malformed(Flaw),
    /// The body is not as long as announced.
    #[error("content-length announced {announced_bytes} bytes, {received_bytes} came")]
    WrongLength {
        /// The value of `content-length`.
        announced_bytes: u64,
        /// What came, as far as it was read.
        received_bytes: u64,
    },
    /// The fields of the head, or of the trailers, are over the limit.
    #[error("the response head is larger than {limit_bytes} bytes")]
    HeadTooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// The body is, or is announced to be, over the limit.
    #[error("the response body is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// More data than the window of the stream allows.
    #[error("the server sends more than the window of the stream allows")]
    FlowControl,
    /// The window of the stream is enlarged by nothing, or over its limit.
    #[error("the window of the stream is enlarged by nothing or over 2^31-1 bytes")]
    Window,
}

impl StreamError {
    /// Whether a limit was exceeded.
    pub const fn is_too_large(&self) -> bool {
        matches!(self, Self::HeadTooLarge { .. } | Self::BodyTooLarge { .. })
    }

    /// With which code the server is told, if it does not know already.
    pub(super) const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Reset(_) | Self::GoneAway(_) | Self::ConnectionLost => None,
            Self::HeadTooLarge { .. } | Self::BodyTooLarge { .. } => Some(ErrorCode::CANCEL),
            Self::FlowControl | Self::Window => Some(ErrorCode::FLOW_CONTROL_ERROR),
            Self::Malformed(_) | Self::WrongLength { .. } => Some(ErrorCode::PROTOCOL_ERROR),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_the_rfc() {
        for (code, name) in [
            (ErrorCode::NO_ERROR, "NO_ERROR"),
            (ErrorCode::REFUSED_STREAM, "REFUSED_STREAM"),
            (ErrorCode::ENHANCE_YOUR_CALM, "ENHANCE_YOUR_CALM"),
            (ErrorCode(0xd), "HTTP_1_1_REQUIRED"),
            (ErrorCode(0xff), "error code 0xff"),
        ] {
            assert_eq!(code.to_string(), name);
        }
    }

    #[test]
    fn limits_are_told_apart_from_broken_rules() {
        assert!(StreamError::BodyTooLarge { limit_bytes: 1 }.is_too_large());
        assert!(ConnectionError::HeadTooLarge { limit_bytes: 1 }.is_too_large());
        assert!(!StreamError::Malformed(Flaw::Name).is_too_large());
        assert!(!ConnectionError::Http1.is_too_large());
    }
}
