use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn path(text: &str) -> JsonPath {
    JsonPath::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn values_are_found_as_they_stand_in_the_document() {
    let shop =
        r#" {"ok": true, "items": [ {"id": 12345678, "tags": ["a", "b" ]}, {"id": 1e400} ], "none": null} "#;
    let rows = [
        (shop, "$", Some(shop.trim())),
        (shop, "$.ok", Some("true")),
        (shop, "$.none", Some("null")),
        (shop, "$.items[0].id", Some("12345678")),
        (shop, "$.items[-1].id", Some("1e400")),
        (shop, "$['items'][0]['tags']", Some(r#"["a", "b" ]"#)),
        (shop, "$.items[0].tags[-2]", Some(r#""a""#)),
        (shop, "$.items[0].tags[-3]", None),
        (shop, "$.items[2]", None),
        (shop, "$.items[9007199254740991]", None),
        (shop, "$.items[-9007199254740991]", None),
        (shop, "$.missing.id", None),
        (shop, "$.ok.id", None),
        (shop, "$.ok[0]", None),
        (shop, "$[0]", None),
        (shop, "$.items.id", None),
        ("[]", "$[0]", None),
        ("[]", "$[-1]", None),
        ("{}", "$.a", None),
        ("7", "$", Some("7")),
        ("7", "$.a", None),
        (r#"{"":1}"#, "$['']", Some("1")),
        (r#"{"a\nb":1}"#, r"$['a\nb']", Some("1")),
        (r#"{"a\nb":1}"#, r"$['a\\nb']", None),
        (r#"{"\u00e9":1}"#, "$.é", Some("1")),
        (r#"{"\ud83d":1,"a":"\ud83d"}"#, "$.a", Some(r#""\ud83d""#)),
        ("\u{feff}[1]", "$[0]", Some("1")),
        ("[[1,2],[3,[4,5]]]", "$[-1][-1][-1]", Some("5")),
    ];
    for (document, text, expected) in rows {
        assert_eq!(path(text).find(document.as_bytes()), Ok(expected), "{text} in {document}");
    }
}

#[test]
fn the_last_of_several_members_with_the_same_name_counts() {
    let rows = [
        (r#"{"a":1,"b":2,"a":3}"#, "$.a", Some("3")),
        (r#"{"a":1,"\u0061":2}"#, "$.a", Some("2")),
        (r#"{"a":{"b":1},"a":{}}"#, "$.a.b", None),
        (r#"{"a":{"b":1},"a":7}"#, "$.a.b", None),
    ];
    for (document, text, expected) in rows {
        assert_eq!(path(text).find(document.as_bytes()), Ok(expected), "{text} in {document}");
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_place_even_beside_the_path() {
    let rows: [(&[u8], usize, usize, &str); 24] = [
        (b"", 1, 1, "expected a value"),
        (b"  ", 1, 3, "expected a value"),
        (b"<html>", 1, 1, "expected a value"),
        (b"{\"a\":1,\n \"b\":}", 2, 6, "expected a value"),
        ("{\"é\":x}".as_bytes(), 1, 6, "expected a value"),
        (b"{\"a\":1", 1, 7, "expected ',' or '}'"),
        (b"{\"a\":1,}", 1, 8, "expected a name in quotes"),
        (b"{a:1}", 1, 2, "expected a name in quotes"),
        (b"{\"a\" 1}", 1, 6, "expected ':'"),
        (b"{\"a\":[1,2}", 1, 10, "expected ',' or ']'"),
        (b"{\"a\":1} x", 1, 9, "something follows the JSON value"),
        (b"{\"a\":1}{}", 1, 8, "something follows the JSON value"),
        (b"[1,]", 1, 4, "expected a value"),
        (b"[01]", 1, 3, "expected ',' or ']'"),
        (b"[-]", 1, 3, "expected a digit"),
        (b"[1.]", 1, 4, "expected a digit"),
        (b"[1e+]", 1, 5, "expected a digit"),
        (b"[+1]", 1, 2, "expected a value"),
        (b"[nul]", 1, 2, "expected a value"),
        (b"[\"a", 1, 4, "expected '\"'"),
        (b"[\"a\tb\"]", 1, 4, "a control character in a string must be escaped"),
        (b"[\"\\x\"]", 1, 4, "no escape starts like this"),
        (b"[\"\\u12g4\"]", 1, 7, "expected four hexadecimal digits after '\\u'"),
        (b"[\"a\xff\"]", 1, 4, "these bytes are not UTF-8"),
    ];
    for (document, line, column, message) in rows {
        let expected = Err(FindError::NotJson(NotJson { line, column, message }));
        for text in ["$", "$.a", "$[0]", "$[-1]", "$.other", "$..a", "$[?@.a == $.b]"] {
            assert_eq!(path(text).find(document), expected, "{text} in {}", document.escape_ascii());
        }
    }
}

#[test]
fn the_error_names_its_place_for_people() {
    let error = path("$").find(b"[1,\n 2 3]").unwrap_err();
    assert_eq!(error.to_string(), "not JSON at line 2, column 4: expected ',' or ']'");
}

#[test]
fn nesting_is_limited_exactly_as_in_serde_json() {
    for depth in [1, 126, 127, 128, 129, 100_000] {
        let document = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let expected = serde_json::from_str::<Value>(&document).is_ok();
        assert_eq!(path("$").find(document.as_bytes()).is_ok(), expected, "{depth}");
        assert_eq!(path("$[0][0]").find(document.as_bytes()).is_ok(), expected, "{depth}");
    }
}

#[test]
fn what_stands_side_by_side_is_not_nested() {
    let document = format!("[{}{{}}]", "[],{\"a\":[]},".repeat(200));
    assert_eq!(path("$[-1]").find(document.as_bytes()), Ok(Some("{}")));
}

#[test]
fn every_byte_is_seen_at_every_place_in_a_string() {
    for byte in 0..=u8::MAX {
        for at in 0..20 {
            let mut document = *b"[\"....................\"]";
            document[2 + at] = byte;
            let expected = serde_json::from_slice::<Value>(&document).is_ok();
            assert_eq!(path("$").find(&document).is_ok(), expected, "{}", document.escape_ascii());
        }
    }
}

/// Documents whose names and texts need escapes and repeat often.
pub(super) fn any_document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let name = || prop_oneof!["[ab]", "[a\"'\\\\\n.é\u{1}]{0,3}", any::<String>()];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// All paths in the value, those that count from the end as well, with what stands there.
fn all_paths<'a>(at: &mut Vec<Segment>, value: &'a Value, found: &mut Vec<(JsonPath, &'a Value)>) {
    found.push((JsonPath { prefix: at.clone().into(), rest: Box::default() }, value));
    let mut visit = |segment, value| {
        at.push(segment);
        all_paths(at, value, found);
        at.pop();
    };
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                visit(Segment::Index(index as i64), element);
                visit(Segment::Index(index as i64 - elements.len() as i64), element);
            }
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| visit(Segment::Name(name.as_str().into()), member));
        }
        _ => {}
    }
}

/// What the path leads to in a tree.
fn resolve<'a>(path: &JsonPath, document: &'a Value) -> Option<&'a Value> {
    path.prefix.iter().try_fold(document, |value, segment| match segment {
        Segment::Name(name) => value.as_object()?.get(&**name),
        Segment::Index(index) => {
            let elements = value.as_array()?;
            let from_end = if *index < 0 { elements.len() as i64 } else { 0 };
            elements.get(usize::try_from(from_end + index).ok()?)
        }
    })
}

/// Text that is JSON, nearly JSON or nothing like it, duplicated names included.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"a\"",
            "\"a\":",
            "\"b\":",
            "1",
            "-0.5e+3",
            "00",
            "true",
            "nul",
            " ",
            "\n",
            "\"",
            "\\",
            "\\u00e9",
            "\"\\ud800\"",
            "\u{1}",
            "\u{feff}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        any::<u8>().prop_map(|byte| vec![byte]),
    ];
    let changed =
        (any_document(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(value, at, byte)| {
            let mut text = value.to_string().into_bytes();
            let at = at.index(text.len());
            text[at] = byte;
            text
        });
    prop_oneof![prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat()), changed]
}

fn any_short_path() -> impl Strategy<Value = JsonPath> {
    let segment = prop_oneof![
        "[ab]".prop_map(|name| Segment::Name(name.into())),
        (-3_i64..3).prop_map(Segment::Index),
    ];
    prop::collection::vec(segment, 0..4)
        .prop_map(|segments| JsonPath { prefix: segments.into(), rest: Box::default() })
}

proptest! {
    #[test]
    fn every_path_of_a_document_leads_to_its_value(document in any_document(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
        let text = text.unwrap();
        // Parsed once more, because that may round a float.
        let document: Value = serde_json::from_str(&text).unwrap();
        let mut paths = Vec::new();
        all_paths(&mut Vec::new(), &document, &mut paths);
        for (path, expected) in paths {
            let found = path.find(text.as_bytes()).unwrap().expect("the path exists");
            prop_assert_eq!(&serde_json::from_str::<Value>(found).unwrap(), expected, "{}", path);
        }
    }

    #[test]
    fn any_path_finds_what_a_tree_has_there(document in any_document(), path in any_short_path()) {
        let text = document.to_string();
        let document: Value = serde_json::from_str(&text).unwrap();
        let found = path.find(text.as_bytes()).unwrap().map(|text| serde_json::from_str(text).unwrap());
        prop_assert_eq!(found.as_ref(), resolve(&path, &document));
    }

    #[test]
    fn the_same_texts_are_json_as_for_serde_json(bytes in nearly_json(), path in any_short_path()) {
        // As raw text, because as a tree it refuses halves of surrogate pairs and numbers that no f64 holds.
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let expected = serde_json::from_slice::<&serde_json::value::RawValue>(text);
        let actual = path.find(&bytes);
        prop_assert_eq!(actual.is_ok(), expected.is_ok(), "{:?} {:?}", actual, expected);
        if let (Ok(found), Ok(document)) = (actual, serde_json::from_slice::<Value>(text)) {
            let found = found.map(|text| serde_json::from_str::<Value>(text).unwrap());
            prop_assert_eq!(found.as_ref(), resolve(&path, &document));
        }
    }

    #[test]
    fn the_place_of_an_error_is_inside_the_document(bytes in nearly_json()) {
        if let Err(FindError::NotJson(error)) = path("$.a").find(&bytes) {
            let lines: Vec<_> = bytes.split(|&byte| byte == b'\n').collect();
            prop_assert!(error.line <= lines.len());
            prop_assert!(error.column <= lines[error.line - 1].len() + 1);
        }
    }
}

/// `cargo test --release -p kilobar-core timing -- --ignored --nocapture`
#[test]
#[ignore = "prints times, which differ from machine to machine"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "measures itself for a person")]
fn timing_of_a_path_in_two_kilobytes() {
    let item = |id: u32| {
        format!(
            r#"{{"id":{id},"name":"a thing of some kind","price":12.5,"tags":["red","large"],"stock":{{"berlin":3}}}}"#
        )
    };
    let document = format!(r#"{{"ok":true,"items":[{}]}}"#, (0..21).map(item).collect::<Vec<_>>().join(","));
    // The best of many short series: the others were disturbed.
    let best_ns = |work: &dyn Fn()| {
        let series = |_| {
            let start = std::time::Instant::now();
            (0..100).for_each(|_| work());
            start.elapsed().as_nanos() / 100
        };
        (0..500).map(series).min().unwrap()
    };
    let first = path("$.items[0].id");
    let last = path("$.items[-1].id");
    let find = |path: &JsonPath| {
        std::hint::black_box(path.find(std::hint::black_box(document.as_bytes())).unwrap().unwrap());
    };
    let skip = || {
        let document = std::hint::black_box(document.as_bytes());
        serde_json::from_slice::<serde::de::IgnoredAny>(document).map(std::hint::black_box).unwrap();
    };
    println!("{} bytes: $.items[0].id {} ns", document.len(), best_ns(&|| find(&first)));
    println!("{} bytes: $.items[-1].id {} ns", document.len(), best_ns(&|| find(&last)));
    println!("{} bytes: serde_json skips all in {} ns", document.len(), best_ns(&skip));
}
