"""Small JMeter plans, and what comes out of them."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from kilobar.importers import Imported
from kilobar.model.scenario import Request, Step

from .importing import imported

Value = str | int | bool | list["Value"] | dict[str, "Value"]


def prop(name: str, value: Value) -> str:
    """A property; a mapping is an `elementProp`, a list a `collectionProp`."""
    label = quoteattr(name)
    if isinstance(value, dict):
        return f"<elementProp name={label}>{props(value)}</elementProp>"
    if isinstance(value, list):
        items = "".join(prop(str(number), item) for number, item in enumerate(value))
        return f"<collectionProp name={label}>{items}</collectionProp>"
    tag = "boolProp" if isinstance(value, bool) else "stringProp"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{tag} name={label}>{escape(text)}</{tag}>"


def props(values: dict[str, Value]) -> str:
    return "".join(prop(name, value) for name, value in values.items())


def element(kind: str, *children: str, name: str | None = None, enabled: bool = True, **values: Value) -> str:
    """An element with the `hashTree` of what is below it. `__` in the name of a property is a dot."""
    fixed = {key.replace("__", "."): value for key, value in values.items()}
    label = quoteattr(name or kind)
    head = f'<{kind} testname={label} enabled="{str(enabled).lower()}">{props(fixed)}</{kind}>'
    return f"{head}<hashTree>{''.join(children)}</hashTree>"


def http(*children: str, path: str = "/x", name: str = "HTTP Request", **values: Value) -> str:
    """A sampler, by default `GET http://a.example/x` without redirects."""
    given: dict[str, Value] = {"domain": "a.example", "path": path, **values}
    fixed = {f"HTTPSampler.{key}": value for key, value in given.items() if "." not in key}
    rest = {key: value for key, value in given.items() if "." in key}
    return element("HTTPSamplerProxy", *children, name=name, **{**fixed, **rest})


def arguments(*rows: dict[str, Value]) -> dict[str, Value]:
    """The property with the arguments of a sampler."""
    collection: Value = [
        {f"{_PREFIX.get(key, 'HTTPArgument')}.{key}": value for key, value in row.items()} for row in rows
    ]
    return {"HTTPsampler.Arguments": {"Arguments.arguments": collection}}


_PREFIX = {"name": "Argument", "value": "Argument", "metadata": "Argument"}


def variables(**values: str) -> str:
    """User-defined variables."""
    rows: Value = [{"Argument.name": name, "Argument.value": value} for name, value in values.items()]
    return element("Arguments", **{"Arguments.arguments": rows})


def headers(**values: str) -> str:
    rows: Value = [{"Header.name": name.replace("_", "-"), "Header.value": value} for name, value in values.items()]
    return element("HeaderManager", **{"HeaderManager.headers": rows})


def group(*children: str, kind: str = "ThreadGroup", name: str = "Users", **values: Value) -> str:
    given: dict[str, Value] = {
        "ThreadGroup.num_threads": 1,
        "ThreadGroup.scheduler": True,
        "ThreadGroup.duration": 60,
        "ThreadGroup.on_sample_error": "startnextloop",
    }
    return element(kind, *children, name=name, **{**given, **values})


def plan(*children: str, **values: Value) -> str:
    tree = element("TestPlan", *children, name="Plan", **values)
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}<jmeterTestPlan version="1.2"><hashTree>{tree}</hashTree></jmeterTestPlan>'


def convert(*children: str, directory: Path = Path("nowhere")) -> Imported:
    """A plan with these elements."""
    return imported(plan(*children), "jmx", directory)


def in_group(*children: str, directory: Path = Path("nowhere")) -> Imported:
    """A plan with one thread group that has these elements."""
    return convert(group(*children), directory=directory)


def steps_of(result: Imported) -> list[Step]:
    (flow,) = result.scenario.flows
    return flow.steps


def request_of(result: Imported) -> Request:
    (request,) = (step for step in steps_of(result) if isinstance(step, Request))
    return request


def notes_of(result: Imported) -> list[str]:
    return [str(note) for note in result.notes]
