"""What is in force at one place of a test plan: JMeter's elements act on all siblings and on what is below these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kilobar.importers.jmx_tree import Node

ASSERTIONS = frozenset(
    ("ResponseAssertion", "DurationAssertion", "SizeAssertion", "JSONPathAssertion", "XPathAssertion")
)
EXTRACTORS = frozenset(
    ("RegexExtractor", "JSONPostProcessor", "JSONPathExtractor", "XPathExtractor", "XPath2Extractor", "HtmlExtractor",
     "BoundaryExtractor")
)  # fmt: skip
TIMERS = frozenset(("ConstantTimer", "UniformRandomTimer", "GaussianRandomTimer", "PoissonRandomTimer", "RandomTimer"))
IN_FORCE = {
    "HeaderManager": "headers",
    "CookieManager": "cookies",
    "AuthManager": "authorizations",
    **dict.fromkeys(TIMERS, "timers"),
    **dict.fromkeys(EXTRACTORS, "extractors"),
    **dict.fromkeys(ASSERTIONS, "assertions"),
}
"""Kind of an element -> the field of a scope where it is."""


@dataclass(frozen=True)
class Scope:
    """Elements in force, from the outermost to the innermost."""

    headers: tuple[Node, ...] = ()
    defaults: tuple[Node, ...] = ()
    """Defaults of HTTP requests."""
    cookies: tuple[Node, ...] = ()
    authorizations: tuple[Node, ...] = ()
    timers: tuple[Node, ...] = ()
    extractors: tuple[Node, ...] = ()
    assertions: tuple[Node, ...] = ()
    shared: frozenset[Node] = frozenset()
    """Extractors that act on more than the one request they stand below."""

    def within(self, nodes: Iterable[Node], of_request: bool = False) -> Scope:
        """The scope in which the elements among these are in force too; disabled ones never are."""
        found: dict[str, list[Node]] = {}
        for node in nodes:
            field = _field_of(node) if node.enabled else None
            if field is not None:
                found.setdefault(field, []).append(node)
        shared = self.shared if of_request else self.shared | frozenset(found.get("extractors", ()))
        added = {field: (*getattr(self, field), *new) for field, new in found.items()}
        return replace(self, **added, shared=shared)


def is_defaults(node: Node) -> bool:
    """Whether it holds the defaults of HTTP requests."""
    return node.kind == "ConfigTestElement" and any(
        name.lower().startswith("httpsampler") for name in node.properties.values
    )


def _field_of(node: Node) -> str | None:
    return "defaults" if is_defaults(node) else IN_FORCE.get(node.kind)
