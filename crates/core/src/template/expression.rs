//! An expression of a plan made ready: indexes checked, paths read, constants computed.

use std::collections::BTreeSet;

use super::functions::Call;
use super::scope::{Bounds, Evaluation, Scope};
use super::value::Form;
use super::{RenderError, TemplateError, Value};
use crate::json_path::JsonPath;
use crate::plan::Expr;
use crate::random::Random;

/// Expressions in expressions. Deeper ones do not come through the JSON form of a plan anyway.
pub(super) const MAX_DEPTH: usize = 64;

/// A value that is computed for each request.
pub(super) enum ReadyExpr {
    Constant(Value),
    Variable(usize),
    Column { data: usize, column: usize },
    Member { of: Box<ReadyExpr>, path: Box<JsonPath> },
    Join(Box<[ReadyExpr]>),
    Call(Box<Call>),
}

/// Makes the expressions of one template ready.
pub(super) struct Compiler<'b> {
    bounds: &'b Bounds,
    /// Indexes of the variables that were seen.
    pub variables: BTreeSet<usize>,
}

impl<'b> Compiler<'b> {
    pub fn new(bounds: &'b Bounds) -> Self {
        Self { bounds, variables: BTreeSet::new() }
    }

    pub fn compile(&mut self, expr: &Expr) -> Result<ReadyExpr, TemplateError> {
        self.nested(expr, 0)
    }

    fn nested(&mut self, expr: &Expr, depth: usize) -> Result<ReadyExpr, TemplateError> {
        if depth == MAX_DEPTH {
            return Err(TemplateError::TooDeep);
        }
        match expr {
            Expr::Text(text) => Ok(ReadyExpr::Constant(Value::from_text(text.as_bytes()))),
            Expr::Secret(text) => {
                Ok(ReadyExpr::Constant(Value::from_text(text.as_bytes()).marked_secret(true)))
            }
            Expr::Json(text) => json_constant(text),
            Expr::Variable(index) if *index >= self.bounds.variables => {
                Err(TemplateError::NoVariable(*index))
            }
            Expr::Variable(index) => {
                self.variables.insert(*index);
                Ok(ReadyExpr::Variable(*index))
            }
            Expr::Column { data, column } => match self.bounds.columns.get(*data) {
                None => Err(TemplateError::NoData(*data)),
                Some(columns) if column >= columns => {
                    Err(TemplateError::NoColumn { data: *data, column: *column })
                }
                Some(_) => Ok(ReadyExpr::Column { data: *data, column: *column }),
            },
            Expr::Member { of, path } => {
                let of = Box::new(self.nested(of, depth + 1)?);
                let read = JsonPath::parse(path)
                    .map_err(|error| TemplateError::Path { path: path.clone(), error })?;
                let known = of.is_constant();
                computed_once(ReadyExpr::Member { of, path: Box::new(read) }, known)
            }
            Expr::Join(parts) => {
                let parts = self.all(parts, depth)?;
                let known = parts.iter().all(ReadyExpr::is_constant);
                computed_once(ReadyExpr::Join(parts.into()), known)
            }
            Expr::Call { function, arguments } => {
                let arguments = self.all(arguments, depth)?;
                let known = function.is_pure() && arguments.iter().all(ReadyExpr::is_constant);
                computed_once(ReadyExpr::Call(Box::new(Call::new(*function, arguments)?)), known)
            }
        }
    }

    fn all(&mut self, exprs: &[Expr], depth: usize) -> Result<Vec<ReadyExpr>, TemplateError> {
        exprs.iter().map(|expr| self.nested(expr, depth + 1)).collect()
    }
}

fn json_constant(text: &str) -> Result<ReadyExpr, TemplateError> {
    let whole = JsonPath::parse("$").map_err(|_| TemplateError::NotJson)?;
    match whole.find(text.as_bytes()) {
        Ok(Some(json)) => Ok(ReadyExpr::Constant(Value::from_json_text(json))),
        _ => Err(TemplateError::NotJson),
    }
}

/// The value of the expression in its place when it is always the same.
fn computed_once(expr: ReadyExpr, known: bool) -> Result<ReadyExpr, TemplateError> {
    if !known {
        return Ok(expr);
    }
    let mut random = Random::new(0);
    let mut scope = Scope { variables: &[], rows: &[], sequence: 0, unix_ns: 0, random: &mut random };
    let mut evaluation = Evaluation { scope: &mut scope, secret: false };
    let value = expr.value(&mut evaluation).map_err(TemplateError::Constant)?;
    Ok(ReadyExpr::Constant(value.marked_secret(evaluation.secret)))
}

impl ReadyExpr {
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// The value with its type. Allocates only for what is computed.
    pub fn value(&self, evaluation: &mut Evaluation) -> Result<Value, RenderError> {
        match self {
            Self::Constant(value) => {
                evaluation.secret |= value.is_secret();
                Ok(value.clone())
            }
            Self::Variable(index) => evaluation.variable(*index).cloned(),
            Self::Column { data, column } => evaluation.column(*data, *column).cloned(),
            Self::Member { of, path } => member(&of.value(evaluation)?, path),
            Self::Join(_) | Self::Call(_) => {
                let mut text = Vec::new();
                let form = self.write(evaluation, &mut text)?;
                Ok(Value::of_form(&text, form))
            }
        }
    }

    /// Appends the text of the value as it is, and says what it is.
    pub fn write(&self, evaluation: &mut Evaluation, out: &mut Vec<u8>) -> Result<Form, RenderError> {
        match self {
            Self::Join(parts) => {
                parts.iter().try_for_each(|part| part.write(evaluation, out).map(drop))?;
                Ok(Form::Text)
            }
            Self::Call(call) => call.write(evaluation, out),
            Self::Variable(index) => Ok(append(evaluation.variable(*index)?, out)),
            Self::Column { data, column } => Ok(append(evaluation.column(*data, *column)?, out)),
            Self::Constant(_) | Self::Member { .. } => Ok(append(&self.value(evaluation)?, out)),
        }
    }
}

fn append(value: &Value, out: &mut Vec<u8>) -> Form {
    out.extend_from_slice(value.text());
    value.form()
}

/// A text that is JSON has members too: rows of CSV files hold such texts.
fn member(of: &Value, path: &JsonPath) -> Result<Value, RenderError> {
    match path.find(of.text()) {
        Ok(Some(json)) => Ok(Value::from_json_text(json)),
        Ok(None) => Err(RenderError::NoMember { path: path.to_string().into() }),
        Err(_) => Err(RenderError::NotJson { path: path.to_string().into() }),
    }
}
