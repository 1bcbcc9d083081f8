//! The pure core of Kilobar: **when** to send, **what** bytes mean, **how** to count.
//!
//! Nothing here opens a socket, starts a thread or reads a clock: time is an argument (see `clippy.toml`, which
//! makes that a compile error). What has to touch the machine lives in `kilobar-engine` and `kilobar-target`.
//!
//! * [`plan`]: the one document an engine ever sees, and its JSON form.
//! * [`schedule`]: when work starts: arrivals by arithmetic, shares of them, users over time.
//! * [`data`]: which row of data a user or iteration gets, and how rows are read.
//! * [`template`], [`json_path`]: what is written into requests and read out of responses.
//! * [`cookies`], [`url`]: what servers ask to be sent back, and where they lead.
//! * [`extract`], [`check`], [`content`]: what responses hold, what they must be, how they are decoded.
//! * [`random`]: reproducible random numbers.
//! * [`wire`]: protocols without I/O.
//! * [`stats`]: histograms, intervals, the ledger: everything that is counted, and how it merges.
#![deny(missing_docs)]

pub mod check;
pub mod content;
pub mod cookies;
pub mod data;
pub mod extract;
pub mod json_path;
pub mod number;
pub mod plan;
pub mod random;
pub mod schedule;
pub mod stats;
pub mod template;
pub mod url;
pub mod wire;
