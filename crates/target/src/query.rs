//! The parameters of a query, decoded.

/// Each parameter of `query` in order, decoded; one without `=` has no value.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = (String, Option<String>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| match pair.split_once('=') {
        Some((name, value)) => (decode(name), Some(decode(value))),
        None => (decode(pair), None),
    })
}

/// The first value of a parameter, decoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    parameters(query).find(|(key, _)| key == name).and_then(|(_, value)| value)
}

/// Replaces `%41` and `+`. What is no escape stays as it is, what is no UTF-8 becomes U+FFFD.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, after) = match escaped(rest) {
            Some(byte) => (byte, &rest[3..]),
            None => (if *first == b'+' { b' ' } else { *first }, tail),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that the escape at the start of `text` stands for.
fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_in_order() {
        let found: Vec<_> = parameters("a=1&b=x%20y+z&&flag&c=&%61=%C3%A9").collect();
        let pair = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        let expected = [
            pair("a", Some("1")),
            pair("b", Some("x y z")),
            pair("flag", None),
            pair("c", Some("")),
            pair("a", Some("é")),
        ];
        assert_eq!(found, expected);
        assert_eq!(parameters("").count(), 0);
    }

    #[test]
    fn the_first_parameter_of_a_name_is_taken() {
        assert_eq!(parameter("url=%2Fa%3Fb%3D1&url=2", "url").as_deref(), Some("/a?b=1"));
        assert_eq!(parameter("url", "url"), None);
        assert_eq!(parameter("", "url"), None);
    }

    #[test]
    fn what_is_no_escape_stays_and_what_is_no_text_is_marked() {
        for (text, expected) in
            [("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("100%25", "100%"), ("%ff", "\u{fffd}")]
        {
            assert_eq!(decode(text), expected, "{text}");
        }
    }
}
