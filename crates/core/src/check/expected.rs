//! What a value is compared with: a template, filled for each response.

use std::borrow::Cow;

use crate::plan::Template;
use crate::template::{Bounds, ReadyTemplate, Scope, Value};

/// A template, filled already if it is always the same.
#[derive(Debug)]
pub struct Expected {
    fixed: Option<Box<[u8]>>,
    template: ReadyTemplate,
}

impl Expected {
    /// Makes a template ready.
    ///
    /// # Errors
    /// In words, when it names what the plan does not have.
    pub fn new(template: &Template, bounds: &Bounds) -> Result<Self, String> {
        let template = ReadyTemplate::compile(template, bounds).map_err(|error| error.to_string())?;
        let fixed = template.fixed_text().map(|text| text.as_bytes().into());
        Ok(Self { fixed, template })
    }

    /// Its text.
    ///
    /// # Errors
    /// When a hole cannot be filled.
    pub fn text(&self, scope: &mut Scope<'_>) -> Result<Cow<'_, [u8]>, String> {
        if let Some(fixed) = &self.fixed {
            return Ok(Cow::Borrowed(fixed));
        }
        let mut out = Vec::new();
        self.template.render(scope, &mut out).map_err(|error| error.to_string())?;
        Ok(Cow::Owned(out))
    }

    /// It as a value to save; a single hole keeps the type of what is in it.
    ///
    /// # Errors
    /// When a hole cannot be filled.
    pub fn value(&self, scope: &mut Scope<'_>) -> Result<Value, String> {
        self.template.value(scope).map_err(|error| error.to_string())
    }
}
