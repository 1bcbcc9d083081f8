"""Conditions of JMeter (JavaScript, JEXL and Groovy, as far as they are comparisons) -> those of a scenario."""

from __future__ import annotations

import re

from kilobar.importers.jmx_functions import Unsupported
from kilobar.importers.jmx_holes import Hole, Template, parse_text
from kilobar.importers.jmx_texts import Texts
from kilobar.importers.templates import literal
from kilobar.model.scenario import Text

MAX_CHARACTERS = 5_000
_MAX_NESTING = 12
_SCRIPTS = frozenset(("__jexl", "__jexl2", "__jexl3", "__groovy", "__javascript", "__beanshell"))
_MARK = "\ue000"
_HOLE = re.compile(f"{_MARK}([0-9]+);")
_TOKEN = re.compile(
    rf"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>-?[0-9]+(?:\.[0-9]+)?)
    |(?P<vars>vars\.get\(\s*(?:"[^"\\]*"|'[^'\\]*')\s*\)|vars\[\s*(?:"[^"\\]*"|'[^'\\]*')\s*\])
    |(?P<hole>{_MARK}[0-9]+;)
    |(?P<method>\.(?:equals|contains|matches|startsWith|isEmpty|toInteger|toString|trim)\()
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>===|!==|==~|==|!=|<=|>=|&&|\|\||=~|<|>|!|\(|\)|;))""",
    re.VERBOSE | re.DOTALL,
)
_COMPARE = {
    "==": "==", "===": "==", "!=": "!=", "!==": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=",
    "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
}  # fmt: skip
_METHODS = {".equals(": "==", ".contains(": "contains"}
_BAREWORD = re.compile(r"-?[0-9]+(\.[0-9]+)?|true|false")


class Conditions:
    """Converts one condition after another. All that can be asked of it raises Unsupported."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def of_if(self, text: str, is_expression: bool) -> str:
        """The condition of an If Controller; an expression holds when it is `true`, else the text is JavaScript."""
        script = self._script(parse_text(text.strip()))
        if script is not None:
            return script
        return self._flag(text, "== true") if is_expression else self._expression(parse_text(text))

    def of_while(self, text: str) -> str:
        """The condition of a While Controller, which goes on until it is `false`."""
        if text.strip() in ("", "LAST"):
            raise Unsupported("whether the last sample failed cannot be asked: a failure ends the iteration")
        script = self._script(parse_text(text.strip()))
        return script if script is not None else self._flag(text, "!= false")

    def _script(self, template: Template) -> str | None:
        """The condition inside `${__jexl3(...)}`; None when the text is no such call."""
        hole = template[0] if len(template) == 1 else None
        if not isinstance(hole, Hole) or hole.name.lower() not in _SCRIPTS:
            return None
        return self._expression(hole.arguments[0] if hole.arguments else ())

    def _flag(self, text: str, comparison: str) -> str:
        template = parse_text(text.strip())
        if not any(isinstance(part, Hole) for part in template):
            # A constant, for example true.
            return f"{_operand(literal(text.strip()))} {comparison}"
        return f"{_operand(self._texts.joined(template))} {comparison}"

    def _expression(self, template: Template) -> str:
        text = "".join(part if isinstance(part, str) else f"{_MARK}{n};" for n, part in enumerate(template))
        if len(text) > MAX_CHARACTERS:
            raise Unsupported("the condition is too long")
        return _Reader(text, template, self._texts).whole()


def _operand(text: Text) -> str:
    """Scenario text as an operand: bare when it is one hole or a number, else in quotes."""
    if re.fullmatch(r"\$\{[^{}'\"]*\}", text) or _BAREWORD.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


class _Reader:
    """Reads by recursive descent; `||` binds weaker than `&&`, `!` strongest."""

    def __init__(self, text: str, template: Template, texts: Texts) -> None:
        self._template = template
        self._texts = texts
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> str:
        condition = self._any()
        if self._peek()[1] == ";":
            self._at += 1
        if self._at < len(self._tokens):
            raise Unsupported(f"`{self._peek()[1][:30]}` is not known in conditions")
        return condition

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, *words: str) -> str | None:
        kind, text = self._peek()
        if kind not in ("sign", "word", "method") or text not in words:
            return None
        self._at += 1
        return text

    def _any(self) -> str:
        parts = [self._all()]
        while self._take("||", "or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"

    def _all(self) -> str:
        parts = [self._one()]
        while self._take("&&", "and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else f"({' and '.join(parts)})"

    def _one(self) -> str:
        self._depth += 1
        if self._depth > _MAX_NESTING:
            raise Unsupported("the condition is nested too deeply")
        if self._take("!", "not"):
            condition = f"not ({self._one()})"
        elif self._take("("):
            condition = self._any()
            if not self._take(")"):
                raise Unsupported("a parenthesis is not closed")
        else:
            condition = self._comparison()
        self._depth -= 1
        return condition

    def _comparison(self) -> str:
        left, variable = self._value()
        sign = self._take(*_COMPARE)
        if sign is not None:
            if self._take("null"):
                if variable is None:
                    raise Unsupported("only a variable can be compared with null")
                return f"${{{variable}}} is {'not ' if _COMPARE[sign] == '==' else ''}set"
            right, _ = self._value()
            return f"{left} {_COMPARE[sign]} {right}"
        method = self._take(*_METHODS)
        if method is not None:
            right, _ = self._value()
            if not self._take(")"):
                raise Unsupported("a parenthesis is not closed")
            return f"{left} {_METHODS[method]} {right}"
        return f"{left} == true"

    def _value(self) -> tuple[str, str | None]:
        """An operand; and the name of the variable when it is `vars.get("name")`."""
        kind, text = self._peek()
        self._at += 1
        if kind == "number" or text in ("true", "false"):
            return text, None
        if kind == "vars":
            name = re.split("[\"']", text)[1]
            return f"${{{self._texts.hole(Hole(name, (), text))}}}", self._texts.names.of(name)
        if kind == "hole":
            return _operand(self._filled(text)), None
        if kind == "text":
            return _operand(self._filled(re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL))), None
        raise Unsupported(f"`{text[:30]}` is not known in conditions")

    def _filled(self, text: str) -> Text:
        """Text with marks as text of a scenario."""
        parts: list[str | Hole] = []
        for number, part in enumerate(_HOLE.split(text)):
            parts.append(self._template[int(part)] if number % 2 else part)
        return self._texts.joined(tuple(part for part in parts if part))


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    position = 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise Unsupported(f"`{_HOLE.sub('…', text[position : position + 30])}` is not known in conditions")
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found
