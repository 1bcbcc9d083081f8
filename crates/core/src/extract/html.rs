//! HTML read into a tree, within bounds: what a server sends must not stop the worker that looks at it.

use html5ever::driver::{Parser, parse_document};
use html5ever::tendril::TendrilSink;
use scraper::{Html, HtmlTreeSink};

use super::ExtractFailure;

/// Elements nest at most about so deep: as in browsers. The time to read a page grows with the square of its depth.
const MAX_DEPTH: usize = 512;
/// Elements, texts and comments of a page. Elements that were never closed, such as `<b>`, are made again in each
/// paragraph, so a few bytes can ask for many of them.
const MAX_NODES: usize = 1_000_000;
/// The bounds are looked at after so many bytes: what these can add is bounded by their number.
const PIECE_BYTES: usize = 2048;

/// The tree that a browser would make of this text.
///
/// # Errors
/// When it nests too deep or has too many parts.
pub(super) fn parse(text: &str) -> Result<Html, ExtractFailure> {
    let mut parser = parse_document(HtmlTreeSink::new(Html::new_document()), Default::default());
    let mut rest = text;
    while !rest.is_empty() {
        let is_boundary = |at: &usize| rest.is_char_boundary(*at);
        let end = (PIECE_BYTES..rest.len()).find(is_boundary).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        parser.process(piece.into());
        check(&parser)?;
        rest = behind;
    }
    Ok(parser.finish())
}

/// The node that was made last is where the parser is, so its depth is that of the elements that are open.
fn check(parser: &Parser<HtmlTreeSink>) -> Result<(), ExtractFailure> {
    let html = parser.tokenizer.sink.sink.0.borrow();
    let nodes = html.tree.values().len();
    if nodes > MAX_NODES {
        return Err(ExtractFailure::new(format!(
            "the page has more than {MAX_NODES} elements and texts, too many to be read as HTML"
        )));
    }
    let depth = html.tree.nodes().next_back().map_or(0, |last| last.ancestors().take(MAX_DEPTH + 1).count());
    if depth > MAX_DEPTH {
        return Err(ExtractFailure::new(format!(
            "elements of the page nest more than {MAX_DEPTH} deep, too deep to be read as HTML"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        parse(text).expect_err("it is too much").to_string()
    }

    #[test]
    fn a_page_in_pieces_is_the_page_in_one() {
        let rows = "<tr><td>Grüße <b>an <i>alle</b><li>x<script>if (a<b) '<div>'</script>".repeat(500);
        let page = format!("<!doctype html><title>t</title><table>{rows}");
        assert!(page.len() > 5 * PIECE_BYTES);
        assert!(parse(&page).unwrap() == Html::parse_document(&page));
        assert!(parse("").unwrap() == Html::parse_document(""));
    }

    #[test]
    fn lists_whose_items_are_never_closed_may_be_long() {
        let page = "<ul>".to_owned() + &"<li>an item<p>a paragraph<br>".repeat(5_000);
        assert!(parse(&page).is_ok());
    }

    #[test]
    fn what_nests_as_deep_as_browsers_allow_is_read() {
        assert!(parse(&("<div>".repeat(500) + "x")).is_ok());
    }

    #[test]
    fn what_nests_deeper_is_refused_long_before_its_end() {
        for element in ["<div>", "<span></p>", "<table><td>", "<rt>", "<object></div>", "<svg><g>"] {
            let refusal = refusal(&element.repeat(200_000));
            assert!(refusal.contains("nest more than 512 deep"), "{element}: {refusal}");
        }
    }

    #[test]
    fn elements_that_a_browser_makes_again_and_again_are_counted() {
        let open: String = (0..400).map(|number| format!("<b id={number}>")).collect();
        let refusal = refusal(&format!("<p>{open}{}", "<p>x".repeat(200_000)));
        assert!(refusal.contains("more than 1000000 elements"), "{refusal}");
    }
}
