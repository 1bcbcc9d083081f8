//! Header lines of a response, as they were received.

/// The values of all header lines with this name, whatever its case, without the space around them.
pub(crate) fn values<'a>(head: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    lines(head).filter_map(move |line| {
        let colon = memchr::memchr(b':', line)?;
        line[..colon].eq_ignore_ascii_case(name.as_bytes()).then(|| line[colon + 1..].trim_ascii())
    })
}

/// The values of the cookies with this name that the response sets.
pub(super) fn cookies<'a>(head: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    values(head, "set-cookie").filter_map(move |line| {
        let end = memchr::memchr(b';', line).unwrap_or(line.len());
        let pair = &line[..end];
        let equals = memchr::memchr(b'=', pair)?;
        (pair[..equals].trim_ascii() == name.as_bytes()).then(|| pair[equals + 1..].trim_ascii())
    })
}

/// The lines after the status line.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|&byte| byte == b'\n').skip(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] =
        b"HTTP/1.1 200 OK: yes\r\nContent-Type:  text/html \r\nSet-Cookie: id=a=b; Path=/\r\n\
        set-cookie: theme=\"dark\"\r\nset-cookie: id = 2;Secure\r\nSet-Cookie: none\r\nempty:\r\n\r\n";

    fn texts<'a>(values: impl Iterator<Item = &'a [u8]>) -> Vec<&'a str> {
        values.map(|value| std::str::from_utf8(value).unwrap()).collect()
    }

    #[test]
    fn headers_are_found_whatever_the_case_of_their_name() {
        assert_eq!(texts(values(HEAD, "content-TYPE")), ["text/html"]);
        assert_eq!(texts(values(HEAD, "empty")), [""]);
        assert_eq!(texts(values(HEAD, "set-cookie")).len(), 4);
        assert_eq!(texts(values(HEAD, "content")).len(), 0);
        assert_eq!(texts(values(HEAD, "HTTP/1.1 200 OK")).len(), 0, "the status line is no header");
    }

    #[test]
    fn cookies_are_found_by_their_exact_name_without_their_attributes() {
        assert_eq!(texts(cookies(HEAD, "id")), ["a=b", "2"]);
        assert_eq!(texts(cookies(HEAD, "theme")), ["\"dark\""]);
        assert_eq!(texts(cookies(HEAD, "ID")).len(), 0);
        assert_eq!(texts(cookies(HEAD, "Path")).len(), 0);
    }
}
