//! What a value is compared with: a template, filled for each response. The only place of checks that fills templates.

use std::borrow::Cow;

use crate::plan::Template;
use crate::random::Random;
use crate::template::{Value, render};

/// What templates are filled with.
pub struct Scope<'a> {
    /// The values of this user, by their index in the plan.
    pub variables: &'a [Option<Value>],
    /// The user's random choices.
    pub random: &'a mut Random,
}

/// A template, filled already if it is always the same.
#[derive(Debug)]
pub struct Expected {
    fixed: Option<Box<[u8]>>,
    template: Template,
}

impl Expected {
    /// Makes a template ready.
    pub fn new(template: &Template) -> Self {
        let fixed = template.fixed_text().map(|text| text.as_bytes().into());
        Self { fixed, template: template.clone() }
    }

    /// Its text.
    ///
    /// # Errors
    /// When a hole cannot be filled.
    pub fn text(&self, scope: &mut Scope) -> Result<Cow<'_, [u8]>, String> {
        if let Some(fixed) = &self.fixed {
            return Ok(Cow::Borrowed(fixed));
        }
        let mut out = Vec::new();
        render(&self.template, scope.variables, scope.random, &mut out).map_err(|error| error.to_string())?;
        Ok(Cow::Owned(out))
    }

    /// Its text as a value to save.
    ///
    /// # Errors
    /// When a hole cannot be filled.
    pub fn value(&self, scope: &mut Scope) -> Result<Value, String> {
        self.text(scope).map(|text| Value::from_text(text.as_ref()))
    }
}
