use crate::client::start;

/// What stands between `before` and `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{before} is in {text}"));
    rest.split_once(after).expect("it ends").0
}

#[test]
fn the_page_has_a_form_links_and_a_table() {
    let target = start();
    let page = target.get("/html");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let text = page.text();
    assert_eq!(between(text, "<title>", "</title>"), "Items &amp; prices");
    assert_eq!(text.matches(r#"<a class="link" href="/items/"#).count(), 5);
    assert_eq!(text.matches(r#"class="item first""#).count(), 1);
    assert_eq!(text.matches(r#"<td class="price">"#).count(), 5);
    let item = target.get("/items/1").json();
    assert_eq!(between(text, r#"href="/items/1">"#, "<"), item["name"]);
    assert_eq!(between(text, r#"<td class="price">"#, "<"), item["price"].to_string());
}

#[test]
fn the_csrf_field_is_another_one_on_each_page_and_the_same_ones_after_a_reset() {
    let target = start();
    let mut client = target.connect();
    let mut fields = || [(); 3].map(|()| between(client.get("/html").text(), "value=\"", "\"").to_owned());
    let first = fields();
    assert!(first[0] != first[1] && first[1] != first[2], "{first:?}");
    assert_eq!(target.connect().post("/_target/reset", "").status(), 200);
    assert_eq!(fields(), first);
}

#[test]
fn the_form_is_taken_with_a_genuine_csrf_field_alone() {
    let target = start();
    let mut client = target.connect();
    client.get("/html");
    let page = client.get("/html");
    let csrf = between(page.text(), "name=\"csrf\" value=\"", "\"");
    let taken = client.post("/html/submit", &format!("item=1&csrf={csrf}"));
    assert_eq!((taken.status(), &taken.json()["page"]), (200, &2.into()));
    let (number, proof) = csrf.split_at(16);
    for form in
        ["", "csrf=", &format!("csrf=0{}{proof}", &number[..15]), "csrf=ééééééééé", &format!("csrf={number}")]
    {
        assert_eq!(client.post("/html/submit", form).status(), 403, "{form}");
    }
}

#[test]
fn the_xml_document_has_items_in_a_namespace() {
    let target = start();
    let document = target.get("/xml");
    assert_eq!(document.header("content-type"), Some("text/xml; charset=utf-8"));
    let text = document.text();
    assert_eq!(text.matches("<shop:item id=").count(), 5);
    assert_eq!(between(text, "<shop:name>", "<"), target.get("/items/1").json()["name"]);
    assert_eq!(between(text, "<shop:count>", "<"), "5");
}
