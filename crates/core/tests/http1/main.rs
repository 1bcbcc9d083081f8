//! HTTP/1.1 responses: a table of them, replayed whole and in pieces, through Kilobar's reader and through hyper.

mod against_hyper;
#[path = "../allocations/mod.rs"]
mod allocations;
mod as_expected;
mod corpus;
mod hyper_client;
mod no_allocation;
mod properties;
mod replay;
mod seeds;
