import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from kilobar.errors import OutputError
from kilobar.report.json import json_text, write_json

from .summaries import ALL, failed, passed

GOLDEN = Path(__file__).parents[2] / "golden" / "reports" / "passed.json"


def test_the_document_is_the_one_that_other_tools_rely_on() -> None:
    """Run with KILOBAR_BLESS=1 to accept a change of the contract."""
    text = json_text(replace(passed(), timeline=passed().timeline[:1]))
    if os.environ.get("KILOBAR_BLESS"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ALL)
def test_every_run_is_valid_json_with_a_newline_at_its_end(name: str) -> None:
    text = json_text(ALL[name]())
    assert text.endswith("}\n")
    document = json.loads(text)
    assert list(document)[:5] == ["kilobar", "run", "verdict", "ledger", "load"]
    assert document["verdict"]["words"][0].startswith(document["verdict"]["outcome"].upper())


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text(replace(passed(), achieved_rate_per_s=float("nan")))


def test_bytes_that_are_no_text_survive_the_way_to_disk(tmp_path: Path) -> None:
    response = b"\xff\x00ok".decode("utf-8", "surrogateescape")
    summary = replace(failed(), samples=(replace(failed().samples[0], response=response),))
    write_json(summary, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_bytes())["samples"][0]["response"] == response


def test_a_report_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no/out\.json"):
        write_json(passed(), tmp_path / "no" / "out.json")
