"""The tree of a JMeter test plan: each element with its properties and the elements in the `hashTree` behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.etree.ElementTree import Element

from kilobar.importers.outcome import Notes
from kilobar.importers.source import Source

MAX_ELEMENTS = 200_000

Property: TypeAlias = "str | list[Property] | Properties"
_COLLECTIONS = frozenset(("collectionProp", "mapProp"))


@dataclass(eq=False)
class Properties:
    """Named properties, as of an `elementProp`."""

    name: str = ""
    type: str = ""
    """The class of the element, without its package."""
    values: dict[str, Property] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """A property that is a text; the default when it is absent or no text."""
        value = self.values.get(name)
        return value if isinstance(value, str) else default

    def flag(self, name: str, default: bool = False) -> bool:
        """A property that is true or false."""
        value = self.text(name).strip().lower()
        return value == "true" if value in ("true", "false") else default

    def collection(self, name: str) -> list[Property]:
        """A property that is a collection; empty when it is absent."""
        value = self.values.get(name)
        return value if isinstance(value, list) else []

    def texts(self, name: str) -> list[str]:
        """The texts of a collection."""
        return [value for value in self.collection(name) if isinstance(value, str)]

    def rows(self, name: str) -> list[Properties]:
        """The elements of a collection."""
        return [value for value in self.collection(name) if isinstance(value, Properties)]

    def inner(self, name: str) -> Properties:
        """A property that is an element; an empty one when it is absent."""
        value = self.values.get(name)
        return value if isinstance(value, Properties) else Properties()

    def all_texts(self) -> Iterator[str]:
        """Every text in it, at any depth."""
        yield from _texts(list(self.values.values()))


@dataclass(eq=False)
class Node:
    """An element of the plan."""

    kind: str
    """Its class without the package, for example `HTTPSamplerProxy`."""
    name: str
    """As people see it in JMeter."""
    enabled: bool
    properties: Properties
    children: list[Node] = field(default_factory=list)
    label: str = ""
    """Its name in paths of notes; unlike that of its siblings."""

    def below(self) -> Iterator[Node]:
        """This element and all below it, in order, those that are not enabled left out."""
        if self.enabled:
            yield self
            for child in self.children:
                yield from child.below()


def read_tree(source: Source, notes: Notes) -> Node:
    """The whole plan as one node. Raises ImportFailed with a position when it is none."""
    root = source.xml
    if _short(root.tag) != "jmeterTestPlan":
        source.fail(f"`<{root.tag[:60]}>` is no JMeter test plan", hint="its first element is `<jmeterTestPlan>`")
    plan = Node("jmeterTestPlan", "", True, Properties())
    reader = _Reader(source, notes)
    for tree in root:
        if _short(tree.tag) == "hashTree":
            plan.children += reader.children(tree)
        else:
            notes.add(f"`<{tree.tag[:60]}>` is outside of the tree; left out")
    _label(plan)
    return plan


class _Reader:
    def __init__(self, source: Source, notes: Notes) -> None:
        self._source = source
        self._notes = notes
        self._count = 0

    def children(self, tree: Element) -> list[Node]:
        """Each element, with what the `hashTree` right behind it holds."""
        nodes: list[Node] = []
        for element in tree:
            if _short(element.tag) != "hashTree":
                nodes.append(self._node(element))
            elif nodes:
                nodes[-1].children += self.children(element)
            else:
                self._notes.add("a `hashTree` without an element before it; its content is taken as if it stood there")
                nodes += self.children(element)
        return nodes

    def _node(self, element: Element) -> Node:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            self._source.fail(f"the plan has more than {MAX_ELEMENTS:,} elements", hint="split the plan")
        kind = _short(element.tag)
        if kind == "testelement":
            # JMeter 1 and 2.0 wrote the class as an attribute.
            kind = _short(element.get("class", ""))
        name = element.get("testname") or ""
        properties = _properties(element)
        name = name or properties.text("TestElement.name")
        enabled = element.get("enabled", properties.text("TestElement.enabled")).strip().lower() != "false"
        return Node(kind, name.strip() or kind, enabled, properties)


def _label(node: Node) -> None:
    """Gives siblings with the same name an index."""
    counts: dict[str, int] = {}
    for child in node.children:
        count = counts[child.name] = counts.get(child.name, 0) + 1
        child.label = child.name if count == 1 else f"{child.name}[{count}]"
        _label(child)


def _properties(element: Element) -> Properties:
    kind = _short(element.get("elementType", element.get("testclass", element.get("class", ""))))
    found = Properties(element.get("name", ""), kind)
    for child in element:
        name, value = _property(child)
        found.values[name] = value
    return found


def _property(element: Element) -> tuple[str, Property]:
    tag = _short(element.tag)
    name = element.get("name", tag)
    if tag in _COLLECTIONS:
        return name, [_property(child)[1] for child in element]
    if tag in ("elementProp", "testelement"):
        return name, _properties(element)
    parts = {_short(child.tag): child for child in element}
    if "value" in parts and "name" in parts:
        # <FloatProperty><name>n</name><value>1.0</value></FloatProperty>
        return (parts["name"].text or "").strip(), _content(parts["value"])
    return name, _content(element)


def _content(element: Element) -> Property:
    if not len(element):
        return element.text or ""
    return Properties(values={_short(child.tag): _content(child) for child in element})


def _texts(values: list[Property]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from _texts(value)
        else:
            yield from value.all_texts()


def _short(name: str) -> str:
    """`org.apache.jmeter.threads.ThreadGroup` -> `ThreadGroup`; an XML namespace is dropped too."""
    return name.rpartition("}")[2].rpartition(".")[2] if name else ""
