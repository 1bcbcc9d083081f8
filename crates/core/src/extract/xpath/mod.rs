//! XPath 1.0 on HTML and XML.
//!
//! All of [the language](https://www.w3.org/TR/1999/REC-xpath-19991116/) but variables, the namespace axis, processing
//! instructions, and the functions `id`, `lang` and `namespace-uri`. What differs, because nobody declares namespaces
//! for a load test:
//! * A name without a prefix is that of elements in any namespace: `//Price` finds `<m:Price>` too.
//! * A name with a prefix is that of elements which the document writes with this prefix.
//! * In HTML the case of names does not matter.

mod evaluate;
mod expression;
mod functions;
mod lex;
mod parse;

use super::page::Page;
use super::{ExtractError, ExtractFailure};
use crate::template::Value;
use evaluate::{Evaluation, Outcome};
use expression::Expression;

/// An expression made ready.
#[derive(Debug)]
pub(super) struct XPath {
    expression: Expression,
}

impl XPath {
    pub fn compile(text: &str) -> Result<Self, ExtractError> {
        parse::parse(text).map(|expression| Self { expression })
    }

    /// The texts of the nodes that the expression leads to, in document order; or the number, text or truth value that
    /// it has.
    pub fn find(&self, page: &Page, at_most: usize) -> Result<Vec<Value>, ExtractFailure> {
        let evaluation = Evaluation::new(page);
        let Ok(outcome) = evaluation.of_document(&self.expression) else {
            return Err(ExtractFailure::new("the XPath expression looks at too many nodes of this document"));
        };
        Ok(match outcome {
            Outcome::Nodes(nodes) => {
                let texts = nodes.into_iter().take(at_most).map(|node| page.string(node));
                texts.map(|text| Value::from_text(text.as_bytes())).collect()
            }
            Outcome::Boolean(value) => vec![Value::from_json_text(if value { "true" } else { "false" })],
            Outcome::Number(number) if number.is_finite() => {
                vec![Value::from_json_text(&functions::number_text(number))]
            }
            Outcome::Number(number) => vec![Value::from_text(functions::number_text(number).into_bytes())],
            Outcome::Text(text) => vec![Value::from_text(text.into_bytes())],
        })
    }
}

#[cfg(test)]
mod tests;
