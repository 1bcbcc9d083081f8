//! TLS: a certificate made at start, and rustls driven over a socket.

use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rcgen::{KeyUsagePurpose, SanType};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{HandshakeKind, ServerConfig, ServerConnection};
use tokio::net::TcpStream;

use crate::error::TargetError;
use crate::server::Server;
use crate::transport::{self, none_when_blocked};

/// A fresh authority and a server certificate that it signed.
pub(crate) struct Identity {
    /// The authority's certificate, which a client must trust.
    pub(crate) ca_pem: String,
    pub(crate) config: Arc<ServerConfig>,
}

/// Makes an identity for `localhost`, `127.0.0.1`, `::1` and `host`.
pub(crate) fn make_identity(host: &str) -> Result<Identity, TargetError> {
    let failed = |error: rcgen::Error| TargetError::Tls(error.to_string());
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Kilobar target authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate().map_err(failed)?;
    let authority_certificate = authority.self_signed(&authority_key).map_err(failed)?;

    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    let mut server = CertificateParams::new(names).map_err(failed)?;
    server
        .subject_alt_names
        .retain(|name| !matches!(name, SanType::IpAddress(address) if is_wildcard(address)));
    server.distinguished_name.push(DnType::CommonName, "Kilobar target");
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key)).map_err(failed)?;

    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = make_config(vec![certificate.der().clone()], key);
    let config = config.map_err(|error| TargetError::Tls(error.to_string()))?;
    Ok(Identity { ca_pem: authority_certificate.pem(), config: Arc::new(config) })
}

fn is_wildcard(address: &IpAddr) -> bool {
    address.is_unspecified()
}

fn make_config(
    certificates: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Tickets rather than a cache: what resumes a session is kept by the client, so memory here stays constant.
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Ok(config)
}

/// One TLS connection.
#[derive(Debug)]
pub(crate) struct TlsStream {
    pub(crate) stream: TcpStream,
    session: ServerConnection,
    server: Rc<Server>,
    counted: bool,
}

impl TlsStream {
    pub(crate) fn new(
        stream: TcpStream,
        config: &Arc<ServerConfig>,
        server: Rc<Server>,
    ) -> Result<Self, rustls::Error> {
        let session = ServerConnection::new(Arc::clone(config))?;
        Ok(TlsStream { stream, session, server, counted: false })
    }

    /// Reads decrypted bytes; drives the handshake on the way.
    pub(crate) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.session.reader().read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The TCP connection ended without the TLS goodbye: as good an end as any other.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Poll::Ready(Ok(0)),
                done => return Poll::Ready(done),
            }
            while !self.try_flush()? {
                ready!(self.stream.poll_write_ready(context))?;
            }
            let mut socket = Socket { stream: &mut self.stream, context };
            match self.session.read_tls(&mut socket) {
                Ok(0) => return Poll::Ready(Ok(0)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
            if let Err(error) = self.session.process_new_packets() {
                // The client is owed the alert that says why, but not at the price of waiting for it.
                let _ = self.try_flush();
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
            }
            self.count_handshake();
        }
    }

    fn count_handshake(&mut self) {
        if !self.counted && !self.session.is_handshaking() {
            self.counted = true;
            let mut counters = self.server.counters.borrow_mut();
            counters.tls_handshakes += 1;
            if self.session.handshake_kind() == Some(HandshakeKind::Resumed) {
                counters.tls_resumed += 1;
            }
        }
    }

    pub(crate) fn try_send(&mut self, data: &[u8]) -> io::Result<usize> {
        if !self.try_flush()? {
            return Ok(0);
        }
        let taken = self.session.writer().write(data)?;
        self.try_flush()?;
        Ok(taken)
    }

    pub(crate) fn is_flushed(&self) -> bool {
        !self.session.wants_write()
    }

    /// Hands records to the kernel until none is left (`true`) or it takes no more.
    pub(crate) fn try_flush(&mut self) -> io::Result<bool> {
        struct Writer<'a>(&'a TcpStream);
        impl Write for Writer<'_> {
            fn write(&mut self, data: &[u8]) -> io::Result<usize> {
                self.0.try_write(data)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        while self.session.wants_write() {
            if none_when_blocked(self.session.write_tls(&mut Writer(&self.stream)))? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Queues the TLS goodbye.
    pub(crate) fn queue_close(&mut self) {
        self.session.send_close_notify();
    }
}

/// Reads from the socket as a task does: nothing there means that the task is woken later.
struct Socket<'a, 'b> {
    stream: &'a mut TcpStream,
    context: &'a mut Context<'b>,
}

impl Read for Socket<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match transport::poll_read(self.stream, self.context, into) {
            Poll::Ready(done) => done,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}
