"""curl commands: one or many, of POSIX shells and of cmd.exe, as a person or a browser wrote them."""

from __future__ import annotations

import re

from kilobar.importers.curl_options import parts_of
from kilobar.importers.curl_requests import CurlRequests
from kilobar.importers.load import default_load
from kilobar.importers.outcome import ImportFailed, Notes, Options
from kilobar.importers.shell_words import Command, Word, commands_of
from kilobar.importers.source import Source
from kilobar.importers.targets import share_target
from kilobar.model.scenario import Scenario

_CURL = re.compile(
    r"(?im)^[ \t]*(?:[$%>][ \t]+)?(?:\w+=\S*[ \t]+)*(?:(?:sudo|time|exec)[ \t]+)*(?:\S*[/\\])?curl(?:\.exe)?[ \t\\^]"
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_BEFORE = frozenset(("sudo", "time", "exec", "export", "set", "$", "%", ">", "!", "do", "then", "@"))


def recognises(source: Source) -> bool:
    """By a line that starts with curl; JSON and XML files are never that."""
    try:
        text = source.text
    except ImportFailed:
        return False
    return not text.lstrip().startswith(("{", "[", "<")) and _CURL.search(text) is not None


def convert(source: Source, notes: Notes, options: Options) -> Scenario:
    """A flow of all requests in order."""
    scenario = Scenario()
    assigned: dict[str, str] = {}
    requests = CurlRequests(source, notes, scenario, assigned)
    for words in commands_of(source):
        line = source.place_of(words[0].offset).line
        with notes.at(f"line {line}"):
            command = _without_assignments(words, assigned)
            if not command:
                continue
            if not _is_curl(command[0].text):
                notes.add(f"the command `{command[0].text[:40]}` is no curl; left out")
                continue
            for part in parts_of(command[1:]):
                scenario.steps.extend(requests.of(part))
    share_target(scenario)
    scenario.load = default_load(notes)
    return scenario


def _without_assignments(words: Command, assigned: dict[str, str]) -> list[Word]:
    """The command itself; `NAME=value` before it, or alone, is remembered."""
    position = 0
    while position < len(words):
        text = words[position].text
        assignment = _ASSIGNMENT.fullmatch(text)
        if assignment:
            assigned[assignment[1]] = assignment[2]
        elif text not in _BEFORE:
            break
        position += 1
    return words[position:]


def _is_curl(text: str) -> bool:
    return text.replace("\\", "/").rpartition("/")[2].lower() in ("curl", "curl.exe")
