"""JMeter test plans (JMX): thread groups, HTTP samplers and what acts on them."""

from __future__ import annotations

from collections.abc import Iterator

from kilobar.importers.files import Files
from kilobar.importers.jmx_controllers import JmxControllers
from kilobar.importers.jmx_data import JmxData
from kilobar.importers.jmx_groups import JmxGroups
from kilobar.importers.jmx_holes import names_in, parse_text
from kilobar.importers.jmx_ledger import Ledger
from kilobar.importers.jmx_load import JmxLoad
from kilobar.importers.jmx_requests import JmxRequests
from kilobar.importers.jmx_saves import JmxSaves
from kilobar.importers.jmx_settings import finish
from kilobar.importers.jmx_steps import Conversion
from kilobar.importers.jmx_texts import Texts
from kilobar.importers.jmx_timers import JmxTimers
from kilobar.importers.jmx_tree import Node, Properties, read_tree
from kilobar.importers.jmx_variables import Variables
from kilobar.importers.outcome import Notes, Options
from kilobar.importers.secrets import Secrets
from kilobar.importers.source import Source
from kilobar.model.scenario import Scenario

_MARK = b"jmeterTestPlan"
_MARKED_BYTES = 65_536
_NAMES = {
    "RegexExtractor": ("RegexExtractor.refname", "RegexExtractor.match_number"),
    "JSONPostProcessor": ("JSONPostProcessor.referenceNames", "JSONPostProcessor.match_numbers"),
    "JSONPathExtractor": ("VAR", ""),
    "XPathExtractor": ("XPathExtractor.refname", "XPathExtractor.matchNumber"),
    "XPath2Extractor": ("XPathExtractor2.refname", "XPathExtractor2.matchNumber"),
    "HtmlExtractor": ("HtmlExtractor.refname", "HtmlExtractor.match_number"),
    "BoundaryExtractor": ("BoundaryExtractor.refname", "BoundaryExtractor.match_number"),
    "ForeachController": ("ForeachController.returnVal", ""),
    "CounterConfig": ("CounterConfig.name", ""),
    "RandomVariableConfig": ("variableName", ""),
}
"""Kind of an element -> its properties with the names of the variables it sets, and with the numbers of matches."""


def recognises(source: Source) -> bool:
    """By the name of the first element."""
    start = source.data[:_MARKED_BYTES].replace(b"\0", b"")
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<") and b"<" + _MARK in start


def convert(source: Source, notes: Notes, options: Options) -> Scenario:
    """The scenario of a test plan."""
    plan = read_tree(source, notes)
    scenario = Scenario()
    ledger = Ledger(notes)
    texts = Texts(notes, Secrets(notes))
    saved = frozenset(_saved(plan, texts))
    files = Files(source, notes)
    variables = Variables(notes, texts, saved)
    conversion = Conversion(
        notes=notes,
        ledger=ledger,
        texts=texts,
        variables=variables,
        requests=JmxRequests(notes, files, texts, scenario),
        data=JmxData(source, notes, files, texts, scenario),
        saves=JmxSaves(notes, texts, frozenset(_mentioned(plan))),
        timers=JmxTimers(notes, texts),
    )
    _read_user_defined(plan, ledger, texts)
    groups = JmxGroups(conversion, JmxControllers(conversion, plan), JmxLoad(notes, texts), scenario)
    variables.define(scenario)
    groups.convert(plan)
    finish(scenario, plan, conversion)
    ledger.close(plan)
    return scenario


def _read_user_defined(plan: Node, ledger: Ledger, texts: Texts) -> None:
    """User-defined variables, which hold everywhere wherever they stand; the last of a name wins."""
    for node in plan.below():
        rows: list[Properties] = []
        if node.kind == "TestPlan":
            rows = node.properties.inner("TestPlan.user_defined_variables").rows("Arguments.arguments")
        elif node.kind == "Arguments":
            ledger.used.add(node)
            rows = node.properties.rows("Arguments.arguments")
        for row in rows:
            name = (row.text("Argument.name") or row.name).strip()
            if name:
                texts.user_defined[name] = row.text("Argument.value")


def _saved(plan: Node, texts: Texts) -> Iterator[str]:
    """The variables that anything sets during the run; those with all matches are remembered."""
    for node in plan.below():
        if node.kind not in _NAMES:
            continue
        name_property, number_property = _NAMES[node.kind]
        names = node.properties.text(name_property).split(";")
        numbers = node.properties.text(number_property).split(";")
        for index, name in enumerate(names):
            yield name.strip()
            if index < len(numbers) and numbers[index].strip().startswith("-"):
                texts.arrays.add(name.strip())


def _mentioned(plan: Node) -> Iterator[str]:
    """The variables that are used anywhere."""
    for node in plan.below():
        for text in node.properties.all_texts():
            if "${" in text:
                yield from names_in(parse_text(text))
