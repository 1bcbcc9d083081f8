//! Sends one request, judges its response, and counts both.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kilobar_core::cookies::Site;
use kilobar_core::plan::{ConnectionPolicy, CookiePolicy};
use kilobar_core::random::Random;
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::{Row, Scope, Value};
use kilobar_core::url::{Address, authority};
use kilobar_core::wire::http1::{RequestMethod, field_values};

use crate::connection::Connection;
use crate::dial::{DialTimes, Dialer, Failure};
use crate::exchange::{self, Exchange, Incoming, Limit};
use crate::iteration::{Engine, User};
use crate::message::Message;
use crate::ready_request::{ReadyRequest, Sending};
use crate::recorder::Ended;
use crate::redirect::is_redirect;
use crate::secrets::{SHOWN_BYTES, Secrets};
use crate::watch::Seen;

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
        let described = self.watch.is_some().then(|| self.describe(user, request));
        let done = self.send(user, request, now_ns, &mut exchange, &mut dialled, &mut complete).await;
        if exchange.end_ns == 0 {
            exchange.end_ns = kilobar_clock::now_ns();
        }
        self.recorder.step(&Ended {
            series: request.plan.series,
            intended_ns,
            hops: &user.hops,
            exchange: &exchange,
            dial: dialled.as_deref(),
            complete,
            failure: done.as_ref().err(),
        });
        if let (Some(watch), Some(described)) = (&self.watch, described) {
            self.keep_whole(user, &exchange);
            let (sent, secrets) = *described;
            let (dial, failure) = (dialled.as_deref(), done.as_ref().err());
            watch.exchanged(
                self,
                user,
                &Seen { request, sent, secrets, exchange: &exchange, dial, complete, failure },
            );
        }
        match done {
            Ok(()) => Ok(exchange.end_ns),
            Err(failure) => {
                self.sample(user, request, &failure, intended_ns, before);
                Err(failure)
            }
        }
    }

    /// As [`Engine::request`], but counts nothing. Redirects that were followed are in [`User::hops`].
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
        user.hops.clear();
        let origin = self.prepare(user, request)?;
        let leg = Leg::first(request, origin);
        self.transmit(user, request, &leg, now_ns, exchange, dialled).await?;
        *complete = true;
        self.keep_cookies(user, request, origin);
        if request.plan.redirects > 0 && is_redirect(user.reader.status()) {
            // Its future is large: it is kept out of the hot one.
            Box::pin(self.follow(user, request, origin, exchange, dialled, complete)).await?;
        }
        self.judge(user, request, exchange)
    }

    /// Sends the message that the user has ready, and reads its response.
    #[inline]
    pub(crate) async fn transmit(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        leg: &Leg<'_>,
        now_ns: u64,
        exchange: &mut Exchange,
        dialled: &mut Option<Box<DialTimes>>,
    ) -> Result<(), Failure> {
        let (mut connection, send_ns) = match self.reuse(user, leg.origin) {
            Some(connection) => (connection, now_ns),
            // Rare, and its future is large: it is kept out of the hot one.
            None => {
                let times = dialled.insert(Box::default());
                (Box::pin(self.dial(user, leg.origin, times)).await?, kilobar_clock::now_ns())
            }
        };
        exchange.send_ns = send_ns;
        user.make_room();
        user.reader.begin(leg.response_to);
        if request.keeps_head {
            user.reader.keep_head();
        }
        let message = match &request.fixed {
            Some(fixed) if !user.draft.is_written => fixed,
            _ => &user.draft.message,
        };
        let mut incoming = Incoming {
            buffer: &self.buffer,
            reader: &mut user.reader,
            body: (!request.saves.is_empty()).then_some(&mut user.body),
            kept: &mut user.kept,
        };
        let ran = exchange::run(
            &mut connection,
            message,
            leg.with_body && request.expects_continue(),
            &mut incoming,
            &user.alarm,
            leg.limit,
            exchange,
        )
        .await;
        let reusable = user.reader.keep_alive() && exchange.was_sent() && !connection.has_unsent();
        if ran.is_ok() && reusable && !request.closes {
            self.give_back(user, leg.origin, connection);
        } else {
            drop(connection);
            self.recorder.closed(1, 0);
        }
        ran
    }

    /// Makes the message ready, and tells where it goes. What is always the same is ready already.
    #[inline]
    fn prepare(&self, user: &mut User, request: &ReadyRequest) -> Result<usize, Failure> {
        match request.origin {
            Some(origin) if request.fixed.is_some() && user.jar.is_empty() => {
                user.draft.is_written = false;
                Ok(origin)
            }
            origin => self.compose(user, request, origin),
        }
    }

    fn compose(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        origin: Option<usize>,
    ) -> Result<usize, Failure> {
        request.fill(
            &mut scope_of(&user.variables, &user.rows, user.sequence, &mut user.random),
            &mut user.draft,
        )?;
        let Some(origin) = origin else { return self.compose_for_address(user, request) };
        self.write_message(user, request, &Leg::first(request, origin), None)?;
        Ok(origin)
    }

    /// The path has rendered to an absolute address.
    #[cold]
    fn compose_for_address(&self, user: &mut User, request: &ReadyRequest) -> Result<usize, Failure> {
        let address = Address::parse(user.draft.path()).map_err(|error| {
            Failure::new(ErrorClass::Script, format!("the address of the request cannot be used: {error}"))
        })?;
        let origin = self.origins.index_of(&address.origin)?;
        self.write_message(user, request, &Leg::first(request, origin), Some(&address.target))?;
        Ok(origin)
    }

    /// Writes what a leg sends; without a `target` the path of the request. Its templates have been filled.
    pub(crate) fn write_message(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        leg: &Leg<'_>,
        target: Option<&str>,
    ) -> Result<(), Failure> {
        let origin = self.origins.get(leg.origin);
        let mut message = std::mem::take(&mut user.draft.message);
        let mut cookies = std::mem::take(&mut user.draft.cookies);
        let draft = &user.draft;
        let target = target.unwrap_or_else(|| draft.path());
        cookies.clear();
        if !user.jar.is_empty() {
            let own = if leg.is_trusted { request.own_cookies(draft) } else { "" };
            user.jar.write(own, Site::new(&origin, target), unix_time_s(), &mut cookies);
        }
        let host = match request.origin {
            Some(planned) if planned == leg.origin => Cow::Borrowed(request.host()),
            _ => Cow::Owned(authority(&origin)),
        };
        let sending = Sending {
            method: leg.method,
            with_body: leg.with_body,
            with_credentials: leg.is_trusted,
            with_host: leg.with_host,
            cookies: (!cookies.is_empty()).then_some(&cookies),
            ..request.as_planned(&origin, &host, target)
        };
        let proxy = self.program.plan.http.proxy.as_ref();
        let written = request.write(&mut message, &sending, proxy, &mut user.random, draft);
        user.draft.message = message;
        user.draft.cookies = cookies;
        user.draft.is_written = true;
        written
    }

    /// Puts the cookies of the last response into the user's jar, if it has one.
    #[inline]
    pub(crate) fn keep_cookies(&self, user: &mut User, request: &ReadyRequest, origin: usize) {
        if self.program.plan.http.cookies == CookiePolicy::Off {
            return;
        }
        if field_values(user.reader.head(), "set-cookie").next().is_some() {
            self.store_cookies(user, request, origin);
        }
    }

    #[cold]
    fn store_cookies(&self, user: &mut User, request: &ReadyRequest, origin: usize) {
        let (origin, now_s) = (self.origins.get(origin), unix_time_s());
        let mut jar = std::mem::take(&mut user.jar);
        let site = Site::new(&origin, path_of(user.message(request).target()));
        for set_cookie in field_values(user.reader.head(), "set-cookie") {
            // A cookie that is no text could not be sent back in a header of ours.
            if let Ok(set_cookie) = std::str::from_utf8(set_cookie) {
                jar.store(set_cookie, site, now_s);
            }
        }
        user.jar = jar;
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

    /// The request as whoever looks on may see it, and what is secret before it: what it saves is to be seen.
    #[cold]
    fn describe(&self, user: &User, request: &ReadyRequest) -> Box<(String, Secrets)> {
        let secrets = self.program.secrets.with_values(&user.variables).with_cookies(&user.jar);
        let mut random = user.random.clone();
        let mut scope = scope_of(&user.variables, &user.rows, user.sequence, &mut random);
        Box::new((secrets.hide(request.redacted(&mut scope)), secrets))
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
            let secrets = self.program.secrets.with_values(variables).with_cookies(&user.jar);
            let shown = request.redacted(&mut scope_of(variables, &user.rows, user.sequence, &mut random));
            (secrets.hide(shown), secrets.hide_in_response(kept))
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
        origin: usize,
        times: &mut DialTimes,
    ) -> Result<Connection, Failure> {
        let plan = &self.program.plan;
        let dialer = Dialer {
            resolver: &self.resolver,
            allow: &plan.allow,
            proxy: plan.http.proxy.as_ref(),
            sni: plan.http.sni.as_deref(),
            timeout_ns: plan.http.connect_timeout_ns,
        };
        let tls = || Arc::clone(user.tls.get_or_insert_with(|| self.tls.for_user()));
        let connection = dialer.dial(&self.origins.get(origin), tls, times).await?;
        self.recorder.opened(times.tls_resumed);
        Ok(connection)
    }
}

/// What a request is rendered from.
pub(crate) fn scope_of<'a>(
    variables: &'a [Option<Value>],
    rows: &'a [Option<Row>],
    sequence: u64,
    random: &'a mut Random,
) -> Scope<'a> {
    Scope { variables, rows, sequence, unix_ns: kilobar_clock::unix_ns(), random }
}

/// One exchange of a request: the first, or one that a redirect asks for.
pub struct Leg<'a> {
    /// Index of the origin.
    pub origin: usize,
    /// Method token.
    pub method: &'a str,
    /// What the response may look like.
    pub response_to: RequestMethod,
    /// The body is sent.
    pub with_body: bool,
    /// The step's credentials are sent.
    pub is_trusted: bool,
    /// The step's own `host` header is sent.
    pub with_host: bool,
    /// How long it may take.
    pub limit: Limit,
}

impl<'a> Leg<'a> {
    /// The first one, as the plan says.
    #[inline]
    pub fn first(request: &'a ReadyRequest, origin: usize) -> Self {
        let timeout_ns = request.plan.timeout_ns;
        Self {
            origin,
            method: &request.plan.method,
            response_to: request.method,
            with_body: true,
            is_trusted: true,
            with_host: true,
            limit: Limit { remaining_ns: timeout_ns, timeout_ns },
        }
    }
}

impl User {
    /// What was sent last.
    pub(crate) fn message<'a>(&'a self, request: &'a ReadyRequest) -> &'a Message {
        match &request.fixed {
            Some(fixed) if !self.draft.is_written => fixed,
            _ => &self.draft.message,
        }
    }
}

/// Path and query of what a request line asks for: a proxy is asked for whole addresses.
pub fn path_of(target: &str) -> &str {
    match target.split_once("://") {
        Some((_, rest)) if !target.starts_with('/') => rest.find('/').map_or("/", |slash| &rest[slash..]),
        _ => target,
    }
}

/// Cookies expire by the calendar.
fn unix_time_s() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.map_or(0, |elapsed| i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
