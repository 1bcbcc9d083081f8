use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{Acceptor, WebPkiClientVerifier};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use super::*;
use crate::loopback::{plan, read_request, response, serve, tried};

/// What a server saw of a connection.
#[derive(Debug, PartialEq)]
struct Seen {
    asked_for: Option<String>,
    client_certificates: usize,
    ended_with_close_notify: bool,
}

fn certificate(name: &str) -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(vec![name.to_owned()]).unwrap()
}

/// Serves TLS with this certificate; asks clients for the one of `client` if there is one.
fn secure_server(
    own: &CertifiedKey<KeyPair>,
    client: Option<&CertifiedKey<KeyPair>>,
) -> (u16, Receiver<Seen>) {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let mut roots = RootCertStore::empty();
            roots.add(client.cert.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()).into();
    let config = Arc::new(builder.with_single_cert(vec![own.cert.der().clone()], key).unwrap());
    let (tell, seen) = channel();
    let port = serve(move |socket| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(session, socket);
        while read_request(&mut stream).is_some() {
            stream.write_all(response(200, "", "").as_bytes()).unwrap();
        }
        let _ = tell.send(Seen {
            asked_for: stream.conn.server_name().map(ToOwned::to_owned),
            client_certificates: stream.conn.peer_certificates().map_or(0, <[_]>::len),
            ended_with_close_notify: matches!(stream.read(&mut [0]), Ok(0)),
        });
    });
    (port, seen)
}

/// Serves TLS and HTTP/1.1 only, one request a connection, and tells which protocols clients offered.
fn old_server(own: &CertifiedKey<KeyPair>) -> (u16, Receiver<Vec<String>>) {
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()).into();
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config =
        builder.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![HTTP1.to_vec()];
    let config = Arc::new(config);
    let (tell, offers) = channel();
    let port = serve(move |mut socket| {
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            acceptor.read_tls(&mut socket).unwrap();
            if let Some(accepted) = acceptor.accept().expect("it is TLS") {
                break accepted;
            }
        };
        let offered = accepted.client_hello().alpn().into_iter().flatten();
        let _ = tell.send(offered.map(|name| String::from_utf8_lossy(name).into_owned()).collect());
        let session = accepted.into_connection(Arc::clone(&config)).expect("it agrees");
        let mut stream = StreamOwned::new(session, socket);
        if read_request(&mut stream).is_some() {
            stream.write_all(response(200, "connection: close\r\n", "").as_bytes()).unwrap();
        }
    });
    (port, offers)
}

#[test]
fn a_server_that_chose_http_1_is_offered_nothing_else_by_the_same_owner() {
    let (port, offers) = old_server(&certificate("shop.example"));
    let origin = json!({"scheme": "https", "host": "127.0.0.1", "port": port});
    for connections in ["reuse", "per_user"] {
        let http = json!({"insecure": true, "version": "http2", "connections": connections});
        let attempts = tried(&plan(std::slice::from_ref(&origin), &http, &[json!({}), json!({}), json!({})]));
        for attempt in &attempts {
            assert_eq!((attempt.status, &attempt.failure), (200, &None));
            assert!(attempt.request.starts_with("GET / HTTP/1.1\n"), "{}", attempt.request);
        }
        let offered: Vec<_> = offers.try_iter().collect();
        assert_eq!(offered, [&["h2", "http/1.1"][..], &["http/1.1"], &["http/1.1"]], "{connections}");
    }
}

fn file(name: &str, content: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("kilobar-tls-{}-{name}", std::process::id()));
    std::fs::write(&path, content).unwrap();
    path
}

fn secure(port: u16, http: &Value) -> Value {
    plan(&[json!({"scheme": "https", "host": "127.0.0.1", "port": port})], http, &[json!({})])
}

#[test]
fn the_name_that_is_asked_for_is_verified_and_the_connection_ends_with_a_goodbye() {
    let own = certificate("shop.example");
    let (port, seen) = secure_server(&own, None);
    let ca_file = file("ca.pem", &own.cert.pem());
    let attempts = tried(&secure(port, &json!({"sni": "shop.example", "ca_file": ca_file})));
    assert_eq!((attempts[0].status, &attempts[0].failure), (200, &None));
    let expected = Seen {
        asked_for: Some("shop.example".into()),
        client_certificates: 0,
        ended_with_close_notify: true,
    };
    assert_eq!(seen.recv_timeout(Duration::from_secs(5)).unwrap(), expected);
    let attempts = tried(&secure(port, &json!({"sni": "other.example", "ca_file": ca_file})));
    assert_eq!(attempts[0].failure.as_ref().unwrap().0, "tls");
    std::fs::remove_file(ca_file).unwrap();
}

#[test]
fn a_client_shows_its_certificate() {
    let client = certificate("client.example");
    let (port, seen) = secure_server(&certificate("shop.example"), Some(&client));
    let (cert_file, key_file) =
        (file("cert.pem", &client.cert.pem()), file("key.pem", &client.signing_key.serialize_pem()));
    let http = json!({"insecure": true, "cert_file": cert_file, "key_file": key_file});
    let attempts = tried(&secure(port, &http));
    assert_eq!((attempts[0].status, &attempts[0].failure), (200, &None));
    assert_eq!(seen.recv_timeout(Duration::from_secs(5)).unwrap().client_certificates, 1);
    let attempts = tried(&secure(port, &json!({"insecure": true})));
    assert!(attempts[0].failure.is_some(), "the server insists");
    for path in [cert_file, key_file] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_with_its_path() {
    let (one, other) = (certificate("a.example"), certificate("b.example"));
    let certificate_file = file("one.pem", &one.cert.pem());
    let wrong_key = file("other-key.pem", &other.signing_key.serialize_pem());
    let path = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let refused = |cert_file: String, key_file: String| {
        let value = secure(1, &json!({"cert_file": cert_file, "key_file": key_file}));
        let http: HttpPolicy = serde_json::from_value(value["http"].clone()).unwrap();
        TlsPolicy::new(&http).err().expect("it cannot be used").to_string()
    };
    let missing = refused("/no/such.pem".into(), path(&wrong_key));
    assert!(missing.starts_with("cannot use the client certificate in /no/such.pem: "), "{missing}");
    let no_key = refused(path(&certificate_file), path(&certificate_file));
    assert!(no_key.contains(&path(&certificate_file)), "{no_key}");
    let no_certificate = refused(path(&wrong_key), path(&wrong_key));
    assert!(no_certificate.ends_with("no certificate in it"), "{no_certificate}");
    let mismatch = refused(path(&certificate_file), path(&wrong_key));
    assert!(mismatch.contains(&format!("the key is from {}", path(&wrong_key))), "{mismatch}");
    for path in [certificate_file, wrong_key] {
        std::fs::remove_file(path).unwrap();
    }
}
