"""Lowers how HTTP is spoken: versions, TLS, proxy, limits."""

from __future__ import annotations

import base64
import ipaddress
from typing import Literal

from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.address import AddressError, check_host
from kilobar.scenario.files import readable
from kilobar.scenario.findings import Findings, shorten
from kilobar.scenario.pieces import Template
from kilobar.scenario.yaml_nodes import Scalar

_VERSIONS: dict[str, Literal["http1", "http2", "http2_prior_knowledge"]] = {
    "1.1": "http1",
    "2": "http2",
    "h2c": "http2_prior_knowledge",
}


def lower_http(scenario: tree.Scenario, findings: Findings) -> plan.HttpPolicy:
    """How HTTP is spoken in the whole run; what is wrong is among the findings."""
    tls = scenario.tls or tree.Tls(scenario.place)
    limits = scenario.limits or tree.Limits(scenario.place)
    defaults = plan.HttpPolicy()
    if (tls.cert is None) != (tls.key is None):
        present, missing = ("cert", "key") if tls.key is None else ("key", "cert")
        message = f"`{present}` needs `{missing}` beside it"
        findings.error("missing-key", message, tls.place, f"add `{missing}`: both are PEM files, which may be the same")
    if scenario.proxy is not None and scenario.http == "h2c":
        message = "HTTP/2 without asking (`http: h2c`) does not go through a proxy"
        hint = 'write `http: "2"`: for https a proxy opens a tunnel, in which client and server agree on HTTP/2'
        findings.error("conflicting-keys", message, scenario.place, hint)
    return plan.HttpPolicy(
        connections=scenario.connections,
        connect_timeout_ns=scenario.connect_timeout,
        max_head_bytes=limits.head or defaults.max_head_bytes,
        max_body_bytes=limits.body or defaults.max_body_bytes,
        insecure=tls.insecure,
        ca_file=_file(tls.ca_file, findings),
        resumption=tls.resumption,
        version=_VERSIONS[scenario.http],
        cookies=scenario.cookies,
        proxy=_proxy(scenario),
        resolve=_resolve(scenario.resolve, findings),
        cert_file=_file(tls.cert, findings),
        key_file=_file(tls.key, findings),
        sni=_sni(tls.sni, findings),
    )


def lower_host(template: Template, findings: Findings) -> str | None:
    """A host of `allow`."""
    try:
        return check_host(template.text())
    except AddressError as error:
        hint = "write only the host: shop.example.com" if "/" in template.text() else error.hint
        findings.error("bad-host", f"`{template.shown()}`: {error.message}", template.place, hint)
        return None


def _file(path: Template | None, findings: Findings) -> str | None:
    return readable(path, findings) if path is not None else None


def _sni(template: Template | None, findings: Findings) -> str | None:
    return lower_host(template, findings) if template is not None else None


def _proxy(scenario: tree.Scenario) -> plan.Proxy | None:
    if scenario.proxy is None:
        return None
    host, port, user_info = scenario.proxy
    if user_info is None:
        return plan.Proxy(host, port)
    return plan.Proxy(host, port, f"Basic {base64.b64encode(user_info.encode()).decode('ascii')}")


def _resolve(pairs: tuple[tuple[Scalar, Template], ...], findings: Findings) -> tuple[tuple[str, str], ...]:
    resolved = []
    for key, template in pairs:
        try:
            host = check_host(key.text)
        except AddressError as error:
            findings.error("bad-host", f"`{shorten(key.text)}`: {error.message}", key.place, error.hint)
            continue
        try:
            address = ipaddress.ip_address(template.text().strip())
        except ValueError:
            message = f"`{template.shown()}` is no IP address"
            findings.error("bad-host", message, template.place, "write for example 127.0.0.1 or ::1")
            continue
        resolved.append((host, str(address)))
    return tuple(resolved)
