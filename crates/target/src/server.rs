//! Listens, accepts, and keeps what all connections share.

use std::cell::RefCell;
use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use kilobar_clock::{Timers, now_ns, sleep};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::spawn_local;

use crate::behaviour::Behaviour;
use crate::connection::Connection;
use crate::counters::{Counters, Fault};
use crate::error::TargetError;
use crate::limits::{ACCEPT_PAUSE_NS, BACKLOG, OUTPUT_BYTES, STOP_POLL_NS};
use crate::options::{Options, Ready};
use crate::tls::{Identity, TlsStream, make_identity};
use crate::transport::Transport;

/// The bytes of one look at a connection; no connection keeps them.
#[derive(Debug)]
pub(crate) struct Scratch {
    pub(crate) input: Box<[u8]>,
    pub(crate) output: Vec<u8>,
}

/// What all connections of a target share.
pub(crate) struct Server {
    pub(crate) behaviour: Behaviour,
    pub(crate) counters: RefCell<Counters>,
    pub(crate) scratch: RefCell<Scratch>,
    should_stop: Box<dyn Fn() -> bool>,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("counters", &self.counters).finish_non_exhaustive()
    }
}

impl Server {
    /// Stops everything. The thread itself sleeps, because that is what a stall is: connections wait in the kernel's
    /// backlog, requests in its buffers, and no answer leaves, whatever it was waiting for.
    pub(crate) fn stall(&self, duration_ns: u64) {
        let end_ns = now_ns() + duration_ns;
        while !(self.should_stop)() {
            let left_ns = end_ns.saturating_sub(now_ns());
            if left_ns == 0 {
                break;
            }
            std::thread::sleep(Duration::from_nanos(left_ns.min(STOP_POLL_NS)));
        }
    }
}

/// Serves on this thread until `should_stop` says so; it is asked every 50 ms, also during a stall.
///
/// `ready` is called once, when connections are accepted and the certificate is written. All connections end with the
/// return. The limit of open files is raised to what the system allows.
///
/// # Errors
/// When an option is invalid, an address cannot be had or the certificate cannot be written.
pub fn serve(
    options: Options,
    ready: impl FnOnce(&Ready),
    should_stop: impl Fn() -> bool + 'static,
) -> Result<(), TargetError> {
    options.check()?;
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build_local(Default::default())?;
    runtime.block_on(run(options, ready, should_stop))
}

async fn run(
    options: Options,
    ready: impl FnOnce(&Ready),
    should_stop: impl Fn() -> bool + 'static,
) -> Result<(), TargetError> {
    let _timers = Timers::start()?;
    let listener = listen(&options.host, options.port)?;
    let tls_listener = options.tls_port.map(|port| listen(&options.host, port)).transpose()?;
    let identity = tls_listener.as_ref().map(|_| make_identity(&options.host)).transpose()?;
    write_certificate(&options, identity.as_ref())?;

    let server = Rc::new(Server {
        behaviour: Behaviour::new(options.response_bytes, options.seed, options.shop_delay),
        counters: RefCell::default(),
        scratch: RefCell::new(Scratch {
            input: vec![0; OUTPUT_BYTES].into_boxed_slice(),
            output: Vec::with_capacity(OUTPUT_BYTES),
        }),
        should_stop: Box::new(should_stop),
    });
    let listening = Ready {
        http_port: listener.local_addr()?.port(),
        https_port: tls_listener
            .as_ref()
            .map(TcpListener::local_addr)
            .transpose()?
            .map(|address| address.port()),
        ca_file: options.ca_file,
    };
    spawn_local(accept(Rc::clone(&server), listener, None));
    if let (Some(listener), Some(identity)) = (tls_listener, identity) {
        spawn_local(accept(Rc::clone(&server), listener, Some(identity.config)));
    }
    ready(&listening);
    while !(server.should_stop)() {
        sleep(STOP_POLL_NS).await;
    }
    Ok(())
}

fn write_certificate(options: &Options, identity: Option<&Identity>) -> Result<(), TargetError> {
    if let (Some(path), Some(identity)) = (&options.ca_file, identity) {
        fs::write(path, &identity.ca_pem)
            .map_err(|source| TargetError::CaFile { path: path.clone(), source })?;
    }
    Ok(())
}

fn listen(host: &str, port: u16) -> Result<TcpListener, TargetError> {
    let listening = resolve(host, port).and_then(|address| {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        // Accepted connections inherit it, which saves a call for each.
        socket.set_nodelay(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    });
    listening.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => TargetError::AddressInUse { host: host.to_owned(), port },
        _ => TargetError::Address { host: host.to_owned(), port, source },
    })
}

fn resolve(host: &str, port: u16) -> io::Result<SocketAddr> {
    let mut addresses = (host, port).to_socket_addrs()?;
    addresses.next().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address"))
}

/// The number of connections is bounded by the file descriptors, so takes all that may be had. A system that refuses
/// leaves us with fewer, which is no error.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

async fn accept(server: Rc<Server>, listener: TcpListener, tls: Option<Arc<ServerConfig>>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => start(&server, stream, tls.as_ref()),
            // The client gave up while it waited in the backlog.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => {
                server.counters.borrow_mut().failed(Fault::Accept);
                sleep(ACCEPT_PAUSE_NS).await;
            }
        }
    }
}

fn start(server: &Rc<Server>, stream: TcpStream, tls: Option<&Arc<ServerConfig>>) {
    let transport = match tls {
        None => Transport::Plain(stream),
        Some(config) => match TlsStream::new(stream, config, Rc::clone(server)) {
            Ok(stream) => Transport::Tls(Box::new(stream)),
            Err(_) => return server.counters.borrow_mut().failed(Fault::Tls),
        },
    };
    spawn_local(Connection::new(Rc::clone(server), transport).run());
}
