"""Extractors of JMeter -> what a request saves."""

from __future__ import annotations

import re
from dataclasses import replace

from kilobar.importers.jmx_regex import engine_regex, escaped, group_count
from kilobar.importers.jmx_texts import Texts, has_holes
from kilobar.importers.jmx_tree import Node, Properties
from kilobar.importers.outcome import Notes
from kilobar.importers.templates import literal
from kilobar.model.scenario import Save, Text

_TEMPLATE = re.compile(r"\$([0-9]{1,2})\$")
_HEADER = re.compile(r"\^?([A-Za-z][A-Za-z0-9-]*):(?: |\\s[*+]?)?\(\.[*+]\??\)(?:\\r|\\n|\$|\?)*")
_COOKIE = re.compile(r"\^?Set-Cookie:(?: |\\s[*+]?)?([A-Za-z0-9_.-]+)=\((?:\.[*+]\?|\[\^;\][*+]\??)\);?", re.IGNORECASE)
_STATUS = re.compile(r"\(?(?:\.[*+]|\\d[+*]|\\d\{3\}|\[0-9\][+*]|\[0-9\]\{3\})\)?")
_SEVERAL = re.compile(r"\*|\.\.|\?|:|,")
_PLAIN_PATH = re.compile(r"[A-Za-z_][\w.\[\]*]*", re.ASCII)
_UNKNOWN_TO_PATHS = re.compile(r"\.(?:length|size|min|max|avg|sum|keys|first|last|concat|stddev|append|index)\(")
_BODY = ("", "false", "unescaped", "as_document")


class JmxSaves:
    """Converts one extractor after another."""

    def __init__(self, notes: Notes, texts: Texts, mentioned: frozenset[str]) -> None:
        self._notes = notes
        self._texts = texts
        self._mentioned = mentioned
        self.strict = False
        """Whether any extractor fails its step when nothing is found, which JMeter's never does."""

    def of(self, node: Node, shared: bool) -> dict[str, Save]:
        """Variable -> where its value is; `shared`: the extractor acts on more than one request."""
        if node.properties.text("Sample.scope") == "variable":
            self._notes.add("a value cannot be taken from another value; left out")
            return {}
        match node.kind:
            case "RegexExtractor":
                return self._regex(node.properties, shared)
            case "JSONPostProcessor":
                return self._json(node.properties, shared)
            case "JSONPathExtractor":
                return self._old_json(node.properties, shared)
            case "HtmlExtractor":
                return self._css(node.properties, shared)
            case "BoundaryExtractor":
                return self._boundary(node.properties, shared)
        return self._xpath(node, shared)

    def _named(
        self, name: str, save: Save, number: str, default: Text | None, shared: bool, when_empty: str = "1"
    ) -> dict[str, Save]:
        """With which of several, and what is taken when there is none."""
        name = name.strip()
        if not name or has_holes(name):
            self._notes.add(f"`{name[:60]}` is no name of a variable; left out")
            return {}
        value = (self._texts.value(number.strip()) or "").strip() or when_empty
        if not re.fullmatch(r"-?[0-9]{1,5}", value):
            self._notes.add(f"`{number[:40]}` is no number of a match; the first is taken")
            value = "1"
        index = int(value)
        if index < 0:
            return {self._texts.names.of(name): replace(save, pick="all", default="[]")}
        save.pick = "random" if index == 0 else None if index == 1 else index - 1
        save.default = default
        if default is None and shared:
            # JMeter leaves a variable as it is when there is no match.
            save.default = f"${{{self._texts.use(name)}}}"
        self.strict = self.strict or save.default is None
        return {self._texts.names.of(name): save}

    def _default(self, properties: Properties, prefix: str) -> Text | None:
        default = properties.text(f"{prefix}.default")
        if default:
            return self._texts.text(default)
        return "" if properties.flag(f"{prefix}.default_empty_value") else None

    # Regular expressions and boundaries

    def _regex(self, properties: Properties, shared: bool) -> dict[str, Save]:
        name = properties.text("RegexExtractor.refname")
        save = self._place(properties.text("RegexExtractor.useHeaders"), properties.text("RegexExtractor.regex"))
        if save is None:
            return {}
        default = self._default(properties, "RegexExtractor")
        number = properties.text("RegexExtractor.match_number")
        if save.regex is None:
            return self._named(name, save, number, default, shared)
        groups = group_count(save.regex)
        template = properties.text("RegexExtractor.template").strip()
        match = _TEMPLATE.fullmatch(template)
        save.group = int(match[1]) if match else 1 if groups else 0
        if match is None:
            self._notes.add(f"the template `{template[:40]}` is not one group; group {save.group} is taken")
        if save.group > groups:
            self._notes.add(f"there is no group {save.group}; the whole match is taken")
            save.group = 0
        saves: dict[str, Save] = {}
        for group in range(groups + 1):
            if f"{name}_g{group}" in self._mentioned:
                saves |= self._named(f"{name}_g{group}", replace(save, group=group), number, default, shared)
        return saves | self._named(name, save, number, default, shared)

    def _place(self, field: str, pattern: str) -> Save | None:
        """Where a regular expression looks."""
        regex = self._constant(pattern)
        if regex is None:
            return None
        if field in _BODY:
            converted = engine_regex(regex)
            if not converted:
                self._notes.add(f"`{regex[:60]}` is no regular expression that the engine has; left out")
                return None
            return Save(regex=literal(converted))
        if field == "true" and (cookie := _COOKIE.fullmatch(regex)):
            return Save(cookie=cookie[1])
        if field == "true" and (header := _HEADER.fullmatch(regex)):
            return Save(header=header[1].lower())
        if field == "code" and _STATUS.fullmatch(regex):
            return Save(status=True)
        where = {"true": "headers", "URL": "the address", "code": "the status"}.get(field, field)
        self._notes.add(f"`{regex[:60]}` cannot be looked for in {where[:40]}; left out")
        return None

    def _boundary(self, properties: Properties, shared: bool) -> dict[str, Save]:
        left = self._constant(properties.text("BoundaryExtractor.lboundary"))
        right = self._constant(properties.text("BoundaryExtractor.rboundary"))
        if left is None or right is None:
            return {}
        if properties.text("BoundaryExtractor.useHeaders") not in _BODY:
            self._notes.add("boundaries are looked for only in bodies; left out")
            return {}
        ends = escaped(right) if right else "\\z"
        save = Save(regex=literal(f"(?s){escaped(left)}(.*?){ends}"), group=1)
        default = self._default(properties, "BoundaryExtractor")
        number = properties.text("BoundaryExtractor.match_number")
        return self._named(properties.text("BoundaryExtractor.refname"), save, number, default, shared)

    # JSON

    def _json(self, properties: Properties, shared: bool) -> dict[str, Save]:
        names = properties.text("JSONPostProcessor.referenceNames").split(";")
        paths = properties.text("JSONPostProcessor.jsonPathExprs").split(";")
        numbers = properties.text("JSONPostProcessor.match_numbers").split(";")
        defaults = properties.text("JSONPostProcessor.defaultValues").split(";")
        if properties.flag("JSONPostProcessor.compute_concat"):
            self._notes.add("the variable with all matches joined is left out", "compute_concat")
        if len(names) != len(paths):
            self._notes.add(f"there are {len(names)} variables for {len(paths)} paths; what is too much is left out")
        saves: dict[str, Save] = {}
        for index, (name, path) in enumerate(zip(names, paths, strict=False)):
            converted = self.json_path(path)
            if converted is None:
                continue
            default = defaults[index] if index < len(defaults) else ""
            number = numbers[index] if index < len(numbers) else ""
            text = self._texts.text(default) if default else None
            saves |= self._named(name, Save(json=literal(converted)), number, text, shared, when_empty="0")
        return self._single(saves)

    def _single(self, saves: dict[str, Save]) -> dict[str, Save]:
        """Any one of a single value is that value."""
        for save in saves.values():
            if save.pick == "random" and save.json is not None and not _SEVERAL.search(save.json):
                save.pick = None
        return saves

    def _old_json(self, properties: Properties, shared: bool) -> dict[str, Save]:
        if properties.text("SUBJECT") == "VAR":
            self._notes.add("a value cannot be taken from another value; left out")
            return {}
        path = self.json_path(properties.text("JSONPATH"))
        if path is None:
            return {}
        default = properties.text("DEFAULT")
        text = self._texts.text(default) if default else None
        return self._named(properties.text("VAR"), Save(json=literal(path)), "1", text, shared)

    def json_path(self, path: str) -> str | None:
        """A JSON path of RFC 9535; None, and a note, when it has no counterpart."""
        constant = self._constant(path.strip())
        if constant is None:
            return None
        if _PLAIN_PATH.fullmatch(constant):
            constant = f"$.{constant}"
        if not constant.startswith("$") or _UNKNOWN_TO_PATHS.search(constant) or not _is_balanced(constant):
            self._notes.add(f"`{path[:60]}` is no JSON path that is known here; left out")
            return None
        return constant

    # HTML and XML

    def _css(self, properties: Properties, shared: bool) -> dict[str, Save]:
        selector = self._constant(properties.text("HtmlExtractor.expr"))
        if not selector:
            return {}
        attribute = self._constant(properties.text("HtmlExtractor.attribute")) or None
        save = Save(css=literal(selector), attribute=attribute)
        default = self._default(properties, "HtmlExtractor")
        number = properties.text("HtmlExtractor.match_number")
        return self._named(properties.text("HtmlExtractor.refname"), save, number, default, shared)

    def _xpath(self, node: Node, shared: bool) -> dict[str, Save]:
        prefix = "XPathExtractor2" if node.kind == "XPath2Extractor" else "XPathExtractor"
        properties = node.properties
        query = self._constant(properties.text(f"{prefix}.xpathQuery"))
        if not query:
            return {}
        if properties.text(f"{prefix}.namespaces").strip():
            self._notes.add("prefixes of XML namespaces are not known here; the query is taken as it is")
        if properties.flag(f"{prefix}.fragment"):
            self._notes.add("the text of the element is taken, not its XML", "fragment")
        default = self._default(properties, prefix)
        number = properties.text(f"{prefix}.matchNumber")
        name = properties.text(f"{prefix}.refname")
        return self._named(name, Save(xpath=literal(query)), number, default, shared)

    def _constant(self, text: str) -> str | None:
        """A text that is known before the run."""
        value = self._texts.value(text)
        if value is None:
            self._notes.add(f"`{text[:60]}` changes during the run, which it may not here; left out")
        return value


def _is_balanced(path: str) -> bool:
    return path.count("[") == path.count("]") and path.count("(") == path.count(")")
