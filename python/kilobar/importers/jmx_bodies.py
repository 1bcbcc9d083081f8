"""Arguments, bodies and files of JMeter's HTTP samplers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus

from kilobar.importers.files import Files
from kilobar.importers.headers import has_header
from kilobar.importers.jmx_texts import Texts, has_holes
from kilobar.importers.jmx_tree import Properties
from kilobar.importers.json_bodies import exact_json
from kilobar.importers.outcome import Notes
from kilobar.model.scenario import Fields, JsonValue, Part, Request, Scalar, Text

_ARGUMENTS = "HTTPsampler.Arguments"
_IN_QUERY = frozenset(("GET", "DELETE", "OPTIONS", "HEAD", "TRACE"))
_ONE_HOLE = re.compile(r"\$\{[^{}]*\}")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Argument:
    """A parameter, form field or piece of a body."""

    name: str
    value: str
    encode: bool
    """Whether JMeter encodes it; else it is encoded already, or meant to be sent as it stands."""
    equals: bool

    @property
    def is_encoded(self) -> bool:
        """Whether it says the same when it is decoded, and encoded again."""
        return not self.encode and not has_holes(self.value) and not _PERCENT.search(self.value)


class JmxBodies:
    """Gives requests their parameters and bodies."""

    def __init__(self, notes: Notes, files: Files, texts: Texts) -> None:
        self._notes = notes
        self._files = files
        self._texts = texts

    def add(self, request: Request, properties: Properties, arguments: list[Argument]) -> str:
        """Sets parameters or the body, and gives what must be added to the query as it stands."""
        files = _files(properties)
        multipart = properties.flag("HTTPSampler.DO_MULTIPART_POST")
        raw = properties.flag("HTTPSampler.postBodyRaw") or (bool(arguments) and not any(a.name for a in arguments))
        if request.method in _IN_QUERY and not raw:
            for path, _, _ in files:
                self._notes.add(f"JMeter sends no file with {request.method}: `{path}` is left out")
            return self._query(request, arguments)
        if files and not multipart and not any(name for _, name, _ in files) and (raw or not arguments):
            self._file(request, files)
        elif multipart or files:
            self._multipart(request, arguments, files)
        elif raw:
            self._raw(request, "".join(argument.value for argument in arguments))
        elif arguments:
            self._form(request, arguments)
        return ""

    def _query(self, request: Request, arguments: list[Argument]) -> str:
        verbatim = []
        for argument in arguments:
            if argument.equals and self._fits(argument):
                self._field(request.params, argument)
            else:
                name, value = self._texts.text(argument.name), self._texts.text(argument.value)
                verbatim.append(f"{name}={value}" if argument.equals or argument.value else name)
        return "&".join(verbatim)

    def _form(self, request: Request, arguments: list[Argument]) -> None:
        if all(argument.equals and self._fits(argument) for argument in arguments):
            for argument in arguments:
                self._field(request.form, argument)
            return
        pairs = []
        for argument in arguments:
            encode = quote_plus if argument.encode and not has_holes(argument.value) else str
            pairs.append(f"{argument.name}={encode(argument.value)}" if argument.equals else argument.name)
        request.body = self._texts.text("&".join(pairs))
        if not has_header(request.headers, "content-type"):
            request.headers["content-type"] = "application/x-www-form-urlencoded"

    def _fits(self, argument: Argument) -> bool:
        """Whether it is on the wire what it was when Kilobar encodes it."""
        if argument.encode or has_holes(argument.value):
            return True
        return argument.is_encoded and quote_plus(unquote_plus(argument.value)).lower() == argument.value.lower()

    def _field(self, fields: Fields, argument: Argument) -> None:
        value = argument.value
        if not argument.encode:
            if has_holes(value):
                message = "JMeter fills in the value as it is; here it is percent-encoded"
                self._notes.add(message, argument.name)
            else:
                value = unquote_plus(value)
        name = self._texts.text(argument.name)
        text = self._texts.secret_or_text(argument.name, value)
        _append(fields, name, text)

    # Raw bodies

    def _raw(self, request: Request, text: str) -> None:
        if not text:
            return
        content_type = next((v for name, v in request.headers.items() if name.lower() == "content-type"), "")
        if "json" in content_type.lower() or not content_type:
            value = exact_json(text)
            if isinstance(value, dict | list) and not self._types_would_change(value):
                request.json = self._texts.secrets.json(value, self._texts.text)
                if not content_type:
                    self._notes.add("JMeter sends this JSON without a content-type; here it has application/json")
                return
        request.body = self._texts.text(text)

    def _types_would_change(self, value: JsonValue) -> bool:
        """In `json` a text that is one hole keeps the type of the value; in JMeter the quotes stay."""
        if isinstance(value, dict):
            return any(has_holes(key) or self._types_would_change(inner) for key, inner in value.items())
        if isinstance(value, list):
            return any(map(self._types_would_change, value))
        return isinstance(value, str) and has_holes(value) and _ONE_HOLE.fullmatch(value) is not None

    # Files

    def _file(self, request: Request, files: list[tuple[str, str, str]]) -> None:
        path, _, content_type = files[0]
        for other, _, _ in files[1:]:
            self._notes.add(f"a body is one file; `{other}` is left out")
        request.body, request.body_file = self._files.body(self._path(path), "Files")
        if content_type and not has_header(request.headers, "content-type"):
            request.headers["content-type"] = content_type

    def _multipart(self, request: Request, arguments: list[Argument], files: list[tuple[str, str, str]]) -> None:
        for argument in arguments:
            text = self._texts.secret_or_text(argument.name, argument.value)
            self._part(request, self._texts.text(argument.name), text)
        for path, name, content_type in files:
            part = self._files.part(self._path(path), None, content_type or None, "Files")
            self._part(request, self._texts.text(name) or "file", part)
        for header in [name for name in request.headers if name.lower() == "content-type"]:
            if "boundary" not in request.headers.pop(header):
                self._notes.add("the content-type of a multipart body is set by Kilobar; the one given is left out")

    def _part(self, request: Request, name: Text, part: Text | Part) -> None:
        present = request.multipart.get(name)
        if present is None:
            request.multipart[name] = part
        else:
            request.multipart[name] = [*present, part] if isinstance(present, list) else [present, part]

    def _path(self, path: str) -> str:
        """The path of a file when properties have their defaults."""
        value = self._texts.value(path)
        if value is not None and value != path:
            self._notes.add(f"the path `{path}` is taken as `{value}`")
        return path if value is None else value


def arguments_of(properties: Properties) -> list[Argument]:
    """The arguments of a sampler or of the defaults."""
    found = []
    for row in properties.inner(_ARGUMENTS).rows("Arguments.arguments"):
        found.append(
            Argument(
                row.text("Argument.name"),
                row.text("Argument.value"),
                row.flag("HTTPArgument.always_encode"),
                row.flag("HTTPArgument.use_equals", default=True),
            )
        )
    return found


def _files(properties: Properties) -> list[tuple[str, str, str]]:
    """Path, name of the parameter and type of each file."""
    rows = properties.inner("HTTPsampler.Files").rows("HTTPFileArgs.files")
    found = [(row.text("File.path"), row.text("File.paramname"), row.text("File.mimetype")) for row in rows]
    # Before JMeter 2.4 a sampler had one file.
    old = properties.text("HTTPSampler.FILE_NAME")
    if old:
        found.append((old, properties.text("HTTPSampler.FILE_FIELD"), properties.text("HTTPSampler.MIMETYPE")))
    return [row for row in found if row[0].strip()]


def _append(fields: Fields, name: Text, value: Scalar) -> None:
    present = fields.get(name)
    if present is None:
        fields[name] = value
    else:
        fields[name] = [*present, value] if isinstance(present, list) else [present, value]
