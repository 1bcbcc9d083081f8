"""Text of other tools -> text of a scenario, where `${` opens a hole."""

from __future__ import annotations

from collections.abc import Callable

from kilobar.model.scenario import JsonValue, Text


def dollars(count: int) -> Text:
    """So many `$` right before a hole: written as they are, `$${` would be a literal `${`."""
    return f"${{env.DOLLAR:-{'$' * count}}}"


def literal(text: str) -> Text:
    """Text that means itself: `${` is escaped."""
    return text.replace("${", "$${")


def joined(parts: list[Text]) -> Text:
    """Scenario texts one after another; a `$` at the end of one cannot escape the hole that opens the next."""
    result: list[Text] = []
    for part in parts:
        if part.startswith("{") and result and result[-1].endswith("$"):
            # Two literal parts met at `$` and `{`: together they would open a hole.
            result[-1] += "$"
        elif part.startswith("${") and result and result[-1].endswith("$"):
            kept = result[-1].rstrip("$")
            result[-1] = kept + dollars(len(result[-1]) - len(kept))
        if part:
            result.append(part)
    return "".join(result)


def translate(text: str, opening: str, closing: str, hole: Callable[[str], Text | None]) -> Text:
    """Text with holes such as `{{name}}`: `hole` gives scenario text for what stands between, or None to keep it.

    Everything outside holes is escaped.
    """
    if opening not in text:
        return literal(text)
    parts: list[Text] = []
    position = 0
    while (start := text.find(opening, position)) >= 0:
        end = text.find(closing, start + len(opening))
        if end < 0:
            break
        # The innermost opening: `{{{{name}}` is `{{` and a hole.
        start = text.rfind(opening, start, end)
        replaced = hole(text[start + len(opening) : end])
        parts.append(literal(text[position:start]))
        parts.append(literal(text[start : end + len(closing)]) if replaced is None else replaced)
        position = end + len(closing)
    parts.append(literal(text[position:]))
    return joined(parts)


def translate_json(value: JsonValue, text: Callable[[str], Text]) -> JsonValue:
    """A JSON value with each text in it translated, keys included (in a scenario both may hold holes)."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [translate_json(item, text) for item in value]
    if isinstance(value, dict):
        return {text(key): translate_json(inner, text) for key, inner in value.items()}
    return value
