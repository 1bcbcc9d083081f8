//! The cookies of a user (RFC 6265): what servers set, and what goes back to them.
//!
//! Where browsers and the RFC differ, browsers win: `secure` cookies go to loopback hosts over plain HTTP too, so that
//! a service can be tested where it is developed. There is no list of public suffixes: a domain without a dot is
//! refused, `co.uk` is not. That matters to people with secrets in a browser, not to a load generator.

mod date;
mod set_cookie;

use std::net::IpAddr;
use std::rc::Rc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::plan::{Origin, Scheme};
pub use set_cookie::SetCookie;

/// Name and value together; a larger cookie is not kept.
pub const MAX_COOKIE_BYTES: usize = 4096;
/// Cookies of one domain; the oldest goes when one more comes.
pub const MAX_COOKIES_OF_A_DOMAIN: usize = 50;
/// Cookies of a jar; the oldest goes when one more comes.
pub const MAX_COOKIES: usize = 300;

/// The cookies of one user. A clone costs nothing until one of the two changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Jar {
    /// In the order in which they were created.
    cookies: Option<Rc<Vec<Cookie>>>,
}

/// Whom a cookie came from, or may go to.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    host: &'a str,
    path: &'a str,
    trusted: bool,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cookie {
    name: Box<str>,
    value: Box<str>,
    domain: Box<str>,
    /// Only that very host, not those below it.
    host_only: bool,
    path: Box<str>,
    secure: bool,
    /// Unix time; `i64::MAX` until the user ends.
    expires_s: i64,
}

impl<'a> Site<'a> {
    /// The place of a request to `origin` with this path; a query after it is ignored.
    pub fn new(origin: &'a Origin, target: &'a str) -> Self {
        let trusted = origin.scheme == Scheme::Https || is_loopback(&origin.host);
        Self { host: &origin.host, path: target.split('?').next().unwrap_or_default(), trusted }
    }

    /// RFC 6265, section 5.1.4: where a cookie without a path belongs.
    fn default_path(&self) -> &'a str {
        match self.path.rfind('/') {
            Some(slash) if slash > 0 && self.path.starts_with('/') => &self.path[..slash],
            _ => "/",
        }
    }
}

impl Jar {
    /// Whether there is nothing to send to anybody.
    pub fn is_empty(&self) -> bool {
        self.cookies.is_none()
    }

    /// How many there are, expired ones included.
    pub fn len(&self) -> usize {
        self.cookies.as_ref().map_or(0, |cookies| cookies.len())
    }

    /// Names and values, so that a report can hide them.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cookies.iter().flat_map(|cookies| cookies.iter()).map(|cookie| (&*cookie.name, &*cookie.value))
    }

    /// Does what a `set-cookie` header of a response from `site` says. What is malformed, too large or meant for a
    /// domain to which the host does not belong is ignored, as browsers do. `now_s` is unix time.
    pub fn store(&mut self, set_cookie: &str, site: Site<'_>, now_s: i64) {
        if let Some(cookie) = SetCookie::parse(set_cookie).and_then(|set| Cookie::of(&set, site, now_s)) {
            self.put(cookie, now_s);
        }
    }

    /// Appends the value of the `cookie` header of a request to `site`; nothing when there is none. Cookies that the
    /// request itself `given` come first, and win over those of the jar with the same name.
    pub fn write(&self, given: &str, site: Site<'_>, now_s: i64, out: &mut String) {
        let start = out.len();
        out.push_str(given.trim_matches([' ', '\t', ';']));
        let matching = self.cookies.iter().flat_map(|cookies| cookies.iter());
        let mut matching: Vec<&Cookie> =
            matching.filter(|cookie| cookie.expires_s > now_s && cookie.belongs_to(site)).collect();
        // Longer paths first; the sort is stable, so that older cookies come before newer ones.
        matching.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        for cookie in matching {
            if names(given).any(|name| name == &*cookie.name) {
                continue;
            }
            if out.len() > start {
                out.push_str("; ");
            }
            if !cookie.name.is_empty() {
                out.push_str(&cookie.name);
                out.push('=');
            }
            out.push_str(&cookie.value);
        }
    }

    fn put(&mut self, cookie: Cookie, now_s: i64) {
        let expired = cookie.expires_s <= now_s;
        if expired && self.is_empty() {
            return;
        }
        let cookies = Rc::make_mut(self.cookies.get_or_insert_default());
        let place = cookies.iter().position(|other| other.is_same(&cookie));
        match place {
            Some(place) if expired => drop(cookies.remove(place)),
            // It keeps its age: order of creation is what servers see.
            Some(place) => cookies[place] = cookie,
            None if expired => {}
            None => {
                make_room(cookies, &cookie.domain, now_s);
                cookies.push(cookie);
            }
        }
        if cookies.is_empty() {
            self.cookies = None;
        }
    }
}

impl Jar {
    /// Does what made `other` of `before`, such as one of several branches that began with the same cookies: what was
    /// set there is set here, what was cleared there is cleared here, and what did not change there stays.
    pub fn absorb(&mut self, before: &Self, other: Self) {
        if *before == other {
            return;
        }
        let (before, theirs) = (before.all(), other.all());
        let cleared = before.iter().filter(|old| !theirs.iter().any(|cookie| cookie.is_same(old)));
        let set = theirs.iter().filter(|cookie| !before.contains(cookie));
        let mine = Rc::make_mut(self.cookies.get_or_insert_default());
        mine.retain(|known| !cleared.clone().any(|old| old.is_same(known)));
        for cookie in set {
            match mine.iter().position(|known| known.is_same(cookie)) {
                Some(place) => mine[place] = cookie.clone(),
                None => {
                    make_room(mine, &cookie.domain, i64::MIN);
                    mine.push(cookie.clone());
                }
            }
        }
        if mine.is_empty() {
            self.cookies = None;
        }
    }

    fn all(&self) -> &[Cookie] {
        self.cookies.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl Serialize for Jar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Jar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cookies = Vec::<Cookie>::deserialize(deserializer)?;
        Ok(Self { cookies: (!cookies.is_empty()).then(|| Rc::new(cookies)) })
    }
}

/// Removes what has expired when a limit is reached, then the oldest of the domain or of all.
fn make_room(cookies: &mut Vec<Cookie>, domain: &str, now_s: i64) {
    let full = |cookies: &[Cookie]| {
        let of_domain = cookies.iter().filter(|other| &*other.domain == domain).count();
        (of_domain >= MAX_COOKIES_OF_A_DOMAIN, cookies.len() >= MAX_COOKIES)
    };
    if full(cookies) != (false, false) {
        cookies.retain(|other| other.expires_s > now_s);
    }
    match full(cookies) {
        (true, _) => {
            let oldest = cookies.iter().position(|other| &*other.domain == domain);
            oldest.map(|oldest| cookies.remove(oldest));
        }
        (false, true) => drop(cookies.remove(0)),
        (false, false) => {}
    }
}

impl Cookie {
    fn of(set: &SetCookie<'_>, site: Site<'_>, now_s: i64) -> Option<Self> {
        if set.name.len() + set.value.len() > MAX_COOKIE_BYTES {
            return None;
        }
        let host = site.host.to_ascii_lowercase();
        let domain = set.domain.map(str::to_ascii_lowercase).filter(|domain| !domain.is_empty());
        let (domain, host_only) = match domain {
            None => (host, true),
            // An address, or a name such as `localhost`, has nothing below it.
            Some(domain) if domain == host && !domain.contains('.') => (host, true),
            Some(domain) if domain == host && is_address(&host) => (host, true),
            Some(domain) if domain.contains('.') && is_within(&host, &domain) => (domain, false),
            Some(_) => return None,
        };
        let path = set.path.filter(|path| path.starts_with('/')).unwrap_or(site.default_path());
        Some(Self {
            name: set.name.into(),
            value: set.value.into(),
            domain: domain.into(),
            host_only,
            path: path.into(),
            secure: set.secure,
            expires_s: match (set.max_age_s, set.expires_s) {
                (Some(age_s), _) if age_s <= 0 => i64::MIN,
                (Some(age_s), _) => now_s.saturating_add(age_s),
                (None, Some(expires_s)) => expires_s,
                (None, None) => i64::MAX,
            },
        })
    }

    fn belongs_to(&self, site: Site<'_>) -> bool {
        let host = site.host;
        let right_host = host.eq_ignore_ascii_case(&self.domain)
            || (!self.host_only && is_within(&host.to_ascii_lowercase(), &self.domain));
        right_host && (!self.secure || site.trusted) && path_matches(site.path, &self.path)
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.domain, &self.path, self.host_only)
            == (&other.name, &other.domain, &other.path, other.host_only)
    }
}

/// Shows no value: a cookie is often all that it takes to be somebody.
impl std::fmt::Debug for Cookie {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "Cookie({} for {}{})", self.name, self.domain, self.path)
    }
}

fn names(given: &str) -> impl Iterator<Item = &str> {
    given.split(';').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.trim())
}

/// Whether `host` is `domain` or below it; both in lower case.
fn is_within(host: &str, domain: &str) -> bool {
    match host.strip_suffix(domain) {
        Some(before) => before.is_empty() || (before.ends_with('.') && !is_address(host)),
        None => false,
    }
}

/// RFC 6265, section 5.1.4.
fn path_matches(path: &str, of_cookie: &str) -> bool {
    match path.strip_prefix(of_cookie) {
        Some(rest) => rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'),
        None => path.is_empty() && of_cookie == "/",
    }
}

fn is_address(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
}

fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
