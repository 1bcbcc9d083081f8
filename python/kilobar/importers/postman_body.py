"""The body of a request, by its mode."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from kilobar.importers.json_bodies import json_body
from kilobar.importers.outcome import Notes
from kilobar.importers.postman_source import entries, is_disabled, mapping, text
from kilobar.importers.postman_variables import Variables
from kilobar.importers.secrets import Secrets, is_secret_field
from kilobar.model.scenario import Fields, JsonValue, Part, Text

_CONTENT_TYPES = {
    "json": "application/json",
    "xml": "application/xml",
    "html": "text/html",
    "javascript": "application/javascript",
    "text": "text/plain",
}
_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*+"|//[^\n]*|/\*(?:[^*]|\*(?!/))*+\*/', re.DOTALL)


@dataclass(slots=True)
class Body:
    """A body as a request of the scenario has it; at most one of the fields is filled."""

    json: JsonValue = None
    form: Fields = field(default_factory=dict)
    multipart: dict[str, Text | Part | list[Text | Part]] = field(default_factory=dict)
    body: Text | None = None
    body_file: str | None = None
    content_type: str | None = None
    """What Postman says that it is, when no header does."""


class BodyReader:
    """Reads bodies; files that they name are looked for below a directory."""

    def __init__(self, directory: Path, variables: Variables, secrets: Secrets, notes: Notes) -> None:
        self._directory = directory
        self._variables = variables
        self._secrets = secrets
        self._notes = notes

    def read(self, value: Any) -> Body:
        """The body; an empty one when there is none."""
        source = mapping(value)
        mode = text(source.get("mode"))
        if source.get("disabled") is True:
            if source.get(mode):
                self._notes.add("the body is disabled and left out", "body")
            return Body()
        match mode:
            case "raw":
                return self._raw(text(source.get("raw")), mapping(mapping(source.get("options")).get("raw")))
            case "urlencoded":
                return self._urlencoded(source.get("urlencoded"))
            case "formdata":
                return self._multipart(source.get("formdata"))
            case "file" | "binary":
                return self._file(source.get(mode))
            case "graphql":
                return self._graphql(source.get("graphql"))
            case "" | "none":
                return Body()
        self._notes.add(f"a body of the mode `{mode[:40]}` is not known; it is left out", "body", "mode")
        return Body()

    def _raw(self, content: str, options: dict[str, Any]) -> Body:
        if not content:
            return Body()
        language = text(options.get("language"))
        content_type = _CONTENT_TYPES.get(language, "text/plain")
        if language == "json":
            content = self._without_comments(content)
        return Body(body=content, content_type=content_type)

    def finish(self, body: Body, content_type: str | None) -> Body:
        """A raw body in the form that says most: as `json` when the header (or Postman) calls it so."""
        if body.body is None:
            return body
        said = (content_type or body.content_type or "").partition(";")[0].strip().lower()
        content = body.body
        is_json = said == "application/json" or (content_type is None and body.content_type == "application/json")
        if is_json and "{{" not in content:
            value = json_body(content)
            if value is not None:
                return Body(json=self._hidden(value, "body"))
        body.body = self._variables.text(content)
        return body

    def _hidden(self, value: JsonValue, name: str) -> JsonValue:
        """Passwords and tokens in JSON come from the environment."""
        if isinstance(value, dict):
            return {key: self._hidden(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._hidden(inner, name) for inner in value]
        if isinstance(value, str) and value and is_secret_field(name):
            return self._secrets.hide(value.replace("$${", "${"), name)
        return value

    def _without_comments(self, content: str) -> str:
        """Postman removes comments from JSON before it sends it."""
        if "//" not in content and "/*" not in content:
            return content
        return _COMMENT.sub(lambda match: match[0] if match[0].startswith('"') else "", content)

    def _urlencoded(self, value: Any) -> Body:
        if isinstance(value, str):
            return Body(body=self._variables.text(value), content_type="application/x-www-form-urlencoded")
        form: Fields = {}
        for index, entry in entries(value):
            name = text(entry.get("key"))
            if is_disabled(entry):
                if name:
                    self._notes.add(f"the field `{name}` is disabled and left out", "body", "urlencoded", index)
                continue
            key, given = self._variables.text(name), self._field(name, text(entry.get("value")))
            before = form.get(key)
            form[key] = given if before is None else [*before, given] if isinstance(before, list) else [before, given]
        return Body(form=form)

    def _multipart(self, value: Any) -> Body:
        parts: dict[str, Text | Part | list[Text | Part]] = {}
        for index, entry in entries(value):
            name = text(entry.get("key"))
            if is_disabled(entry):
                if name:
                    self._notes.add(f"the field `{name}` is disabled and left out", "body", "formdata", index)
                continue
            for part in self._parts(name, entry, index):
                before = parts.get(name)
                if before is None:
                    parts[name] = part
                elif isinstance(before, list):
                    before.append(part)
                else:
                    parts[name] = [before, part]
        return Body(multipart=parts)

    def _parts(self, name: str, entry: dict[str, Any], index: int) -> list[Text | Part]:
        content_type = text(entry.get("contentType")) or None
        if text(entry.get("type")) != "file":
            given = self._field(name, text(entry.get("value")))
            return [Part(text=given, content_type=content_type) if content_type else given]
        sources = entry.get("src")
        paths = [text(path) for path in (sources if isinstance(sources, list) else [sources]) if text(path)]
        where: tuple[str | int, ...] = ("body", "formdata", index, "src")
        if not paths:
            self._notes.add(f"no file is chosen for the field `{name}`: an empty one is sent", *where)
            return [Part(text="", filename="file", content_type=content_type)]
        found: list[Text | Part] = []
        for path in paths:
            if self._exists(path):
                found.append(Part(file=path, content_type=content_type))
            else:
                self._notes.add(
                    f"the file `{path}` is not there: a text stands for it; put it there, say `file:`", *where
                )
                filename = _file_name(path)
                found.append(Part(text=f"content of {filename}", filename=filename, content_type=content_type))
        return found

    def _file(self, value: Any) -> Body:
        source = value if isinstance(value, str) else text(mapping(value).get("src"))
        content = text(mapping(value).get("content"))
        if content:
            return Body(body=self._variables.text(content))
        if not source:
            self._notes.add("no file is chosen for the body; it is left out", "body", "file")
            return Body()
        if self._exists(source):
            return Body(body_file=source)
        self._notes.add(f"the file `{source}` is not there: a text stands for it; put it there, say `body_file:`",
                        "body", "file")  # fmt: skip
        return Body(body=f"content of {_file_name(source)}")

    def _graphql(self, value: Any) -> Body:
        source = mapping(value)
        fields: dict[str, str] = {"query": json.dumps(text(source.get("query")) or text(value), ensure_ascii=False)}
        if text(source.get("operationName")):
            fields["operationName"] = json.dumps(text(source.get("operationName")), ensure_ascii=False)
        given = source.get("variables")
        if isinstance(given, dict | list):
            given = json.dumps(given, ensure_ascii=False)
        if text(given).strip():
            # The text goes in as it is, because its variables may stand for numbers.
            fields["variables"] = text(given).strip()
        content = "{" + ", ".join(f'"{name}": {inner}' for name, inner in fields.items()) + "}"
        return Body(body=content, content_type="application/json")

    def _field(self, name: str, value: str) -> Text:
        if value and "{{" not in value and is_secret_field(name):
            return self._secrets.hide(value, name)
        return self._variables.text(value)

    def _exists(self, path: str) -> bool:
        try:
            return "{{" not in path and "${" not in path and (self._directory / path).is_file()
        except (OSError, ValueError):
            return False


def _file_name(path: str) -> Text:
    name = PureWindowsPath(path).name if "\\" in path else PurePosixPath(path).name
    return "".join(character for character in name if character.isprintable() and character not in "${}") or "file"
