use super::*;
use proptest::prelude::*;

const NOW_S: i64 = 1_700_000_000;

fn origin(address: &str) -> (Origin, String) {
    let address = crate::url::Address::parse(address).unwrap();
    (address.origin, address.target)
}

fn store(jar: &mut Jar, address: &str, set_cookie: &str) {
    let (origin, target) = origin(address);
    jar.store(set_cookie, Site::new(&origin, &target), NOW_S);
}

fn sent(jar: &Jar, address: &str, given: &str, now_s: i64) -> String {
    let (origin, target) = origin(address);
    let mut out = String::new();
    jar.write(given, Site::new(&origin, &target), now_s, &mut out);
    out
}

/// What goes to `address` after a response from `from` has set these cookies.
fn after(from: &str, set_cookies: &[&str], address: &str) -> String {
    let mut jar = Jar::default();
    set_cookies.iter().for_each(|set_cookie| store(&mut jar, from, set_cookie));
    sent(&jar, address, "", NOW_S)
}

#[test]
fn a_cookie_goes_back_to_the_host_that_set_it_and_to_no_other() {
    assert_eq!(after("http://shop.example/", &["a=1"], "http://shop.example/x"), "a=1");
    assert_eq!(after("http://shop.example/", &["a=1"], "http://shop.example:81/x"), "a=1");
    for other in ["http://www.shop.example/", "http://example/", "http://ashop.example/"] {
        assert_eq!(after("http://shop.example/", &["a=1"], other), "", "{other}");
    }
}

#[test]
fn a_domain_reaches_the_hosts_below_it() {
    let set = ["a=1; domain=.Shop.example"];
    for (from, to, expected) in [
        ("http://shop.example/", "http://shop.example/", "a=1"),
        ("http://www.shop.example/", "http://api.shop.example/", "a=1"),
        ("http://www.shop.example/", "http://myshop.example/", ""),
        ("http://other.example/", "http://shop.example/", ""),
    ] {
        assert_eq!(after(from, &set, to), expected, "{from} {to}");
    }
    assert_eq!(after("http://a.example/", &["a=1; domain=example"], "http://b.example/"), "");
    assert_eq!(after("http://localhost/", &["a=1; domain=localhost"], "http://localhost/"), "a=1");
    assert_eq!(after("http://127.0.0.1/", &["a=1; domain=127.0.0.1"], "http://127.0.0.1/"), "a=1");
    assert_eq!(after("http://127.0.0.1/", &["a=1; domain=0.0.1"], "http://127.0.0.1/"), "");
}

#[test]
fn paths_match_whole_segments() {
    for (set, to, expected) in [
        ("a=1; path=/x", "/x", "a=1"),
        ("a=1; path=/x", "/x/y?q", "a=1"),
        ("a=1; path=/x", "/xy", ""),
        ("a=1; path=/x/", "/x/y", "a=1"),
        ("a=1; path=/x/", "/x", ""),
        ("a=1", "/deep/other", "a=1"),
        ("a=1", "/", ""),
        ("a=1; path=relative", "/deep", "a=1"),
    ] {
        let to_address = format!("http://a.example{to}");
        assert_eq!(after("http://a.example/deep/page?x=/y", &[set], &to_address), expected, "{set} {to}");
    }
}

#[test]
fn secure_cookies_go_over_tls_and_to_loopback() {
    for (from, expected) in [
        ("http://a.example/", ""),
        ("https://a.example/", "a=1"),
        ("http://127.0.0.1/", "a=1"),
        ("http://app.localhost/", "a=1"),
    ] {
        assert_eq!(after(from, &["a=1; Secure"], from), expected, "{from}");
    }
}

#[test]
fn cookies_expire_by_age_before_date() {
    let mut jar = Jar::default();
    let address = "http://a.example/";
    store(&mut jar, address, "age=1; max-age=10; expires=Thu, 01 Jan 1970 00:00:00 GMT");
    store(&mut jar, address, "date=2; expires=Tue, 14 Nov 2023 22:13:25 GMT");
    assert_eq!(sent(&jar, address, "", NOW_S), "age=1; date=2");
    assert_eq!(sent(&jar, address, "", NOW_S + 5), "age=1");
    assert_eq!(sent(&jar, address, "", NOW_S + 10), "");
}

#[test]
fn a_server_deletes_a_cookie_by_letting_it_expire() {
    let mut jar = Jar::default();
    store(&mut jar, "http://a.example/", "a=1");
    store(&mut jar, "http://a.example/", "a=; max-age=0");
    assert!(jar.is_empty());
    store(&mut jar, "http://a.example/", "never=1; expires=Thu, 01 Jan 1970 00:00:00 GMT");
    assert!(jar.is_empty());
}

#[test]
fn a_changed_cookie_keeps_its_place_and_longer_paths_come_first() {
    let set = ["a=1; path=/", "b=2; path=/", "c=3; path=/x", "a=4; path=/"];
    assert_eq!(after("http://a.example/", &set, "http://a.example/x"), "c=3; a=4; b=2");
}

#[test]
fn cookies_of_the_request_come_first_and_win_by_name() {
    let mut jar = Jar::default();
    for set_cookie in ["a=jar", "b=jar", "c"] {
        store(&mut jar, "http://a.example/", set_cookie);
    }
    let sent = |given| sent(&jar, "http://a.example/", given, NOW_S);
    assert_eq!(sent("a=own"), "a=own; b=jar; c");
    assert_eq!(sent("x=1; b=own; "), "x=1; b=own; a=jar; c");
    assert_eq!(sent(""), "a=jar; b=jar; c");
}

#[test]
fn a_jar_is_bounded_and_the_oldest_cookies_go_first() {
    let mut jar = Jar::default();
    store(&mut jar, "http://a.example/", &format!("big={}", "x".repeat(MAX_COOKIE_BYTES - 3)));
    assert_eq!(jar.len(), 1);
    store(&mut jar, "http://a.example/", &format!("big={}", "x".repeat(MAX_COOKIE_BYTES - 2)));
    store(&mut jar, "http://a.example/", "big=; max-age=0");
    assert!(jar.is_empty());
    for index in 0..=MAX_COOKIES_OF_A_DOMAIN {
        store(&mut jar, "http://a.example/", &format!("n{index}=1"));
    }
    assert_eq!(jar.len(), MAX_COOKIES_OF_A_DOMAIN);
    let sent = sent(&jar, "http://a.example/", "", NOW_S);
    assert!(sent.starts_with("n1=1; n2=1;"), "{sent}");
    for index in 0..2 * MAX_COOKIES {
        store(&mut jar, &format!("http://h{index}.example/"), "a=1");
    }
    assert_eq!(jar.len(), MAX_COOKIES);
}

#[test]
fn an_expired_cookie_makes_room_before_a_living_one_does() {
    let mut jar = Jar::default();
    let (origin, target) = origin("http://a.example/");
    for index in 0..MAX_COOKIES_OF_A_DOMAIN {
        let age = if index == 7 { "; max-age=1" } else { "" };
        jar.store(&format!("n{index}=1{age}"), Site::new(&origin, &target), NOW_S);
    }
    jar.store("new=1", Site::new(&origin, &target), NOW_S + 2);
    let sent = sent(&jar, "http://a.example/", "", NOW_S + 2);
    assert!(sent.starts_with("n0=1;") && !sent.contains("n7=") && sent.ends_with("new=1"), "{sent}");
}

#[test]
fn a_clone_is_a_baseline_that_later_cookies_do_not_change() {
    let mut jar = Jar::default();
    store(&mut jar, "http://a.example/", "a=1");
    let baseline = jar.clone();
    store(&mut jar, "http://a.example/", "b=2");
    assert_eq!((jar.len(), baseline.len()), (2, 1));
    assert_eq!(baseline.pairs().collect::<Vec<_>>(), [("a", "1")]);
}

#[test]
fn debug_output_shows_no_value() {
    let mut jar = Jar::default();
    store(&mut jar, "http://a.example/", "sid=topsecret");
    assert!(!format!("{jar:?}").contains("topsecret"));
}

#[test]
fn what_a_branch_did_to_its_cookies_is_done_and_nothing_else() {
    let before = {
        let mut jar = Jar::default();
        store(&mut jar, "http://a.example/", "sid=old");
        store(&mut jar, "http://a.example/", "seen=1");
        jar
    };
    let branch = |header: &str| {
        let mut jar = before.clone();
        store(&mut jar, "http://a.example/", header);
        jar
    };
    let mut jar = before.clone();
    jar.absorb(&before, branch("sid=new"));
    jar.absorb(&before, branch("theme=dark"));
    jar.absorb(&before, branch("seen=; max-age=0"));
    jar.absorb(&before, before.clone());
    assert_eq!(sent(&jar, "http://a.example/", "", NOW_S), "sid=new; theme=dark");
}

proptest! {
    #[test]
    fn whatever_is_set_the_header_can_be_sent(headers in prop::collection::vec("\\PC{0,30}|[a-z]=[a-z]{0,4}", 0..20)) {
        let mut jar = Jar::default();
        for header in &headers {
            store(&mut jar, "http://a.example/", header);
        }
        let sent = sent(&jar, "http://a.example/", "", NOW_S);
        prop_assert!(crate::wire::http1::is_header_value(sent.as_bytes()));
        prop_assert!(jar.len() <= headers.len());
    }

    #[test]
    fn a_name_is_sent_once_to_one_path(values in prop::collection::vec(("[a-c]", "[0-9]{1,3}"), 1..30)) {
        let mut jar = Jar::default();
        for (name, value) in &values {
            store(&mut jar, "http://a.example/", &format!("{name}={value}"));
        }
        let sent = sent(&jar, "http://a.example/", "", NOW_S);
        for name in ["a", "b", "c"] {
            let last = values.iter().rev().find(|(other, _)| other == name);
            let found: Vec<&str> = sent.split("; ").filter(|pair| pair.starts_with(name)).collect();
            let expected: Vec<String> = last.map(|(name, value)| format!("{name}={value}")).into_iter().collect();
            prop_assert_eq!(found, expected);
        }
    }
}
