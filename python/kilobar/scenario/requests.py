"""Lowers request steps; their parts have modules of their own."""

from __future__ import annotations

from collections.abc import Iterable

from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.addresses import Address, Addresses
from kilobar.scenario.bodies import content_type, form_pairs, lower_body
from kilobar.scenario.checks import lower_checks
from kilobar.scenario.context import Context
from kilobar.scenario.encode import joined
from kilobar.scenario.findings import shorten
from kilobar.scenario.grammar import MAX_NAME
from kilobar.scenario.headers import Headers
from kilobar.scenario.saves import lower_saves


class Requests:
    """Lowers the request steps of a scenario."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._addresses = Addresses(context.scenario, context.findings)
        self._headers = Headers(context)

    def lower(self, step: tree.RequestStep) -> tuple[plan.Step, ...]:
        """The request with what must be called before and set after it. Empty when there were errors."""
        scenario = self._context.scenario
        before = self._context.findings.errors
        address = self._addresses.read(step.url)
        path = list(self._context.scope.parts(address.path if address else step.url.pieces, "url"))
        path.extend(self._query(step, path))
        headers = self._headers.lower(step, content_type(step))
        body = lower_body(step, self._context)
        series = self._series(step, address)
        checked = lower_checks(step, series, self._context)
        saved = lower_saves(step, self._context)
        if address is None or self._context.findings.errors > before:
            return ()
        origins = self._context.origins
        if address.origin is None and self._addresses.target_origin is not None:
            self._context.bases.add(origins.setdefault(self._addresses.target_origin, len(origins)))
        request = plan.Request(
            series=series,
            method=step.method,
            origin=None if address.origin is None else origins.setdefault(address.origin, len(origins)),
            path=joined(path),
            headers=headers,
            body=body,
            timeout_ns=step.timeout_ns if step.timeout_ns is not None else scenario.timeout,
            redirects=step.redirects if step.redirects is not None else scenario.redirects,
            expect_continue=step.expect is not None,
            trusts_address=address.origin is None and self._headers.has_own_credentials(step),
            expect_status=checked.expect_status,
            checks=checked.checks,
            saves=saved.saves,
        )
        return (*saved.calls, request, *saved.sets)

    def _query(self, step: tree.RequestStep, path: list[plan.Part]) -> Iterable[plan.Part]:
        separator = "&" if any(isinstance(part, plan.Text) and "?" in part.text for part in path) else "?"
        for part in form_pairs(step.params, self._context.scope):
            yield plan.Text(separator)
            separator = "&"
            yield from part

    def _series(self, step: tree.RequestStep, address: Address | None) -> int:
        if step.name is not None:
            name = step.name.text().strip()
        else:
            name = shorten(f"{step.method} {address.label if address else '/'}", MAX_NAME)
        return self._context.series_index(name, "http")
