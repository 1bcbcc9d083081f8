"""Values in a recorded response that a later request may use, and where each of them is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from html import unescape
from typing import Any, TypeAlias

from kilobar.importers.har_entries import Entry
from kilobar.importers.har_identifiers import is_identifier, names_identifier
from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Save

MOST_VALUES = 50_000
"""Of one response."""
_MOST_STEPS = 60
_MOST_SCRIPT_VALUES = 100
_LONGEST_TAG = 16_384
_MEMBER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_OPENING = re.compile(r"<!--|<(?:script|style|input|meta)\b", re.IGNORECASE)
_CLOSING = re.compile(r"</(?:script|style)", re.IGNORECASE)
_TAG = re.compile(r"(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")
_ATTRIBUTE = re.compile(r"(?<![-\w:.])([A-Za-z_:][-\w:.]*+)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_PLAIN_NAME = re.compile(r"[^\"\\\x00-\x1f]{1,200}")
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_-])([A-Za-z]\w{0,40})([\"']?\s{0,3}[:=]\s{0,3}[\"'])([A-Za-z0-9_+/=.-]{6,2048})(?=[\"'])"
)
_NEVER = re.compile(
    r"set-cookie.*|date|expires|age|server|via|vary|last-modified|cache-control|pragma|connection|keep-alive|status"
    r"|content-.*|accept-.*|access-control-.*|strict-transport-security|transfer-encoding|alt-svc|x-cache.*|x-amz-cf-.*"
    r"|x-powered-by|x-frame-options|x-content-type-options|x-xss-protection|x-served-by|x-timer|cf-ray|nel|report-to"
    r"|referrer-policy|permissions-policy|server-timing|p3p|www-authenticate|proxy-.*|:.*|trailer|upgrade|link"
)

_Path: TypeAlias = "tuple[_Path, str | int] | None"
"""The path of the value outside, and the key or index in it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A text or number in a response."""

    text: str
    is_number: bool
    name: str
    """Of the field."""
    within: str
    """Name of what holds the field, if anything."""
    save: Callable[[], Save | None]
    """Makes the rule that finds it; None when its place cannot be written. Few values need one."""


def values_of(entry: Entry, notes: Notes) -> Iterator[Value]:
    """Those that look as if the server had made them up, the most reliable place first."""
    text = entry.text
    if _is_json(entry, text):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            notes.add("the body is not the JSON that it says to be; no values are taken from it", "response", "content")
        else:
            yield from _json_values(document, notes)
    elif text and "html" in entry.mime:
        yield from _page_values(text)
        yield from _script_values(text)
    for name, value in entry.response_headers:
        if not _NEVER.fullmatch(name.lower()) and is_identifier(value, name):
            yield Value(value, False, name, "", partial(Save, header=name))
    yield from _cookie_values(entry)


def _is_json(entry: Entry, text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[") and ("json" in entry.mime or entry.mime in ("", "text/plain"))


def _json_values(document: Any, notes: Notes) -> Iterator[Value]:
    waiting: list[tuple[Any, _Path, str, str]] = [(document, None, "", "")]
    count = 0
    while waiting:
        value, path, name, within = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((inner, (path, key), key, name) for key, inner in reversed(value.items()))
        elif isinstance(value, list):
            # The entries of a list are found under its name.
            waiting.extend((value[index], (path, index), name, within) for index in reversed(range(len(value))))
        elif isinstance(value, str | int) and not isinstance(value, bool):
            count += 1
            if count > MOST_VALUES:
                notes.add(f"only the first {MOST_VALUES:,} values are looked at for later use", "response", "content")
                return
            text = str(value)
            if is_identifier(text, name):
                yield Value(text, isinstance(value, int), name, within, partial(_json_save, path))


def _json_save(path: _Path) -> Save | None:
    text = _json_path(path)
    return Save(json=text) if text is not None else None


def _json_path(path: _Path) -> str | None:
    """`$.items[0]['odd name']`; None when it cannot be written."""
    steps: list[str] = []
    while path is not None:
        path, key = path
        if isinstance(key, int):
            steps.append(f"[{key}]")
        elif _MEMBER.fullmatch(key):
            steps.append(f".{key}")
        elif _CONTROL.search(key) or "${" in key:
            return None
        else:
            quoted = key.replace("\\", "\\\\").replace("'", "\\'")
            steps.append(f"['{quoted}']")
    return "$" + "".join(reversed(steps)) if len(steps) <= _MOST_STEPS else None


def _page_values(text: str) -> Iterator[Value]:
    """Fields of forms, and tokens in `meta`."""
    counts: dict[str, int] = {}
    for tag, attributes in _tags(text):
        name = attributes.get("name") or (attributes.get("property", "") if tag == "meta" else "")
        key, attribute = ("name" if "name" in attributes else "property"), ("value" if tag == "input" else "content")
        value = attributes.get(attribute)
        if value is None or not _PLAIN_NAME.fullmatch(name):
            continue
        selector = f'{tag}[{key}="{name}"]'
        number = counts[selector] = counts.get(selector, -1) + 1
        hidden = attributes.get("type", "").lower() == "hidden"
        wanted = hidden if tag == "input" else names_identifier(name)
        if wanted and is_identifier(value, name if not hidden else f"{name}_token"):
            rule = partial(Save, css=selector, attribute=attribute, pick=number or None)
            yield Value(value, False, name, "", rule)


def _tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """`input` and `meta` elements outside comments and scripts."""
    position = 0
    while (found := _OPENING.search(text, position)) is not None:
        opening = found[0].lower()
        if opening in ("<!--", "<script", "<style"):
            end = text.find("-->", found.end()) if opening == "<!--" else _after(_CLOSING, text, found.end())
            if end < 0:
                return
            position = end
            continue
        position = found.end()
        tag = _TAG.match(text, position, position + _LONGEST_TAG)
        if tag is None:
            # What does not end soon is no tag; to look into it again from each place would take for ever.
            position += _LONGEST_TAG
        else:
            pairs = ((name.lower(), unescape(a or b or c)) for name, a, b, c in _ATTRIBUTE.findall(tag[0]))
            yield opening[1:], dict(pairs)
            position = tag.end()


def _after(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.search(text, start)
    return found.end() if found else -1


def _script_values(text: str) -> Iterator[Value]:
    """`csrfToken = "..."` and `"nonce": "..."` in the scripts of a page; the first of each name."""
    seen: set[str] = set()
    for found in _TOKEN.finditer(text):
        name, between, value = found.groups()
        start = f"{name}{between}"
        if start in seen or len(seen) >= _MOST_SCRIPT_VALUES:
            continue
        if names_identifier(name) and is_identifier(value, name):
            seen.add(start)
            spaced = re.sub(r"(?:\\\s)+", lambda _: r"\s*", re.escape(start))
            pattern = rf"\b{spaced}([A-Za-z0-9_+/=.-]+)"
            first = re.search(pattern, text)
            if first is not None and first[1] == value:
                yield Value(value, False, name, "", partial(Save, regex=pattern))


def _cookie_values(entry: Entry) -> Iterator[Value]:
    """A page may send the value of a cookie in a header or field as well; the cookie itself is kept by the jar."""
    for name, value in cookies_set(entry):
        if names_identifier(name) and is_identifier(value, name):
            yield Value(value, False, name, "", partial(Save, cookie=name))


def cookies_set(entry: Entry) -> Iterator[tuple[str, str]]:
    """Name and value of each cookie that a response sets."""
    for name, value in entry.response_headers:
        if name.lower() == "set-cookie":
            # Some tools join the lines of several cookies.
            for line in value.split("\n"):
                cookie, equals, content = line.partition(";")[0].partition("=")
                if equals and cookie.strip():
                    yield cookie.strip(), content.strip()
