"""What the command line says to user code."""

import pytest

from kilobar.errors import InputError
from kilobar.users.options import CodeOptions


def test_only_what_was_said_is_passed_on() -> None:
    assert CodeOptions().to_dict() == {}
    assert CodeOptions().is_empty
    options = CodeOptions(("user=ann", "query=a=b"), ("slow,cheap", "new"), ("broken",), ("--hosts", "3"), True, "2/s")
    assert not options.is_empty
    assert options.to_dict() == {
        "user": "ann",
        "query": "a=b",
        "tags": ["slow", "cheap", "new"],
        "exclude_tags": ["broken"],
        "arguments": ["--hosts", "3"],
        "fast_http": True,
        "spawn_rate": "2/s",
    }


@pytest.mark.parametrize("setting", ["user", "=ann", " =ann", ""])
def test_a_setting_has_a_name_and_a_value(setting: str) -> None:
    with pytest.raises(InputError, match="sets nothing") as caught:
        CodeOptions((setting,)).to_dict()
    assert caught.value.hint == "write --set NAME=VALUE"
