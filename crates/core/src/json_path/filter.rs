//! Decides whether a filter holds for a value.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::evaluate::{Stop, Walk};
use super::query::{Filter, Literal, Operand, Pattern, Query};
use super::string::{spells, unescape};
use crate::number::Number;
use crate::plan::Compare;

/// Bytes of text that a regular expression looks at for the price of one value.
const REGEX_BYTES_PER_WORK: u64 = 16;

/// A value of a filter, seen for comparing.
enum View<'a> {
    /// There is none.
    Nothing,
    Null,
    Bool(bool),
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    /// An array or object, by its node.
    Tree(u32),
}

impl<'a> Walk<'_, 'a> {
    /// Whether the filter holds for `node`.
    pub(super) fn holds(&self, filter: &Filter, node: u32) -> Result<bool, Stop> {
        self.spend(1)?;
        match filter {
            Filter::Or(filters) => self.any(filters, node, true),
            Filter::And(filters) => self.any(filters, node, false).map(|one_fails| !one_fails),
            Filter::Not(filter) => self.holds(filter, node).map(|holds| !holds),
            Filter::Exists(query) => Ok(self.count(query, node, 1)?.0 > 0),
            Filter::Compare { left, operator, right } => {
                let (left, right) = (self.view(left, node)?, self.view(right, node)?);
                self.compare(&left, *operator, &right)
            }
            Filter::Matches { text, pattern } => match self.view(text, node)? {
                View::Text(text) => self.matches(pattern, &text),
                _ => Ok(false),
            },
        }
    }

    /// Whether one of the filters has this outcome.
    fn any(&self, filters: &[Filter], node: u32, outcome: bool) -> Result<bool, Stop> {
        for filter in filters {
            if self.holds(filter, node)? == outcome {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn matches(&self, pattern: &Pattern, text: &str) -> Result<bool, Stop> {
        self.spend(text.len() as u64 / REGEX_BYTES_PER_WORK)?;
        Ok(pattern.regex.is_match(text))
    }

    /// How many values the query leads to, at most `limit`, and the first of them.
    fn count(&self, query: &Query, node: u32, limit: u64) -> Result<(u64, Option<u32>), Stop> {
        let mut count = 0;
        let mut first = None;
        let start = if query.from_root { 0 } else { node };
        let mut visit = |found| {
            first = first.or(Some(found));
            count += 1;
            if count < limit { Ok(()) } else { Err(Stop::Enough) }
        };
        match self.follow(start, &query.steps, &mut visit) {
            Err(Stop::TooMuch) => Err(Stop::TooMuch),
            Ok(()) | Err(Stop::Enough) => Ok((count, first)),
        }
    }

    fn view<'v>(&self, operand: &'v Operand, node: u32) -> Result<View<'v>, Stop>
    where
        'a: 'v,
    {
        Ok(match operand {
            Operand::Literal(Literal::Null) => View::Null,
            Operand::Literal(Literal::Bool(value)) => View::Bool(*value),
            Operand::Literal(Literal::Number(text)) => View::Number(Cow::Borrowed(text)),
            Operand::Literal(Literal::Text(text)) => View::Text(Cow::Borrowed(text)),
            Operand::Single(query) => match self.count(query, node, 1)? {
                (_, Some(found)) => self.view_node(found),
                _ => View::Nothing,
            },
            Operand::Value(query) => match self.count(query, node, 2)? {
                (1, Some(found)) => self.view_node(found),
                _ => View::Nothing,
            },
            Operand::Count(query) => View::Number(self.count(query, node, u64::MAX)?.0.to_string().into()),
            Operand::Length(of) => match self.view(of, node)? {
                View::Text(text) => {
                    self.spend(text.len() as u64 / REGEX_BYTES_PER_WORK)?;
                    View::Number(text.chars().count().to_string().into())
                }
                View::Tree(found) => View::Number(self.length(found)?.to_string().into()),
                _ => View::Nothing,
            },
        })
    }

    fn view_node(&self, node: u32) -> View<'a> {
        let text = self.tree.text(node);
        match text.as_bytes().first() {
            Some(b'{' | b'[') => View::Tree(node),
            Some(b'"') => {
                let inside = &text[1..text.len() - 1];
                let escaped = memchr::memchr(b'\\', inside.as_bytes()).is_some();
                View::Text(if escaped { unescape(inside).collect() } else { Cow::Borrowed(inside) })
            }
            Some(b't' | b'f') => View::Bool(text == "true"),
            Some(b'n') => View::Null,
            _ => View::Number(Cow::Borrowed(text)),
        }
    }

    /// RFC 9535, 2.3.5.2.2: only numbers and texts have an order; everything else is equal or not.
    fn compare(&self, left: &View, operator: Compare, right: &View) -> Result<bool, Stop> {
        let order = match (left, right) {
            (View::Number(left), View::Number(right)) => compare_numbers(left, right),
            (View::Text(left), View::Text(right)) => Some(left.cmp(right)),
            _ => self.equal(left, right)?.then_some(Ordering::Equal),
        };
        Ok(match operator {
            Compare::Eq => order == Some(Ordering::Equal),
            Compare::Ne => order != Some(Ordering::Equal),
            Compare::Lt => order == Some(Ordering::Less),
            Compare::Le => order.is_some_and(Ordering::is_le),
            Compare::Gt => order == Some(Ordering::Greater),
            Compare::Ge => order.is_some_and(Ordering::is_ge),
        })
    }

    fn equal(&self, left: &View, right: &View) -> Result<bool, Stop> {
        Ok(match (left, right) {
            (View::Nothing, View::Nothing) | (View::Null, View::Null) => true,
            (View::Bool(left), View::Bool(right)) => left == right,
            (View::Number(left), View::Number(right)) => {
                compare_numbers(left, right) == Some(Ordering::Equal)
            }
            (View::Text(left), View::Text(right)) => left == right,
            (View::Tree(left), View::Tree(right)) => self.equal_trees(*left, *right)?,
            _ => false,
        })
    }

    /// Whether two values are equal.
    pub(super) fn equal_nodes(&self, left: u32, right: u32) -> Result<bool, Stop> {
        self.equal(&self.view_node(left), &self.view_node(right))
    }

    fn equal_trees(&self, left: u32, right: u32) -> Result<bool, Stop> {
        if self.tree.is_array(left) != self.tree.is_array(right)
            || self.length(left)? != self.length(right)?
        {
            return Ok(false);
        }
        let mut others = self.tree.children(right);
        for child in self.tree.children(left) {
            let other = match self.tree.name(child) {
                None => others.next(),
                Some(name) => self.member(right, name)?,
            };
            let Some(other) = other else { return Ok(false) };
            if !self.equal_nodes(child, other)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The member whose name says the same as the inside of another one.
    fn member(&self, object: u32, inside: &str) -> Result<Option<u32>, Stop> {
        let name: String = unescape(inside).collect();
        let mut found = None;
        for child in self.tree.children(object) {
            self.spend(1)?;
            if self.tree.name(child).is_some_and(|other| spells(other, &name)) {
                found = Some(child);
            }
        }
        Ok(found)
    }
}

fn compare_numbers(left: &str, right: &str) -> Option<Ordering> {
    Some(Number::parse(left)?.cmp(&Number::parse(right)?))
}
