//! Decides whether a response is what it must be, and says in words why not.

mod expected;
mod matcher;

pub use expected::Expected;

use crate::extract::{Extractor, Pattern, Response};
use crate::plan::{Check, CheckRule, Compare, Extract, Which};
use crate::template::{Bounds, Scope};
use matcher::{ReadyMatcher, shown};

/// A check made ready.
#[derive(Debug)]
pub struct Checker {
    /// Index into [`crate::plan::Plan::checks`].
    pub name: usize,
    /// A failure is counted, and nothing more.
    pub warn: bool,
    not: bool,
    rule: Rule,
}

#[derive(Debug)]
enum Rule {
    Status(Vec<(u16, u16)>),
    Size(Compare, u64),
    Time(Compare, u64),
    Value { from: Extractor, typed: bool, matcher: ReadyMatcher },
    Contains(Expected),
    Regex(Pattern),
}

impl Checker {
    /// Reads its expressions.
    ///
    /// # Errors
    /// When one of them is wrong, in words.
    pub fn compile(plan: &Check, bounds: &Bounds) -> Result<Self, String> {
        let rule = match &plan.rule {
            CheckRule::Status(ranges) => Rule::Status(ranges.clone()),
            CheckRule::Size { operator, bytes } => Rule::Size(*operator, *bytes),
            CheckRule::Time { operator, duration_ns } => Rule::Time(*operator, *duration_ns),
            CheckRule::Value { from, matcher } => Rule::Value {
                typed: matches!(from, Extract::Json(_)),
                matcher: ReadyMatcher::compile(matcher, bounds)?,
                from: Extractor::compile(from).map_err(|error| format!("{from:?}: {error}"))?,
            },
            CheckRule::Contains(template) => Rule::Contains(Expected::new(template, bounds)?),
            CheckRule::Regex(pattern) => {
                Rule::Regex(Pattern::compile(pattern).map_err(|error| format!("{pattern:?}: {error}"))?)
            }
        };
        Ok(Self { name: plan.name, warn: plan.warn, not: plan.not, rule })
    }

    /// Whether it looks at nothing but the status code.
    pub fn is_about_status(&self) -> bool {
        matches!(self.rule, Rule::Status(_))
    }

    /// Whether it looks at the body.
    pub fn needs_body(&self) -> bool {
        match &self.rule {
            Rule::Status(_) | Rule::Time(..) => false,
            Rule::Size(..) | Rule::Contains(_) | Rule::Regex(_) => true,
            Rule::Value { from, .. } => from.needs_body(),
        }
    }

    /// Whether it looks at the headers.
    pub fn needs_head(&self) -> bool {
        matches!(&self.rule, Rule::Value { from, .. } if from.needs_head())
    }

    /// Whether the response is what it must be.
    ///
    /// # Errors
    /// When it is not, with what it is instead: `it is 404`. Together with the name of the check that is a sentence.
    pub fn holds(&self, response: &Response, scope: &mut Scope) -> Result<(), String> {
        if self.is_so(response, scope)? == self.not { Err(self.words(response, scope)) } else { Ok(()) }
    }

    fn is_so(&self, response: &Response, scope: &mut Scope) -> Result<bool, String> {
        Ok(match &self.rule {
            Rule::Status(ranges) => ranges.iter().any(|&(from, to)| (from..=to).contains(&response.status)),
            Rule::Size(operator, bytes) => operator.agrees((response.body.len() as u64).cmp(bytes)),
            Rule::Time(operator, duration_ns) => operator.agrees(response.elapsed_ns.cmp(duration_ns)),
            Rule::Contains(part) => memchr::memmem::find(response.body, &part.text(scope)?).is_some(),
            Rule::Regex(pattern) => pattern.is_match(response.body),
            Rule::Value { from, typed, matcher } => {
                let found = from.find(response, Which::First, scope.random);
                match (found.map_err(|failure| failure.to_string())?, matcher) {
                    (value, ReadyMatcher::Exists) => value.is_some(),
                    (None, _) => return Err(format!("nothing is at {from} in the response")),
                    (Some(value), matcher) => matcher.holds(&value, *typed, scope)?,
                }
            }
        })
    }

    /// What the response is instead of what it must be.
    #[cold]
    fn words(&self, response: &Response, scope: &mut Scope) -> String {
        match &self.rule {
            Rule::Status(_) => format!("it is {}", response.status),
            Rule::Size(..) => format!("it is {} B", grouped(response.body.len() as u64)),
            Rule::Time(..) => format!("it is {}", milliseconds(response.elapsed_ns)),
            Rule::Contains(_) if self.not => "the body contains it".to_owned(),
            Rule::Contains(_) => "the body does not contain it".to_owned(),
            Rule::Regex(_) if self.not => "the body matches".to_owned(),
            Rule::Regex(_) => "the body does not match".to_owned(),
            Rule::Value { from, .. } => match from.find(response, Which::First, scope.random) {
                Ok(Some(value)) => format!("it is {}", shown(&value)),
                _ => format!("nothing is at {from} in the response"),
            },
        }
    }
}

/// With commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn milliseconds(duration_ns: u64) -> String {
    format!("{}.{:03} ms", grouped(duration_ns / 1_000_000), duration_ns / 1_000 % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Matcher, Template};
    use crate::random::Random;

    const BODY: &[u8] = br#"{"ok": false, "count": 3, "name": "pen"}"#;
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nx-cache: HIT\r\n\r\n";

    fn outcome(rule: CheckRule, not: bool) -> Result<(), String> {
        let checker =
            Checker::compile(&Check { name: 0, rule, not, warn: false }, &Bounds::default()).unwrap();
        let response = Response::new(200, HEAD, BODY, 734_512_345);
        checker.holds(
            &response,
            &mut Scope { variables: &[], rows: &[], sequence: 0, unix_ns: 0, random: &mut Random::new(0) },
        )
    }

    fn fixed(text: &str) -> Template {
        Template::Fixed(text.to_owned())
    }

    fn json(path: &str, matcher: Matcher) -> CheckRule {
        CheckRule::Value { from: Extract::Json(path.to_owned()), matcher }
    }

    #[test]
    fn a_failure_says_what_the_response_is_instead() {
        let equals = |text: &str| Matcher::Equals(fixed(text));
        let rows = [
            (CheckRule::Status(vec![(201, 204), (404, 404)]), "it is 200"),
            (CheckRule::Size { operator: Compare::Lt, bytes: 40 }, "it is 40 B"),
            (CheckRule::Time { operator: Compare::Le, duration_ns: 1 }, "it is 734.512 ms"),
            (json("$.ok", equals("true")), "it is false"),
            (json("$.name", equals("\"book\"")), "it is \"pen\""),
            (json("$.count", Matcher::Compare { operator: Compare::Gt, to: fixed("3.0") }), "it is 3"),
            (json("$.none", Matcher::Exists), "nothing is at $.none in the response"),
            (json("$.name", Matcher::Contains(fixed("x"))), "it is \"pen\""),
            (json("$.name", Matcher::Matches("^b".into())), "it is \"pen\""),
            (CheckRule::Contains(fixed("book")), "the body does not contain it"),
            (CheckRule::Regex("b..k".into()), "the body does not match"),
        ];
        for (rule, words) in rows {
            assert_eq!(outcome(rule.clone(), false), Err(words.to_owned()), "{rule:?}");
            assert_eq!(outcome(rule.clone(), true), Ok(()), "{rule:?}");
        }
    }

    #[test]
    fn what_must_not_be_fails_when_it_is() {
        let rows = [
            (CheckRule::Status(vec![(200, 299)]), "it is 200"),
            (json("$.ok", Matcher::Exists), "it is false"),
            (json("$.ok", Matcher::Equals(fixed("false"))), "it is false"),
            (CheckRule::Contains(fixed("pen")), "the body contains it"),
            (CheckRule::Regex("p.n".into()), "the body matches"),
        ];
        for (rule, words) in rows {
            assert_eq!(outcome(rule.clone(), true), Err(words.to_owned()), "{rule:?}");
            assert_eq!(outcome(rule.clone(), false), Ok(()), "{rule:?}");
        }
    }

    #[test]
    fn a_value_that_is_not_there_fails_also_what_it_must_not_be() {
        for not in [false, true] {
            let missing = outcome(json("$.none", Matcher::Equals(fixed("1"))), not);
            assert_eq!(missing, Err("nothing is at $.none in the response".to_owned()));
        }
        let from = Extract::Header("x-cache".into());
        assert_eq!(
            outcome(CheckRule::Value { from, matcher: Matcher::Equals(fixed("\"HIT\"")) }, false),
            Ok(())
        );
    }

    #[test]
    fn only_what_is_looked_at_is_needed() {
        let needs = |rule: CheckRule| {
            let checker =
                Checker::compile(&Check { name: 0, rule, not: false, warn: false }, &Bounds::default())
                    .unwrap();
            (checker.needs_head(), checker.needs_body())
        };
        assert_eq!(needs(CheckRule::Status(vec![])), (false, false));
        assert_eq!(needs(CheckRule::Size { operator: Compare::Lt, bytes: 1 }), (false, true));
        assert_eq!(needs(json("$", Matcher::Exists)), (false, true));
        let from = Extract::Header("a".into());
        assert_eq!(needs(CheckRule::Value { from, matcher: Matcher::Exists }), (true, false));
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (31_204, "31,204"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }
}
