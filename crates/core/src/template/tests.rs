use super::*;
use crate::plan::{Expr, Function, Hole};
use crate::random::Random;
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

/// A plan with eight variables and one data set of two columns.
fn bounds() -> Bounds {
    Bounds { variables: 8, columns: vec![2] }
}

fn ready(parts: Vec<Part>) -> ReadyTemplate {
    ReadyTemplate::compile(&Template::Parts(parts), &bounds()).expect("the template is sound")
}

fn scope<'a>(variables: &'a [Option<Value>], random: &'a mut Random) -> Scope<'a> {
    Scope { variables, rows: &[], sequence: 0, unix_ns: 0, random }
}

/// The rendering and what was on the place before it.
fn rendered(parts: Vec<Part>, variables: &[Option<Value>]) -> Result<Vec<u8>, RenderError> {
    let mut out = Vec::new();
    ready(parts).render(&mut scope(variables, &mut Random::new(1)), &mut out).map(|()| out)
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
    let template = ready(vec![
        text("/items/"),
        variable(1, Encode::Url),
        text("?key="),
        Part::Secret("s3cret".into()),
        text("&n="),
        random_int(-5, -5),
    ]);
    let variables = [None, Some(Value::from_json_text("17"))];
    let mut out = b"GET ".to_vec();
    template.render(&mut scope(&variables, &mut Random::new(1)), &mut out).unwrap();
    assert_eq!(out, b"GET /items/17?key=s3cret&n=-5");
}

#[test]
fn fixed_text_is_written_as_it_is() {
    let mut out = b"> ".to_vec();
    let template = ReadyTemplate::compile(&Template::Fixed("${id} %41 é".into()), &bounds()).unwrap();
    template.render(&mut scope(&[], &mut Random::new(1)), &mut out).unwrap();
    assert_eq!(out, "> ${id} %41 é".as_bytes());
}

#[test]
fn a_hole_that_cannot_be_filled_leaves_nothing_behind() {
    let column = Part::Hole(Hole { value: Expr::Column { data: 0, column: 1 }, encode: Encode::Raw });
    let min_above_max = vec![Expr::Variable(1), Expr::Json("1".into())];
    let empty = Part::call(Function::RandomInt, min_above_max, Encode::Raw);
    let rows = [
        (variable(0, Encode::Raw), RenderError::Unset { variable: 0 }, "variable 0 has no value yet"),
        (variable(7, Encode::Raw), RenderError::Undeclared { variable: 7 }, "the plan has no variable 7"),
        (column, RenderError::NoRow { data: 0 }, "there is no row of data set 0"),
        (
            empty,
            RenderError::EmptyRange { function: Function::RandomInt },
            "random.int: no such number is between the two bounds",
        ),
    ];
    for (part, expected, message) in rows {
        let template = ready(vec![text("half"), part]);
        let variables = [None, Some(Value::from_json_text("2"))];
        let mut out = b"before".to_vec();
        let result = template.render(&mut scope(&variables, &mut Random::new(1)), &mut out);
        assert_eq!(result.as_ref(), Err(&expected));
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
    let template = ready(vec![Part::Secret("s3cret".into()), text("-"), any]);
    let mut random = Random::new(9);
    let mut before = random.clone();
    let (mut sent, mut shown) = (Vec::new(), Vec::new());
    template.render(&mut scope(&[], &mut random), &mut sent).unwrap();
    template.render_redacted(&mut scope(&[], &mut before), &mut shown).unwrap();
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
    for (plan, expected) in rows {
        let template = ReadyTemplate::compile(&plan, &bounds()).unwrap();
        assert_eq!(template.fixed_text().as_deref(), expected, "{plan:?}");
        assert_eq!(template.is_fixed(), expected.is_some(), "{plan:?}");
    }
}

fn hole(value: Expr, encode: Encode) -> Part {
    Part::Hole(Hole { value, encode })
}

fn item(path: &str) -> Expr {
    Expr::Member { of: Box::new(Expr::Variable(0)), path: path.into() }
}

#[test]
fn a_row_fills_its_columns() {
    let row: Row = [Value::from_text(*b"ann"), Value::from_json_text("7")].into();
    let parts = [0, 1].map(|column| hole(Expr::Column { data: 0, column }, Encode::JsonValue));
    let rows = [Some(row)];
    let mut random = Random::new(1);
    let mut scope = Scope { variables: &[], rows: &rows, sequence: 0, unix_ns: 0, random: &mut random };
    let mut out = Vec::new();
    ready(parts.to_vec()).render(&mut scope, &mut out).unwrap();
    assert_eq!(out, b"\"ann\"7");
}

#[test]
fn members_of_a_value_keep_their_type() {
    let variables = [Some(Value::from_json_text(r#"{"price": 1.50, "tags": ["a b", {"x": null}]}"#))];
    let rows = [("$.price", "1.50"), ("$.tags[0]", "\"a b\""), ("$.tags[-1]", "{\"x\": null}")];
    for (path, expected) in rows {
        let actual = rendered(vec![hole(item(path), Encode::JsonValue)], &variables).unwrap();
        assert_eq!(String::from_utf8(actual).unwrap(), expected);
    }
    let missing = rendered(vec![hole(item("$.cost"), Encode::Raw)], &variables);
    assert_eq!(missing, Err(RenderError::NoMember { path: "$.cost".into() }));
    let no_json = rendered(vec![hole(item("$.x"), Encode::Raw)], &[Some(Value::from_text(*b"text"))]);
    assert_eq!(no_json, Err(RenderError::NotJson { path: "$.x".into() }));
}

#[test]
fn a_template_that_is_one_raw_hole_keeps_the_type_of_its_value() {
    let variables = [Some(Value::from_json_text("[1]"))];
    let value_of =
        |parts: Vec<Part>| ready(parts).value(&mut scope(&variables, &mut Random::new(1))).unwrap();
    let rows = [
        (vec![variable(0, Encode::Raw)], Value::from_json_text("[1]")),
        (vec![hole(item("$[0]"), Encode::Raw)], Value::from_json_text("1")),
        (vec![hole(Expr::Json("5".into()), Encode::Raw)], Value::from_json_text("5")),
        (vec![random_int(5, 5)], Value::from_json_text("5")),
        (vec![variable(0, Encode::Url)], Value::from_text(*b"[1]")),
        (vec![text("n="), variable(0, Encode::Raw)], Value::from_text(*b"n=[1]")),
        (vec![text("5")], Value::from_text(*b"5")),
    ];
    for (parts, expected) in rows {
        assert_eq!(value_of(parts.clone()), expected, "{parts:?}");
    }
    let shared = value_of(vec![variable(0, Encode::Raw)]);
    assert!(std::ptr::eq(shared.text(), variables[0].as_ref().unwrap().text()), "not copied");
}

#[test]
fn what_is_made_of_a_secret_is_not_shown() {
    let secret = || Expr::Secret("s3cret".into());
    let joined = Expr::Join(vec![Expr::Text("user:".into()), secret()]);
    let live = Expr::Join(vec![Expr::Variable(0), secret()]);
    let call = |argument| Expr::Call { function: Function::Base64, arguments: vec![argument] };
    let variables = [Some(Value::from_text(*b"ann")), Some(Value::from_text(*b"token").marked_secret(true))];
    for expr in [secret(), joined.clone(), call(joined), live.clone(), call(live), Expr::Variable(1)] {
        let template = ready(vec![text("<"), hole(expr.clone(), Encode::Form), text(">")]);
        let mut random = Random::new(1);
        let mut shown = Vec::new();
        template.render_redacted(&mut scope(&variables, &mut random), &mut shown).unwrap();
        assert_eq!(shown, b"<***>", "{expr:?}");
        let single = ready(vec![hole(expr.clone(), Encode::Raw)]);
        assert!(single.value(&mut scope(&variables, &mut random)).unwrap().is_secret(), "{expr:?}");
        assert!(template.value(&mut scope(&variables, &mut random)).unwrap().is_secret(), "{expr:?}");
    }
}

#[test]
fn functions_of_constants_are_computed_once() {
    let call = |function, argument| Expr::Call { function, arguments: vec![argument] };
    let nested = call(Function::Base64, call(Function::Upper, Expr::Text("ab".into())));
    let template = ready(vec![text("Basic "), hole(nested, Encode::Raw)]);
    assert_eq!(template.fixed_text().as_deref(), Some("Basic QUI="));
    let secret = ready(vec![hole(call(Function::Md5, Expr::Secret("x".into())), Encode::Raw)]);
    assert!(secret.is_fixed());
    let never = ready(vec![Part::call(Function::Now, vec![], Encode::Raw)]);
    assert!(!never.is_fixed());
}

#[test]
fn the_variables_of_a_template_are_known() {
    let choice = Expr::Call {
        function: Function::RandomChoice,
        arguments: vec![Expr::Variable(5), Expr::Join(vec![Expr::Variable(2)])],
    };
    let template =
        ready(vec![variable(3, Encode::Raw), hole(choice, Encode::Raw), hole(item("$.a"), Encode::Raw)]);
    assert_eq!(template.variables(), [0, 2, 3, 5]);
}

#[test]
fn mistakes_are_found_before_the_run() {
    let call = |function, arguments: &[&str]| Expr::Call {
        function,
        arguments: arguments.iter().map(|text| Expr::Text((*text).into())).collect(),
    };
    let mut deep = Expr::Text("x".into());
    for _ in 0..100 {
        deep = Expr::Join(vec![deep]);
    }
    let rows = [
        (Expr::Variable(8), "variable 8 does not exist"),
        (Expr::Column { data: 1, column: 0 }, "data set 1 does not exist"),
        (Expr::Column { data: 0, column: 2 }, "data set 0 has no column 2"),
        (item("price"), "\"price\": a path starts with '$' at character 1 of the JSON path"),
        (Expr::Json("{".into()), "a constant is not JSON"),
        (call(Function::RandomInt, &["1"]), "random.int does not take 1 arguments"),
        (call(Function::Uuid, &["1"]), "uuid does not take 1 arguments"),
        (call(Function::RandomInt, &["1", "x"]), "argument 2 of random.int is not a whole number of 64 bits"),
        (call(Function::RandomInt, &["2", "1"]), "random.int: no such number is between the two bounds"),
        (call(Function::Base64Decode, &["*"]), "argument 1 of base64.decode is not base64"),
        (call(Function::Jwt, &["ES256", "{}", "k"]), "argument 1 of jwt is not HS256, HS384, HS512 or RS256"),
        (deep, "expressions are nested deeper than 64 levels"),
    ];
    for (expr, message) in rows {
        let template = Template::Parts(vec![hole(expr, Encode::Raw)]);
        let error = ReadyTemplate::compile(&template, &bounds()).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(message));
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
        (any::<i64>(), any::<i64>()).prop_map(|(one, other)| random_int(one.min(other), one.max(other))),
    ]
}

proptest! {
    #[test]
    fn any_template_renders_or_fails_without_a_trace(
        parts in prop::collection::vec(any_part(), 0..8),
        variables in prop::collection::vec(prop::option::weighted(0.9, any_value()), 3),
        seed: u64,
    ) {
        let template = ready(parts.clone());
        let mut out = b"before".to_vec();
        let result = template.render(&mut scope(&variables, &mut Random::new(seed)), &mut out);
        // The same as its parts one by one, up to the first that fails.
        let mut expected = b"before".to_vec();
        let mut random = Random::new(seed);
        let one_by_one = parts.into_iter().try_for_each(|part| {
            ready(vec![part]).render(&mut scope(&variables, &mut random), &mut expected)
        });
        prop_assert_eq!(&result, &one_by_one);
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
        ready(vec![random_int(min, max)]).render(&mut scope(&[], &mut Random::new(seed)), &mut out).unwrap();
        let number: i64 = String::from_utf8(out).unwrap().parse().unwrap();
        prop_assert!((min..=max).contains(&number));
    }

    #[test]
    fn no_secret_is_in_a_redacted_rendering(parts in prop::collection::vec(any_part(), 0..8), seed: u64) {
        let variables: Vec<_> = (0..4).map(|_| Some(Value::from_text(*b"value"))).collect();
        let mut out = Vec::new();
        let mut random = Random::new(seed);
        if ready(parts).render_redacted(&mut scope(&variables, &mut random), &mut out).is_ok() {
            prop_assert!(!String::from_utf8_lossy(&out).contains("SECRET"));
        }
    }
}

/// `cargo test --release -p kilobar-core timing -- --ignored --nocapture`
#[test]
#[ignore = "prints times, which differ from machine to machine"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "measures itself for a person")]
fn timing_of_a_template_of_five_parts() {
    let template = ready(vec![
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
            template.render(&mut scope(&variables, &mut random), std::hint::black_box(&mut out)).unwrap();
        }
        start.elapsed().as_nanos() / 1000
    };
    let best_ns = (0..500).map(series).min().unwrap();
    println!("template of 5 parts, {} bytes: {best_ns} ns", out.len());
}
