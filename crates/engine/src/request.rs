//! Sends one request, judges its response, and counts both.

use std::sync::Arc;

use kilobar_core::plan::ConnectionPolicy;
use kilobar_core::random::Random;
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::Value;

use crate::connection::Connection;
use crate::dial::{DialTimes, Dialer, Failure};
use crate::exchange::{self, Exchange, Incoming};
use crate::http2::Over;
use crate::iteration::{Engine, User};
use crate::ready_request::ReadyRequest;
use crate::recorder::Ended;
use crate::secrets::SHOWN_BYTES;

impl Engine {
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
        user.head.clear();
        user.status = 0;
        let mut fresh = None;
        if let Some(http2) = request.http2.as_ref().filter(|_| self.may_speak_http2(request)) {
            let over = self.send_http2(user, request, http2, now_ns, exchange, dialled).await;
            user.alarm.clear();
            match over? {
                Over::Http2 => {
                    *complete = true;
                    return self.judge(user, request, exchange);
                }
                Over::Http1(connection) => fresh = connection,
            }
        }
        self.send_http1(user, request, fresh, now_ns, exchange, dialled).await?;
        *complete = true;
        self.judge(user, request, exchange)
    }

    /// Sends one request over a connection of its own: `fresh` if there is one, else one that was kept or is opened.
    #[inline]
    async fn send_http1(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        fresh: Option<Connection>,
        now_ns: u64,
        exchange: &mut Exchange,
        dialled: &mut Option<Box<DialTimes>>,
    ) -> Result<(), Failure> {
        let reused = if fresh.is_none() { self.reuse(user, request.origin) } else { None };
        let reused = reused.map(|connection| (connection, now_ns));
        let (mut connection, send_ns) = match fresh.map(|opened| (opened, kilobar_clock::now_ns())).or(reused)
        {
            Some(connection) => connection,
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
                    self.give_back(user, request.origin, connection);
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
            self.give_back(user, request.origin, connection);
        } else {
            drop(connection);
            self.recorder.closed(1, 0);
        }
        user.status = user.reader.status();
        ran
    }

    fn judge(&self, user: &mut User, request: &ReadyRequest, exchange: &Exchange) -> Result<(), Failure> {
        let status = user.status;
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
        if !user.head.is_empty() {
            user.keep_http2();
        } else if user.kept.is_empty() {
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

    /// Opens a connection for this request.
    pub(crate) async fn dial(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        times: &mut DialTimes,
    ) -> Result<Connection, Failure> {
        let plan = &self.program.plan;
        let dialer =
            Dialer { resolver: &self.resolver, allow: &plan.allow, timeout_ns: plan.http.connect_timeout_ns };
        let tls = || Arc::clone(user.tls.get_or_insert_with(|| self.tls.for_user()));
        let connection = dialer.dial(&plan.origins[request.origin], tls, times).await?;
        self.recorder.opened(times.tls_resumed);
        Ok(connection)
    }
}
