//! The values of a JSON text and how they nest, for paths that may lead to several of them.

/// Stands for "no name": values in arrays, and the outermost one.
const NO_NAME: u32 = u32::MAX;

/// All values of a JSON text, each before those in it. It holds places only; the text stays as it was received.
pub(super) struct Tree<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

struct Node {
    start: u32,
    end: u32,
    /// The inside of the name of a member.
    name_start: u32,
    name_end: u32,
    /// Index of the node after the last one in it.
    next: u32,
}

impl<'a> Tree<'a> {
    /// `text` is valid JSON; `None` when it is too long to be addressed (4 GiB).
    pub fn of(text: &'a str) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        let bytes = text.as_bytes();
        let mut tree = Self { text, nodes: Vec::new() };
        let mut open = Vec::new();
        let mut name = None;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let start = at;
            at += 1;
            match byte {
                b'{' | b'[' => {
                    open.push(tree.nodes.len());
                    tree.push(start, start, name.take());
                }
                b'}' | b']' => {
                    let next = tree.nodes.len() as u32;
                    if let Some(closed) = open.pop().and_then(|index| tree.nodes.get_mut(index)) {
                        (closed.end, closed.next) = (at as u32, next);
                    }
                }
                b'"' => {
                    at = end_of_string(bytes, at);
                    let after = bytes[at..].iter().position(|byte| !byte.is_ascii_whitespace());
                    match after.map(|space| bytes[at + space]) {
                        Some(b':') => name = Some((start + 1, at - 1)),
                        _ => tree.push(start, at, name.take()),
                    }
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => {}
                _ => {
                    let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
                    at = bytes[at..].iter().position(ends).map_or(bytes.len(), |length| at + length);
                    tree.push(start, at, name.take());
                }
            }
        }
        Some(tree)
    }

    fn push(&mut self, start: usize, end: usize, name: Option<(usize, usize)>) {
        let (name_start, name_end) = name.map_or((NO_NAME, NO_NAME), |(from, to)| (from as u32, to as u32));
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { start: start as u32, end: end as u32, name_start, name_end, next });
    }

    /// The raw text of a value.
    pub fn text(&self, node: u32) -> &'a str {
        let node = &self.nodes[node as usize];
        &self.text[node.start as usize..node.end as usize]
    }

    /// The inside of the name that a member has.
    pub fn name(&self, node: u32) -> Option<&'a str> {
        let node = &self.nodes[node as usize];
        (node.name_start != NO_NAME).then(|| &self.text[node.name_start as usize..node.name_end as usize])
    }

    /// The value and everything in it: the nodes from `node` to before this one.
    pub fn end(&self, node: u32) -> u32 {
        self.nodes[node as usize].next
    }

    /// Elements or members, in order.
    pub fn children(&self, node: u32) -> impl Iterator<Item = u32> {
        let end = self.end(node);
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let child = next;
            (child < end).then(|| {
                next = self.end(child);
                child
            })
        })
    }

    pub fn is_array(&self, node: u32) -> bool {
        self.text(node).starts_with('[')
    }

    pub fn is_object(&self, node: u32) -> bool {
        self.text(node).starts_with('{')
    }
}

/// The offset after the quote that ends a string whose inside starts at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(length) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += length;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_stands_before_those_in_it_with_its_name() {
        let tree = Tree::of(r#"{ "a\"b" : [1, "x:]" , []], "c": {"d":null},"e":-1.5e3}"#).unwrap();
        let actual: Vec<_> =
            (0..tree.end(0)).map(|node| (tree.name(node), tree.text(node), tree.end(node))).collect();
        let expected = [
            (None, tree.text, 8),
            (Some(r#"a\"b"#), r#"[1, "x:]" , []]"#, 5),
            (None, "1", 3),
            (None, r#""x:]""#, 4),
            (None, "[]", 5),
            (Some("c"), r#"{"d":null}"#, 7),
            (Some("d"), "null", 7),
            (Some("e"), "-1.5e3", 8),
        ];
        assert_eq!(actual, expected);
        assert_eq!(tree.children(0).collect::<Vec<_>>(), [1, 5, 7]);
        assert_eq!(tree.children(1).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(tree.children(4).count(), 0);
    }

    #[test]
    fn a_scalar_is_a_tree_of_one_value() {
        for text in ["7", "\"a b\\\\\"", "null"] {
            let tree = Tree::of(text).unwrap();
            assert_eq!((tree.text(0), tree.end(0)), (text, 1));
        }
    }
}
