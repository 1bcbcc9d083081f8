//! Reads an XPath expression.

use super::expression::{Arithmetic, Axis, Expression, Function, Start, Step, Test};
use super::lex::{Word, words};
use crate::extract::ExtractError;
use crate::plan::Compare;

/// Parentheses, brackets and signs that may be open at once.
const MAX_NESTING: usize = 32;
/// Operators, steps and predicates of one kind in a row.
const MAX_CHAIN: usize = 100;

pub(super) fn parse(text: &str) -> Result<Expression, ExtractError> {
    let mut parser = Parser { text, words: words(text)?, at: 0, nesting: 0 };
    let expression = parser.expression()?;
    match parser.peek() {
        Word::End => Ok(expression),
        _ => Err(parser.error("expected an operator or the end of the expression")),
    }
}

struct Parser<'a> {
    text: &'a str,
    words: Vec<(usize, Word<'a>)>,
    /// Index of the next word.
    at: usize,
    nesting: usize,
}

type Parsed = Result<Expression, ExtractError>;
type Join = fn(Box<Expression>, Box<Expression>) -> Expression;

/// Binary operators, those that bind least first.
const LEVELS: [&[(&str, Join)]; 7] = [
    &[("or", Expression::Or)],
    &[("and", Expression::And)],
    &[
        ("=", |left, right| Expression::Compare(left, Compare::Eq, right)),
        ("!=", |left, right| Expression::Compare(left, Compare::Ne, right)),
    ],
    &[
        ("<=", |left, right| Expression::Compare(left, Compare::Le, right)),
        (">=", |left, right| Expression::Compare(left, Compare::Ge, right)),
        ("<", |left, right| Expression::Compare(left, Compare::Lt, right)),
        (">", |left, right| Expression::Compare(left, Compare::Gt, right)),
    ],
    &[
        ("+", |left, right| Expression::Arithmetic(left, Arithmetic::Add, right)),
        ("-", |left, right| Expression::Arithmetic(left, Arithmetic::Subtract, right)),
    ],
    &[
        ("*", |left, right| Expression::Arithmetic(left, Arithmetic::Multiply, right)),
        ("div", |left, right| Expression::Arithmetic(left, Arithmetic::Divide, right)),
        ("mod", |left, right| Expression::Arithmetic(left, Arithmetic::Remainder, right)),
    ],
    &[("|", Expression::Union)],
];
/// A minus sign binds less than the operators from this level on.
const UNION_LEVEL: usize = 6;

impl<'a> Parser<'a> {
    fn expression(&mut self) -> Parsed {
        if self.nesting == MAX_NESTING {
            return Err(self.error(format!("an expression nests at most {MAX_NESTING} deep")));
        }
        self.nesting += 1;
        let expression = self.binary(0);
        self.nesting -= 1;
        expression
    }

    fn binary(&mut self, level: usize) -> Parsed {
        let mut left = self.operand(level)?;
        for _ in 0..MAX_CHAIN {
            let Word::Sign(sign) = *self.peek() else { return Ok(left) };
            let Some((_, join)) = LEVELS[level].iter().find(|(operator, _)| *operator == sign) else {
                return Ok(left);
            };
            let start = self.at;
            self.at += 1;
            let right = self.operand(level)?;
            if level == UNION_LEVEL && !(left.is_nodes() && right.is_nodes()) {
                self.at = start;
                return Err(self.error("'|' joins paths only"));
            }
            left = join(Box::new(left), Box::new(right));
        }
        Err(self.error(format!("at most {MAX_CHAIN} operators of one kind stand in a row")))
    }

    fn operand(&mut self, level: usize) -> Parsed {
        if level == UNION_LEVEL {
            return self.path();
        }
        if level + 1 == UNION_LEVEL && self.take("-") {
            let mut negative = true;
            while self.take("-") {
                negative = !negative;
            }
            let operand = self.binary(UNION_LEVEL)?;
            let number = Expression::Negate(Box::new(operand));
            return Ok(if negative { number } else { Expression::Negate(Box::new(number)) });
        }
        self.binary(level + 1)
    }

    fn path(&mut self) -> Parsed {
        let mut steps = Vec::new();
        let start = if self.starts_primary() {
            let start = self.at;
            let primary = self.primary()?;
            let predicates = self.predicates()?;
            let goes_on = matches!(self.peek(), Word::Sign("/" | "//"));
            if predicates.is_empty() && !goes_on {
                return Ok(primary);
            }
            if !primary.is_nodes() {
                self.at = start;
                return Err(self.error("only a path can be followed by '[' or '/'"));
            }
            Start::Expression(Box::new(primary), predicates)
        } else if matches!(self.peek(), Word::Sign("/" | "//")) {
            if self.peek() == &Word::Sign("/") && !self.starts_step(self.at + 1) {
                self.at += 1;
                return Ok(Expression::Path(Start::Root, steps));
            }
            Start::Root
        } else {
            steps.push(self.step()?);
            Start::Context
        };
        loop {
            if self.take("//") {
                let (axis, test) = (Axis::DescendantOrSelf, Test::AnyNode);
                steps.push(Step { axis, test, predicates: Vec::new() });
            } else if !self.take("/") {
                return Ok(Expression::Path(start, steps));
            }
            if steps.len() >= MAX_CHAIN {
                return Err(self.error(format!("a path has at most {MAX_CHAIN} steps")));
            }
            steps.push(self.step()?);
        }
    }

    /// Whether a value comes next, not a step of a path.
    fn starts_primary(&self) -> bool {
        match self.peek() {
            Word::Sign(sign) => matches!(*sign, "(" | "$"),
            Word::Text(_) | Word::Number(_) => true,
            Word::Name(name) => self.word(self.at + 1) == &Word::Sign("(") && !is_node_type(name),
            Word::End => false,
        }
    }

    fn starts_step(&self, at: usize) -> bool {
        matches!(self.word(at), Word::Name(_) | Word::Sign("." | ".." | "@" | "*"))
    }

    fn primary(&mut self) -> Parsed {
        let word = self.peek().clone();
        match word {
            Word::Text(text) => {
                self.at += 1;
                Ok(Expression::Text(text.to_owned()))
            }
            Word::Number(number) => {
                self.at += 1;
                Ok(Expression::Number(number))
            }
            Word::Name(name) => self.call(name),
            Word::Sign("(") => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            _ => Err(self.error("variables of XPath are not supported; write ${…} in the step instead")),
        }
    }

    fn call(&mut self, name: &str) -> Parsed {
        let start = self.at;
        let Some((_, function, fewest, most)) = Function::ALL.iter().find(|(known, ..)| *known == name)
        else {
            return Err(self.error(format!("there is no function {name}(); XPath 1.0 is supported")));
        };
        self.at += 2;
        let mut arguments = Vec::new();
        if !self.take(")") {
            loop {
                arguments.push(self.expression()?);
                if self.take(")") {
                    break;
                }
                self.expect(",")?;
                if arguments.len() > *most {
                    break;
                }
            }
        }
        if !(*fewest..=*most).contains(&arguments.len()) {
            let wanted = if fewest == most { fewest.to_string() } else { format!("{fewest} to {most}") };
            self.at = start;
            return Err(self.error(format!("{name}() takes {wanted} arguments")));
        }
        if function.takes_nodes() && arguments.first().is_some_and(|argument| !argument.is_nodes()) {
            self.at = start;
            return Err(self.error(format!("the argument of {name}() is a path")));
        }
        Ok(Expression::Call(*function, arguments))
    }

    fn step(&mut self) -> Result<Step, ExtractError> {
        for (sign, axis) in [(".", Axis::Itself), ("..", Axis::Parent)] {
            if self.take(sign) {
                return Ok(Step { axis, test: Test::AnyNode, predicates: Vec::new() });
            }
        }
        let axis = self.axis()?;
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&mut self) -> Result<Axis, ExtractError> {
        if self.take("@") {
            return Ok(Axis::Attribute);
        }
        let Word::Name(name) = *self.peek() else { return Ok(Axis::Child) };
        if self.word(self.at + 1) != &Word::Sign("::") {
            return Ok(Axis::Child);
        }
        let Some((_, axis)) = Axis::ALL.iter().find(|(known, _)| *known == name) else {
            return Err(self.error(format!("there is no axis {name}::")));
        };
        self.at += 2;
        Ok(*axis)
    }

    fn test(&mut self) -> Result<Test, ExtractError> {
        if self.take("*") {
            return Ok(Test::AnyName);
        }
        let Word::Name(name) = *self.peek() else {
            return Err(self.error("expected a name, '*', '@' or '.'"));
        };
        if self.word(self.at + 1) != &Word::Sign("(") {
            self.at += 1;
            return Ok(match name.strip_suffix(":*") {
                Some(prefix) => Test::Prefix(prefix.into()),
                None => Test::Name(name.into()),
            });
        }
        let test = match name {
            "text" => Test::Text,
            "comment" => Test::Comment,
            "node" => Test::AnyNode,
            _ => {
                return Err(
                    self.error(format!("{name}() cannot stand in a path; text(), comment() and node() can"))
                );
            }
        };
        self.at += 2;
        self.expect(")")?;
        Ok(test)
    }

    fn predicates(&mut self) -> Result<Vec<Expression>, ExtractError> {
        let mut predicates = Vec::new();
        while self.take("[") {
            if predicates.len() == MAX_CHAIN {
                return Err(self.error(format!("at most {MAX_CHAIN} predicates stand in a row")));
            }
            predicates.push(self.expression()?);
            self.expect("]")?;
        }
        Ok(predicates)
    }

    fn word(&self, at: usize) -> &Word<'a> {
        self.words.get(at).map_or(&Word::End, |(_, word)| word)
    }

    fn peek(&self) -> &Word<'a> {
        self.word(self.at)
    }

    fn take(&mut self, sign: &'static str) -> bool {
        let taken = self.peek() == &Word::Sign(sign);
        if taken {
            self.at += 1;
        }
        taken
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), ExtractError> {
        if self.take(sign) { Ok(()) } else { Err(self.error(format!("expected '{sign}'"))) }
    }

    fn error(&self, message: impl Into<String>) -> ExtractError {
        let at = self.words.get(self.at).map_or(self.text.len(), |(at, _)| *at);
        ExtractError::new(self.text[..at].chars().count(), message)
    }
}

fn is_node_type(name: &str) -> bool {
    matches!(name, "text" | "comment" | "node" | "processing-instruction")
}
