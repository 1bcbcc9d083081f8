"""User-defined variables of JMeter, and values for variables that may be used before anything has set them."""

from __future__ import annotations

from kilobar.importers.bounds import all_steps, inner_lists
from kilobar.importers.jmx_functions import environment_name
from kilobar.importers.jmx_holes import Hole, Template, parse_text
from kilobar.importers.jmx_texts import Texts
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import literal
from kilobar.model.scenario import Flow, ForEach, If, Parallel, Repeat, Request, Scalar, Scenario, Set, Step, While

_BEFORE_THE_RUN = frozenset(("__p", "__property", "__env"))


class Variables:
    """Decides what is a constant and what is set where."""

    def __init__(self, notes: Notes, texts: Texts, saved: frozenset[str]) -> None:
        self._notes = notes
        self._texts = texts
        self._saved = saved
        """Variables of JMeter that anything sets during the run."""
        self._uses: dict[int, frozenset[str]] = {}
        self.constants: set[str] = set()
        """Scenario names of those that are known before the run."""

    def remember(self, step: Step, used: set[str]) -> None:
        """Which variables a step itself uses, those of the steps inside it left out."""
        self._uses[id(step)] = frozenset(used)

    def are_saved(self, names: list[str]) -> bool:
        """Whether all these variables of JMeter have a value during the run."""
        return all(name in self._saved for name in names)

    def define(self, scenario: Scenario) -> None:
        """User-defined variables: constants, or set once in `setup` when they change or are computed."""
        computed: dict[str, Scalar] = {}
        used_there: set[str] = set()
        for name, value in self._texts.user_defined.items():
            variable = self._texts.names.of(name)
            with self._notes.at(name), self._texts.collected() as used:
                text = self._texts.secret_or_text(name, value)
            if name not in self._saved and self._is_constant(parse_text(value)):
                self.constants.add(variable)
                scenario.variables[variable] = text
            else:
                computed[variable] = text
                used_there |= used
        if computed:
            step = Set(set=computed)
            self.remember(step, used_there)
            scenario.setup.insert(0, step)

    def _is_constant(self, template: Template) -> bool:
        for part in template:
            if not isinstance(part, Hole):
                continue
            known = part.name.lower() in _BEFORE_THE_RUN or self._texts.names.of(part.name) in self.constants
            if not known or not all(map(self._is_constant, part.arguments)):
                return False
        return True

    # Values for all

    def complete(self, scenario: Scenario) -> None:
        """Gives every variable a value before it is used."""
        saved = frozenset().union(*map(_set_by, all_steps(scenario)))
        unknown: dict[str, None] = {}
        after_setup = self._complete_steps(scenario.setup, frozenset(self.constants), saved, unknown)
        for flow in scenario.flows:
            self._complete_flow(flow, after_setup, saved, unknown)
        self._complete_steps(scenario.teardown, after_setup, saved, unknown)
        constants: dict[str, Scalar] = {}
        for name in unknown:
            source = self._texts.sources.get(name, name)
            variable = environment_name(name)
            constants[name] = f"${{env.{variable}:-{'80' if 'port' in name.lower() else 'not-set'}}}"
            self._notes.add(f"nothing gives `{source}` a value: set the environment variable {variable}")
        scenario.variables = {**constants, **scenario.variables}

    def _complete_flow(
        self, flow: Flow, defined: frozenset[str], saved: frozenset[str], unknown: dict[str, None]
    ) -> None:
        after_before = self._complete_steps(flow.before, defined, saved, unknown)
        self._complete_steps(flow.steps, after_before, saved, unknown)

    def _complete_steps(
        self, steps: list[Step], defined: frozenset[str], saved: frozenset[str], unknown: dict[str, None]
    ) -> frozenset[str]:
        missing: dict[str, None] = {}
        after = self._walk(steps, defined, missing)
        initial: dict[str, Scalar] = {}
        for name in missing:
            if name not in saved:
                unknown[name] = None
                continue
            source = self._texts.sources.get(name, name)
            is_array = source in self._texts.arrays
            initial[name] = "[]" if is_array else literal(f"${{{source}}}")
            shown = "an empty list" if is_array else f"the text `${{{source}}}`, as in JMeter"
            self._notes.add(
                f"`{source}` may be used before it has a value: each iteration begins with {shown}; "
                "JMeter keeps the value of the iteration before"
            )
        if initial:
            steps.insert(0, Set(set=initial))
        return after | frozenset(missing)

    def _walk(self, steps: list[Step], defined: frozenset[str], missing: dict[str, None]) -> frozenset[str]:
        """What certainly has a value after the steps; what has none where it is used goes to `missing`."""
        for step in steps:
            for name in sorted(self._uses.get(id(step), ())):
                if name not in defined:
                    missing.setdefault(name)
            if isinstance(step, Repeat | ForEach | While):
                defined = self._walk_loop(step, defined, missing)
                continue
            match step:
                case If():
                    then = self._walk(step.then, defined, missing)
                    defined = then & self._walk(step.else_, defined, missing)
                case Parallel():
                    ends = [self._walk([branch], defined, missing) for branch in step.parallel]
                    defined = defined.union(*ends)
                case _:
                    for inner in inner_lists(step):
                        defined = self._walk(inner, defined, missing)
                    defined |= _set_by(step)
        return defined

    def _walk_loop(
        self, loop: Repeat | ForEach | While, defined: frozenset[str], missing: dict[str, None]
    ) -> frozenset[str]:
        """Only a loop that certainly has a turn leaves values behind."""
        turn = self._walk(loop.steps, defined | _set_by(loop), missing)
        certain = isinstance(loop, Repeat) and isinstance(loop.repeat, int) and loop.repeat > 0
        return turn if certain else defined


def _set_by(step: Step) -> frozenset[str]:
    """The variables that a step itself sets."""
    match step:
        case Request():
            return frozenset(step.save)
        case Set():
            return frozenset(step.set)
        case Repeat() | ForEach() if step.as_ is not None:
            return frozenset((step.as_,))
    return frozenset()
