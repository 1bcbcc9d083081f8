"""locust-hazard scenarios, with the meaning that its worker gives them.

Where its documentation and its code differ (the numbers of the assertions) the code is followed.
"""

from __future__ import annotations

from typing import Any

from kilobar.importers.addresses import clean_address
from kilobar.importers.hazard_values import HazardValues
from kilobar.importers.headers import has_header, step_headers
from kilobar.importers.json_bodies import json_body
from kilobar.importers.load import default_load
from kilobar.importers.names import UniqueNames
from kilobar.importers.outcome import Notes, Options
from kilobar.importers.secrets import Secrets
from kilobar.importers.source import Source
from kilobar.importers.targets import require_target, share_target
from kilobar.importers.untyped import mapping_at, mappings_at, text_of
from kilobar.model.scenario import Flow, Group, Request, Scenario, Set, Step, Tls

_TIMEOUT = "90s"


def recognises(source: Source) -> bool:
    """By the list of main tasks, which no other format has."""
    content = source.mapping
    return content is not None and "MainTask" in content and isinstance(content["MainTask"], list | None)


def convert(source: Source, notes: Notes, options: Options) -> Scenario:
    """The scenario of a document."""
    content = source.json
    if not isinstance(content, dict):
        source.fail("a locust-hazard scenario is a JSON object")
    return _Conversion(content, notes).scenario()


class _Conversion:
    def __init__(self, content: dict[str, Any], notes: Notes) -> None:
        self._content = content
        self._notes = notes
        self._values = HazardValues(notes, Secrets(notes))
        self._names = UniqueNames()

    def scenario(self) -> Scenario:
        scenario = Scenario(cookies="per_user", tls=Tls(insecure=True), timeout=_TIMEOUT)
        self._say_what_differs()
        proxy = text_of(self._content.get("HttpProxy")).strip()
        if proxy:
            scenario.proxy = proxy if "://" in proxy else f"http://{proxy}"
        scenario.setup = self._chain(self._content, "PreTask")
        saved_in_setup = self._values.known()
        for index, task in mappings_at(self._content, "MainTask", self._notes):
            with self._notes.at("MainTask", index):
                self._values.restart(saved_in_setup)
                flow = self._flow(task, index)
                if flow is not None:
                    scenario.flows.append(flow)
        self._require_weight(scenario.flows)
        share_target(scenario)
        require_target(scenario, self._notes)
        scenario.load = default_load(self._notes)
        return scenario

    def _say_what_differs(self) -> None:
        self._notes.add("cookies: all users of a worker shared one jar; here each user has its own", "isSession")
        message = "a value that is not found fails the step; the worker went on with the old one or with nothing"
        self._notes.add(message, "SaveParamChain")
        if self._content.get("PreTask"):
            self._notes.add("these steps ran once per worker; here they run once per run", "PreTask")

    def _flow(self, task: dict[str, Any], index: int) -> Flow | None:
        """One group covers what the worker measured as one: the steps before and the request itself."""
        steps = self._chain(task, "PreWork")
        work = mapping_at(task, "TestWork", self._notes)
        with self._notes.at("TestWork"):
            if work.get("SaveParamChain"):
                self._notes.add("the worker never saved values here; left out", "SaveParamChain")
            steps.extend(self._step({**work, "SaveParamChain": None}))
        if not steps:
            self._notes.add("there is nothing to do in this task; it is left out")
            return None
        name = self._names.of(text_of(task.get("TaskName")).strip() or f"task {index + 1}")
        return Flow(name=name, weight=self._weight(task), steps=[Group(group=name, steps=steps)])

    def _weight(self, task: dict[str, Any]) -> int | float | None:
        weight = task.get("TaskWeight")
        if isinstance(weight, str) and weight.strip().isdecimal() and len(weight) < 10:
            weight = int(weight)
        if isinstance(weight, int | float) and not isinstance(weight, bool) and 0 <= weight <= 1_000_000:
            return weight
        if weight is not None:
            self._notes.add("this is no weight; 1 is taken", "TaskWeight")
        return None

    def _require_weight(self, flows: list[Flow]) -> None:
        if flows and all(flow.weight == 0 for flow in flows):
            self._notes.add("all weights are 0; all tasks are taken as often", "MainTask")
            for flow in flows:
                flow.weight = None

    def _chain(self, owner: dict[str, Any], key: str) -> list[Step]:
        steps: list[Step] = []
        for index, content in mappings_at(owner, key, self._notes):
            with self._notes.at(key, index):
                steps.extend(self._step(content))
        return steps

    def _step(self, content: dict[str, Any]) -> list[Step]:
        """The request, or only the values that are set when there is no address."""
        url = text_of(content.get("UrlPath")).strip()
        if not url:
            values = self._values.constants(content)
            return [Set(set=dict(values))] if values else []
        request = Request(method=self._method(content), url=self._url(url))
        fields = mapping_at(content, "Params", self._notes)
        request.params = {self._values.key(name): self._values.field(name, value) for name, value in fields.items()}
        headers = mapping_at(content, "Headers", self._notes)
        pairs = [(name, self._values.header(name, value)) for name, value in headers.items()]
        request.headers = step_headers(pairs, self._notes, "Headers")
        self._body(request, content)
        request.check = self._values.checks(content)
        request.save = self._values.saves(content)
        return [request]

    def _url(self, url: str) -> str:
        if "://" not in url and not url.startswith(("/", "{@")):
            self._notes.add("the address has no scheme; http:// is taken", "UrlPath")
            url = f"http://{url}"
        return clean_address(self._values.address(url))

    def _method(self, content: dict[str, Any]) -> str:
        method = text_of(content.get("Method")).strip().upper() or "GET"
        if not method.isascii() or not method.isalpha() or len(method) > 32:
            self._notes.add("this is no method; GET is taken", "Method")
            return "GET"
        if method not in ("GET", "POST"):
            self._notes.add(f"the worker sent POST for {method}; {method} is kept", "Method")
        return method

    def _body(self, request: Request, content: dict[str, Any]) -> None:
        form = mapping_at(content, "DictData", self._notes)
        raw = text_of(content.get("RawData"))
        json_text = text_of(content.get("JsonData"))
        given = [key for key, value in (("DictData", form), ("RawData", raw), ("JsonData", json_text)) if value]
        if not given:
            return
        if request.method == "GET":
            self._notes.add("the worker sends no body with GET; left out", given[0])
            return
        for ignored in given[1:]:
            self._notes.add(f"a request has one body; {given[0]} is taken", ignored)
        if given[0] == "DictData":
            request.form = {self._values.key(name): self._values.field(name, value) for name, value in form.items()}
        elif given[0] == "RawData":
            request.body = self._values.text(raw, "RawData")
        else:
            self._json(request, json_text)

    def _json(self, request: Request, text: str) -> None:
        """The worker filled holes into the text of the JSON, so that only text with holes means exactly the same."""
        if not self._values.has_holes(text):
            request.json = json_body(text)
        if request.json is None:
            request.body = self._values.text(text, "JsonData")
            if not has_header(request.headers, "content-type"):
                request.headers["content-type"] = "application/json"
