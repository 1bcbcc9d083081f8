"""Postman collections v2.0 and v2.1: one flow with all requests in their order, folders as groups.

One flow, because Postman's runner executes all requests one after another and hands values from each to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kilobar.importers.bounds import all_steps
from kilobar.importers.load import default_load
from kilobar.importers.names import UniqueNames, VariableNames, step_name
from kilobar.importers.outcome import ImportFailed, Notes, Options
from kilobar.importers.postman_auth import NONE
from kilobar.importers.postman_body import BodyReader
from kilobar.importers.postman_request import POSTMAN_REDIRECTS, Context, Inherited, steps_of
from kilobar.importers.postman_scripts import Script, written_names
from kilobar.importers.postman_sharing import share
from kilobar.importers.postman_source import entries, is_disabled, listing, mapping, text
from kilobar.importers.postman_variables import Variables
from kilobar.importers.secrets import Secrets
from kilobar.importers.source import MAX_BYTES, Source
from kilobar.model.scenario import Check, Flow, Group, Request, Scenario, Set, Step, Tls

MAX_FOLDERS = 12
"""Folders inside folders; what is deeper goes into the folder above it."""


def recognises(source: Source) -> bool:
    """A mapping with a list of items that has the schema of Postman, or items that hold requests or folders."""
    content = source.mapping
    if content is None:
        return False
    content = mapping(content.get("collection")) or content
    if "getpostman.com" in text(mapping(content.get("info")).get("schema")):
        return True
    if isinstance(content.get("requests"), list) and "order" in content:
        return True
    items = content.get("item")
    return isinstance(items, list) and any(isinstance(item, dict) and ("request" in item or "item" in item)
                                           for item in items)  # fmt: skip


def convert(source: Source, notes: Notes, options: Options) -> Scenario:
    """The scenario of a collection. Raises ImportFailed."""
    whole = mapping(source.json)
    collection = mapping(whole.get("collection")) or whole
    if "item" not in collection:
        _refuse(source, collection)
    if collection is whole:
        return _Collection(source, collection, notes, options).scenario()
    with notes.at("collection"):
        return _Collection(source, collection, notes, options).scenario()


def _refuse(source: Source, collection: dict[str, Any]) -> None:
    if "requests" in collection:
        message, hint = "a Postman collection v1 is not supported", "export it again as Collection v2.1"
    elif "values" in collection:
        message, hint = "this is a Postman environment", "give it with `--environment` beside the collection"
    else:
        message, hint = "there is no `item` in it", "export the collection as Collection v2.1"
    raise ImportFailed(message, source.place(), hint=hint)


class _Collection:
    def __init__(self, source: Source, collection: dict[str, Any], notes: Notes, options: Options) -> None:
        self._collection = collection
        self._notes = notes
        secrets = Secrets(notes)
        self._variable_names = VariableNames()
        written = written_names(_all_scripts(collection))
        variables = Variables(written, self._variable_names, secrets, notes)
        self._give(variables, options.environment)
        bodies = BodyReader(source.directory, variables, secrets, notes)
        self._context = Context(variables, secrets, bodies, notes, {})
        self._names = UniqueNames()
        self._how_often = Counter(_name(item) for item in _all_requests(collection))
        self._insecure = False
        self._examples = 0

    def scenario(self) -> Scenario:
        """The whole scenario."""
        collection, notes = self._collection, self._notes
        scripts = self._scripts(collection)
        inherited = Inherited(NONE, {}, ()).below(collection, scripts, notes)
        steps = self._items(collection.get("item"), inherited, ("",))
        self._flush(scripts)
        variables = self._context.variables
        if variables.initial:
            steps.insert(0, Set(set={**variables.initial}))
        name = text(mapping(collection.get("info")).get("name")) or text(collection.get("name"))
        scenario = Scenario(
            name=step_name(name) if name else None,
            variables={**variables.constants},
            flows=[Flow(steps=steps)],
            redirects=POSTMAN_REDIRECTS,
            tls=Tls(insecure=True) if self._insecure else None,
        )
        share(scenario)
        self._note_whole(scenario)
        scenario.load = default_load(notes)
        return scenario

    def _note_whole(self, scenario: Scenario) -> None:
        notes = self._notes
        if self._examples:
            notes.add(f"{self._examples} saved example responses are left out")
        unused = self._context.variables.unused()
        if unused:
            notes.add(f"variables that no request uses are left out: {', '.join(unused[:20])}", "variable")
        if any(isinstance(step, Request) and not _checks_status(step) for step in all_steps(scenario)):
            notes.add("a request whose scripts do not test the status fails with a status of 400 or more")

    def _give(self, variables: Variables, environment: Path | None) -> None:
        for key in ("variable", "variables"):
            self._give_all(variables, self._collection.get(key))
        if environment is None:
            return
        source = _environment(environment)
        content = mapping(source.json)
        content = mapping(content.get("environment")) or content
        if not isinstance(content.get("values"), list):
            message = "a Postman environment has a list of `values`"
            raise ImportFailed(message, source.place(), hint="export the environment from Postman again")
        self._give_all(variables, content["values"])

    def _give_all(self, variables: Variables, listed: Any) -> None:
        for _, entry in entries(listed):
            name = text(entry.get("key", entry.get("id")))
            if name and not is_disabled(entry):
                secret = text(entry.get("type")).lower() == "secret"
                variables.give(name, entry.get("value", entry.get("currentValue")), secret=secret)

    def _items(self, items: Any, inherited: Inherited, folders: tuple[str, ...]) -> list[Step]:
        steps: list[Step] = []
        for index, item in entries(items):
            with self._notes.at("item", index):
                steps.extend(self._item(item, inherited, folders))
        return steps

    def _item(self, item: dict[str, Any], inherited: Inherited, folders: tuple[str, ...]) -> list[Step]:
        if item.get("disabled") is True:
            self._notes.add("the item is disabled and left out")
            return []
        scripts = self._scripts(item)
        for key in ("variable", "variables"):
            self._give_all(self._context.variables, item.get(key))
        inherited = inherited.below(item, scripts, self._notes)
        if "request" in item or "item" not in item:
            steps = self._request(item, inherited, folders)
        else:
            steps = self._folder(item, inherited, folders)
        self._flush(scripts)
        return steps

    def _folder(self, item: dict[str, Any], inherited: Inherited, folders: tuple[str, ...]) -> list[Step]:
        name = self._names.of(_name(item))
        steps = self._items(item.get("item"), inherited, (*folders, _name(item)))
        if not steps:
            self._notes.add("the folder has no requests and is left out")
            return []
        if len(folders) > MAX_FOLDERS:
            self._notes.add(f"the folder is more than {MAX_FOLDERS} deep: its requests are in the folder above it")
            return steps
        return [Group(group=name, steps=steps)]

    def _request(self, item: dict[str, Any], inherited: Inherited, folders: tuple[str, ...]) -> list[Step]:
        self._examples += len(listing(item.get("response")))
        source = item.get("request")
        name = _name(item)
        if self._how_often[name] > 1 and folders[-1]:
            name = f"{folders[-1]} / {name}"
        with self._notes.at("request"):
            if isinstance(source, dict):
                inherited = inherited.below({"auth": source.get("auth")}, (), self._notes)
                if source.get("event"):
                    self._notes.add("scripts inside of `request` are left out; Postman does not execute them", "event")
            steps = steps_of(source, self._names.of(name), inherited, self._context)
        if inherited.behaviour.get("strictSSL") is False and not self._insecure:
            self._insecure = True
            self._notes.add("certificates are not verified, for all requests", "protocolProfileBehavior", "strictSSL")
        return steps

    def _scripts(self, item: dict[str, Any]) -> tuple[Script, ...]:
        found = []
        for index, event in entries(item.get("event")):
            listen = text(event.get("listen"))
            script = _script_text(event)
            if event.get("disabled") is True or not script.strip():
                continue
            if listen in ("prerequest", "test"):
                found.append(Script(script, before_request=listen == "prerequest", event=index))
            else:
                self._notes.add(f"the script for `{listen[:40]}` is not carried over", "event", index)
        return tuple(found)

    def _flush(self, scripts: tuple[Script, ...]) -> None:
        """Notes what the scripts of an item do besides, where they stand."""
        for script in scripts:
            for problem in script.problems:
                self._notes.add(problem, "event", script.event)


def _environment(path: Path) -> Source:
    place = Source(str(path), path.parent, b"").place()
    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ImportFailed(f"cannot read it: {reason}", place, hint="check the path") from error
    if len(data) > MAX_BYTES:
        raise ImportFailed(f"the file has more than {MAX_BYTES // 2**20} MiB", place)
    return Source(str(path), path.parent, data)


def _name(item: dict[str, Any]) -> str:
    given = text(item.get("name")).strip()
    if given:
        return given
    request = item.get("request")
    url = request if isinstance(request, str) else mapping(request).get("url")
    return (url if isinstance(url, str) else text(mapping(url).get("raw"))).partition("?")[0] or "unnamed"


def _script_text(event: dict[str, Any]) -> str:
    script = event.get("script")
    found = mapping(script).get("exec", script if isinstance(script, str | list) else "")
    lines = found if isinstance(found, list) else [found]
    return "\n".join(line.removesuffix("\r") for line in lines if isinstance(line, str))


def _all_items(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for _, inner in entries(item.get("item")):
        yield inner
        yield from _all_items(inner)


def _all_requests(collection: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (item for item in _all_items(collection) if "request" in item)


def _all_scripts(collection: dict[str, Any]) -> Iterator[str]:
    for item in (collection, *_all_items(collection)):
        for _, event in entries(item.get("event")):
            yield _script_text(event)


def _checks_status(step: Request) -> bool:
    checks = step.check if isinstance(step.check, list) else [step.check] if step.check else []
    return any(isinstance(check, Check) and (check.status is not None or check.not_ is not None) for check in checks)
