//! What the target received and sent. Control requests are in none of these numbers.

use serde_json::{Map, Value, json};

use crate::routes::{ROUTES, Route, template};

const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "(other)"];
const STATUSES: usize = 1000;
const SECONDS: usize = 600;

/// What went wrong on a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// The connection could not be accepted: out of file descriptors or memory.
    Accept,
    /// The TLS handshake or a record was invalid.
    Tls,
    /// The request was not HTTP/1.x; answered with 400.
    Malformed,
    /// Answered with 431.
    HeadTooLarge,
    /// Answered with 413.
    BodyTooLarge,
    /// `/fault/early` answered before the body had arrived.
    EarlyAnswer,
    /// The client closed before its request was whole.
    ClosedMidRequest,
    /// The connection broke while we read or wrote.
    ConnectionLost,
}

/// In the order of [`Fault`].
const FAULTS: [&str; 8] = [
    "accept",
    "tls",
    "malformed",
    "head_too_large",
    "body_too_large",
    "early_answer",
    "closed_mid_request",
    "connection_lost",
];

#[derive(Debug, Clone, Copy, Default)]
struct Second {
    at_s: u64,
    requests: u64,
}

/// The counters of one target; their size is fixed.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) connections: u64,
    pub(crate) tls_handshakes: u64,
    pub(crate) tls_resumed: u64,
    /// A gauge, which a reset leaves as it is.
    pub(crate) open_connections: u64,
    pub(crate) bytes_out: u64,
    requests: u64,
    bytes_in: u64,
    by_route: [[u64; METHODS.len()]; ROUTES],
    by_status: Box<[u64; STATUSES]>,
    /// Second s is at s mod [`SECONDS`].
    seconds: Box<[Second; SECONDS]>,
    faults: [u64; FAULTS.len()],
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            connections: 0,
            tls_handshakes: 0,
            tls_resumed: 0,
            open_connections: 0,
            bytes_out: 0,
            requests: 0,
            bytes_in: 0,
            by_route: [[0; METHODS.len()]; ROUTES],
            by_status: Box::new([0; STATUSES]),
            seconds: Box::new([Second::default(); SECONDS]),
            faults: [0; FAULTS.len()],
        }
    }
}

impl Counters {
    /// Counts a request that was received whole.
    pub(crate) fn received(&mut self, method: &str, route: Route, bytes: usize, now_ns: u64) {
        self.requests += 1;
        self.bytes_in += bytes as u64;
        let method = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        self.by_route[route as usize][method] += 1;
        let at_s = now_ns / 1_000_000_000;
        let second = &mut self.seconds[at_s as usize % SECONDS];
        if second.at_s != at_s {
            *second = Second { at_s, requests: 0 };
        }
        second.requests += 1;
    }

    /// Counts the status of an answer.
    pub(crate) fn answered(&mut self, status: u16) {
        if let Some(count) = self.by_status.get_mut(usize::from(status)) {
            *count += 1;
        }
    }

    pub(crate) fn failed(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
    }

    /// Starts all counts from zero.
    pub(crate) fn reset(&mut self) {
        *self = Counters { open_connections: self.open_connections, ..Counters::default() };
    }

    /// The document of `GET /_target/stats`.
    pub(crate) fn to_json(&self, now_ns: u64) -> Value {
        json!({
            "requests": self.requests,
            "connections": self.connections,
            "open_connections": self.open_connections,
            "tls_handshakes": self.tls_handshakes,
            "tls_resumed": self.tls_resumed,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "by_path": self.by_path(),
            "by_status": self.by_status(),
            "per_second": self.per_second(now_ns / 1_000_000_000),
            "errors": FAULTS.iter().zip(self.faults).map(|(name, n)| ((*name).to_owned(), n.into())).collect::<Map<_, _>>(),
        })
    }

    fn by_path(&self) -> Map<String, Value> {
        let mut named = Map::new();
        for (route, methods) in self.by_route.iter().enumerate() {
            for (method, count) in METHODS.iter().zip(methods).filter(|(_, count)| **count > 0) {
                named.insert(format!("{method} {}", template(route)), (*count).into());
            }
        }
        named
    }

    fn by_status(&self) -> Map<String, Value> {
        let seen = self.by_status.iter().enumerate().filter(|(_, count)| **count > 0);
        seen.map(|(status, count)| (status.to_string(), (*count).into())).collect()
    }

    /// Every second from the first with a request in the last ten minutes, quiet ones included, until now.
    fn per_second(&self, now_s: u64) -> Vec<Value> {
        let oldest_s = (now_s + 1).saturating_sub(SECONDS as u64);
        let requests_at = |at_s: u64| {
            let second = self.seconds[at_s as usize % SECONDS];
            if second.at_s == at_s { second.requests } else { 0 }
        };
        let seconds = (oldest_s..=now_s).skip_while(|at_s| requests_at(*at_s) == 0);
        seconds.map(|at_s| json!({"at_s": at_s, "requests": requests_at(at_s)})).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    #[test]
    fn requests_are_counted_by_path_and_in_total() {
        let mut counters = Counters::default();
        counters.received("GET", Route::Item, 40, 0);
        counters.received("GET", Route::Item, 40, 0);
        counters.received("BREW", Route::Unknown, 20, 0);
        counters.answered(200);
        counters.answered(404);
        let stats = counters.to_json(0);
        assert_eq!((&stats["requests"], &stats["bytes_in"]), (&json!(3), &json!(100)));
        assert_eq!(stats["by_path"], json!({"GET /items/{id}": 2, "(other) (other)": 1}));
        assert_eq!(stats["by_status"], json!({"200": 1, "404": 1}));
    }

    #[test]
    fn quiet_seconds_are_shown_as_zero() {
        let mut counters = Counters::default();
        counters.received("GET", Route::Root, 1, 10 * SECOND_NS);
        counters.received("GET", Route::Root, 1, 12 * SECOND_NS + 5);
        let expected = json!([
            {"at_s": 10, "requests": 1}, {"at_s": 11, "requests": 0},
            {"at_s": 12, "requests": 1}, {"at_s": 13, "requests": 0},
        ]);
        assert_eq!(counters.to_json(13 * SECOND_NS)["per_second"], expected);
    }

    #[test]
    fn seconds_older_than_ten_minutes_are_forgotten() {
        let mut counters = Counters::default();
        counters.received("GET", Route::Root, 1, 10 * SECOND_NS);
        assert_eq!(counters.per_second(609).len(), 600);
        assert_eq!(counters.per_second(610).len(), 0);
        counters.received("GET", Route::Root, 1, 610 * SECOND_NS);
        assert_eq!(counters.per_second(610), [json!({"at_s": 610, "requests": 1})]);
    }

    #[test]
    fn a_reset_forgets_everything_but_the_open_connections() {
        let mut counters = Counters { open_connections: 3, connections: 5, ..Counters::default() };
        counters.received("GET", Route::Root, 1, SECOND_NS);
        counters.failed(Fault::Malformed);
        counters.reset();
        let fresh = Counters { open_connections: 3, ..Counters::default() };
        assert_eq!(counters.to_json(SECOND_NS), fresh.to_json(SECOND_NS));
    }
}
