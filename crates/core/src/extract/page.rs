//! An HTML or XML document as a tree, made once for all XPath expressions that look at it.

use std::borrow::Cow;
use std::ops::Range;

/// What a node is. Processing instructions and declarations are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Above the outermost element.
    Root,
    Element,
    Attribute,
    Text,
    Comment,
}

/// A document. Its nodes stand in document order: an element, its attributes, its children.
#[derive(Debug)]
pub(super) struct Page {
    /// All names and texts.
    text: String,
    nodes: Vec<Node>,
    html: bool,
}

#[derive(Debug)]
struct Node {
    kind: Kind,
    parent: u32,
    /// Index of the node after the last one in it.
    next: u32,
    /// Of elements and attributes, as it is written, with its prefix.
    name: Range<usize>,
    /// Of attributes, texts and comments.
    value: Range<usize>,
}

impl Page {
    fn new(html: bool) -> Self {
        let mut page = Self { text: String::new(), nodes: Vec::new(), html };
        page.push(Kind::Root, 0, "", "");
        page
    }

    /// The tree that a browser would make of an HTML document.
    pub fn of_html(html: &scraper::Html) -> Self {
        let mut page = Self::new(true);
        let mut parent = 0;
        // The elements that are open.
        let mut open = Vec::new();
        for node in html.tree.root().descendants().skip(1) {
            let above = node.parent().filter(|above| above.value().is_element()).map(|above| above.id());
            while open.last().copied() != above && open.pop().is_some() {
                parent = page.close(parent);
            }
            match node.value() {
                scraper::Node::Element(element) => {
                    parent = page.push(Kind::Element, parent, element.name(), "");
                    open.push(node.id());
                    for (name, value) in element.attrs() {
                        page.push(Kind::Attribute, parent, name, value);
                    }
                }
                scraper::Node::Text(text) => drop(page.push(Kind::Text, parent, "", text)),
                scraper::Node::Comment(text) => drop(page.push(Kind::Comment, parent, "", text)),
                _ => {}
            }
        }
        while parent != 0 {
            parent = page.close(parent);
        }
        page.close(0);
        page
    }

    /// Reads an XML document. Document type declarations are refused: they can make a few bytes fill any memory.
    pub fn of_xml(xml: &str) -> Result<Self, roxmltree::Error> {
        let document = roxmltree::Document::parse(xml)?;
        let mut page = Self::new(false);
        let mut parent = 0;
        // The elements that are open.
        let mut open = Vec::new();
        for node in document.root().descendants().skip(1) {
            let above = node.parent_element().map(|above| above.id());
            while open.last().copied() != above && open.pop().is_some() {
                parent = page.close(parent);
            }
            match node.node_type() {
                roxmltree::NodeType::Element => {
                    let name = written_name(&xml[node.range().start + 1..]);
                    parent = page.push(Kind::Element, parent, name, "");
                    open.push(node.id());
                    for attribute in node.attributes() {
                        page.push(Kind::Attribute, parent, &xml[attribute.range_qname()], attribute.value());
                    }
                }
                roxmltree::NodeType::Text => {
                    page.push(Kind::Text, parent, "", node.text().unwrap_or_default());
                }
                roxmltree::NodeType::Comment => {
                    page.push(Kind::Comment, parent, "", node.text().unwrap_or_default());
                }
                roxmltree::NodeType::Root | roxmltree::NodeType::PI => {}
            }
        }
        while parent != 0 {
            parent = page.close(parent);
        }
        page.close(0);
        Ok(page)
    }

    fn push(&mut self, kind: Kind, parent: u32, name: &str, value: &str) -> u32 {
        let index = self.nodes.len() as u32;
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        let (name, value) = (start..middle, middle..self.text.len());
        self.nodes.push(Node { kind, parent, next: index + 1, name, value });
        index
    }

    /// All that is in the node has been pushed. Returns its parent.
    fn close(&mut self, node: u32) -> u32 {
        let next = self.nodes.len() as u32;
        let node = &mut self.nodes[node as usize];
        node.next = next;
        node.parent
    }

    pub fn kind(&self, node: u32) -> Kind {
        self.nodes[node as usize].kind
    }

    /// `None` above the outermost element.
    pub fn parent(&self, node: u32) -> Option<u32> {
        (node != 0).then(|| self.nodes[node as usize].parent)
    }

    /// The node after it and everything in it.
    pub fn next(&self, node: u32) -> u32 {
        self.nodes[node as usize].next
    }

    /// How many nodes there are.
    pub fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// The name as it is written, with its prefix.
    pub fn name(&self, node: u32) -> &str {
        &self.text[self.nodes[node as usize].name.clone()]
    }

    /// The name without its prefix.
    pub fn local_name(&self, node: u32) -> &str {
        let name = self.name(node);
        name.rsplit_once(':').map_or(name, |(_, local)| local)
    }

    /// Whether names are those of HTML, whose case does not matter.
    pub fn is_html(&self) -> bool {
        self.html
    }

    /// Its text, and that of everything in it.
    pub fn string(&self, node: u32) -> Cow<'_, str> {
        let own = |node: u32| &self.text[self.nodes[node as usize].value.clone()];
        if !matches!(self.kind(node), Kind::Root | Kind::Element) {
            return Cow::Borrowed(own(node));
        }
        let mut texts = (node..self.next(node)).filter(|&inner| self.kind(inner) == Kind::Text).map(own);
        match (texts.next(), texts.next()) {
            (None, _) => Cow::Borrowed(""),
            (Some(only), None) => Cow::Borrowed(only),
            (Some(first), Some(second)) => Cow::Owned([first, second].into_iter().chain(texts).collect()),
        }
    }
}

/// The name at the start of a tag.
fn written_name(tag: &str) -> &str {
    let end = tag.find(|char: char| char.is_ascii_whitespace() || matches!(char, '/' | '>'));
    &tag[..end.unwrap_or(tag.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kind, parent, next, name and text of a node.
    type Listed<'a> = (Kind, Option<u32>, u32, &'a str, Cow<'a, str>);

    fn listed(page: &Page) -> Vec<Listed<'_>> {
        let node =
            |node| (page.kind(node), page.parent(node), page.next(node), page.name(node), page.string(node));
        (0..page.len()).map(node).collect()
    }

    #[test]
    fn xml_nodes_stand_in_document_order_with_the_names_as_they_are_written() {
        let xml = "<?xml version=\"1.0\"?><!-- a --><s:a xmlns:s='urn:x' s:k='1' l=\"&lt;\"><b>x<c/>y</b><?p i?><![CDATA[z]]></s:a>";
        let page = Page::of_xml(xml).unwrap();
        let expected = [
            (Kind::Root, None, 10, "", "xyz".into()),
            (Kind::Comment, Some(0), 2, "", " a ".into()),
            (Kind::Element, Some(0), 10, "s:a", "xyz".into()),
            (Kind::Attribute, Some(2), 4, "s:k", "1".into()),
            (Kind::Attribute, Some(2), 5, "l", "<".into()),
            (Kind::Element, Some(2), 9, "b", "xy".into()),
            (Kind::Text, Some(5), 7, "", "x".into()),
            (Kind::Element, Some(5), 8, "c", "".into()),
            (Kind::Text, Some(5), 9, "", "y".into()),
            (Kind::Text, Some(2), 10, "", "z".into()),
        ];
        assert_eq!(listed(&page), expected);
        assert_eq!(page.local_name(2), "a");
    }

    #[test]
    fn html_becomes_the_tree_of_a_browser() {
        let page = Page::of_html(&scraper::Html::parse_document("<P Class=x>one<p>two<!-- c -->"));
        let expected = [
            (Kind::Root, None, 10, "", "onetwo".into()),
            (Kind::Element, Some(0), 10, "html", "onetwo".into()),
            (Kind::Element, Some(1), 3, "head", "".into()),
            (Kind::Element, Some(1), 10, "body", "onetwo".into()),
            (Kind::Element, Some(3), 7, "p", "one".into()),
            (Kind::Attribute, Some(4), 6, "class", "x".into()),
            (Kind::Text, Some(4), 7, "", "one".into()),
            (Kind::Element, Some(3), 10, "p", "two".into()),
            (Kind::Text, Some(7), 9, "", "two".into()),
            (Kind::Comment, Some(7), 10, "", " c ".into()),
        ];
        assert_eq!(listed(&page), expected);
    }

    #[test]
    fn xml_that_would_fill_memory_is_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>";
        assert!(matches!(Page::of_xml(bomb), Err(roxmltree::Error::DtdDetected)));
    }

    #[test]
    fn deep_nesting_does_no_harm() {
        let depth = 20_000;
        let page = Page::of_html(&scraper::Html::parse_document(&"<b>".repeat(depth)));
        assert_eq!(page.string(0), "");
        let xml = format!("{}x{}", "<a>".repeat(depth), "</a>".repeat(depth));
        if let Ok(page) = Page::of_xml(&xml) {
            assert_eq!((page.len(), page.string(0)), (depth as u32 + 2, "x".into()));
        }
    }
}
