//! Everything here is bounded; these are the bounds. They are listed in `docs/reference/target.md`.

/// Longest request line plus headers, and longest trailer section, in bytes.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Most header lines of one request.
pub(crate) const MAX_HEADERS: usize = 100;
/// Longest request body in bytes, after removal of chunk framing.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
/// Longest response body that a path may ask for, in bytes.
pub(crate) const MAX_RESPONSE_BYTES: u64 = 64 * 1024 * 1024;
/// Most chunks or pieces that a path may ask for.
pub(crate) const MAX_PIECES: u64 = 1_000_000;
/// Most headers that a path may ask for.
pub(crate) const MAX_RESPONSE_HEADERS: u64 = 10_000;
/// Most of a body that `/inspect` shows, in bytes.
pub(crate) const MAX_INSPECTED_BYTES: usize = 64 * 1024;
/// Most redirects that a path may ask for.
pub(crate) const MAX_REDIRECTS: u64 = 1000;
/// Most cookies that a path may ask for.
pub(crate) const MAX_COOKIES: usize = 100;
/// Jobs that are remembered; the oldest is forgotten first.
pub(crate) const MAX_JOBS: usize = 1_000_000;
/// Longest `GET /` body, which is kept in memory ready to send.
pub(crate) const MAX_CONSTANT_BYTES: usize = 1024 * 1024;
/// Longest delay.
pub(crate) const MAX_DELAY_NS: u64 = 3_600_000_000_000;
/// Longest stall.
pub(crate) const MAX_STALL_NS: u64 = 60_000_000_000;
/// Responses up to this size are sent in one piece; longer bodies are streamed.
pub(crate) const INLINE_BYTES: u64 = 16 * 1024;
/// Pipelined answers are sent once this many bytes of them are waiting.
pub(crate) const OUTPUT_BYTES: usize = 64 * 1024;
/// How long a refused client may go on sending before the connection is cut.
pub(crate) const LINGER_NS: u64 = 2_000_000_000;
/// Connections that the kernel completes and keeps while we do not accept them.
pub(crate) const BACKLOG: u32 = 8192;
/// How long accepting rests when the process is out of file descriptors or memory.
pub(crate) const ACCEPT_PAUSE_NS: u64 = 50_000_000;
/// How often the owner is asked whether to stop.
pub(crate) const STOP_POLL_NS: u64 = 50_000_000;
