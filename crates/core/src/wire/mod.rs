//! Protocols without I/O: bytes in, meaning out.

pub mod http1;
pub mod http2;
