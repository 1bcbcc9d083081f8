//! Requests that user code sends: made ready once, executed by the one send loop, handed back whole.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use kilobar_clock::now_ns;
use kilobar_core::content;
use kilobar_core::plan::{Request, Template};
use kilobar_core::stats::ErrorClass;
use kilobar_core::url::{Address, origin_text};

use crate::dial::Failure;
use crate::host::{Asked, Came};
use crate::iteration::{Engine, User};
use crate::ready_request::ReadyRequest;

/// Requests that are kept ready. Past it all are forgotten: whoever has so many different ones gains nothing.
const MAX_KEPT: usize = 1024;
/// A request with a larger body is hardly sent twice.
const MAX_KEPT_BODY_BYTES: usize = 1024;

/// Requests that were made ready, by what was asked for.
#[derive(Default)]
pub struct Requests(RefCell<HashMap<Asked, Rc<ReadyRequest>>>);

impl Engine {
    /// Sends a request of user code, counts it, and returns what came. It was meant to start at `intended_ns`; 0: now.
    pub(crate) async fn fetch(&self, user: &mut User, asked: &Asked, intended_ns: u64) -> Came {
        let ready = match self.ready_for(asked) {
            Ok(ready) => ready,
            Err(problem) => {
                let series = self.recorder.series_of(&asked.name, "http");
                self.recorder.group(series, 0, 0, Some(ErrorClass::Script));
                self.keep_words(user, &asked.name, ErrorClass::Script, &problem, 0);
                return Came { failure: Some((ErrorClass::Script, problem)), ..Came::default() };
            }
        };
        let now_ns = now_ns();
        let done =
            self.request(user, &ready, if intended_ns == 0 { now_ns } else { intended_ns }, now_ns).await;
        let was_good = done.is_ok();
        let came = self.came(user, &ready, done.err());
        if let Some((class, message)) = came.failure.as_ref().filter(|_| was_good) {
            self.recorder.was_bad(&asked.name, "http", *class);
            self.keep_words(user, &asked.name, *class, message, came.took_ns);
        }
        came
    }

    /// As [`Self::fetch`], but counts nothing.
    pub(crate) async fn fetch_uncounted(&self, user: &mut User, asked: &Asked) -> Came {
        match self.ready_for(asked) {
            Ok(ready) => {
                let done = self.send(user, &ready, now_ns()).await;
                self.came(user, &ready, done.err())
            }
            Err(problem) => Came { failure: Some((ErrorClass::Script, problem)), ..Came::default() },
        }
    }

    /// What came to the request that the user has sent.
    fn came(&self, user: &mut User, ready: &ReadyRequest, failure: Option<Failure>) -> Came {
        let mut failure = failure.map(|failure| (failure.class, failure.message));
        let exchange = &user.course.exchange;
        let send_ns = user.course.hops.first().map_or(exchange.send_ns, |hop| hop.exchange.send_ns);
        let took_ns = exchange.end_ns.saturating_sub(send_ns);
        if !user.course.complete {
            user.give_back_memory();
            return Came { failure, took_ns, ..Came::default() };
        }
        let head = user.response_head().to_vec();
        let wire = std::mem::take(&mut user.body);
        let mut decoded = Vec::new();
        let limit = self.program.plan.http.max_body_bytes as usize;
        let body = match content::decode(&head, &wire, limit, &mut decoded) {
            Ok(same) if std::ptr::eq(same.as_ptr(), wire.as_ptr()) => wire,
            Ok(_) => decoded,
            Err(error) => {
                failure = failure.or(Some((ErrorClass::Protocol, error.to_string())));
                Vec::new()
            }
        };
        let url = user.course.hops.last().map_or_else(String::new, |_| self.where_it_went(user, ready));
        let came = Came { request: 0, status: user.status(), head, body, took_ns, failure, url };
        user.give_back_memory();
        came
    }

    /// The address of the last response.
    fn where_it_went(&self, user: &User, request: &ReadyRequest) -> String {
        let target = user.message(request).target();
        if target.starts_with('/') {
            origin_text(&self.origins.get(user.course.aim.origin)) + target
        } else {
            target.to_owned()
        }
    }

    fn ready_for(&self, asked: &Asked) -> Result<Rc<ReadyRequest>, String> {
        if let Some(ready) = self.turns.requests.0.borrow().get(asked) {
            return Ok(Rc::clone(ready));
        }
        let plan = &self.program.plan;
        let (origin, path) = self.place_of(&asked.url)?;
        let fixed = |text: &str| Template::Fixed(text.to_owned());
        let headers = asked.headers.iter().map(|(name, value)| (name.clone(), fixed(value)));
        let request = Request {
            // One without a name is counted by whoever asked for it.
            series: if asked.name.is_empty() { 0 } else { self.recorder.series_of(&asked.name, "http") },
            method: asked.method.clone(),
            origin,
            path: fixed(&path),
            headers: headers.collect(),
            body: None,
            timeout_ns: asked.timeout_ns,
            redirects: asked.redirects,
            expect_continue: false,
            // Whoever wrote the code wrote its addresses.
            trusts_address: true,
            expect_status: asked.statuses.clone(),
            checks: Vec::new(),
            saves: Vec::new(),
        };
        let body = asked.body.as_deref().map(Rc::from);
        let ready = Rc::new(ReadyRequest::of_code(plan, &request, body)?);
        if asked.body.as_ref().is_none_or(|body| body.len() <= MAX_KEPT_BODY_BYTES) {
            let mut kept = self.turns.requests.0.borrow_mut();
            if kept.len() >= MAX_KEPT {
                kept.clear();
            }
            kept.insert(asked.clone(), Rc::clone(&ready));
        }
        Ok(ready)
    }

    /// Origin of the plan and path, or no origin and the whole address.
    fn place_of<'a>(&self, url: &'a str) -> Result<(Option<usize>, Cow<'a, str>), String> {
        let plan = &self.program.plan;
        if url.starts_with('/') && !url.starts_with("//") {
            let Some(target) = plan.target else {
                return Err(format!(
                    "{url:?} is a path, but there is no target: give the class a `host`, or the run --target"
                ));
            };
            return Ok((Some(target), url.into()));
        }
        let address = Address::parse(url).map_err(|error| format!("{url:?} cannot be asked for: {error}"))?;
        match plan.origins.iter().position(|known| *known == address.origin) {
            Some(origin) => Ok((Some(origin), address.target.into())),
            None => Ok((None, url.into())),
        }
    }
}
