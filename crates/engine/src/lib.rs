//! Runs one share of a plan on this machine: one current-thread runtime, real sockets, bounded memory.
//!
//! Read it from the outside in:
//! [`worker`] speaks with the controller and owns the run; [`arrivals`] starts open iterations and [`users`] closed
//! ones: together with [`iteration`] they are the one send loop. [`exchange`] sends a request over a [`connection`]
//! that [`dial`] opened or [`pool`] kept; [`recorder`] counts.
#![deny(missing_docs)]

mod arrivals;
mod connection;
mod control;
mod dial;
mod exchange;
mod guard;
mod iteration;
mod judge;
mod pool;
mod program;
mod ready_request;
mod recorder;
mod request;
mod resolve;
mod secrets;
mod tls;
mod trial;
mod users;
mod worker;

pub use judge::Judge;
pub use program::{Program, ProgramError};
pub use trial::{Attempt, attempt};
pub use worker::{WorkerError, run_worker};

/// This engine's version, which is Kilobar's.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
