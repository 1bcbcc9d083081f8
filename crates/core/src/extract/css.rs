//! CSS selectors on HTML.

use scraper::Selector;

use super::{ExtractError, ExtractFailure, Response};
use crate::template::Value;

/// Longest selector.
const MAX_SELECTOR_BYTES: usize = 1_000;
/// Deepest nesting of parentheses, as in `:not(:is(…))`.
const MAX_NESTING: usize = 16;

#[derive(Debug)]
pub(super) struct Css {
    selector: Selector,
    attribute: Option<Box<str>>,
}

impl Css {
    pub fn compile(text: &str, attribute: Option<&str>) -> Result<Self, ExtractError> {
        check_size(text)?;
        let selector = Selector::parse(text).map_err(|error| explain(text, &format!("{error:?}")))?;
        Ok(Self { selector, attribute: attribute.map(|name| name.to_ascii_lowercase().into()) })
    }

    /// The attribute of each element, or its text without the white space at both ends.
    pub fn find(&self, response: &Response, at_most: usize) -> Result<Vec<Value>, ExtractFailure> {
        let elements = response.html()?.select(&self.selector);
        let values = elements.filter_map(|element| match &self.attribute {
            Some(name) => element.attr(name).map(|value| Value::from_text(value.as_bytes())),
            None => {
                let text: String = element.text().collect();
                Some(Value::from_text(text.trim().as_bytes()))
            }
        });
        Ok(values.take(at_most).collect())
    }
}

fn check_size(text: &str) -> Result<(), ExtractError> {
    if text.len() > MAX_SELECTOR_BYTES {
        return Err(ExtractError::new(0, format!("a selector has at most {MAX_SELECTOR_BYTES} bytes")));
    }
    let mut open = 0_usize;
    for (offset, char) in text.chars().enumerate() {
        match char {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_NESTING {
            return Err(ExtractError::new(offset, format!("parentheses nest at most {MAX_NESTING} deep")));
        }
    }
    Ok(())
}

/// The parser does not tell where an error is: it is after the longest beginning that is a selector. What it says of
/// unknown names is quoted in `said`.
fn explain(text: &str, said: &str) -> ExtractError {
    let ends = text.char_indices().map(|(at, _)| at).rev();
    let valid = ends.map(|end| &text[..end]).find(|beginning| Selector::parse(beginning).is_ok());
    let offset = valid.unwrap_or_default().chars().count();
    let unknown =
        said.split_once("UnsupportedPseudoClassOrElement(\"").and_then(|(_, rest)| rest.split('"').next());
    let message = match unknown {
        Some(name) => {
            format!("':{name}' is not supported: it has no meaning in a document that nobody looks at")
        }
        None => "not a CSS selector from here on, such as 'form > input.wide[name=token]'".to_owned(),
    };
    ExtractError::new(offset, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: &[u8] = b"<!doctype html><html><body><h1>\n Hello <b>you</b> </h1>
        <form><input name=token value=abc><input name=empty></form><ul><li class='a b'>1<li>2</ul>";

    fn found(selector: &str, attribute: Option<&str>) -> Vec<String> {
        let css = Css::compile(selector, attribute).unwrap();
        let values = css.find(&Response::new(200, b"", PAGE, 0), 10).unwrap();
        values.iter().map(|value| String::from_utf8_lossy(value.text()).into_owned()).collect()
    }

    #[test]
    fn the_text_of_an_element_or_its_attribute_is_found() {
        let rows: [(&str, Option<&str>, &[&str]); 8] = [
            ("h1", None, &["Hello you"]),
            ("input[name=token]", Some("VALUE"), &["abc"]),
            ("input", Some("value"), &["abc"]),
            ("ul > li", None, &["1", "2"]),
            ("li.a.b, h1 b", None, &["you", "1"]),
            ("li:nth-child(2)", None, &["2"]),
            ("li:not(.a)", None, &["2"]),
            ("table", None, &[]),
        ];
        for (selector, attribute, expected) in rows {
            assert_eq!(found(selector, attribute), expected, "{selector}");
        }
    }

    #[test]
    fn what_is_not_a_selector_is_refused_with_its_place() {
        let rows = [
            ("", 0, "not a CSS selector"),
            ("é >", 2, "not a CSS selector"),
            ("li:", 2, "not a CSS selector"),
            ("a $ b", 2, "not a CSS selector"),
            ("li:hover", 2, "':hover' is not supported"),
            ("li::before", 2, "not supported"),
            ("p, li[x=]", 7, "not a CSS selector"),
        ];
        for (selector, offset, message) in rows {
            let error = Css::compile(selector, None).expect_err(selector);
            assert_eq!(error.offset, offset, "{selector}: {error}");
            assert!(error.message.contains(message), "{selector}: {error}");
        }
        assert!(Css::compile(&"a".repeat(1_001), None).is_err());
        assert!(Css::compile(&":not(".repeat(100), None).unwrap_err().message.contains("at most 16 deep"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_selector_or_refused_inside_its_bounds(text in r"([a-c.#\[\]='*:>+~,() é]{0,16}|\PC*)") {
            match Css::compile(&text, None) {
                Ok(css) => { css.find(&Response::new(200, b"", PAGE, 0), 10).unwrap(); }
                Err(error) => prop_assert!(error.offset <= text.chars().count()),
            }
        }
    }
}
