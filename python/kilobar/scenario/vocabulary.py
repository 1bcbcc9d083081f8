"""The kinds of scalars that the tables of the language use."""

from __future__ import annotations

from functools import partial

from kilobar.model import units
from kilobar.scenario import values
from kilobar.scenario.grammar import Choice, Name, Text, Value

_CODE = "[1-5][0-9][0-9]"
_N = r"[0-9]+(\.[0-9]+)?"
_DURATION = rf"({_N} ?(ns|us|µs|ms|s|m|h|d) ?)+"
_RATE = rf"{_N} ?/ ?(s|min|m|h)"
_SIZE = rf"{_N} ?({'|'.join(units.SIZE_UNITS)})"

DURATION = Value("duration", "bad-duration", values.parse_positive_duration, _DURATION)
GRACE = Value("duration", "bad-duration", units.parse_duration, _DURATION)
THINK = Value("duration or range", "bad-duration", values.parse_think, rf"{_DURATION}(\.\.{_DURATION})?")
RATE = Value("rate", "bad-rate", partial(units.parse_ramp, parse_one=units.parse_rate), rf"{_RATE}( to {_RATE})?")
USERS = Value(
    "number of users", "bad-number", partial(units.parse_ramp, parse_one=units.parse_count), r"[0-9]+( to [0-9]+)?",
    "integer",
)  # fmt: skip
SIZE = Value("size", "bad-size", values.parse_limit, _SIZE)
BODY_SIZE = Value("size", "bad-size", units.parse_size, _SIZE)
IN_FLIGHT = Value("whole number", "bad-number", values.parse_in_flight, "[0-9]+", "integer")
SEED = Value("whole number", "bad-number", values.parse_seed, "[0-9]+", "integer")
WEIGHT = Value("number", "bad-number", values.parse_weight, _N, "number")
FLAG = Value("truth value", "bad-value", values.parse_flag, "true|false", "boolean")
TRUE = Value("`true`", "bad-value", values.parse_true, "true", "boolean")
STATUS = Value("status", "bad-status", values.parse_status, rf"{_CODE}( ?- ?{_CODE})?|[1-5](xx|XX)", "integer")
METHOD = Value("method", "bad-method", values.parse_method, "[A-Za-z0-9!#$%&'*+.^_`|~-]+")
REDIRECTS = Value("whole number", "bad-number", partial(values.parse_whole, most=50), "[0-9]+", "integer")
GROUP = Value("whole number", "bad-number", partial(values.parse_whole, most=1000), "[0-9]+", "integer")
TURNS = Value("whole number", "bad-number", partial(values.parse_whole, least=1, most=1_000_000), "[0-9]+", "integer")
BRANCHES = Value("whole number", "bad-number", partial(values.parse_whole, least=1, most=64), "[0-9]+", "integer")
PICK = Value("`first`, `random`, `all` or an index", "bad-value", values.parse_pick, "first|random|all|-?[0-9]+",
             "integer")  # fmt: skip
PROXY = Value("address of a proxy", "bad-url", values.parse_proxy, "http://.+")

NAME = Name()
SETTING = Text(constant=True)
RUN_TEXT = Text("template")
URL = Text("URL template")
PATH = Text("path", constant=True)
ARRIVALS = Choice(("uniform", "poisson"))
