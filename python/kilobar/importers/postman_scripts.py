"""Pre-request and test scripts of Postman -> checks, saves and values that are set. No script is ever executed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from kilobar.importers import postman_checks as checks
from kilobar.importers.javascript import parse
from kilobar.importers.javascript_tree import (
    Assign,
    Call,
    Declare,
    Do,
    Expression,
    Function,
    If,
    Literal,
    Member,
    Name,
    Object,
    Opaque,
    Return,
    Statement,
    Try,
    Unary,
)
from kilobar.importers.names import step_name
from kilobar.importers.postman_chai import Response, Sentences, dotted, links_of, plain_text
from kilobar.importers.postman_evaluate import Evaluator
from kilobar.importers.postman_values import Claim, Known, Made, NotCarriedOverError, Place, Undefined, Value, as_text
from kilobar.importers.postman_variables import Variables
from kilobar.importers.secrets import Secrets, is_secret_field
from kilobar.importers.templates import joined
from kilobar.model.scenario import Check, Save, Text

_SCOPES = ("environment", "globals", "collectionVariables", "variables")
_SETS = frozenset(
    [f"pm.{scope}.set" for scope in _SCOPES] + ["postman.setEnvironmentVariable", "postman.setGlobalVariable"]
)
_UNSETS = frozenset(
    [f"pm.{scope}.unset" for scope in _SCOPES] + ["postman.clearEnvironmentVariable", "postman.clearGlobalVariable"]
)
_HEADER_CALLS = frozenset(("pm.request.headers.add", "pm.request.headers.upsert"))
_WRITES = re.compile(r"""\b(?:set|setEnvironmentVariable|setGlobalVariable)\s*\(\s*(["'`])([^"'`\n]{1,200})\1""")


@dataclass(slots=True)
class Script:
    """One script of an item, folder or collection."""

    text: str
    before_request: bool
    event: int
    """Its place among the events of its item."""
    problems: dict[str, None] = field(default_factory=dict)
    """What was not carried over, with its line; filled by each request that the script belongs to."""


@dataclass(slots=True)
class Effects:
    """What the scripts of one request do."""

    before: dict[str, Text] = field(default_factory=dict)
    """Variable -> value, set before the request."""
    headers: dict[str, Text] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    saves: dict[str, Save] = field(default_factory=dict)
    after: dict[str, Text] = field(default_factory=dict)
    """Variable -> value, set after the request."""


def written_names(scripts: Iterable[str]) -> set[str]:
    """Names of variables that scripts write, or seem to."""
    return {match[2] for text in scripts if "set" in text for match in _WRITES.finditer(text)}


class ScriptReader:
    """Reads the scripts of one request, in the order in which Postman executes them."""

    def __init__(self, variables: Variables, secrets: Secrets) -> None:
        self.effects = Effects()
        self._variables = variables
        self._secrets = secrets
        self._asserted: list[Check] = []
        self._written: dict[str, Value] = {}
        self._script = Script("", before_request=False, event=0)
        self._name: str | None = None
        self._conditional = False

    def read(self, script: Script) -> None:
        """Adds what a script does to the effects, and what it does besides to its problems."""
        if self._script.before_request != script.before_request:
            # What pre-request scripts wrote is in the flow when test scripts read it.
            self._written = {}
        self._script = script
        self._conditional = False
        self._evaluator = Evaluator(self._variables, {}, self._written, has_response=not script.before_request)
        self._sentences = Sentences(self._evaluator.value)
        self._run(parse(script.text))

    def _problem(self, line: int, what: str) -> None:
        kind = "pre-request" if self._script.before_request else "test"
        self._script.problems[f"{kind} script, line {line}: {what}"] = None

    def _run(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            if isinstance(statement, Return) and statement.value is None:
                return
            try:
                self._statement(statement)
            except NotCarriedOverError as problem:
                self._problem(problem.line or statement.line, f"not carried over: {problem.message}")

    def _statement(self, statement: Statement) -> None:
        match statement:
            case Declare(name=name, value=value):
                self._declare(name, value)
            case Do(expression=expression):
                self._do(expression)
            case Return(value=value) if value is not None:
                self._do(value)
            case If():
                self._if(statement)
            case Try(body=body, rest=rest):
                self._run(body)
                if rest and not all(_is_log(inner) for inner in rest):
                    self._problem(rest[0].line, "not carried over: `catch`")
            case Opaque(what=what, line=line, last_line=last):
                lines = f" (to line {last})" if last > line else ""
                self._problem(line, f"not carried over: {what}{lines}")

    def _declare(self, name: str, value: Expression) -> None:
        # A value that is not understood has no meaning where the name is used either.
        self._evaluator.values.pop(name, None)
        if not _is_require(value):
            self._evaluator.values[name] = self._evaluator.value(value)

    def _do(self, expression: Expression) -> None:
        match expression:
            case Assign():
                return self._assign(expression)
            case Unary(operator="++" | "--", of=Name(name=name)):
                self._evaluator.values.pop(name, None)
                return None
            case Literal():
                return None
            case Call(function=Name(name="done" | "require")):
                return None
        root, links = links_of(expression)
        path = dotted(root) or (dotted(root.function) if isinstance(root, Call) else None) or ""
        if isinstance(root, Call) and path in ("expect",) and root.arguments:
            return self._add(self._sentences.read(self._evaluator.subject(root.arguments[0]), links))
        if path == "pm" and len(links) > 1:
            return self._of_pm(expression)
        return self._call(expression)

    def _of_pm(self, expression: Expression) -> None:
        """`pm.expect(x)...`, `pm.response.to...`, and calls of other things that `pm` has."""
        _, links = links_of(expression)
        if links[0].word == "expect" and links[0].arguments:
            return self._add(self._sentences.read(self._evaluator.subject(links[0].arguments[0]), links[1:]))
        if links[0].word == "response" and links[1].word in ("to", "not") and not self._script.before_request:
            return self._add(self._sentences.read(Response(), links[1:]))
        return self._call(expression)

    def _call(self, expression: Expression) -> None:
        if not isinstance(expression, Call):
            raise NotCarriedOverError("a statement without effect that is understood", expression.line)
        path, arguments = dotted(expression.function) or "", expression.arguments
        if path.startswith("console."):
            return None
        if path == "pm.test" and len(arguments) >= 2 and isinstance(arguments[1], Function):
            return self._test(arguments[0], arguments[1])
        if path in _SETS and len(arguments) >= 2:
            return self._set(plain_text(self._evaluator.value(arguments[0])), self._evaluator.value(arguments[1]))
        if path in _UNSETS and arguments:
            name = plain_text(self._evaluator.value(arguments[0]))
            self._written.pop(name, None)
            return self._variables.forget(name)
        if path in _HEADER_CALLS and arguments and self._script.before_request:
            return self._header(arguments)
        if path.endswith("setNextRequest"):
            raise NotCarriedOverError(
                "`setNextRequest`: requests stay in their order; use `if` or `while`", expression.line
            )
        if path.endswith("sendRequest"):
            raise NotCarriedOverError("`sendRequest`: make it a request of its own before this one", expression.line)
        raise NotCarriedOverError(f"`{path or 'a call'}`", expression.line)

    def _test(self, title: Expression, function: Function) -> None:
        before = self._name
        declared = {statement.name for statement in function.body if isinstance(statement, Declare)}
        outer = {name: value for name, value in self._evaluator.values.items() if name in declared}
        try:
            self._name = step_name(as_text(self._evaluator.value(title)))
        except NotCarriedOverError:
            self._name = None
        self._run(function.body)
        self._name = before
        for name in declared:
            self._evaluator.values.pop(name, None)
        self._evaluator.values.update(outer)

    def _add(self, found: list[Check]) -> None:
        for check in found:
            if not self._conditional:
                self._asserted.append(check)
            wanted = Check(warn=check) if self._conditional else check
            self.effects.checks.append(replace(wanted, name=self._name))

    def _assign(self, statement: Assign) -> None:
        target = statement.target
        if statement.operator != "=":
            if isinstance(target, Name):
                self._evaluator.values.pop(target.name, None)
            raise NotCarriedOverError(f"`{statement.operator}`", statement.line)
        match target:
            case Name(name=name):
                return self._declare(name, statement.value)
            case Member(of=Name(name="tests"), name=name):
                return self._old_test(name, statement.value)
            case Member(of=Name(name="environment" | "globals"), name=name):
                return self._set(name, self._evaluator.value(statement.value))
        raise NotCarriedOverError("an assignment to something that is not a variable", statement.line)

    def _old_test(self, name: str, condition: Expression) -> None:
        """`tests["name"] = condition`."""
        value = self._evaluator.value(condition)
        if isinstance(value, Known):
            if not value.value:
                raise NotCarriedOverError("a test that never holds", condition.line)
            return
        claim = self._evaluator.claim(value)
        self._evaluator.told[name] = claim
        before, self._name = self._name, step_name(name)
        self._add(list(claim.checks))
        self._name = before

    def _set(self, name: str, value: Value) -> None:
        if isinstance(value, Undefined | Claim):
            raise NotCarriedOverError(f"the value of `{name}`")
        if self._script.before_request:
            self._set_before(name, value)
        else:
            self._save(name, value)
        self._written[name] = value

    def _set_before(self, name: str, value: Value) -> None:
        text = self._text_of(name, value)
        if self._conditional:
            raise NotCarriedOverError(f"`{name}` set under a condition")
        self.effects.before[self._variables.write(name)] = text

    def _save(self, name: str, value: Value) -> None:
        if isinstance(value, Place):
            rule = value.save()
            variable = self._variables.write(name)
            self.effects.saves[variable] = rule
            self.effects.after.pop(variable, None)
            return
        if isinstance(value, Made) and any(isinstance(part, Place) for part in value.parts):
            text = joined([part if isinstance(part, str) else self._kept(name, part) for part in value.parts])
        else:
            text = self._text_of(name, value)
        variable = self._variables.write(name)
        if "${" in text:
            # It may use what this request saves, which is there only afterwards.
            self.effects.after[variable] = text
        else:
            self.effects.saves[variable] = Save(value=text)
            self.effects.after.pop(variable, None)

    def _kept(self, name: str, place: Place) -> Text:
        """A value of the response under a name of its own, so that a text can be made with it."""
        rule = place.save()
        variable = self._variables.fresh(f"{name} part")
        self.effects.saves[variable] = rule
        return f"${{{variable}}}"

    def _text_of(self, name: str, value: Value) -> Text:
        if isinstance(value, Known) and isinstance(value.value, str) and is_secret_field(name):
            return self._secrets.hide(value.value, name)
        return as_text(value)

    def _header(self, arguments: tuple[Expression, ...]) -> None:
        if isinstance(arguments[0], Object):
            entries = dict(arguments[0].entries)
            if "key" in entries and "value" in entries:
                name = plain_text(self._evaluator.value(entries["key"]))
                self.effects.headers[name] = as_text(self._evaluator.value(entries["value"]))
                return
        raise NotCarriedOverError("a header that is computed")

    def _if(self, statement: If) -> None:
        try:
            value = self._evaluator.value(statement.test)
            if isinstance(value, Known):
                return self._run(statement.then if value.value else statement.otherwise)
            claim = self._evaluator.claim(value)
        except NotCarriedOverError as problem:
            lines = f" (to line {statement.last_line})" if statement.last_line > statement.line else ""
            self._problem(statement.line, f"not carried over: `if` with {problem.message}{lines}")
            return None
        if all(check in self._asserted for check in claim.checks):
            # The step fails when it does not hold, and nothing behind it is reached.
            return self._run(statement.then)
        before, self._conditional = self._conditional, True
        self._problem(statement.line, "taken as if the condition held: checks below it only warn, values are saved")
        self._run(statement.then)
        self._conditional = before
        if statement.otherwise and not all(_is_log(inner) for inner in statement.otherwise):
            self._problem(statement.otherwise[0].line, f"not carried over: `else` (to line {statement.last_line})")
        return None


def request_checks(effects: Effects) -> Check | list[Check] | None:
    """The checks of a request as its `check` says them."""
    found = checks.merged(effects.checks)
    return found if len(found) > 1 else found[0] if found else None


def _is_log(statement: Statement) -> bool:
    return (
        isinstance(statement, Do)
        and isinstance(statement.expression, Call)
        and (dotted(statement.expression.function) or "").startswith("console.")
    )


def _is_require(value: Expression) -> bool:
    """`require("lodash")`, or a member of it: its functions are known by the names they usually get."""
    while isinstance(value, Member):
        value = value.of
    return isinstance(value, Call) and dotted(value.function) == "require"
