"""Reads a tree of nodes by the tables of `language` into the typed classes of `tree`. Knows no construct by name."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from typing import Any, Final

from kilobar.errors import Place
from kilobar.model.units import UnitError
from kilobar.scenario import grammar, tree
from kilobar.scenario.findings import Findings, did_you_mean, listing, shorten
from kilobar.scenario.include import IncludedFiles
from kilobar.scenario.json_body import encode_json
from kilobar.scenario.language import SCENARIO, records
from kilobar.scenario.pieces import Template
from kilobar.scenario.resolve import NAME, RESERVED, Resolver
from kilobar.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence

INVALID: Final = object()
"""Stands for a value that could not be read; the reason is among the findings."""

MAX_STEP_DEPTH = 32
"""Levels of steps in steps, included files too."""

MAX_STEPS = 100_000
"""Steps of a scenario, those of included files as often as they are included."""


def parse(root: Node, resolver: Resolver, findings: Findings) -> tree.Scenario | None:
    """The typed scenario; None when it has not even keys. Every error is among the findings."""
    reader = Reader(resolver, findings)
    if not isinstance(root, Mapping):
        hint = "write keys and values: target: http://127.0.0.1:8700"
        findings.error("wrong-type", f"a scenario must be a mapping, not {_describe(root)}", root.place, hint)
        return None
    reader.define_constants(root.get("variables"))
    scenario: tree.Scenario = reader.read(root, SCENARIO, "the scenario")
    return scenario


class Reader:
    """Reads nodes by type. `what` is how a message calls the node: "`timeout`", "an entry of `flows`"."""

    def __init__(self, resolver: Resolver, findings: Findings) -> None:
        self._resolver = resolver
        self._findings = findings
        self._included = IncludedFiles(findings)
        self._depth = 0
        self._steps = 0
        self._readers: AnyMapping[type, Callable[[Node, Any, str], Any]] = {
            grammar.Value: self._value,
            grammar.Choice: self._choice,
            grammar.Text: self._text,
            grammar.Name: self._name,
            grammar.Variable: self._variable,
            grammar.Json: self._json,
            grammar.Constant: self._constant,
            grammar.Condition: self._condition,
            grammar.StepsFile: self._steps_file,
            grammar.ListOf: self._list,
            grammar.MapOf: self._map,
            grammar.ByShape: self._by_shape,
            grammar.Named: self._named,
            grammar.Record: self._record,
            grammar.Variants: self._variants,
        }

    def read(self, node: Node, of: grammar.Type, what: str) -> Any:
        """The value of a node, or INVALID."""
        return self._readers[type(of)](node, of, what)

    def define_constants(self, node: Node | None) -> None:
        """Makes `variables` known; must come before anything that uses them. Wrong types are reported by `read`."""
        if not isinstance(node, Mapping):
            return
        self._resolver.declare(entry.key.text for entry in node.entries)
        for key, value in node.entries:
            if not NAME.fullmatch(key.text) or key.text in RESERVED:
                message = f"`{shorten(key.text)}` is no name for a variable"
                self._findings.error("bad-name", message, key.place, NAME_HINT)
            elif isinstance(value, Scalar):
                self._resolver.define(key.text, value)

    def _scalar(self, node: Node, wanted: str, what: str) -> Template | None:
        if not isinstance(node, Scalar) or node.kind == "null":
            self._wrong_type(node, wanted, what)
            return None
        return self._resolver.constant(node, is_shown=True)

    def _wrong_type(self, node: Node, wanted: str, what: str, hint: str | None = None) -> None:
        found = _describe(node)
        if found == "nothing":
            hint = 'remove the key, or write "" for an empty text'
        self._findings.error("wrong-type", f"{what} must be {wanted}, not {found}", node.place, hint)

    def _value(self, node: Node, of: grammar.Value, what: str) -> Any:
        template = self._scalar(node, _article(of.name), what)
        if template is None:
            return INVALID
        try:
            return of.read(template.text())
        except UnitError as error:
            # The reader may quote the text, which must not happen to a value from the environment.
            problem = "" if template.is_secret else f": {error.problem}"
            message = f"`{template.shown()}` is not {_article(error.what)}{problem}"
            self._findings.error(of.code, message, node.place, error.hint if problem else None)
            return INVALID

    def _choice(self, node: Node, of: grammar.Choice, what: str) -> Any:
        template = self._scalar(node, listing(of.options), what)
        if template is None:
            return INVALID
        text = template.text()
        if text in of.options:
            return text
        hint = did_you_mean(text, of.options) if not template.is_secret else None
        message = f"{what} must be {listing(of.options)}, not `{template.shown()}`"
        self._findings.error("bad-value", message, node.place, hint)
        return INVALID

    def _text(self, node: Node, of: grammar.Text, what: str) -> Any:
        if not isinstance(node, Scalar) or node.kind == "null":
            self._wrong_type(node, _article(of.name), what)
            return INVALID
        template = self._resolver.constant(node) if of.constant else self._resolver.template(node)
        return INVALID if template is None else template

    def _name(self, node: Node, of: grammar.Name, what: str) -> Any:
        template = self._scalar(node, _article(of.name), what)
        if template is None:
            return INVALID
        if template.is_secret:
            hint = "names stand in reports: use a constant without ${env...}"
            self._findings.error("secret-shown", f"{what} holds a value from the environment", node.place, hint)
            return INVALID
        name = template.text().strip()
        if name and len(name) <= grammar.MAX_NAME and name.isprintable():
            return template
        problem = "is empty" if not name else "has control characters" if not name.isprintable() else "is too long"
        hint = f"use 1 to {grammar.MAX_NAME} printable characters"
        self._findings.error("bad-name", f"{what} {problem}", node.place, hint)
        return INVALID

    def _variable(self, node: Node, of: grammar.Variable, what: str) -> Any:
        if isinstance(node, Scalar) and NAME.fullmatch(node.text) and node.text not in RESERVED:
            return node
        if isinstance(node, Scalar):
            message = f"`{shorten(node.text)}` is no name for a variable"
            self._findings.error("bad-name", message, node.place, NAME_HINT)
        else:
            self._wrong_type(node, _article(of.name), what)
        return INVALID

    def _json(self, node: Node, of: grammar.Json, what: str) -> tree.JsonValue:
        return tree.JsonValue(node, encode_json(node, self._resolver, self._findings))

    def _condition(self, node: Node, of: grammar.Condition, what: str) -> Any:
        if isinstance(node, Scalar) and node.kind != "null":
            return node
        self._wrong_type(node, "a condition", what, 'write for example "${n} > 3"')
        return INVALID

    def _steps_file(self, node: Node, of: grammar.StepsFile, what: str) -> tuple[tree.Step, ...] | None:
        """None after an error, so that the scenario is known to be incomplete."""
        path = self._text(node, grammar.Text("path", constant=True), what)
        if path is INVALID:
            return None
        with self._included.open(path) as root:
            if root is None:
                return None
            before = self._findings.errors
            if isinstance(root, Sequence):
                steps = self.read(root, grammar.ListOf(grammar.Named("step")), "the file")
            else:
                steps = self.read(root, records()["included file"], "the file").steps
            return None if steps is INVALID or (not steps and self._findings.errors > before) else steps

    def _by_shape(self, node: Node, of: grammar.ByShape, what: str) -> Any:
        option = of.mapping if isinstance(node, Mapping) else of.sequence if isinstance(node, Sequence) else of.scalar
        if option is not None:
            return self.read(node, option, what)
        words = {"a list": of.sequence, "a mapping": of.mapping, "a text": of.scalar}
        self._wrong_type(node, " or ".join(word for word, allowed in words.items() if allowed is not None), what)
        record = of.mapping
        if isinstance(record, grammar.Record) and record.keeps_going:
            return record.make(node.place, unreadable=frozenset())
        return INVALID

    def _named(self, node: Node, of: grammar.Named, what: str) -> Any:
        return self.read(node, records()[of.name], what)

    def _constant(self, node: Node, of: grammar.Constant, what: str) -> Any:
        if isinstance(node, Scalar) and node.kind != "null":
            return node
        self._wrong_type(node, "a text, a number, true or false", what)
        return INVALID

    def _list(self, node: Node, of: grammar.ListOf, what: str) -> Any:
        if not isinstance(node, Sequence):
            if of.single and (isinstance(node, Mapping) or not isinstance(of.item, grammar.Variants)):
                value = self.read(node, of.item, what)
                return INVALID if value is INVALID else (value,)
            self._wrong_type(node, "a list or a mapping" if of.single else "a list", what)
            return INVALID
        if not node.items:
            hint = "add an entry, or remove the key"
            self._findings.error("empty-list", f"{what} is an empty list", node.place, hint)
            return INVALID
        read = (self.read(item, of.item, f"an entry of {what}") for item in node.items)
        return tuple(value for value in read if value is not INVALID)

    def _map(self, node: Node, of: grammar.MapOf, what: str) -> Any:
        if not isinstance(node, Mapping):
            self._wrong_type(node, f"a mapping with {_article(of.key)} as each key", what)
            return INVALID
        pairs = []
        for key, value_node in node.entries:
            value = self.read(value_node, of.value, f"`{shorten(key.text)}`")
            read_key = self._resolver.constant(key) if of.holes_in_keys else key
            if value is not INVALID and read_key is not None:
                pairs.append((read_key, value))
        return tuple(pairs)

    def _variants(self, node: Node, of: grammar.Variants, what: str) -> Any:
        if not isinstance(node, Mapping):
            self._wrong_type(node, f"a mapping ({_article(of.name)})", what)
            return INVALID
        selectors = {key: record for record in of.records for key in record.selectors}
        present = [entry.key for entry in node.entries if entry.key.text in selectors]
        if not present:
            self._no_variant(node, of, selectors)
            return INVALID
        if len(present) > 1:
            message = f"`{present[1].text}` cannot stand beside `{present[0].text}` in one {of.name}"
            hint = f"make {_article(of.name)} of its own from it"
            self._findings.error("conflicting-keys", message, present[1].place, hint)
            return INVALID
        record = selectors[present[0].text]
        return self._nested(node, record, what) if of.name == "step" else self._record(node, record, what)

    def _nested(self, node: Mapping, record: grammar.Record, what: str) -> Any:
        """A step: how deep they stand in each other and how many there are is limited."""
        self._steps += 1
        if self._depth >= MAX_STEP_DEPTH:
            hint = "put fewer steps in steps; a file that includes itself never ends"
            message = f"steps stand in steps more than {MAX_STEP_DEPTH} levels deep"
            self._findings.error("too-deep", message, node.place, hint)
            return INVALID
        if self._steps > MAX_STEPS:
            if self._steps == MAX_STEPS + 1:
                message = f"the scenario has more than {MAX_STEPS:,} steps"
                self._findings.error("too-large", message, node.place, "use `repeat`, or split the scenario")
            return INVALID
        self._depth += 1
        try:
            return self._record(node, record, what)
        finally:
            self._depth -= 1

    def _no_variant(self, node: Mapping, of: grammar.Variants, selectors: AnyMapping[str, Any]) -> None:
        fields = {field.name for record in of.records for field in record.fields}
        for entry in node.entries:
            if entry.key.text not in fields:
                hint = did_you_mean(entry.key.text, selectors, f"{_article(of.name)} has {listing(selectors)}")
                message = f"unknown key `{shorten(entry.key.text)}` in {_article(of.name)}"
                self._findings.error("unknown-key", message, entry.key.place, hint)
                return
        message = f"{_article(of.name)} needs exactly one of {listing(selectors)}"
        self._findings.error("missing-key", message, node.place, "add one of these keys")

    def _record(self, node: Node, of: grammar.Record, what: str) -> Any:
        if not isinstance(node, Mapping):
            shown = [field for field in of.fields if field.required or field.name in of.one_of[:1]]
            hint = f"write {{{', '.join(f'{field.name}: {field.example}' for field in shown)}}}" if shown else None
            self._wrong_type(node, "a mapping", what, hint)
            return of.make(node.place, unreadable=frozenset()) if of.keeps_going else INVALID
        fields = {field.name: field for field in of.fields}
        found: dict[str, Any] = {}
        places: dict[str, Place] = {}
        unreadable: set[str] = set()
        for key, value_node in node.entries:
            field = fields.get(key.text)
            if field is None:
                self._unknown_key(key, of, fields)
                continue
            places[key.text] = key.place
            errors_before = self._findings.errors
            value = self.read(value_node, field.type, f"`{key.text}`")
            if value is INVALID and key.text in of.selectors and isinstance(field.type, grammar.Text):
                # The step survives without its address, so that what it saves is known to later steps.
                value = Template(Scalar(value_node.place, ""), ())
            if value is not INVALID:
                found[field.attribute] = value
            if self._findings.errors > errors_before:
                unreadable.add(key.text)
        self._check_keys(node, of, fields, places)
        if of.keeps_going:
            return of.make(node.place, unreadable=frozenset(unreadable), **found)
        needed = [field.attribute for field in of.fields if field.required]
        needed.extend(fields[name].attribute for name in of.selectors if name in places)
        return of.make(node.place, **found) if all(name in found for name in needed) else INVALID

    def _unknown_key(self, key: Scalar, of: grammar.Record, fields: AnyMapping[str, Any]) -> None:
        # Another method key is no sensible guess inside a step that already has one.
        known = [name for name in fields if name not in of.selectors]
        hint = did_you_mean(key.text, known, f"known keys: {', '.join(known)}" if known else None)
        message = f"unknown key `{shorten(key.text)}` in {_article(of.name)}"
        self._findings.error("unknown-key", message, key.place, hint)

    def _check_keys(
        self,
        node: Mapping,
        of: grammar.Record,
        fields: AnyMapping[str, grammar.Field],
        places: AnyMapping[str, Place],
    ) -> None:
        for field in of.fields:
            if field.required and field.name not in places:
                message = f"{_article(of.name)} needs `{field.name}`"
                hint = f"add for example `{field.name}: {field.example}`"
                self._findings.error("missing-key", message, node.place, hint)
        if of.one_of and not any(name in places for name in of.one_of):
            message = f"{_article(of.name)} needs {listing(of.one_of)}"
            example = f"{of.one_of[0]}: {fields[of.one_of[0]].example}"
            self._findings.error("missing-key", message, node.place, f"add for example `{example}`")
        for group in of.exclusive:
            present = [name for name in places if name in group]
            if len(present) > 1:
                message = f"`{present[1]}` cannot stand beside `{present[0]}`"
                hint = f"keep one of {listing(present)}"
                self._findings.error("conflicting-keys", message, places[present[1]], hint)


NAME_HINT = "use letters, digits and _, not starting with a digit; `env`, `random` and `py` are taken"


def _describe(node: Node) -> str:
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(kind="null"):
            return "nothing"
        case Scalar(kind="int" | "float"):
            return "a number"
        case Scalar(kind="bool"):
            return "true or false"
    return "a text"


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeioAEIO" else f"a {noun}"
