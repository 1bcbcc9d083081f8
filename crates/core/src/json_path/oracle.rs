//! Paths that may lead to several values: examples of RFC 9535, and a second opinion by another implementation.

use super::tests::any_document;
use super::*;
use proptest::prelude::*;
use serde_json::Value;

/// The document of RFC 9535, 1.5.
const STORE: &str = r#"{ "store": {
    "book": [
      { "category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95 },
      { "category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99 },
      { "category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "isbn": "0-553-21311-3", "price": 8.99 },
      { "category": "fiction", "author": "J. R. R. Tolkien", "title": "The Lord of the Rings", "isbn": "0-395-19395-8", "price": 22.99 }
    ],
    "bicycle": { "color": "red", "price": 399 }
  } }"#;

fn found(text: &str, document: &str) -> Vec<String> {
    let path = JsonPath::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let found = path.find_all(document.as_bytes(), 1000).unwrap();
    assert_eq!(path.find(document.as_bytes()).unwrap(), found.first().copied(), "{text}");
    found.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_examples_of_the_rfc_lead_where_it_says() {
    let rows: [(&str, &[&str]); 14] = [
        ("$.store.book[*].price", &["8.95", "12.99", "8.99", "22.99"]),
        ("$..price", &["8.95", "12.99", "8.99", "22.99", "399"]),
        ("$.store.*.color", &["\"red\""]),
        ("$..book[2].price", &["8.99"]),
        ("$..book[-1].price", &["22.99"]),
        ("$..book[0,1].price", &["8.95", "12.99"]),
        ("$..book[:2].price", &["8.95", "12.99"]),
        ("$..book[::-2].price", &["22.99", "12.99"]),
        ("$..book[?@.isbn].price", &["8.99", "22.99"]),
        ("$..book[?(@.price < 10 && @.category == 'fiction')].price", &["8.99"]),
        ("$..book[?@.author =~ /TOLKIEN$/i].price", &["22.99"]),
        ("$..book[?match(@.title, 'S.*y')].price", &["8.95"]),
        (
            "$..book[?search(@.title, 'of the') || !@.isbn && @.price >= 12.990].price",
            &["8.95", "12.99", "22.99"],
        ),
        ("$..book[?@.price == value($..bicycle.price)]", &[]),
    ];
    for (text, expected) in rows {
        assert_eq!(found(text, STORE), expected, "{text}");
    }
}

#[test]
fn comparisons_are_those_of_the_rfc() {
    let document = r#"{"obj": {"x": "y"}, "arr": [2, 3], "same": {"o": {"\u0078": "y"}, "a": [2.0, 3e0]}}"#;
    let rows = [
        ("$.absent1 == $.absent2", true),
        ("$.absent1 <= $.absent2", true),
        ("$.absent == 'g'", false),
        ("$.absent1 != $.absent2", false),
        ("$.absent != 'g'", true),
        ("1 <= 2", true),
        ("1 > 2", false),
        ("13 == '13'", false),
        ("'a' <= 'b'", true),
        ("'a' > 'b'", false),
        ("$.obj == $.arr", false),
        ("$.obj == $.same.o", true),
        ("$.arr == $.same.a", true),
        ("$.obj <= $.obj", true),
        ("$.obj < $.obj", false),
        ("1 <= $.arr", false),
        ("true <= true", true),
        ("true > true", false),
        ("null == null", true),
        ("length('é😀') == 2", true),
        ("length($.arr) == 2", true),
        ("length(1) == 1", false),
        ("count($.arr[*]) == 2", true),
        ("9007199254740993 == 9007199254740992", false),
    ];
    for (text, expected) in rows {
        let actual = found(&format!("$[?{text}]"), document);
        assert_eq!(actual.len(), if expected { 3 } else { 0 }, "{text}");
    }
}

#[test]
fn of_members_with_the_same_name_wildcards_see_all_and_names_the_last() {
    let document = r#"{"a": 1, "a": 2}"#;
    assert_eq!(found("$[*]", document), ["1", "2"]);
    assert_eq!(found("$['a', 'a']", document), ["2", "2"]);
}

#[test]
fn no_more_is_returned_than_was_asked_for() {
    let path = JsonPath::parse("$[*]").unwrap();
    assert_eq!(path.find_all(b"[1,2,3]", 2), Ok(vec!["1", "2"]));
    assert_eq!(path.find_all(b"[1,2,3]", 0), Ok(vec![]));
    assert_eq!(JsonPath::parse("$").unwrap().find_all(b"1", 0), Ok(vec![]));
}

#[test]
fn two_sides_that_are_empty_are_equal_in_every_comparison_that_allows_it() {
    let found = |operator: &str| {
        let path = JsonPath::parse(&format!("$[?@.a {operator} @.b]")).unwrap();
        path.find_all(b"[1]", usize::MAX).unwrap().len()
    };
    assert_eq!(["==", "<=", ">=", "!=", "<", ">"].map(found), [1, 1, 1, 0, 0, 0]);
}

#[test]
fn a_search_that_would_take_for_ever_ends_with_an_error() {
    let deep = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    let path = JsonPath::parse(&format!("${}.x", "..*".repeat(12))).unwrap();
    assert_eq!(path.find(deep.as_bytes()), Err(FindError::TooMuch));
    assert_eq!(
        FindError::TooMuch.to_string(),
        "the JSON path makes more than 20 million comparisons in this document"
    );
}

/// Paths that both implementations understand.
fn any_query() -> impl Strategy<Value = String> {
    let single = || prop_oneof!["\\.[ab]", "\\[-?[12]\\]", "\\[0\\]"];
    let operand = prop_oneof![
        single().prop_map(|step| format!("@{step}")),
        single().prop_map(|step| format!("${step}")),
        Just("@".to_owned()),
        Just("length(@.a)".to_owned()),
        Just("count(@.*)".to_owned()),
        "('a'|null|true|0|-1|2\\.50)",
    ];
    // Not `<=` and `>=`: the oracle says no where both sides are empty, RFC 9535 (2.3.5.2.2) says that they are equal.
    let operator = prop::sample::select(vec!["==", "!=", "<", ">"]);
    let comparison = (operand.clone(), operator, operand)
        .prop_map(|(left, operator, right)| format!("{left} {operator} {right}"));
    let test =
        prop_oneof![comparison, single().prop_map(|step| format!("!@{step}")), Just("@..a".to_owned())];
    let filter = (test.clone(), prop::sample::select(vec!["&&", "||"]), test)
        .prop_map(|(left, operator, right)| format!("[?{left} {operator} {right}]"));
    let step = prop_oneof![
        single(),
        "(\\.\\.)?\\[(\\*|'a','b'|0, -1)\\]",
        "\\[(-?[0-9])?:(-?[0-9])?(:-?[12])?\\]".prop_map(|text| text.replace("-0", "0")),
        filter,
    ];
    prop::collection::vec(step, 1..4).prop_map(|steps| format!("${}", steps.concat()))
}

proptest! {
    #[test]
    fn another_implementation_finds_the_same_values(document in any_document(), text in any_query()) {
        let json = document.to_string();
        // Parsed once more, because that may round a float.
        let document: Value = serde_json::from_str(&json).unwrap();
        let expected = serde_json_path::JsonPath::parse(&text).unwrap().query(&document).all();
        let actual = JsonPath::parse(&text).unwrap().find_all(json.as_bytes(), usize::MAX).unwrap();
        let actual: Vec<Value> = actual.into_iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        prop_assert_eq!(actual.iter().collect::<Vec<_>>(), expected, "{}", text);
    }
}
