//! Sleeping to within some microseconds, where that is affordable.
//!
//! A core that slept needs tens of microseconds to wake up, on a virtual machine a hundred and more. Sleeping a little
//! less and looking at the clock for the rest hides that. While it looks, the event loop goes round: sockets are served
//! as always.

use std::cell::Cell;

use crate::{now_ns, sleep_until};

/// How much earlier than asked the thread wakes up.
const EARLY_NS: u64 = 120_000;
/// Shorter sleeps follow each other so closely that the thread would never sleep at all.
const SHORTEST_NS: u64 = 1_000_000;
/// With more sleepers than this the thread is busy anyway, and wakes for one of them all the time.
const MAX_SLEEPERS: u32 = 16;

thread_local! {
    static SLEEPERS: Cell<u32> = const { Cell::new(0) };
}

struct Sleeper;

impl Sleeper {
    fn new() -> Self {
        SLEEPERS.set(SLEEPERS.get() + 1);
        Self
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        SLEEPERS.set(SLEEPERS.get() - 1);
    }
}

/// As [`sleep_until`], but sharper when the sleep is long enough and few others sleep: at most an eighth of a core is
/// spent on it by one sleeper.
pub async fn sleep_sharply_until(deadline_ns: u64) {
    let _sleeper = Sleeper::new();
    if deadline_ns.saturating_sub(now_ns()) < SHORTEST_NS || SLEEPERS.get() > MAX_SLEEPERS {
        return sleep_until(deadline_ns).await;
    }
    sleep_until(deadline_ns - EARLY_NS).await;
    while now_ns() < deadline_ns {
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timers;

    #[test]
    fn it_never_ends_early_and_counts_its_sleepers_down_again() {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_io().build_local(Default::default());
        runtime.expect("a local runtime").block_on(async {
            let _timers = Timers::start().expect("a timerfd");
            for after_ns in [0, 100_000, 2_000_000] {
                let deadline_ns = now_ns() + after_ns;
                sleep_sharply_until(deadline_ns).await;
                assert!(now_ns() >= deadline_ns);
            }
            let sleepers: Vec<_> = (0..2 * MAX_SLEEPERS)
                .map(|_| tokio::task::spawn_local(sleep_sharply_until(now_ns() + 3_000_000)))
                .collect();
            for sleeper in sleepers {
                sleeper.await.expect("no task panics");
            }
            assert_eq!(SLEEPERS.get(), 0);
        });
    }
}
