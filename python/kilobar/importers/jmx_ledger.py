"""Which elements of a test plan were used or noted, so that none is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kilobar.importers.jmx_scope import IN_FORCE, is_defaults
from kilobar.importers.jmx_tree import Node
from kilobar.importers.outcome import Notes

_SHOW_RESULTS = frozenset(
    ("ResultCollector", "Summariser", "BackendListener", "ResultSaver", "MailerResultCollector", "ResultAction")
)
_SCRIPTS = ("JSR223", "BeanShell", "BSF")


class Ledger:
    """Keeps account of every element."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self.used: set[Node] = set()
        """Carried over, whole or with a note about a part."""
        self.noted: set[Node] = set()
        """Left out, and said."""

    @contextmanager
    def visit(self, node: Node) -> Iterator[None]:
        """An element is converted; notes within are at its place."""
        self.used.add(node)
        with self._notes.at(node.label):
            yield

    def leave_out(self, node: Node, why: str) -> None:
        """An element, and all below it, is not carried over."""
        self._notes.add(f"{why}; left out", node.label)
        self.noted.update(_all(node))

    def cover(self, node: Node) -> None:
        """What is below an element is left out with it, as a note about the element says."""
        for child in node.children:
            self.noted.update(_all(child))

    def close(self, plan: Node) -> None:
        """Notes everything that nobody has looked at."""
        for child in plan.children:
            self._close(child)

    def _close(self, node: Node) -> None:
        if node not in self.used and node not in self.noted:
            self.leave_out(node, self._reason(node))
            return
        with self._notes.at(node.label):
            for child in node.children:
                self._close(child)

    def _reason(self, node: Node) -> str:
        if not node.enabled:
            return "it is disabled"
        if node.kind in _SHOW_RESULTS or node.kind.endswith(("Visualizer", "Collector")):
            return "results are reported by Kilobar itself"
        if node.kind.startswith(_SCRIPTS):
            return f"a script ({node.properties.text('scriptLanguage') or node.kind}) is not carried over"
        if node.kind == "TestFragmentController":
            return "no module controller uses this fragment"
        if node.kind in IN_FORCE or is_defaults(node):
            return "it acts on no request"
        return f"`{node.kind[:60]}` has no meaning here"


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)
