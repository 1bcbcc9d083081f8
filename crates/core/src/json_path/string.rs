//! What the text between the quotes of a JSON string says.

use std::str::Chars;

/// Whether the inside of a JSON string says `text`.
pub(super) fn spells(inside: &str, text: &str) -> bool {
    match memchr::memchr(b'\\', inside.as_bytes()) {
        None => inside == text,
        Some(_) => unescape(inside).eq(text.chars()),
    }
}

/// The characters that the inside of a valid JSON string stands for. Half of a surrogate pair stands for no character;
/// JSON permits it, so it becomes U+FFFD, as in a browser.
pub(crate) fn unescape(inside: &str) -> impl Iterator<Item = char> {
    Unescape { rest: inside.chars() }
}

struct Unescape<'a> {
    rest: Chars<'a>,
}

impl Iterator for Unescape<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let char = self.rest.next()?;
        if char != '\\' {
            return Some(char);
        }
        Some(match self.rest.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.code_point(),
            itself => itself,
        })
    }
}

impl Unescape<'_> {
    /// Reads what follows `\u`, and the second half of a surrogate pair if it comes next.
    fn code_point(&mut self) -> char {
        let unit = hex4(&mut self.rest);
        if (0xd800..0xdc00).contains(&unit) {
            let mut ahead = self.rest.clone();
            if ahead.next() == Some('\\') && ahead.next() == Some('u') {
                let low = hex4(&mut ahead);
                if (0xdc00..0xe000).contains(&low) {
                    self.rest = ahead;
                    let pair = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                    return char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER);
                }
            }
        }
        char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

fn hex4(chars: &mut Chars) -> u32 {
    chars.take(4).fold(0, |unit, digit| unit << 4 | digit.to_digit(16).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_stand_for_their_characters() {
        let rows = [
            ("", ""),
            ("plain", "plain"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e9\u20AC", "Aé€"),
            (r"\ud83d\ude00", "😀"),
            (r"\\u0041", r"\u0041"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ude00", "\u{fffd}"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        ];
        for (inside, expected) in rows {
            let actual: String = unescape(inside).collect();
            assert_eq!(actual, expected, "{inside}");
            assert!(spells(inside, expected), "{inside}");
            assert!(!spells(inside, &format!("{expected}x")), "{inside}");
        }
    }

    #[test]
    fn escapes_are_not_compared_as_they_are_written() {
        assert!(!spells(r"a\nb", r"a\nb"));
        assert!(spells(r"a\\nb", r"a\nb"));
    }

    proptest! {
        #[test]
        fn what_serde_json_writes_reads_back(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            let inside = &json[1..json.len() - 1];
            prop_assert_eq!(unescape(inside).collect::<String>(), text);
        }

        #[test]
        fn every_character_may_be_written_as_utf_16_units(text: String) {
            let inside: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            prop_assert!(spells(&inside, &text));
        }

        #[test]
        fn text_that_is_no_inside_of_a_string_does_no_harm(text: String) {
            prop_assert!(unescape(&text).count() <= text.chars().count());
        }
    }
}
