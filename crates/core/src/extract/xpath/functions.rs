//! The functions of XPath (section 4 of the recommendation).

use super::evaluate::{Evaluation, Outcome, Place, TooMuch};
use super::expression::{Expression, Function};

impl Evaluation<'_> {
    /// The parser has counted the arguments.
    pub(super) fn call(
        &self,
        function: Function,
        arguments: &[Expression],
        place: Place,
    ) -> Result<Outcome, TooMuch> {
        let text = |index: usize| match arguments.get(index) {
            Some(argument) => self.text(argument, place),
            None => self.string(place.node).map(String::from),
        };
        let number = |index: usize| match arguments.get(index) {
            Some(argument) => self.number(argument, place),
            None => Ok(number_of(&self.string(place.node)?)),
        };
        let truth =
            |index: usize| arguments.get(index).map_or(Ok(false), |argument| self.boolean(argument, place));
        let nodes = || match arguments.first() {
            Some(argument) => self.nodes(argument, place),
            None => Ok(vec![place.node]),
        };
        Ok(match function {
            Function::Last => Outcome::Number(place.size as f64),
            Function::Position => Outcome::Number(place.position as f64),
            Function::Count => Outcome::Number(nodes()?.len() as f64),
            Function::Name => {
                Outcome::Text(nodes()?.first().map_or("", |&node| self.page.name(node)).to_owned())
            }
            Function::LocalName => {
                Outcome::Text(nodes()?.first().map_or("", |&node| self.page.local_name(node)).to_owned())
            }
            Function::Sum => Outcome::Number(self.sum(&nodes()?)?),
            Function::String => Outcome::Text(text(0)?),
            Function::Concat => Outcome::Text(self.concat(arguments, place)?),
            Function::StartsWith => Outcome::Boolean(text(0)?.starts_with(&text(1)?)),
            Function::Contains => Outcome::Boolean(text(0)?.contains(&text(1)?)),
            Function::SubstringBefore => {
                Outcome::Text(text(0)?.split_once(&text(1)?).map_or("", |(before, _)| before).to_owned())
            }
            Function::SubstringAfter => {
                Outcome::Text(text(0)?.split_once(&text(1)?).map_or("", |(_, after)| after).to_owned())
            }
            Function::Substring => {
                let length = if arguments.len() > 2 { number(2)? } else { f64::INFINITY };
                Outcome::Text(substring(&text(0)?, number(1)?, length))
            }
            Function::StringLength => Outcome::Number(text(0)?.chars().count() as f64),
            Function::NormalizeSpace => {
                Outcome::Text(text(0)?.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
            }
            Function::Translate => {
                let (all, from, to) = (text(0)?, text(1)?, text(2)?);
                self.spend((all.len() as u64).saturating_mul(from.len() as u64))?;
                Outcome::Text(translate(&all, &from, &to))
            }
            Function::Boolean => Outcome::Boolean(truth(0)?),
            Function::Not => Outcome::Boolean(!truth(0)?),
            Function::True => Outcome::Boolean(true),
            Function::False => Outcome::Boolean(false),
            Function::Number => Outcome::Number(number(0)?),
            Function::Floor => Outcome::Number(number(0)?.floor()),
            Function::Ceiling => Outcome::Number(number(0)?.ceil()),
            Function::Round => Outcome::Number(round(number(0)?)),
        })
    }

    fn sum(&self, nodes: &[u32]) -> Result<f64, TooMuch> {
        nodes.iter().try_fold(0.0, |sum, &node| Ok(sum + number_of(&self.string(node)?)))
    }

    fn concat(&self, texts: &[Expression], place: Place) -> Result<String, TooMuch> {
        let mut all = String::new();
        for text in texts {
            all.push_str(&self.text(text, place)?);
        }
        self.spend(all.len() as u64)?;
        Ok(all)
    }
}

/// Half is rounded up, also below zero.
fn round(number: f64) -> f64 {
    (number + 0.5).floor()
}

fn substring(text: &str, start: f64, length: f64) -> String {
    let first = round(start);
    let end = first + round(length);
    let inside = |index: usize| {
        let position = (index + 1) as f64;
        position >= first && position < end
    };
    text.chars().enumerate().filter(|(index, _)| inside(*index)).map(|(_, char)| char).collect()
}

/// Characters of `from` become those at the same place in `to`; those without one are removed.
fn translate(text: &str, from: &str, to: &str) -> String {
    text.chars()
        .filter_map(|char| match from.chars().position(|other| other == char) {
            None => Some(char),
            Some(index) => to.chars().nth(index),
        })
        .collect()
}

/// Section 4.4: a number without exponent, white space around it; anything else is not a number.
pub(super) fn number_of(text: &str) -> f64 {
    let text = text.trim_ascii();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_number { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// Section 4.2: whole numbers without a point, never an exponent.
pub(super) fn number_text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    match number {
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        _ => number.to_string(),
    }
}
