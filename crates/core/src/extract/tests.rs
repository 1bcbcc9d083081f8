use super::*;
use proptest::prelude::*;

const HEAD: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nX-Id: 7\r\nx-id: 8\r\n\
    Set-Cookie: sid=abc; Path=/\r\n\r\n";
const JSON: &[u8] = br#"{"id": 12345678, "items": [{"n": "a\"b"}, {"n": 2.50}, {"n": null}], "none": null}"#;

fn json(path: &str) -> Extract {
    Extract::Json(path.to_owned())
}

fn regex(pattern: &str, group: Option<u32>) -> Extract {
    Extract::Regex { pattern: pattern.to_owned(), group }
}

fn found(plan: &Extract, which: Which, response: &Response) -> Option<(String, bool)> {
    let extractor = Extractor::compile(plan).unwrap();
    let value = extractor.find(response, which, &mut Random::new(1)).unwrap();
    value.map(|value| (String::from_utf8_lossy(value.text()).into_owned(), value.is_json()))
}

#[test]
fn each_source_has_its_value() {
    let response = Response::new(201, HEAD, JSON, 0);
    let rows = [
        (json("$.id"), Some(("12345678", true))),
        (json("$.items[*].n"), Some(("a\"b", false))),
        (json("$.none"), Some(("null", true))),
        (json("$.missing"), None),
        (json("$.items[?@.n == 2.5].n"), Some(("2.50", true))),
        (regex("\"id\": (\\d+)", None), Some(("12345678", false))),
        (regex("\"id\": (\\d+)", Some(0)), Some(("\"id\": 12345678", false))),
        (regex("nul+", None), Some(("null", false))),
        (regex("(x)?id", None), None),
        (Extract::Header("x-ID".into()), Some(("7", false))),
        (Extract::Header("x-other".into()), None),
        (Extract::Cookie("sid".into()), Some(("abc", false))),
        (Extract::Cookie("SID".into()), None),
        (Extract::Status, Some(("201", true))),
        (Extract::Body, Some((std::str::from_utf8(JSON).unwrap(), false))),
    ];
    for (plan, expected) in rows {
        let expected = expected.map(|(text, json)| (text.to_owned(), json));
        assert_eq!(found(&plan, Which::First, &response), expected, "{plan:?}");
    }
}

#[test]
fn one_of_several_values_or_all_of_them_can_be_wanted() {
    let response = Response::new(200, HEAD, JSON, 0);
    let items = json("$.items[*].n");
    let rows = [
        (Which::All, Some((r#"["a\"b",2.50,null]"#, true))),
        (Which::Index(1), Some(("2.50", true))),
        (Which::Index(-1), Some(("null", true))),
        (Which::Index(-3), Some(("a\"b", false))),
        (Which::Index(3), None),
        (Which::Index(-4), None),
        (Which::Index(i64::MAX), None),
        (Which::Index(i64::MIN), None),
    ];
    for (which, expected) in rows {
        let expected = expected.map(|(text, json)| (text.to_owned(), json));
        assert_eq!(found(&items, which, &response), expected, "{which:?}");
    }
    assert_eq!(
        found(&Extract::Header("x-id".into()), Which::All, &response),
        Some(("[\"7\",\"8\"]".into(), true))
    );
    assert_eq!(found(&Extract::Status, Which::All, &response), Some(("[200]".into(), true)));
    assert_eq!(found(&json("$.missing[*]"), Which::All, &response), None);
    assert_eq!(found(&json("$.missing[*]"), Which::Random, &response), None);
}

#[test]
fn a_random_value_is_any_of_them() {
    let response = Response::new(200, b"", b"[0,1,2]", 0);
    let extractor = Extractor::compile(&json("$[*]")).unwrap();
    let mut random = Random::new(7);
    let mut seen = [0; 3];
    for _ in 0..300 {
        let value = extractor.find(&response, Which::Random, &mut random).unwrap().unwrap();
        seen[usize::from(value.text()[0] - b'0')] += 1;
    }
    assert!(seen.iter().all(|&times| times > 60), "{seen:?}");
}

#[test]
fn more_values_than_anybody_needs_are_an_error() {
    let body = format!("[{}0]", "0,".repeat(MAX_VALUES));
    let response = Response::new(200, b"", body.as_bytes(), 0);
    let extractor = Extractor::compile(&json("$[*]")).unwrap();
    let mut random = Random::new(0);
    let error = extractor.find(&response, Which::All, &mut random).unwrap_err();
    assert_eq!(error.to_string(), "there are more than 10000 values at $[*]");
    assert!(extractor.find(&response, Which::First, &mut random).unwrap().is_some());
    assert!(extractor.find(&response, Which::Index(5), &mut random).unwrap().is_some());
}

#[test]
fn a_response_of_another_kind_is_a_failure_with_words() {
    let xml: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\n\r\n";
    let rows = [
        (json("$.a"), HEAD, "the response is not JSON at line 1, column 1: expected a value"),
        (json("$..a"), HEAD, "the response is not JSON at line 1, column 1: expected a value"),
        (Extract::Xpath("//a".into()), xml, "the response is not XML: "),
    ];
    for (plan, head, expected) in rows {
        let response = Response::new(200, head, b"<p>text", 0);
        let error = Extractor::compile(&plan)
            .unwrap()
            .find(&response, Which::First, &mut Random::new(0))
            .unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn xpath_reads_xml_or_html_by_what_the_response_says() {
    type Row<'a> = (&'a str, &'a [u8], &'a [u8], Option<&'a str>);
    let rows: [Row; 7] = [
        ("//B", b"x\r\ncontent-type: application/soap+xml; charset=utf-8\r\n", b"<A><B>1</B></A>", Some("1")),
        ("//b", b"x\r\ncontent-type: text/xml\r\n", b"<A><B>1</B></A>", None),
        ("//b", b"x\r\ncontent-type: text/html\r\n", b"<A><B>1</B></A>", Some("1")),
        ("/html/body/p", b"", b"<!doctype html><p>1", Some("1")),
        ("//B", b"", b"\xef\xbb\xbf\n<?xml version='1.0'?><A><B>1</B></A>", Some("1")),
        ("/A/B", b"", b"<A><B>1</B></A>", Some("1")),
        ("//p", b"x\r\ncontent-type: text/html\r\n", b"<p>\xff", Some("\u{fffd}")),
    ];
    for (text, head, body, expected) in rows {
        let response = Response::new(200, head, body, 0);
        let actual = found(&Extract::Xpath(text.into()), Which::First, &response).map(|(text, _)| text);
        assert_eq!(actual.as_deref(), expected, "{text} in {}", body.escape_ascii());
    }
}

#[test]
fn what_cannot_be_compiled_says_where() {
    let rows = [
        (json("$.a["), 4),
        (Extract::Xpath("//a[".into()), 4),
        (Extract::Css { selector: "a $".into(), attribute: None }, 2),
        (regex("é(", None), 1),
        (regex("(a)", Some(2)), 0),
    ];
    for (plan, offset) in rows {
        assert_eq!(Extractor::compile(&plan).expect_err("it is wrong").offset, offset, "{plan:?}");
    }
}

#[test]
fn only_what_is_looked_at_is_needed() {
    let needs = |plan: Extract| {
        let extractor = Extractor::compile(&plan).unwrap();
        (extractor.needs_head(), extractor.needs_body())
    };
    assert_eq!(needs(json("$")), (false, true));
    assert_eq!(needs(Extract::Body), (false, true));
    assert_eq!(needs(Extract::Xpath("//a".into())), (true, true));
    assert_eq!(needs(Extract::Header("a".into())), (true, false));
    assert_eq!(needs(Extract::Status), (false, false));
}

proptest! {
    #[test]
    fn any_bytes_are_a_response(
        head: Vec<u8>,
        body in prop_oneof![any::<Vec<u8>>(), "[<>a/b='\"&;!?\\[\\]{}:,1 -]{0,40}".prop_map(String::into_bytes)],
        which in prop_oneof![Just(Which::First), Just(Which::Random), Just(Which::All), any::<i64>().prop_map(Which::Index)],
    ) {
        let response = Response::new(200, &head, &body, 0);
        for plan in [
            json("$.a"), json("$..[?@.a]"), Extract::Xpath("//a[@b]/.. | //text()".into()), Extract::Status, Extract::Body,
            Extract::Css { selector: "a, :not(b) > *".into(), attribute: None }, regex("(a)|.", None),
            Extract::Header("a".into()), Extract::Cookie("a".into()),
        ] {
            let _ = Extractor::compile(&plan).unwrap().find(&response, which, &mut Random::new(0));
        }
    }
}
