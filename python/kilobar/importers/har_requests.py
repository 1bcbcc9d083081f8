"""An exchange of a recording -> a request step: address, headers, cookies, what is expected."""

from __future__ import annotations

import re
from urllib.parse import unquote

from kilobar.importers.addresses import clean_address
from kilobar.importers.files import Files
from kilobar.importers.har_bodies import HarBodies, grouped
from kilobar.importers.har_correlation import Correlation
from kilobar.importers.har_entries import Entry, Pairs, pairs_of
from kilobar.importers.har_redirects import Exchange
from kilobar.importers.har_responses import cookies_set
from kilobar.importers.headers import step_headers
from kilobar.importers.outcome import Notes
from kilobar.importers.secrets import Secrets, is_secret_field, is_secret_header
from kilobar.importers.source import Source
from kilobar.importers.templates import joined, literal
from kilobar.model.scenario import Auth, Basic, Check, Request, Text

_MADE_ANEW = frozenset(
    # What the engine writes, what the cache of a browser added, what held only for its connection.
    ("host", "cookie", "if-none-match", "if-modified-since", "alt-used", "trailer", "proxy-authorization")
)
_OF_THE_BROWSER = re.compile(
    r"user-agent|accept.*|origin|cache-control|pragma|content-type|priority|dnt|upgrade-insecure-requests|sec-(?!websocket).*"
)
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_COOKIE_BREAK = re.compile(r"[;\x00-\x1f\x7f]")
_ORIGIN = re.compile(r"https?://[^/?]*", re.IGNORECASE)
_USER = re.compile(r"(https?://)([^/?#@]*)@", re.IGNORECASE)


class HarRequests:
    """Converts one exchange after another, in the order in which they are executed."""

    def __init__(self, source: Source, notes: Notes) -> None:
        self._notes = notes
        self._secrets = Secrets(notes)
        self._correlation = Correlation(notes)
        self._bodies = HarBodies(notes, Files(source, notes), self._secrets, self._correlation)
        self._jar: set[str] = set()

    def of(self, exchange: Exchange) -> tuple[Request, list[Request]]:
        """The step, and the steps whose values it uses."""
        entry = exchange.first
        self._correlation.begin(entry)
        with self._notes.at("entries", entry.index):
            request = Request(method=entry.method, url="/")
            self._address(request, entry)
            request.headers = self._headers(entry, request)
            self._cookies(request, entry)
            self._bodies.add(request, entry)
        if exchange.followed:
            request.redirects = len(exchange.followed)
        expected = 200 if exchange.last.status == 304 else exchange.last.status
        request.check = Check(status=expected)
        used = self._correlation.used
        self._follow(exchange, request)
        return request, used

    def _follow(self, exchange: Exchange, request: Request) -> None:
        for hop in exchange.followed:
            self._correlation.send(hop)
        for hop in exchange.hops:
            self._jar.update(name for name, _ in cookies_set(hop))
            self._jar.update(name for name, _ in pairs_of(hop.response.get("cookies")))
        self._correlation.learn(exchange.last, request)

    # Address

    def _address(self, request: Request, entry: Entry) -> None:
        url = entry.url
        credentials = _USER.match(url)
        if credentials:
            url = credentials[1] + url[credentials.end() :]
            user, _, password = unquote(credentials[2]).partition(":")
            hidden = self._secrets.hide(password, f"{user} password")
            request.auth = Auth(basic=Basic(user=literal(user), password=hidden))
        request.url = clean_address(self._url(url))
        query = pairs_of(entry.request.get("queryString"))
        if query and "?" not in url:
            request.params = grouped(query, self._field) or {}
            if not request.params:
                self._notes.add("the query is not in the address and cannot be kept in order; left out", "queryString")

    def _url(self, url: str) -> Text:
        """Known values in the path and the query are taken from their variables, secrets are hidden."""
        found = _ORIGIN.match(url)
        origin = found[0] if found else ""
        path, mark, query = url[len(origin) :].partition("?")
        parts: list[Text] = [literal(origin)]
        known = self._correlation.path(path)
        if known is None:
            told = self._correlation.address(url)
            if told is not None:
                start, rest = told
                path, mark, query = rest.partition("?")
                parts = [start]
        parts.append(known or literal(path))
        if mark:
            parts += ["?", self._correlation.query(query, self._hidden)]
        return joined(parts)

    def _hidden(self, name: str, value: str) -> Text | None:
        return self._secrets.hide(value, name) if value and is_secret_field(name) else None

    def _field(self, name: str, value: str) -> Text:
        return self._correlation.text(value) or self._secrets.field(name, value)

    # Headers and cookies

    def _headers(self, entry: Entry, request: Request) -> dict[str, Text]:
        pairs: Pairs = []
        for name, value in entry.request_headers:
            folded = name.strip().lower()
            if folded in _MADE_ANEW or (folded == "authorization" and request.auth is not None):
                if folded == "proxy-authorization":
                    self._notes.add("credentials for a proxy are left out", "request", "headers")
                continue
            pairs.append((name, self._header(folded, value)))
        return step_headers(pairs, self._notes, "request", "headers")

    def _header(self, name: str, value: str) -> Text:
        if _OF_THE_BROWSER.fullmatch(name):
            return literal(value)
        if name == "referer":
            return self._url(value.partition("#")[0]) if value.startswith(("http://", "https://")) else literal(value)
        known = self._correlation.text(value)
        if known is not None and not (is_secret_header(name) and known.startswith("Basic ")):
            return known
        return self._secrets.header(name, value)

    def _cookies(self, request: Request, entry: Entry) -> None:
        """Those that no response of the recording has set; the jar sends the others."""
        texts = [value for name, value in entry.request_headers if name.lower() == "cookie"]
        pairs = [pair.strip().partition("=") for text in texts for pair in text.split(";")]
        given = [(name.strip(), value) for name, equals, value in pairs if equals]
        for name, value in given or pairs_of(entry.request.get("cookies")):
            if name in self._jar or name in request.cookies:
                continue
            if not _COOKIE_NAME.fullmatch(name) or _COOKIE_BREAK.search(value):
                self._notes.add(f"`{name[:60]}` is no valid cookie; left out", "request", "cookies")
                continue
            request.cookies[name] = self._correlation.text(value) or self._secrets.cookie(name, value)
