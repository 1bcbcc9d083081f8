//! What a worker hears from the host of its Python users.

use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;

use kilobar_core::plan::Plan;
use tokio::io::unix::AsyncFd;

use crate::guests;
use crate::host::{Loaded, Sender, Word, host};
use crate::turn::Request;
use crate::worker::Run;

/// Wakes up when the host has said something.
pub struct Ear(AsyncFd<Arc<OwnedFd>>);

impl Ear {
    /// The one of this process.
    ///
    /// # Errors
    /// When the machine has no file descriptor left.
    pub fn open() -> io::Result<Self> {
        // SAFETY: the descriptor is owned by the `Arc`, so it stays open and the same as long as it is registered.
        unsafe { AsyncFd::register(host().words_fd()?) }.map(Self).map_err(io::Error::from)
    }

    async fn woken(&self) -> io::Result<()> {
        let mut ready = self.0.readable().await?;
        let _ = rustix::io::read(self.0.get_ref(), &mut [0; 8]);
        ready.clear_ready();
        Ok(())
    }

    /// Has the user code of a plan loaded, and waits for it.
    ///
    /// # Errors
    /// In words, when it cannot be loaded.
    pub async fn load(&self, plan: &Plan, worker: u32, workers: u32) -> Result<(), String> {
        let Some(code) = &plan.code else { return Ok(()) };
        let mut wanted = serde_json::to_value(code).expect("texts and numbers have a JSON form");
        wanted["worker"] = worker.into();
        wanted["workers"] = workers.into();
        wanted["seed"] = plan.seed.into();
        host().load(wanted.to_string());
        loop {
            match host().loaded() {
                Some(Loaded::Well) => return Ok(()),
                Some(Loaded::Badly(problem)) => return Err(problem),
                None => self.woken().await.map_err(|error| error.to_string())?,
            }
        }
    }
}

/// Does what the host says, until that has closed.
pub async fn hear(run: Rc<Run>, ear: Ear) {
    while !heed_all(&run) {
        if ear.woken().await.is_err() {
            return;
        }
    }
}

/// Does what the host has said so far. Whether it has closed.
pub fn heed_all(run: &Rc<Run>) -> bool {
    for word in host().take_words() {
        heed(run, word);
    }
    run.host_is_closed.get()
}

fn heed(run: &Rc<Run>, word: Word) {
    let engine = &run.engine;
    match word {
        Word::End(turn, end) => engine.turns.ended(turn, end),
        Word::Request { sender: Sender::Turn(turn), request, intended_ns, asked } => {
            engine.turns.asked(turn, Request { number: request, intended_ns, asked });
        }
        Word::Request { sender: Sender::Guest(user), request, asked, .. } => {
            guests::asked(run, user, request, asked);
        }
        Word::Unwanted { turn, request } => engine.turns.unwanted(turn, request),
        Word::Step(step) => {
            if let Some((class, message)) = &step.failure {
                let elapsed_ns = step.ended_ns.saturating_sub(step.intended_ns);
                guests::keep_words(run, &step.name, *class, message, elapsed_ns);
            }
            engine.recorder.timed(&step);
        }
        Word::StepWasBad(step) => {
            let Some((class, message)) = &step.failure else { return };
            guests::keep_words(run, &step.name, *class, message, 0);
            engine.recorder.was_bad(&step.name, &step.kind, *class);
        }
        Word::Lag(lag_ns) => run.loop_lag(lag_ns),
        Word::Began => engine.recorder.started(),
        Word::Ended { flow, began_ns, ended_ns, failure } => {
            guests::ended(run, flow, (began_ns, ended_ns), failure.as_deref());
        }
        Word::Left { user, for_good } => run.guests.left(user, for_good),
        Word::Stop(reason) => run.ask_to_stop(&reason),
        Word::Closed => run.host_is_closed.set(true),
    }
}
