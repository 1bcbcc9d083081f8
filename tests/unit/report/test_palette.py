import pytest

from kilobar.report import palette


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("ink", "muted") for ground in ("page", "surface")),
        *((verdict, "surface") for verdict in ("passed", "failed", "invalid")),
        *((verdict, f"{verdict}-soft") for verdict in ("passed", "failed", "invalid")),
    ],
)
def test_text_has_the_contrast_that_wcag_aa_asks_for(ink: str, ground: str, theme: int) -> None:
    assert contrast(palette.PALETTE[ink][theme], palette.PALETTE[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("role", ["achieved", "asked", "p50", "p90", "p99", "max", "service", "lost", "error-1"])
def test_lines_stand_out_from_their_ground(role: str, theme: int) -> None:
    assert contrast(palette.PALETTE[role][theme], palette.PALETTE["surface"][theme]) >= 3.0


def test_every_variable_has_its_colour_in_a_still_picture() -> None:
    spec = {"a": [palette.var("p50"), {"b": palette.var("ink")}], "n": 1}
    assert palette.resolved(spec, dark=False) == {"a": ["#1f9384", {"b": "#1b2430"}], "n": 1}
    assert palette.resolved(spec, dark=True)["a"][0] == "#4fd0bd"


def test_an_unknown_role_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        palette.var("pink")
