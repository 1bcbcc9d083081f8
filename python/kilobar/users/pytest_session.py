"""pytest inside a worker: its configuration once, a session of its own for each user thread.

The objects of pytest are not made for threads: the value of a fixture lies on its definition, what is set up on the
session. Plugins and conftest modules however are modules. So they are loaded once, and each user thread collects anew.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kilobar.errors import InputError
from kilobar.users.pytest_shared import SharedFixtures

if TYPE_CHECKING:
    import pytest

SWITCHED_OFF = {
    "timeout": "pytest-timeout is off: it needs signals or a thread for each test; the time limit of a turn holds",
    "randomly": "pytest-randomly is off: it would give every iteration the same random numbers",
    "rerunfailures": "pytest-rerunfailures is off: a failed iteration counts as failed",
    "flaky": "flaky is off: a failed iteration counts as failed",
    "xdist": "pytest-xdist is off: the workers are Kilobar's",
    "_cov": "pytest-cov is off: it would measure itself",
    "pytest_cov": "pytest-cov is off: it would measure itself",
    "benchmark": "pytest-benchmark is off",
}
"""Plugins that cannot do in threads what they are for, or must not: by their names, with words for the user."""

QUIETLY_OFF = (
    "logging-plugin",
    "lfplugin",
    "nfplugin",
    "stepwiseplugin",
    "xdist.looponfail",
    "dsession",
    "terminalprogress",
    "terminalprogress-plugin",
)
"""Parts of pytest that report or choose, which is not theirs here."""

ONLY_ADD_TO_REPORTS = ("_hypothesis_pytestplugin",)
"""Plugins that look at reports only to write more into them."""

OPTIONS = ("--capture=no", "--color=no", "-p", "no:unraisableexception", "-p", "no:threadexception")

MAX_TRIMMED = 64
"""Finalizers on a list before those that have nothing left to do are taken off."""


class Pytest:
    """pytest of this process. Methods may be called by any thread."""

    def __init__(self, base: Path, file: str, nodes: tuple[str, ...]) -> None:
        """Loads plugins and the first conftest modules. Nodes are such as `TestShop::test_buy[a]`; without any, the
        whole file is meant. Raises InputError."""
        self._pytest = _import_pytest()
        self.targets = [str(base / file) + (f"::{node}" if node else "") for node in nodes or ("",)]
        self._lock = threading.Lock()
        self.shared = SharedFixtures()
        self._problems: list[pytest.CollectReport] = []
        self._directory = tempfile.mkdtemp(prefix="kilobar-pytest-")
        self.notes: list[str] = []
        self._local = threading.local()
        self._is_started = self._is_trimmed = False
        self._assertions: Generator[None, object, object] | None = None
        try:
            self._configure()
            self.first = self.open()
        except BaseException:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        self._explain_assertions()
        self.reports = self._has_foreign("pytest_runtest_makereport")
        """Whether somebody else's code wants to see reports, which cost time."""

    def open(self) -> pytest.Session:
        """A new session with its items collected. Raises InputError when there is none, or what the user's code
        cannot do."""
        from _pytest.fixtures import FixtureManager
        from _pytest.runner import SetupState

        with self._lock:
            session: pytest.Session = self._pytest.Session.from_config(self._config)
            session._setupstate = SetupState()
            session._fixturemanager = FixtureManager(session)
            self._problems.clear()
            try:
                if not self._is_started:
                    self._is_started = True
                    self._foreign_hook("pytest_sessionstart")(session=session)
                self._let_rewrite(session)
                session.perform_collect(list(self.targets))
            except self._pytest.UsageError as error:
                raise self._not_collected(str(error.args[0]) if error.args else str(error)) from None
            finally:
                self._forget(session, session._fixturemanager)
            if self._problems or not session.items:
                raise self._not_collected("there is no test in it, or pytest was told to leave it out (-k, -m)")
            self.shared.share(_definitions(session._fixturemanager))
            return session

    def close(self) -> list[BaseException]:
        """Tears down what was made once. Returns what went wrong on the way."""
        errors = self.shared.close()
        for end in (self._finish_session, self._config._ensure_unconfigure):
            try:
                end()
            except BaseException as error:
                errors.append(error)
        if self._assertions is not None:
            self._assertions.close()
        shutil.rmtree(self._directory, ignore_errors=True)
        return errors

    def take_subtest_failure(self) -> str | None:
        """The words of the first subtest that failed in this thread since the last time."""
        words: str | None = getattr(self._local, "subtest", None)
        if words is not None:
            self._local.subtest = None
        return words

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A hook of pytest."""
        if not report.passed:
            self._problems.append(report)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A hook of pytest: only subtests report here, because iterations do not."""
        if report.failed and getattr(self._local, "subtest", None) is None:
            crash = getattr(report.longrepr, "reprcrash", None)
            first = (crash.message if crash else report.longreprtext).strip().partition("\n")[0]
            name = getattr(getattr(report, "context", None), "msg", None)
            self._local.subtest = f"subtest {name}: {first}" if name else f"subtest: {first}"

    def _configure(self) -> None:
        from _pytest.config import _prepareconfig

        options = [*OPTIONS, f"--basetemp={self._directory}/tmp"]
        if importlib.util.find_spec("pytest_cov") is not None:
            options.append("--no-cov")
        try:
            self._config = _prepareconfig([*options, *self.targets], ["kilobar.users.pytest_fixtures", self])
            self._config._do_configure()
        except self._pytest.UsageError as error:
            raise self._not_collected("\n".join(map(str, error.args))) from None
        except Exception as error:
            raise self._not_collected(_words_of_conftest(error)) from error
        self._switch_off()
        if "anyio.pytest_plugin" in sys.modules:
            _give_threads_runners(sys.modules["anyio.pytest_plugin"])
        os.environ["PYTEST_CURRENT_TEST"] = f"{self.targets[0]} (call)"
        self._config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # once, before threads want it

    def _switch_off(self) -> None:
        plugins = self._config.pluginmanager
        for name in (*SWITCHED_OFF, *QUIETLY_OFF):
            if plugins.has_plugin(name):
                plugins.unregister(name=name)
                if name in SWITCHED_OFF:
                    self.notes.append(SWITCHED_OFF[name])
        for each in self._config.hook.pytest_runtest_protocol.get_hookimpls():
            if not _is_pytests(each.plugin):
                self.notes.append(
                    f"pytest_runtest_protocol of {each.plugin_name} is left out: an iteration is no test run"
                )
        if any(entry.split(":")[0] == "error" for entry in self._config.getini("filterwarnings")):
            self.notes.append("filterwarnings is left out: warnings do not fail an iteration")
        if plugins.has_plugin("terminalreporter"):
            plugins.unregister(name="terminalreporter")
        plugins.register(_Quiet(self._config), "terminalreporter")
        plugins.unregister(name="runner")
        plugins.register(_Runner(), "runner")

    def _finish_session(self) -> None:
        self._foreign_hook("pytest_sessionfinish")(session=self.first, exitstatus=0)

    def _foreign_hook(self, name: str) -> Any:
        plugins = self._config.pluginmanager
        ours = [plugin for plugin in plugins.get_plugins() if _is_pytests(plugin)]
        return plugins.subset_hook_caller(name, ours)

    def _has_foreign(self, name: str) -> bool:
        found = getattr(self._config.hook, name).get_hookimpls()
        return any(not _is_pytests(each.plugin, *ONLY_ADD_TO_REPORTS) for each in found)

    def _let_rewrite(self, session: pytest.Session) -> None:
        # Assertions are rewritten in files that are named, whatever `python_files` says of them.
        from _pytest.assertion.rewrite import assertstate_key

        state = self._config.stash.get(assertstate_key, None)
        if state is not None and state.hook is not None:
            state.hook.set_session(session)

    def _explain_assertions(self) -> None:
        # pytest sets the words of comparisons for one test at a time, and takes them back; threads would take them from
        # each other, so the first half of that hook is executed once.
        from _pytest import assertion

        self._assertions = assertion.pytest_runtest_protocol(self.first.items[0])
        next(self._assertions)

    def _forget(self, *collecting: Any) -> None:
        # Sessions register themselves, and pytest would tell all later ones about them.
        plugins = self._config.pluginmanager
        for plugin in collecting:
            if plugins.is_registered(plugin):
                plugins.unregister(plugin)
        history = plugins.hook.pytest_plugin_registered._call_history or []
        history[:] = [call for call in history if call[0].get("plugin") not in collecting]
        if not self._is_trimmed:
            # Most of the time of a collection goes into looking for fixtures in plugins that have none.
            self._is_trimmed = True
            history[:] = [call for call in history if _may_have_fixtures(call[0].get("plugin"))]

    def _not_collected(self, why: str) -> InputError:
        skipped = [report for report in self._problems if report.skipped]
        failed = [report for report in self._problems if report.failed]
        name = os.path.relpath(self.targets[0])
        if failed:
            return InputError(
                f"pytest cannot collect {name}:\n{str(failed[0].longrepr)[:4000]}",
                hint=f"python -m pytest --collect-only {name} has to work first",
            )
        if skipped:
            reason = skipped[0].longrepr
            return InputError(f"{name} is skipped: {reason[2] if isinstance(reason, tuple) else reason}")
        return InputError(f"pytest finds no {name}: {why}", hint=f"python -m pytest --collect-only {name}")


class _Runner:
    """pytest's plugin `runner` without what is the process's: the variable PYTEST_CURRENT_TEST and `sys.last_value`."""

    def __init__(self) -> None:
        from _pytest import runner

        self.pytest_runtest_makereport = runner.pytest_runtest_makereport
        self.pytest_make_collect_report = runner.pytest_make_collect_report
        import pytest

        # Behind those of conftest modules, as the original.
        for hook in (_Runner.pytest_runtest_setup, _Runner.pytest_runtest_call, _Runner.pytest_runtest_teardown):
            pytest.hookimpl(trylast=True)(hook)

    def pytest_runtest_setup(self, item: Any) -> None:
        """A hook of pytest."""
        item.session._setupstate.setup(item)

    def pytest_runtest_call(self, item: Any) -> None:
        """A hook of pytest."""
        item.runtest()

    def pytest_runtest_teardown(self, item: Any, nextitem: Any) -> None:
        """A hook of pytest."""
        item.session._setupstate.teardown_exact(nextitem)


class _Quiet:
    """Stands where the terminal reporter stood, for plugins that ask for it."""

    def __init__(self, config: pytest.Config) -> None:
        from io import StringIO

        from _pytest._io import TerminalWriter

        self._tw = TerminalWriter(StringIO())
        self.config = config
        self.stats: dict[str, list[Any]] = {}
        self.verbosity = 0
        self.isatty = False

    def write(self, *words: Any, **style: Any) -> None:
        """Says nothing."""

    write_line = write_sep = section = line = ensure_newline = rewrite = flush = write


def _import_pytest() -> Any:
    try:
        import pytest
    except ModuleNotFoundError:
        raise InputError("a test can be pressed only where pytest is installed", hint="pip install pytest") from None
    return pytest


def _words_of_conftest(error: Exception) -> str:
    cause = getattr(error, "cause", None)
    path = getattr(error, "path", None)
    return f"{path}: {type(cause).__name__}: {cause}" if cause is not None else f"{type(error).__name__}: {error}"


def _is_pytests(plugin: Any, *others: str) -> bool:
    name = getattr(plugin, "__name__", None) or type(plugin).__module__
    return str(name).partition(".")[0] in ("_pytest", "pytest", "kilobar", *others)


def _may_have_fixtures(plugin: Any) -> bool:
    try:
        from _pytest.fixtures import FixtureFunctionDefinition
    except ImportError:  # before pytest 8.4
        return True
    if str(getattr(plugin, "__file__", "")).endswith("conftest.py"):
        return True
    spaces = [vars(plugin)] if isinstance(plugin, ModuleType) else [vars(base) for base in type(plugin).__mro__]
    return any(isinstance(value, FixtureFunctionDefinition) for space in spaces for value in space.values())


def _definitions(fixtures: Any) -> dict[str, list[Any]]:
    if hasattr(fixtures, "_get_all_fixture_defs"):
        every = list(fixtures._get_all_fixture_defs())
    else:  # before pytest 9.1
        every = [definition for found in fixtures._arg2fixturedefs.values() for definition in found]
    definitions: dict[str, list[Any]] = {}
    for definition in every:
        definitions.setdefault(definition.argname, []).append(definition)
    return definitions


def _give_threads_runners(plugin: Any) -> None:
    """anyio keeps one test runner in a variable of its module; each thread needs its own event loop, so its own."""
    from contextlib import ExitStack, contextmanager

    local = threading.local()

    @contextmanager
    def get_runner(backend_name: str, backend_options: dict[str, Any]) -> Generator[Any, None, None]:
        if getattr(local, "leases", 0) == 0:
            backend = plugin.get_async_backend(backend_name)
            local.stack, local.leases = ExitStack(), 0
            with suppress(AttributeError):  # versions before 4.12 need no name of the library
                if plugin.current_async_library() is None:
                    token = plugin.set_current_async_library(backend_name)
                    local.stack.callback(plugin.reset_current_async_library, token)
            local.runner = local.stack.enter_context(backend.create_test_runner(backend_options or {}))
        local.leases += 1
        try:
            yield local.runner
        finally:
            local.leases -= 1
            if local.leases == 0:
                local.stack.close()
                del local.runner

    plugin.get_runner = get_runner
