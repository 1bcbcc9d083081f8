//! A server with exactly known delays and faults, that counts what it received.
//!
//! Kilobar is measured against this: what the target waited, sent and counted is known by arithmetic, so whatever a run
//! reports can be proved or disproved. Its behaviours are listed in `docs/reference/target.md`.
//!
//! The life of a request: `connection` reads into one buffer that all connections share, `request` finds the next
//! whole request in it, `routes` names it, `counters` counts it and `behaviour` decides the `script::Reply`:
//! usually bytes that are ready to go, otherwise acts (wait, send, reset...) that the connection then performs.
//! Everything that decides is a pure function over bytes; only `connection`, `transport`, `tls` and `server` do I/O.
#![deny(missing_docs)]

mod behaviour;
mod connection;
mod control;
mod counters;
mod draw;
mod error;
mod limits;
mod options;
mod query;
mod request;
mod response;
mod routes;
mod script;
mod server;
mod tls;
mod transport;

pub use behaviour::delay::{Delay, DelayError};
pub use error::TargetError;
pub use options::{Options, Ready};
pub use server::serve;
