use kilobar_core::plan::{Body, DataSet, Exhausted, Function, Hole, Pick, RowPer};

use super::*;

fn secrets(texts: &[&str]) -> Secrets {
    let parts = texts.iter().map(|&text| Part::Secret(text.to_owned())).collect();
    secrets_of(Template::Parts(parts), &[("Cookie", Template::Fixed("sid=abcd".into()))])
}

fn secrets_of(body: Template, headers: &[(&str, Template)]) -> Secrets {
    let json = include_str!("../../../../tests/golden/plans/first.json");
    let mut plan: Plan = serde_json::from_str(json).unwrap();
    plan.variables = vec!["shown".into(), "token".into()];
    let Step::Request(request) = &mut plan.flows[0].steps[0] else { unreachable!("the example gets /") };
    request.body = Some(Body::Text(body));
    request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Secrets::of(&plan)
}

#[test]
fn secret_headers_are_hidden_in_the_head_and_only_there() {
    let shown = Secrets::default()
        .hide_in_response(b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=1\r\nx: 2\r\n\r\ncookie: not a header");
    assert_eq!(shown, "HTTP/1.1 200 OK\nSet-Cookie: ***\nx: 2\n\ncookie: not a header");
}

#[test]
fn a_secret_is_hidden_in_every_form_in_which_it_comes_back() {
    let secrets = secrets(&["p%22ss+word"]);
    for form in ["p%22ss+word", r#"p"ss word"#, r#"p\"ss word"#, "p%22ss%20word", "sid=abcd"] {
        assert_eq!(secrets.hide(format!("<{form}>")), "<***>");
    }
}

#[test]
fn the_longest_secret_is_hidden_as_one_and_one_of_few_letters_not_at_all() {
    let secrets = secrets(&["abcd", "abcdefgh", "xyz", "100%"]);
    assert_eq!(secrets.hide("abcdefgh abcd xyz 100%".into()), "*** *** xyz ***");
}

#[test]
fn the_head_that_follows_an_interim_response_is_a_head_too() {
    let shown = Secrets::default().hide_in_response(
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 401 No\r\nset-cookie: sid=1\r\n\r\ncookie: body",
    );
    assert_eq!(
        shown,
        "HTTP/1.1 103 Early Hints\nlink: x\n\nHTTP/1.1 401 No\nset-cookie: ***\n\ncookie: body"
    );
}

#[test]
fn a_secret_header_is_hidden_on_each_of_its_lines() {
    let shown = Secrets::default().hide_in_response(
        b"HTTP/1.1 200 OK\r\nset-cookie: a=1;\r\n \r\n\tb: 2\r\n cookie: 3\r\nx: 4\r\n 5\r\n",
    );
    assert_eq!(shown, "HTTP/1.1 200 OK\nset-cookie: ***\n ***\n ***\n ***\nx: 4\n 5\n");
    assert_eq!(Secrets::default().hide_in_response(b" cookie: 1\r\n"), " cookie: ***\n");
}

#[test]
fn the_beginning_of_a_secret_at_the_end_of_a_response_is_hidden() {
    let secrets = secrets(&["topsecret", "secretary", "p\u{e4}ssword"]);
    for (text, shown) in [
        ("x tops", "x ***"),
        ("x top", "x top"),
        ("x topsecret", "x ***"),
        ("x topsecreta", "x ***"),
        ("tops x", "tops x"),
        ("sid=abc", "***"),
    ] {
        assert_eq!(secrets.hide_in_response(text.as_bytes()), shown, "{text}");
    }
    assert_eq!(secrets.hide_in_response("x p\u{e4}s".as_bytes()), "x ***");
    let secrets = self::secrets(&["abcd\u{e4}efg"]);
    assert_eq!(secrets.hide_in_response(b"x abcd\xc3"), "x ***");
}

#[test]
fn the_beginning_of_a_secret_at_the_end_of_a_request_is_hidden_only_when_the_request_was_cut() {
    let secrets = secrets(&["admin-pass"]);
    assert_eq!(secrets.hide("user=admin".into()), "user=admin");
    let cut = "-".repeat(SHOWN_BYTES - 5);
    assert_eq!(secrets.hide(format!("{cut}admin")), format!("{cut}***"));
}

#[test]
fn secrets_that_overlap_are_hidden_as_one() {
    let secrets = secrets(&["abcdef", "defghi"]);
    assert_eq!(secrets.hide("<abcdefghi>".into()), "<***>");
    assert_eq!(secrets.hide("<abcdefdefghi>".into()), "<******>");
}

#[test]
fn the_present_value_of_a_variable_in_a_secret_header_is_hidden_in_each_form() {
    let bearer =
        |index| Template::Parts(vec![Part::Text("Bearer ".into()), Part::variable(index, Encode::Raw)]);
    let secrets = secrets_of(
        Template::Fixed(String::new()),
        &[("Authorization", bearer(1)), ("x-shown", bearer(0)), ("x-api-key", bearer(9))],
    );
    let value = |text: &str| Some(Value::from_text(text.as_bytes()));
    let live = secrets.with_values(&[value("shown"), value("t+k/\"n")], &[]);
    let echo = r#"t+k/"n t%2Bk%2F%22n t+k/%22n t+k/\"n shown"#;
    assert_eq!(live.hide(echo.into()), "*** *** *** *** shown");
    assert_eq!(
        live.hide_in_response(b"HTTP/1.1 401 No\r\n\r\nno such token: t+k/"),
        "HTTP/1.1 401 No\n\nno such token: ***"
    );
    for unset in
        [secrets.clone(), secrets.with_values(&[], &[]), secrets.with_values(&[value("shown"), None], &[])]
    {
        assert_eq!(unset.hide(echo.into()), echo);
    }
}

#[test]
fn what_follows_a_scheme_and_each_value_of_a_cookie_are_secrets_of_their_own() {
    let cookie = Template::Parts(vec![
        Part::Text("a=first; b=\"second=2\"; consent=true; c=third".into()),
        Part::call(Function::RandomInt, vec![Expr::Json("1".into()), Expr::Json("9".into())], Encode::Raw),
    ]);
    let bearer = Template::Fixed("Bearer abc.def".into());
    let secrets =
        secrets_of(Template::Fixed(String::new()), &[("AUTHORIZATION", bearer), ("cookie", cookie)]);
    assert_eq!(
        secrets.hide("abc.def first second=2 true third Bearer".into()),
        "*** *** *** true third Bearer"
    );
}

fn hole(value: Expr) -> Template {
    Template::Parts(vec![Part::Hole(Hole { value, encode: Encode::Raw })])
}

fn first_plan() -> Plan {
    serde_json::from_str(include_str!("../../../../tests/golden/plans/first.json")).unwrap()
}

fn authorized_by(plan: &mut Plan, value: Template) {
    let Step::Request(request) = &mut plan.flows[0].steps[0] else { unreachable!("the example gets /") };
    request.headers = vec![("authorization".to_owned(), value)];
}

fn users() -> DataSet {
    DataSet {
        name: "users".into(),
        source: DataSource::Rows(vec![vec!["\"hidden-cell\"".into(), "\"open-cell\"".into()]]),
        columns: vec!["password".into(), "city".into()],
        secret_columns: vec![0],
        pick: Pick::Sequential,
        per: RowPer::Iteration,
        when_exhausted: Exhausted::Recycle,
    }
}

#[test]
fn texts_that_the_plan_calls_secret_and_its_secret_columns_are_hidden() {
    let mut plan = first_plan();
    plan.secrets = vec!["in-a-json-path".into()];
    plan.data = vec![users()];
    let secrets = Secrets::of(&plan);
    assert_eq!(secrets.hide("in-a-json-path hidden-cell open-cell".into()), "*** *** open-cell");
}

#[test]
fn what_is_computed_for_a_secret_header_is_hidden_and_so_is_each_value_in_it() {
    let mut plan = first_plan();
    plan.data = vec![users()];
    let credentials = Expr::Join(vec![Expr::Text("ann:".into()), Expr::Column { data: 0, column: 1 }]);
    let basic = Expr::Call { function: Function::Base64, arguments: vec![credentials] };
    let parts = vec![Part::Text("Basic ".into()), Part::Hole(Hole { value: basic, encode: Encode::Raw })];
    authorized_by(&mut plan, Template::Parts(parts));
    let row: Row = [Value::from_text(*b"cell-0"), Value::from_text(*b"open-cell")].into();
    let secrets = Secrets::of(&plan).with_values(&[], &[Some(row)]);
    assert_eq!(secrets.hide("YW5uOm9wZW4tY2VsbA== open-cell cell-0".into()), "*** *** cell-0");
}

#[test]
fn of_a_saved_object_only_the_member_that_is_a_token_is_hidden_also_when_set_hands_it_on() {
    let mut plan = first_plan();
    plan.variables = vec!["login".into(), "token".into()];
    let member = Expr::Member { of: Box::new(Expr::Variable(0)), path: "$.token".into() };
    authorized_by(&mut plan, hole(Expr::Variable(1)));
    plan.flows[0].steps.push(Step::Set { variable: 1, value: hole(member) });
    let login = Value::from_json_text(r#"{"token":"fresh-token","name":"Anna"}"#);
    let secrets = Secrets::of(&plan);
    assert!(secrets.hides(0) && secrets.hides(1));
    let live = secrets.with_values(&[Some(login), None], &[]);
    assert_eq!(
        live.hide(r#"{"token":"fresh-token","name":"Anna"}"#.into()),
        r#"{"token":"***","name":"Anna"}"#
    );
}

#[test]
fn headers_as_they_were_sent_are_hidden() {
    let secrets = Secrets::default().with_headers([("Authorization", "Bearer random-token")].into_iter());
    assert_eq!(secrets.hide("random-token".into()), "***");
}

#[test]
fn a_message_is_short_and_its_cuts_show_no_beginning_of_a_secret() {
    let secrets = secrets(&["top-secret-token"]);
    assert_eq!(secrets.hide_in_message("it is \"top-sec\"\u{2026}"), "it is \"***\"\u{2026}");
    assert_eq!(secrets.hide_in_message("top-sec is a beginning"), "top-sec is a beginning");
    let long =
        secrets.hide_in_message(&format!("{}top-secret-token", "\u{e4}".repeat(MESSAGE_BYTES / 2 - 4)));
    assert!(long.len() <= MESSAGE_BYTES + CUT.len_utf8(), "{}", long.len());
    assert!(long.ends_with("\u{e4}***\u{2026}"), "{long}");
}
