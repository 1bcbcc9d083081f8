import pytest

from kilobar.importers import ImportFailed
from kilobar.importers.yaml_values import read_values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: [1, -2, 0o17, 0x1F, 1.5, .inf, 1e3]", {"a": [1, -2, 15, 31, 1.5, float("inf"), 1000.0]}),
        (
            "a: {b: true, c: FALSE, d: ~, e: yes, f: '1'}",
            {"a": {"b": True, "c": False, "d": None, "e": "yes", "f": "1"}},
        ),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: " + "9" * 5000, {"a": "9" * 5000}),
    ],
)
def test_values_follow_yaml_1_2(text: str, value: object) -> None:
    assert read_values(text, "f") == (value, [])


def test_oddities_come_with_their_line() -> None:
    value, remarks = read_values("a: 1\n<<: {b: 2}\n", "f")
    assert value == {"a": 1}
    assert [line for line, _ in remarks] == [2]


@pytest.mark.parametrize("text", ["a: [", "", "a: *b", "a: \x01"])
def test_what_is_no_yaml_is_a_diagnostic(text: str) -> None:
    with pytest.raises(ImportFailed) as caught:
        read_values(text, "f")
    assert caught.value.code == "import-syntax"
