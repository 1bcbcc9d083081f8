//! Functions that know what JSON is.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::argument::{Argument, Arguments, Parameter};
use super::super::encode;
use super::super::scope::Evaluation;
use super::super::value::Form;
use super::super::{RenderError, TemplateError, Value};
use crate::plan::{Encode, Function};

pub(super) enum JsonCall {
    Json(Argument<Value>),
    Escape(Argument<Value>),
    Length(Argument<Count>),
}

/// How many entries an array or object has, or characters a text.
#[derive(Clone, Copy)]
pub(super) struct Count(usize);

impl Parameter for Count {
    const EXPECTED: &'static str = "a JSON array or object, or a text";

    fn read(value: &Value) -> Option<Self> {
        let text = std::str::from_utf8(value.text()).ok()?;
        if value.is_json() && text.trim_start().starts_with(['[', '{']) {
            return serde_json::Deserializer::from_str(text).deserialize_any(Entries).ok().map(Self);
        }
        Some(Self(text.chars().count()))
    }
}

/// Counts the entries of an array or object.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = usize;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("an array or object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while entries.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

impl JsonCall {
    pub fn new(function: Function, take: &mut Arguments) -> Result<Self, TemplateError> {
        Ok(match function {
            Function::Json => Self::Json(take.required()?),
            Function::JsonEscape => Self::Escape(take.required()?),
            _ => Self::Length(take.required()?),
        })
    }

    pub fn write(&self, evaluation: &mut Evaluation, out: &mut Vec<u8>) -> Result<Form, RenderError> {
        match self {
            Self::Json(value) => {
                let value = value.get(evaluation)?;
                encode::value(&value, Encode::JsonValue, out);
                // A text that holds JSON, as JSON.stringify of browsers returns it.
                Ok(Form::Text)
            }
            Self::Escape(value) => {
                encode::json_string(value.get(evaluation)?.text(), out);
                Ok(Form::Text)
            }
            Self::Length(count) => {
                let count = count.get(evaluation)?.0;
                out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
                Ok(Form::Json)
            }
        }
    }
}
