"""Which variables have a value where: what was saved before, in every branch or only in some."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from kilobar.errors import Place
from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.encode import DataColumns, encode_piece, encode_value, joined
from kilobar.scenario.findings import Findings, did_you_mean, listing, shorten
from kilobar.scenario.functions import FUNCTIONS
from kilobar.scenario.pieces import FromPython, Known, Named, Piece, Template, pieces_of
from kilobar.scenario.resolve import NAME, RESERVED
from kilobar.scenario.yaml_nodes import Scalar


class State(NamedTuple):
    """What is known at one point of the steps."""

    saved: frozenset[str]
    """Certainly have a value."""
    maybe: frozenset[str]
    """Have a value only when some branch was taken or some loop had a turn."""
    ended: bool = False
    """Nothing comes after this point."""


class Scope:
    """The variables of a scenario, and which of them may be used at the present step."""

    def __init__(self, constants: Iterable[str], data: Mapping[str, plan.DataSet | None], findings: Findings) -> None:
        self._constants = frozenset(constants)
        self._data = data
        self._findings = findings
        self._saved_at: dict[str, Place] = {}
        self._saved_here: dict[str, Place] = {}
        self._saved: set[str] = set()
        self._maybe: set[str] = set()
        self.incomplete = False
        """Whether there are steps that could not be read."""
        self.used_data: set[str] = set()
        self._names: dict[str, int | DataColumns] = {
            name: DataColumns(index, {column: at for at, column in enumerate(data_set.columns)})
            for index, (name, data_set) in enumerate(data.items())
            if data_set is not None
        }
        self._calls: list[plan.Step] = []
        self.python_problem: Callable[[str, int], str | None] | None = None
        """What is wrong with a Python function that is called with so many arguments."""
        self.has_row = False
        """Whether the steps are those of a user, which has a row of each data set."""
        self.ended = False
        """Whether an earlier step certainly ends the iteration."""
        self.variables: dict[str, int] = {}
        """Name -> index in the plan."""
        self.series: dict[tuple[str, str], int] = {}
        """(name, kind) -> index in the plan."""

    def series_index(self, name: str, kind: str) -> int:
        """Steps with one name are counted together."""
        return self.series.setdefault((name, kind), len(self.series))

    # States

    def state(self) -> State:
        """What is known now."""
        return State(frozenset(self._saved), frozenset(self._maybe), self.ended)

    def restore(self, state: State) -> None:
        """Goes back, or on to what several branches leave behind."""
        self._saved = set(state.saved)
        self._maybe = set(state.maybe)
        self.ended = state.ended

    def learn(self, steps: tuple[tree.Step, ...]) -> None:
        """Remembers where variables are saved, for messages."""
        for name, place in _saves_of(steps):
            if name is None:
                self.incomplete = True
            else:
                self._saved_at.setdefault(name, place)

    def enter(self, steps: tuple[tree.Step, ...]) -> None:
        """Starts a sequence of steps of its own: a flow, `setup`, `after` and so on."""
        self._saved_here = {}
        for name, place in _saves_of(steps):
            if name is not None:
                self._saved_here.setdefault(name, place)

    # Names

    def save(self, key: Scalar) -> int:
        """The index of a variable that has a value from here on."""
        name = key.text
        if not NAME.fullmatch(name) or name in RESERVED:
            hint = "use letters, digits and _, not starting with a digit; `env`, `random` and `py` are taken"
            self._findings.error("bad-name", f"`{shorten(name)}` is no name for a variable", key.place, hint)
        elif name in self._constants or name in self._data:
            where = "a constant under `variables`" if name in self._constants else "a data set"
            hint = f"choose another name: it is {where}"
            self._findings.error("bad-name", f"`{name}` cannot be saved", key.place, hint)
        self._saved.add(name)
        self._maybe.discard(name)
        return self._index(name)

    def _index(self, name: str) -> int:
        self._names.setdefault(name, self.variables.setdefault(name, len(self.variables)))
        return self.variables[name]

    def use(self, named: Named) -> bool:
        """Whether a name may be used here; why not is among the findings."""
        if named.name in self._saved:
            return True
        if named.name in self._data:
            return self._use_column(named)
        self._refuse(named.name, named.place)
        return False

    def _use_column(self, named: Named) -> bool:
        self.used_data.add(named.name)
        data_set = self._data[named.name]
        if data_set is None:
            return False
        column = named.path[0] if named.path else None
        if not self.has_row:
            message = f"`setup` and `teardown` belong to no user, so there is no row of `{named.name}`"
            self._findings.error("unknown-column", message, named.place, "use it in the steps of a flow")
        elif column not in data_set.columns:
            known = listing(data_set.columns[:10])
            hint = did_you_mean(str(column), data_set.columns, f"there is {known}") if column is not None else known
            shown = f"`{shorten(str(column))}`" if column is not None else "to use as a value"
            message = f"the data set `{named.name}` has no column {shown}"
            self._findings.error("unknown-column", message, named.place, hint)
        else:
            return True
        return False

    def ask(self, named: Named) -> int:
        """The index of a name that is asked whether it has a value; that this makes no sense is among the findings."""
        name = named.name
        if name not in self._saved and name not in self._maybe and name not in self._saved_here:
            self._refuse(name, named.place)
        return self._index(name)

    def assume(self, names: Iterable[str]) -> None:
        """Names that a condition has found to have a value."""
        self._saved.update(names)
        self._maybe.difference_update(names)

    def _refuse(self, name: str, place: Place) -> None:
        if name in self._maybe:
            where = f" (line {self._saved_here[name].line})" if name in self._saved_here else ""
            message = f"`{name}` may have no value here: not every way to this step saves it{where}"
            hint = "give it a value before with `set`, or ask for it: if: ${" + name + "} is set"
            self._findings.error("maybe-unsaved", message, place, hint)
        elif name in self._saved_here:
            hint = f"it is saved at line {self._saved_here[name].line}; a value can be used only in steps after that"
            self._findings.error("not-saved-yet", f"`{name}` is used before it is saved", place, hint)
        elif name in self._saved_at:
            line = self._saved_at[name].line
            hint = f"another flow saves it at line {line}, but values do not pass between flows; those of `setup` do"
            self._findings.error("unknown-variable", f"there is no variable `{name}`", place, hint)
        elif not self.incomplete:
            known = sorted({*self._saved_here, *self._saved, *self._constants, *self._data})
            otherwise = "save it in an earlier step, or define it under `variables` or `data`"
            hint = did_you_mean(name, known, otherwise) or otherwise
            if name in FUNCTIONS:
                hint = f"did you mean the function `{name}()`?"
            self._findings.error("unknown-variable", f"there is no variable `{name}`", place, hint)

    # Templates

    def encoded(self, pairs: Iterable[tuple[Piece, plan.Encode]]) -> Iterable[plan.Part]:
        """Pieces as parts of the plan; those with unknown names are left out, with the reason among the findings."""
        for piece, encode in pairs:
            usable = self._usable(piece)
            if usable is not None:
                yield encode_piece(usable, encode, self._names)

    def parts(self, pieces: Iterable[Piece], encode: plan.Encode = "raw") -> Iterable[plan.Part]:
        """Pieces that are all written in one way."""
        return self.encoded((piece, encode) for piece in pieces)

    def template(self, pieces: Iterable[Piece], encode: plan.Encode = "raw") -> plan.Template:
        """A template of the plan."""
        return joined(self.parts(pieces, encode))

    def value(self, template: Template) -> plan.Template:
        """A template whose value is kept: one that is a single hole keeps the type of its value."""
        usable = tuple(piece for piece in map(self._usable, template.pieces) if piece is not None)
        return encode_value(template._replace(pieces=usable), self._names)

    def _usable(self, piece: Piece) -> Piece | None:
        if isinstance(piece, Known):
            return piece
        if not all([self.use(named) for named in piece.references]):
            return None
        return piece.without_python(self._call) if piece.has_python else piece

    # Calls of Python functions

    def _call(self, call: FromPython) -> Named:
        """Makes a step of the call, whose result is a variable that nobody else can name."""
        name = f"py.{call.function} {len(self.variables)}"
        arguments = tuple(
            encode_value(Template(Scalar(call.place, ""), pieces_of(argument, call.place)), self._names)
            for argument in call.arguments
        )
        problem = self.python_problem(call.function, len(arguments)) if self.python_problem is not None else None
        if problem is not None:
            is_missing = problem.startswith("there is no module")
            hint = "the module must be in the directory of the scenario, or installed" if is_missing else None
            self._findings.error("bad-function", f"`{call.function}` cannot be called: {problem}", call.place, hint)
        series = self.series_index(f"py.{call.function}", "python")
        self._calls.append(plan.Python(call.function, arguments, self._index(name), series))
        return Named(name, (), call.place)

    def take_calls(self) -> tuple[plan.Step, ...]:
        """The calls of Python functions that the templates since the last time need, in order."""
        calls = tuple(self._calls)
        self._calls.clear()
        return calls


def after_branches(branches: list[State]) -> State:
    """What is known after one of several branches was executed."""
    alive = [branch for branch in branches if not branch.ended]
    if not alive:
        return branches[0]
    if all(branch == alive[0] for branch in alive[1:]):
        return alive[0]
    saved = frozenset.intersection(*(branch.saved for branch in alive))
    return State(saved, frozenset().union(*(branch.saved | branch.maybe for branch in alive)) - saved)


def after_loop(before: State, turn: State, certain: bool) -> State:
    """What is known after a loop; `certain` says that there is at least one turn."""
    return turn if certain else after_branches([before, turn._replace(ended=False)])


def after_parallel(branches: list[State]) -> State:
    """What is known after all branches were executed."""
    saved: frozenset[str] = frozenset().union(*(branch.saved for branch in branches))
    maybe: frozenset[str] = frozenset().union(*(branch.maybe for branch in branches))
    return State(saved, maybe - saved, any(branch.ended for branch in branches))


def _saves_of(steps: Iterable[tree.Step]) -> Iterable[tuple[str | None, Place]]:
    """Each name with its place; None for a file that could not be read."""
    for step in steps:
        match step:
            case tree.RequestStep(save=save):
                yield from ((key.text, key.place) for key, _ in save)
            case tree.SetStep(set=values):
                yield from ((key.text, key.place) for key, _ in values)
            case tree.RepeatStep(as_=name) | tree.ForEachStep(as_=name) if name is not None:
                yield name.text, name.place
        if isinstance(step, tree.IncludeStep) and step.include is None:
            yield None, step.place
        for inner in steps_in(step):
            yield from _saves_of(inner)


def steps_in(step: tree.Step) -> tuple[tuple[tree.Step, ...], ...]:
    """The lists of steps inside a step."""
    match step:
        case tree.IfStep(then=then, else_=otherwise):
            return (then, otherwise)
        case tree.ParallelStep(parallel=steps):
            return (steps,)
        case tree.IncludeStep(include=included):
            return (included or (),)
        case tree.RepeatStep() | tree.WhileStep() | tree.ForEachStep() | tree.GroupStep():
            return (step.steps,)
    return ()
