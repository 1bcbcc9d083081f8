"""Security requirements -> credentials of requests, always taken from the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kilobar.importers.files import Files
from kilobar.importers.headers import has_header
from kilobar.importers.names import variable_name
from kilobar.importers.openapi_references import References
from kilobar.importers.openapi_remarks import Remarks
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import literal
from kilobar.importers.untyped import list_at, mapping_at, text_of
from kilobar.model.scenario import Auth, Basic, Request, Scenario, Text, Tls

_CERT, _KEY = "client.pem", "client-key.pem"


@dataclass
class _Credentials:
    """What one alternative of a requirement adds to a request."""

    auth: Auth | None = None
    headers: dict[str, Text] = field(default_factory=dict)
    params: dict[str, Text] = field(default_factory=dict)
    cookies: dict[str, Text] = field(default_factory=dict)
    needs_certificate: bool = False


class Security:
    """Gives requests their credentials."""

    def __init__(
        self, root: dict[str, Any], references: References, files: Files, remarks: Remarks, notes: Notes
    ) -> None:
        self._root = root
        self._remarks = remarks
        self._references = references
        self._files = files
        self._notes = notes
        components = mapping_at(root, "components", notes)
        self._schemes = mapping_at(components, "securitySchemes", notes)
        self._wants_certificate = False

    def add(self, request: Request, operation: dict[str, Any]) -> None:
        """Sets the credentials of an operation: of the first alternative that a scenario can do."""
        owner = operation if "security" in operation else self._root
        alternatives = list_at(owner, "security", self._notes)
        done: list[str] | None = None
        for alternative in alternatives:
            if not isinstance(alternative, dict):
                self._notes.add("this is no security requirement; left out", "security")
                continue
            names = list(alternative)
            shown = " and ".join(names) or "no credentials"
            if done is not None:
                self._notes.add(f"{' and '.join(done) or 'nothing'} is used, {shown} would do as well", "security")
                continue
            credentials = self._credentials(names)
            if credentials is not None:
                done = names
                self._apply(request, credentials)
        if alternatives and done is None:
            self._notes.add("none of the ways of authentication can be used; requests are sent without", "security")

    def add_certificate(self, scenario: Scenario) -> None:
        """Sets the certificate of the client when an operation asked for one."""
        if not self._wants_certificate:
            return
        if self._files.is_there(_CERT) and self._files.is_there(_KEY):
            scenario.tls = Tls(cert=_CERT, key=_KEY)
            return
        self._notes.add(f"a client certificate is needed: add `tls: {{cert: {_CERT}, key: {_KEY}}}` with your files")

    def _apply(self, request: Request, credentials: _Credentials) -> None:
        for name, value in credentials.headers.items():
            for present in [each for each in request.headers if each.lower() == name.lower()]:
                del request.headers[present]
            request.headers[name] = value
        if credentials.auth is not None:
            if has_header(request.headers, "authorization"):
                request.headers = {k: v for k, v in request.headers.items() if k.lower() != "authorization"}
            request.auth = credentials.auth
        request.params.update(credentials.params)
        request.cookies.update(credentials.cookies)
        self._wants_certificate |= credentials.needs_certificate

    def _credentials(self, names: list[str]) -> _Credentials | None:
        """All schemes of an alternative together, or None when one of them cannot be done."""
        credentials = _Credentials()
        for name in names:
            scheme = self._references.follow(self._schemes.get(name)).content
            if not self._add_scheme(credentials, name, scheme):
                return None
        return credentials

    def _add_scheme(self, credentials: _Credentials, name: str, scheme: dict[str, Any]) -> bool:
        match scheme.get("type"):
            case "apiKey":
                return self._api_key(credentials, name, scheme)
            case "http":
                return self._http(credentials, name, scheme)
            case "oauth2" | "openIdConnect" as kind:
                if credentials.auth is not None:
                    return self._cannot(name, "a request has one `authorization`")
                token = self._secret(f"{name} token", f"a token for `{name}`{_where(kind, scheme)}")
                credentials.auth = Auth(bearer=token)
                return True
            case "mutualTLS":
                credentials.needs_certificate = True
                return True
            case None:
                return self._cannot(name, "it is not described")
        return self._cannot(name, f"there is no way of authentication `{text_of(scheme.get('type'))}`")

    def _api_key(self, credentials: _Credentials, name: str, scheme: dict[str, Any]) -> bool:
        key = text_of(scheme.get("name"))
        places = {"header": credentials.headers, "query": credentials.params, "cookie": credentials.cookies}
        place = places.get(text_of(scheme.get("in")))
        if place is None or not key:
            return self._cannot(name, "its place or name is missing")
        place[literal(key)] = self._secret(name, f"the key for `{name}`")
        return True

    def _http(self, credentials: _Credentials, name: str, scheme: dict[str, Any]) -> bool:
        kind = text_of(scheme.get("scheme")).lower()
        if credentials.auth is not None:
            return self._cannot(name, "a request has one `authorization`")
        if kind == "basic":
            user = self._secret(f"{name} user", f"the user for `{name}`")
            password = self._secret(f"{name} password", f"the password for `{name}`")
            credentials.auth = Auth(basic=Basic(user=user, password=password))
        elif kind == "bearer":
            credentials.auth = Auth(bearer=self._secret(f"{name} token", f"the token for `{name}`"))
        else:
            return self._cannot(name, f"HTTP authentication `{kind}` is not supported")
        return True

    def _cannot(self, name: str, why: str) -> bool:
        self._notes.add(f"`{name}` cannot be used: {why}", "security")
        return False

    def _secret(self, name: str, what: str) -> Text:
        """`${env.NAME:-not-set}`, so that the scenario passes `kilobar check` at once."""
        variable = variable_name(name).upper()
        self._remarks.once(f"set the environment variable {variable}: {what}")
        return f"${{env.{variable}:-not-set}}"


def _where(kind: str, scheme: dict[str, Any]) -> str:
    """Where a token is to be had."""
    if kind == "openIdConnect":
        url = text_of(scheme.get("openIdConnectUrl"))
        return f" (see {url[:120]})" if url else ""
    flows = scheme.get("flows")
    for flow in flows.values() if isinstance(flows, dict) else ():
        if isinstance(flow, dict):
            url = text_of(flow.get("tokenUrl") or flow.get("authorizationUrl"))
            if url:
                return f" (from {url[:120]})"
    return ""
