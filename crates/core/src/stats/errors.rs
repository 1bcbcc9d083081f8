//! The closed list of reasons for which a step can fail.

use serde::{Deserialize, Serialize};

/// Why a step failed. The list is closed, so that cardinality is bounded; details are in the failure samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ErrorClass {
    /// The host name could not be resolved.
    Dns,
    /// Kilobar refused to connect: the address is not one that this run may load.
    Blocked,
    /// Nothing listens there (`ECONNREFUSED`).
    Refused,
    /// The connection was not ready within the connect timeout.
    ConnectTimeout,
    /// Connecting failed otherwise: unreachable, no free port or file descriptor.
    Connect,
    /// The TLS handshake or a TLS record failed, bad certificates included.
    Tls,
    /// The peer reset the connection in the middle of an exchange.
    Reset,
    /// The peer closed the connection in the middle of an exchange.
    Eof,
    /// A reused connection turned out closed before the first byte of the response. Never retried silently.
    Stale,
    /// The response was not complete within the request's timeout.
    ReadTimeout,
    /// What came was not HTTP.
    Protocol,
    /// The head or the body of the response was over its limit.
    TooLarge,
    /// The status code was not an expected one.
    Status,
    /// A check on the response failed.
    Check,
    /// A value to save was not in the response.
    Extract,
    /// The request could not be built from its template.
    Script,
    /// The row of data that a step needs could not be had: none is left, or its file changed during the run.
    Data,
}

/// All classes, in the order of their discriminants.
pub const ERROR_CLASSES: [ErrorClass; 17] = [
    ErrorClass::Dns,
    ErrorClass::Blocked,
    ErrorClass::Refused,
    ErrorClass::ConnectTimeout,
    ErrorClass::Connect,
    ErrorClass::Tls,
    ErrorClass::Reset,
    ErrorClass::Eof,
    ErrorClass::Stale,
    ErrorClass::ReadTimeout,
    ErrorClass::Protocol,
    ErrorClass::TooLarge,
    ErrorClass::Status,
    ErrorClass::Check,
    ErrorClass::Extract,
    ErrorClass::Script,
    ErrorClass::Data,
];

impl ErrorClass {
    /// Whether a step of this class failed before a byte of its request was sent.
    pub const fn nothing_was_sent(self) -> bool {
        matches!(
            self,
            Self::Dns
                | Self::Blocked
                | Self::Refused
                | Self::ConnectTimeout
                | Self::Connect
                | Self::Tls
                | Self::Script
                | Self::Data
        )
    }

    /// The name in reports and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Blocked => "blocked",
            Self::Refused => "refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Eof => "eof",
            Self::Stale => "stale",
            Self::ReadTimeout => "read_timeout",
            Self::Protocol => "protocol",
            Self::TooLarge => "too_large",
            Self::Status => "status",
            Self::Check => "check",
            Self::Extract => "extract",
            Self::Script => "script",
            Self::Data => "data",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_stand_at_their_discriminants_and_are_named_as_serde_names_them() {
        for (index, class) in ERROR_CLASSES.iter().enumerate() {
            assert_eq!(*class as usize, index);
            assert_eq!(
                serde_json::to_value(class).unwrap(),
                serde_json::Value::String(class.name().to_owned())
            );
        }
    }
}
