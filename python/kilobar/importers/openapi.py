"""OpenAPI 3.0 and 3.1, and Swagger 2: a flow for each tag with a step for each operation.

A description says what can be sent, not what people do. The steps of a flow are therefore in the order in which they
can succeed: what creates comes before what reads, changes and removes, and passes on what it created.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kilobar.importers.bounds import MAX_STEPS
from kilobar.importers.files import Files
from kilobar.importers.load import default_load
from kilobar.importers.names import UniqueNames, step_name
from kilobar.importers.openapi_chains import Chain
from kilobar.importers.openapi_operations import Operation, Operations
from kilobar.importers.openapi_order import Endpoint, in_order
from kilobar.importers.openapi_references import References
from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.openapi_servers import Servers
from kilobar.importers.openapi_sharing import share
from kilobar.importers.outcome import Notes, Options
from kilobar.importers.source import Source
from kilobar.importers.swagger2 import as_openapi
from kilobar.importers.untyped import mapping_at, text_of
from kilobar.model.scenario import Flow, Request, Scenario

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


def recognises(source: Source) -> bool:
    """By the key with the version, at the top of the document."""
    content = source.mapping
    return content is not None and ("openapi" in content or "swagger" in content)


def convert(source: Source, notes: Notes, options: Options) -> Scenario:
    """The scenario of a description. Raises ImportFailed."""
    content = source.yaml
    if not isinstance(content, dict) or not ("openapi" in content or "swagger" in content):
        source.fail("an API description is a mapping with the key `openapi` or `swagger`")
    version = text_of(content.get("openapi", content.get("swagger")))
    if not version.startswith(("3.0", "3.1", "2.0", "2", "3")) or version.startswith("1"):
        source.fail(f"version `{version[:20]}` of the format is not known", hint="known: Swagger 2, OpenAPI 3.0, 3.1")
    if version.startswith("3.") and version[:3] not in ("3.0", "3.1"):
        notes.add(f"version {version[:20]} is read as 3.1", "openapi")
    if "openapi" not in content:
        content = as_openapi(content, notes)
    return _Conversion(source, content, notes).scenario()


class _Conversion:
    def __init__(self, source: Source, root: dict[str, Any], notes: Notes) -> None:
        self._root = root
        self._notes = notes
        self._remarks = Remarks()
        self._references = References(root, notes)
        self._servers = Servers(self._remarks, notes)
        self._steps = Operations(root, self._references, Files(source, notes), self._remarks, notes)
        self._names = UniqueNames()

    def scenario(self) -> Scenario:
        scenario = Scenario()
        title = text_of(mapping_at(self._root, "info", self._notes).get("title")).strip()
        scenario.name = step_name(title) if title else None
        self._servers.read_target(self._root)
        flows: dict[str, list[Operation]] = {}
        for operation in self._operations():
            flows.setdefault(self._tag(operation), []).append(operation)
        scenario.target = self._servers.target
        scenario.variables = self._servers.variables
        flow_names = UniqueNames()
        for tag, operations in flows.items():
            scenario.flows.append(self._flow(flow_names.of(tag), operations))
        self._steps.security.add_certificate(scenario)
        if len(scenario.flows) == 1:
            scenario.flows[0].weight = None
        share(scenario)
        self._say_what_is_left_out()
        scenario.load = default_load(self._notes)
        return scenario

    def _flow(self, name: str, operations: list[Operation]) -> Flow:
        """Its weight is the number of operations: each of the description is then executed equally often."""
        chain = Chain(self._steps.examples.shapes, set(self._servers.variables))
        steps: list[Request] = []
        for index in in_order([operation.endpoint for operation in operations]):
            operation = operations[index]
            with self._notes.at("paths", operation.endpoint.path, operation.endpoint.method.lower()):
                steps.append(self._steps.step(operation, chain))
        return Flow(name=name, weight=len(steps), steps=list(steps))

    def _operations(self) -> Iterator[Operation]:
        """All operations in the order of the description, as many as a scenario holds."""
        count = 0
        with self._notes.at("paths"):
            for path, entry in mapping_at(self._root, "paths", self._notes).items():
                if path.startswith("x-"):
                    continue
                with self._notes.at(path):
                    for operation in self._operations_of(path, entry):
                        count += 1
                        if count <= MAX_STEPS:
                            yield operation
        if count > MAX_STEPS:
            self._notes.add(f"{count - MAX_STEPS} operations are left out: a scenario has at most {MAX_STEPS:,} steps")

    def _operations_of(self, path: str, entry: Any) -> Iterator[Operation]:
        path_item = self._references.follow(entry).content
        if not path_item and not isinstance(entry, dict):
            self._notes.add("this is no path; left out")
        for method, content in path_item.items():
            if method not in _METHODS:
                continue
            if not isinstance(content, dict):
                self._notes.add("this is no operation; left out", method)
                continue
            with self._notes.at(method):
                endpoint = Endpoint(method.upper(), path)
                given = text_of(content.get("operationId")).strip()
                name = self._names.of(given or f"{endpoint.method} {path.partition('#')[0]}")
                yield Operation(endpoint, name, content, path_item, self._servers.prefix(content, path_item))

    def _tag(self, operation: Operation) -> str:
        """The name of the flow: the first tag, else the first part of the path that is no parameter."""
        tags = operation.content.get("tags")
        if isinstance(tags, list) and tags and text_of(tags[0]).strip():
            return text_of(tags[0]).strip()
        parts = [part for part in operation.endpoint.path.partition("#")[0].split("/") if part and "{" not in part]
        return parts[0] if parts else "main"

    def _say_what_is_left_out(self) -> None:
        webhooks = mapping_at(self._root, "webhooks", self._notes)
        self._remarks.count("webhooks are left out: the server sends them", len(webhooks))
        self._remarks.once("of responses the status is checked, not the schema of their bodies")
        self._remarks.say(self._notes)
