//! The conversation with the controller: frames over one stream socket (docs/design/002-worker-protocol.md).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::net::UnixStream;
use tokio::sync::Notify;

const MAX_FRAME_BYTES: usize = 64 * 1024 * 1024;
/// Intervals that wait for a controller that does not read; past it an interval just gets longer.
const MAX_WAITING: usize = 16;

/// What the controller asks for.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Read this plan. Taken apart from the others, because a plan is kept as the text that it came as.
    #[serde(skip)]
    Prepare(Prepare),
    /// Run a share of the plan. Taken apart, because what `setup` left is kept as text too.
    #[serde(skip)]
    Start(Start),
    /// Slots have new owners.
    Members {
        /// Worker index by slot.
        owners: Vec<u32>,
        /// This worker's part of the plan's limit from now on.
        max_in_flight: u32,
        /// From the start of the run.
        effective_at_ns: u64,
    },
    /// The load changes by hand.
    Scale {
        /// Multiplies rate and users.
        factor: f64,
        /// From the start of the run.
        effective_at_ns: u64,
    },
    /// The load ends early.
    Stop {
        /// From the start of the run.
        effective_at_ns: u64,
        /// How long work in flight may go on.
        grace_ns: u64,
    },
    /// Everything ends now.
    Abort,
    /// The controller lives.
    Lease,
}

/// What is known before the start.
#[derive(Deserialize)]
pub struct Prepare {
    /// The plan's JSON form.
    pub plan: Box<RawValue>,
    /// Index of this worker.
    pub worker: u32,
    /// How many workers the run starts with.
    #[serde(default)]
    pub workers: u32,
}

/// The share of a plan that this worker runs.
#[derive(Deserialize)]
pub struct Start {
    /// Worker index by slot.
    pub owners: Vec<u32>,
    /// This worker's part of the plan's limit.
    pub max_in_flight: u32,
    /// When the run starts, on the monotonic clock.
    pub start_at_ns: u64,
    /// What `setup` left, as [`crate::once`] gave it.
    #[serde(default)]
    pub given: Option<Box<RawValue>>,
}

/// What the worker tells.
#[derive(Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Event<'a> {
    /// Waiting for [`Command::Prepare`].
    Ready {
        /// Process id.
        pid: u32,
        /// Version of the engine.
        version: &'a str,
    },
    /// Plan and data have been read; waiting for [`Command::Start`].
    Prepared,
    /// The event loop turns.
    Beat,
    /// A step asks that the run be stopped, as a person would stop it.
    Stop {
        /// Why.
        reason: &'a str,
    },
    /// All intervals have been sent.
    Done,
    /// The plan cannot be run here.
    Refused {
        /// Stable code.
        code: &'a str,
        /// What is wrong.
        message: &'a str,
    },
}

/// The worker's end of the conversation.
pub struct Controller {
    stream: UnixStream,
    waiting: RefCell<VecDeque<Vec<u8>>>,
    wake: Notify,
    drained: Notify,
    incoming: RefCell<Vec<u8>>,
}

impl Controller {
    /// Speaks over this connected, non-blocking socket.
    pub fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            waiting: RefCell::default(),
            wake: Notify::new(),
            drained: Notify::new(),
            incoming: RefCell::default(),
        }
    }

    /// Queues an event.
    pub fn tell(&self, event: &Event<'_>) {
        let payload = serde_json::to_vec(event).expect("an event has only strings and numbers");
        self.queue(b'J', &payload);
    }

    /// Queues an encoded interval.
    pub fn report(&self, interval: &[u8]) {
        self.queue(b'I', interval);
    }

    /// Whether the controller reads too slowly for more.
    pub fn is_behind(&self) -> bool {
        self.waiting.borrow().len() >= MAX_WAITING
    }

    fn queue(&self, kind: u8, payload: &[u8]) {
        let mut frame = Vec::with_capacity(payload.len() + 5);
        frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        frame.push(kind);
        frame.extend_from_slice(payload);
        self.waiting.borrow_mut().push_back(frame);
        self.wake.notify_one();
    }

    /// Sends what is queued, for ever. Ends only when the controller is gone.
    pub async fn send(&self) -> io::Result<()> {
        loop {
            let frame = self.waiting.borrow_mut().pop_front();
            let Some(frame) = frame else {
                self.drained.notify_waiters();
                self.wake.notified().await;
                continue;
            };
            let mut unsent = &frame[..];
            while !unsent.is_empty() {
                self.stream.writable().await?;
                match self.stream.try_write(unsent) {
                    Ok(written) => unsent = &unsent[written..],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Waits until everything queued has been sent.
    pub async fn drained(&self) {
        let drained = self.drained.notified();
        self.wake.notify_one();
        drained.await;
    }

    /// The next command; `None` when the controller has gone.
    ///
    /// # Errors
    /// When what comes is no command.
    pub async fn hear(&self) -> io::Result<Option<Command>> {
        loop {
            if let Some(payload) = self.next_frame()? {
                return understand(&payload).map(Some).map_err(io::Error::other);
            }
            self.stream.readable().await?;
            let mut chunk = [0; 16 * 1024];
            match self.stream.try_read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(read) => self.incoming.borrow_mut().extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    fn next_frame(&self) -> io::Result<Option<Vec<u8>>> {
        let mut incoming = self.incoming.borrow_mut();
        let Some(&[a, b, c, d, kind]) = incoming.first_chunk::<5>() else { return Ok(None) };
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > MAX_FRAME_BYTES || kind != b'J' {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a frame of a controller"));
        }
        if incoming.len() < 5 + length {
            return Ok(None);
        }
        let payload = incoming[5..5 + length].to_vec();
        incoming.drain(..5 + length);
        Ok(Some(payload))
    }
}

fn understand(payload: &[u8]) -> serde_json::Result<Command> {
    #[derive(Deserialize)]
    struct Order<'a> {
        r#do: &'a str,
    }
    let order: Order<'_> = serde_json::from_slice(payload)?;
    match order.r#do {
        "prepare" => serde_json::from_slice(payload).map(Command::Prepare),
        "start" => serde_json::from_slice(payload).map(Command::Start),
        _ => serde_json::from_slice(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_and_given_values_are_kept_as_the_text_that_they_came_as() {
        let Ok(Command::Prepare(prepare)) = understand(br#"{"do":"prepare","worker":3,"plan":{"n": 1.50}}"#)
        else {
            panic!("it is `prepare`");
        };
        assert_eq!((prepare.worker, prepare.plan.get()), (3, r#"{"n": 1.50}"#));
        let start =
            br#"{"do":"start","owners":[0,1],"max_in_flight":2,"start_at_ns":7,"given":{"v": [1.50]}}"#;
        let Ok(Command::Start(start)) = understand(start) else { panic!("it is `start`") };
        assert_eq!((start.owners, start.max_in_flight, start.start_at_ns), (vec![0, 1], 2, 7));
        assert_eq!(start.given.as_deref().map(RawValue::get), Some(r#"{"v": [1.50]}"#));
    }

    #[test]
    fn the_other_commands_are_read_by_their_name() {
        assert!(matches!(understand(br#"{"do":"lease"}"#), Ok(Command::Lease)));
        let scale = understand(br#"{"do":"scale","factor":2.0,"effective_at_ns":5}"#);
        assert!(matches!(scale, Ok(Command::Scale { factor: 2.0, effective_at_ns: 5 })));
        assert!(understand(br#"{"do":"dance"}"#).is_err());
    }
}
