//! What can keep a target from serving.

use std::io;
use std::path::PathBuf;

/// Why a target could not be served. Each has a stable [`code`](TargetError::code) and says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Another process listens there.
    #[error("{host} port {port} is in use; stop the program that listens there or choose another port")]
    AddressInUse {
        /// The host that was asked for.
        host: String,
        /// The port that was asked for.
        port: u16,
    },
    /// The address is not ours, not permitted, or cannot be resolved.
    #[error(
        "cannot listen on {host} port {port}: {source}; give an address of this machine, such as 127.0.0.1"
    )]
    Address {
        /// The host that was asked for.
        host: String,
        /// The port that was asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// An option has a value that cannot be used.
    #[error("option {name}: {reason}")]
    Option {
        /// The option's name.
        name: &'static str,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// The certificate could not be written.
    #[error("cannot write the certificate to {}: {source}; choose a path that can be written", path.display())]
    CaFile {
        /// Where it should have gone.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No certificate or TLS configuration could be made.
    #[error("cannot prepare TLS: {0}")]
    Tls(String),
    /// The system refused something that every server needs.
    #[error("cannot start the server: {0}")]
    Runtime(#[from] io::Error),
}

impl TargetError {
    /// A name for programs to compare, which never changes.
    pub fn code(&self) -> &'static str {
        match self {
            TargetError::AddressInUse { .. } => "address-in-use",
            TargetError::Address { .. } => "bad-address",
            TargetError::Option { .. } => "bad-option",
            TargetError::CaFile { .. } => "ca-file",
            TargetError::Tls(_) => "target-tls",
            TargetError::Runtime(_) => "target-runtime",
        }
    }
}
