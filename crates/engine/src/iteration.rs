//! What a virtual user does in one iteration: the heart of the one send loop.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use kilobar_clock::{now_ns, sleep_until};
use kilobar_core::plan::ConnectionPolicy;
use kilobar_core::random::{Random, mix};
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::Value;
use kilobar_core::wire::http1::{Limits, ResponseReader};
use rustls::ClientConfig;

use crate::connection::Connection;
use crate::dial::{DialTimes, Dialer, Failure};
use crate::exchange::{self, Alarm, Exchange, Incoming, READ_BUFFER_BYTES};
use crate::pool::Pool;
use crate::program::{Draft, Program, ReadyRequest, ReadyStep};
use crate::recorder::{Ended, Recorder};
use crate::resolve::Resolver;
use crate::secrets::SHOWN_BYTES;
use crate::tls::{TlsPolicy, TlsPolicyError};

/// After a body larger than this a user gives the memory back.
const KEEP_BODY_BYTES: usize = 64 * 1024;

/// Everything that the users of a worker share.
pub struct Engine {
    /// What to do.
    pub program: Program,
    /// Counts.
    pub recorder: Recorder,
    pool: Pool,
    resolver: Resolver,
    tls: TlsPolicy,
    buffer: RefCell<Box<[u8]>>,
    /// The instant of the clock at which the run starts.
    pub start_ns: u64,
}

/// One virtual user: what it knows and what it keeps.
pub struct User {
    /// Values saved in this iteration, by index.
    pub variables: Vec<Option<Value>>,
    /// Its random choices.
    pub random: Random,
    /// The response that was read last.
    pub reader: ResponseReader,
    own_pool: Pool,
    tls: Option<Arc<ClientConfig>>,
    alarm: Rc<Alarm>,
    draft: Draft,
    body: Vec<u8>,
    /// The beginning of a failed response.
    pub kept: Vec<u8>,
}

impl User {
    /// Empties the body for the next response, and gives back what a large one took.
    fn make_room(&mut self) {
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
    /// When the trust store cannot be read.
    pub fn new(program: Program, worker: u32, start_ns: u64) -> Result<Self, TlsPolicyError> {
        Ok(Self {
            recorder: Recorder::new(&program, worker),
            pool: Pool::default(),
            resolver: Resolver::default(),
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

    /// Sends one request and judges its response. Returns when its last byte was there.
    pub async fn request(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        intended_ns: u64,
        now_ns: u64,
    ) -> Result<u64, Failure> {
        let mut exchange = Exchange::default();
        let mut dialled = None;
        let mut complete = false;
        user.kept.clear();
        let before = user.random.clone();
        let done = self.send(user, request, now_ns, &mut exchange, &mut dialled, &mut complete).await;
        if exchange.end_ns == 0 {
            exchange.end_ns = kilobar_clock::now_ns();
        }
        self.recorder.step(&Ended {
            series: request.plan.series,
            intended_ns,
            exchange: &exchange,
            dial: dialled.as_deref(),
            complete,
            failure: done.as_ref().err(),
        });
        match done {
            Ok(()) => Ok(exchange.end_ns),
            Err(failure) => {
                self.sample(user, request, &failure, intended_ns, before);
                Err(failure)
            }
        }
    }

    /// As [`Engine::request`], but counts nothing.
    #[inline]
    pub async fn send(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        now_ns: u64,
        exchange: &mut Exchange,
        dialled: &mut Option<Box<DialTimes>>,
        complete: &mut bool,
    ) -> Result<(), Failure> {
        let (mut connection, send_ns) = match self.reuse(user, request.plan.origin) {
            Some(connection) => (connection, now_ns),
            // Rare, and its future is large: it is kept out of the hot one.
            None => {
                let times = dialled.insert(Box::default());
                (Box::pin(self.dial(user, request, times)).await?, kilobar_clock::now_ns())
            }
        };
        exchange.send_ns = send_ns;
        user.make_room();
        let bytes: &[u8] = match &request.fixed {
            Some(bytes) => bytes,
            None => {
                let written = request.write(&user.variables, &mut user.random, &mut user.draft);
                if let Err(failure) = written {
                    self.give_back(user, request.plan.origin, connection);
                    return Err(failure);
                }
                &user.draft.request
            }
        };
        user.reader.begin(request.method);
        let mut incoming = Incoming {
            buffer: &self.buffer,
            reader: &mut user.reader,
            body: (!request.saves.is_empty()).then_some(&mut user.body),
            kept: &mut user.kept,
        };
        let ran = exchange::run(
            &mut connection,
            bytes,
            &mut incoming,
            &user.alarm,
            request.plan.timeout_ns,
            exchange,
        )
        .await;
        let reusable = user.reader.keep_alive() && exchange.was_sent() && !connection.has_unsent();
        if ran.is_ok() && reusable && !request.closes {
            self.give_back(user, request.plan.origin, connection);
        } else {
            drop(connection);
            self.recorder.closed(1, 0);
        }
        ran?;
        *complete = true;
        self.judge(user, request, exchange)
    }

    fn judge(&self, user: &mut User, request: &ReadyRequest, exchange: &Exchange) -> Result<(), Failure> {
        let status = user.reader.status();
        if !request.expects(status) {
            self.keep_whole(user, exchange);
            return Err(Failure::new(ErrorClass::Status, format!("status {status} was not expected")));
        }
        for (variable, path) in &request.saves {
            let failure = match path.find(&user.body) {
                Ok(Some(text)) => {
                    user.variables[*variable] = Some(Value::from_json_text(text));
                    continue;
                }
                Ok(None) => format!("nothing at {path} in the response"),
                Err(error) => format!("the response is not JSON: {error}"),
            };
            self.keep_whole(user, exchange);
            return Err(Failure::new(ErrorClass::Extract, failure));
        }
        Ok(())
    }

    /// Keeps the beginning of the response in [`User::kept`]. One that came in one piece is still in the read buffer,
    /// because nothing was awaited since.
    #[cold]
    pub fn keep_whole(&self, user: &mut User, exchange: &Exchange) {
        if user.kept.is_empty() {
            let buffer = self.buffer.borrow();
            let length = (exchange.bytes_in as usize).min(SHOWN_BYTES).min(buffer.len());
            user.kept.extend_from_slice(&buffer[..length]);
        }
    }

    #[cold]
    fn sample(
        &self,
        user: &User,
        request: &ReadyRequest,
        failure: &Failure,
        intended_ns: u64,
        mut random: Random,
    ) {
        let series = &self.program.plan.series[request.plan.series].name;
        let now_ns = kilobar_clock::now_ns();
        let at_ns = now_ns.saturating_sub(self.start_ns);
        let (variables, kept) = (&user.variables, &user.kept);
        self.recorder.sample(series, failure, at_ns, now_ns.saturating_sub(intended_ns), || {
            let secrets = self.program.secrets.with_values(variables);
            (secrets.hide(request.redacted(variables, &mut random)), secrets.hide_in_response(kept))
        });
    }

    #[inline]
    fn reuse(&self, user: &User, origin: usize) -> Option<Connection> {
        let (connection, closed) = match self.program.plan.http.connections {
            ConnectionPolicy::Reuse => self.pool.take(origin),
            ConnectionPolicy::PerUser => user.own_pool.take(origin),
            ConnectionPolicy::PerRequest => return None,
        };
        if closed > 0 {
            self.recorder.closed(closed, closed);
        }
        connection
    }

    #[inline]
    fn give_back(&self, user: &User, origin: usize, connection: Connection) {
        match self.program.plan.http.connections {
            ConnectionPolicy::Reuse => self.pool.put(origin, connection),
            ConnectionPolicy::PerUser => user.own_pool.put(origin, connection),
            ConnectionPolicy::PerRequest => self.recorder.closed(1, 0),
        }
    }

    async fn dial(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        times: &mut DialTimes,
    ) -> Result<Connection, Failure> {
        let plan = &self.program.plan;
        let dialer =
            Dialer { resolver: &self.resolver, allow: &plan.allow, timeout_ns: plan.http.connect_timeout_ns };
        let tls = || Arc::clone(user.tls.get_or_insert_with(|| self.tls.for_user()));
        let connection = dialer.dial(&plan.origins[request.plan.origin], tls, times).await?;
        self.recorder.opened(times.tls_resumed);
        Ok(connection)
    }
}
