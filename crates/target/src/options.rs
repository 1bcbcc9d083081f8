//! What a target is asked to be, and what it tells when it listens.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::behaviour::delay::Delay;
use crate::error::TargetError;
use crate::limits::MAX_CONSTANT_BYTES;

/// How to serve. Its JSON form has the same names; a name that is not here is an error, one that is left out has the
/// default.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The address or name to listen on; `127.0.0.1` by default.
    pub host: String,
    /// The port for HTTP; 8700 by default, 0 for any free one.
    pub port: u16,
    /// The port for HTTPS, 0 for any free one; no HTTPS by default.
    pub tls_port: Option<u16>,
    /// Where to write the certificate of the authority that a client must trust, as PEM.
    pub ca_file: Option<PathBuf>,
    /// Two targets with the same seed draw the same delays and failures.
    pub seed: u64,
    /// How long the shop takes over `GET /items/ID`; its other paths take a fixed multiple of it.
    pub shop_delay: Delay,
    /// Length of the body of `GET /`, at most 1 MiB.
    pub response_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            host: "127.0.0.1".to_owned(),
            port: 8700,
            tls_port: None,
            ca_file: None,
            seed: 1,
            shop_delay: "8ms+exponential/6ms".parse().expect("the default is a valid delay"),
            response_bytes: 5,
        }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), TargetError> {
        if self.response_bytes > MAX_CONSTANT_BYTES {
            let reason =
                format!("{} is more than {MAX_CONSTANT_BYTES} bytes; use GET /bytes/N", self.response_bytes);
            return Err(TargetError::Option { name: "response_bytes", reason });
        }
        if self.ca_file.is_some() && self.tls_port.is_none() {
            let reason = "there is a certificate only with tls_port".to_owned();
            return Err(TargetError::Option { name: "ca_file", reason });
        }
        Ok(())
    }
}

/// Where a target listens. Its JSON form is `{"http": port, "https": port or null, "ca_file": path or null}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// The port for HTTP.
    #[serde(rename = "http")]
    pub http_port: u16,
    /// The port for HTTPS.
    #[serde(rename = "https")]
    pub https_port: Option<u16>,
    /// The authority's certificate, when one was asked to be written.
    pub ca_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_object_gives_the_defaults() {
        assert_eq!(serde_json::from_str::<Options>("{}").expect("valid"), Options::default());
    }

    #[test]
    fn an_unknown_option_is_an_error_that_names_it() {
        let error = serde_json::from_str::<Options>(r#"{"prot": 1}"#).expect_err("unknown");
        assert!(error.to_string().contains("prot"), "{error}");
    }

    #[test]
    fn a_bad_delay_is_an_error_that_shows_what_would_be_right() {
        let error = serde_json::from_str::<Options>(r#"{"shop_delay": "soon"}"#).expect_err("no delay");
        assert!(error.to_string().contains("uniform/5ms..15ms"), "{error}");
    }

    #[test]
    fn readiness_has_the_json_form_that_the_command_line_promises() {
        let ready = Ready { http_port: 1, https_port: None, ca_file: Some("ca.pem".into()) };
        let text = serde_json::to_string(&ready).expect("plain values");
        assert_eq!(text, r#"{"http":1,"https":null,"ca_file":"ca.pem"}"#);
    }
}
