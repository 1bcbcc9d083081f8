//! Opening a connection: name, guard, TCP, TLS; each phase timed, all of them under one limit.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use kilobar_clock::{now_ns, sleep_until};
use kilobar_core::plan::{Origin, Proxy, Scheme};
use kilobar_core::stats::ErrorClass;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use tokio::net::TcpStream;

use crate::connection::Connection;
use crate::guard;
use crate::proxy;
use crate::resolve::Resolver;

/// Plaintext that rustls may hold back while the socket is full.
const TLS_BUFFER_BYTES: usize = 64 * 1024;

/// Why a step failed, and what happened in words.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The class under which it is counted.
    pub class: ErrorClass,
    /// What happened.
    pub message: String,
}

impl Failure {
    /// A failure of this class.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into() }
    }
}

/// How long each phase of opening took. A phase that did not happen is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DialTimes {
    /// Asking for the address.
    pub dns_ns: Option<u64>,
    /// The TCP handshake, and the tunnel through a proxy.
    pub connect_ns: Option<u64>,
    /// The TLS handshake.
    pub tls_ns: Option<u64>,
    /// Whether that handshake resumed a session.
    pub tls_resumed: bool,
}

/// What is needed to open connections to anywhere.
pub struct Dialer<'a> {
    /// Names to addresses.
    pub resolver: &'a Resolver,
    /// Public hosts that may be loaded.
    pub allow: &'a [String],
    /// Through which proxy everything goes.
    pub proxy: Option<&'a Proxy>,
    /// The name asked for in TLS handshakes, instead of the host.
    pub sni: Option<&'a str>,
    /// Limit for all phases together.
    pub timeout_ns: u64,
}

impl Dialer<'_> {
    /// Opens a connection to `origin`; `tls` gives the user's TLS configuration when it is needed.
    ///
    /// The times are filled in as far as it came, also when it failed.
    pub async fn dial(
        &self,
        origin: &Origin,
        tls: impl FnOnce() -> Arc<ClientConfig>,
        times: &mut DialTimes,
    ) -> Result<Connection, Failure> {
        let deadline_ns = now_ns().saturating_add(self.timeout_ns);
        let mut opening = pin!(self.open(origin, tls, times));
        let mut limit = pin!(sleep_until(deadline_ns));
        poll_fn(|context| match opening.as_mut().poll(context) {
            Poll::Ready(opened) => Poll::Ready(opened),
            Poll::Pending => limit.as_mut().poll(context).map(|()| {
                let waited_s = self.timeout_ns as f64 / 1e9;
                let at = format!("{}:{}", origin.host, origin.port);
                Err(Failure::new(
                    ErrorClass::ConnectTimeout,
                    format!("no connection to {at} within {waited_s} s"),
                ))
            }),
        })
        .await
    }

    async fn open(
        &self,
        origin: &Origin,
        tls: impl FnOnce() -> Arc<ClientConfig>,
        times: &mut DialTimes,
    ) -> Result<Connection, Failure> {
        let start_ns = now_ns();
        let (host, port) = match self.proxy {
            Some(proxy) => (&proxy.host, proxy.port),
            None => (&origin.host, origin.port),
        };
        if self.proxy.is_some()
            && let Some(reason) = guard::refusal_through_proxy(&origin.host, self.allow)
        {
            return Err(Failure::new(ErrorClass::Blocked, reason));
        }
        let (answer, asked) = self.resolver.resolve(host).await;
        let resolved_ns = now_ns();
        if asked {
            times.dns_ns = Some(resolved_ns - start_ns);
        }
        let addresses = answer
            .map_err(|reason| Failure::new(ErrorClass::Dns, format!("cannot resolve {host}: {reason}")))?;
        let stream = self.connect(host, port, &addresses).await?;
        if let Some(proxy) = self.proxy.filter(|_| origin.scheme == Scheme::Https) {
            proxy::open_tunnel(&stream, proxy, origin).await?;
        }
        let connected_ns = now_ns();
        times.connect_ns = Some(connected_ns - resolved_ns);
        if origin.scheme == Scheme::Http {
            return Ok(Connection::plain(stream));
        }
        let broken =
            |reason: String| Failure::new(ErrorClass::Tls, format!("TLS with {}: {reason}", origin.host));
        let name = self.sni.unwrap_or(&origin.host).to_owned();
        let name = ServerName::try_from(name).map_err(|error| broken(error.to_string()))?;
        let mut session = ClientConnection::new(tls(), name).map_err(|error| broken(error.to_string()))?;
        session.set_buffer_limit(Some(TLS_BUFFER_BYTES));
        let mut connection = Connection::tls(stream, session);
        times.tls_resumed = connection.handshake().await.map_err(|error| broken(error.to_string()))?;
        times.tls_ns = Some(now_ns() - connected_ns);
        Ok(connection)
    }

    /// Tries the addresses in the resolver's order and keeps the first that answers.
    async fn connect(&self, host: &str, port: u16, addresses: &[IpAddr]) -> Result<TcpStream, Failure> {
        let mut failure = None;
        for &address in addresses {
            if let Some(reason) = guard::refusal(host, address, self.allow) {
                failure = Some(Failure::new(ErrorClass::Blocked, reason));
                continue;
            }
            let socket = SocketAddr::new(address, port);
            let connected = TcpStream::connect(socket).await.and_then(|stream| {
                stream.set_nodelay(true)?;
                Ok(stream)
            });
            match connected {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = Some(connect_failure(socket, &error)),
            }
        }
        Err(failure.unwrap_or_else(|| Failure::new(ErrorClass::Dns, format!("{host} has no address"))))
    }
}

fn connect_failure(to: SocketAddr, error: &io::Error) -> Failure {
    let class = match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorClass::Refused,
        io::ErrorKind::TimedOut => ErrorClass::ConnectTimeout,
        _ => ErrorClass::Connect,
    };
    Failure::new(class, format!("connecting to {to}: {error}"))
}
