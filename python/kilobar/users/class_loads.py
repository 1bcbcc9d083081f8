"""The load that classes ask for with attributes of their own, and the proportions that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

from kilobar.errors import InputError, Place
from kilobar.scenario import grammar, tree, vocabulary
from kilobar.scenario.overrides import DEFAULT_DURATION_NS
from kilobar.scenario.parse import INVALID, Reader
from kilobar.scenario.yaml_nodes import Scalar
from kilobar.users.inspected import InspectedClass


@dataclass(frozen=True, slots=True)
class ClassLoads:
    """What the classes of a file ask for together."""

    load: tuple[tree.Stage, ...] | None
    weights: tuple[float, ...]
    max_in_flight: int | None


def class_loads(classes: tuple[InspectedClass, ...], file: str, reader: Reader) -> ClassLoads:
    """Loads of the same kind add up, and then each class has its part of it; one load alone is shared by weight.

    What cannot be read is among the findings of the reader. Raises InputError for loads that cannot be put together.
    """
    stages = [_stage(one, file, reader) for one in classes]
    asked = [(one, stage) for one, stage in zip(classes, stages, strict=True) if stage is not None]
    weights = tuple(1.0 if one.weight is None else one.weight for one in classes)
    in_flight = [value for one in classes if (value := _in_flight(one, file, reader)) is not None]
    most = sum(in_flight) if in_flight else None
    if len(asked) < 2:
        return ClassLoads((asked[0][1],) if asked else None, weights, most)
    _check_together(classes, asked, file)
    total = _sum([stage for _, stage in asked])
    peaks = tuple(0.0 if stage is None else float(max(_bounds(stage))) for stage in stages)
    return ClassLoads((total,), peaks, most)


def read(text: str, key: str, one: InspectedClass, file: str, kind: grammar.Value, reader: Reader) -> int | None:
    """An attribute of a class as a number; None when it cannot be read, and the findings say why."""
    value = reader.read(Scalar(place_of(one, key, file), text), kind, f"`{key}` of {one.name}")
    return None if value is INVALID else int(value)


def place_of(one: InspectedClass, key: str, file: str) -> Place:
    """Where an attribute of a class stands, or else the class."""
    return Place(file, one.lines.get(key, one.lines.get("", 1)), 1)


def _stage(one: InspectedClass, file: str, reader: Reader) -> tree.Stage | None:
    duration_ns = DEFAULT_DURATION_NS
    if one.duration is not None:
        duration_ns = read(one.duration, "duration", one, file, vocabulary.DURATION, reader) or duration_ns
    if one.rate is not None:
        place = place_of(one, "rate", file)
        rate = reader.read(Scalar(place, one.rate), vocabulary.RATE, f"`rate` of {one.name}")
        return None if rate is INVALID else tree.RateStage(place, rate, duration_ns)
    if one.users is not None:
        place = place_of(one, "users", file)
        users = reader.read(Scalar(place, one.users), vocabulary.USERS, f"`users` of {one.name}")
        return None if users is INVALID else tree.UsersStage(place, users, duration_ns)
    if one.duration is not None:
        return tree.UsersStage(place_of(one, "duration", file), (1, 1), duration_ns)
    return None


def _in_flight(one: InspectedClass, file: str, reader: Reader) -> int | None:
    """How many iterations of it may be in flight. With a rate, the number of users says that: no others are there to
    take an arrival."""
    if one.max_in_flight is not None:
        return read(one.max_in_flight, "max_in_flight", one, file, vocabulary.IN_FLIGHT, reader)
    if one.rate is not None and one.users is not None:
        return read(one.users, "users", one, file, vocabulary.IN_FLIGHT, reader)
    return None


def _check_together(
    classes: tuple[InspectedClass, ...], asked: list[tuple[InspectedClass, tree.Stage]], file: str
) -> None:
    hint = f"give the load on the command line (--rate or --users, --for), or pick one: {file}:{asked[0][0].name}"
    silent = [one.name for one in classes if one not in [other for other, _ in asked]]
    if silent:
        names = " and ".join(one.name for one, _ in asked)
        raise InputError(f"{names} in {file} say their load, {silent[0]} does not", hint=hint)
    if len({type(stage) for _, stage in asked}) > 1:
        rate = next(one.name for one, stage in asked if isinstance(stage, tree.RateStage))
        users = next(one.name for one, stage in asked if isinstance(stage, tree.UsersStage))
        raise InputError(f"{rate} in {file} asks for a rate and {users} for a number of users", hint=hint)
    if len({stage.duration_ns for _, stage in asked}) > 1:
        raise InputError(f"the classes in {file} ask for loads of different durations", hint=hint)


def _sum(stages: list[tree.Stage]) -> tree.Stage:
    start = sum(_bounds(stage)[0] for stage in stages)
    end = sum(_bounds(stage)[1] for stage in stages)
    first = stages[0]
    if isinstance(first, tree.RateStage):
        return first._replace(rate=(start, end))
    return first._replace(users=(int(start), int(end)))


def _bounds(stage: tree.Stage) -> tuple[float, float]:
    return stage.rate if isinstance(stage, tree.RateStage) else stage.users
