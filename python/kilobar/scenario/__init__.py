"""Scenario text -> a checked plan, or diagnostics with file, line, column and a hint.

checked = load("shop.yaml", os.environ)
plan = checked.require()
"""

from kilobar.scenario.check import Checked, check_text, from_url, load
from kilobar.scenario.context import EngineChecks
from kilobar.scenario.overrides import Overrides

__all__ = ["Checked", "EngineChecks", "Overrides", "check_text", "from_url", "load"]
