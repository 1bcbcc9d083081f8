//! Names to addresses: `getaddrinfo` on a blocking thread, so that the machine's own rules hold, and a cache.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs};
use std::rc::Rc;

use kilobar_clock::now_ns;
use tokio::sync::Mutex;

const KEEP_FOUND_NS: u64 = 60_000_000_000;
/// A failing name server is asked at most once a second.
const KEEP_FAILED_NS: u64 = 1_000_000_000;
const MAX_NAMES: usize = 1024;

/// What a name resolves to, or why it does not.
pub type Answer = Result<Rc<[IpAddr]>, Rc<str>>;

/// The resolver of one worker.
#[derive(Default)]
pub struct Resolver {
    names: RefCell<HashMap<String, Rc<Mutex<Option<Cached>>>>>,
}

struct Cached {
    answer: Answer,
    until_ns: u64,
}

impl Resolver {
    /// The addresses of `host`, and whether the system was asked for them.
    pub async fn resolve(&self, host: &str) -> (Answer, bool) {
        if let Ok(address) = host.parse::<IpAddr>() {
            return (Ok(Rc::new([address])), false);
        }
        let place = self.place_of(host);
        // Ten thousand users that start together ask once: the others wait for the lock and find the answer.
        let mut cached = place.lock().await;
        if let Some(cached) = cached.as_ref()
            && now_ns() < cached.until_ns
        {
            return (cached.answer.clone(), false);
        }
        let answer = ask_system(host.to_owned()).await;
        let keep_ns = if answer.is_ok() { KEEP_FOUND_NS } else { KEEP_FAILED_NS };
        *cached = Some(Cached { answer: answer.clone(), until_ns: now_ns() + keep_ns });
        (answer, true)
    }

    fn place_of(&self, host: &str) -> Rc<Mutex<Option<Cached>>> {
        let mut names = self.names.borrow_mut();
        if let Some(place) = names.get(host) {
            return Rc::clone(place);
        }
        if names.len() >= MAX_NAMES {
            names.clear();
        }
        let place = Rc::default();
        names.insert(host.to_owned(), Rc::clone(&place));
        place
    }
}

async fn ask_system(host: String) -> Answer {
    let looked_up = tokio::task::spawn_blocking(move || {
        let found = (host.as_str(), 0).to_socket_addrs().map_err(|error| error.to_string())?;
        let mut addresses: Vec<IpAddr> = Vec::new();
        for address in found.map(|socket| socket.ip()) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() { Err(format!("{host} has no address")) } else { Ok(addresses) }
    });
    match looked_up.await {
        Ok(Ok(addresses)) => Ok(addresses.into()),
        Ok(Err(message)) => Err(message.into()),
        Err(panic) => Err(panic.to_string().into()),
    }
}
