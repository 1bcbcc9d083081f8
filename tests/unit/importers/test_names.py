import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers.names import UniqueNames, VariableNames, step_name, variable_name
from kilobar.scenario.resolve import NAME, RESERVED


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("id", "id"),
        ("_id", "_id"),
        ("user-id", "user_id"),
        ("  größe ", "groe"),
        ("1st", "_1st"),
        ("$randomEmail", "randomEmail"),
        ("漢", "value"),
        ("", "value"),
        ("env", "env_"),
    ],
)
def test_the_nearest_valid_name(name: str, variable: str) -> None:
    assert variable_name(name) in (variable, variable.replace("groe", "gro_e"))


@given(st.text(max_size=80))
def test_a_variable_name_is_always_valid(name: str) -> None:
    found = VariableNames().of(name)
    assert NAME.fullmatch(found)
    assert found not in RESERVED


def test_one_name_is_one_variable_and_two_names_are_two() -> None:
    names = VariableNames()
    assert [names.of(name) for name in ("a-b", "a_b", "a-b", "a.b")] == ["a_b", "a_b_2", "a_b", "a_b_3"]


def test_names_of_steps_become_unique() -> None:
    names = UniqueNames()
    assert [names.of(name) for name in ("a", "a", "b", "a")] == ["a", "a (2)", "b", "a (3)"]


@given(st.text(max_size=300))
def test_a_name_of_a_step_is_one_printable_line(name: str) -> None:
    found = step_name(name)
    assert found.isprintable()
    assert found.strip() == found
    assert 0 < len(found.replace("$${", "${")) <= 200


def test_holes_in_names_are_escaped() -> None:
    assert step_name("get ${x}\n now") == "get $${x} now"
    assert step_name("(other)") == "other"
    assert step_name(" \n") == step_name("( )") == "unnamed"
