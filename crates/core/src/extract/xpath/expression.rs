//! What an XPath expression says, once it has been read.

use crate::plan::Compare;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Or(Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Compare(Box<Expression>, Compare, Box<Expression>),
    Arithmetic(Box<Expression>, Arithmetic, Box<Expression>),
    Negate(Box<Expression>),
    Union(Box<Expression>, Box<Expression>),
    Path(Start, Vec<Step>),
    Text(String),
    Number(f64),
    Call(Function, Vec<Expression>),
}

/// Where a path starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Start {
    /// At the node that is looked at.
    Context,
    /// Above the outermost element.
    Root,
    /// At the nodes of an expression, those for which the predicates hold.
    Expression(Box<Expression>, Vec<Expression>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub axis: Axis,
    pub test: Test,
    pub predicates: Vec<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Child,
    Descendant,
    DescendantOrSelf,
    Itself,
    Parent,
    Ancestor,
    AncestorOrSelf,
    FollowingSibling,
    PrecedingSibling,
    Following,
    Preceding,
    Attribute,
}

impl Axis {
    pub const ALL: [(&'static str, Self); 12] = [
        ("child", Self::Child),
        ("descendant", Self::Descendant),
        ("descendant-or-self", Self::DescendantOrSelf),
        ("self", Self::Itself),
        ("parent", Self::Parent),
        ("ancestor", Self::Ancestor),
        ("ancestor-or-self", Self::AncestorOrSelf),
        ("following-sibling", Self::FollowingSibling),
        ("preceding-sibling", Self::PrecedingSibling),
        ("following", Self::Following),
        ("preceding", Self::Preceding),
        ("attribute", Self::Attribute),
    ];
}

/// Which nodes of an axis are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// Elements, or attributes on their axis, with this name; with a prefix if it has one.
    Name(Box<str>),
    /// Elements, or attributes on their axis, with this prefix.
    Prefix(Box<str>),
    /// All elements, or attributes on their axis.
    AnyName,
    Text,
    Comment,
    AnyNode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Last,
    Position,
    Count,
    Name,
    LocalName,
    String,
    Concat,
    StartsWith,
    Contains,
    SubstringBefore,
    SubstringAfter,
    Substring,
    StringLength,
    NormalizeSpace,
    Translate,
    Boolean,
    Not,
    True,
    False,
    Number,
    Sum,
    Floor,
    Ceiling,
    Round,
}

impl Function {
    /// Name, function, fewest and most arguments.
    pub const ALL: [(&'static str, Self, usize, usize); 24] = [
        ("last", Self::Last, 0, 0),
        ("position", Self::Position, 0, 0),
        ("count", Self::Count, 1, 1),
        ("name", Self::Name, 0, 1),
        ("local-name", Self::LocalName, 0, 1),
        ("string", Self::String, 0, 1),
        ("concat", Self::Concat, 2, 100),
        ("starts-with", Self::StartsWith, 2, 2),
        ("contains", Self::Contains, 2, 2),
        ("substring-before", Self::SubstringBefore, 2, 2),
        ("substring-after", Self::SubstringAfter, 2, 2),
        ("substring", Self::Substring, 2, 3),
        ("string-length", Self::StringLength, 0, 1),
        ("normalize-space", Self::NormalizeSpace, 0, 1),
        ("translate", Self::Translate, 3, 3),
        ("boolean", Self::Boolean, 1, 1),
        ("not", Self::Not, 1, 1),
        ("true", Self::True, 0, 0),
        ("false", Self::False, 0, 0),
        ("number", Self::Number, 0, 1),
        ("sum", Self::Sum, 1, 1),
        ("floor", Self::Floor, 1, 1),
        ("ceiling", Self::Ceiling, 1, 1),
        ("round", Self::Round, 1, 1),
    ];

    /// Whether its argument is a set of nodes.
    pub fn takes_nodes(self) -> bool {
        matches!(self, Self::Count | Self::Sum | Self::Name | Self::LocalName)
    }
}

impl Expression {
    /// Whether it leads to nodes, not to a number, text or truth value.
    pub fn is_nodes(&self) -> bool {
        matches!(self, Self::Path(..) | Self::Union(..))
    }
}
