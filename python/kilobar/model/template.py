"""Text with holes, and what fills them. The twin of `crates/core/src/plan/template.rs`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Encode = Literal["raw", "url", "form", "json_string", "json_value"]


@dataclass(frozen=True, slots=True)
class Text:
    """Text as it stands. A secret one is never shown."""

    text: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A value saved earlier in the iteration, by index into `Plan.variables`."""

    index: int
    encode: Encode = "raw"


@dataclass(frozen=True, slots=True)
class RandomInt:
    """A random whole number, both bounds included."""

    min: int
    max: int


Part = Text | Variable | RandomInt


@dataclass(frozen=True, slots=True)
class Template:
    """Text with holes that are filled for each request."""

    parts: tuple[Part, ...]

    @staticmethod
    def fixed(text: str) -> Template:
        """Without any hole."""
        return Template((Text(text),))

    def to_json(self) -> Any:
        """A plain string when nothing is to be filled in or hidden, else the list of parts."""
        if all(isinstance(part, Text) and not part.secret for part in self.parts):
            return "".join(part.text for part in self.parts if isinstance(part, Text))
        return [_part_to_json(part) for part in self.parts]


def _part_to_json(part: Part) -> dict[str, Any]:
    match part:
        case Text(text, secret):
            return {"secret" if secret else "text": text}
        case Variable(index, encode):
            return {"hole": {"value": {"variable": index}, "encode": encode}}
        case RandomInt(low, high):
            arguments = [{"json": str(low)}, {"json": str(high)}]
            value = {"call": {"function": "random.int", "arguments": arguments}}
            return {"hole": {"value": value, "encode": "raw"}}


@dataclass(frozen=True, slots=True)
class Condition:
    form: Any

    def to_json(self) -> Any:
        return self.form
