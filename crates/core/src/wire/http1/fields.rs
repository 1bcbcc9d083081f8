//! The header fields of a head that was read whole and kept.

use memchr::memchr;

/// The fields of a head in their order: name and value, without the white space around it. The head must be one that
/// [`super::ResponseReader`] has accepted: its status line is skipped, not looked at.
pub fn fields(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = head;
    let mut next_line = move || {
        let end = memchr(b'\n', rest)?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line)
    };
    next_line();
    std::iter::from_fn(move || {
        let line = next_line()?;
        let colon = memchr(b':', line)?;
        Some((line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()))
    })
}

/// The values of the fields with this name, whatever its case.
pub fn field_values<'a>(head: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    fields(head).filter(move |(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] =
        b"HTTP/1.1 302 a: b\r\nLocation: /x:y \r\nset-cookie:a=1\nSET-COOKIE:\tb=2\r\nempty:\r\n\r\n";

    #[test]
    fn fields_come_in_order_and_the_status_line_is_none_of_them() {
        let found: Vec<_> = fields(HEAD).collect();
        let expected: [(&[u8], &[u8]); 4] =
            [(b"Location", b"/x:y"), (b"set-cookie", b"a=1"), (b"SET-COOKIE", b"b=2"), (b"empty", b"")];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_name_is_found_in_any_case_as_often_as_it_is_there() {
        assert_eq!(field_values(HEAD, "Set-Cookie").collect::<Vec<_>>(), [b"a=1", b"b=2"]);
        assert_eq!(field_values(HEAD, "missing").next(), None);
        assert_eq!(field_values(b"", "a").next(), None);
    }
}
