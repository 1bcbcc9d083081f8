//! Names to addresses: `getaddrinfo` on a blocking thread, so that the machine's own rules hold, and a cache.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

use kilobar_clock::now_ns;
use tokio::sync::Mutex;

const KEEP_FOUND_NS: u64 = 60_000_000_000;
/// A failing name server is asked at most once a second.
const KEEP_FAILED_NS: u64 = 1_000_000_000;
const MAX_NAMES: usize = 1024;

/// What a name resolves to, or why it does not.
pub type Answer = Result<Arc<[IpAddr]>, Arc<str>>;

/// The resolver of one worker.
#[derive(Default)]
pub struct Resolver {
    /// By name in lower case: what a scenario says instead of a name server.
    given: HashMap<String, Arc<[IpAddr]>>,
    names: RefCell<HashMap<String, Place>>,
}

type Place = Arc<Mutex<Option<Cached>>>;

struct Cached {
    answer: Answer,
    until_ns: u64,
}

impl Resolver {
    /// One that uses these addresses for these names instead of asking.
    pub fn with(given: &[(String, IpAddr)]) -> Self {
        let mut addresses: HashMap<String, Vec<IpAddr>> = HashMap::new();
        for (host, address) in given {
            addresses.entry(host.to_ascii_lowercase()).or_default().push(*address);
        }
        let given = addresses.into_iter().map(|(host, addresses)| (host, addresses.into())).collect();
        Self { given, ..Self::default() }
    }

    /// The addresses of `host`, and whether the system was asked for them.
    pub async fn resolve(&self, host: &str) -> (Answer, bool) {
        if !self.given.is_empty()
            && let Some(addresses) = self.given.get(&host.to_ascii_lowercase())
        {
            return (Ok(Arc::clone(addresses)), false);
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return (Ok(Arc::new([address])), false);
        }
        let place = self.place_of(host);
        if let Ok(cached) = place.try_lock()
            && let Some(answer) = cached.as_ref().and_then(Cached::fresh)
        {
            return (answer, false);
        }
        // A task of its own, so that an asker who gives up does not let the next one ask the same again.
        let looked_up = tokio::task::spawn_local(look_up(place, host.to_owned()));
        looked_up.await.unwrap_or_else(|error| (Err(error.to_string().into()), false))
    }

    fn place_of(&self, host: &str) -> Place {
        let mut names = self.names.borrow_mut();
        if let Some(place) = names.get(host) {
            return Arc::clone(place);
        }
        if names.len() >= MAX_NAMES {
            names.clear();
        }
        let place = Place::default();
        names.insert(host.to_owned(), Arc::clone(&place));
        place
    }
}

impl Cached {
    fn fresh(&self) -> Option<Answer> {
        (now_ns() < self.until_ns).then(|| self.answer.clone())
    }
}

/// Ten thousand users that start together ask once: the others wait for the lock and find the answer.
async fn look_up(place: Place, host: String) -> (Answer, bool) {
    let mut cached = place.lock().await;
    if let Some(answer) = cached.as_ref().and_then(Cached::fresh) {
        return (answer, false);
    }
    let answer = ask_system(host).await;
    let keep_ns = if answer.is_ok() { KEEP_FOUND_NS } else { KEEP_FAILED_NS };
    *cached = Some(Cached { answer: answer.clone(), until_ns: now_ns() + keep_ns });
    (answer, true)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_addresses_are_used_whatever_the_case_of_the_name_and_nobody_is_asked() {
        let given = [("Shop.example", "10.0.0.1"), ("shop.EXAMPLE", "10.0.0.2"), ("10.0.0.9", "127.0.0.1")];
        let given = given.map(|(host, address)| (host.to_owned(), address.parse().unwrap()));
        let resolver = Resolver::with(&given);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (host, expected) in
            [("SHOP.example", &["10.0.0.1", "10.0.0.2"][..]), ("10.0.0.9", &["127.0.0.1"]), ("::1", &["::1"])]
        {
            let (answer, asked) = runtime.block_on(resolver.resolve(host));
            let expected: Vec<IpAddr> = expected.iter().map(|address| address.parse().unwrap()).collect();
            assert_eq!((&*answer.unwrap(), asked), (&*expected, false), "{host}");
        }
    }
}
