//! Runs one share of a plan on this machine: one current-thread runtime, real sockets, bounded memory.
//!
//! Read it from the outside in:
//! [`worker`] speaks with the controller and owns the run; [`arrivals`] starts open iterations and [`users`] closed
//! ones: together with [`iteration`] and [`flow`] they are the one send loop. [`data`] has the rows that they get, [`rows`]
//! says which. [`request`] sends what [`ready_request`] wrote into a [`message`], and [`redirect`] follows where the
//! response leads. [`exchange`] moves the bytes over a [`connection`] that [`dial`] opened, through a [`proxy`] if there
//! is one, or [`pool`] kept, or [`http2`] over a connection that many users share ([`http2_link`], [`http2_pool`]);
//! [`recorder`] counts.
#![deny(missing_docs)]

mod arrivals;
mod code_request;
mod condition;
mod connection;
mod control;
mod data;
mod dial;
mod draft;
mod exchange;
mod files;
mod flow;
mod guard;
mod guests;
mod host;
mod hosting;
mod http2;
mod http2_link;
mod http2_pool;
mod http2_request;
mod iteration;
mod judge;
#[cfg(test)]
mod loopback;
mod message;
mod multipart;
mod once;
mod origins;
mod pool;
mod program;
mod proxy;
mod python;
mod ready_request;
mod received;
mod recorder;
mod redirect;
mod request;
mod resolve;
mod rows;
mod secrets;
mod steps;
mod tls;
mod trial;
mod turn;
mod users;
mod watch;
mod worker;

pub use data::{InspectError, TableError, Tables, inspect_data};
pub use host::{Asked, Came, EndOfTurn, Host, Loaded, Order, Sender, TimedStep, TurnOutcome, Word, host};
pub use once::{Mishap, Occasion, Outcome, once};

pub use program::{Program, ProgramError};
pub use python::{Answer, BRIDGE, Bridge, Call};
pub use trial::{Attempt, TriedHop, attempt};
pub use worker::{WorkerError, run_worker};

/// This engine's version, which is Kilobar's.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
