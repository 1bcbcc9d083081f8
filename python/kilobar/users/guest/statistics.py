"""Locust's own statistics, for locustfiles that read them: genuine, but bounded however long the run is."""

from __future__ import annotations

import time
from typing import Any

from locust.stats import RequestStats, StatsEntry

ENTRY_LIMIT = 500
"""Names with statistics of their own; the others share one."""
_ERROR_LIMIT = 500
_SECONDS_KEPT = 600
_OTHER = "(other)"


class BoundedStats(RequestStats):
    """What `environment.stats` is: past the limit of names all others are one, old seconds are forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self._next_forget_s = 0.0

    def log_request(self, method: str, name: str, response_time: Any, content_length: Any) -> None:
        """As in Locust."""
        super().log_request(*self._key(method, name), response_time, content_length or 0)
        if (now_s := time.monotonic()) >= self._next_forget_s:
            self._next_forget_s = now_s + 60
            self._forget()

    def log_error(self, method: str, name: str, error: Any) -> None:
        """As in Locust; kinds of errors past the limit are counted, but not kept."""
        if len(self.errors) < _ERROR_LIMIT:
            super().log_error(*self._key(method, name), error)
        else:
            self.total.log_error(error)
            self.get(*reversed(self._key(method, name))).log_error(error)

    def _key(self, method: str, name: str) -> tuple[str, str]:
        if (name, method) in self.entries or len(self.entries) < ENTRY_LIMIT:
            return method, name
        return "", _OTHER

    def _forget(self) -> None:
        oldest_s = int(time.time()) - _SECONDS_KEPT
        for entry in (self.total, *self.entries.values()):
            _forget_before(entry, oldest_s)


def _forget_before(entry: StatsEntry, oldest_s: int) -> None:
    for per_second in (entry.num_reqs_per_sec, entry.num_fail_per_sec):
        for second in [each for each in per_second if each < oldest_s]:
            del per_second[second]
