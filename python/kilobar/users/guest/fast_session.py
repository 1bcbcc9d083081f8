"""`FastHttpSession`, sent by the engine."""

from __future__ import annotations

import json as json_module
import time
from datetime import timedelta
from typing import Any

from geventhttpclient.header import Headers
from locust.contrib import fasthttp
from locust.contrib.fasthttp import FastHttpSession

from kilobar.users.guest.client import Exchange, Sender, body_of, is_plain, seconds_of, with_params

_LEFT_TO_ENGINE = frozenset(("content-length", "connection"))
_HAS_DEFAULT_JSON = ("Content-Type", "Accept")


class TransportError(ConnectionError):
    """A request without a response; `error_class` is the engine's word for why."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange.message or exchange.error_class or "no response")
        self.error_class = exchange.error_class


class EngineResponse(fasthttp.FastResponse):
    """A response that the engine has received. Its headers are read when somebody asks for them."""

    _exchange: Exchange
    _sent: tuple[str, str, list[tuple[str, str]], bytes | None]
    _read_headers: Any
    _rest: bytes

    def __init__(self, exchange: Exchange, sent: tuple[str, str, list[tuple[str, str]], bytes | None]) -> None:
        self.__dict__.update(_exchange=exchange, _sent=sent, _read_headers=None, _rest=exchange.body)

    @property
    def _response(self) -> Any:  # type: ignore[override]
        return self

    def get_code(self) -> int:
        """What `FastResponse` asks of its connection."""
        return int(self._exchange.status)

    def read(self, length: int | None = None) -> bytes:
        """The next part of the body."""
        rest = self._rest
        cut = len(rest) if length is None else length
        self._rest = rest[cut:]
        return rest[:cut]

    def release(self) -> None:
        """There is nothing to give back."""

    @property
    def headers(self) -> Any:  # type: ignore[override]
        """As `FastResponse` has them."""
        if self._read_headers is None:
            self._read_headers = Headers(self._exchange.headers)
        return self._read_headers

    @property
    def content(self) -> bytes:
        """The body, unpacked."""
        return bytes(self._exchange.body)

    @property
    def url(self) -> str:
        """That of the request."""
        return self._sent[1]

    @property
    def request(self) -> Any:  # type: ignore[override]
        """What was sent, without what the engine has added."""
        method, url, headers, body = self._sent
        return fasthttp.FastRequest(url, method=method, headers=Headers(headers), payload=body)

    @property
    def elapsed(self) -> timedelta:
        """From sending to the last byte."""
        return timedelta(milliseconds=self._exchange.took_ms)

    @property
    def history(self) -> list[Any]:
        """Always empty: the engine follows redirects without showing them."""
        return []


class CaughtResponse(EngineResponse, fasthttp.ResponseContextManager):
    """The same with `catch_response=True`."""

    def __init__(self, response: EngineResponse, request_event: Any, request_meta: dict[str, Any]) -> None:
        self.__dict__.update(response.__dict__)
        self._request_event = request_event
        self.request_meta = request_meta
        self._catch_response = True


class FastEngineSession(FastHttpSession):
    """Put in the place of a `FastHttpSession` that has been made already."""

    sender: Sender
    timeout_s: float
    verifies: bool
    """Whether it looks at certificates."""

    def request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        data: Any = None,
        catch_response: bool = False,
        stream: bool = False,
        headers: Any = None,
        auth: Any = None,
        json: Any = None,
        allow_redirects: bool = True,
        context: dict[str, Any] | None = None,
        **rest: Any,
    ) -> Any:
        """As that of `FastHttpSession`."""
        absolute = with_params(self._build_url(url), rest.get("params"))
        is_fit = self.sender.is_fit_for(absolute, verifies=self.verifies)
        if stream or not is_fit or not is_plain(data) or rest.keys() - {"params", "timeout"}:
            return super().request(
                method,
                url,
                name,
                data,
                catch_response,
                stream,
                headers,
                auth,
                json,
                allow_redirects,
                context or {},
                **rest,
            )
        name = name or self.request_name or url
        agent: Any = self.client
        sent_headers, body = self._message(headers, auth, data, json)
        start_time = time.time()
        exchange = self.sender.send(
            method,
            absolute,
            sent_headers,
            body,
            seconds_of(rest.get("timeout"), self.timeout_s),
            agent.max_redirects if allow_redirects else 0,
        )
        response, error = self._outcome(exchange, (method, absolute, sent_headers, body), allow_redirects)
        own_context = self.user.context() if self.user else {}
        request_meta = {
            "request_type": method,
            "name": name,
            "context": {**own_context, **context} if context else own_context,
            "response": response,
            "exception": error,
            "start_time": start_time,
            "url": absolute,
            "response_length": len(exchange.body),
            "response_time": exchange.took_ms,
        }
        if not catch_response:
            self.request_event.fire(**request_meta)
            return response
        if isinstance(response, EngineResponse):
            return CaughtResponse(response, self.request_event, request_meta)
        return fasthttp.ResponseContextManager(response, self.request_event, request_meta, True)

    def _message(self, headers: Any, auth: Any, data: Any, json: Any) -> tuple[list[tuple[str, str]], bytes | None]:
        """Headers and body as the genuine client would send them, except for what the engine sees to itself."""
        agent: Any = self.client
        merged = dict(agent.default_headers.items())
        given = {each.lower() for each in headers} if headers else set()
        for kept in [each for each in merged if each.lower() in given]:
            del merged[kept]
        if "accept-encoding" not in given:
            merged["Accept-Encoding"] = "gzip, deflate, br"
        merged.update(headers or {})
        authorization = fasthttp._construct_basic_auth_str(*auth) if auth else self.auth_header  # type: ignore[no-untyped-call]
        if authorization:
            merged["Authorization"] = authorization
        if not data and json is not None:
            data = json_module.dumps(json)
            for each in _HAS_DEFAULT_JSON:
                if each.lower() not in given:
                    merged[each] = "application/json"
        body, form_type = body_of(data)
        if form_type and "content-type" not in given:
            merged["Content-Type"] = form_type
        return [(key, str(value)) for key, value in merged.items() if key.lower() not in _LEFT_TO_ENGINE], body

    def _outcome(self, exchange: Exchange, sent: Any, allow_redirects: bool) -> tuple[Any, Exception | None]:
        if exchange.has_failed:
            method, url, headers, body = sent
            request = fasthttp.FastRequest(url, method=method, headers=Headers(headers), payload=body)
            transport = TransportError(exchange)
            return fasthttp.ErrorResponse(request, transport), transport
        response = EngineResponse(exchange, sent)
        agent: Any = self.client
        if exchange.status in agent.valid_response_codes:
            return response, None
        error = fasthttp.LocustBadStatusCode(sent[1], code=exchange.status)
        response.error = error  # type: ignore[attr-defined]
        return response, error
