use super::*;
use proptest::prelude::*;

const SHOP: &str = r#"<?xml version="1.0"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="urn:shop">
  <soap:Body><m:Items total="3"><!-- stock -->
    <m:Item id="1"><m:Name>red  pen</m:Name><m:Price>2.50</m:Price></m:Item>
    <m:Item id="2" sold="yes"><m:Name>blue pen</m:Name><m:Price>10</m:Price></m:Item>
    <m:Item id="12345678"><m:Name>book</m:Name><m:Price>7</m:Price></m:Item>
  </m:Items></soap:Body>
</soap:Envelope>"#;

fn texts(page: &Page, text: &str) -> Vec<String> {
    let xpath = XPath::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let values = xpath.find(page, 100).unwrap();
    values.iter().map(|value| String::from_utf8_lossy(value.text()).into_owned()).collect()
}

#[test]
fn paths_lead_to_the_texts_of_their_nodes() {
    let page = Page::of_xml(SHOP).unwrap();
    let rows: [(&str, &[&str]); 34] = [
        ("//m:Name", &["red  pen", "blue pen", "book"]),
        ("//Name", &["red  pen", "blue pen", "book"]),
        ("/soap:Envelope/soap:Body/m:Items/m:Item[2]/m:Price", &["10"]),
        ("/Envelope/Body/Items/Item[last()]/@id", &["12345678"]),
        ("//x:Name", &[]),
        ("//name", &[]),
        ("//m:*/@sold", &["yes"]),
        ("//@id", &["1", "2", "12345678"]),
        ("//Item[@id='2']/Name/text()", &["blue pen"]),
        ("//Item[Price > 5 and not(@sold)]/Name", &["book"]),
        ("//Item[Price<5 or @sold='yes']/@id", &["1", "2"]),
        ("//Item[contains(Name, 'pen')][2]/@id", &["2"]),
        ("//Item[starts-with(Name, 'b')]/@id", &["2", "12345678"]),
        ("//Price[. = 7]/../Name", &["book"]),
        ("//Item[position() mod 2 = 1]/@id", &["1", "12345678"]),
        ("//Item[3]/preceding-sibling::Item[1]/@id", &["2"]),
        ("//Item[1]/following-sibling::Item/@id", &["2", "12345678"]),
        ("//Price[. = '10']/ancestor::Item/@id", &["2"]),
        ("//Item[1]/following::Price[1]", &["10"]),
        ("//Item[3]/preceding::Price[1]", &["10"]),
        ("//comment()", &[" stock "]),
        ("//Name[. = 'book'] | //Item[1]/Price", &["2.50", "book"]),
        ("(//Name)[2]", &["blue pen"]),
        ("//Name[1]", &["red  pen", "blue pen", "book"]),
        ("//Item/self::node()[@id=1]/descendant::*", &["red  pen", "2.50"]),
        ("//Item[1]/descendant-or-self::*/@id", &["1"]),
        ("//@sold/../Name", &["blue pen"]),
        ("//@sold/.", &["yes"]),
        ("//Name[normalize-space() = 'red pen']/../@id", &["1"]),
        ("//*[local-name() = 'Items']/@total", &["3"]),
        ("//*[name() = 'm:Items']/attribute::*", &["3"]),
        ("//Item[count(*) = 2][number(Price) >= 2.5]/@id", &["1", "2", "12345678"]),
        ("//Item[Price = //Item[2]/Price]/@id", &["2"]),
        ("/Envelope[Missing]", &[]),
    ];
    for (text, expected) in rows {
        assert_eq!(texts(&page, text), expected, "{text}");
    }
}

#[test]
fn expressions_without_nodes_have_a_value_of_their_own() {
    let page = Page::of_xml(SHOP).unwrap();
    let rows = [
        ("count(//Item)", "3", true),
        ("sum(//Price)", "19.5", true),
        ("string(//Item[1]/@id)", "1", false),
        ("//Item[3]/@id = 12345678", "true", true),
        ("//Item/@id != 1", "true", true),
        ("//Missing = ''", "false", true),
        ("boolean(//Missing)", "false", true),
        ("//Missing = false()", "true", true),
        ("true() > 0", "true", true),
        ("number(//Item[3]/@id) * 1", "12345678", true),
        ("1 div 0", "Infinity", false),
        ("number('x')", "NaN", false),
        ("number('1e3')", "NaN", false),
        ("-0", "0", true),
        ("2 + 3 * 4 - 10 div 4", "11.5", true),
        ("--2 - -1", "3", true),
        ("7 mod -2", "1", true),
        ("round(-2.5)", "-2", true),
        ("floor(2.9) + ceiling(2.1)", "5", true),
        ("concat('a', 1, true())", "a1true", false),
        ("substring('12345', 1.5, 2.6)", "234", false),
        ("substring('12345', 0, 3)", "12", false),
        ("substring('12345', 2)", "2345", false),
        ("substring('12345', 0 div 0, 3)", "", false),
        ("substring('12345', -42, 1 div 0)", "12345", false),
        ("substring-before('1999/04', '/')", "1999", false),
        ("substring-after('1999/04', '/')", "04", false),
        ("translate('bar', 'abr', 'AB')", "BA", false),
        ("string-length('é😀')", "2", true),
        ("1000000 * 1000000 * 1000000 * 1000000", "1000000000000000000000000", true),
        ("'a' = 'a' and 'a' != 'b' and 1 < 2 and 2 <= 2", "true", true),
    ];
    for (text, expected, is_json) in rows {
        let values = XPath::compile(text).unwrap().find(&page, 100).unwrap();
        assert_eq!(values.len(), 1, "{text}");
        assert_eq!(String::from_utf8_lossy(values[0].text()), expected, "{text}");
        assert_eq!(values[0].is_json(), is_json, "{text}");
    }
}

#[test]
fn in_html_the_case_of_names_does_not_matter() {
    let html = "<p>x<TABLE><tr><td Class='a b'>1<td>2</table><input name=csrf value=abc>";
    let page = Page::of_html(&scraper::Html::parse_document(html));
    assert_eq!(texts(&page, "//TD[contains(@class, 'b')]"), ["1"]);
    assert_eq!(texts(&page, "//table//tr/td[2]"), ["2"]);
    assert_eq!(texts(&page, "//input[@NAME='csrf']/@value"), ["abc"]);
    assert_eq!(texts(&page, "/html/body/p/text()"), ["x"]);
}

#[test]
fn what_is_not_supported_is_refused_with_its_place() {
    let rows = [
        ("", 0, "expected a name"),
        ("//", 2, "expected a name"),
        ("//é[", 4, "expected a name"),
        ("//a[1", 5, "expected ']'"),
        ("//a]", 3, "expected an operator or the end"),
        ("//a b", 4, "expected an operator or the end"),
        ("//a[$x]", 4, "variables of XPath"),
        ("id('x')", 0, "there is no function id()"),
        ("//a[matches(., 'x')]", 4, "there is no function matches()"),
        ("contains('a')", 0, "contains() takes 2 arguments"),
        ("substring('a')", 0, "substring() takes 2 to 3 arguments"),
        ("true(1, 2", 0, "true() takes 0 arguments"),
        ("count(1)", 0, "the argument of count() is a path"),
        ("'a' | //b", 4, "'|' joins paths only"),
        ("'a'[1]", 0, "only a path can be followed"),
        ("//namespace::x", 2, "there is no axis namespace::"),
        ("//processing-instruction()", 2, "cannot stand in a path"),
        ("//a = 'x", 6, "never closed"),
        ("//a # b", 4, "this character cannot stand here"),
    ];
    for (text, offset, message) in rows {
        let error = XPath::compile(text).expect_err(text);
        assert_eq!(error.offset, offset, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

#[test]
fn expressions_are_limited_in_length_and_depth() {
    for text in
        ["(".repeat(3_000), "a[".repeat(1_900), "not(".repeat(900), "-".repeat(3_999), "1".repeat(4_001)]
    {
        assert!(XPath::compile(&text).is_err());
    }
    assert!(XPath::compile(&format!("{}1", "1+".repeat(101))).is_err());
    let page = Page::of_xml("<a/>").unwrap();
    let wide = (0..19).fold("1".to_owned(), |inner, _| format!("({inner}){}", "+1".repeat(99)));
    assert_eq!(texts(&page, &wide), [(1 + 19 * 99).to_string()]);
}

#[test]
fn an_expression_that_would_take_for_ever_ends_with_an_error() {
    let page = Page::of_xml(&format!("<r>{}</r>", "<a>x</a>".repeat(3_000))).unwrap();
    let xpath = XPath::compile("//a[count(//a[. = //a]) = 1]").unwrap();
    assert!(xpath.find(&page, 1).unwrap_err().to_string().contains("too many nodes"));
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_refused_inside_its_bounds(
        text in r"([/*@.|=<>()\[\]a-c1:' é-]{0,16}|(//?(a|@b|\.\.|text\(\)|\*)(\[(1|@b|last\(\)|\. ?= ?'x')\])?){1,4}|\PC*)"
    ) {
        let page = Page::of_xml("<a b='1'><c>x</c><a/></a>").unwrap();
        match XPath::compile(&text) {
            Ok(xpath) => drop(xpath.find(&page, 10)),
            Err(error) => prop_assert!(error.offset <= text.chars().count()),
        }
    }
}
