"""The engine's side of a guest process: gives orders, collects words."""

import http.client
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kilobar.users.guest.inspect import inspect

_PROCESS = Path(__file__).with_name("guest_process.py")
_PATIENCE_S = 30.0


class Engine:
    """A running guest process; a context manager. `words` is all that it has said."""

    def __init__(self, code: dict[str, Any], **environment: str) -> None:
        self.words: list[list[Any]] = []
        orders_read, self._orders = os.pipe()
        self._said, words_write = os.pipe()
        path = os.pathsep.join([str(Path(__file__).parents[4] / "python"), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, str(_PROCESS), json.dumps(code), str(orders_read), str(words_write)],
            pass_fds=(orders_read, words_write),
            env={**os.environ, "PYTHONPATH": path, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        os.close(orders_read)
        os.close(words_write)
        self._rest = b""

    @classmethod
    def of(cls, path: Path, options: dict[str, Any] | None = None, **code: Any) -> "Engine":
        """Of a locustfile, as the command line would prepare it."""
        found = inspect(str(path), options or {})
        return cls({"source": found["source"] | code.pop("source", {}), "classes": found["classes"], **code})

    def order(self, *order: Any) -> None:
        os.write(self._orders, json.dumps(order).encode() + b"\n")

    def arrive(self, count: int, class_index: int = 0, first: int = 0) -> None:
        for number in range(first, first + count):
            self.order("arrive", number, class_index)

    def said(self, kind: str) -> list[list[Any]]:
        """What follows the kind, of all words of that kind so far."""
        return [word[1:] for word in self.words if word[0] == kind]

    def wait(self, enough: Callable[[], Any]) -> None:
        """Reads words until there are enough of them."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while not enough():
            assert time.monotonic() < deadline_s, f"too few words: {self.words[-20:]}"
            if not self._read():
                assert enough(), f"the process has ended: {self.words[-20:]}\n{self.process.communicate()[1].decode()}"

    def wait_for(self, kind: str, count: int = 1) -> list[list[Any]]:
        self.wait(lambda: len(self.said(kind)) >= count)
        return self.said(kind)

    def answer(self, enough: Callable[[], Any]) -> None:
        """Answers requests of guests until there are enough words."""
        answered = 0

        def is_enough() -> Any:
            nonlocal answered
            for request in self.said("request")[answered:]:
                answered += 1
                self.order(*exchanged(request))
            return enough()

        self.wait(is_enough)

    def close(self) -> None:
        """Ends the run; what was said until `closed` is in `words`."""
        self.order("close")
        self.wait_for("closed")

    def _read(self) -> bool:
        ready, _, _ = select.select([self._said], [], [], 1.0)
        if not ready:
            return True
        chunk = os.read(self._said, 65_536)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self.words += [json.loads(line) for line in lines]
        return bool(chunk)

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self._orders)
        os.close(self._said)


def exchanged(request: list[Any]) -> list[Any]:
    """The order `response` for a request of a guest, sent as the engine would, without following redirects."""
    number, _user, method, url, headers, body, timeout_ns, _redirects = request
    target = urlsplit(url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=timeout_ns / 1e9)
    try:
        path = f"{target.path or '/'}?{target.query}" if target.query else target.path or "/"
        connection.request(method, path, body and body.encode("latin-1"), dict(headers))
        response = connection.getresponse()
        lines = [
            f"HTTP/1.1 {response.status} {response.reason}",
            *(f"{name}: {value}" for name, value in response.getheaders()),
        ]
        content = response.read().decode("latin-1")
        return ["response", number, response.status, "\r\n".join(lines), content, 7_000_000, None, None, url]
    except ConnectionRefusedError:
        return ["response", number, 0, "", "", 1_000_000, "refused", "nothing listens there", url]
    finally:
        connection.close()
