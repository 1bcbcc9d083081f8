//! Addresses that are known only while running: of requests that are made of templates, and of redirects (RFC 3986).

use std::net::Ipv6Addr;

use crate::plan::{Origin, Scheme};

/// A longer address is refused.
pub const MAX_URL_BYTES: usize = 64 * 1024;

/// An absolute `http` or `https` address, as a request needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Whom to ask; the host in lower case.
    pub origin: Origin,
    /// What to ask for: path and query as they go over the wire, starting with `/`. Fragments are never sent.
    pub target: String,
}

/// Why a text is no address that can be requested. The text itself is not repeated: it may hold secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It has another scheme, or none where one is needed.
    #[error("it does not start with http:// or https://")]
    Scheme,
    /// The host is missing, or holds characters that no host has.
    #[error("it has no valid host; write international names in their ASCII form (xn--...)")]
    Host,
    /// The port is no number from 1 to 65535.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// It names a user or a password.
    #[error("it holds a user or a password, which is not sent from there; use basic authentication")]
    UserInfo,
    /// It is longer than [`MAX_URL_BYTES`].
    #[error("it is longer than {MAX_URL_BYTES} bytes")]
    TooLong,
}

impl Address {
    /// Reads an absolute address. What cannot stand in a request line is percent-encoded, as browsers do.
    ///
    /// # Errors
    /// When it cannot be requested.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.len() > MAX_URL_BYTES {
            return Err(UrlError::TooLong);
        }
        let text = trimmed(text);
        let (scheme, rest) = split_scheme(text).ok_or(UrlError::Scheme)?;
        let scheme = known_scheme(scheme)?;
        let rest = rest.strip_prefix("//").ok_or(UrlError::Host)?;
        Self::after_slashes(scheme, rest)
    }

    /// The address that `reference`, as it stands in a `location` header, means in a response of `self`.
    ///
    /// # Errors
    /// When it cannot be requested.
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        if reference.len() > MAX_URL_BYTES {
            return Err(UrlError::TooLong);
        }
        let reference = trimmed(reference);
        if split_scheme(reference).is_some() {
            return Self::parse(reference);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::after_slashes(self.origin.scheme, rest);
        }
        let reference = without_fragment(reference);
        let (base_path, base_query) = split_query(&self.target);
        let (path, query) = split_query(reference);
        let target = if reference.is_empty() {
            self.target.clone()
        } else if path.is_empty() {
            written(base_path, query)
        } else if path.starts_with('/') {
            written(&without_dots(path), query)
        } else {
            let folder = base_path.rfind('/').map_or("/", |slash| &base_path[..=slash]);
            written(&without_dots(&format!("{folder}{path}")), query)
        };
        debug_assert!(base_query.is_none_or(|query| !query.contains('#')), "a target has no fragment");
        Ok(Self { origin: self.origin.clone(), target })
    }

    /// The address as a person writes it.
    pub fn text(&self) -> String {
        format!("{}{}", origin_text(&self.origin), self.target)
    }

    fn after_slashes(scheme: Scheme, rest: &str) -> Result<Self, UrlError> {
        let rest = without_fragment(rest);
        let end = rest.find(['/', '?', '\\']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (host, port) = split_authority(authority)?;
        let port = match port {
            None | Some("") => default_port(scheme),
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|&port| port > 0).ok_or(UrlError::Port)?
            }
            Some(_) => return Err(UrlError::Port),
        };
        let (path, query) = split_query(target);
        let path = if path.is_empty() { "/".to_owned() } else { without_dots(path) };
        Ok(Self { origin: Origin { scheme, host, port }, target: written(&path, query) })
    }
}

/// The port that an address of this scheme need not name.
pub fn default_port(scheme: Scheme) -> u16 {
    match scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
    }
}

/// Host and port as they stand in a `host` header: without the port that the scheme implies.
pub fn authority(origin: &Origin) -> String {
    let host = bracketed(&origin.host);
    if origin.port == default_port(origin.scheme) { host } else { format!("{host}:{}", origin.port) }
}

/// Host and port as `CONNECT` names them: always with the port.
pub fn host_and_port(host: &str, port: u16) -> String {
    format!("{}:{port}", bracketed(host))
}

/// Scheme, host and port, without a slash at the end.
pub fn origin_text(origin: &Origin) -> String {
    let scheme = match origin.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    format!("{scheme}://{}", authority(origin))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|char: char| char <= ' ')
}

/// What stands before the first colon, if that can be a scheme, and what follows.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let valid = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    valid.then_some((scheme, rest))
}

fn known_scheme(scheme: &str) -> Result<Scheme, UrlError> {
    if scheme.eq_ignore_ascii_case("http") {
        Ok(Scheme::Http)
    } else if scheme.eq_ignore_ascii_case("https") {
        Ok(Scheme::Https)
    } else {
        Err(UrlError::Scheme)
    }
}

fn split_authority(authority: &str) -> Result<(String, Option<&str>), UrlError> {
    if authority.contains('@') {
        return Err(UrlError::UserInfo);
    }
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(UrlError::Host)?;
        let host: Ipv6Addr = host.parse().map_err(|_| UrlError::Host)?;
        let port = match after.strip_prefix(':') {
            None if after.is_empty() => None,
            None => return Err(UrlError::Host),
            port => port,
        };
        return Ok((host.to_string(), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if host.is_empty() || !host.bytes().all(valid) {
        return Err(UrlError::Host);
    }
    Ok((host.to_ascii_lowercase(), port))
}

fn without_fragment(text: &str) -> &str {
    text.split_once('#').map_or(text, |(before, _)| before)
}

fn split_query(target: &str) -> (&str, Option<&str>) {
    target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)))
}

/// RFC 3986, section 5.2.4: `.` and `..` are steps in a tree that starts at `/`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.trim_start_matches('/').split('/').peekable();
    // Several slashes at the start are empty segments, which count.
    let slashes = path.len() - path.trim_start_matches('/').len();
    kept.resize(slashes.saturating_sub(1), "");
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => {
                kept.push(segment);
                continue;
            }
        }
        if last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// Path and query with everything percent-encoded that cannot stand in a request line.
fn written(path: &str, query: Option<&str>) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(path.len() + query.map_or(0, str::len) + 1);
    let mut add = |text: &str| {
        for byte in text.bytes() {
            if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\') {
                out.push(char::from(byte));
            } else {
                out.push('%');
                out.push(char::from(DIGITS[usize::from(byte >> 4)]));
                out.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
    };
    add(path);
    if let Some(query) = query {
        add("?");
        add(query);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::http1::is_target;
    use proptest::prelude::*;

    fn parsed(text: &str) -> String {
        Address::parse(text).map_or_else(|error| format!("{error:?}"), |address| address.text())
    }

    #[test]
    fn absolute_addresses_are_read_as_requests_need_them() {
        for (text, expected) in [
            ("http://Shop.Example", "http://shop.example/"),
            ("HTTPS://shop.example:443/a?b=c#d", "https://shop.example/a?b=c"),
            ("http://shop.example:443?x", "http://shop.example:443/?x"),
            ("http://[::1]:8700/a/../b/./c", "http://[::1]:8700/b/c"),
            ("  http://a:/x y\t", "http://a/x%20y"),
            ("http://a/ü?q=\"1\"", "http://a/%C3%BC?q=%221%22"),
            ("http://a/%7e%zz", "http://a/%7e%zz"),
            ("http://a//b", "http://a//b"),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_requested_is_named() {
        for (text, error) in [
            ("", UrlError::Scheme),
            ("/a", UrlError::Scheme),
            ("ftp://a/", UrlError::Scheme),
            ("shop.example:80/x", UrlError::Scheme),
            ("http:/a", UrlError::Host),
            ("http:///a", UrlError::Host),
            ("http://a b/", UrlError::Host),
            ("http://bücher.example/", UrlError::Host),
            ("http://[::1/", UrlError::Host),
            ("http://[::1]x/", UrlError::Host),
            ("http://a:0/", UrlError::Port),
            ("http://a:65536/", UrlError::Port),
            ("http://a:+1/", UrlError::Port),
            ("http://user:pass@a/", UrlError::UserInfo),
            (&format!("http://a/{}", "x".repeat(MAX_URL_BYTES)), UrlError::TooLong),
        ] {
            assert_eq!(Address::parse(text), Err(error), "{}", &text[..text.len().min(30)]);
        }
    }

    #[test]
    fn references_resolve_as_the_examples_of_the_rfc() {
        let base = Address::parse("http://a/b/c/d;p?q").unwrap();
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("https://b:1/x", "https://b:1/x"),
            ("/a b", "http://a/a%20b"),
        ] {
            assert_eq!(base.join(reference).unwrap().text(), expected, "{reference}");
        }
        assert_eq!(base.join("mailto:me"), Err(UrlError::Scheme));
    }

    #[test]
    fn an_authority_names_the_port_only_when_it_is_unusual() {
        let origin = |scheme, host: &str, port| Origin { scheme, host: host.into(), port };
        assert_eq!(authority(&origin(Scheme::Http, "a.example", 80)), "a.example");
        assert_eq!(authority(&origin(Scheme::Https, "a.example", 443)), "a.example");
        assert_eq!(authority(&origin(Scheme::Https, "a.example", 80)), "a.example:80");
        assert_eq!(authority(&origin(Scheme::Http, "::1", 8700)), "[::1]:8700");
        assert_eq!(host_and_port("::1", 443), "[::1]:443");
    }

    proptest! {
        #[test]
        fn whatever_a_server_says_the_target_can_stand_in_a_request_line(reference in "\\PC{0,40}") {
            let base = Address::parse("http://a/b/c?d").unwrap();
            if let Ok(address) = base.join(&reference) {
                prop_assert!(address.target.starts_with('/'), "{}", address.target);
                prop_assert!(is_target(&address.target), "{}", address.target);
                prop_assert_eq!(Address::parse(&address.text()), Ok(address));
            }
        }

        #[test]
        fn a_path_without_dots_stays_as_it_is(path in "(/[a-z]{0,3}){1,6}") {
            prop_assert_eq!(without_dots(&path), path);
        }
    }
}
