"""Whatever the text, the answer is a plan or diagnostics, never an exception."""

from __future__ import annotations

import random

from hypothesis import example, given
from hypothesis import strategies as st

from kilobar.scenario import Checked, check_text

from .checking import ENGINE, EXAMPLES

VALID = [path.read_bytes() for path in EXAMPLES]
FRAGMENTS = [
    b"${", b"}", b"$${", b"${env.X}", b"${random.int(1,2)}", b"&a", b"*a", b"!!x", b": ", b"- ", b"\n", b"\t", b"'",
    b'"', b"{", b"[", b"]", b"|", b">", b"#", b"null", b"-1", b"9" * 40, b".nan", b"0x", b"http://", b"http://[::",
    b"@", b"?", b"\xff", b"\x00", b"\xef\xbb\xbf", b"for: ", b"to", b"..", b"%", b"p99 <", b"(", b")", b"---\n",
    b"<<: *a\n", b"1e999", "é".encode(), "\u2028".encode(), b"\r", b"\\ud800", b"\\0",
]  # fmt: skip


def assert_checked(data: bytes) -> None:
    checked = check_text(data, "s.yaml", {"X": "a b"}, None, ENGINE)
    assert isinstance(checked, Checked)
    errors = [diagnostic for diagnostic in checked.diagnostics if diagnostic.severity == "error"]
    assert (checked.plan is None) == bool(errors)
    for diagnostic in checked.diagnostics:
        assert str(diagnostic).isprintable() or "\n" in str(diagnostic)
        assert diagnostic.place is None or (diagnostic.place.line >= 1 and diagnostic.place.column >= 1)
    if checked.plan is not None:
        checked.plan.to_json().encode()


@given(st.binary(max_size=300))
@example(b"steps: [{get: '/\\ud800'}]")
@example(b'steps: [{get: "/\\ud800"}]')
def test_any_bytes(data: bytes) -> None:
    assert_checked(data)


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    assert_checked(text.encode("utf-8", "surrogatepass"))


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_mutated_examples(seed: int, mutations: int) -> None:
    dice = random.Random(seed)
    data = dice.choice(VALID)
    for _ in range(mutations):
        start = dice.randrange(len(data) + 1)
        end = min(len(data), start + dice.choice((0, 0, 1, 3, 10)))
        data = data[:start] + dice.choice(FRAGMENTS) + data[end:]
    assert_checked(data)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["${x}", "1s", "5/s"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["get", "post", "json", "name", "save", "check", "status", "think", "rate", "users", "for", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(
    ["name", "target", "variables", "flows", "steps", "load", "thresholds", "headers", "tls", "limits", "allow", "seed"]
), VALUES))  # fmt: skip
def test_any_shape(document: dict[str, object]) -> None:
    import json

    # JSON is YAML; what is not finite is written as Python does, which YAML takes for text.
    assert_checked(json.dumps(document).encode())
