"""The body of a curl command: data in all its forms, multipart forms, uploads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus

from kilobar.importers.curl_options import Options
from kilobar.importers.files import Files
from kilobar.importers.headers import has_header
from kilobar.importers.json_bodies import exact_json
from kilobar.importers.outcome import Notes
from kilobar.importers.secrets import Secrets
from kilobar.importers.shell_texts import ShellTexts
from kilobar.importers.shell_words import VARIABLE
from kilobar.model.scenario import Fields, Part, Request, Scalar, Text

_DATA = ("data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json")
_FORM = ("form", "form-string")
_FORM_TYPE = "application/x-www-form-urlencoded"
_PART_OPTION = re.compile(r";\s*(type|filename|headers|encoder)=(\"(?:[^\"\\]|\\.)*\"|[^;]*)")
_BARE_VARIABLE = re.compile(r"[:\[,]\s*\ue000")


@dataclass
class _Data:
    """All data of a command, joined."""

    text: str = ""
    file: str | None = None
    """Alone, and sent byte for byte."""
    is_json: bool = False


class CurlBodies:
    """Gives requests their bodies."""

    def __init__(self, notes: Notes, files: Files, secrets: Secrets, texts: ShellTexts) -> None:
        self._notes = notes
        self._files = files
        self._secrets = secrets
        self._texts = texts

    def posts(self, options: Options) -> bool:
        """Whether the body makes it a POST."""
        given = {name for name, _ in options.given}
        return bool(given & {*_DATA, *_FORM}) and not options.has("get")

    def add(self, request: Request, options: Options) -> None:
        """Sets the body, and the headers that come with it."""
        upload = options.last("upload-file")
        if upload is not None:
            self._upload(request, upload)
        elif options.all(*_FORM):
            self._multipart(request, options)
        elif options.all(*_DATA) and not options.has("get"):
            self._data(request, self._joined(options))

    def in_query(self, request: Request, options: Options) -> Request:
        """With `--get` the data is the query; `--url-query` adds to it."""
        queries = [self._joined(options).text] if options.has("get") and options.all(*_DATA) else []
        queries += [self._urlencoded(text.removeprefix("+")) for text in options.all("url-query")]
        for query in filter(None, queries):
            fields = self._fields(query)
            if fields is not None and not request.params:
                request.params = fields
            else:
                request.url += f"{'&' if '?' in request.url else '?'}{self._texts.text(query)}"
        return request

    # Data

    def _joined(self, options: Options) -> _Data:
        given = [(name, value) for name, value in options.given if name in _DATA]
        if len(given) == 1 and given[0][1].startswith("@") and given[0][0] not in ("data-raw", "data-urlencode"):
            if given[0][0] in ("data", "data-ascii"):
                self._notes.add("curl takes the line breaks out of the file; here it is sent as it is", "--data")
            return _Data(file=given[0][1][1:], is_json=given[0][0] == "json")
        data = _Data()
        for number, (name, value) in enumerate(given):
            if name == "json":
                data.is_json = True
            elif number:
                data.text += "&"
            if name == "data-urlencode":
                data.text += self._urlencoded(value)
            elif name != "data-raw" and value.startswith("@"):
                data.text += self._content_noted(value[1:], f"--{name}")
            else:
                data.text += value
        return data

    def _urlencoded(self, value: str) -> str:
        """`content`, `=content`, `name=content`, `@file` or `name@file`, its content encoded."""
        match = re.search(r"[=@]", value)
        if match is None:
            return _quoted(value)
        name, content = value[: match.start()], value[match.end() :]
        if match[0] == "@":
            content = self._content_noted(content, "--data-urlencode")
        return f"{name}={_quoted(content)}" if name else _quoted(content)

    def _content_noted(self, path: str, option: str) -> str:
        self._notes.add(f"the content of the file {path} is not read; a short text stands in for it", option)
        return f"content of {path}"

    def _data(self, request: Request, data: _Data) -> None:
        has_type = has_header(request.headers, "content-type")
        if data.is_json:
            if not has_type:
                request.headers["content-type"] = "application/json"
            if not has_header(request.headers, "accept"):
                request.headers["accept"] = "application/json"
        if data.file is not None:
            request.body, request.body_file = self._files.body(data.file, "--data")
            if not has_type and not data.is_json:
                request.headers["content-type"] = _FORM_TYPE
            return
        content_type = _type_of(request)
        if "json" in content_type and self._json(request, data.text):
            return
        if content_type in ("", _FORM_TYPE):
            fields = self._fields(data.text)
            if fields:
                request.form = fields
                return
            if not has_type:
                request.headers["content-type"] = _FORM_TYPE
        request.body = self._texts.text(data.text)

    def _json(self, request: Request, text: str) -> bool:
        """Whether the text could be set as `json`."""
        if _BARE_VARIABLE.search(text):
            return False
        value = exact_json(text)
        if value is None:
            return False
        request.json = self._secrets.json(value, self._texts.text)
        if request.headers.get("content-type") == "application/json":
            del request.headers["content-type"]
        return True

    def _fields(self, text: str) -> Fields | None:
        """Names and values of `a=1&b=2`; None when the text is something else or would change its order."""
        fields: dict[str, Scalar | list[Scalar]] = {}
        last = ""
        for pair in text.split("&"):
            name, equals, value = pair.partition("=")
            if not equals or not name or VARIABLE in name or not _is_encoded(name) or not _is_encoded(value):
                return None
            key = unquote_plus(name)
            translated = self._texts.field(key, unquote_plus(value))
            key = self._texts.text(key)
            earlier = fields.get(key)
            if earlier is None:
                fields[key] = translated
            elif key != last:
                return None
            else:
                fields[key] = [*earlier, translated] if isinstance(earlier, list) else [earlier, translated]
            last = key
        return fields

    # Files and multipart forms

    def _upload(self, request: Request, path: str) -> None:
        if path in ("-", ".", ""):
            self._notes.add("what curl reads from its standard input is not known; left out", "--upload-file")
            return
        request.body, request.body_file = self._files.body(path, "--upload-file")

    def _multipart(self, request: Request, options: Options) -> None:
        for name in list(request.headers):
            if name.lower() == "content-type" and "multipart" in request.headers[name]:
                # It names a boundary that the engine makes anew.
                del request.headers[name]
        for option, value in options.given:
            if option not in _FORM:
                continue
            name, _, content = value.partition("=")
            part: Text | Part
            part = self._texts.field(name, content) if option == "form-string" else self._part(name, content)
            key = self._texts.text(name)
            earlier = request.multipart.get(key)
            if earlier is None:
                request.multipart[key] = part
            else:
                request.multipart[key] = [*earlier, part] if isinstance(earlier, list) else [earlier, part]

    def _part(self, name: str, content: str) -> Text | Part:
        settings = {key: _unquoted(value) for key, value in _PART_OPTION.findall(content)}
        content = _PART_OPTION.sub("", content)
        for unknown in settings.keys() - {"type", "filename"}:
            self._notes.add(f"`{unknown}` of a part has no meaning here; left out", "--form", name)
        content_type = settings.get("type")
        filename = self._texts.text(settings["filename"]) if "filename" in settings else None
        if content.startswith("@"):
            return self._files.part(_unquoted(content[1:]), filename, content_type, "--form", name)
        if content.startswith("<"):
            text = self._texts.text(self._content_noted(_unquoted(content[1:]), "--form"))
        else:
            text = self._texts.field(name, _unquoted(content))
        if content_type is None and filename is None:
            return text
        return Part(text=text, filename=filename, content_type=content_type)


def _type_of(request: Request) -> str:
    value = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    return value.partition(";")[0].strip().lower()


def _is_encoded(text: str) -> bool:
    """Whether it can be decoded and comes out the same when it is encoded again, by meaning."""
    try:
        unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        return False
    return re.search(r"%(?![0-9a-fA-F]{2})|[\s{}\"<>]", text) is None


def _quoted(text: str) -> str:
    """Percent-encoded, shell variables left as they are."""
    return quote_plus(text, safe="\ue000\ue001") if VARIABLE not in text else text


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text
