//! An HTTP request, what its response must be, and what to keep of it.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::template::Template;

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Index into [`super::Plan::series`].
    pub series: usize,
    /// Method token, upper case as it goes over the wire.
    pub method: String,
    /// Index into [`super::Plan::origins`]. Without one, `path` renders to an absolute address.
    pub origin: Option<usize>,
    /// Path and query, starting with `/`.
    pub path: Template,
    /// Name and value of each header. `host` and `content-length` are added when they are missing.
    pub headers: Vec<(String, Template)>,
    /// The body, if the request has one.
    pub body: Option<Body>,
    /// Limit from the start of the request to the end of its response, connecting excluded, redirects included.
    pub timeout_ns: u64,
    /// How many redirects are followed. One more fails the request (class `status`); with 0 a redirect is a response.
    #[serde(default)]
    pub redirects: u32,
    /// The body is sent only when the server has answered `100 Continue`, or after a second without an answer.
    #[serde(default)]
    pub expect_continue: bool,
    /// Its credentials go wherever its address leads: they are its own, not those of the whole scenario. Only means
    /// something without `origin`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trusts_address: bool,
    /// Inclusive ranges of status codes that count as success (class `status` otherwise). Empty: any, because
    /// `checks` look at it.
    pub expect_status: Vec<(u16, u16)>,
    /// What the response must be, looked at in order; the first that fails and is not a warning fails the step, but all
    /// are counted.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// Values to keep for later steps, looked at after the checks.
    pub saves: Vec<Save>,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Body {
    /// Text.
    Text(Template),
    /// The bytes of a file, by absolute path; read once, when a worker starts.
    File(String),
    /// `multipart/form-data`. The engine chooses the boundary and sets `content-type` unless it is given.
    Multipart(Vec<BodyPart>),
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyPart {
    /// Name of the field.
    pub name: String,
    /// What is in it.
    pub content: PartContent,
    /// Name that the server is told, if any.
    #[serde(default)]
    pub filename: Option<Template>,
    /// `content-type` of the part, if any.
    #[serde(default)]
    pub content_type: Option<String>,
}

/// What is in a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PartContent {
    /// Text.
    Text(Template),
    /// The bytes of a file, by absolute path; read once, when a worker starts.
    File(String),
}

/// A value to keep from a response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Save {
    /// Index into [`super::Plan::variables`].
    pub variable: usize,
    /// Where it is.
    pub from: Extract,
    /// Which of several.
    #[serde(default)]
    pub which: Which,
    /// Taken when there is none. Without it the step fails (class `extract`).
    #[serde(default)]
    pub default: Option<Template>,
}

/// Where in a response values are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Extract {
    /// A JSON path such as `$.items[*].id`; see [`crate::json_path`].
    Json(String),
    /// An XPath 1.0 expression on HTML or XML.
    Xpath(String),
    /// A CSS selector on HTML.
    Css {
        /// The selector.
        selector: String,
        /// The attribute; without one, the text of the element, without white space at both ends.
        attribute: Option<String>,
    },
    /// A regular expression in the syntax of the `regex` crate.
    Regex {
        /// The expression.
        pattern: String,
        /// 0 is the whole match. Without one: group 1 if there is one, else the whole match.
        group: Option<u32>,
    },
    /// A header, by name, whatever its case.
    Header(String),
    /// A cookie that this response sets, by name.
    Cookie(String),
    /// The status code.
    Status,
    /// The whole body, decoded.
    Body,
}

/// Which of several values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The first.
    #[default]
    First,
    /// Any, by the user's random choices.
    Random,
    /// All of them, as a JSON array.
    All,
    /// The one with this index; negative ones count from the end.
    Index(i64),
}

/// The name under which a check is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckName {
    /// Index into [`super::Plan::series`].
    pub series: usize,
    /// What it says, for example `$.ok is true`.
    pub name: String,
}

/// What a response must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Index into [`super::Plan::checks`].
    pub name: usize,
    /// What is looked at.
    pub rule: CheckRule,
    /// It must not be so.
    #[serde(default)]
    pub not: bool,
    /// A failure is counted, and nothing more.
    #[serde(default)]
    pub warn: bool,
}

/// What a check looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CheckRule {
    /// The status code is in one of these ranges, both ends included.
    Status(Vec<(u16, u16)>),
    /// The body has so many bytes, after decoding.
    Size {
        /// How it compares.
        operator: Compare,
        /// To how many.
        bytes: u64,
    },
    /// From the first byte sent to the last one received, redirects included.
    Time {
        /// How it compares.
        operator: Compare,
        /// To how long.
        duration_ns: u64,
    },
    /// A value of the response, the first if there are several.
    Value {
        /// Where it is.
        from: Extract,
        /// What it must be. Without such a value the check fails, also with `not`, except for `Matcher::Exists`.
        matcher: Matcher,
    },
    /// The decoded body contains this text.
    Contains(Template),
    /// A regular expression matches somewhere in the decoded body.
    Regex(String),
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Matcher {
    /// There is one.
    Exists,
    /// The same JSON value or text. The template renders to a JSON text; a text and a number with the same characters
    /// are equal, numbers compare by value, objects whatever the order of their keys.
    Equals(Template),
    /// It contains this text.
    Contains(Template),
    /// A regular expression matches somewhere in it.
    Matches(String),
    /// A number that compares so to another one.
    Compare {
        /// The operator.
        operator: Compare,
        /// Renders to a number.
        to: Template,
    },
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less than.
    Lt,
    /// At most.
    Le,
    /// Greater than.
    Gt,
    /// At least.
    Ge,
}

impl Compare {
    /// Whether two values in this order compare so.
    pub fn agrees(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }
}
