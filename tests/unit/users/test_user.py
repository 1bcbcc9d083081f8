from typing import Any

import pytest

from kilobar import User, tag, task
from kilobar.errors import InputError
from kilobar.users.user import selected, tasks_of


class Base(User):
    @task(2)
    def look(self) -> None: ...

    @task
    @tag("slow", "pay")
    def buy(self) -> None: ...

    @tag("slow")
    @task(name="leave the shop")
    def leave(self) -> None: ...

    def no_task(self) -> None: ...


class Child(Base):
    @task(5)
    def extra(self) -> None: ...

    def look(self) -> None: ...

    buy = None  # type: ignore[assignment]


def test_methods_become_tasks_with_their_weight_and_name() -> None:
    assert [(one.method, one.weight, one.name) for one in tasks_of(Base)] == [
        ("look", 2, "Base.look"), ("buy", 1, "Base.buy"), ("leave", 1, "leave the shop")
    ]  # fmt: skip


def test_tasks_are_inherited_replaced_and_removed() -> None:
    assert [(one.method, one.weight, one.name) for one in tasks_of(Child)] == [
        ("look", 2, "Child.look"), ("leave", 1, "leave the shop"), ("extra", 5, "Child.extra")
    ]  # fmt: skip


def test_a_class_that_gives_itself_a_name_gives_it_to_its_tasks() -> None:
    class Renamed(Base):
        name = "shop"

    assert tasks_of(Renamed)[0].name == "shop.look"


@pytest.mark.parametrize(
    ("tags", "exclude_tags", "methods"),
    [
        ([], [], ["look", "buy", "leave"]),
        (["pay", "unknown"], [], ["buy"]),
        (["slow"], [], ["buy", "leave"]),
        (["slow"], ["pay"], ["leave"]),
        ([], ["slow"], ["look"]),
    ],
)
def test_tags_choose_tasks(tags: list[str], exclude_tags: list[str], methods: list[str]) -> None:
    assert [one.method for one in selected(Base, tags, exclude_tags)] == methods


def test_tags_that_leave_nothing_are_told_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"no task of Base .* is left by the tags") as raised:
        selected(Base, ["fast"])
    assert raised.value.hint == "its tags: pay, slow"


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf"), True, "3", None])
def test_a_weight_that_is_none_is_refused(weight: Any) -> None:
    with pytest.raises(InputError, match="a weight is a number above 0"):
        task(weight)


@pytest.mark.parametrize("name", ["", 5])
def test_a_name_that_is_none_is_refused(name: Any) -> None:
    with pytest.raises(InputError, match="a name is a text"):
        task(name=name)


def test_a_tag_needs_names_and_a_method() -> None:
    with pytest.raises(InputError, match="@tag needs names"):
        tag()
    with pytest.raises(InputError, match="stands above the class Base"):
        tag("slow")(Base)
