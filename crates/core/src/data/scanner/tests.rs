use super::*;
use crate::data::{MAX_COLUMNS, MAX_RECORD_BYTES, Row};
use proptest::prelude::*;

const CSV: DataFormat = DataFormat::Csv { delimiter: ',', header: true };
const BARE_CSV: DataFormat = DataFormat::Csv { delimiter: ',', header: false };

/// Scans a file that comes in pieces of these many bytes; returns the ranges of its rows too.
fn scan_in(
    pieces: usize,
    text: &[u8],
    format: &DataFormat,
    columns: &[String],
) -> Result<(Rows, Vec<Range<u64>>), DataError> {
    let mut scanner = Scanner::new(format, columns).unwrap();
    let (mut ranges, mut from, mut to) = (Vec::new(), 0, 0);
    while to < text.len() {
        to = (to + pieces).min(text.len());
        from += scanner.scan(&text[from..to], to == text.len(), |range| ranges.push(range))?;
    }
    Ok((scanner.finish()?, ranges))
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn scan(text: &[u8], format: &DataFormat) -> Result<Rows, DataError> {
    scan_in(usize::MAX >> 1, text, format, &[]).map(|(rows, _)| rows)
}

/// The rows themselves, each read on its own.
fn rows(text: &[u8], format: &DataFormat, expected: &[String]) -> Vec<Row> {
    let (found, ranges) = scan_in(usize::MAX >> 1, text, format, expected).unwrap();
    assert_eq!(found.rows, ranges.len() as u64);
    let reader = RowFormat::of(format).unwrap();
    let row = |range: &Range<u64>| {
        let rest = &text[range.start as usize..];
        let length = reader.record_length(rest).unwrap();
        assert_eq!(length as u64, range.end - range.start);
        reader.row(&rest[..length], &found.columns).unwrap()
    };
    ranges.iter().map(row).collect()
}

fn texts(row: &Row) -> Vec<(&str, bool)> {
    row.iter().map(|value| (std::str::from_utf8(value.text()).unwrap(), value.is_json())).collect()
}

#[test]
fn a_header_names_the_columns_and_is_no_row() {
    let text = b"user,password\nann,x\n\"b,b\",\"y\"\"\"\n";
    let found = scan(text, &CSV).unwrap();
    assert_eq!(found, Rows { columns: columns(&["user", "password"]), rows: 2 });
    let rows = rows(text, &CSV, &[]);
    assert_eq!(texts(&rows[0]), [("ann", false), ("x", false)]);
    assert_eq!(texts(&rows[1]), [("b,b", false), ("y\"", false)]);
}

#[test]
fn without_a_header_the_first_record_is_a_row() {
    let rows = rows(b"ann,x\nbob,y", &BARE_CSV, &columns(&["user", "password"]));
    assert_eq!(rows.len(), 2);
    assert_eq!(texts(&rows[1]), [("bob", false), ("y", false)]);
}

#[test]
fn json_values_keep_their_type_and_digits_in_the_order_of_the_columns() {
    let text = b"{\"id\": 12345678901234567890, \"name\": \"ann\"}\r\n{\"more\": 1, \"name\": \"b\\nb\", \"id\": null, \"id\": [1]}\n";
    assert_eq!(scan(text, &DataFormat::Jsonl).unwrap().columns, ["id", "name"]);
    let rows = rows(text, &DataFormat::Jsonl, &columns(&["name", "id"]));
    assert_eq!(texts(&rows[0]), [("ann", false), ("12345678901234567890", true)]);
    assert_eq!(texts(&rows[1]), [("b\nb", false), ("[1]", true)]);
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_first_name() {
    let found = scan(b"\xef\xbb\xbfuser\nann\n", &CSV).unwrap();
    assert_eq!(found.columns, ["user"]);
    assert_eq!(rows(b"\xef\xbb\xbf{\"a\": 1}", &DataFormat::Jsonl, &[]).len(), 1);
}

#[test]
fn empty_lines_at_the_end_are_no_rows() {
    for end in ["", "\n", "\r\n", "\n\n\r\n\n"] {
        assert_eq!(scan(format!("a\n1\n2{end}").as_bytes(), &CSV).unwrap().rows, 2, "{end:?}");
        assert_eq!(
            scan(format!("{{\"a\":1}}{end}").as_bytes(), &DataFormat::Jsonl).unwrap().rows,
            1,
            "{end:?}"
        );
    }
    assert_eq!(scan(b"a\n1\n\"\"\n", &CSV).unwrap().rows, 2, "an empty text in quotes is a row");
}

#[test]
fn what_is_wrong_is_said_with_line_and_column() {
    let missing = || Problem::MissingKey("b".to_owned());
    let looks_like = |encoding| Problem::NotUtf8(Some(encoding));
    for (format, text, line, column, problem) in [
        (&CSV, &b""[..], 1, 1, Problem::Empty),
        (&CSV, b"\xef\xbb\xbf", 1, 1, Problem::Empty),
        (&CSV, b"\n\n", 3, 1, Problem::Empty),
        (&CSV, b"a,b\n\n", 3, 1, Problem::NoRows),
        (&CSV, b"a,b\n1,2\n3\n", 3, 1, Problem::Ragged { expected: 2, found: 1 }),
        (&CSV, b"a,b\n\"1\n\",2\n3,4,5\n", 4, 1, Problem::Ragged { expected: 2, found: 3 }),
        (&CSV, b"a,b\n1,\"2\n3,4\n", 2, 3, Problem::UnclosedQuote),
        (&CSV, "a,b\n1,2\né,\"2\"3\n".as_bytes(), 3, 6, Problem::TextAfterQuote),
        (&CSV, b"a\n1\n\n2\n", 3, 1, Problem::EmptyLine),
        (&CSV, b"\na\n1\n", 1, 1, Problem::EmptyLine),
        (&CSV, b"a,a\n1,2\n", 1, 1, Problem::DuplicateName("a".to_owned())),
        (&CSV, b"a,\n1,2\n", 1, 1, Problem::EmptyName(2)),
        (&CSV, b"a\r1\r2\r", 1, 2, Problem::LoneCarriageReturn),
        (&CSV, b"a\n\"x\n\xe9\"\n", 3, 1, looks_like(Encoding::Latin1)),
        (&CSV, b"a\nit\x92s\n", 2, 3, looks_like(Encoding::Windows1252)),
        (&CSV, b"\xff\xfea\0,\0b\0\n\0", 1, 1, looks_like(Encoding::Utf16)),
        (&CSV, b"\0\0\xfe\xff\0\0\0a", 1, 1, looks_like(Encoding::Utf32)),
        (&CSV, b"a\0,\0b\0\n\0", 1, 2, Problem::Nul(Some(Encoding::Utf16))),
        (&CSV, b"name\njust one\0\n", 2, 9, Problem::Nul(None)),
        (&DataFormat::Jsonl, b"{\"a\":1,\"b\":2}\n{\"a\":1}\n", 2, 1, missing()),
        (&DataFormat::Jsonl, b"{\"a\":1}\n [1]\n", 2, 2, Problem::NotObject),
        (&DataFormat::Jsonl, b"{\"a\":1}\n  \n{\"a\":1}\n", 2, 1, Problem::EmptyLine),
        (&DataFormat::Jsonl, b"{}\n", 1, 1, Problem::NoColumns),
    ] {
        let expected = DataError { line, column, problem };
        assert_eq!(scan(text, format), Err(expected), "{:?}", String::from_utf8_lossy(text));
    }
    let error = scan("{\"a\":1}\n{\"é\": nul}\n".as_bytes(), &DataFormat::Jsonl).unwrap_err();
    assert_eq!((error.line, error.column), (2, 10), "{error}");
}

#[test]
fn a_file_with_another_header_than_the_plan_is_refused() {
    let error = scan_in(1 << 20, b"a,c\n1,2\n", &CSV, &columns(&["a", "b"])).unwrap_err();
    assert_eq!(error.problem, Problem::OtherColumns);
}

#[test]
fn rows_have_a_limit_and_an_unclosed_quote_is_named_as_the_reason() {
    let long = vec![b'x'; MAX_RECORD_BYTES];
    let file = |start: &[u8], end: &[u8]| [b"a\n", start, &long, end].concat();
    assert_eq!(scan(&[b"a\n", &long[1..], b"\n"].concat(), &CSV).unwrap().rows, 1);
    for (text, problem) in [
        (file(b"", b"\n"), Problem::TooLong),
        (file(b"", b""), Problem::NoRows),
        (file(b"\"", b"\"\n"), Problem::UnclosedQuote),
        (file(b"\"", b"\nb"), Problem::UnclosedQuote),
    ] {
        for pieces in [1 << 20, usize::MAX >> 1] {
            match scan_in(pieces, &text, &CSV, &[]) {
                Err(error) => assert_eq!((error.line, error.problem), (2, problem.clone())),
                Ok((rows, _)) => assert_eq!((rows.rows, &problem), (1, &Problem::NoRows)),
            }
        }
    }
}

#[test]
fn the_number_of_columns_has_a_limit() {
    let header: Vec<String> = (0..=MAX_COLUMNS).map(|index| format!("c{index}")).collect();
    assert_eq!(scan(header.join(",").as_bytes(), &CSV).unwrap_err().problem, Problem::TooManyColumns);
}

#[test]
fn only_an_ascii_character_that_csv_does_not_need_can_be_a_delimiter() {
    for delimiter in ['"', '\n', '\r', '\0', 'é'] {
        let format = DataFormat::Csv { delimiter, header: true };
        assert_eq!(Scanner::new(&format, &[]).unwrap_err(), Problem::BadDelimiter(delimiter));
    }
}

#[test]
fn every_problem_reads_as_a_sentence_with_its_place() {
    let error = scan(b"a,b\n1\n", &CSV).unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 1: expected 2 fields, found 1");
    let error = scan(b"a\n\xe9\n", &CSV).unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 1: not UTF-8; it looks like Latin-1");
    assert_eq!(error.problem.hint(), Some("save the file as UTF-8"));
}

proptest! {
    #[test]
    fn what_is_found_does_not_depend_on_the_pieces(
        text in prop::collection::vec(prop::sample::select(b"ab1,\"\n\r{:}\xc3\xa9\xef\xbb\xbf\0".as_slice()), 0..60),
        pieces in 1_usize..20,
        format in prop::sample::select(vec![CSV, DataFormat::Jsonl]),
    ) {
        let whole = scan_in(usize::MAX >> 1, &text, &format, &[]);
        prop_assert_eq!(scan_in(pieces, &text, &format, &[]), whole);
    }

    #[test]
    fn any_bytes_are_rows_or_an_error_and_every_row_that_is_found_can_be_read(
        text in prop::collection::vec(prop::sample::select(b"ab1,\"\n\r\xc3\xa9".as_slice()), 0..60),
    ) {
        if scan(&text, &CSV).is_ok() {
            rows(&text, &CSV, &[]);
        }
        let objects = [b"{\"a\":1}\n{\"a\":", &text[..], b"}\n"].concat();
        if scan(&objects, &DataFormat::Jsonl).is_ok() {
            rows(&objects, &DataFormat::Jsonl, &[]);
        }
    }

    #[test]
    fn any_bytes_at_all_never_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = scan(&text, &CSV);
        let _ = scan_in(7, &text, &BARE_CSV, &columns(&["a"]));
        let _ = scan(&text, &DataFormat::Jsonl);
        let reader = RowFormat::of(&CSV).unwrap();
        let _ = (reader.row(&text, &columns(&["a"])), RowFormat::Jsonl.row(&text, &columns(&["a"])));
    }
}
