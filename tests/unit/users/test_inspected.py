"""The document of an inspection in its typed form."""

from typing import Any

import pytest

from kilobar.model.plan import Stage
from kilobar.users.inspected import Inspected, InspectedClass


def test_only_source_and_classes_must_be_there() -> None:
    document = {"source": {"kind": "pytest"}, "classes": [{"name": "test_buy", "way": "threads"}]}
    assert Inspected.from_dict(document) == Inspected({"kind": "pytest"}, (InspectedClass("test_buy", "threads"),))


def test_everything_that_is_said_is_kept() -> None:
    document = {
        "source": {"kind": "locust"},
        "classes": [
            {"name": "A", "way": "guest", "weight": 3, "fixed_count": 2, "rate": 5, "thresholds": ["p99 < 1s"]}
        ],
        "host": "http://127.0.0.1:1",
        "load": [{"kind": "users", "from": 0, "to": 9, "duration_ns": 7}],
        "notes": ["no web page"],
        "first": [0, 0],
        "cycle": [0],
    }
    inspected = Inspected.from_dict(document)
    assert inspected.classes[0] == InspectedClass("A", "guest", 3.0, 2, rate="5", thresholds=("p99 < 1s",))
    assert inspected.load == (Stage("users", 0, 9, 7),)
    assert (inspected.host, inspected.notes) == ("http://127.0.0.1:1", ("no web page",))
    assert (inspected.first, inspected.cycle) == ((0, 0), (0,))


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": []},
        {"classes": [{"name": "A"}]},
        {"classes": [{"name": "A", "way": "fibers"}]},
        {"classes": [{"name": "A", "way": "async"}] * 1001},
        {"classes": None},
        {"source": None},
        {"load": [{"kind": "users"}]},
        {"cycle": [1]},
        {"cycle": ["x"]},
    ],
)
def test_a_document_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"inspection|classes|invalid"):
        Inspected.from_dict({"source": {}, "classes": [{"name": "A", "way": "async"}], **changes})
