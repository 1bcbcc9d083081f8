import dataclasses

import pytest

from kilobar.model import scenario as model
from kilobar.scenario.document_shapes import Shape, keys_of, selector_of, shape_of

CLASSES = [kind for kind in vars(model).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_key_of_every_class_has_a_shape(kind: type) -> None:
    keys = keys_of(kind)
    assert [key.attribute for key in keys] == [field.name for field in dataclasses.fields(kind)]
    assert not any(key.name.endswith("_") for key in keys)
    assert all(key.shape != Shape() for key in keys)


def test_unions_lists_and_mappings() -> None:
    shape = shape_of("dict[str, Text | Part | list[Text | Part]]").values
    assert shape is not None
    assert shape == Shape(frozenset(("text",)), (model.Part,), shape_of("Text | Part"))
    assert shape_of("int | Text").kinds == {"int", "text"}
    assert shape_of('Literal["a", "b"] | None').kinds == {"text", "none"}
    assert shape_of("Literal[True] | None").kinds == {"bool", "none"}
    assert model.Request in shape_of("list[Step]").items.records  # type: ignore[union-attr]


def test_steps_are_told_apart_by_their_first_key() -> None:
    selectors = [selector_of(kind) for kind in shape_of("Step").records]
    assert selectors == [
        "method", "think", "set", "if", "repeat", "while", "for_each", "group", "parallel", "fail", "stop_user",
        "stop_run", "include",
    ]  # fmt: skip
