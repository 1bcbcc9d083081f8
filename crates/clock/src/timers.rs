//! One `timerfd` and a heap of deadlines per thread.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::now_ns;

/// So few cancelled deadlines are not worth a sweep.
const SWEEP_AT: usize = 1024;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Wheel>>> = const { RefCell::new(None) };
}

/// The timers of this thread. Dropping it forgets every pending deadline.
#[derive(Debug)]
pub struct Timers {
    driver: tokio::task::JoinHandle<()>,
}

impl Timers {
    /// Starts the timers of this thread; call it once, inside a current-thread runtime that accepts local tasks.
    ///
    /// # Errors
    /// When the kernel grants no `timerfd`.
    pub fn start() -> io::Result<Self> {
        let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        // SAFETY: an `OwnedFd` names the same open descriptor until it is dropped, which is all that is asked.
        let fd = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?;
        let wheel = Rc::new(Wheel { fd, state: RefCell::default() });
        CURRENT.with(|current| *current.borrow_mut() = Some(Rc::clone(&wheel)));
        Ok(Self { driver: tokio::task::spawn_local(drive(wheel)) })
    }
}

impl Drop for Timers {
    fn drop(&mut self) {
        self.driver.abort();
        CURRENT.with(|current| *current.borrow_mut() = None);
    }
}

/// Completes at `deadline_ns` of [`now_ns`], at once when that has passed.
///
/// # Panics
/// When polled on a thread without [`Timers`].
pub fn sleep_until(deadline_ns: u64) -> Sleep {
    Sleep { deadline_ns, entry: None }
}

/// Completes after `duration_ns`.
pub fn sleep(duration_ns: u64) -> Sleep {
    sleep_until(now_ns().saturating_add(duration_ns))
}

/// The future of [`sleep`] and [`sleep_until`].
#[derive(Debug)]
#[must_use = "a sleep does nothing unless it is awaited"]
pub struct Sleep {
    deadline_ns: u64,
    entry: Option<usize>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let wheel = wheel();
        match self.entry {
            None if now_ns() >= self.deadline_ns => Poll::Ready(()),
            None => {
                self.entry = Some(wheel.insert(self.deadline_ns, context.waker().clone()));
                Poll::Pending
            }
            Some(entry) => match wheel.poll(entry, context.waker()) {
                Poll::Ready(()) => {
                    self.entry = None;
                    Poll::Ready(())
                }
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(entry) = self.entry
            && let Some(wheel) = CURRENT.with(|current| current.borrow().clone())
        {
            wheel.cancel(entry);
        }
    }
}

fn wheel() -> Rc<Wheel> {
    CURRENT.with(|current| current.borrow().clone()).expect("Timers::start was not called on this thread")
}

async fn drive(wheel: Rc<Wheel>) {
    // Edge triggered: each expiry is a new event and arming resets the count, so the descriptor is never read.
    while let Ok(mut ready) = wheel.fd.readable().await {
        ready.clear_ready();
        wheel.fire(now_ns());
    }
}

#[derive(Debug)]
struct Wheel {
    fd: AsyncFd<OwnedFd>,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    /// (deadline, entry); an entry stays taken until its deadline has left the heap, so an index is never ambiguous.
    deadlines: BinaryHeap<Reverse<(u64, usize)>>,
    entries: Vec<Entry>,
    free: Vec<usize>,
    /// How many of the deadlines nobody waits for any more.
    cancelled: usize,
    armed_ns: Option<u64>,
}

impl State {
    /// Forgets cancelled deadlines: limits that are long and hardly ever reached would pile up until they are due.
    fn sweep(&mut self) {
        let State { deadlines, entries, free, .. } = self;
        deadlines.retain(|&Reverse((_, entry))| {
            let waited_for = !matches!(entries[entry], Entry::Cancelled);
            if !waited_for {
                free.push(entry);
            }
            waited_for
        });
        self.cancelled = 0;
    }
}

#[derive(Debug)]
enum Entry {
    Waiting(Waker),
    Fired,
    Cancelled,
}

impl Wheel {
    fn insert(&self, deadline_ns: u64, waker: Waker) -> usize {
        let mut state = self.state.borrow_mut();
        let entry = match state.free.pop() {
            Some(entry) => {
                state.entries[entry] = Entry::Waiting(waker);
                entry
            }
            None => {
                state.entries.push(Entry::Waiting(waker));
                state.entries.len() - 1
            }
        };
        state.deadlines.push(Reverse((deadline_ns, entry)));
        if state.armed_ns.is_none_or(|armed_ns| deadline_ns < armed_ns) {
            self.arm(&mut state, deadline_ns);
        }
        entry
    }

    fn poll(&self, entry: usize, waker: &Waker) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        match &mut state.entries[entry] {
            Entry::Waiting(waiting) => {
                waiting.clone_from(waker);
                Poll::Pending
            }
            Entry::Fired | Entry::Cancelled => {
                state.free.push(entry);
                Poll::Ready(())
            }
        }
    }

    fn cancel(&self, entry: usize) {
        let mut state = self.state.borrow_mut();
        if let Entry::Fired = state.entries[entry] {
            state.free.push(entry);
            return;
        }
        state.entries[entry] = Entry::Cancelled;
        state.cancelled += 1;
        if state.cancelled >= SWEEP_AT && state.cancelled * 2 > state.deadlines.len() {
            state.sweep();
        }
    }

    fn fire(&self, now_ns: u64) {
        let mut state = self.state.borrow_mut();
        state.armed_ns = None;
        while let Some(&Reverse((deadline_ns, entry))) = state.deadlines.peek() {
            if deadline_ns > now_ns {
                self.arm(&mut state, deadline_ns);
                break;
            }
            state.deadlines.pop();
            match std::mem::replace(&mut state.entries[entry], Entry::Fired) {
                Entry::Waiting(waker) => waker.wake(),
                Entry::Fired | Entry::Cancelled => {
                    state.cancelled -= 1;
                    state.free.push(entry);
                }
            }
        }
    }

    fn arm(&self, state: &mut State, deadline_ns: u64) {
        // A zero time would disarm the timer, and one in the past fires at once, as it should.
        let deadline_ns = deadline_ns.max(1);
        let value = Timespec {
            tv_sec: (deadline_ns / 1_000_000_000) as i64,
            tv_nsec: (deadline_ns % 1_000_000_000) as i64,
        };
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let setting = Itimerspec { it_interval: never, it_value: value };
        timerfd_settime(&self.fd, TimerfdTimerFlags::ABSTIME, &setting)
            .expect("arming a timer that this thread owns cannot fail");
        state.armed_ns = Some(deadline_ns);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    fn with_timers<T>(work: impl Future<Output = T>) -> T {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_io().build_local(Default::default());
        runtime.expect("a local runtime").block_on(async {
            let _timers = Timers::start().expect("a timerfd");
            work.await
        })
    }

    #[test]
    fn sleeps_end_in_the_order_of_their_deadlines_and_never_early() {
        with_timers(async {
            let start_ns = now_ns();
            let order = Rc::new(RefCell::new(Vec::new()));
            let tasks: Vec<_> = [30u64, 10, 20, 10]
                .into_iter()
                .map(|milliseconds| {
                    let order = Rc::clone(&order);
                    tokio::task::spawn_local(async move {
                        let deadline_ns = start_ns + milliseconds * 1_000_000;
                        sleep_until(deadline_ns).await;
                        assert!(now_ns() >= deadline_ns);
                        order.borrow_mut().push(milliseconds);
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("no task panics");
            }
            assert_eq!(*order.borrow(), [10, 10, 20, 30]);
        });
    }

    #[test]
    fn a_dropped_sleep_wakes_nobody_and_its_place_is_used_again() {
        with_timers(async {
            for _ in 0..100 {
                let mut cancelled = Box::pin(sleep(1_000_000));
                let polled =
                    std::future::poll_fn(|context| Poll::Ready(cancelled.as_mut().poll(context))).await;
                assert_eq!(polled, Poll::Pending);
                drop(cancelled);
            }
            sleep(5_000_000).await;
            let wheel = wheel();
            let state = wheel.state.borrow();
            assert!(state.deadlines.is_empty());
            assert_eq!(state.free.len(), state.entries.len());
        });
    }

    #[test]
    fn cancelled_deadlines_do_not_pile_up() {
        with_timers(async {
            let an_hour_ns = 3_600_000_000_000;
            for _ in 0..10 * SWEEP_AT {
                let mut cancelled = Box::pin(sleep(an_hour_ns));
                let polled =
                    std::future::poll_fn(|context| Poll::Ready(cancelled.as_mut().poll(context))).await;
                assert_eq!(polled, Poll::Pending);
            }
            let wheel = wheel();
            let state = wheel.state.borrow();
            assert!(state.deadlines.len() < 2 * SWEEP_AT, "{}", state.deadlines.len());
            assert!(state.entries.len() < 2 * SWEEP_AT, "{}", state.entries.len());
        });
    }

    #[test]
    fn a_deadline_in_the_past_completes_at_once() {
        with_timers(async {
            let done = Cell::new(false);
            sleep_until(0).await;
            done.set(true);
            assert!(done.get());
        });
    }
}
