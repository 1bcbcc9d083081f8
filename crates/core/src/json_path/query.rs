//! What a path says, once it has been read.

use regex::Regex;

use super::Segment;
use crate::plan::Compare;

/// One step of a query: what is selected of each value that the steps before it led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Of its children.
    Children(Box<[Selector]>),
    /// Of the children of the value and of all its descendants.
    Descendants(Box<[Selector]>),
}

/// Which children are selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selector {
    /// One.
    One(Segment),
    /// All.
    Wildcard,
    /// Elements at regular distances.
    Slice(Slice),
    /// Those for which it holds.
    Filter(Box<Filter>),
}

/// `[start:end:step]`, as in Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub start: Option<i64>,
    pub end: Option<i64>,
    /// With 0 nothing is selected.
    pub step: i64,
}

/// What must hold for a child, which is `@` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    /// The query leads to something.
    Exists(Query),
    Compare {
        left: Operand,
        operator: Compare,
        right: Operand,
    },
    /// It is a text and the pattern matches.
    Matches {
        text: Operand,
        pattern: Pattern,
    },
}

/// A path inside a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    /// It starts at the document (`$`), not at the child that is looked at (`@`).
    pub from_root: bool,
    pub steps: Box<[Step]>,
}

/// A value inside a filter; there may be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    Literal(Literal),
    /// At most one value.
    Single(Query),
    /// `length()`: of a text in characters, of an array or object in entries.
    Length(Box<Operand>),
    /// `count()`: of the values that the query leads to.
    Count(Query),
    /// `value()`: the value that the query leads to, if it is the only one.
    Value(Query),
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    /// As it is written.
    Number(Box<str>),
    Text(Box<str>),
}

/// A regular expression.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub source: Box<str>,
    /// All of the text must match.
    pub whole: bool,
    pub ignore_case: bool,
    pub regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.source, self.whole, self.ignore_case) == (&other.source, other.whole, other.ignore_case)
    }
}

impl Eq for Pattern {}

impl Step {
    /// The only child that it can lead to, if it is a name or an index.
    pub fn single(&self) -> Option<&Segment> {
        match self {
            Self::Children(selectors) => match &**selectors {
                [Selector::One(segment)] => Some(segment),
                _ => None,
            },
            Self::Descendants(_) => None,
        }
    }

    /// Whether a filter in it looks at the whole document.
    pub fn looks_at_root(&self) -> bool {
        let (Self::Children(selectors) | Self::Descendants(selectors)) = self;
        selectors.iter().any(|selector| match selector {
            Selector::Filter(filter) => filter.looks_at_root(),
            _ => false,
        })
    }
}

impl Filter {
    fn looks_at_root(&self) -> bool {
        match self {
            Self::Or(filters) | Self::And(filters) => filters.iter().any(Self::looks_at_root),
            Self::Not(filter) => filter.looks_at_root(),
            Self::Exists(query) => query.looks_at_root(),
            Self::Compare { left, right, .. } => left.looks_at_root() || right.looks_at_root(),
            Self::Matches { text, .. } => text.looks_at_root(),
        }
    }
}

impl Query {
    fn looks_at_root(&self) -> bool {
        self.from_root || self.steps.iter().any(Step::looks_at_root)
    }

    /// Whether it leads to at most one value.
    pub fn is_single(&self) -> bool {
        self.steps.iter().all(|step| step.single().is_some())
    }
}

impl Operand {
    fn looks_at_root(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Single(query) | Self::Count(query) | Self::Value(query) => query.looks_at_root(),
            Self::Length(of) => of.looks_at_root(),
        }
    }
}
