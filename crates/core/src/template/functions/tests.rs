use super::super::{Bounds, ReadyTemplate, Row, Scope, Value};
use super::*;
use crate::plan::{Encode, Expr, Part, Template};
use crate::random::Random;
use proptest::prelude::*;

/// 2026-11-20T21:43:26.123Z.
const NOW_NS: u64 = 1_795_211_006_123_000_000;

fn call(function: Function, arguments: Vec<Expr>) -> ReadyTemplate {
    let template = Template::Parts(vec![Part::call(function, arguments, Encode::Raw)]);
    ReadyTemplate::compile(&template, &Bounds { variables: 3, columns: vec![] }).expect("the call is sound")
}

fn value_of(template: &ReadyTemplate, variables: &[Option<Value>], seed: u64) -> Result<Value, RenderError> {
    let rows: [Option<Row>; 0] = [];
    let mut random = Random::new(seed);
    template.value(&mut Scope { variables, rows: &rows, sequence: 41, unix_ns: NOW_NS, random: &mut random })
}

/// The result for texts, once as constants and once as variables.
fn result(function: Function, texts: &[&str]) -> Result<String, RenderError> {
    let constants = texts.iter().map(|text| Expr::Text((*text).into())).collect();
    let variables = texts.iter().map(|text| Some(Value::from_text(text.as_bytes()))).collect::<Vec<_>>();
    let live = call(function, (0..texts.len()).map(Expr::Variable).collect());
    let live = value_of(&live, &variables, 1)?;
    assert_eq!(value_of(&call(function, constants), &[], 1)?, live, "{function}");
    Ok(String::from_utf8(live.text().to_vec()).expect("text"))
}

fn of_json(function: Function, json: &str) -> String {
    let value = value_of(&call(function, vec![Expr::Json(json.into())]), &[], 1).unwrap();
    String::from_utf8(value.text().to_vec()).unwrap()
}

#[test]
fn texts_become_other_texts() {
    use Function as F;
    let rows: [(F, &[&str], &str); 21] = [
        (F::Base64, &["user:pässword"], "dXNlcjpww6Rzc3dvcmQ="),
        (F::Base64Url, &["~~~?"], "fn5-Pw"),
        (F::Base64Decode, &["fn5-Pw"], "~~~?"),
        (F::Base64Decode, &["fn5+Pw=="], "~~~?"),
        (F::Base64Decode, &["fn5+Pw"], "~~~?"),
        (F::UrlEncode, &["a b/ü"], "a%20b%2F%C3%BC"),
        (F::UrlDecode, &["a%20b+%zz%C3%BC%4"], "a b+%zzü%4"),
        (F::Lower, &["ÄB"], "äb"),
        (F::Upper, &["äb"], "ÄB"),
        (F::Trim, &["\u{a0} a b\n"], "a b"),
        (F::JsonEscape, &["a\"\n"], "a\\\"\\n"),
        (F::Json, &["a\"b"], "\"a\\\"b\""),
        (F::Length, &["äöü"], "3"),
        (F::Length, &["[1,2]"], "5"),
        (F::Add, &["0.1", "0.2", "-1"], "-0.7"),
        (F::TimeAdd, &["2026-02-28T23:00:00Z", "1h30m"], "2026-03-01T00:30:00.000Z"),
        (F::TimeAdd, &["2026-03-01T01:00:00+02:00", "-1d"], "2026-02-27T23:00:00.000Z"),
        (F::TimeFormat, &["2026-11-20", "%d.%m.%Y"], "20.11.2026"),
        (F::Now, &[], "2026-11-20T21:43:26.123Z"),
        (F::Now, &["http", "-1d"], "Thu, 19 Nov 2026 21:43:26 GMT"),
        (F::Now, &["unix_ms", "1s"], "1795211007123"),
    ];
    for (function, texts, expected) in rows {
        assert_eq!(result(function, texts).as_deref(), Ok(expected), "{function} {texts:?}");
    }
}

/// Python reads the example of every function, and computes some of them itself.
#[test]
fn python_and_rust_agree_on_the_example_of_every_function() {
    #[derive(serde::Deserialize)]
    struct Example {
        template: Template,
        folded: Option<String>,
    }
    let examples = include_str!("../../../../../tests/golden/functions.json");
    let examples: std::collections::BTreeMap<String, Example> = serde_json::from_str(examples).unwrap();
    assert_eq!(examples.len(), 29);
    for (name, example) in examples {
        let ready = ReadyTemplate::compile(&example.template, &Bounds::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let value = value_of(&ready, &[], 1).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Some(folded) = example.folded {
            assert_eq!(value.text(), folded.as_bytes(), "{name}");
        }
    }
}

#[test]
fn json_is_counted_and_written_as_it_is() {
    assert_eq!(of_json(Function::Length, "[1, [2, 3], {}]"), "3");
    assert_eq!(of_json(Function::Length, r#"{"a": 1, "b": [1]}"#), "2");
    assert_eq!(of_json(Function::Length, "1234"), "4");
    assert_eq!(of_json(Function::Json, r#"{"a": 1.0}"#), r#"{"a": 1.0}"#);
    assert_eq!(of_json(Function::JsonEscape, r#"{"a": 1}"#), r#"{\"a\": 1}"#);
}

#[test]
fn digests_are_those_of_the_standards() {
    use Function as F;
    let text = "The quick brown fox jumps over the lazy dog";
    let rows: [(F, &[&str], &str); 7] = [
        (F::Md5, &[text], "9e107d9d372bb6826bd81d3542a419d6"),
        (F::Sha1, &[text], "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"),
        (F::Sha256, &[text], "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592"),
        (F::HmacMd5, &["key", text], "80070713463e7749b90c2dc24911e275"),
        (F::HmacSha1, &["key", text], "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"),
        (
            F::HmacSha256,
            &["key", text, "hex"],
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
        ),
        (F::HmacSha256, &["key", text, "base64"], "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg="),
    ];
    for (function, texts, expected) in rows {
        assert_eq!(result(function, texts).as_deref(), Ok(expected), "{function}");
    }
}

#[test]
fn tokens_are_signed_as_other_libraries_sign_them() {
    let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    let claims = r#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#;
    let token = |algorithm: &str, claims: Expr| {
        let key = Expr::Text("your-256-bit-secret".into());
        let token = call(Function::Jwt, vec![Expr::Text(algorithm.into()), claims, key]);
        String::from_utf8(value_of(&token, &[], 1).unwrap().text().to_vec()).unwrap()
    };
    let expected = format!(
        "{header}.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
         SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
    );
    assert_eq!(token("HS256", Expr::Text(claims.into())), expected);
    assert_eq!(token("HS256", Expr::Json(claims.into())), expected);
    for (algorithm, signature_length) in [("HS384", 64), ("HS512", 86)] {
        let token = token(algorithm, Expr::Text("{}".into()));
        assert_eq!(token.rsplit_once('.').map(|(_, signature)| signature.len()), Some(signature_length));
    }
}

#[test]
fn rsa_signs_what_its_public_key_verifies() {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
    use base64::engine::{Engine, general_purpose};

    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der = pair.as_der().unwrap();
    let der = general_purpose::STANDARD.encode(der.as_ref());
    let lines = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
    let spelled_out = lines.replace('\n', "\\n");
    let text = |text: &str| Expr::Text(text.into());
    for (key, pem) in
        [(text(&lines), lines.clone()), (text(&spelled_out), spelled_out), (Expr::Variable(0), lines)]
    {
        let token = call(Function::Jwt, vec![text("RS256"), text(r#"{"a":1}"#), key]);
        let token = value_of(&token, &[Some(Value::from_text(pem.into_bytes()))], 1).unwrap();
        let token = String::from_utf8(token.text().to_vec()).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = general_purpose::URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .unwrap();
    }
}

#[test]
fn counters_count_iterations() {
    assert_eq!(result(Function::Counter, &[]).as_deref(), Ok("42"));
    assert_eq!(result(Function::Counter, &["1000", "-10"]).as_deref(), Ok("590"));
}

#[test]
fn arguments_that_are_wrong_in_the_run_fail_without_showing_them() {
    let rows: [(Function, &[&str], &str); 6] = [
        (Function::Add, &["1", "s3cret"], "argument 2 of add is not a number of at most 36 digits"),
        (Function::TimeAdd, &["9999-12-31", "2d"], "the result of time.add is too large"),
        (
            Function::TimeAdd,
            &["yesterday", "2d"],
            "argument 1 of time.add is not a time: RFC 3339 or seconds since 1970",
        ),
        (
            Function::RandomFloat,
            &["0.001", "0.002"],
            "random.float: no such number is between the two bounds",
        ),
        (Function::RandomString, &["-1"], "argument 1 of random.string is not a length from 0 to 1,000,000"),
        (
            Function::RandomString,
            &["3", ""],
            "argument 2 of random.string is not a text of at least one character",
        ),
    ];
    for (function, texts, message) in rows {
        let error = result(function, texts).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(message));
    }
}

#[test]
fn results_that_would_fill_the_memory_are_refused() {
    let call = call(Function::Base64, vec![Expr::Variable(0)]);
    let value = Value::from_text(vec![0; MAX_RESULT_BYTES]);
    let error = value_of(&call, &[Some(value)], 1);
    assert_eq!(error, Err(RenderError::TooLarge { function: Function::Base64 }));
}

#[test]
fn random_texts_are_of_the_asked_characters() {
    assert_eq!(result(Function::RandomString, &["5", "é"]).as_deref(), Ok("ééééé"));
    let text = result(Function::RandomString, &["1000"]).unwrap();
    assert!(text.len() == 1000 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let email = result(Function::RandomEmail, &["test.example"]).unwrap();
    let (mailbox, domain) = email.split_once('@').unwrap();
    assert_eq!((mailbox.len(), domain), (14, "test.example"));
}

#[test]
fn a_choice_keeps_the_type_of_what_was_chosen() {
    let choices = vec![Expr::Json("1".into()), Expr::Text("a".into()), Expr::Json("[2]".into())];
    let call = call(Function::RandomChoice, choices);
    let seen: std::collections::BTreeSet<(Vec<u8>, bool)> = (0..50)
        .map(|seed| value_of(&call, &[], seed).unwrap())
        .map(|value| (value.text().to_vec(), value.is_json()))
        .collect();
    assert_eq!(seen, [(b"1".to_vec(), true), (b"[2]".to_vec(), true), (b"a".to_vec(), false)].into());
}

proptest! {
    #[test]
    fn uuids_have_the_form_of_version_4(seed: u64) {
        let uuid = value_of(&call(Function::Uuid, vec![]), &[], seed).unwrap();
        let text = String::from_utf8(uuid.text().to_vec()).unwrap();
        let groups: Vec<&str> = text.split('-').collect();
        prop_assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        prop_assert!(text.bytes().all(|byte| matches!(byte, b'-' | b'0'..=b'9' | b'a'..=b'f')));
        prop_assert!(groups[2].starts_with('4') && groups[3].starts_with(['8', '9', 'a', 'b']));
    }

    #[test]
    fn random_decimals_are_between_their_bounds(seed: u64, min in -1000..1000_i32, more in 0..1000_i32) {
        let bounds = [min, min + more].map(|cents| Expr::Json(format!("{}", f64::from(cents) / 100.0)));
        let value = value_of(&call(Function::RandomFloat, bounds.to_vec()), &[], seed).unwrap();
        let text = String::from_utf8(value.text().to_vec()).unwrap();
        prop_assert_eq!(text.rsplit_once('.').map(|(_, decimals)| decimals.len()), Some(2));
        let cents: i32 = text.replace('.', "").parse().unwrap();
        prop_assert!((min..=min + more).contains(&cents));
    }

    #[test]
    fn base64_leads_back_to_the_text(text: String) {
        for encode in [Function::Base64, Function::Base64Url] {
            let encoded = result(encode, &[&text]).unwrap();
            prop_assert_eq!(result(Function::Base64Decode, &[&encoded]).unwrap(), text.clone());
        }
    }

    #[test]
    fn percent_encoding_leads_back_to_the_text(text: String) {
        let encoded = result(Function::UrlEncode, &[&text]).unwrap();
        prop_assert_eq!(result(Function::UrlDecode, &[&encoded]).unwrap(), text);
    }
}
