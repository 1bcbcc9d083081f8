"""HTTP samplers of JMeter, with the defaults, headers, cookies and authorizations in force -> request steps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kilobar.importers.addresses import clean_address
from kilobar.importers.files import Files
from kilobar.importers.headers import has_header, step_headers
from kilobar.importers.jmx_bodies import Argument, JmxBodies, arguments_of
from kilobar.importers.jmx_scope import Scope
from kilobar.importers.jmx_texts import Texts, has_holes
from kilobar.importers.jmx_tree import Node, Properties
from kilobar.importers.names import step_name
from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Auth, Basic, Request, Scenario, Text

REDIRECTS = 20
"""How many JMeter follows."""
_DEFAULT_NAME = "HTTP Request"
_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}")
_ABSOLUTE = re.compile(r"(https?)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9._~-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True)
class Address:
    """Where a request goes."""

    origin: Text
    """Empty when the plan does not say."""
    path: Text
    """With the query."""
    variables: frozenset[str]
    """That the origin uses."""


class JmxRequests:
    """Converts one sampler after another."""

    def __init__(self, notes: Notes, files: Files, texts: Texts, scenario: Scenario) -> None:
        self._notes = notes
        self._texts = texts
        self._scenario = scenario
        self._bodies = JmxBodies(notes, files, texts)
        self.addresses: dict[int, Address] = {}
        """By identity of the request."""

    def of(self, node: Node, scope: Scope) -> Request | None:
        """The request of a sampler; None when there is none that could be sent."""
        merged = _merged(node, scope)
        method = merged.text("HTTPSampler.method").strip() or "GET"
        if not _METHOD.fullmatch(method) or method.upper() == "CONNECT":
            self._notes.add(f"`{method[:40]}` is no method; GET is taken")
            method = "GET"
        request = Request(method=method.upper(), url="/")
        address = self._address(merged)
        if address is None:
            return None
        if node.name not in (_DEFAULT_NAME, node.kind):
            request.name = step_name(node.name)
        request.headers = self._headers(scope)
        verbatim = self._bodies.add(request, merged, _arguments(node, scope))
        if verbatim:
            separator = "&" if "?" in address.path else "?"
            address = Address(address.origin, f"{address.path}{separator}{verbatim}", address.variables)
        self.addresses[id(request)] = Address(address.origin, clean_address(address.path), address.variables)
        self._cookies(request, scope, address)
        self._authorize(request, scope, address)
        follows = merged.flag("HTTPSampler.follow_redirects") or merged.flag("HTTPSampler.auto_redirects")
        request.redirects = REDIRECTS if follows else 0
        self._settings(request, merged)
        return request

    # Address

    def _address(self, merged: Properties) -> Address | None:
        path = merged.text("HTTPSampler.path").strip()
        resolved = self._texts.value(path) or path
        absolute = _ABSOLUTE.fullmatch(resolved)
        if absolute:
            path = path if _ABSOLUTE.match(path) else resolved
            match = _ABSOLUTE.fullmatch(path) or absolute
            with self._texts.collected() as used:
                origin = f"{match[1].lower()}://{self._texts.text(match[2])}"
            return self._checked(origin, match[3], frozenset(used))
        domain = merged.text("HTTPSampler.domain").strip()
        given = _ABSOLUTE.fullmatch(domain)
        protocol = merged.text("HTTPSampler.protocol").strip()
        if given:
            self._notes.add("the server name holds a whole address; it is taken apart", "HTTPSampler.domain")
            protocol, domain = given[1], given[2]
        with self._texts.collected() as used:
            origin = self._origin(protocol, domain.rstrip("/"), merged.text("HTTPSampler.port").strip())
        # A path that begins with a constant may have its slash in there.
        starts = resolved if not has_holes(resolved) else path
        slash = "" if starts.startswith("/") else "/"
        return self._checked(origin, slash + path, frozenset(used))

    def _origin(self, protocol: str, domain: str, port: str) -> Text:
        if not domain:
            return ""
        scheme = (self._texts.value(protocol) or protocol).lower() or "http"
        if scheme not in _DEFAULT_PORTS:
            self._notes.add(f"`{scheme[:40]}` is neither http nor https; http is taken", "HTTPSampler.protocol")
            scheme = "http"
        elif has_holes(protocol):
            self._notes.add(f"the protocol `{protocol[:60]}` is taken as {scheme}", "HTTPSampler.protocol")
        origin = f"{scheme}://{self._texts.text(domain)}"
        value = self._texts.value(port)
        if value is not None and not re.fullmatch(r"[0-9]{1,5}", value) and value not in ("", "-1"):
            self._notes.add(f"`{value[:40]}` is no port; left out", "HTTPSampler.port")
        elif value is None or (value not in ("", "-1", "0", _DEFAULT_PORTS[scheme]) and int(value) < 65536):
            origin += f":{self._texts.text(port)}"
        return origin

    def _checked(self, origin: Text, path: str, variables: frozenset[str]) -> Address | None:
        host = origin.partition("://")[2]
        plain = re.sub(r"\$\{[^{}]*\}", "x", host)
        name = re.sub(r":[0-9x]+$", "", plain)
        if origin and not _HOST.fullmatch(name):
            self._notes.add(f"`{host[:60]}` is no host; this request is left out", "HTTPSampler.domain")
            return None
        path = path if path.startswith(("/", "${")) else f"/{path}"
        text = self._texts.text(path)
        if text.startswith("${") and not origin:
            text = f"/{text}"
        return Address(origin, text, variables)

    # Headers, cookies, authorization

    def _headers(self, scope: Scope) -> dict[str, Text]:
        kept: dict[str, tuple[str, Text]] = {}
        for manager in scope.headers:
            for row in manager.properties.rows("HeaderManager.headers"):
                name, value = row.text("Header.name").strip(), row.text("Header.value")
                if name and has_holes(name):
                    self._notes.add(f"the name of the header `{name[:60]}` changes during the run; left out")
                elif name:
                    # The inner manager wins.
                    kept[name.lower()] = (name, self._texts.header(name, value))
        headers = step_headers(kept.values(), self._notes, "headers")
        for host in [name for name in headers if name.lower() == "host"]:
            if not headers[host]:
                del headers[host]
        return headers

    def _cookies(self, request: Request, scope: Scope, address: Address) -> None:
        host = address.origin.partition("://")[2].partition(":")[0]
        for manager in scope.cookies:
            for row in manager.properties.rows("CookieManager.cookies"):
                domain = row.text("Cookie.domain").strip().lstrip(".")
                path = row.text("Cookie.path").strip()
                if domain and not (host == domain or host.endswith(f".{domain}") or "${" in host):
                    self._notes.add(f"the cookie `{row.name[:60]}` is for `{domain}`, where this request does not go")
                elif path and not has_holes(path) and not address.path.startswith(path):
                    self._notes.add(f"the cookie `{row.name[:60]}` is for `{path}`, where this request does not go")
                elif row.name:
                    value = row.text("Cookie.value")
                    text = self._texts.text(value) if has_holes(value) else self._texts.secrets.cookie(row.name, value)
                    request.cookies[row.name] = text

    def _authorize(self, request: Request, scope: Scope, address: Address) -> None:
        if has_header(request.headers, "authorization"):
            return
        for manager in reversed(scope.authorizations):
            for row in manager.properties.rows("AuthManager.auth_list"):
                base = self._texts.text(row.text("Authorization.url").strip())
                if base and not f"{address.origin}{address.path}".startswith(base.rstrip("/")):
                    continue
                mechanism = row.text("Authorization.mechanism") or "BASIC_DIGEST"
                if not mechanism.startswith("BASIC"):
                    self._notes.add(f"authentication by {mechanism[:20]} is not supported; left out")
                    continue
                user, password = row.text("Authorization.username"), row.text("Authorization.password")
                hidden = (
                    self._texts.text(password)
                    if has_holes(password)
                    else self._texts.secrets.hide(password, f"{'' if has_holes(user) else user} password")
                )
                request.auth = Auth(basic=Basic(user=self._texts.text(user), password=hidden))
                return

    # Settings

    def _settings(self, request: Request, merged: Properties) -> None:
        request.timeout = self._milliseconds(merged, "HTTPSampler.response_timeout")
        self._share("connect_timeout", self._milliseconds(merged, "HTTPSampler.connect_timeout"))
        host = merged.text("HTTPSampler.proxyHost").strip()
        if host:
            scheme = merged.text("HTTPSampler.proxyScheme").strip() or "http"
            value = self._texts.value(f"{scheme}://{host}:{merged.text('HTTPSampler.proxyPort').strip() or '80'}")
            if value is not None and re.fullmatch(r"http://[A-Za-z0-9._-]+:[0-9]{1,5}", value):
                self._share("proxy", value)
            else:
                self._notes.add("this is no proxy that is supported; left out", "HTTPSampler.proxyHost")
        if not merged.flag("HTTPSampler.use_keepalive", default=True):
            self._notes.add("connections are kept alive here; set `connections: per_request` for all requests")
        if merged.flag("HTTPSampler.image_parser"):
            self._notes.add("embedded resources (images, scripts, frames) are not loaded", "HTTPSampler.image_parser")
        encoding = merged.text("HTTPSampler.contentEncoding").strip().lower()
        if encoding not in ("", "utf-8", "utf8", "${__p(encoding,utf-8)}"):
            self._notes.add(f"texts are sent in UTF-8, not in {encoding[:40]}", "HTTPSampler.contentEncoding")
        for name in ("HTTPSampler.ipSource", "HTTPSampler.proxyUser"):
            if merged.text(name).strip():
                self._notes.add("it is not supported; left out", name)

    def _share(self, setting: str, value: str | None) -> None:
        """A setting that a scenario has once."""
        present = getattr(self._scenario, setting)
        if value is not None and present is None:
            setattr(self._scenario, setting, value)
        elif value is not None and present != value:
            self._notes.add(f"a scenario has one {setting}, which is {present}; {value} is left out")

    def _milliseconds(self, merged: Properties, name: str) -> str | None:
        text = merged.text(name).strip()
        value = (self._texts.value(text) or "").strip()
        if text and not re.fullmatch(r"[0-9]{1,9}", value):
            self._notes.add(f"`{text[:40]}` is no time in milliseconds; left out", name)
            return None
        return f"{int(value)}ms" if value and int(value) else None


def _merged(node: Node, scope: Scope) -> Properties:
    """The properties of a sampler; what is empty there comes from the innermost defaults that have it."""
    merged = dict(node.properties.values)
    for defaults in reversed(scope.defaults):
        for name, value in defaults.properties.values.items():
            if isinstance(value, str) and not _is_given(merged.get(name)):
                merged[name] = value
    return Properties(node.properties.name, node.properties.type, merged)


def _is_given(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _arguments(node: Node, scope: Scope) -> list[Argument]:
    """Those of the sampler, and those of the defaults that it does not have."""
    arguments = arguments_of(node.properties)
    for defaults in reversed(scope.defaults):
        names = {argument.name for argument in arguments}
        arguments += [argument for argument in arguments_of(defaults.properties) if argument.name not in names]
    return arguments
