//! Finds what an XPath expression stands for in a document.

use std::borrow::Cow;
use std::cell::Cell;

use super::expression::{Arithmetic, Axis, Expression, Start, Step, Test};
use super::functions::{number_of, number_text};
use crate::extract::page::{Kind, Page};
use crate::plan::Compare;

/// Nodes that may be looked at for one expression in one document.
const MAX_WORK: u64 = 20_000_000;
/// Bytes of text that are looked at for the price of one node.
const BYTES_PER_WORK: usize = 16;

/// Finding it takes too long.
#[derive(Debug)]
pub(super) struct TooMuch;

/// What an expression stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// In document order, none twice.
    Nodes(Vec<u32>),
    Boolean(bool),
    Number(f64),
    Text(String),
}

/// The node that is looked at, and where it stands among those looked at with it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub node: u32,
    /// From 1.
    pub position: usize,
    pub size: usize,
}

/// Evaluates expressions in one document.
pub(super) struct Evaluation<'p> {
    pub page: &'p Page,
    work: Cell<u64>,
}

impl<'p> Evaluation<'p> {
    pub fn new(page: &'p Page) -> Self {
        Self { page, work: Cell::new(0) }
    }

    /// What it stands for when the whole document is looked at.
    pub fn of_document(&self, expression: &Expression) -> Result<Outcome, TooMuch> {
        self.outcome(expression, Place { node: 0, position: 1, size: 1 })
    }

    pub fn outcome(&self, expression: &Expression, place: Place) -> Result<Outcome, TooMuch> {
        self.spend(1)?;
        Ok(match expression {
            Expression::Or(left, right) => {
                Outcome::Boolean(self.boolean(left, place)? || self.boolean(right, place)?)
            }
            Expression::And(left, right) => {
                Outcome::Boolean(self.boolean(left, place)? && self.boolean(right, place)?)
            }
            Expression::Compare(left, operator, right) => {
                let (left, right) = (self.outcome(left, place)?, self.outcome(right, place)?);
                Outcome::Boolean(self.compare(&left, *operator, &right)?)
            }
            Expression::Arithmetic(left, operator, right) => {
                let (left, right) = (self.number(left, place)?, self.number(right, place)?);
                Outcome::Number(match operator {
                    Arithmetic::Add => left + right,
                    Arithmetic::Subtract => left - right,
                    Arithmetic::Multiply => left * right,
                    Arithmetic::Divide => left / right,
                    Arithmetic::Remainder => left % right,
                })
            }
            Expression::Negate(of) => Outcome::Number(-self.number(of, place)?),
            Expression::Union(left, right) => {
                let mut nodes = self.nodes(left, place)?;
                nodes.extend(self.nodes(right, place)?);
                self.spend(nodes.len() as u64)?;
                nodes.sort_unstable();
                nodes.dedup();
                Outcome::Nodes(nodes)
            }
            Expression::Path(start, steps) => Outcome::Nodes(self.path(start, steps, place)?),
            Expression::Text(text) => Outcome::Text(text.clone()),
            Expression::Number(number) => Outcome::Number(*number),
            Expression::Call(function, arguments) => self.call(*function, arguments, place)?,
        })
    }

    pub fn boolean(&self, expression: &Expression, place: Place) -> Result<bool, TooMuch> {
        self.outcome(expression, place).map(|outcome| is_true(&outcome))
    }

    pub fn number(&self, expression: &Expression, place: Place) -> Result<f64, TooMuch> {
        let outcome = self.outcome(expression, place)?;
        self.as_number(&outcome)
    }

    pub fn text(&self, expression: &Expression, place: Place) -> Result<String, TooMuch> {
        Ok(match self.outcome(expression, place)? {
            Outcome::Text(text) => text,
            Outcome::Number(number) => number_text(number),
            Outcome::Boolean(value) => value.to_string(),
            Outcome::Nodes(nodes) => match nodes.first() {
                Some(&node) => self.string(node)?.into_owned(),
                None => String::new(),
            },
        })
    }

    /// The nodes it leads to; the parser has seen to it that it leads to nodes.
    pub fn nodes(&self, expression: &Expression, place: Place) -> Result<Vec<u32>, TooMuch> {
        match self.outcome(expression, place)? {
            Outcome::Nodes(nodes) => Ok(nodes),
            _ => Ok(Vec::new()),
        }
    }

    /// The text of a node.
    pub fn string(&self, node: u32) -> Result<Cow<'p, str>, TooMuch> {
        self.spend(u64::from(self.page.next(node) - node))?;
        let text = self.page.string(node);
        self.spend((text.len() / BYTES_PER_WORK) as u64)?;
        Ok(text)
    }

    pub fn spend(&self, work: u64) -> Result<(), TooMuch> {
        self.work.set(self.work.get() + work);
        if self.work.get() > MAX_WORK { Err(TooMuch) } else { Ok(()) }
    }

    fn as_number(&self, outcome: &Outcome) -> Result<f64, TooMuch> {
        Ok(match outcome {
            Outcome::Number(number) => *number,
            Outcome::Boolean(value) => f64::from(u8::from(*value)),
            Outcome::Text(text) => number_of(text),
            Outcome::Nodes(nodes) => match nodes.first() {
                Some(&node) => number_of(&self.string(node)?),
                None => f64::NAN,
            },
        })
    }

    /// Section 3.4: with sets of nodes it is enough that it holds for one of them.
    fn compare(&self, left: &Outcome, operator: Compare, right: &Outcome) -> Result<bool, TooMuch> {
        match (left, right) {
            (Outcome::Boolean(_), _) | (_, Outcome::Boolean(_)) if is_equality(operator) => {
                Ok((is_true(left) == is_true(right)) == (operator == Compare::Eq))
            }
            (Outcome::Nodes(nodes), other) if !matches!(other, Outcome::Boolean(_)) => {
                for &node in nodes {
                    let text = Outcome::Text(self.string(node)?.into_owned());
                    if self.compare(&text, operator, other)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (other, Outcome::Nodes(nodes)) if !matches!(other, Outcome::Boolean(_)) => {
                for &node in nodes {
                    let text = Outcome::Text(self.string(node)?.into_owned());
                    if self.compare(other, operator, &text)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Outcome::Text(left), Outcome::Text(right)) if is_equality(operator) => {
                self.spend((left.len().min(right.len()) / BYTES_PER_WORK) as u64)?;
                Ok((left == right) == (operator == Compare::Eq))
            }
            _ => {
                let of = |outcome: &Outcome| match outcome {
                    Outcome::Nodes(nodes) => Ok(f64::from(u8::from(!nodes.is_empty()))),
                    other => self.as_number(other),
                };
                let (left, right) = (of(left)?, of(right)?);
                Ok(match operator {
                    Compare::Eq => left == right,
                    Compare::Ne => left != right,
                    Compare::Lt => left < right,
                    Compare::Le => left <= right,
                    Compare::Gt => left > right,
                    Compare::Ge => left >= right,
                })
            }
        }
    }

    fn path(&self, start: &Start, steps: &[Step], place: Place) -> Result<Vec<u32>, TooMuch> {
        let mut nodes = match start {
            Start::Context => vec![place.node],
            Start::Root => vec![0],
            Start::Expression(expression, predicates) => {
                let nodes = self.nodes(expression, place)?;
                predicates.iter().try_fold(nodes, |nodes, predicate| self.those_with(nodes, predicate))?
            }
        };
        for step in steps {
            let mut found = Vec::new();
            for node in nodes {
                let mut candidates = self.along(step, node)?;
                for predicate in &step.predicates {
                    candidates = self.those_with(candidates, predicate)?;
                }
                found.append(&mut candidates);
            }
            self.spend(found.len() as u64)?;
            found.sort_unstable();
            found.dedup();
            nodes = found;
        }
        Ok(nodes)
    }

    /// Those for which the predicate holds; a number is the position that a node must have.
    fn those_with(&self, nodes: Vec<u32>, predicate: &Expression) -> Result<Vec<u32>, TooMuch> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (index, node) in nodes.into_iter().enumerate() {
            let position = index + 1;
            let holds = match self.outcome(predicate, Place { node, position, size })? {
                Outcome::Number(number) => number == position as f64,
                outcome => is_true(&outcome),
            };
            if holds {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    /// The nodes of the axis that are meant, nearest first.
    fn along(&self, step: &Step, node: u32) -> Result<Vec<u32>, TooMuch> {
        let page = self.page;
        let mut found = Vec::new();
        let mut visit = |candidate: u32| {
            self.spend(1)?;
            if self.is_meant(step, node, candidate) {
                found.push(candidate);
            }
            Ok(())
        };
        let is_attribute = page.kind(node) == Kind::Attribute;
        let siblings =
            || page.parent(node).filter(|_| !is_attribute).into_iter().flat_map(|parent| self.inside(parent));
        match step.axis {
            Axis::Itself => visit(node)?,
            Axis::Parent => page.parent(node).into_iter().try_for_each(visit)?,
            Axis::Child | Axis::Attribute => self.inside(node).try_for_each(visit)?,
            Axis::Descendant => (node + 1..page.next(node)).try_for_each(visit)?,
            Axis::DescendantOrSelf => (node..page.next(node)).try_for_each(visit)?,
            Axis::Ancestor => self.above(page.parent(node)).try_for_each(visit)?,
            Axis::AncestorOrSelf => self.above(Some(node)).try_for_each(visit)?,
            Axis::FollowingSibling => siblings().filter(|&other| other > node).try_for_each(visit)?,
            Axis::PrecedingSibling => siblings().filter(|&other| other < node).try_for_each(visit)?,
            Axis::Following => (page.next(node)..page.len()).try_for_each(visit)?,
            Axis::Preceding => (0..node).filter(|&other| page.next(other) <= node).try_for_each(visit)?,
        }
        if matches!(step.axis, Axis::PrecedingSibling | Axis::Preceding) {
            found.reverse();
        }
        Ok(found)
    }

    /// Attributes and children.
    fn inside(&self, node: u32) -> impl Iterator<Item = u32> {
        let first = Some(node + 1).filter(|&first| first < self.page.next(node));
        std::iter::successors(first, move |&child| {
            Some(self.page.next(child)).filter(|&next| next < self.page.next(node))
        })
    }

    fn above(&self, from: Option<u32>) -> impl Iterator<Item = u32> {
        std::iter::successors(from, |&node| self.page.parent(node))
    }

    fn is_meant(&self, step: &Step, from: u32, node: u32) -> bool {
        let kind = self.page.kind(node);
        let on_attributes = step.axis == Axis::Attribute;
        if on_attributes != (kind == Kind::Attribute) {
            // An attribute is on no other axis, except as the node that is looked at itself.
            return node == from && kind == Kind::Attribute && step.test == Test::AnyNode;
        }
        let named = matches!(kind, Kind::Element | Kind::Attribute);
        match &step.test {
            Test::AnyNode => true,
            Test::Text => kind == Kind::Text,
            Test::Comment => kind == Kind::Comment,
            Test::AnyName => named,
            Test::Name(name) if name.contains(':') => named && self.same_name(name, self.page.name(node)),
            Test::Name(name) => named && self.same_name(name, self.page.local_name(node)),
            Test::Prefix(prefix) => {
                let written = self.page.name(node).split_once(':');
                named && written.is_some_and(|(written, _)| self.same_name(prefix, written))
            }
        }
    }

    fn same_name(&self, wanted: &str, name: &str) -> bool {
        if self.page.is_html() { wanted.eq_ignore_ascii_case(name) } else { wanted == name }
    }
}

fn is_equality(operator: Compare) -> bool {
    matches!(operator, Compare::Eq | Compare::Ne)
}

fn is_true(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Boolean(value) => *value,
        Outcome::Number(number) => *number != 0.0 && !number.is_nan(),
        Outcome::Text(text) => !text.is_empty(),
        Outcome::Nodes(nodes) => !nodes.is_empty(),
    }
}
