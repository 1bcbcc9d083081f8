//! Sends one request, judges its response, and counts both.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kilobar_core::content::{self, ContentError};
use kilobar_core::cookies::Site;
use kilobar_core::extract::Response;
use kilobar_core::plan::{ConnectionPolicy, CookiePolicy, HttpVersion};
use kilobar_core::random::Random;
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::{Row, Scope, Value};
use kilobar_core::url::{Address, authority};
use kilobar_core::wire::http1::field_values;

use crate::connection::Connection;
use crate::dial::{DialTimes, Dialer, Failure};
use crate::exchange::{self, Aim, Exchange, Incoming, Limit};
use crate::http2::Over;
use crate::iteration::{Engine, User};
use crate::judge::Memory;
use crate::message::Message;
use crate::ready_request::{ReadyRequest, Sending, as_spoken};
use crate::recorder::{Ended, Shown};
use crate::redirect::{Hop, is_redirect, stays_at};
use crate::secrets::{SHOWN_BYTES, Secrets};
use crate::tls::without_http2;
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
        user.kept.clear();
        user.draft.replaced.clear();
        let before = user.random.clone();
        let described = self.watch.is_some().then(|| self.describe(user, request));
        let done = self.send(user, request, now_ns).await;
        let course = &mut user.course;
        if course.exchange.end_ns == 0 {
            course.exchange.end_ns = kilobar_clock::now_ns();
        }
        self.recorder.step(&Ended {
            series: request.plan.series,
            intended_ns,
            hops: &course.hops,
            exchange: &course.exchange,
            dial: course.dial.as_deref(),
            complete: course.complete,
            failure: done.as_ref().err(),
        });
        let end_ns = course.exchange.end_ns;
        if let (Some(watch), Some(described)) = (&self.watch, described) {
            self.keep_whole(user);
            let secrets = self.secrets_of(user, Some(request));
            let sent = secrets.hide(user.as_sent(described));
            watch.exchanged(self, user, &Seen { request, sent, secrets, failure: done.as_ref().err() });
        }
        let done = done.map(|()| end_ns).inspect_err(|failure| {
            self.sample(user, request, failure, intended_ns, before);
        });
        // User code looks at the whole response; it gives it back then.
        if !request.judge.keeps_whole() {
            user.give_back_memory();
        }
        done
    }

    /// As [`Engine::request`], but counts nothing. What happened is in [`User::course`].
    #[inline]
    pub async fn send(&self, user: &mut User, request: &ReadyRequest, now_ns: u64) -> Result<(), Failure> {
        user.course.begin();
        self.prepare(user, request)?;
        // To compute and write a request is no part of its service.
        let now_ns = if user.draft.is_written { kilobar_clock::now_ns() } else { now_ns };
        self.transmit(user, request, now_ns).await?;
        self.keep_cookies(user, request);
        if request.plan.redirects > 0 && is_redirect(user.status()) {
            // Its future is large: it is kept out of the hot one.
            Box::pin(self.follow(user, request)).await?;
        }
        self.judge(user, request)
    }

    /// Sends the message that the user has ready to where [`Course::aim`] says, and reads its response.
    #[inline]
    pub(crate) async fn transmit(
        &self,
        user: &mut User,
        request: &ReadyRequest,
        now_ns: u64,
    ) -> Result<(), Failure> {
        user.course.exchange.send_ns = now_ns;
        let mut opened = None;
        if let Some(http2) = self.may_speak_http2(user, request) {
            user.begin_http2();
            let over = self.transmit_http2(user, request, http2).await;
            user.end_http2(&over);
            match over? {
                Over::Http2 => return Ok(()),
                Over::Http1(connection) => opened = connection,
            }
        }
        let opened = opened.map(|connection| *connection);
        let mut connection = match opened.or_else(|| self.reuse(user)) {
            Some(connection) => connection,
            // Rare, and its future is large: it is kept out of the hot one.
            None => Box::pin(self.dial(user, Offer::Http1)).await?,
        };
        user.body.clear();
        user.reader.begin(user.course.aim.response_to);
        user.reader.keep_head(request.keeps_head);
        let message = match &request.fixed {
            Some(fixed) if !user.draft.is_written => fixed,
            _ => &user.draft.message,
        };
        let mut incoming = Incoming {
            buffer: &self.buffer,
            reader: &mut user.reader,
            body: request.judge.needs_body().then_some(&mut user.body),
            kept: &mut user.kept,
        };
        let Course { exchange, aim, .. } = &mut user.course;
        let ran = exchange::run(&mut connection, message, aim, &mut incoming, &user.alarm, exchange).await;
        let reusable = user.reader.keep_alive() && exchange.was_sent() && !connection.has_unsent();
        if ran.is_ok() && reusable && !request.closes {
            self.give_back(user, connection);
        } else {
            drop(connection);
            self.recorder.closed(1, 0);
        }
        user.course.complete = ran.is_ok();
        ran
    }

    /// Makes the message ready, and [`Course::aim`] with it. What is always the same is ready already.
    #[inline]
    fn prepare(&self, user: &mut User, request: &ReadyRequest) -> Result<(), Failure> {
        let origin = match request.origin {
            Some(origin) if request.fixed.is_some() && user.jar.is_empty() => {
                user.draft.is_written = false;
                origin
            }
            origin => self.compose(user, request, origin)?,
        };
        let timeout_ns = request.plan.timeout_ns;
        user.course.aim = Aim {
            origin,
            response_to: request.method,
            expects_continue: request.expects_continue(),
            limit: Limit { remaining_ns: timeout_ns, timeout_ns },
        };
        Ok(())
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
        self.write_message(user, request, &self.first_leg(request, origin), None)?;
        Ok(origin)
    }

    /// The path has rendered to an absolute address.
    #[cold]
    fn compose_for_address(&self, user: &mut User, request: &ReadyRequest) -> Result<usize, Failure> {
        // A link of a page, an action of a form or a location may be a path of the target.
        let target = self.program.plan.target.and_then(|index| self.program.plan.origins.get(index));
        let path = user.draft.path();
        let address = match target.filter(|_| path.starts_with('/')) {
            Some(origin) => Address { origin: origin.clone(), target: "/".into() }.join(path),
            None => Address::parse(path),
        };
        let address = address.map_err(|error| {
            Failure::new(ErrorClass::Script, format!("the address of the request cannot be used: {error}"))
        })?;
        let origin = self.origins.index_of(&address.origin)?;
        self.write_message(user, request, &self.first_leg(request, origin), Some(&address.target))?;
        Ok(origin)
    }

    /// What is sent first, as the plan says. An address that is known only at run time may come from a server: there go
    /// the credentials of the scenario only if the scenario itself names that host.
    pub(crate) fn first_leg<'a>(&self, request: &'a ReadyRequest, origin: usize) -> Leg<'a> {
        let is_known = || {
            let (asked, plan) = (self.origins.get(origin), &self.program.plan);
            plan.origins.iter().any(|known| stays_at(known, &asked))
        };
        let is_trusted = request.origin.is_some() || request.plan.trusts_address || is_known();
        Leg { origin, method: &request.plan.method, with_body: true, is_trusted, with_host: true }
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
    pub(crate) fn keep_cookies(&self, user: &mut User, request: &ReadyRequest) {
        if self.program.plan.http.cookies != CookiePolicy::Off && user.response_sets_cookies() {
            self.store_cookies(user, request);
        }
    }

    #[cold]
    fn store_cookies(&self, user: &mut User, request: &ReadyRequest) {
        let (origin, now_s) = (self.origins.get(user.course.aim.origin), unix_time_s());
        let mut jar = std::mem::take(&mut user.jar);
        let site = Site::new(&origin, path_of(user.message(request).target()));
        for set_cookie in field_values(user.response_head(), "set-cookie") {
            // A cookie that is no text could not be sent back in a header of ours.
            if let Ok(set_cookie) = std::str::from_utf8(set_cookie) {
                jar.store(set_cookie, site, now_s);
            }
        }
        user.jar = jar;
    }

    #[inline]
    fn judge(&self, user: &mut User, request: &ReadyRequest) -> Result<(), Failure> {
        if request.judge.is_about_status() {
            let judged = request.judge.status(user.status());
            return judged.inspect_err(|_| self.keep_whole(user));
        }
        let saved = request.plan.saves.iter().map(|save| user.variables[save.variable].clone());
        user.draft.replaced.clear();
        user.draft.replaced.extend(saved);
        self.examine(user, request).inspect_err(|_| self.keep_whole(user))
    }

    /// Looks into the response.
    fn examine(&self, user: &mut User, request: &ReadyRequest) -> Result<(), Failure> {
        let limit = self.program.plan.http.max_body_bytes as usize;
        let wire = std::mem::take(&mut user.body);
        let mut decoded = Vec::new();
        // Of a body that nobody looks into, only the beginning may be there.
        let body = if request.judge.needs_body() {
            content::decode(user.response_head(), &wire, limit, &mut decoded)
        } else {
            Ok(&[][..])
        };
        let first = user.course.hops.first().map_or(&user.course.exchange, |hop| &hop.exchange);
        let elapsed_ns = user.course.exchange.end_ns.saturating_sub(first.send_ns);
        let status = user.status();
        let head = if user.course.is_http2 { &user.http2_head.lines } else { user.reader.head() };
        let response = Response::new(status, head, body.as_ref().unwrap_or(&&[][..]), elapsed_ns);
        let mut memory = Memory {
            variables: &mut user.variables,
            rows: &user.rows,
            sequence: user.sequence,
            random: &mut user.random,
        };
        let (checked, watched) = (&mut user.checked, self.watch.is_some());
        checked.clear();
        let count = |check, passed| {
            self.recorder.check(check, passed);
            if watched {
                checked.push((check, passed));
            }
        };
        let (judge, plan) = (&request.judge, &self.program.plan);
        let judged = match body {
            Ok(_) => judge.judge(plan, &response, &mut memory, count),
            // What is wrong with the status says more than what is wrong with the body.
            Err(error) => judge
                .judge_without_body(plan, &response, &mut memory, count)
                .and_then(|()| Err(undecodable(error))),
        };
        if judged.is_err() {
            let secrets = &self.program.secrets;
            judge.save_from_failed(&response, &mut memory, |variable| secrets.hides(variable));
        }
        user.body = wire;
        judged
    }

    /// Keeps the beginning of the response in [`User::kept`]. One that came in one piece is still in the read buffer,
    /// because nothing was awaited since.
    #[cold]
    pub fn keep_whole(&self, user: &mut User) {
        if user.course.is_http2 {
            user.keep_http2();
        } else if user.kept.is_empty() {
            let buffer = self.buffer.borrow();
            let length = (user.course.exchange.bytes_in as usize).min(SHOWN_BYTES).min(buffer.len());
            user.kept.extend_from_slice(&buffer[..length]);
        }
    }

    /// The request as whoever looks on may see it; what it will save is not known yet.
    #[cold]
    fn describe(&self, user: &User, request: &ReadyRequest) -> String {
        let mut random = user.random.clone();
        let mut scope = scope_of(&user.variables, &user.rows, user.sequence, &mut random);
        self.secrets_of(user, None).hide(request.redacted(&mut scope))
    }

    /// What nobody may see of what this user does, nor of the request that it has sent.
    #[cold]
    pub(crate) fn secrets_of(&self, user: &User, request: Option<&ReadyRequest>) -> Secrets {
        let secrets = self.program.secrets.with_values(&user.variables, &user.rows).with_cookies(&user.jar);
        match request {
            None => secrets,
            Some(request) => secrets
                .with_values(&user.known_before(request), &user.rows)
                .with_headers(request.credentials(&user.draft)),
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
        let series = self.recorder.series_name(request.plan.series);
        let now_ns = kilobar_clock::now_ns();
        let at_ns = now_ns.saturating_sub(self.start_ns);
        self.recorder.sample(&series, failure.class, at_ns, now_ns.saturating_sub(intended_ns), || {
            let secrets = self.secrets_of(user, Some(request));
            let variables = user.known_before(request);
            let shown = request.redacted(&mut scope_of(&variables, &user.rows, user.sequence, &mut random));
            Shown {
                message: secrets.hide_in_message(&failure.message),
                request: secrets.hide(user.as_sent(shown)),
                response: secrets.hide_in_response(&user.kept),
            }
        });
    }

    #[inline]
    fn reuse(&self, user: &User) -> Option<Connection> {
        let origin = user.course.aim.origin;
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
    fn give_back(&self, user: &User, connection: Connection) {
        let origin = user.course.aim.origin;
        match self.program.plan.http.connections {
            ConnectionPolicy::Reuse => self.pool.put(origin, connection),
            ConnectionPolicy::PerUser => user.own_pool.put(origin, connection),
            ConnectionPolicy::PerRequest => self.recorder.closed(1, 0),
        }
    }

    /// Opens a connection to where the user's request goes.
    pub(crate) async fn dial(&self, user: &mut User, offer: Offer) -> Result<Connection, Failure> {
        let plan = &self.program.plan;
        let dialer = Dialer {
            resolver: &self.resolver,
            allow: &plan.allow,
            proxy: plan.http.proxy.as_ref(),
            sni: plan.http.sni.as_deref(),
            timeout_ns: plan
                .http
                .connect_timeout_ns
                .min(user.alarm.last_ns().saturating_sub(kilobar_clock::now_ns())),
        };
        let times = &mut **user.course.dial.insert(Box::default());
        let tls = || {
            let own = user.tls.get_or_insert_with(|| self.tls.for_user());
            match offer {
                Offer::Http1 if plan.http.version == HttpVersion::Http2 => without_http2(own),
                _ => Arc::clone(own),
            }
        };
        let connection = dialer.dial(&self.origins.get(user.course.aim.origin), tls, times).await?;
        self.recorder.opened(times.tls_resumed);
        user.course.exchange.send_ns = kilobar_clock::now_ns();
        Ok(connection)
    }
}

fn undecodable(error: ContentError) -> Failure {
    let class = match error {
        ContentError::TooLarge { .. } => ErrorClass::TooLarge,
        _ => ErrorClass::Protocol,
    };
    Failure::new(class, error.to_string())
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

/// What has happened to the request that a user sends, or sent last.
#[derive(Default)]
pub struct Course {
    /// The redirects that it followed.
    pub hops: Vec<Hop>,
    /// Its last exchange.
    pub exchange: Exchange,
    /// What opening a connection for that cost, if it had to be opened.
    pub dial: Option<Box<DialTimes>>,
    /// A whole response to it came.
    pub complete: bool,
    /// Its last exchange went over HTTP/2, or was meant to.
    pub is_http2: bool,
    pub(crate) aim: Aim,
}

/// What a connection is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// What the plan says; the server chooses.
    AsPlanned,
    /// HTTP/1.1: the server has chosen it before, or nothing else was asked for.
    Http1,
}

impl Course {
    #[inline]
    fn begin(&mut self) {
        self.hops.clear();
        self.begin_exchange();
    }

    #[inline]
    pub(crate) fn begin_exchange(&mut self) {
        self.exchange = Exchange::default();
        self.dial = None;
        self.complete = false;
        self.is_http2 = false;
    }
}

/// What is sent in one exchange of a request: the first, or one that a redirect asks for.
pub struct Leg<'a> {
    /// Index of the origin.
    pub origin: usize,
    /// Method token.
    pub method: &'a str,
    /// The body is sent.
    pub with_body: bool,
    /// The step's credentials are sent.
    pub is_trusted: bool,
    /// The step's own `host` header is sent.
    pub with_host: bool,
}

impl User {
    /// What was sent last.
    pub(crate) fn message<'a>(&'a self, request: &'a ReadyRequest) -> &'a Message {
        match &request.fixed {
            Some(fixed) if !self.draft.is_written => fixed,
            _ => &self.draft.message,
        }
    }

    /// What the user knew when it made the request that it has sent: its response may have changed that since.
    #[cold]
    pub(crate) fn known_before(&self, request: &ReadyRequest) -> Vec<Option<Value>> {
        let mut known = self.variables.clone();
        // The first of several values of one variable is the oldest.
        for (save, value) in request.plan.saves.iter().zip(&self.draft.replaced).rev() {
            known[save.variable].clone_from(value);
        }
        known
    }

    /// What [`ReadyRequest::redacted`] shows, with what is known only once it was sent: the version of HTTP, and whether
    /// cookies of the jar went with it.
    #[cold]
    fn as_sent(&self, shown: String) -> String {
        let mut shown = as_spoken(shown, self.course.is_http2);
        let has_cookies = self.draft.is_written && !self.draft.cookies.is_empty();
        let head_end = shown.find("\n\n").map_or(shown.len(), |end| end + 1);
        let is_told = shown[..head_end].lines().any(|line| line.to_ascii_lowercase().starts_with("cookie:"));
        if has_cookies && !is_told && shown[..head_end].ends_with('\n') {
            shown.insert_str(head_end, "cookie: ***\n");
        }
        shown
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
