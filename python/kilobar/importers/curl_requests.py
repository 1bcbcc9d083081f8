"""The options of one curl command -> request steps, and the settings that in a scenario hold for all of them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from kilobar.importers.addresses import clean_address
from kilobar.importers.curl_bodies import CurlBodies
from kilobar.importers.curl_options import CARRIED, SILENT, Options
from kilobar.importers.files import Files
from kilobar.importers.headers import step_headers
from kilobar.importers.outcome import Notes
from kilobar.importers.secrets import Secrets
from kilobar.importers.shell_texts import ShellTexts
from kilobar.importers.shell_words import VARIABLE
from kilobar.importers.source import Source
from kilobar.model.scenario import Auth, Basic, Request, Scenario, Text, Tls

_MOST_REDIRECTS = 50
_COMPRESSED = "deflate, gzip, br, zstd"
_USER = re.compile(r"(https?://)([^/?#@]*)@", re.IGNORECASE)
_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}")
_SECONDS = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?")


class CurlRequests:
    """Converts one part of a command after another."""

    def __init__(self, source: Source, notes: Notes, scenario: Scenario, assigned: dict[str, str]) -> None:
        self._notes = notes
        self._scenario = scenario
        self._files = Files(source, notes)
        self._secrets = Secrets(notes)
        self._texts = ShellTexts(notes, self._secrets, assigned)
        self._bodies = CurlBodies(notes, self._files, self._secrets, self._texts)

    def of(self, options: Options) -> list[Request]:
        """A request for each URL."""
        self._note_unused(options)
        if not options.urls:
            self._notes.add("there is no URL in this command; left out")
            return []
        template = self._template(options)
        self._settings(options)
        requests = []
        for url in options.urls:
            request = self._with_address(template, url, options)
            if request is not None:
                requests.append(request)
        return requests

    def _note_unused(self, options: Options) -> None:
        for name, _ in options.given:
            plain = name.removeprefix("no-")
            if plain not in CARRIED and plain not in SILENT:
                option = f"--{name}" if len(name) > 1 else f"-{name}"
                self._notes.add("this option has no meaning here; left out", option)

    def _template(self, options: Options) -> Request:
        """Everything but the address."""
        request = Request(method="GET", url="/")
        request.headers = self._headers(options)
        self._cookies(request, options)
        self._bodies.add(request, options)
        request.method = self._method(request, options)
        if options.has("location") or options.has("location-trusted"):
            request.redirects = self._redirects(options)
        request.timeout = self._duration(options, "max-time")
        request.auth = self._auth(options.last("user"), options)
        if token := options.last("oauth2-bearer"):
            request.auth = Auth(bearer=self._texts.secret(token, "oauth2 token"))
        return request

    def _method(self, request: Request, options: Options) -> str:
        given = options.last("request")
        if given is not None:
            if _METHOD.fullmatch(given):
                return given.upper()
            self._notes.add("this is no method; left out", "--request")
        if options.has("head"):
            return "HEAD"
        if options.last("upload-file") is not None:
            return "PUT"
        return "POST" if self._bodies.posts(options) else "GET"

    def _redirects(self, options: Options) -> int:
        text = options.last("max-redirs") or str(_MOST_REDIRECTS)
        if re.fullmatch(r"[0-9]{1,6}", text) and int(text) <= _MOST_REDIRECTS:
            return int(text)
        self._notes.add(f"at most {_MOST_REDIRECTS} redirects are followed", "--max-redirs")
        return _MOST_REDIRECTS

    def _headers(self, options: Options) -> dict[str, Text]:
        pairs: list[tuple[str, Text]] = []
        # Cookies are read by `_cookies`.
        for name, option in (("User-Agent", "user-agent"), ("Referer", "referer"), ("Range", "range")):
            value = options.last(option)
            if value:
                value = f"bytes={value}" if option == "range" else value.partition(";auto")[0]
                pairs.append((name, self._texts.text(value)))
        if options.has("compressed"):
            pairs.append(("Accept-Encoding", _COMPRESSED))
        for header in options.all("header"):
            name, colon, value = header.partition(":")
            if header.startswith("@"):
                self._notes.add("headers are not read from a file; left out", "--header")
            elif colon and value.strip():
                pairs = [pair for pair in pairs if pair[0].lower() != name.strip().lower() or pair[0] == name.strip()]
                pairs.append((name, self._texts.header(name.strip(), value.strip())))
            elif not colon and header.endswith(";"):
                pairs.append((header[:-1], ""))
            else:
                # `Name:` asks curl to leave a header of its own out.
                pairs = [pair for pair in pairs if pair[0].lower() != name.strip().lower()]
        return step_headers(pairs, self._notes, "--header")

    def _cookies(self, request: Request, options: Options) -> None:
        header = next((name for name in request.headers if name.lower() == "cookie"), None)
        if header is not None:
            del request.headers[header]
        texts = [text.partition(":")[2] for text in options.all("header") if text.lower().startswith("cookie:")]
        for text in [*options.all("cookie"), *texts]:
            if "=" not in text:
                if text:
                    self._notes.add("cookies are not read from a file; left out", "--cookie")
                continue
            for pair in text.split(";"):
                name, equals, value = pair.strip().partition("=")
                if equals and name:
                    request.cookies[name] = self._texts.cookie(name, value)
        if options.last("cookie-jar") is not None:
            self._notes.add("cookies are kept within an iteration, not in a file", "--cookie-jar")

    def _auth(self, user: str | None, options: Options) -> Auth | None:
        if user is None:
            return None
        for scheme in ("digest", "ntlm", "negotiate", "anyauth"):
            if options.has(scheme):
                self._notes.add(f"{scheme} authentication is not supported; left out", "--user")
                return None
        name, _, password = user.partition(":")
        hidden = self._texts.secret(password, f"{name if VARIABLE not in name else ''} password")
        return Auth(basic=Basic(user=self._texts.text(name), password=hidden))

    # Address

    def _with_address(self, template: Request, url: str, options: Options) -> Request | None:
        request = replace(template, headers=dict(template.headers), params=dict(template.params))
        url = url.strip()
        if "://" not in url:
            url = f"http://{url}" if not url.startswith(VARIABLE) else url
        elif not url.lower().startswith(("http://", "https://")):
            self._notes.add(f"`{url.partition('://')[0][:20]}` is not HTTP; this URL is left out")
            return None
        credentials = _USER.match(url)
        if credentials:
            url = credentials[1] + url[credentials.end() :]
            if request.auth is None:
                request.auth = self._auth(unquote(credentials[2]), options)
        if not options.has("globoff") and re.search(r"\{[^{}]*,[^{}]*\}|\[[0-9a-zA-Z]+-[0-9a-zA-Z]+[:\]]", url):
            self._notes.add("ranges and lists in a URL are not expanded: it is sent as it stands")
        if not _has_host(url):
            self._notes.add(f"`{url[:60]}` has no host; this URL is left out")
            return None
        request.url = clean_address(self._texts.query(url))
        return self._bodies.in_query(request, options)

    # Settings of the whole scenario

    def _settings(self, options: Options) -> None:
        version = next((name for name, _ in reversed(options.given) if name in _VERSIONS), None)
        if version is not None:
            self._set("http", _VERSIONS[version], f"--{version}")
        proxy = options.last("proxy")
        if proxy:
            self._proxy(proxy, options)
        if options.last("connect-timeout") is not None:
            self._set("connect_timeout", self._duration(options, "connect-timeout"), "--connect-timeout")
        for entry in options.all("resolve"):
            self._resolve(entry)
        self._tls(options)

    def _tls(self, options: Options) -> None:
        tls = Tls(insecure=True if options.has("insecure") else None)
        for option, attribute in (("cacert", "ca_file"), ("cert", "cert"), ("key", "key")):
            path = options.last(option)
            if path and self._files.is_there(path):
                setattr(tls, attribute, path)
            elif path:
                self._notes.add(f"the file {path} is not beside the source; left out", f"--{option}")
        if tls != Tls():
            if tls.cert and not tls.key:
                tls.key = tls.cert
            self._set("tls", tls, "TLS")

    def _set(self, attribute: str, value: Any, option: str) -> None:
        given = getattr(self._scenario, attribute)
        if given is not None and given != value:
            self._notes.add("this holds for the whole scenario; the first command decides", option)
        elif value is not None:
            setattr(self._scenario, attribute, value)

    def _proxy(self, proxy: str, options: Options) -> None:
        if "://" in proxy and not proxy.lower().startswith("http://"):
            self._notes.add("only http:// proxies are supported; left out", "--proxy")
            return
        address = proxy.partition("://")[2] if "://" in proxy else proxy
        user, at, host = address.rpartition("@")
        user = user if at else options.last("proxy-user") or ""
        if ":" not in host.rpartition("]")[2]:
            # The port that curl takes.
            host = f"{host.rstrip('/')}:1080"
        if user:
            self._notes.add("the user and password of the proxy are left out: add them to `proxy`", "--proxy")
        self._set("proxy", f"http://{self._texts.text(host.rstrip('/'))}", "--proxy")

    def _resolve(self, entry: str) -> None:
        host, _, rest = entry.lstrip("+-").partition(":")
        _, _, address = rest.partition(":")
        address = address.partition(",")[0].strip("[]")
        if not host or host == "*" or not address:
            self._notes.add("this is no host:port:address; left out", "--resolve")
            return
        self._scenario.resolve.setdefault(host, address)

    def _duration(self, options: Options, name: str) -> str | None:
        text = options.last(name)
        if text is None:
            return None
        if not _SECONDS.fullmatch(text) or not float(text):
            self._notes.add("this is no number of seconds; left out", f"--{name}")
            return None
        return f"{text}s"


_VERSIONS = {"http1.1": "1.1", "http1.0": "1.1", "http2": "2", "http2-prior-knowledge": "h2c"}


def _has_host(url: str) -> bool:
    if url.startswith(VARIABLE):
        return True
    try:
        return bool(urlsplit(url).netloc.rpartition("@")[2].partition(":")[0])
    except ValueError:
        return False
