"""What a locustfile does that Kilobar does in another way, or not at all: said before the run. Pure.

The source text is read, so a note says what the file may do; it is not certain that it does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

_ATTRIBUTES = {
    "web_ui": "web pages and routes of Locust do not exist: environment.web_ui is None",
    "register_message": "messages reach the listeners of the same worker; every worker plays master and worker at once",
    "send_message": "messages reach the listeners of the same worker; every worker plays master and worker at once",
    "spawn_users": "runner.spawn_users() has no effect: Kilobar holds the load that was asked for",
    "start_shape": "runner.start_shape() has no effect: Kilobar follows the shape itself",
    "process_exit_code": "environment.process_exit_code does not decide the exit code: thresholds do (--threshold)",
    "create_web_ui": "web pages and routes of Locust do not exist: environment.web_ui is None",
    "worker_report": "the events report_to_master and worker_report are not fired: results are merged by Kilobar",
    "report_to_master": "the events report_to_master and worker_report are not fired: results are merged by Kilobar",
    "heartbeat_sent": "heartbeats and worker connections are Kilobar's: their events are not fired",
    "heartbeat_received": "heartbeats and worker connections are Kilobar's: their events are not fired",
    "worker_connect": "heartbeats and worker connections are Kilobar's: their events are not fired",
    "stats": "environment.stats is that of one worker; the report is Kilobar's own",
}
_NAMES = {
    "MasterRunner": "runners are LocalRunner in every worker, never MasterRunner or WorkerRunner",
    "WorkerRunner": "runners are LocalRunner in every worker, never MasterRunner or WorkerRunner",
    "stats_printer": "Locust prints no statistics: the live view and the report are Kilobar's",
    "print_stats": "Locust prints no statistics: the live view and the report are Kilobar's",
    "StatsCSVFileWriter": "Locust writes no statistics files: --json, --html and --junit of Kilobar do",
}
_CALLS = {
    "print": "what users print is not shown: it goes where they log, with -- --logfile FILE",
    "logging.info": "what users log is not shown: -- --logfile FILE keeps it",
    "logger.info": "what users log is not shown: -- --logfile FILE keeps it",
}
_WRITES = "files that it writes by a relative path are in the workers' copy of its directory: use an absolute one"
_OPTIONS = {
    "csv_prefix": "--csv",
    "html_file": "--html",
    "json": "--json",
    "json_file": "--json-file",
    "print_stats": "--print-stats",
    "only_summary": "--only-summary",
    "stats_history_enabled": "--csv-full-history",
    "reset_stats": "--reset-stats",
    "otel": "--otel",
    "class_picker": "--class-picker",
    "show_task_ratio": "--show-task-ratio",
    "enable_rebalancing": "--enable-rebalancing",
    "list_commands": "--list",
}


def of_source(text: str, path: str) -> Iterator[str]:
    """Notes for a source file, each with the line that gave rise to it; one for each matter."""
    said = set()
    for node in ast.walk(ast.parse(text)):
        note = None
        if isinstance(node, ast.Attribute):
            note = _ATTRIBUTES.get(node.attr)
            if node.attr == "start" and isinstance(node.value, ast.Attribute) and node.value.attr == "runner":
                note = "runner.start() has no effect: Kilobar holds the load that was asked for"
        elif isinstance(node, ast.Name):
            note = _NAMES.get(node.id)
        elif isinstance(node, ast.Call):
            note = _WRITES if _opens_to_write(node) else _CALLS.get(ast.unparse(node.func))
        if note is not None and note not in said:
            said.add(note)
            yield f"{note} ({path}:{node.lineno})"  # type: ignore[attr-defined]


def _opens_to_write(call: ast.Call) -> bool:
    """`open("results.csv", "w")`, and the like of any mode that writes, where the path is seen to be relative."""
    if not isinstance(call.func, ast.Name) or call.func.id != "open" or not call.args:
        return False
    path = call.args[0]
    is_relative = isinstance(path, ast.Constant) and not str(path.value).startswith("/")
    modes = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    return is_relative and any(isinstance(mode, ast.Constant) and set("wax") & set(str(mode.value)) for mode in modes)


def of_options(parsed: Mapping[str, Any]) -> Iterator[str]:
    """Notes for options of Locust's own that do nothing here."""
    for name, option in _OPTIONS.items():
        if parsed.get(name):
            yield f"Locust's option {option} has no effect: Kilobar reports itself"
