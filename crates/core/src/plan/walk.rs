//! Goes through everything that a plan consists of.

use std::collections::BTreeSet;

use super::{
    Body, CheckRule, Condition, Expr, Flow, Matcher, Part, PartContent, Plan, Request, Step, Template,
};

impl Plan {
    /// Every step, those in steps included, setup and teardown too.
    pub fn all_steps(&self) -> Vec<&Step> {
        let mut found = Vec::new();
        let flows = self.flows.iter().flat_map(|flow| [&flow.before, &flow.steps, &flow.after]);
        for steps in flows.chain([&self.setup, &self.teardown]) {
            collect(steps, &mut found);
        }
        found
    }

    /// Indexes of the checks whose failures are only counted.
    pub fn warnings(&self) -> BTreeSet<usize> {
        let requests = self.all_steps().into_iter().filter_map(|step| match step {
            Step::Request(request) => Some(request),
            _ => None,
        });
        requests
            .flat_map(|request| &request.checks)
            .filter(|check| check.warn)
            .map(|check| check.name)
            .collect()
    }
}

impl Flow {
    /// Indexes of the data sets that it uses, ascending.
    pub fn data(&self) -> Vec<usize> {
        let steps = [&self.before, &self.steps, &self.after].into_iter().flat_map(|steps| steps_in(steps));
        let mut used: Vec<usize> = steps
            .flat_map(Step::templates)
            .flat_map(Template::expressions)
            .filter_map(|expression| match expression {
                Expr::Column { data, .. } => Some(*data),
                _ => None,
            })
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }
}

/// Every one of these steps and of the steps in them, in order.
pub fn steps_in(steps: &[Step]) -> Vec<&Step> {
    let mut found = Vec::new();
    collect(steps, &mut found);
    found
}

fn collect<'a>(steps: &'a [Step], found: &mut Vec<&'a Step>) {
    for step in steps {
        found.push(step);
        match step {
            Step::If { then, otherwise, .. } => {
                collect(then, found);
                collect(otherwise, found);
            }
            Step::Repeat { steps, .. }
            | Step::While { steps, .. }
            | Step::ForEach { steps, .. }
            | Step::Group { steps, .. } => collect(steps, found),
            Step::Parallel { branches, .. } => branches.iter().for_each(|steps| collect(steps, found)),
            Step::Request(_)
            | Step::Think { .. }
            | Step::Set { .. }
            | Step::Python { .. }
            | Step::Code { .. }
            | Step::Exit { .. } => {}
        }
    }
}

impl Step {
    /// The templates of this step, without those of steps in it.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Request(request) => request.templates(),
            Self::Set { value, .. } => vec![value],
            Self::Python { arguments, .. } => arguments.iter().collect(),
            Self::If { condition, .. } | Self::While { condition, .. } => condition.templates(),
            Self::Repeat { times, .. } => vec![times],
            Self::ForEach { items, .. } => vec![items],
            Self::Exit { message, .. } => vec![message],
            Self::Think { .. } | Self::Code { .. } | Self::Group { .. } | Self::Parallel { .. } => Vec::new(),
        }
    }
}

impl Request {
    /// Its templates: address, headers, body, checks, defaults of saves.
    pub fn templates(&self) -> Vec<&Template> {
        let mut found = vec![&self.path];
        found.extend(self.headers.iter().map(|(_, value)| value));
        match &self.body {
            Some(Body::Text(text)) => found.push(text),
            Some(Body::Multipart(parts)) => {
                for part in parts {
                    if let PartContent::Text(text) = &part.content {
                        found.push(text);
                    }
                    found.extend(&part.filename);
                }
            }
            Some(Body::File(_)) | None => {}
        }
        found.extend(self.checks.iter().filter_map(|check| match &check.rule {
            CheckRule::Contains(text) => Some(text),
            CheckRule::Value { matcher, .. } => match matcher {
                Matcher::Equals(text) | Matcher::Contains(text) | Matcher::Compare { to: text, .. } => {
                    Some(text)
                }
                Matcher::Exists | Matcher::Matches(_) => None,
            },
            CheckRule::Status(_) | CheckRule::Size { .. } | CheckRule::Time { .. } | CheckRule::Regex(_) => {
                None
            }
        }));
        found.extend(self.saves.iter().filter_map(|save| save.default.as_ref()));
        found
    }
}

impl Condition {
    fn templates(&self) -> Vec<&Template> {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().flat_map(Self::templates).collect()
            }
            Self::Not(condition) => condition.templates(),
            Self::IsSet(_) => Vec::new(),
            Self::Truthy(text) | Self::Matches { text, .. } => vec![text],
            Self::Compare { left, right, .. } => vec![left, right],
            Self::Contains { text, part } => vec![text, part],
        }
    }
}

impl Template {
    /// Every expression in its holes, those in expressions included.
    pub fn expressions(&self) -> Vec<&Expr> {
        let mut found = Vec::new();
        if let Self::Parts(parts) = self {
            for part in parts {
                if let Part::Hole(hole) = part {
                    hole.value.collect(&mut found);
                }
            }
        }
        found
    }
}

impl Expr {
    fn collect<'a>(&'a self, found: &mut Vec<&'a Expr>) {
        found.push(self);
        match self {
            Self::Member { of, .. } => of.collect(found),
            Self::Join(parts) => parts.iter().for_each(|part| part.collect(found)),
            Self::Call { arguments, .. } => arguments.iter().for_each(|argument| argument.collect(found)),
            Self::Text(_) | Self::Secret(_) | Self::Json(_) | Self::Variable(_) | Self::Column { .. } => {}
        }
    }
}
