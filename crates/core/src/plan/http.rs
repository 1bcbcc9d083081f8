//! How HTTP is spoken in a plan, and to whom.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// A name or an address; an IPv6 address without its brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// How an origin is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// HTTP over TCP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// How HTTP is spoken in this plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpPolicy {
    /// Who may use a kept-alive connection again.
    pub connections: ConnectionPolicy,
    /// Limit for dns, connect and tls together.
    pub connect_timeout_ns: u64,
    /// Bytes of status line and headers (and of trailers) that are accepted in a response.
    pub max_head_bytes: u64,
    /// Bytes of body that are accepted in a response.
    pub max_body_bytes: u64,
    /// Server certificates are not verified. Printed in the report.
    pub insecure: bool,
    /// A PEM file with certificate authorities to trust besides the built-in ones.
    #[serde(default)]
    pub ca_file: Option<String>,
    /// Who may resume whose TLS session.
    pub resumption: Resumption,
    /// Which version of HTTP is spoken.
    #[serde(default)]
    pub version: HttpVersion,
    /// What is done with cookies that servers set.
    #[serde(default)]
    pub cookies: CookiePolicy,
    /// Through which proxy all requests go.
    #[serde(default)]
    pub proxy: Option<Proxy>,
    /// Host names and the addresses that are used for them instead of asking a name server.
    #[serde(default)]
    pub resolve: Vec<(String, IpAddr)>,
    /// PEM file with the certificate chain that a client shows to servers that ask for one.
    #[serde(default)]
    pub cert_file: Option<String>,
    /// PEM file with its private key.
    #[serde(default)]
    pub key_file: Option<String>,
    /// The name asked for in the TLS handshake, instead of the host of the origin.
    #[serde(default)]
    pub sni: Option<String>,
}

/// Which version of HTTP is spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 where the server agrees to it in the TLS handshake (ALPN), else HTTP/1.1.
    Http2,
    /// HTTP/2 without asking, also without TLS.
    Http2PriorKnowledge,
}

/// What is done with cookies that servers set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CookiePolicy {
    /// They are not kept.
    #[default]
    Off,
    /// Each user keeps its own. An iteration starts with those of `setup` and `before`.
    PerIteration,
    /// Each user keeps its own as long as it lives.
    PerUser,
}

/// An HTTP proxy. Plain requests are sent to it whole; for TLS it opens a tunnel (CONNECT).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// A name or an address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The value of `proxy-authorization`, if it wants one. Never shown.
    #[serde(default)]
    pub authorization: Option<String>,
}

/// Who may use a kept-alive connection again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionPolicy {
    /// Any user of the worker.
    Reuse,
    /// Only the user that opened it, as a browser does.
    PerUser,
    /// Nobody: each request opens its own.
    PerRequest,
}

/// Who may resume whose TLS session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resumption {
    /// Every connection makes a full handshake.
    None,
    /// A user resumes only its own sessions.
    PerUser,
    /// All users of a worker share their sessions.
    Shared,
}
