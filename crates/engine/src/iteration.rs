//! What a virtual user does in one iteration: the heart of the one send loop.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use kilobar_clock::now_ns;
use kilobar_core::cookies::Jar;
use kilobar_core::plan::CookiePolicy;
use kilobar_core::random::{Random, mix};
use kilobar_core::template::{Row, Scope, Value};
use kilobar_core::wire::http1::{Limits, ResponseReader};
use rustls::ClientConfig;

use crate::draft::Draft;
use crate::exchange::{Alarm, READ_BUFFER_BYTES};
use crate::flow::{Pace, Stop};
use crate::http2_pool::Http2Pool;
use crate::origins::Origins;
use crate::pool::Pool;
use crate::program::{Program, ReadyFlow};
use crate::python::Python;
use crate::received::Http2Head;
use crate::recorder::Recorder;
use crate::request::Course;
use crate::resolve::Resolver;
use crate::rows::{self, Rows};
use crate::tls::TlsPolicy;
use crate::turn::{Hosted, Turns};
use crate::watch::Watch;

/// After a body or a head larger than this a user gives the memory back: most users wait most of the time.
const KEPT_RESPONSE_BYTES: usize = 4 * 1024;

/// Everything that the users of a worker share.
pub struct Engine {
    /// What to do.
    pub program: Program,
    /// Counts.
    pub recorder: Rc<Recorder>,
    /// The instant of the clock at which the run starts.
    pub start_ns: u64,
    /// What `setup` left: every user starts with it.
    pub given: RefCell<Given>,
    /// Rows of data.
    pub rows: Rows,
    /// Calls Python functions.
    pub python: Python,
    /// Turns of users that Python executes.
    pub turns: Turns,
    /// Is told everything, when somebody looks on.
    pub watch: Option<Box<dyn Watch>>,
    pub(crate) pool: Pool,
    pub(crate) http2: Http2Pool,
    pub(crate) resolver: Resolver,
    pub(crate) origins: Origins,
    pub(crate) tls: TlsPolicy,
    pub(crate) buffer: Rc<RefCell<Box<[u8]>>>,
    alarms: RefCell<Vec<Weak<Alarm>>>,
}

/// What a user knows when an iteration starts.
#[derive(Clone, Default)]
pub struct Given {
    /// Values, by index of the variable.
    pub variables: Vec<Option<Value>>,
    /// Cookies.
    pub jar: Jar,
}

/// One virtual user: what it knows and what it keeps.
pub struct User {
    /// Its number, which no other user of the run has.
    pub number: u64,
    /// The flow that it is executing.
    pub flow: usize,
    /// Values saved in this iteration, by index.
    pub variables: Vec<Option<Value>>,
    /// Rows of data, by index of the data set.
    pub rows: Vec<Option<Row>>,
    /// Number of the iteration, which no other iteration of the run has.
    pub sequence: u64,
    /// Its random choices.
    pub random: Random,
    /// Its cookies.
    pub jar: Jar,
    /// What has happened to its last request.
    pub course: Course,
    /// Reads HTTP/1.1. What it read last: [`User::status`], [`User::response_head`].
    pub(crate) reader: ResponseReader,
    /// What came last over HTTP/2.
    pub(crate) http2_head: Http2Head,
    /// What the checks said on the last response, by index of the check: only when somebody looks on.
    pub checked: Vec<(usize, bool)>,
    /// The beginning of a failed response.
    pub kept: Vec<u8>,
    /// A branch of a `parallel`: what it knew when it began.
    pub started_with: Option<Given>,
    /// Where Python executes it.
    pub(crate) hosted: Hosted,
    /// What `before` left, by flow, as far as it was executed.
    prepared: Vec<Option<Box<Given>>>,
    pub(crate) own_pool: Rc<Pool>,
    pub(crate) own_http2: Rc<Http2Pool>,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) alarm: Rc<Alarm>,
    pub(crate) draft: Draft,
    pub(crate) body: Vec<u8>,
}

impl User {
    /// Gives back what a large request or response took, when nobody looks at either any more.
    #[inline]
    pub(crate) fn give_back_memory(&mut self) {
        for large in [&mut self.http2_head.lines, &mut self.body, &mut self.kept] {
            if large.capacity() > KEPT_RESPONSE_BYTES {
                *large = Vec::new();
            }
        }
        self.draft.give_back_memory();
    }

    /// What templates are filled with.
    #[inline]
    pub fn scope(&mut self) -> Scope<'_> {
        Scope {
            variables: &self.variables,
            rows: &self.rows,
            sequence: self.sequence,
            unix_ns: kilobar_clock::unix_ns(),
            random: &mut self.random,
        }
    }

    /// Whoever comes in its place has to execute `before` again.
    pub(crate) fn forget_preparations(&mut self) {
        self.prepared.clear();
    }

    fn knows(&mut self, given: &Given, cookies: CookiePolicy) {
        self.variables.clone_from(&given.variables);
        if cookies == CookiePolicy::PerIteration {
            self.jar.clone_from(&given.jar);
        }
    }
}

/// An iteration that is to be executed.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Chooses the flow, and the random values of an arrival.
    pub number: u64,
    /// Index of the flow, which [`Program::choose`] gave for the number.
    pub flow: usize,
    /// Unique in the run, so that it chooses rows.
    pub sequence: u64,
    /// When it was meant to start.
    pub intended_ns: u64,
    /// A schedule meant it to start just then: only so its lag says something of the generator.
    pub due: bool,
}

/// How an iteration went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at_ns: u64,
    /// Nothing was sent and nothing waited for, so that a closed user takes a breath: it would spin.
    pub unsent: bool,
    /// How long its user rests.
    pub pause_ns: u64,
    /// What else ends with it.
    pub ends: Ends,
}

/// What ends with an iteration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ends {
    /// Nothing.
    Nothing,
    /// Its user.
    User,
    /// The run, for this reason.
    Run(String),
}

impl Engine {
    /// What the users of worker `worker` need to run `program`.
    ///
    /// # Errors
    /// In words, when the trust store or a data file cannot be read.
    pub fn new(program: Program, worker: u32, start_ns: u64) -> Result<Self, String> {
        let given = Given { variables: vec![None; program.plan.variables.len()], jar: Jar::default() };
        Ok(Self {
            recorder: Rc::new(Recorder::new(&program, worker)),
            start_ns,
            given: RefCell::new(given),
            rows: Rows::open(&program.plan).map_err(|error| error.to_string())?,
            python: Python::default(),
            turns: Turns::default(),
            watch: None,
            pool: Pool::default(),
            http2: Http2Pool::default(),
            resolver: Resolver::with(&program.plan.http.resolve),
            origins: Origins::of(&program.plan.origins),
            tls: TlsPolicy::new(&program.plan.http).map_err(|error| error.to_string())?,
            buffer: Rc::new(RefCell::new(vec![0; READ_BUFFER_BYTES].into_boxed_slice())),
            alarms: RefCell::default(),
            program,
        })
    }

    /// A new user; `seed` makes its random choices reproducible.
    pub fn user(&self, alarm: Rc<Alarm>, seed: u64) -> User {
        let http = &self.program.plan.http;
        User {
            number: 0,
            flow: 0,
            variables: self.given.borrow().variables.clone(),
            rows: vec![None; self.program.plan.data.len()],
            sequence: 0,
            random: Random::new(seed),
            jar: self.given.borrow().jar.clone(),
            course: Course::default(),
            reader: ResponseReader::new(Limits {
                max_head_bytes: http.max_head_bytes as usize,
                max_body_bytes: http.max_body_bytes,
            }),
            http2_head: Http2Head::default(),
            checked: Vec::new(),
            kept: Vec::new(),
            started_with: None,
            hosted: Hosted::default(),
            prepared: Vec::new(),
            own_pool: Rc::default(),
            own_http2: Rc::default(),
            tls: None,
            alarm,
            draft: Draft::default(),
            body: Vec::new(),
        }
    }

    /// Makes the user's random choices those of iteration `number`, whoever executes it.
    pub fn reseed(&self, user: &mut User, number: u64) {
        user.random = Random::new(mix(self.program.plan.seed, number));
    }

    /// An alarm that the worker looks after until its user drops it.
    pub fn new_alarm(&self) -> Rc<Alarm> {
        let alarm = Rc::new(Alarm::default());
        self.alarms.borrow_mut().push(Rc::downgrade(&alarm));
        alarm
    }

    /// Wakes the users whose time is up.
    pub fn check_alarms(&self, now_ns: u64) {
        self.turns.check(now_ns);
        self.alarms
            .borrow_mut()
            .retain(|alarm| alarm.upgrade().inspect(|alarm| alarm.check(now_ns)).is_some());
    }

    /// Whether an iteration of this user finds the rows that its flow needs. Without them it cannot be executed: a closed
    /// user leaves, an arrival is dropped.
    pub fn has_rows(&self, user: u64, turn: &Turn) -> bool {
        let flow = &self.program.flows[turn.flow];
        let classes = self.program.plan.code.as_ref().map(|code| &code.classes);
        !flow.data.iter().any(|&data| self.rows.is_over(data, user, turn.sequence))
            && classes.is_none_or(|classes| self.turns.has_row(turn.flow, classes[turn.flow].rows))
    }

    /// A user takes an iteration that is due: it is counted, and a row of user code is kept for it.
    #[inline]
    pub fn starts(&self, turn: &Turn) {
        self.recorder.started();
        if self.program.plan.code.is_some() {
            self.turns.keep_row(turn.flow);
        }
    }

    /// Executes an iteration that has started.
    pub async fn iterate(&self, user: &mut User, turn: Turn) -> Ended {
        let mut pace = Pace::new(turn.intended_ns);
        pace.starts_in_python = turn.due && self.program.plan.code.is_some();
        if turn.due && !pace.starts_in_python {
            self.recorder.start_lag(pace.now_ns.saturating_sub(turn.intended_ns));
        }
        user.flow = turn.flow;
        user.sequence = turn.sequence;
        let flow = &self.program.flows[user.flow];
        let done = match self.equip(user, flow, &mut pace).await {
            Ok(()) => self.execute(user, &flow.steps, &mut pace).await,
            stopped => {
                if self.program.plan.code.is_some() {
                    self.turns.give_back_row(user.flow);
                }
                stopped
            }
        };
        let failed = match &done {
            Err(Stop::Failed(class)) => Some(*class),
            _ => None,
        };
        self.recorder.finished(user.flow, pace.now_ns.saturating_sub(turn.intended_ns), failed.is_none());
        Ended {
            at_ns: pace.now_ns,
            unsent: !pace.has_sent && (failed.is_some() || pace.idle_ns == 0),
            pause_ns: pace.pause_ns,
            ends: match done {
                Err(Stop::User) => Ends::User,
                Err(Stop::Run(reason)) => Ends::Run(reason),
                _ => Ends::Nothing,
            },
        }
    }

    /// Gives the user what it knows at the start of an iteration of this flow: values, cookies, rows.
    #[inline]
    async fn equip(&self, user: &mut User, flow: &ReadyFlow, pace: &mut Pace) -> Result<(), Stop> {
        for &data in &flow.data {
            match self.rows.deal(data, user.number, user.sequence) {
                Ok(rows::Given::Row(row)) => user.rows[data] = Some(row),
                Ok(rows::Given::End) => return Err(Stop::User),
                Err(failure) => {
                    self.fail(user, &failure);
                    return Err(Stop::Failed(failure.class));
                }
            }
        }
        if flow.before.is_empty() && flow.after.is_empty() {
            user.knows(&self.given.borrow(), self.program.plan.http.cookies);
            return Ok(());
        }
        Box::pin(self.equip_once(user, flow, pace)).await
    }

    async fn equip_once(&self, user: &mut User, flow: &ReadyFlow, pace: &mut Pace) -> Result<(), Stop> {
        let cookies = self.program.plan.http.cookies;
        if user.prepared.is_empty() {
            user.prepared.resize_with(self.program.flows.len(), || None);
        }
        if let Some(given) = user.prepared[user.flow].take() {
            user.knows(&given, cookies);
            user.prepared[user.flow] = Some(given);
            return Ok(());
        }
        user.knows(&self.given.borrow(), cookies);
        self.execute(user, &flow.before, pace).await?;
        let given = Given { variables: user.variables.clone(), jar: user.jar.clone() };
        user.prepared[user.flow] = Some(Box::new(given));
        Ok(())
    }

    /// The user leaves: it executes `after` of the flows that it had prepared, and closes its connections.
    pub async fn leave(&self, mut user: User) {
        for (index, given) in std::mem::take(&mut user.prepared).into_iter().enumerate() {
            let flow = &self.program.flows[index];
            if let Some(given) = given.filter(|_| !flow.after.is_empty()) {
                user.flow = index;
                user.knows(&given, self.program.plan.http.cookies);
                let mut pace = Pace::new(now_ns());
                // A step that fails has been counted and kept; nothing is left that it could end.
                let _ = self.execute(&mut user, &flow.after, &mut pace).await;
            }
        }
        self.dismiss(&mut user);
        self.recorder.closed(user.own_pool.clear(), 0);
        user.own_http2.close();
    }
}
