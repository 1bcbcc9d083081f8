"""`HttpSession`, sent by the engine: what users see is a genuine response of requests."""

from __future__ import annotations

import json as json_module
import time
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Any

from locust.clients import HttpSession, LocustHttpAdapter, ResponseContextManager
from requests import PreparedRequest, Response
from requests.auth import HTTPBasicAuth, _basic_auth_str
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import InvalidSchema
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from kilobar.users.guest.client import Exchange, Sender, body_of, is_plain, seconds_of, with_params

_KNOWN = frozenset(("data", "json", "params", "headers", "auth", "timeout", "allow_redirects", "cookies", "verify"))
_LEFT_TO_ENGINE = frozenset(("content-length", "connection"))


class TransportError(RequestsConnectionError):
    """A request without a response; `error_class` is the engine's word for why."""

    def __init__(self, exchange: Exchange, request: PreparedRequest) -> None:
        super().__init__(exchange.message or exchange.error_class or "no response", request=request)
        self.error_class = exchange.error_class


class HttpEngineSession(HttpSession):
    """Put in the place of a `HttpSession` that has been made already."""

    sender: Sender
    received_cookies: set[str]
    """Names of cookies that the engine has received, and so sends by itself."""

    def request(  # type: ignore[override]
        self,
        method: Any,
        url: Any,
        name: str | None = None,
        catch_response: bool = False,
        context: dict[str, Any] | None = None,
        **settings: Any,
    ) -> ResponseContextManager:
        """As that of `HttpSession`; the time is the engine's."""
        if not isinstance(url, str) or not self._can_send(self._build_url(url), settings):
            return super().request(method, url, name, catch_response, context or {}, **settings)
        request = PreparedRequest()
        headers, body = self._message(settings)
        absolute = with_params(self._build_url(url), settings.get("params"))
        request.method, request.url, request.body = method.upper(), absolute, body
        request.headers = CaseInsensitiveDict(headers)
        redirects = self.max_redirects if settings.get("allow_redirects", True) else 0
        start_time = time.time()
        exchange = self.sender.send(
            request.method, absolute, headers, body, seconds_of(settings.get("timeout")), redirects
        )
        own_context = self.user.context() if self.user else {}
        response = self._response(exchange, request)
        request_meta = {
            "request_type": method,
            "response_time": exchange.took_ms,
            "name": name or self.request_name or request.path_url,
            "context": {**own_context, **context} if context else own_context,
            "response": response,
            "exception": None,
            "start_time": start_time,
            "url": absolute,
            "response_length": len(exchange.body),
        }
        judged = ResponseContextManager.wrap_response(response, self.request_event, request_meta, catch_response)
        if not catch_response:
            judged.__exit__(None, None, None)  # type: ignore[no-untyped-call]
        return judged

    def _can_send(self, url: str, settings: dict[str, Any]) -> bool:
        """Whether nothing is asked of this request that only requests can do."""
        given = {name for name, value in settings.items() if value is not None}
        auth = settings.get("auth") or self.auth
        verify = self.verify if settings.get("verify") is None else settings["verify"]
        return (
            given <= _KNOWN
            and is_plain(settings.get("data"))
            and (auth is None or isinstance(auth, tuple | HTTPBasicAuth))
            and isinstance(verify, bool)
            and self.sender.is_fit_for(url, verifies=verify)
            and not self.proxies
            and not self.hooks.get("response")
            and not self.cert
            and self._is_sent_as_usual(url)
        )

    def _is_sent_as_usual(self, url: str) -> bool:
        """Whether the file has mounted nothing of its own for this address, such as retries."""
        try:
            return type(self.get_adapter(url)) is LocustHttpAdapter
        except InvalidSchema:
            return False

    def _message(self, settings: dict[str, Any]) -> tuple[list[tuple[str, str]], bytes | None]:
        headers: CaseInsensitiveDict[Any] = CaseInsensitiveDict(self.headers)
        headers.update(settings.get("headers") or {})
        data = settings.get("data")
        if not data and settings.get("json") is not None:
            data = json_module.dumps(settings["json"])
            headers.setdefault("Content-Type", "application/json")
        body, form_type = body_of(data)
        if form_type:
            headers.setdefault("Content-Type", form_type)
        auth = settings.get("auth") or self.auth
        if isinstance(auth, HTTPBasicAuth):
            auth = (auth.username, auth.password)
        if isinstance(auth, tuple):
            headers["Authorization"] = _basic_auth_str(*auth)
        if cookies := self._own_cookies(settings.get("cookies")):
            headers.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()))
        sent = [
            (str(name), value.decode("latin-1") if isinstance(value, bytes) else str(value))
            for name, value in headers.items()
            if value is not None and name.lower() not in _LEFT_TO_ENGINE
        ]
        return sent, body

    def _own_cookies(self, given: Any) -> dict[str, str]:
        """Those that user code has set, for this request or for all of them."""
        own = {each.name: each.value or "" for each in self.cookies if each.name not in self.received_cookies}
        return {**own, **dict(given or {})}

    def _response(self, exchange: Exchange, request: PreparedRequest) -> Response:
        if exchange.has_failed:
            return ResponseContextManager(TransportError(exchange, request))
        response = Response()
        response.status_code = exchange.status
        pairs = exchange.headers
        response.headers = CaseInsensitiveDict(pairs)
        response._content = exchange.body
        response._content_consumed = True
        response.url = exchange.url
        response.reason = exchange.reason
        response.encoding = get_encoding_from_headers(response.headers)
        response.elapsed = timedelta(milliseconds=exchange.took_ms)
        response.request = request
        for name, value in pairs:
            if name.lower() == "set-cookie":
                self._receive(response, value)
        return response

    def _receive(self, response: Response, text: str) -> None:
        """User code reads cookies of the session, a CSRF token for example."""
        try:
            received = SimpleCookie(text)
        except CookieError:
            return
        for name, morsel in received.items():
            self.received_cookies.add(name)
            if morsel["max-age"] == "0":
                self.cookies.set(name, None)
            else:
                self.cookies.set(name, morsel.value)
                response.cookies.set(name, morsel.value)
