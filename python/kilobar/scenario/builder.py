"""What a person needs to write a scenario in Python.

from kilobar.scenario import Check, Flow, Rate, Save, Scenario, get, post, think

scenario = Scenario(
    target="http://127.0.0.1:8700",
    setup=[post("/login", json={"user": "ann"}, save={"token": Save(json="$.token")})],
    flows=[Flow(name="browse", steps=[get("/items", check=Check(status=200)), think("200ms..800ms")])],
    load=[Rate(rate="100/s", for_="30s")],
)
print(scenario.to_yaml())
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Literal, TypedDict, Unpack

from kilobar.model import scenario as model
from kilobar.model.scenario import Auth, Check, Duration, Fields, JsonValue, Part, Request, Save, Text, Think, ThinkLaw
from kilobar.scenario.check import Checked
from kilobar.scenario.document import check_document, from_yaml, to_yaml


class Scenario(model.Scenario):
    """A whole scenario, with the ways to and from its YAML text."""

    def to_yaml(self, comments: Sequence[str] = ()) -> str:
        """The scenario file, with comments at its top."""
        return to_yaml(self, comments)

    @classmethod
    def from_yaml(cls, text: str | bytes, file: str = "scenario.yaml") -> Scenario:
        """The scenario that a file holds; `file` names it in messages. Raises ScenarioError with places."""
        read = from_yaml(text, file)
        return cls(**{field.name: getattr(read, field.name) for field in fields(read)})

    def check(self, env: Mapping[str, str] | None = None) -> Checked:
        """What `kilobar check` says about it; `env` is the environment of the process by default."""
        return check_document(self, env)


class RequestOptions(TypedDict, total=False):
    """What a request may have besides method and URL; the meaning of each is told at `Request`."""

    name: str
    params: Fields
    headers: dict[str, Text]
    cookies: dict[str, Text]
    auth: Auth | Literal["none"]
    json: JsonValue
    form: Fields
    multipart: dict[str, Text | Part | list[Text | Part]]
    body: Text
    body_file: str
    timeout: Duration
    redirects: int
    expect: Literal["100-continue"]
    check: Check | list[Check]
    save: dict[str, Save]


def get(url: Text, **options: Unpack[RequestOptions]) -> Request:
    """Gets a path below the target, or an absolute URL."""
    return Request(method="GET", url=url, **options)


def post(url: Text, **options: Unpack[RequestOptions]) -> Request:
    """Posts `json`, `form`, `multipart`, `body` or nothing."""
    return Request(method="POST", url=url, **options)


def put(url: Text, **options: Unpack[RequestOptions]) -> Request:
    """Puts `json`, `form`, `multipart`, `body` or nothing."""
    return Request(method="PUT", url=url, **options)


def patch(url: Text, **options: Unpack[RequestOptions]) -> Request:
    """Patches with `json`, `form`, `multipart`, `body` or nothing."""
    return Request(method="PATCH", url=url, **options)


def delete(url: Text, **options: Unpack[RequestOptions]) -> Request:
    """Deletes."""
    return Request(method="DELETE", url=url, **options)


def head(url: Text, **options: Unpack[RequestOptions]) -> Request:
    """Asks for the head of a response only."""
    return Request(method="HEAD", url=url, **options)


def options(url: Text, **others: Unpack[RequestOptions]) -> Request:
    """Asks which methods there are."""
    return Request(method="OPTIONS", url=url, **others)


def request(method: str, url: Text, **options: Unpack[RequestOptions]) -> Request:
    """Sends any other method."""
    return Request(method=method.upper(), url=url, **options)


def think(duration: Duration) -> Think:
    """Waits: "1s", or "200ms..800ms" at random between the two."""
    return Think(think=duration)


def think_exponential(mean: Duration, longest: Duration | None = None) -> Think:
    """Waits as independent people do; `longest` is ten times the mean by default."""
    return Think(think=ThinkLaw(exponential=mean, max=longest))


def pacing(period: Duration) -> Think:
    """Waits until so long after the start of the iteration."""
    return Think(think=ThinkLaw(pacing=period))
