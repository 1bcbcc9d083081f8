from __future__ import annotations

import asyncio
import http.server
import importlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kilobar.users.instrument import instrument


class Counted:
    """Keeps what is counted."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []

    def __call__(self, name: str, kind: str, began_ns: int, ended_ns: int, **more: Any) -> None:
        assert began_ns <= ended_ns
        self.steps.append({"name": name, "kind": kind, "thread": threading.get_ident(), **more})

    @property
    def brief(self) -> list[tuple[Any, ...]]:
        return [(s["name"], s["error"], s["bytes_in"], s["bytes_out"]) for s in self.steps]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/drop":
            self.close_connection = True
            return
        moved = self.path == "/moved"
        body = b"" if moved else b"hello"
        self.send_response(302 if moved else 404 if self.path == "/missing" else 200)
        if moved:
            self.send_header("Location", "/items")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()
    thread.join()


@pytest.fixture
def counted() -> Iterator[Counted]:
    counted = Counted()
    undo = instrument(counted)
    yield counted
    undo()


def refusing() -> str:
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_calls_of_requests_are_steps_and_urllib3_below_is_not(server: str, counted: Counted) -> None:
    requests = pytest.importorskip("requests")
    with requests.Session() as session:
        assert session.get(f"{server}/items?page=1").text == "hello"
        assert session.post(f"{server}/orders", data=b"abc").status_code == 200
        assert session.get(f"{server}/missing").status_code == 404
        assert session.get(f"{server}/moved").text == "hello"
    assert counted.brief == [
        ("GET /items", None, 5, 0), ("POST /orders", None, 5, 3), ("GET /missing", "status", 5, 0),
        ("GET /moved", None, 5, 0),
    ]  # fmt: skip
    assert counted.steps[2]["message"] == "status 404"


def test_what_requests_raises_is_counted_and_raised(server: str, counted: Counted) -> None:
    requests = pytest.importorskip("requests")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{refusing()}/a")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server}/drop")
    assert counted.brief == [("GET /a", "refused", 0, 0), ("GET /drop", "eof", 0, 0)]


def test_a_stream_is_not_read_by_counting(server: str, counted: Counted) -> None:
    requests = pytest.importorskip("requests")
    with requests.get(f"{server}/items", stream=True) as response:
        assert response._content is False
        assert response.raw.read() == b"hello"
    assert counted.brief == [("GET /items", None, 5, 0)]


def test_calls_of_urllib3_itself_are_steps(server: str, counted: Counted) -> None:
    urllib3 = pytest.importorskip("urllib3")
    with urllib3.PoolManager() as pool:
        assert pool.request("GET", f"{server}/items?x=1").data == b"hello"
        with pytest.raises(urllib3.exceptions.MaxRetryError):
            pool.request("POST", f"{refusing()}/a", body=b"12", retries=0)
    assert counted.brief == [("GET /items", None, 5, 0), ("POST /a", "refused", 0, 2)]


def test_calls_of_httpx_are_steps(server: str, counted: Counted) -> None:
    httpx = pytest.importorskip("httpx")

    async def both() -> None:
        async with httpx.AsyncClient() as client:
            await asyncio.gather(client.get(f"{server}/async"), client.get(f"{server}/missing"))

    with httpx.Client(follow_redirects=True) as client:
        assert client.post(f"{server}/moved?x=1", content=b"abc").text == "hello"
        with pytest.raises(httpx.ConnectError):
            client.get(f"{refusing()}/a")
    assert counted.brief == [("POST /moved", None, 5, 3), ("GET /a", "refused", 0, 0)]
    counted.steps.clear()
    asyncio.run(both())
    assert sorted(counted.brief) == [("GET /async", None, 5, 0), ("GET /missing", "status", 5, 0)]


def test_a_call_is_counted_in_the_thread_that_made_it(server: str, counted: Counted) -> None:
    requests = pytest.importorskip("requests")
    thread = threading.Thread(target=lambda: requests.get(f"{server}/items"))
    thread.start()
    thread.join()
    assert [step["thread"] for step in counted.steps] == [thread.ident]


def test_a_count_that_raises_does_not_reach_user_code(server: str) -> None:
    requests = pytest.importorskip("requests")

    def broken(*arguments: Any, **more: Any) -> None:
        raise RuntimeError("no turn")

    undo = instrument(broken)
    try:
        assert requests.get(f"{server}/items").text == "hello"
    finally:
        undo()


def test_undoing_restores_the_functions_and_leaves_what_others_wrapped(server: str) -> None:
    requests = pytest.importorskip("requests")
    original, finders = requests.Session.send, list(sys.meta_path)
    counted = Counted()
    undo = instrument(counted)
    ours = requests.Session.send
    assert ours is not original
    assert ours.__name__ == "send"
    requests.Session.send = lambda *arguments, **more: ours(*arguments, **more)
    undo()
    undo()
    try:
        assert requests.Session.send is not original
        assert requests.get(f"{server}/items").text == "hello"
        assert counted.steps == []
    finally:
        requests.Session.send = original
    assert sys.meta_path == finders
    instrument(counted)()
    assert requests.Session.send is original


@pytest.fixture
def a_later_httpx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """A library of that name which nobody has imported yet."""
    (tmp_path / "httpx").mkdir()
    (tmp_path / "httpx" / "__init__.py").write_text("from httpx._client import Client\n")
    (tmp_path / "httpx" / "_client.py").write_text(
        "class Client:\n    def send(self, request):\n        return request.response\n"
    )
    for name in [name for name in sys.modules if name.partition(".")[0] == "httpx"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda: importlib.import_module("httpx")
    for name in ("httpx", "httpx._client"):
        sys.modules.pop(name, None)


class _Request:
    method = "GET"
    url = "http://target/items?x"
    headers: dict[str, str] = {"content-length": "3"}  # noqa: RUF012

    class response:  # noqa: N801
        status_code = 200
        headers: dict[str, str] = {"content-length": "nonsense"}  # noqa: RUF012
        is_stream_consumed = False


def test_a_library_that_is_imported_later_is_wrapped_then(counted: Counted, a_later_httpx: Callable[[], Any]) -> None:
    httpx = a_later_httpx()
    assert httpx.Client().send(_Request()) is _Request.response
    assert counted.brief == [("GET /items", None, 0, 3)]
    module = sys.modules["httpx._client"]
    assert module.__spec__ is not None
    assert module.__loader__ is module.__spec__.loader
    assert type(module.__loader__).__module__ != "kilobar.users.instrument"


def test_a_library_that_looks_otherwise_is_left_alone(tmp_path: Path, counted: Counted, a_later_httpx: Any) -> None:
    (tmp_path / "httpx" / "_client.py").write_text("Client = 7\n")
    assert a_later_httpx().Client == 7


def test_a_library_that_cannot_be_imported_fails_as_without_us(
    tmp_path: Path, counted: Counted, a_later_httpx: Any
) -> None:
    (tmp_path / "httpx" / "_client.py").write_text("import nothing_of_that_name\n")
    with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
        a_later_httpx()
