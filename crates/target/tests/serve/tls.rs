use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use kilobar_target::{Options, serve};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{Client, Target, start_with};

type TlsClient = Client<StreamOwned<ClientConnection, TcpStream>>;

/// A target with TLS and its certificate in a file of its own, removed at the end.
struct SecureTarget {
    target: Target,
    ca_file: PathBuf,
}

impl SecureTarget {
    fn start(name: &str) -> Self {
        let ca_file = std::env::temp_dir().join(format!("kilobar-target-{}-{name}.pem", std::process::id()));
        let options = Options { tls_port: Some(0), ca_file: Some(ca_file.clone()), ..Options::default() };
        SecureTarget { target: start_with(options), ca_file }
    }

    fn trusting(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.ca_file).expect("PEM")).expect("a certificate");
        Arc::new(config(roots))
    }

    fn connect(&self, config: &Arc<ClientConfig>, name: &'static str) -> TlsClient {
        let port = self.target.ready.https_port.expect("TLS was asked for");
        let name = ServerName::try_from(name).expect("a name");
        let session = ClientConnection::new(Arc::clone(config), name).expect("a configuration");
        Client::over(StreamOwned::new(session, TcpStream::connect(("127.0.0.1", port)).expect("listening")))
    }
}

impl Drop for SecureTarget {
    fn drop(&mut self) {
        std::fs::remove_file(&self.ca_file).expect("the certificate was written");
    }
}

fn config(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.expect("versions").with_root_certificates(roots).with_no_client_auth()
}

#[test]
fn a_client_that_trusts_the_certificate_is_served_under_every_name() {
    let secure = SecureTarget::start("names");
    for name in ["localhost", "127.0.0.1", "::1"] {
        let mut client = secure.connect(&secure.trusting(), name);
        assert_eq!(client.get("/").text(), "hello");
        assert_eq!(client.post("/echo", "abc").json()["body"], "abc");
    }
    let stats = secure.target.stats();
    assert_eq!(
        (&stats["tls_handshakes"], &stats["tls_resumed"], &stats["requests"]),
        (&3.into(), &0.into(), &6.into())
    );
}

#[test]
fn a_session_can_be_resumed() {
    let secure = SecureTarget::start("resume");
    let config = secure.trusting();
    for _ in 0..2 {
        assert_eq!(secure.connect(&config, "localhost").get("/").text(), "hello");
    }
    let stats = secure.target.stats();
    assert_eq!((&stats["tls_handshakes"], &stats["tls_resumed"]), (&2.into(), &1.into()));
}

#[test]
fn a_client_that_does_not_trust_the_certificate_is_counted_as_an_error() {
    let secure = SecureTarget::start("distrust");
    let mut client = secure.connect(&Arc::new(config(RootCertStore::empty())), "localhost");
    let refused = std::io::Write::write_all(&mut client.stream, b"GET / HTTP/1.1\r\n\r\n");
    assert!(refused.is_err());
    drop(client);
    let mut probe = secure.connect(&secure.trusting(), "localhost");
    assert_eq!(probe.get("/").text(), "hello");
    assert_eq!(secure.target.stats()["errors"]["tls"], 1);
}

#[test]
fn long_bodies_pass_whole_in_both_directions() {
    let secure = SecureTarget::start("long");
    let mut client = secure.connect(&secure.trusting(), "localhost");
    let bytes = 3_000_000;
    let body = client.get(&format!("/bytes/{bytes}")).body;
    assert!(
        body.len() == bytes
            && body.iter().enumerate().all(|(index, byte)| *byte == b'a' + (index % 26) as u8)
    );
    let echo = client.post("/echo", &"x".repeat(bytes)).json();
    assert_eq!(echo["body"].as_str().map(str::len), Some(bytes));
}

#[test]
fn an_answer_that_ends_with_the_connection_says_goodbye() {
    let secure = SecureTarget::start("goodbye");
    let mut client = secure.connect(&secure.trusting(), "localhost");
    client.send("GET /close-delimited/100000 HTTP/1.1\r\n\r\n");
    client.head();
    // Without the TLS goodbye, rustls makes this an error.
    assert_eq!(client.rest().len(), 100_000);
}

#[test]
fn plain_http_on_the_tls_port_is_an_error_that_harms_nobody() {
    let secure = SecureTarget::start("plain");
    let port = secure.target.ready.https_port.expect("TLS was asked for");
    let mut plain = Client::over(TcpStream::connect(("127.0.0.1", port)).expect("listening"));
    plain.send("GET / HTTP/1.1\r\n\r\n");
    assert!(!plain.rest().starts_with(b"HTTP"));
    assert_eq!(secure.connect(&secure.trusting(), "localhost").get("/").text(), "hello");
    assert_eq!(secure.target.stats()["errors"]["tls"], 1);
}

#[test]
fn a_certificate_that_cannot_be_written_is_an_error_with_the_path() {
    let ca_file = Some(PathBuf::from("/nowhere/at/all/ca.pem"));
    let options = Options { port: 0, tls_port: Some(0), ca_file, ..Options::default() };
    let error = serve(options, |_| {}, || true).expect_err("no such directory");
    assert_eq!(error.code(), "ca-file");
    assert!(error.to_string().contains("/nowhere/at/all/ca.pem"), "{error}");
}
