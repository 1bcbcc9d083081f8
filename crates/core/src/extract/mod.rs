//! Finds values in a response: by JSON path, XPath, CSS selector or regular expression, in its headers and cookies.

mod css;
pub(crate) mod head;
mod html;
mod page;
mod pattern;
mod response;
mod xpath;

pub use pattern::Pattern;
pub use response::Response;

use crate::json_path::{FindError, JsonPath};
use crate::plan::{Extract, Which};
use crate::random::Random;
use crate::template::Value;
use css::Css;
use xpath::XPath;

/// Values that one extraction may find.
const MAX_VALUES: usize = 10_000;

/// What a plan wants to find cannot be looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {})", offset + 1)]
pub struct ExtractError {
    /// Characters before the place where the expression is wrong.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl ExtractError {
    pub(crate) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

/// The response is not of the kind in which something can be found. That nothing is found is no failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExtractFailure(String);

impl ExtractFailure {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Finds values in responses.
#[derive(Debug)]
pub struct Extractor {
    source: Source,
    plan: Extract,
}

#[derive(Debug)]
enum Source {
    Json(JsonPath),
    XPath(XPath),
    Css(Css),
    Regex { pattern: Pattern, group: usize },
    Header(Box<str>),
    Cookie(Box<str>),
    Status,
    Body,
}

impl Extractor {
    /// Reads the expression.
    ///
    /// # Errors
    /// When it is not one, or uses what is not supported.
    pub fn compile(plan: &Extract) -> Result<Self, ExtractError> {
        let source = match plan {
            Extract::Json(path) => {
                let path =
                    JsonPath::parse(path).map_err(|error| ExtractError::new(error.offset, error.message))?;
                Source::Json(path)
            }
            Extract::Xpath(text) => Source::XPath(XPath::compile(text)?),
            Extract::Css { selector, attribute } => {
                Source::Css(Css::compile(selector, attribute.as_deref())?)
            }
            Extract::Regex { pattern, group } => {
                let pattern = Pattern::compile(pattern)?;
                let group = group.map_or(pattern.groups().min(1), |group| group as usize);
                if group > pattern.groups() {
                    let message =
                        format!("there is no group {group}: the expression has {}", pattern.groups());
                    return Err(ExtractError::new(0, message));
                }
                Source::Regex { pattern, group }
            }
            Extract::Header(name) => Source::Header(name.as_str().into()),
            Extract::Cookie(name) => Source::Cookie(name.as_str().into()),
            Extract::Status => Source::Status,
            Extract::Body => Source::Body,
        };
        Ok(Self { source, plan: plan.clone() })
    }

    /// Whether it looks at the body.
    pub fn needs_body(&self) -> bool {
        !matches!(self.source, Source::Header(_) | Source::Cookie(_) | Source::Status)
    }

    /// Whether it looks at the headers. XPath does: they say whether the body is HTML or XML.
    pub fn needs_head(&self) -> bool {
        matches!(self.source, Source::Header(_) | Source::Cookie(_) | Source::XPath(_))
    }

    /// The value that is wanted, or `None` when it is not there. `random` is drawn from only for [`Which::Random`].
    ///
    /// # Errors
    /// When the response is not what the expression is made for, such as one that is not JSON, or when there are more
    /// than 10,000 values.
    pub fn find(
        &self,
        response: &Response,
        which: Which,
        random: &mut Random,
    ) -> Result<Option<Value>, ExtractFailure> {
        if let (Source::Json(path), Which::First) = (&self.source, which) {
            return Ok(path.find(response.body).map_err(explain_json)?.map(Value::from_json_text));
        }
        let at_most = match which {
            Which::First => 1,
            Which::Index(index @ 0..) => usize::try_from(index).unwrap_or(usize::MAX).saturating_add(1),
            _ => usize::MAX,
        };
        let mut values = self.find_all(response, at_most.min(MAX_VALUES + 1))?;
        if values.len() > MAX_VALUES {
            return Err(ExtractFailure::new(format!("there are more than {MAX_VALUES} values at {self}")));
        }
        if values.is_empty() {
            return Ok(None);
        }
        let index = match which {
            Which::All => return Ok(Some(json_array(&values))),
            Which::First => 0,
            Which::Random => random.below(values.len() as u64) as usize,
            Which::Index(index @ 0..) => usize::try_from(index).unwrap_or(usize::MAX),
            Which::Index(index) => match usize::try_from(index.unsigned_abs()) {
                Ok(from_end) if from_end <= values.len() => values.len() - from_end,
                _ => return Ok(None),
            },
        };
        Ok((index < values.len()).then(|| values.swap_remove(index)))
    }

    fn find_all(&self, response: &Response, at_most: usize) -> Result<Vec<Value>, ExtractFailure> {
        Ok(match &self.source {
            Source::Json(path) => {
                let found = path.find_all(response.body, at_most).map_err(explain_json)?;
                found.into_iter().map(Value::from_json_text).collect()
            }
            Source::XPath(xpath) => xpath.find(response.page()?, at_most)?,
            Source::Css(css) => css.find(response, at_most)?,
            Source::Regex { pattern, group } => pattern.find(response, *group, at_most),
            Source::Header(name) => response.headers(name).take(at_most).map(Value::from_text).collect(),
            Source::Cookie(name) => {
                head::cookies(response.head, name).take(at_most).map(Value::from_text).collect()
            }
            Source::Status => vec![Value::from_json_text(itoa::Buffer::new().format(response.status))],
            Source::Body => vec![Value::from_text(response.body)],
        })
    }
}

/// As a person would name it: `$.id`, `header x-id`, `css "h1"`.
impl std::fmt::Display for Extractor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.plan {
            Extract::Json(path) => out.write_str(path),
            Extract::Xpath(text) => write!(out, "xpath {text}"),
            Extract::Css { selector, attribute: None } => write!(out, "css {selector}"),
            Extract::Css { selector, attribute: Some(name) } => {
                write!(out, "css {selector}, attribute {name}")
            }
            Extract::Regex { pattern, .. } => write!(out, "regex {pattern}"),
            Extract::Header(name) => write!(out, "header {name}"),
            Extract::Cookie(name) => write!(out, "cookie {name}"),
            Extract::Status => out.write_str("status"),
            Extract::Body => out.write_str("body"),
        }
    }
}

fn explain_json(error: FindError) -> ExtractFailure {
    ExtractFailure::new(match error {
        FindError::NotJson(error) => format!("the response is {error}"),
        FindError::TooMuch => error.to_string(),
    })
}

fn json_array(values: &[Value]) -> Value {
    let entries: Vec<_> = values
        .iter()
        .map(|value| match String::from_utf8_lossy(value.text()) {
            json if value.is_json() => json,
            text => serde_json::Value::from(text).to_string().into(),
        })
        .collect();
    Value::from_json_text(&format!("[{}]", entries.join(",")))
}

#[cfg(test)]
mod tests;
