//! The monotonic clock, and timers that are precise to some tens of microseconds.
//!
//! tokio's own timers tick in whole milliseconds, which at 50,000 arrivals a second would release fifty at once. Here
//! one `timerfd` per thread is armed for the earliest deadline, and all that is due is released per wake.
#![deny(missing_docs)]

mod sharp;
mod timers;

pub use sharp::sleep_sharply_until;
pub use timers::{Sleep, Timers, sleep, sleep_until};

/// Nanoseconds of `CLOCK_MONOTONIC`, the same in every process of this machine.
#[inline]
pub fn now_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Nanoseconds since 1970 (`CLOCK_REALTIME`), for what is written into requests. Never used to measure.
#[inline]
pub fn unix_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Processor time that this process has used, in nanoseconds.
pub fn process_cpu_ns() -> u64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    used.tv_sec as u64 * 1_000_000_000 + used.tv_nsec as u64
}
