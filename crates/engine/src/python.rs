//! Calls of Python functions, without ever calling Python: a thread of the interpreter pulls them in batches and brings
//! back what the functions returned.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::Poll;

use kilobar_clock::sleep;
use kilobar_core::template::Value;
use rustix::event::{EventfdFlags, eventfd};
use tokio::io::unix::AsyncFd;
use tokio::sync::oneshot;

/// Calls that may wait for the interpreter. More fail at once.
const MAX_WAITING: usize = 100_000;

/// A call that takes longer fails; the function may go on, and so do those that wait behind it.
const CALL_TIMEOUT_NS: u64 = 30 * 1_000_000_000;

/// Waits for a future; `None` when that takes too long.
async fn within<T>(future: impl Future<Output = T>, timeout_ns: u64) -> Option<T> {
    let mut future = pin!(future);
    let mut late = pin!(sleep(timeout_ns));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => late.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// A call that Python is to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Comes back with the answer.
    pub id: u64,
    /// Where modules are looked for first.
    pub directory: Option<String>,
    /// `module.function`.
    pub function: String,
    /// The arguments, a JSON array.
    pub arguments: String,
}

/// What came of a call: a JSON value, or what went wrong in words.
pub type Answer = Result<String, String>;

/// Where the event loop and the interpreter's thread meet. One serves a whole process.
#[derive(Debug)]
pub struct Bridge {
    shared: Mutex<Shared>,
    called: Condvar,
    /// Of the next call: an answer that comes after the end of its run must not be taken for another one.
    next_id: AtomicU64,
    /// Wakes the event loop.
    answered: Mutex<Option<Arc<OwnedFd>>>,
}

#[derive(Debug)]
struct Shared {
    calls: Vec<Call>,
    answers: Vec<(u64, Answer)>,
    closed: bool,
}

/// The bridge of this process.
pub static BRIDGE: Bridge = Bridge::new();

impl Bridge {
    const fn new() -> Self {
        Self {
            shared: Mutex::new(Shared { calls: Vec::new(), answers: Vec::new(), closed: false }),
            called: Condvar::new(),
            next_id: AtomicU64::new(0),
            answered: Mutex::new(None),
        }
    }

    /// Waits for calls and takes all that there are; `None` when there will be none any more. For the interpreter's
    /// thread.
    pub fn next_calls(&self) -> Option<Vec<Call>> {
        let mut shared = self.lock();
        while shared.calls.is_empty() {
            if shared.closed {
                return None;
            }
            shared = self.called.wait(shared).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        Some(std::mem::take(&mut shared.calls))
    }

    /// Brings answers. For the interpreter's thread.
    pub fn answer(&self, answers: Vec<(u64, Answer)>) {
        self.lock().answers.extend(answers);
        let answered = self.answered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(wake) = answered.as_ref() {
            // It can only fail when its counter is full, and then the loop is to wake up anyway.
            let _ = rustix::io::write(wake, &1_u64.to_ne_bytes());
        }
    }

    /// No call will come any more: lets the interpreter's thread end.
    pub fn close(&self) {
        self.lock().closed = true;
        self.called.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Nothing panics while it holds the lock.
        self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The event loop's end of the bridge.
#[derive(Default)]
pub struct Python {
    waiting: Rc<RefCell<HashMap<u64, oneshot::Sender<Answer>>>>,
    listens: Cell<bool>,
}

impl Python {
    /// Calls `function` with these arguments and waits for what it returns.
    ///
    /// # Errors
    /// In words, when the function raised, does not exist or returned what is no JSON value.
    pub async fn call(
        &self,
        directory: Option<&String>,
        function: &str,
        arguments: &[Value],
    ) -> Result<Value, String> {
        // Nobody pays for the bridge who does not use it.
        if !self.listens.get() {
            self.listen().map_err(|error| error.to_string())?;
            self.listens.set(true);
        }
        let id = BRIDGE.next_id.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        {
            let mut shared = BRIDGE.lock();
            if shared.calls.len() >= MAX_WAITING {
                self.waiting.borrow_mut().remove(&id);
                return Err(format!("more than {MAX_WAITING} calls wait for Python"));
            }
            let arguments = arguments.iter().map(Value::to_json).collect::<Vec<_>>().join(",");
            shared.calls.push(Call {
                id,
                directory: directory.cloned(),
                function: function.to_owned(),
                arguments: format!("[{arguments}]"),
            });
        }
        BRIDGE.called.notify_one();
        let Some(answer) = within(receiver, CALL_TIMEOUT_NS).await else {
            self.waiting.borrow_mut().remove(&id);
            return Err(format!("it did not return within {} s", CALL_TIMEOUT_NS / 1_000_000_000));
        };
        let answer = answer.map_err(|_| "the run ended before Python answered".to_owned())?;
        answer.map(|json| Value::from_json_text(&json))
    }

    fn listen(&self) -> io::Result<()> {
        let wake = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
        *BRIDGE.answered.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::clone(&wake));
        // SAFETY: the descriptor is owned by the `Arc`, so it stays open and the same as long as it is registered.
        let wake = unsafe { AsyncFd::register(wake) }.map_err(io::Error::from)?;
        let waiting = Rc::clone(&self.waiting);
        tokio::task::spawn_local(async move {
            loop {
                let Ok(mut ready) = wake.readable().await else { return };
                let mut count = [0; 8];
                let _ = rustix::io::read(wake.get_ref(), &mut count);
                ready.clear_ready();
                let answers = std::mem::take(&mut BRIDGE.lock().answers);
                for (id, answer) in answers {
                    if let Some(sender) = waiting.borrow_mut().remove(&id) {
                        // Whoever asked may have been dropped with its user.
                        let _ = sender.send(answer);
                    }
                }
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
