//! What a virtual user does in one iteration: the heart of the one send loop.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use kilobar_clock::{now_ns, sleep_until};
use kilobar_core::cookies::Jar;
use kilobar_core::random::{Random, mix};
use kilobar_core::template::Value;
use kilobar_core::wire::http1::{Limits, ResponseReader};
use rustls::ClientConfig;

use crate::exchange::{Alarm, READ_BUFFER_BYTES};
use crate::origins::Origins;
use crate::pool::Pool;
use crate::program::{Program, ReadyStep};
use crate::ready_request::Draft;
use crate::recorder::Recorder;
use crate::request::Course;
use crate::resolve::Resolver;
use crate::tls::{TlsPolicy, TlsPolicyError};

/// After a body larger than this a user gives the memory back.
const KEEP_BODY_BYTES: usize = 64 * 1024;

/// Everything that the users of a worker share.
pub struct Engine {
    /// What to do.
    pub program: Program,
    /// Counts.
    pub recorder: Recorder,
    pub(crate) pool: Pool,
    pub(crate) resolver: Resolver,
    pub(crate) origins: Origins,
    pub(crate) tls: TlsPolicy,
    pub(crate) buffer: RefCell<Box<[u8]>>,
    /// The instant of the clock at which the run starts.
    pub start_ns: u64,
}

/// One virtual user: what it knows and what it keeps.
pub struct User {
    /// Values saved in this iteration, by index.
    pub variables: Vec<Option<Value>>,
    /// Its random choices.
    pub random: Random,
    /// The cookies that servers gave it.
    pub jar: Jar,
    /// What has happened to its last request.
    pub course: Course,
    /// The response that was read last.
    pub reader: ResponseReader,
    pub(crate) own_pool: Pool,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) alarm: Rc<Alarm>,
    pub(crate) draft: Draft,
    pub(crate) body: Vec<u8>,
    /// The beginning of a failed response.
    pub kept: Vec<u8>,
}

impl User {
    /// Empties the body for the next response, and gives back what a large one took.
    pub(crate) fn make_room(&mut self) {
        if self.body.capacity() > KEEP_BODY_BYTES {
            self.body = Vec::new();
        }
        self.body.clear();
    }
}

impl Engine {
    /// What the users of worker `worker` need to run `program`.
    ///
    /// # Errors
    /// When the trust store or the certificate of the client cannot be used.
    pub fn new(program: Program, worker: u32, start_ns: u64) -> Result<Self, TlsPolicyError> {
        Ok(Self {
            recorder: Recorder::new(&program, worker),
            pool: Pool::default(),
            resolver: Resolver::with(&program.plan.http.resolve),
            origins: Origins::of(&program.plan.origins),
            tls: TlsPolicy::new(&program.plan.http)?,
            buffer: RefCell::new(vec![0; READ_BUFFER_BYTES].into_boxed_slice()),
            program,
            start_ns,
        })
    }

    /// A new user; `seed` makes its random choices reproducible.
    pub fn user(&self, alarm: Rc<Alarm>, seed: u64) -> User {
        let http = &self.program.plan.http;
        User {
            variables: Vec::new(),
            random: Random::new(seed),
            jar: Jar::default(),
            course: Course::default(),
            reader: ResponseReader::new(Limits {
                max_head_bytes: http.max_head_bytes as usize,
                max_body_bytes: http.max_body_bytes,
            }),
            own_pool: Pool::default(),
            tls: None,
            alarm,
            draft: Draft::default(),
            body: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// Makes the user's random choices those of iteration `number`, whoever executes it.
    pub fn reseed(&self, user: &mut User, number: u64) {
        user.random = Random::new(mix(self.program.plan.seed, number));
    }

    /// Forgets a user and closes its connections.
    pub fn dismiss(&self, user: User) {
        self.recorder.closed(user.own_pool.clear(), 0);
    }

    /// Executes iteration `number`, which was meant to start at `intended_ns`. Returns when it ended, and whether it
    /// failed before anything was sent, so that a closed user can take a breath.
    ///
    /// `due` tells that a schedule meant it to start just then: only so its lag says something of the generator.
    pub async fn iterate(&self, user: &mut User, number: u64, intended_ns: u64, due: bool) -> (u64, bool) {
        let mut now_ns = now_ns();
        if due {
            self.recorder.start_lag(now_ns.saturating_sub(intended_ns));
        }
        let plan = &self.program.plan;
        let flow = self.program.choice.choose(number, plan.seed);
        user.variables.clear();
        user.variables.resize(plan.variables.len(), None);
        let mut step_intended_ns = intended_ns;
        let mut failure = None;
        for step in &self.program.flows[flow].steps {
            match step {
                ReadyStep::Think { min_ns, max_ns } => {
                    let think_ns = min_ns + user.random.below(max_ns - min_ns + 1);
                    sleep_until(now_ns + think_ns).await;
                    now_ns = kilobar_clock::now_ns();
                }
                ReadyStep::Request(request) => {
                    match self.request(user, request, step_intended_ns, now_ns).await {
                        // What was done with the body since its last byte is not the next request's service time.
                        Ok(end_ns) if !request.saves.is_empty() => {
                            step_intended_ns = end_ns;
                            now_ns = kilobar_clock::now_ns();
                            continue;
                        }
                        Ok(end_ns) => now_ns = end_ns,
                        Err(failed) => {
                            failure = Some(failed.class);
                            now_ns = kilobar_clock::now_ns();
                            break;
                        }
                    }
                }
            }
            step_intended_ns = now_ns;
        }
        self.recorder.finished(flow, now_ns.saturating_sub(intended_ns), failure.is_none());
        let unsent = failure.is_some_and(|class| class.nothing_was_sent());
        (now_ns, unsent)
    }
}
