from __future__ import annotations

import re

from kilobar.scenario.language import records
from kilobar.scenario.reference import errors_page, scenario_page

from .checking import ROOT, check, codes, compare_or_bless


def test_the_reference_page_is_up_to_date() -> None:
    compare_or_bless(ROOT / "docs/reference/scenario.md", scenario_page())


def test_the_error_page_is_up_to_date() -> None:
    compare_or_bless(ROOT / "docs/reference/errors.md", errors_page())


def test_every_link_in_the_reference_leads_to_a_section() -> None:
    page = scenario_page()
    anchors = {name.lower().replace(" ", "-") for name in re.findall(r"^## (.+)$", page, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors
    assert len(anchors) >= len(records())


def test_the_scenario_in_the_reference_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", scenario_page(), re.DOTALL)
    assert codes(check(text)) == []
