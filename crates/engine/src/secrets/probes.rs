//! What stands in secret headers with holes, rendered anew when something is to be shown.

use std::collections::{BTreeMap, BTreeSet};

use kilobar_core::plan::{Encode, Expr, Hole, Part, Plan, Step, Template};
use kilobar_core::random::Random;
use kilobar_core::template::{Bounds, ReadyTemplate, Row, Scope, Value};

use super::is_secret_header;

/// Templates whose renderings are secrets.
#[derive(Debug, Default)]
pub struct Probes {
    /// Variables whose values get into secret headers.
    pub variables: BTreeSet<usize>,
    templates: Vec<Probe>,
}

#[derive(Debug)]
struct Probe {
    /// It is the whole value of this header.
    header: Option<String>,
    template: ReadyTemplate,
}

impl Probes {
    /// Those of a plan: its secret headers, each value in them, and each value of which `set` makes one of those.
    pub fn of(plan: &Plan) -> Self {
        let steps = plan.all_steps();
        let headers = steps.iter().flat_map(|step| match step {
            Step::Request(request) => request.headers.as_slice(),
            _ => &[],
        });
        let mut collected = Collected::default();
        for (name, value) in headers.filter(|(name, _)| is_secret_header(name)) {
            collected.add(Some(name), value);
        }
        loop {
            let known = collected.variables.len();
            for step in &steps {
                if let Step::Set { variable, value } = step
                    && collected.variables.contains(variable)
                {
                    collected.add_values(value);
                }
            }
            if collected.variables.len() == known {
                break;
            }
        }
        let bounds = Bounds::of(plan);
        let ready = collected.templates.into_values().filter_map(|(header, template)| {
            // One that cannot be rendered is in no request either.
            let template = ReadyTemplate::compile(&template, &bounds).ok()?;
            Some(Probe { header, template })
        });
        Self { templates: ready.collect(), variables: collected.variables }
    }

    /// What they render to for a user, as far as it has the values: name of the header when it is all of its value.
    pub fn texts(&self, variables: &[Option<Value>], rows: &[Option<Row>]) -> Vec<(Option<&str>, String)> {
        let unix_ns = kilobar_clock::unix_ns();
        let rendered = self.templates.iter().filter_map(|probe| {
            let mut random = Random::new(0);
            let mut scope = Scope { variables, rows, sequence: 0, unix_ns, random: &mut random };
            let mut text = Vec::new();
            probe.template.render(&mut scope, &mut text).ok()?;
            Some((probe.header.as_deref(), String::from_utf8_lossy(&text).into_owned()))
        });
        rendered.collect()
    }
}

#[derive(Default)]
struct Collected {
    variables: BTreeSet<usize>,
    /// By their JSON form: many requests have the same headers.
    templates: BTreeMap<String, (Option<String>, Template)>,
}

impl Collected {
    fn add(&mut self, header: Option<&str>, template: &Template) {
        if template.fixed_text().is_some() {
            return;
        }
        self.keep(header, template.clone());
        self.add_values(template);
    }

    fn add_values(&mut self, template: &Template) {
        for expression in template.expressions() {
            if let Expr::Variable(index) = expression {
                self.variables.insert(*index);
            }
        }
        let Template::Parts(parts) = template else { return };
        for part in parts {
            if let Part::Hole(hole) = part {
                self.add_leaves(&hole.value);
            }
        }
    }

    /// Of a member only the member itself: the rest of its value is no secret.
    fn add_leaves(&mut self, expression: &Expr) {
        match expression {
            Expr::Variable(_) | Expr::Column { .. } | Expr::Member { .. } => {
                let hole = Hole { value: expression.clone(), encode: Encode::Raw };
                self.keep(None, Template::Parts(vec![Part::Hole(hole)]));
            }
            Expr::Join(inner) | Expr::Call { arguments: inner, .. } => {
                inner.iter().for_each(|expression| self.add_leaves(expression));
            }
            Expr::Text(_) | Expr::Secret(_) | Expr::Json(_) => {}
        }
    }

    fn keep(&mut self, header: Option<&str>, template: Template) {
        let key = serde_json::to_string(&(header, &template)).unwrap_or_default();
        self.templates.entry(key).or_insert_with(|| (header.map(str::to_owned), template));
    }
}
