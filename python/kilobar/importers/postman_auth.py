"""Authentication of a collection, folder or request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kilobar.importers.outcome import Notes
from kilobar.importers.postman_source import mapping, pairs, text
from kilobar.importers.postman_variables import Variables
from kilobar.importers.secrets import Secrets
from kilobar.importers.templates import joined
from kilobar.model.scenario import Auth, Basic, Text


@dataclass(frozen=True, slots=True)
class Authentication:
    """How requests below a place in the collection are authenticated."""

    kind: str
    """basic, bearer, apikey, oauth2, or "none"."""
    settings: dict[str, str]


@dataclass(slots=True)
class Applied:
    """What authentication adds to a request."""

    auth: Auth | None = None
    headers: dict[str, Text] | None = None
    params: dict[str, Text] | None = None


NONE = Authentication("none", {})
_KINDS = frozenset(("basic", "bearer", "apikey", "oauth2"))


def read(value: Any, inherited: Authentication, notes: Notes) -> Authentication:
    """The `auth` of a collection, folder or request; what holds above it when it has none."""
    found = mapping(value)
    kind = text(found.get("type")).lower()
    if not found or kind in ("", "inherit"):
        return inherited
    if kind in ("noauth", "none"):
        return NONE
    settings = {key: text(inner) for key, inner in pairs(found.get(kind, found.get(text(found.get("type"))))).items()}
    if kind not in _KINDS:
        notes.add(f"{kind} authentication is not supported: requests are sent without it", "auth")
        return NONE
    if kind == "oauth2" and not settings.get("accessToken"):
        notes.add("the OAuth 2 token is not in the file: it is taken from the environment", "auth")
    return Authentication(kind, settings)


def apply(authentication: Authentication, variables: Variables, secrets: Secrets) -> Applied:
    """What it adds to a request at this point of the flow; literal secrets come from the environment."""

    def value(key: str, name: str) -> Text:
        given = authentication.settings.get(key, "")
        return variables.text(given) if "{{" in given else secrets.hide(given, name)

    settings = authentication.settings
    match authentication.kind:
        case "basic":
            user = variables.text(settings.get("username", ""))
            return Applied(auth=Auth(basic=Basic(user=user, password=value("password", "password"))))
        case "bearer":
            return Applied(auth=Auth(bearer=value("token", "token")))
        case "apikey":
            name = settings.get("key", "") or "X-API-Key"
            added = {variables.text(name): value("value", name if "{{" not in name else "api key")}
            return Applied(params=added) if settings.get("in") == "query" else Applied(headers=added)
        case "oauth2":
            return _oauth2(settings, value("accessToken", "access token"))
    return Applied()


def _oauth2(settings: dict[str, str], token: Text) -> Applied:
    token = token or "${env.ACCESS_TOKEN:-not-set}"
    if settings.get("addTokenTo") == "queryParams":
        return Applied(params={"access_token": token})
    prefix = settings.get("headerPrefix", "Bearer").strip()
    if prefix.lower() == "bearer":
        return Applied(auth=Auth(bearer=token))
    return Applied(headers={"authorization": joined([f"{prefix} " if prefix else "", token])})
