"""Assertions of JMeter -> checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus

from kilobar.importers.jmx_regex import engine_regex, escaped
from kilobar.importers.jmx_saves import JmxSaves
from kilobar.importers.jmx_texts import Texts
from kilobar.importers.jmx_tree import Node, Properties
from kilobar.importers.names import step_name
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import literal
from kilobar.model.scenario import Bounds, Check, JsonValue, Matcher, Scalar

_MATCHES, _CONTAINS, _NOT, _EQUALS, _SUBSTRING, _OR = 1, 2, 4, 8, 16, 32
_SUCCESS = frozenset(range(200, 400))
_ALL = frozenset(range(100, 600))
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_SIZE_OPERATORS = {"1": "eq", "3": "gt", "4": "lt", "5": "ge", "6": "le"}
_HEADER_LINE = re.compile(r"\^?([A-Za-z][A-Za-z0-9-]*):[ ]?(.*)", re.DOTALL)
_WHERE = {
    "request_headers": "the headers of the request",
    "request_data": "the body of the request",
    "sample_label": "the address of the request",
    "response_data_as_document": "the text of a document",
}


class JmxChecks:
    """Converts the assertions about one request."""

    def __init__(self, notes: Notes, texts: Texts, saves: JmxSaves) -> None:
        self._notes = notes
        self._texts = texts
        self._saves = saves
        self._statuses: frozenset[int] | None = None
        self._any_status = False
        self.checks: list[Check] = []

    def result(self) -> Check | list[Check] | None:
        """All checks; without one about the status, 200 to 399 count as success, as in JMeter."""
        statuses = self._statuses
        if statuses is not None and not self._any_status:
            # An error status is a failure in JMeter unless an assertion says that the status is to be ignored.
            if not statuses & _SUCCESS:
                self._notes.add("JMeter fails on this status too, unless it is to be ignored; here it is a success")
            statuses = statuses & _SUCCESS or statuses
        elif self._any_status:
            statuses = statuses or _ALL
        found = list(self.checks)
        if statuses is not None and statuses != _SUCCESS:
            found.insert(0, Check(status=_ranges(statuses)))
        return found[0] if len(found) == 1 else found or None

    def add(self, node: Node) -> None:
        """Adds what one assertion says."""
        if node.properties.text("Assertion.scope", node.properties.text("Sample.scope")) in ("variable", "children"):
            self._notes.add("only responses themselves are checked; left out")
            return
        match node.kind:
            case "ResponseAssertion":
                self._response(node.properties)
            case "DurationAssertion":
                self._duration(node.properties)
            case "SizeAssertion":
                self._size(node.properties)
            case "JSONPathAssertion":
                self._json(node.properties)
            case "XPathAssertion":
                self._xpath(node.properties)

    # Response assertions

    def _response(self, properties: Properties) -> None:
        field = properties.text("Assertion.test_field").removeprefix("Assertion.")
        # JMeter itself misspells the name.
        patterns = properties.texts("Asserion.test_strings") or properties.texts("Assertion.test_strings")
        kind = properties.text("Assertion.test_type", "2").strip()
        bits = int(kind) if re.fullmatch(r"[0-9]{1,3}", kind) else _CONTAINS
        message = properties.text("Assertion.custom_message").strip()
        before = len(self.checks)
        self._any_status = self._any_status or properties.flag("Assertion.assume_success")
        if not patterns:
            return
        if field == "response_code":
            self._restrict(bits, patterns, lambda code: str(code))
        elif field == "response_message":
            self._notes.add("the message beside the status is not looked at; statuses that have it are taken")
            self._restrict(bits, patterns, lambda code: _PHRASES.get(code, ""))
        elif field == "response_headers":
            self._headers(bits, patterns)
        elif field in ("response_data", "response_data_as_document", ""):
            self._body(bits, patterns)
        else:
            self._notes.add(f"{_WHERE.get(field, f'`{field[:40]}`')} is not checked here; left out")
        if message:
            for check in self.checks[before:]:
                check.name = step_name(message)

    def _restrict(self, bits: int, patterns: list[str], text: Callable[[int], str]) -> None:
        """Keeps the statuses for which the assertion holds."""
        tests = [test for pattern in patterns if (test := self._test(bits, pattern)) is not None]
        if not tests:
            return
        combine = any if bits & _OR else all
        wanted = not bits & _NOT
        holds = frozenset(code for code in _ALL if combine(test(text(code)) == wanted for test in tests))
        if not holds & (self._statuses or _ALL):
            self._notes.add("no status can be like this; left out")
        else:
            self._statuses = holds & (self._statuses or _ALL)

    def _test(self, bits: int, pattern: str) -> Callable[[str], bool] | None:
        value = self._texts.value(pattern)
        if value is None:
            self._notes.add(f"`{pattern[:60]}` changes during the run, which it may not here; left out")
            return None
        if bits & _EQUALS:
            return lambda text: text == value
        if bits & _SUBSTRING:
            return lambda text: value in text
        converted = engine_regex(value)
        try:
            regex = re.compile(converted or "(")
        except re.error:
            self._notes.add(f"`{value[:60]}` is no regular expression that the engine has; left out")
            return None
        whole = bits & _MATCHES
        return lambda text: bool(regex.fullmatch(text) if whole else regex.search(text))

    def _body(self, bits: int, patterns: list[str]) -> None:
        checks = [check for pattern in patterns if (check := self._of_body(bits, pattern)) is not None]
        self._combine(bits, checks, len(patterns))

    def _combine(self, bits: int, checks: list[Check], given: int) -> None:
        if not checks:
            return
        if bits & _OR and given > 1:
            # One of them holds when not all of them do not.
            parts: list[Check] = [Check(not_=check) for check in checks] if not bits & _NOT else checks
            self._any_of(parts, given)
        elif bits & _NOT:
            self.checks.append(Check(not_=checks[0] if len(checks) == 1 else checks))
        else:
            self.checks += checks

    def _any_of(self, parts: list[Check], given: int) -> None:
        regexes = [part.not_.regex for part in parts if isinstance(part.not_, Check)]
        if len(regexes) == given and all(isinstance(regex, str) for regex in regexes):
            self.checks.append(Check(regex="|".join(f"(?:{regex})" for regex in regexes)))
        else:
            self._notes.add("that one of several holds cannot be checked here; left out")

    def _of_body(self, bits: int, pattern: str) -> Check | None:
        value = self._texts.value(pattern)
        if bits & _SUBSTRING and not bits & _OR:
            return Check(contains=self._texts.text(pattern)) if pattern else None
        if value is None:
            self._notes.add(f"`{pattern[:60]}` changes during the run, which it may not here; left out")
            return None
        if bits & (_SUBSTRING | _EQUALS):
            text = literal(escaped(value))
            return Check(regex=text if bits & _SUBSTRING else f"\\A{text}\\z")
        converted = engine_regex(value)
        if not converted:
            self._notes.add(f"`{value[:60]}` is no regular expression that the engine has; left out")
            return None
        return Check(regex=literal(converted if bits & _CONTAINS else f"\\A(?:{converted})\\z"))

    def _headers(self, bits: int, patterns: list[str]) -> None:
        checks = []
        for pattern in patterns:
            line = _HEADER_LINE.fullmatch(pattern)
            if line is None or bits & (_EQUALS | _OR):
                self._notes.add(f"`{pattern[:60]}` is not of the form `Name: value`; left out")
                continue
            name, value = line[1].lower(), line[2].strip()
            matcher = self._header_matcher(bits, value)
            if matcher is not None:
                checks.append(Check(header={name: matcher}))
        self._combine(bits, checks, len(patterns))

    def _header_matcher(self, bits: int, value: str) -> Matcher | None:
        if not value or value in (".*", "(.*)"):
            return Matcher(exists=True)
        if bits & _SUBSTRING:
            return Matcher(contains=self._texts.text(value))
        known = self._texts.value(value)
        converted = engine_regex(known) if known is not None else None
        if not converted:
            self._notes.add(f"`{value[:60]}` is no regular expression that the engine has; left out")
            return None
        return Matcher(matches=literal(converted))

    # Others

    def _duration(self, properties: Properties) -> None:
        value = self._number(properties.text("DurationAssertion.duration"))
        if value is not None and value > 0:
            self.checks.append(Check(time=Bounds(le=f"{value}ms")))

    def _size(self, properties: Properties) -> None:
        field = properties.text("SizeAssertion.test_field", properties.text("Assertion.test_field"))
        size = self._number(properties.text("SizeAssertion.size"))
        operator = properties.text("SizeAssertion.operator", "1").strip()
        if size is None:
            return
        if not field.endswith(("response_data", "response_body")):
            self._notes.add("JMeter counts the headers too; here it is the size of the body")
        bounds = Bounds()
        setattr(bounds, _SIZE_OPERATORS.get(operator, "eq"), f"{size}B")
        check = Check(size=bounds)
        self.checks.append(Check(not_=check) if operator == "2" else check)

    def _number(self, text: str) -> int | None:
        value = (self._texts.value(text) or "").strip()
        if re.fullmatch(r"[0-9]{1,12}", value):
            return int(value)
        self._notes.add(f"`{text[:40]}` is no whole number; left out")
        return None

    def _json(self, properties: Properties) -> None:
        path = self._saves.json_path(properties.text("JSON_PATH"))
        if path is None:
            return
        check = Check(json={literal(path): self._json_matcher(properties)})
        self.checks.append(Check(not_=check) if properties.flag("INVERT") else check)

    def _json_matcher(self, properties: Properties) -> JsonValue | Matcher:
        if not properties.flag("JSONVALIDATION"):
            return Matcher(exists=True)
        if properties.flag("EXPECT_NULL"):
            return Matcher(matches="^null$")
        expected = properties.text("EXPECTED_VALUE")
        value = self._texts.value(expected)
        if properties.flag("ISREGEX", default=True) and re.search(r"[\\^$.*+?()\[\]{}|]", expected) and value:
            converted = engine_regex(value)
            if converted:
                return Matcher(matches=literal(f"\\A(?:{converted})\\z"))
            self._notes.add(f"`{value[:60]}` is no regular expression that the engine has; compared as it is")
        return self._texts.text(expected)

    def _xpath(self, properties: Properties) -> None:
        query = self._texts.value(properties.text("XPath.xpath"))
        if not query:
            self._notes.add("there is no query that is known before the run; left out")
            return
        check = Check(xpath={literal(query): Matcher(exists=True)})
        self.checks.append(Check(not_=check) if properties.flag("XPath.negate") else check)


def _ranges(codes: Iterable[int]) -> Scalar | list[Scalar]:
    """`[200, "300-302"]`."""
    found: list[list[int]] = []
    for code in sorted(codes):
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    ranges: list[Scalar] = [_range(first, last) for first, last in found]
    return ranges[0] if len(ranges) == 1 else ranges


def _range(first: int, last: int) -> Scalar:
    if first == last:
        return first
    return f"{first // 100}xx" if first % 100 == 0 and last == first + 99 else f"{first}-{last}"
