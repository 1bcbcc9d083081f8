from __future__ import annotations

from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users.statuses import Ranges, ranges_of


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (200, ((200, 200),)),
        ("204", ((204, 204),)),
        ("2xx", ((200, 299),)),
        ("4XX", ((400, 499),)),
        ("200..299", ((200, 299),)),
        ("200-204", ((200, 204),)),
        ([200, "3xx"], ((200, 200), (300, 399))),
        ((404,), ((404, 404),)),
        ("any", ((100, 999),)),
    ],
)
def test_every_form_means_ranges(written: Any, meant: Ranges) -> None:
    assert ranges_of(written) == meant


@pytest.mark.parametrize("written", [0, 99, 1000, True, "", "2x", "ok", "299..200", "200..", [], [True], None, 2.5])
def test_what_is_no_status_is_refused_with_the_forms_there_are(written: Any) -> None:
    with pytest.raises(InputError, match="is no status code") as refused:
        ranges_of(written)
    assert '"2xx"' in str(refused.value.hint)
