use kilobar_core::plan::{Encode, Part, Step};
use kilobar_core::template::Value;

use super::*;
use crate::program::Program;
use crate::steps::ReadyStep;

fn first_plan() -> Plan {
    let json = include_str!("../../../../tests/golden/plans/first.json");
    Plan { variables: vec!["text".into()], ..serde_json::from_str(json).unwrap() }
}

/// What is shown of a request with this path and body, in a plan with one variable.
fn shown(path: &str, body: Template, variable: Option<Value>) -> String {
    let mut plan = first_plan();
    let Step::Request(request) = &mut plan.flows[0].steps[0] else { unreachable!("the example gets /") };
    request.path = Template::Fixed(path.into());
    request.body = Some(Body::Text(body));
    let program = Program::new(plan).unwrap();
    let ReadyStep::Request(request) = &program.flows[0].steps[0] else { unreachable!("as in the plan") };
    request.redacted(&mut crate::request::scope_of(&[variable], &[], 0, &mut Random::new(1)))
}

#[test]
fn requests_that_can_never_be_sent_are_refused_with_the_reason() {
    let hole = || Template::Parts(vec![Part::variable(0, Encode::Raw)]);
    let refused = |change: &dyn Fn(&mut Request)| {
        let mut plan = first_plan();
        let Step::Request(request) = &mut plan.flows[0].steps[0] else { unreachable!("it gets /") };
        change(request);
        Program::new(plan).err().expect("it is refused").to_string()
    };
    for (change, words) in [
        (
            &(|request: &mut Request| request.redirects = 101) as &dyn Fn(&mut Request),
            "at most 100 redirects",
        ),
        (&|request| request.body = Some(Body::File("/no/such".into())), "body file /no/such"),
        (&|request| request.path = Template::Fixed("/a b".into()), "percent-encode it"),
        (
            &|request| {
                request.headers = vec![("Content-Type".into(), hole())];
                request.body = Some(Body::Multipart(Vec::new()));
            },
            "the content type of a multipart body is made of values",
        ),
    ] {
        let message = refused(change);
        assert!(message.contains(words), "{message}");
        assert!(message.starts_with("steps: flow \"flow 1\", step 1: "), "{message}");
    }
}

#[test]
fn files_and_parts_are_shown_by_their_names() {
    let part = |name: &str, content, filename: Option<&str>| BodyPart {
        name: name.into(),
        content,
        filename: filename.map(|name| Template::Fixed(name.into())),
        content_type: None,
    };
    let parts = [
        part("a", PartContent::Text(Template::Fixed("1".into())), None),
        part("up", PartContent::File("/data/x.bin".into()), Some("x.bin")),
    ];
    let texts = ["1", "x.bin"];
    let mut shown = Vec::new();
    let mut add = |index: usize, out: &mut Vec<u8>| out.extend_from_slice(texts[index].as_bytes());
    let next = parts.iter().fold(0, |index, part| show_part(part, index, &mut add, &mut shown));
    assert_eq!(next, texts.len());
    assert_eq!(String::from_utf8(shown).unwrap(), "\na: 1\nup: x.bin <the file /data/x.bin>");
}

#[test]
fn a_short_request_is_shown_whole() {
    let body = Template::Parts(vec![Part::Text("a=1&b=".into()), Part::Secret("pass".into())]);
    assert_eq!(shown("/x", body, None), "GET /x HTTP/1.1\nhost: 127.0.0.1:8700\n\na=1&b=***");
}

#[test]
fn a_long_request_is_cut_between_characters() {
    let long = "\u{20ac}".repeat(10_000);
    let rendered = vec![Part::variable(0, Encode::Raw)];
    for start in ["/", "/1", "/12", "/123"] {
        let fixed = shown(start, Template::Fixed(long.clone()), None);
        assert!((SHOWN_BYTES - 3..=SHOWN_BYTES).contains(&fixed.len()), "{}", fixed.len());
        assert!(fixed.starts_with(&format!("GET {start} HTTP/1.1\n")));
        let value = Value::from_text(long.clone().into_bytes());
        assert_eq!(shown(start, Template::Parts(rendered.clone()), Some(value)), fixed);
    }
    let long_path = shown(&format!("/{}", "x".repeat(10_000)), Template::Fixed("body".into()), None);
    assert_eq!(long_path.len(), SHOWN_BYTES);
}

#[test]
fn bytes_that_are_no_text_do_not_make_a_shown_request_longer() {
    let body = Template::Parts(vec![Part::variable(0, Encode::Raw)]);
    let bytes = shown("/", body, Some(Value::from_text(vec![0xff; 10_000])));
    assert!((SHOWN_BYTES - 3..=SHOWN_BYTES).contains(&bytes.len()), "{}", bytes.len());
}
