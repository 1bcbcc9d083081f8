//! The client against frames written by hand.
