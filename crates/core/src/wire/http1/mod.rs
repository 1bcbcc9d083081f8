//! The client side of HTTP/1.1 (RFC 9112) without I/O: request heads out, response bytes in.
//!
//! One exchange at a time on a connection: write a head with [`write_request_head`], then [`ResponseReader::begin`]
//! and [`ResponseReader::feed`] it whatever the socket gave until it says [`Progress::Done`].
//!
//! ```
//! use kilobar_core::wire::http1::{Limits, Progress, RequestMethod, ResponseReader};
//!
//! let mut reader = ResponseReader::new(Limits { max_head_bytes: 65_536, max_body_bytes: 1 << 20 });
//! reader.begin(RequestMethod::of("GET"));
//! let input = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
//! assert_eq!(reader.feed(input, None), Ok(Progress::Done { used: input.len() }));
//! assert_eq!((reader.status(), reader.keep_alive(), reader.body_bytes()), (200, true, 2));
//! ```
//!
//! # Where the RFC leaves a choice
//!
//! Kilobar judges servers, so it is strict wherever leniency would make the verdict depend on timing, and otherwise
//! does what hyper's client does by default. `tests/http1/corpus.rs` lists every difference by name.
//!
//! * **Folded header lines** (obs-fold) are refused, as hyper does: RFC 9112 would have a user agent unfold them, but
//!   nothing has been allowed to produce them since 2014, and unfolding would cost a copy of the head.
//! * **Bare LF** ends a line in heads and trailers (section 2.2), never in chunked framing (section 7.1).
//! * **Empty lines before the status line** are refused (hyper skips them). After a response they are leftover bytes,
//!   thus an error; the same bytes arriving one packet later must not turn into a success.
//! * **`transfer-encoding` in HTTP/1.0** is refused (section 6.1 calls the framing faulty), as hyper does.
//! * **`transfer-encoding` without a final `chunked`** means a body that ends with the connection (section 6.3).
//! * **`transfer-encoding` together with `content-length`**: the former wins and the connection is not reused.

mod chunked;
mod error;
mod fields;
mod head;
mod partial;
mod request;
mod response;

use head::Head;

pub use error::WireError;
pub use fields::{field_values, fields};
pub use request::{RequestError, is_header_value, is_target, is_token, write_request_head};
pub use response::ResponseReader;

/// How many header fields a head, and how many trailer fields a chunked body may have. One more is an error.
pub const MAX_FIELDS: usize = 100;

/// The longest line, in bytes, that may announce a chunk: its size, white space and extensions, without the line end.
pub const MAX_CHUNK_LINE_BYTES: usize = 16 * 1024;

/// The largest trailer section of a chunked body, in bytes, its closing empty line included.
pub const MAX_TRAILER_BYTES: usize = 16 * 1024;

/// How much of one response is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest head in bytes: status line, header fields and closing empty line. Informational (1xx) responses
    /// that come before the final one count too, so that an endless row of them ends.
    pub max_head_bytes: usize,
    /// The largest decoded body in bytes.
    pub max_body_bytes: u64,
}

/// What has to be known of a request's method to tell where its response ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestMethod {
    /// `HEAD`: the response has no body whatever its header fields say.
    Head,
    /// `CONNECT`: a 2xx response has no body, and the connection is a tunnel from then on.
    Connect,
    /// Any other method.
    #[default]
    Other,
}

impl RequestMethod {
    /// Classifies a method name; names are case-sensitive (RFC 9110, section 9.1).
    pub fn of(method: &str) -> Self {
        match method {
            "HEAD" => Self::Head,
            "CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// Which heads of final responses are copied, so that their fields can be looked at afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepHead {
    /// None.
    #[default]
    Never,
    /// Those that set cookies or redirect (status 3xx).
    WhenNotable,
    /// All.
    Always,
}

impl KeepHead {
    #[inline]
    fn keeps(self, head: &Head) -> bool {
        match self {
            Self::Never => false,
            Self::WhenNotable => {
                (head.sets_cookies && !head.is_informational()) || matches!(head.status, 300..=399)
            }
            Self::Always => !head.is_informational(),
        }
    }
}

/// How far a response has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// All input belonged to the response, and it is not complete.
    More,
    /// The response is complete.
    Done {
        /// How many bytes of the input of this very call belonged to the response. What follows them was not asked
        /// for: there is no pipelining, so the caller counts it as a protocol error.
        used: usize,
    },
}
