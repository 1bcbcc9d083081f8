//! The target over real sockets, seen by a client that knows nothing but bytes.

mod auth;
mod client;
mod compressed;
mod control;
mod cookies;
mod documents;
mod expect;
mod faults;
mod inspect;
mod jobs;
mod plain;
mod redirects;
mod robustness;
mod shop;
mod tls;
