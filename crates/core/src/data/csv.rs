//! Records of CSV as in RFC 4180, with any ASCII delimiter and LF or CRLF.
//!
//! What the RFC leaves open: a quote in the middle of an unquoted value is part of it (`5" screen`), space around values
//! belongs to them, and a carriage return outside quotes must be followed by a line feed.

use super::error::{Fault, Problem};
use super::format::Record;
use memchr::{memchr, memchr_iter, memchr2};
use std::borrow::Cow;
use std::ops::Range;

/// One value of a record.
struct Field {
    /// Its text; inside the quotes when it has any.
    text: Range<usize>,
    /// A quote is written twice in it.
    doubled: bool,
    /// Where the next value, or the next record, starts.
    next: usize,
    /// Whether it is the last one of its record.
    last: bool,
}

/// The record at the beginning of `bytes`; `None` when its end is not there yet. Its text is not checked.
pub(super) fn record(bytes: &[u8], delimiter: u8, at_end: bool) -> Result<Option<Record>, Fault> {
    match memchr2(b'\n', b'"', bytes) {
        Some(at) if bytes[at] == b'"' => quoted_record(bytes, delimiter, at_end),
        Some(newline) => {
            let text = bytes[..newline].strip_suffix(b"\r").unwrap_or(&bytes[..newline]);
            let fields = 1 + memchr_iter(delimiter, text).count();
            Ok(Some(Record { length: newline + 1, text: text.len(), fields, lines: 1 }))
        }
        None if at_end => {
            let fields = 1 + memchr_iter(delimiter, bytes).count();
            Ok(Some(Record { length: bytes.len(), text: bytes.len(), fields, lines: 0 }))
        }
        None => Ok(None),
    }
}

fn quoted_record(bytes: &[u8], delimiter: u8, at_end: bool) -> Result<Option<Record>, Fault> {
    let (mut at, mut fields) = (0, 0);
    while let Some(field) = field(bytes, at, delimiter, at_end)? {
        fields += 1;
        if field.last {
            let record = &bytes[..field.next];
            let text =
                record.strip_suffix(b"\n").map_or(record, |text| text.strip_suffix(b"\r").unwrap_or(text));
            let lines = memchr_iter(b'\n', record).count();
            return Ok(Some(Record { length: field.next, text: text.len(), fields, lines }));
        }
        at = field.next;
    }
    Ok(None)
}

/// The values of a whole record in order.
pub(super) fn values<'a>(
    record: &'a [u8],
    delimiter: u8,
    mut each: impl FnMut(Cow<'a, [u8]>),
) -> Result<(), Fault> {
    let mut at = 0;
    while let Some(field) = field(record, at, delimiter, true)? {
        let text = &record[field.text];
        each(if field.doubled { Cow::Owned(undouble(text)) } else { Cow::Borrowed(text) });
        if field.last {
            break;
        }
        at = field.next;
    }
    Ok(())
}

/// The value that starts at `at`; `None` when its end is not there yet.
fn field(bytes: &[u8], at: usize, delimiter: u8, at_end: bool) -> Result<Option<Field>, Fault> {
    if bytes.get(at) == Some(&b'"') {
        return quoted_field(bytes, at, delimiter, at_end);
    }
    let Some(length) = memchr2(delimiter, b'\n', &bytes[at..]) else {
        let whole = Field { text: at..bytes.len(), doubled: false, next: bytes.len(), last: true };
        return Ok(at_end.then_some(whole));
    };
    let end = at + length;
    let last = bytes[end] == b'\n';
    let text_end = if last && end > at && bytes[end - 1] == b'\r' { end - 1 } else { end };
    Ok(Some(Field { text: at..text_end, doubled: false, next: end + 1, last }))
}

fn quoted_field(bytes: &[u8], open: usize, delimiter: u8, at_end: bool) -> Result<Option<Field>, Fault> {
    let (mut at, mut doubled) = (open + 1, false);
    let close = loop {
        let Some(length) = memchr(b'"', &bytes[at..]) else {
            return if at_end { Err(Fault::new(open, Problem::UnclosedQuote)) } else { Ok(None) };
        };
        at += length + 1;
        if bytes.get(at) != Some(&b'"') {
            break at - 1;
        }
        doubled = true;
        at += 1;
    };
    let (next, last) = match bytes[at..] {
        [] | [b'\r'] if !at_end => return Ok(None),
        [] => (at, true),
        [b'\n', ..] => (at + 1, true),
        [b'\r', b'\n', ..] => (at + 2, true),
        [byte, ..] if byte == delimiter => (at + 1, false),
        [b'\r', ..] => return Err(Fault::new(at, Problem::LoneCarriageReturn)),
        _ => return Err(Fault::new(at, Problem::TextAfterQuote)),
    };
    Ok(Some(Field { text: open + 1..close, doubled, next, last }))
}

/// A carriage return outside quotes that ends no line, in the text of a record.
pub(super) fn lone_carriage_return(text: &[u8], delimiter: u8) -> Option<usize> {
    memchr(b'\r', text)?;
    let mut at = 0;
    while let Ok(Some(field)) = field(text, at, delimiter, true) {
        let quoted = text.get(at) == Some(&b'"');
        if let Some(found) = memchr(b'\r', &text[field.text.clone()]).filter(|_| !quoted) {
            return Some(field.text.start + found);
        }
        if field.last {
            break;
        }
        at = field.next;
    }
    None
}

fn undouble(text: &[u8]) -> Vec<u8> {
    let mut single = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(quote) = memchr(b'"', rest) {
        single.extend_from_slice(&rest[..=quote]);
        rest = rest.get(quote + 2..).unwrap_or_default();
    }
    single.extend_from_slice(rest);
    single
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All records of a text; the position and the problem when there is one.
    fn read(text: &[u8], delimiter: u8) -> Result<Vec<Vec<String>>, (usize, Problem)> {
        let (mut rows, mut at) = (Vec::new(), 0);
        while at < text.len() {
            let tell = |fault: Fault| (at + fault.at, fault.problem);
            let found = record(&text[at..], delimiter, true).map_err(tell)?.expect("the end is there");
            let mut row = Vec::new();
            values(&text[at..at + found.text], delimiter, |value| {
                row.push(String::from_utf8_lossy(&value).into_owned());
            })
            .map_err(tell)?;
            assert_eq!(row.len(), found.fields);
            rows.push(row);
            at += found.length;
        }
        Ok(rows)
    }

    #[test]
    fn records_are_read_as_the_rfc_says() {
        for (text, expected) in [
            ("a,b\nc,d\n", vec![vec!["a", "b"], vec!["c", "d"]]),
            ("a,b\r\nc,d", vec![vec!["a", "b"], vec!["c", "d"]]),
            (",\n", vec![vec!["", ""]]),
            ("\"a,b\",\"c\"\n", vec![vec!["a,b", "c"]]),
            ("\"a\nb\",c\r\nd,e\n", vec![vec!["a\nb", "c"], vec!["d", "e"]]),
            ("\"a\"\"b\"\"\",\"\"\n", vec![vec!["a\"b\"", ""]]),
            ("\"\"\"\"", vec![vec!["\""]]),
            ("\"a\r\nb\"\r\n", vec![vec!["a\r\nb"]]),
            ("5\" screen,x\n", vec![vec!["5\" screen", "x"]]),
            (" a , \"b\"\n", vec![vec![" a ", " \"b\""]]),
            ("a,", vec![vec!["a", ""]]),
            ("\"a\",", vec![vec!["a", ""]]),
        ] {
            assert_eq!(read(text.as_bytes(), b',').unwrap(), expected, "{text:?}");
        }
        assert_eq!(read(b"a;\"b;c\";d", b';').unwrap(), [["a", "b;c", "d"]]);
        assert_eq!(read(b"a\tb,c", b'\t').unwrap(), [["a", "b,c"]]);
    }

    #[test]
    fn what_is_wrong_with_quotes_is_said_where_it_stands() {
        for (text, at, problem) in [
            ("a,\"b\nc,d\n", 2, Problem::UnclosedQuote),
            ("a\nb,\"c\"d\n", 7, Problem::TextAfterQuote),
            ("\"a\" ,b\n", 3, Problem::TextAfterQuote),
            ("\"a\"\rb", 3, Problem::LoneCarriageReturn),
        ] {
            assert_eq!(read(text.as_bytes(), b','), Err((at, problem)), "{text:?}");
        }
    }

    #[test]
    fn a_lone_carriage_return_is_found_outside_quotes_only() {
        assert_eq!(lone_carriage_return(b"a\rb,c", b','), Some(1));
        assert_eq!(lone_carriage_return(b"\"a\rb\",c\rd", b','), Some(7));
        assert_eq!(lone_carriage_return(b"\"a\rb\",c", b','), None);
    }

    proptest! {
        #[test]
        fn what_a_writer_writes_is_read_back_whether_it_quotes_all_or_only_what_must_be(
            rows in prop::collection::vec(prop::collection::vec("[a,;\"\r\n é]{0,6}", 1..4), 0..6),
            quotes_all: bool,
            line_end in prop::sample::select(&["\n", "\r\n"]),
        ) {
            let written = |value: &String| match quotes_all || value.contains([';', '"', '\r', '\n']) {
                true => format!("\"{}\"", value.replace('"', "\"\"")),
                false => value.clone(),
            };
            let lines = rows.iter().map(|row| row.iter().map(written).collect::<Vec<_>>().join(";") + line_end);
            prop_assert_eq!(read(lines.collect::<String>().as_bytes(), b';').unwrap(), rows);
        }

        #[test]
        fn any_bytes_are_read_or_refused_and_more_bytes_never_change_a_record(text in prop::collection::vec(prop::sample::select(b"ab,\"\n\r\xff".as_slice()), 0..40)) {
            let _ = read(&text, b',');
            lone_carriage_return(&text, b',');
            if let Ok(whole) = record(&text, b',', true) {
                let whole = whole.unwrap();
                for cut in 0..text.len() {
                    if let Ok(Some(early)) = record(&text[..cut], b',', false) {
                        prop_assert_eq!(early, whole);
                    }
                }
            }
        }
    }
}
