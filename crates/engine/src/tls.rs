//! TLS policy of a plan: what is trusted, and who may resume whose session.

use std::sync::Arc;

use kilobar_core::plan::{HttpPolicy, HttpVersion, Resumption};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Sessions that are kept for resumption: of one user, or of all users of a worker.
const SESSIONS_OF_A_USER: usize = 8;
const SESSIONS_SHARED: usize = 1024;

/// Names of protocols in the TLS handshake (ALPN).
pub const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// Makes the TLS configuration of each user of a worker.
pub struct TlsPolicy {
    shared: Arc<ClientConfig>,
    resumption: Resumption,
}

/// A trust store, or a certificate of the client, that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsPolicyError {
    /// The file with certificate authorities cannot be read.
    #[error("cannot read the certificate authorities in {file}: {reason}")]
    CaFile {
        /// Its path.
        file: String,
        /// Why not.
        reason: String,
    },
    /// The certificate of the client, or its key, cannot be used.
    #[error("cannot use the client certificate in {file}: {reason}")]
    ClientCertificate {
        /// Path of the certificate or of the key.
        file: String,
        /// Why not.
        reason: String,
    },
}

impl TlsPolicy {
    /// Reads the trust store and the certificate of the client.
    ///
    /// # Errors
    /// When the plan's `ca_file` or `cert_file` cannot be read or holds no certificate, or `key_file` is not the key of
    /// that certificate.
    pub fn new(http: &HttpPolicy) -> Result<Self, TlsPolicyError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider supports TLS 1.2 and 1.3");
        let builder = if http.insecure {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified { provider }))
        } else {
            builder.with_root_certificates(roots(http.ca_file.as_deref())?)
        };
        let mut config = match &http.cert_file {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let key_file = http.key_file.as_ref().unwrap_or(file);
                builder
                    .with_client_auth_cert(chain(file)?, key(key_file)?)
                    .map_err(|error| unusable(file, format!("{error} (the key is from {key_file})")))?
            }
        };
        config.alpn_protocols = match http.version {
            HttpVersion::Http1 => Vec::new(),
            HttpVersion::Http2 => vec![HTTP2.to_vec(), HTTP1.to_vec()],
            HttpVersion::Http2PriorKnowledge => vec![HTTP2.to_vec()],
        };
        config.resumption = match http.resumption {
            Resumption::Shared => rustls::client::Resumption::in_memory_sessions(SESSIONS_SHARED),
            Resumption::None | Resumption::PerUser => rustls::client::Resumption::disabled(),
        };
        Ok(Self { shared: Arc::new(config), resumption: http.resumption })
    }

    /// The configuration for one user, who keeps it for all its connections.
    pub fn for_user(&self) -> Arc<ClientConfig> {
        match self.resumption {
            Resumption::None | Resumption::Shared => Arc::clone(&self.shared),
            Resumption::PerUser => {
                let mut own = ClientConfig::clone(&self.shared);
                own.resumption = rustls::client::Resumption::in_memory_sessions(SESSIONS_OF_A_USER);
                Arc::new(own)
            }
        }
    }
}

/// The same, but it does not offer HTTP/2.
pub fn without_http2(config: &ClientConfig) -> Arc<ClientConfig> {
    let mut config = config.clone();
    config.alpn_protocols = vec![HTTP1.to_vec()];
    Arc::new(config)
}

fn unusable(file: &str, reason: impl ToString) -> TlsPolicyError {
    TlsPolicyError::ClientCertificate { file: file.to_owned(), reason: reason.to_string() }
}

fn chain(file: &str) -> Result<Vec<CertificateDer<'static>>, TlsPolicyError> {
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unusable(file, error))?;
    let chain: Vec<_> = certificates.collect::<Result<_, _>>().map_err(|error| unusable(file, error))?;
    if chain.is_empty() { Err(unusable(file, "no certificate in it")) } else { Ok(chain) }
}

fn key(file: &str) -> Result<PrivateKeyDer<'static>, TlsPolicyError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| unusable(file, error))
}

fn roots(ca_file: Option<&str>) -> Result<RootCertStore, TlsPolicyError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let Some(file) = ca_file else { return Ok(roots) };
    let unusable = |reason: String| TlsPolicyError::CaFile { file: file.to_owned(), reason };
    let mut found = 0;
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unusable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        found += 1;
    }
    if found == 0 { Err(unusable("no certificate in it".into())) } else { Ok(roots) }
}

/// Accepts any certificate, because the scenario said `insecure`; signatures are still checked.
#[derive(Debug)]
struct Unverified {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
