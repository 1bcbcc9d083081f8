//! Splits an XPath expression into its words (section 3.7 of the recommendation).

use crate::extract::ExtractError;

/// Longest expression.
const MAX_BYTES: usize = 4_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word<'a> {
    /// A name, perhaps with a prefix: `p:name`, `p:*`.
    Name(&'a str),
    /// `and`, `or`, `div`, `mod` where an operator is expected, and all signs.
    Sign(&'static str),
    /// What stands between quotes.
    Text(&'a str),
    Number(f64),
    End,
}

const SIGNS: [&str; 22] = [
    "::", "//", "..", "!=", "<=", ">=", "(", ")", "[", "]", ".", "@", ",", "/", "|", "+", "-", "=", "<", ">",
    "*", "$",
];
const OPERATOR_NAMES: [&str; 4] = ["and", "or", "div", "mod"];

/// The words with the byte offsets where they start; the last one is [`Word::End`].
pub(super) fn words(text: &str) -> Result<Vec<(usize, Word<'_>)>, ExtractError> {
    let fail = |at: usize, message: &str| ExtractError::new(text[..at].chars().count(), message);
    if text.len() > MAX_BYTES {
        return Err(fail(0, "an XPath expression has at most 4000 bytes"));
    }
    let mut words: Vec<(usize, Word)> = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start_matches([' ', '\t', '\r', '\n']).len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else {
            words.push((at, Word::End));
            return Ok(words);
        };
        let operand_before = words.last().is_some_and(|(_, word)| ends_operand(word));
        let (length, word) = if first == '"' || first == '\'' {
            let Some(length) = rest[1..].find(first) else {
                return Err(fail(at, "this quote is never closed"));
            };
            (length + 2, Word::Text(&rest[1..=length]))
        } else if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit()))
        {
            number(rest)
        } else if let Some(length) = name_length(rest) {
            match OPERATOR_NAMES.iter().find(|name| operand_before && **name == &rest[..length]) {
                Some(operator) => (length, Word::Sign(operator)),
                None => (length, Word::Name(&rest[..length])),
            }
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (sign.len(), Word::Sign(sign))
        } else {
            return Err(fail(at, "this character cannot stand here"));
        };
        words.push((at, word));
        at += length;
    }
}

/// Whether an operator, not a name, comes next.
fn ends_operand(word: &Word) -> bool {
    match word {
        Word::Name(_) | Word::Text(_) | Word::Number(_) => true,
        Word::Sign(sign) => matches!(*sign, ")" | "]" | "." | ".." | "*"),
        Word::End => false,
    }
}

fn number(rest: &str) -> (usize, Word<'_>) {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    let length = match rest[whole..].strip_prefix('.') {
        Some(fraction) => whole + 1 + digits(fraction),
        None => whole,
    };
    (length, Word::Number(rest[..length].parse().unwrap_or(f64::NAN)))
}

/// The length of the name at the start, with its prefix. `a::b` is the axis `a`.
fn name_length(rest: &str) -> Option<usize> {
    let simple = |text: &str| {
        let first = text.chars().next()?;
        let starts = first.is_alphabetic() || first == '_';
        let inside = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-' | '.' | '\u{b7}');
        starts.then(|| text.find(|char| !inside(char)).unwrap_or(text.len()))
    };
    let length = simple(rest)?;
    let Some(after) = rest[length..].strip_prefix(':') else { return Some(length) };
    match simple(after) {
        Some(local) => Some(length + 1 + local),
        None if after.starts_with('*') => Some(length + 2),
        None => Some(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Vec<Word<'_>> {
        words(text).unwrap().into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn names_are_operators_only_where_an_operator_can_stand() {
        let expected = [
            Word::Name("div"),
            Word::Sign("div"),
            Word::Name("mod"),
            Word::Sign("*"),
            Word::Sign("*"),
            Word::Sign("and"),
            Word::Number(0.5),
            Word::End,
        ];
        assert_eq!(plain("div div mod * * and .5"), expected);
        assert_eq!(plain("a-b"), [Word::Name("a-b"), Word::End]);
        assert_eq!(plain("a -1."), [Word::Name("a"), Word::Sign("-"), Word::Number(1.0), Word::End]);
    }

    #[test]
    fn prefixes_belong_to_names_and_axes_do_not() {
        assert_eq!(plain("soap:Body"), [Word::Name("soap:Body"), Word::End]);
        assert_eq!(plain("p:*"), [Word::Name("p:*"), Word::End]);
        assert_eq!(plain("self::p"), [Word::Name("self"), Word::Sign("::"), Word::Name("p"), Word::End]);
    }

    #[test]
    fn what_is_no_word_is_refused_with_its_place() {
        for (text, offset) in [("é = 'x", 4), ("é # b", 2), ("a ; b", 2)] {
            assert_eq!(words(text).unwrap_err().offset, offset, "{text}");
        }
    }
}
