"""The closed list of diagnostic codes. `docs/reference/errors.md` is generated from it."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    # The file and its YAML
    "cannot-read": "A file is missing, is not a file or may not be read.",
    "not-utf8": "The file holds bytes that are not UTF-8; the byte position is told.",
    "too-large": "The file, or what its aliases and variables expand to, is over the limit.",
    "too-deep": "Lists and mappings are nested deeper than the limit.",
    "yaml-syntax": "The text is not YAML.",
    "yaml-tag": "A YAML tag such as `!!str` or `!include`; tags are not part of the language.",
    "yaml-alias": "A YAML alias that names no anchor, or the value that it stands in.",
    "yaml-documents": "More than one YAML document in the file.",
    "yaml-key": "A mapping key that is not plain text, or a YAML merge key `<<`.",
    "duplicate-key": "The same key twice in one mapping.",
    "empty-scenario": "There is nothing in the file.",
    # Shape
    "unknown-key": "A key that the language does not have at this place.",
    "missing-key": "A key that must be there is not.",
    "conflicting-keys": "Keys (or command-line options) that exclude each other.",
    "wrong-type": "A list where a text belongs, a text where a mapping belongs, and so on.",
    "empty-list": "A list that needs at least one entry has none.",
    "duplicate-name": "Two flows with the same name, or a header given twice in one step.",
    # Values
    "bad-value": "A word or number that is not one of those allowed here.",
    "bad-name": "A name that is empty, too long, has control characters or is reserved.",
    "bad-duration": "Not a duration such as `200ms`, `10s`, `1m30s`.",
    "bad-rate": "Not a rate such as `500/s`, `30/min`.",
    "bad-size": "Not a size such as `20kB`, `64KiB`.",
    "bad-number": "Not a number in the allowed range, or one that JSON cannot hold as it is written.",
    "bad-status": "Not a status code, class or range such as `200`, `2xx`, `200-299`.",
    "bad-method": "Not an HTTP method.",
    "bad-header": "A header name or value that HTTP does not allow, or one that Kilobar itself sets.",
    "bad-url": "Not a path or an absolute http:// or https:// address that can be requested.",
    "bad-host": "Not a host name or address.",
    "bad-xpath": "Not an XPath 1.0 expression such as `//title`.",
    "bad-css": "Not a CSS selector such as `a.next`.",
    "bad-include": "A file that cannot be included here: it would include itself, for example.",
    "bad-json-path": "Not a JSON path such as `$.items[0].id`.",
    "bad-condition": "Not a condition such as `${n} > 3` or `${token} is set`.",
    "bad-regex": "Not a regular expression, or one with parts that the engine does not have.",
    "bad-threshold": "Not a threshold such as `p99 < 250ms`.",
    "not-supported": "Meaningful, but this version of Kilobar cannot do it yet.",
    # Data
    "data-unreadable": "A data file is missing, is not a file or may not be read.",
    "data-format": "How a data file is written is not known, cannot be, or needs something that is not installed.",
    "data-rows": "A row that cannot be read (the place in the data file is told), or no rows at all.",
    "data-columns": "Columns without a name or with the same one, or others than the data has.",
    # Holes
    "bad-hole": "A `${...}` that is not closed or cannot be understood.",
    "unknown-variable": "A variable that is neither a constant nor saved anywhere in this flow.",
    "not-saved-yet": "A variable that is saved only by this step or a later one of the flow.",
    "unknown-column": "A column that the data set does not have.",
    "maybe-unsaved": "A variable that not every way to this step gives a value.",
    "no-user": "A `stop_user` in `setup` or `teardown`, which no user executes.",
    "bad-function": "A Python function that cannot be imported or called.",
    "unknown-function": "A function that the language does not have.",
    "missing-env": "An environment variable that is not set, without a default.",
    "not-constant": "A value that changes during the run where the run must know it beforehand.",
    "secret-shown": "A value from the environment in a name, which reports show.",
    # Meaning
    "no-target": "A request to a path, but the scenario has no `target`.",
    "no-request": "A flow that sends nothing, or flows that are never chosen.",
    "impossible-load": "A load that starts nothing, lasts no time or contradicts itself.",
    "unknown-series": "A threshold for a step name that does not occur.",
    "plan-refused": "The engine refuses the plan; what it says is in the message.",
    "too-many-errors": "There are more errors than are shown.",
    # Warnings
    "no-load": "Warning: the scenario has no `load`, so the default is used.",
    "unused-data": "Warning: a data set whose columns no step uses.",
    "unreachable-step": "Warning: a step after one that always ends the iteration.",
    "constant-condition": "Warning: a condition that uses only constants, so it is always the same.",
    "load-out-of-reach": "Warning: waiting alone keeps more iterations in flight than `max_in_flight` allows.",
    "data-too-short": "Warning: fewer unique rows than the load needs at least.",
    "fragment-removed": "Warning: a `#fragment` is never sent to a server.",
}
"""Code -> meaning."""
