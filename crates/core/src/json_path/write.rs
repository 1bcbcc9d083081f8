//! Writes a path as people write it.

use std::fmt::{self, Display, Formatter};

use super::parse::{is_name_char, is_name_first};
use super::query::{Filter, Literal, Operand, Pattern, Query, Selector, Slice, Step};
use super::{JsonPath, Segment};
use crate::plan::Compare;

impl Display for JsonPath {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        out.write_str("$")?;
        self.prefix.iter().try_for_each(|segment| write!(out, "{segment}"))?;
        self.rest.iter().try_for_each(|step| write!(out, "{step}"))
    }
}

/// As a step of its own.
impl Display for Segment {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match self {
            Self::Name(name) if name.starts_with(is_name_first) && name.chars().all(is_name_char) => {
                write!(out, ".{name}")
            }
            Self::Name(name) => write!(out, "[{}]", Quoted(name)),
            Self::Index(index) => write!(out, "[{index}]"),
        }
    }
}

/// A text in quotes.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        out.write_str("'")?;
        for char in self.0.chars() {
            match char {
                '\'' | '\\' => write!(out, "\\{char}")?,
                '\n' => out.write_str("\\n")?,
                '\r' => out.write_str("\\r")?,
                '\t' => out.write_str("\\t")?,
                control if control < ' ' => write!(out, "\\u{:04x}", u32::from(control))?,
                char => write!(out, "{char}")?,
            }
        }
        out.write_str("'")
    }
}

/// Entries with something between them.
struct Joined<'a, T>(&'a [T], &'a str);

impl<T: Display> Display for Joined<'_, T> {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, entry)| {
            out.write_str(if index == 0 { "" } else { self.1 })?;
            write!(out, "{entry}")
        })
    }
}

impl Display for Step {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match self {
            Self::Children(selectors) => match (&**selectors, self.single()) {
                (_, Some(segment)) => write!(out, "{segment}"),
                (several, None) => write!(out, "[{}]", Joined(several, ", ")),
            },
            Self::Descendants(selectors) => write!(out, "..[{}]", Joined(selectors, ", ")),
        }
    }
}

impl Display for Selector {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match self {
            Self::One(Segment::Name(name)) => write!(out, "{}", Quoted(name)),
            Self::One(Segment::Index(index)) => write!(out, "{index}"),
            Self::Wildcard => out.write_str("*"),
            Self::Slice(slice) => write!(out, "{slice}"),
            Self::Filter(filter) => write!(out, "?{filter}"),
        }
    }
}

impl Display for Slice {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        let bound = |bound: Option<i64>| bound.map_or_else(String::new, |index| index.to_string());
        write!(out, "{}:{}", bound(self.start), bound(self.end))?;
        if self.step == 1 { Ok(()) } else { write!(out, ":{}", self.step) }
    }
}

impl Display for Filter {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match self {
            Self::Or(filters) => write!(out, "({})", Joined(filters, " || ")),
            Self::And(filters) => write!(out, "({})", Joined(filters, " && ")),
            Self::Not(filter) => match **filter {
                Self::Exists(_) | Self::Or(_) | Self::And(_) => write!(out, "!{filter}"),
                _ => write!(out, "!({filter})"),
            },
            Self::Exists(query) => write!(out, "{query}"),
            Self::Compare { left, operator, right } => {
                let operator = match operator {
                    Compare::Eq => "==",
                    Compare::Ne => "!=",
                    Compare::Lt => "<",
                    Compare::Le => "<=",
                    Compare::Gt => ">",
                    Compare::Ge => ">=",
                };
                write!(out, "{left} {operator} {right}")
            }
            Self::Matches { text, pattern: Pattern { source, ignore_case: true, .. } } => {
                write!(out, "{text} =~ /{source}/i")
            }
            Self::Matches { text, pattern: Pattern { source, whole, .. } } => {
                let function = if *whole { "match" } else { "search" };
                write!(out, "{function}({text}, {})", Quoted(source))
            }
        }
    }
}

impl Display for Query {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        out.write_str(if self.from_root { "$" } else { "@" })?;
        write!(out, "{}", Joined(&self.steps, ""))
    }
}

impl Display for Operand {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        match self {
            Self::Literal(Literal::Null) => out.write_str("null"),
            Self::Literal(Literal::Bool(value)) => write!(out, "{value}"),
            Self::Literal(Literal::Number(text)) => out.write_str(text),
            Self::Literal(Literal::Text(text)) => write!(out, "{}", Quoted(text)),
            Self::Single(query) => write!(out, "{query}"),
            Self::Length(of) => write!(out, "length({of})"),
            Self::Count(query) => write!(out, "count({query})"),
            Self::Value(query) => write!(out, "value({query})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_written_as_people_write_them() {
        let rows = [
            ("$", "$"),
            ("$[\"items\"][ -1 ]['id']", "$.items[-1].id"),
            ("$['a-b']", "$['a-b']"),
            ("$['1']['']", "$['1']['']"),
            (r#"$["'\\\n\u0001"]"#, r"$['\'\\\n\u0001']"),
            ("$.*[0,'a',::-1][1:]..a", "$[*][0, 'a', ::-1][1:]..['a']"),
            ("$[?(@.a<10&&!@.b||count(@.*)==1)]", "$[?((@.a < 10 && !@.b) || count(@[*]) == 1)]"),
            ("$[?match(@.a,'x.*')]", "$[?match(@.a, 'x.*')]"),
            ("$[?@.a =~ 'x']", "$[?search(@.a, 'x')]"),
            ("$[?!(@.a == $.b)]", "$[?!(@.a == $.b)]"),
            (r"$[?@.a =~ /a\/b/i]", r"$[?@.a =~ /a\/b/i]"),
            ("$[?length(@) > length(value(@..a))]", "$[?length(@) > length(value(@..['a']))]"),
        ];
        for (text, expected) in rows {
            assert_eq!(JsonPath::parse(text).unwrap().to_string(), expected);
        }
    }

    fn any_segment() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>().prop_map(|name| Segment::Name(name.into()).to_string()),
            "[a-z_\u{0}-\u{1f}'\"\\\\]{0,4}".prop_map(|name| Segment::Name(name.into()).to_string()),
            any::<i32>().prop_map(|index| Segment::Index(index.into()).to_string()),
            "(\\.\\.)?\\[(\\*|(-?[1-9])?:(-?[1-9])?:(-?[1-9])?|0,'a', 1)\\]",
            "\\[\\?!?@(\\.a|\\[0\\])(\\.\\.b)? *(&&|\\|\\|) *\\(@(\\.c)? *(==|<|>=) *(1\\.50|'x'|true|\\$\\.d)\\)\\]",
            "\\[\\?(length\\(@\\.a\\)|count\\(@\\.\\*\\)|value\\(@\\.\\.b\\)) != null\\]",
            "\\[\\?(match\\(@, \"a\"\\)|@\\.b =~ /[a-z]/i?|!search\\(@\\.c, '[a-z]+'\\))\\]",
        ]
    }

    proptest! {
        #[test]
        fn a_path_that_was_written_parses_to_itself(segments in prop::collection::vec(any_segment(), 0..6)) {
            let path = JsonPath::parse(&format!("${}", segments.concat())).unwrap();
            prop_assert_eq!(JsonPath::parse(&path.to_string()), Ok(path));
        }
    }
}
