//! Redirects: where they lead, and what is sent there.

use kilobar_core::plan::{Origin, Scheme};
use kilobar_core::stats::ErrorClass;
use kilobar_core::url::{Address, default_port};
use kilobar_core::wire::http1::{RequestMethod, field_values};

use crate::dial::{DialTimes, Failure};
use crate::exchange::{Aim, Exchange, Limit};
use crate::iteration::{Engine, User};
use crate::ready_request::ReadyRequest;
use crate::request::{Leg, path_of, scope_of};

/// A redirect that was followed.
#[derive(Debug, Clone)]
pub struct Hop {
    /// Status code of the redirect.
    pub status: u16,
    /// Where it led to. May hold secrets.
    pub url: String,
    /// When things happened in the exchange that it answered.
    pub exchange: Exchange,
    /// What opening a connection for it cost, if it had to be opened.
    pub dial: Option<Box<DialTimes>>,
}

/// Whether a response with this status may ask to go elsewhere.
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

impl Engine {
    /// Follows redirects from the response that the user has just read, until one that is none. What happened before
    /// goes to [`Course::hops`](crate::request::Course); the rest of the course is that of the last exchange.
    ///
    /// # Errors
    /// As for any request; class `status` when there are more redirects than the step follows, `protocol` when one
    /// leads nowhere.
    pub(crate) async fn follow(&self, user: &mut User, request: &ReadyRequest) -> Result<(), Failure> {
        let first = self.origins.get(user.course.aim.origin);
        let target = path_of(user.message(request).target()).to_owned();
        let mut address = Address { origin: Origin::clone(&first), target };
        let mut leg = self.first_leg(request, user.course.aim.origin);
        if !user.draft.is_written {
            let mut scope = scope_of(&user.variables, &user.rows, user.sequence, &mut user.random);
            request.fill(&mut scope, &mut user.draft)?;
        }
        while let Some(location) = location(user) {
            let status = user.status();
            // The response that asks for it has to be kept before another one is read.
            let next = self.next(user, request, &address, &location).inspect_err(|_| self.keep_whole(user));
            let origin;
            (address, origin) = next?;
            leg.turn(status, origin);
            leg.is_trusted &= stays_at(&first, &address.origin);
            let course = &mut user.course;
            let (exchange, dial) = (course.exchange, course.dial.take());
            course.hops.push(Hop { status, url: address.text(), exchange, dial });
            course.begin_exchange();
            user.kept.clear();
            self.write_message(user, request, &leg, Some(&address.target))?;
            user.course.aim = Aim {
                origin: leg.origin,
                response_to: RequestMethod::of(leg.method),
                expects_continue: leg.with_body && request.expects_continue(),
                limit: remaining(&user.course.hops, request.plan.timeout_ns)?,
            };
            self.transmit(user, request, kilobar_clock::now_ns()).await?;
            self.keep_cookies(user, request);
        }
        Ok(())
    }

    /// Where the redirect that the user has just read leads to, and the index of that origin.
    fn next(
        &self,
        user: &User,
        request: &ReadyRequest,
        address: &Address,
        location: &str,
    ) -> Result<(Address, usize), Failure> {
        let (status, most) = (user.status(), request.plan.redirects);
        if user.course.hops.len() == most as usize {
            let message =
                format!("status {status} is one redirect more than the {most} that the step follows");
            return Err(Failure::new(ErrorClass::Status, message));
        }
        let next = address.join(location).map_err(|error| {
            let message = format!("the location of the redirect (status {status}) cannot be used: {error}");
            Failure::new(ErrorClass::Protocol, message)
        })?;
        let origin = self.origins.index_of(&next.origin)?;
        Ok((next, origin))
    }
}

impl Leg<'_> {
    /// Changes what is sent as browsers do: `303` asks for a look at another place, and for all of them so do `301` and
    /// `302` after a `POST`.
    fn turn(&mut self, status: u16, origin: usize) {
        let looks = match status {
            303 => !matches!(self.method, "GET" | "HEAD"),
            301 | 302 => self.method == "POST",
            _ => false,
        };
        if looks {
            self.method = "GET";
            self.with_body = false;
        }
        self.with_host &= self.origin == origin;
        self.origin = origin;
    }
}

/// Where the last response leads to; `None` when it is not a redirect.
fn location(user: &User) -> Option<String> {
    let location = || field_values(user.response_head(), "location").next();
    let location = if is_redirect(user.status()) { location() } else { None };
    location.map(|location| String::from_utf8_lossy(location).into_owned())
}

/// Whether credentials for `first` may go to `next`: to the same host and port, and from plain HTTP to HTTPS where each
/// is usually found.
pub(crate) fn stays_at(first: &Origin, next: &Origin) -> bool {
    let upgrade = first.scheme == Scheme::Http
        && next.scheme == Scheme::Https
        && first.port == default_port(Scheme::Http)
        && next.port == default_port(Scheme::Https);
    first.host.eq_ignore_ascii_case(&next.host)
        && (upgrade || (first.scheme == next.scheme && first.port == next.port))
}

fn remaining(hops: &[Hop], timeout_ns: u64) -> Result<Limit, Failure> {
    let spent_ns = hops.iter().map(|hop| hop.exchange.end_ns - hop.exchange.send_ns).sum();
    match timeout_ns.checked_sub(spent_ns) {
        Some(remaining_ns) if remaining_ns > 0 => Ok(Limit { remaining_ns, timeout_ns }),
        _ => {
            let waited_s = timeout_ns as f64 / 1e9;
            let message = format!("no complete response within {waited_s} s, redirects included");
            Err(Failure::new(ErrorClass::ReadTimeout, message))
        }
    }
}

#[cfg(test)]
mod tests;
