//! The target over real sockets, seen by a client that knows nothing but bytes.

mod client;
mod control;
mod faults;
mod plain;
mod robustness;
mod shop;
mod tls;
