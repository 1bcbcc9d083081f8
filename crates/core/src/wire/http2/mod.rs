//! The client side of HTTP/2 (RFC 9113) without I/O: requests in and frames out, frames in and responses out.
//!
//! A [`Client`] is one connection. [`Client::start`] opens a stream and appends its frames to [`Client::output`], which
//! the caller writes when it likes: so the requests of many users go out with one system call. [`Client::feed`] takes
//! whatever the socket gave; streams that ended by it come from [`Client::pop_ended`], and [`Client::take`] gives their
//! responses.
//!
//! # Where the RFC leaves a choice
//!
//! * Requests never enter the server's dynamic table, so a request that is always the same is encoded once. Responses
//!   may use ours, of the default 4,096 bytes.
//! * Windows are large ([`STREAM_WINDOW_BYTES`], [`CONNECTION_WINDOW_BYTES`]) and told anew when half is used: a load
//!   generator wants to see what the server does, not what its own windows do.
//! * Push is switched off. Priorities are neither sent nor heeded.
//! * A malformed response fails its stream, not the connection. What breaks the connection fails all its open streams.
//! * A stream that the server refuses or leaves behind (REFUSED_STREAM, GOAWAY) is never repeated: it is a failure that
//!   somebody has to see.

mod client;
mod error;
mod frame;
mod hpack;
mod output;
mod request;
mod response;
mod send;
mod settings;
mod stream;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use error::{ConnectionError, ErrorCode, StreamError};
pub use frame::MAX_PAYLOAD_BYTES;
pub use hpack::{Coding, Flaw, HpackError};
pub use request::HeadEncoder;
pub use response::{Keep, Kept};
pub use send::{Body, Outgoing};
pub use settings::{CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES};
pub use stream::{Slot, Taken, Traffic};

/// Streams that we open at once on a connection, even if the server allows more.
pub const MAX_STREAMS: u32 = 4096;

/// Frames in a row that bring no response on, such as pings and empty data, before the connection is given up.
pub const MAX_IDLE_FRAMES: u32 = 10_000;
