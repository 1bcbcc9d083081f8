use super::*;
use proptest::prelude::*;

const ENCODES: [Encode; 5] = [Encode::Raw, Encode::Url, Encode::Form, Encode::JsonString, Encode::JsonValue];

fn random_int(min: i64, max: i64) -> Part {
    let bound = |value: i64| Expr::Json(value.to_string());
    Part::call(Function::RandomInt, vec![bound(min), bound(max)], Encode::Raw)
}

fn text(text: &str) -> Part {
    Part::Text(text.into())
}

fn variable(index: usize, encode: Encode) -> Part {
    Part::variable(index, encode)
}

/// The rendering and what was on the place before it.
fn rendered(parts: Vec<Part>, variables: &[Option<Value>]) -> Result<Vec<u8>, RenderError> {
    let mut out = Vec::new();
    render(&Template::Parts(parts), variables, &mut Random::new(1), &mut out).map(|()| out)
}

#[test]
fn each_kind_of_value_is_written_as_its_place_asks() {
    let rows: [(Value, [&str; 5]); 6] = [
        (Value::from_text(*b"a b\"c"), ["a b\"c", "a%20b%22c", "a%20b%22c", "a b\\\"c", "\"a b\\\"c\""]),
        (Value::from_text(*b"/x?y=1"), ["/x?y=1", "/x?y=1", "%2Fx%3Fy%3D1", "/x?y=1", "\"/x?y=1\""]),
        (Value::from_text(*b"12"), ["12", "12", "12", "12", "\"12\""]),
        (Value::from_json_text("12345678"), ["12345678"; 5]),
        (Value::from_json_text("null"), ["null"; 5]),
        (
            Value::from_json_text("{\"a\":1}"),
            ["{\"a\":1}", "%7B%22a%22:1%7D", "%7B%22a%22%3A1%7D", "{\\\"a\\\":1}", "{\"a\":1}"],
        ),
    ];
    for (value, expected) in rows {
        let variables = [Some(value.clone())];
        for (encode, expected) in ENCODES.into_iter().zip(expected) {
            let actual = rendered(vec![variable(0, encode)], &variables).unwrap();
            assert_eq!(
                String::from_utf8_lossy(&actual),
                expected,
                "{encode:?} of {}",
                value.text().escape_ascii()
            );
        }
    }
}

#[test]
fn parts_follow_each_other_after_what_was_there_before() {
    let template = Template::Parts(vec![
        text("/items/"),
        variable(1, Encode::Url),
        text("?key="),
        Part::Secret("s3cret".into()),
        text("&n="),
        random_int(-5, -5),
    ]);
    let variables = [None, Some(Value::from_json_text("17"))];
    let mut out = b"GET ".to_vec();
    render(&template, &variables, &mut Random::new(1), &mut out).unwrap();
    assert_eq!(out, b"GET /items/17?key=s3cret&n=-5");
}

#[test]
fn fixed_text_is_written_as_it_is() {
    let mut out = b"> ".to_vec();
    render(&Template::Fixed("${id} %41 é".into()), &[], &mut Random::new(1), &mut out).unwrap();
    assert_eq!(out, "> ${id} %41 é".as_bytes());
}

#[test]
fn a_hole_that_cannot_be_filled_leaves_nothing_behind() {
    let rows = [
        (variable(0, Encode::Raw), RenderError::Unset { variable: 0 }, "variable 0 has no value yet"),
        (variable(7, Encode::Raw), RenderError::Undeclared { variable: 7 }, "the plan has no variable 7"),
        (random_int(2, 1), RenderError::EmptyRange { min: 2, max: 1 }, "no whole number is between 2 and 1"),
    ];
    for (part, expected, message) in rows {
        let template = Template::Parts(vec![text("half"), part]);
        let mut out = b"before".to_vec();
        assert_eq!(render(&template, &[None], &mut Random::new(1), &mut out), Err(expected));
        assert_eq!(out, b"before");
        assert_eq!(expected.to_string(), message);
    }
}

#[test]
fn a_line_break_stays_raw_in_raw_text_only() {
    let variables = [Some(Value::from_text(*b"a\r\nb"))];
    let rows = ["a\r\nb", "a%0D%0Ab", "a%0D%0Ab", "a\\r\\nb", "\"a\\r\\nb\""];
    for (encode, expected) in ENCODES.into_iter().zip(rows) {
        assert_eq!(
            rendered(vec![variable(0, encode)], &variables).unwrap(),
            expected.as_bytes(),
            "{encode:?}"
        );
    }
}

#[test]
fn what_a_person_sees_has_no_secret_and_the_same_random_numbers() {
    let any = random_int(i64::MIN, i64::MAX);
    let template = Template::Parts(vec![Part::Secret("s3cret".into()), text("-"), any]);
    let mut random = Random::new(9);
    let mut before = random.clone();
    let (mut sent, mut shown) = (Vec::new(), Vec::new());
    render(&template, &[], &mut random, &mut sent).unwrap();
    render_redacted(&template, &[], &mut before, &mut shown).unwrap();
    let (sent, shown) = (String::from_utf8(sent).unwrap(), String::from_utf8(shown).unwrap());
    assert_eq!(sent.strip_prefix("s3cret"), shown.strip_prefix("***"));
}

#[test]
fn only_templates_without_holes_have_a_fixed_text() {
    let secret = || Part::Secret("b".into());
    let rows = [
        (Template::Fixed("a".into()), Some("a")),
        (Template::Parts(vec![]), Some("")),
        (Template::Parts(vec![text("a"), secret(), text("c")]), Some("abc")),
        (Template::Parts(vec![text("a"), variable(0, Encode::Raw)]), None),
        (Template::Parts(vec![random_int(1, 1)]), None),
    ];
    for (template, expected) in rows {
        assert_eq!(template.fixed_text().as_deref(), expected, "{template:?}");
        assert_eq!(template.is_fixed(), expected.is_some(), "{template:?}");
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<Vec<u8>>().prop_map(Value::from_text),
        any::<i64>().prop_map(|number| Value::from_json_text(&number.to_string())),
        any::<f64>()
            .prop_map(|number| Value::from_json_text(&serde_json::json!({"a": [number, "\n"]}).to_string())),
    ]
}

fn any_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        any::<String>().prop_map(Part::Text),
        "[a-z]{0,5}SECRET".prop_map(Part::Secret),
        (0_usize..4, prop::sample::select(ENCODES.to_vec()))
            .prop_map(|(index, encode)| Part::variable(index, encode)),
        (any::<i64>(), any::<i64>()).prop_map(|(min, max)| random_int(min, max)),
    ]
}

proptest! {
    #[test]
    fn any_template_renders_or_fails_without_a_trace(
        parts in prop::collection::vec(any_part(), 0..8),
        variables in prop::collection::vec(prop::option::weighted(0.9, any_value()), 3),
        seed: u64,
    ) {
        let template = Template::Parts(parts.clone());
        let mut out = b"before".to_vec();
        let result = render(&template, &variables, &mut Random::new(seed), &mut out);
        // The same as its parts one by one, up to the first that fails.
        let mut expected = b"before".to_vec();
        let mut random = Random::new(seed);
        let one_by_one = parts.into_iter().try_for_each(|part| {
            render(&Template::Parts(vec![part]), &variables, &mut random, &mut expected)
        });
        prop_assert_eq!(result, one_by_one);
        prop_assert_eq!(out, if result.is_ok() { &expected[..] } else { b"before" });
    }

    #[test]
    fn a_body_of_json_holes_is_json_with_the_values_in_it(text: Vec<u8>, number: i64) {
        let parts = vec![
            self::text("{\"s\":\"<"),
            variable(0, Encode::JsonString),
            self::text(">\",\"v\":"),
            variable(0, Encode::JsonValue),
            self::text(",\"n\":"),
            variable(1, Encode::JsonValue),
            self::text("}"),
        ];
        let lossy = String::from_utf8_lossy(&text).into_owned();
        let variables = [Some(Value::from_text(text)), Some(Value::from_json_text(&number.to_string()))];
        let body: serde_json::Value = serde_json::from_slice(&rendered(parts, &variables).unwrap()).unwrap();
        prop_assert_eq!(body, serde_json::json!({"s": format!("<{lossy}>"), "v": lossy, "n": number}));
    }

    #[test]
    fn random_numbers_are_whole_and_in_their_range(one: i64, other: i64, seed: u64) {
        let (min, max) = (one.min(other), one.max(other));
        let mut out = Vec::new();
        let template = Template::Parts(vec![random_int(min, max)]);
        render(&template, &[], &mut Random::new(seed), &mut out).unwrap();
        let number: i64 = String::from_utf8(out).unwrap().parse().unwrap();
        prop_assert!((min..=max).contains(&number));
    }

    #[test]
    fn no_secret_is_in_a_redacted_rendering(parts in prop::collection::vec(any_part(), 0..8), seed: u64) {
        let variables: Vec<_> = (0..4).map(|_| Some(Value::from_text(*b"value"))).collect();
        let mut out = Vec::new();
        if render_redacted(&Template::Parts(parts), &variables, &mut Random::new(seed), &mut out).is_ok() {
            prop_assert!(!String::from_utf8_lossy(&out).contains("SECRET"));
        }
    }
}

/// `cargo test --release -p kilobar-core timing -- --ignored --nocapture`
#[test]
#[ignore = "prints times, which differ from machine to machine"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "measures itself for a person")]
fn timing_of_a_template_of_five_parts() {
    let template = Template::Parts(vec![
        text("/items/"),
        variable(0, Encode::Url),
        text("?page="),
        random_int(1, 20),
        text("&sort=price"),
    ]);
    let variables = [Some(Value::from_json_text("\"3f2a9c10-7d4e\""))];
    let mut random = Random::new(1);
    let mut out = Vec::with_capacity(256);
    // The best of many short series: the others were disturbed.
    let series = |_| {
        let start = std::time::Instant::now();
        for _ in 0..1000 {
            out.clear();
            render(&template, &variables, &mut random, std::hint::black_box(&mut out)).unwrap();
        }
        start.elapsed().as_nanos() / 1000
    };
    let best_ns = (0..500).map(series).min().unwrap();
    println!("template of 5 parts, {} bytes: {best_ns} ns", out.len());
}
