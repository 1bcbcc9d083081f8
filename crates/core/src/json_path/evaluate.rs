//! Follows the steps of a path through a tree.

use std::cell::Cell;

use super::Segment;
use super::query::{Selector, Slice, Step};
use super::string::spells;
use super::tree::Tree;

/// Values that may be looked at for one path in one document.
pub(super) const MAX_WORK: u64 = 20_000_000;

/// Why following a path ends early.
pub(super) enum Stop {
    /// All that was asked for has been found.
    Enough,
    /// It takes too long.
    TooMuch,
}

/// Gets the values that steps lead to, in order.
pub(super) type Visit<'f> = &'f mut dyn FnMut(u32) -> Result<(), Stop>;

/// A tree in which paths are followed, and how long that may still take.
pub(super) struct Walk<'t, 'a> {
    pub tree: &'t Tree<'a>,
    work: Cell<u64>,
}

/// The texts of the first `at_most` values; `None` when that takes too long.
pub(super) fn find_all<'a>(tree: &Tree<'a>, steps: &[Step], at_most: usize) -> Option<Vec<&'a str>> {
    let walk = Walk { tree, work: Cell::new(0) };
    let mut found = Vec::new();
    let mut visit = |node| {
        if found.len() < at_most {
            found.push(tree.text(node));
        }
        if found.len() < at_most { Ok(()) } else { Err(Stop::Enough) }
    };
    match walk.follow(0, steps, &mut visit) {
        Ok(()) | Err(Stop::Enough) => Some(found),
        Err(Stop::TooMuch) => None,
    }
}

/// Whether the two elements of an array are equal; `None` when finding out takes too long.
pub(super) fn elements_are_equal(tree: &Tree) -> Option<bool> {
    let walk = Walk { tree, work: Cell::new(0) };
    let mut elements = tree.children(0);
    match (elements.next(), elements.next()) {
        (Some(left), Some(right)) => walk.equal_nodes(left, right).ok(),
        _ => None,
    }
}

impl Walk<'_, '_> {
    /// Visits what the steps lead to from `node`. Depth first, which is the order of RFC 9535 without its lists.
    pub fn follow(&self, node: u32, steps: &[Step], visit: Visit) -> Result<(), Stop> {
        match steps {
            [] => visit(node),
            [Step::Children(selectors), rest @ ..] => self.select(node, selectors, rest, visit),
            [Step::Descendants(selectors), rest @ ..] => (node..self.tree.end(node))
                .try_for_each(|descendant| self.select(descendant, selectors, rest, visit)),
        }
    }

    /// Counts work.
    pub fn spend(&self, work: u64) -> Result<(), Stop> {
        self.work.set(self.work.get() + work);
        if self.work.get() > MAX_WORK { Err(Stop::TooMuch) } else { Ok(()) }
    }

    fn select(&self, node: u32, selectors: &[Selector], rest: &[Step], visit: Visit) -> Result<(), Stop> {
        self.spend(1)?;
        for selector in selectors {
            match selector {
                Selector::One(segment) => {
                    if let Some(child) = self.child(node, segment)? {
                        self.follow(child, rest, visit)?;
                    }
                }
                Selector::Wildcard => {
                    for child in self.tree.children(node) {
                        self.spend(1)?;
                        self.follow(child, rest, visit)?;
                    }
                }
                Selector::Slice(slice) => {
                    for child in self.slice(node, *slice)? {
                        self.follow(child, rest, visit)?;
                    }
                }
                Selector::Filter(filter) => {
                    for child in self.tree.children(node) {
                        self.spend(1)?;
                        if self.holds(filter, child)? {
                            self.follow(child, rest, visit)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The child with this name or index.
    pub fn child(&self, node: u32, segment: &Segment) -> Result<Option<u32>, Stop> {
        let mut found = None;
        match segment {
            Segment::Name(name) if self.tree.is_object(node) => {
                for child in self.tree.children(node) {
                    self.spend(1)?;
                    if self.tree.name(child).is_some_and(|inside| spells(inside, name)) {
                        found = Some(child);
                    }
                }
            }
            Segment::Index(index) if self.tree.is_array(node) => {
                let from_end = if *index < 0 { self.length(node)? as i64 } else { 0 };
                if let Ok(index) = u32::try_from(from_end + index) {
                    // An element takes at least one node, so that the search is never longer than this.
                    self.spend(u64::from(index.min(self.tree.end(node) - node)))?;
                    found = self.tree.children(node).nth(index as usize);
                }
            }
            _ => {}
        }
        Ok(found)
    }

    /// How many elements or members there are.
    pub fn length(&self, node: u32) -> Result<u64, Stop> {
        let length = self.tree.children(node).count() as u64;
        self.spend(length)?;
        Ok(length)
    }

    /// RFC 9535, 2.3.4.2.
    fn slice(&self, node: u32, slice: Slice) -> Result<Vec<u32>, Stop> {
        if !self.tree.is_array(node) || slice.step == 0 {
            return Ok(Vec::new());
        }
        let elements: Vec<u32> = self.tree.children(node).collect();
        self.spend(elements.len() as u64)?;
        let length = elements.len() as i64;
        let normal = |bound: i64| if bound < 0 { length + bound } else { bound };
        let forward = slice.step > 0;
        let (lowest, highest) = if forward { (0, length) } else { (-1, length - 1) };
        let bound = |given: Option<i64>, open: i64| given.map_or(open, normal).clamp(lowest, highest);
        let (start, end) = if forward {
            (bound(slice.start, 0), bound(slice.end, length))
        } else {
            (bound(slice.start, length - 1), bound(slice.end, -1))
        };
        let mut selected = Vec::new();
        let mut at = start;
        while if forward { at < end } else { at > end } {
            selected.push(elements[at as usize]);
            at += slice.step;
        }
        Ok(selected)
    }
}
