"""One request of a collection, with its scripts -> steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kilobar.importers import postman_auth, postman_url
from kilobar.importers.headers import has_header, step_headers
from kilobar.importers.outcome import Notes
from kilobar.importers.postman_auth import Authentication
from kilobar.importers.postman_body import Body, BodyReader
from kilobar.importers.postman_scripts import Effects, Script, ScriptReader, request_checks
from kilobar.importers.postman_source import entries, is_disabled, mapping, text
from kilobar.importers.postman_variables import Variables
from kilobar.importers.secrets import Secrets
from kilobar.model.scenario import Request, Set, Step, Text

POSTMAN_REDIRECTS = 10
"""How many redirects Postman follows when nothing says otherwise."""

_WITHOUT_BODY = frozenset(("GET", "HEAD", "COPY", "PURGE", "UNLOCK"))
_SILENT_BEHAVIOUR = frozenset(
    ("followRedirects", "maxRedirects", "disableBodyPruning", "strictSSL", "disableUrlEncoding", "disableCookies")
)
_BEHAVIOUR = {
    "followOriginalHttpMethod": "redirects change the method as browsers do",
    "followAuthorizationHeader": "`authorization` is not sent to another host behind a redirect",
    "removeRefererHeaderOnRedirect": "no `referer` is sent behind a redirect",
}


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a request has from its folders and the collection."""

    authentication: Authentication
    behaviour: dict[str, Any]
    scripts: tuple[Script, ...]

    def below(self, item: dict[str, Any], scripts: tuple[Script, ...], notes: Notes) -> Inherited:
        """What holds inside an item, a folder or the collection."""
        own = mapping(item.get("protocolProfileBehavior"))
        for name, value in own.items():
            if name in _BEHAVIOUR and value is True:
                notes.add(f"`{name}` is not carried over: {_BEHAVIOUR[name]}", "protocolProfileBehavior", name)
            elif name not in _BEHAVIOUR and name not in _SILENT_BEHAVIOUR:
                notes.add(f"`{name}` is not carried over", "protocolProfileBehavior", name)
        return Inherited(
            postman_auth.read(item.get("auth"), self.authentication, notes),
            {**self.behaviour, **own} if own else self.behaviour,
            self.scripts + scripts,
        )


@dataclass(frozen=True, slots=True)
class Context:
    """What all requests of an import share."""

    variables: Variables
    secrets: Secrets
    bodies: BodyReader
    notes: Notes
    settled: dict[str, Text]
    """Constants that pre-request scripts have set, so that each is set once."""


def steps_of(source: Any, name: Text, inherited: Inherited, context: Context) -> list[Step]:
    """The request with what its scripts set before and after it; nothing when it has no address."""
    parts: dict[str, Any] = {"url": source} if isinstance(source, str) else mapping(source)
    reader = ScriptReader(context.variables, context.secrets)
    for script in inherited.scripts:
        if script.before_request:
            reader.read(script)
    effects = reader.effects
    request = _request(parts, name, inherited, effects, context)
    if request is None:
        return []
    for script in inherited.scripts:
        if not script.before_request:
            reader.read(script)
    request.check = request_checks(effects)
    request.save = effects.saves
    steps: list[Step] = []
    before = {variable: value for variable, value in effects.before.items() if _is_news(variable, value, context)}
    if before:
        steps.append(Set(set={**before}))
    steps.append(request)
    if effects.after:
        steps.append(Set(set={**effects.after}))
    for variable in (*effects.saves, *effects.after):
        context.settled.pop(variable, None)
    return steps


def _is_news(variable: str, value: Text, context: Context) -> bool:
    """Whether setting the variable changes it; a constant that it has already does not."""
    if "${" in value:
        context.settled.pop(variable, None)
        return True
    news = context.settled.get(variable) != value
    context.settled[variable] = value
    return news


def _request(
    parts: dict[str, Any], name: Text, inherited: Inherited, effects: Effects, context: Context
) -> Request | None:
    notes, variables = context.notes, context.variables
    address = postman_url.read(parts.get("url"), variables, context.secrets, notes)
    if address is None:
        notes.add("the request has no address and is left out", "url")
        return None
    method = _method(parts, notes)
    applied = postman_auth.apply(inherited.authentication, variables, context.secrets)
    headers = _headers(parts.get("header"), context)
    for replaced in (effects.headers, applied.headers or {}, {"authorization": ""} if applied.auth else {}):
        headers = [(key, value) for key, value in headers if not has_header(replaced, key)]
    headers += [*effects.headers.items(), *(applied.headers or {}).items()]
    ready = step_headers(headers, notes, "header")
    said = next((value for key, value in ready.items() if key.lower() == "content-type"), None)
    body = context.bodies.finish(context.bodies.read(parts.get("body")), said)
    if method in _WITHOUT_BODY and inherited.behaviour.get("disableBodyPruning") is not True and body != Body():
        notes.add(f"Postman sends no body with {method}; it is left out", "body")
        body = Body()
    if body.body is not None and body.content_type and said is None:
        ready["content-type"] = body.content_type
    if said is not None and ((body.json is not None and said == "application/json") or body.form or body.multipart):
        # The engine says it by itself, a multipart body with its boundary.
        ready = {key: value for key, value in ready.items() if key.lower() != "content-type"}
    _note_rest(parts, notes)
    return Request(
        method=method,
        url=address.url,
        name=name,
        params={**address.params, **(applied.params or {})},
        headers=ready,
        auth=applied.auth,
        json=body.json,
        form=body.form,
        multipart=body.multipart,
        body=body.body,
        body_file=body.body_file,
        redirects=_redirects(inherited.behaviour),
    )


def _method(parts: dict[str, Any], notes: Notes) -> str:
    method = text(parts.get("method")).strip().upper() or "GET"
    if not (method.isascii() and method.replace("-", "").replace("_", "").isalnum() and len(method) <= 30):
        notes.add(f"the method `{method[:30]}` is not valid; GET is sent", "method")
        return "GET"
    return method


def _headers(value: Any, context: Context) -> list[tuple[str, Text]]:
    if isinstance(value, str):
        lines = (line.partition(":") for line in value.splitlines() if line.strip())
        listed: list[dict[str, Any]] = [{"key": name.strip(), "value": given.strip()} for name, _, given in lines]
    else:
        listed = [entry for _, entry in entries(value)]
    found: list[tuple[str, Text]] = []
    for index, entry in enumerate(listed):
        name, given = text(entry.get("key")), text(entry.get("value"))
        if is_disabled(entry):
            if name:
                context.notes.add(f"the header `{name}` is disabled and left out", "header", index)
        elif name:
            shown = context.variables.text(given) if "{{" in given else context.secrets.header(name, given)
            found.append((context.variables.text(name) if "{{" in name else name, shown))
    return found


def _redirects(behaviour: dict[str, Any]) -> int:
    if behaviour.get("followRedirects") is False:
        return 0
    most = behaviour.get("maxRedirects")
    return min(most, 50) if type(most) is int and most >= 0 else POSTMAN_REDIRECTS


def _note_rest(parts: dict[str, Any], notes: Notes) -> None:
    for key in ("proxy", "certificate"):
        found = mapping(parts.get(key))
        if found and found.get("disabled") is not True:
            instead = "`proxy` of the scenario holds for all requests" if key == "proxy" else "say `tls: {cert, key}`"
            notes.add(f"the {key} of this request is not carried over: {instead}", key)
