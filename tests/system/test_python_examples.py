"""Every example of Python users is pressed as it stands, against a real server whose own count is the ledger's."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import Finished, kilobar
from .servers.postgres_server import postgres_server
from .servers.process import Script, script
from .servers.redis_server import RedisServer, redis_server

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"
CLOSED = ("--users", "4", "--for", "1s")
OPEN = ("--rate", "50/s", "--for", "1s")


def pressed(json_file: Path, example: str, *load: str, env: dict[str, str] | None = None) -> Finished:
    """A run of an example by two workers, in which nothing has failed."""
    done = kilobar("run", EXAMPLES / f"{example}.py", *load, "--workers", "2", "--json", json_file, env=env)
    done.must_end_with(0)
    assert done.errors == {}, done.summary["samples"]
    assert done.ledger["ok"] == done.ledger["planned"] > 0
    return done


def counts(done: Finished) -> dict[str, int]:
    """Steps by the names of their series."""
    return {series["name"]: series["count"] for series in done.summary["series"]}


@pytest.fixture
def thrift_server() -> Iterator[Script]:
    pytest.importorskip("thriftpy2")
    with script("thrift_server.py", EXAMPLES / "dictionary.thrift") as server:
        yield server


@pytest.fixture
def grpc_server() -> Iterator[Script]:
    pytest.importorskip("grpc_tools")
    with script("grpc_server.py", EXAMPLES) as server:
        yield server


@pytest.fixture
def echo_server() -> Iterator[Script]:
    with script("echo_server.py") as server:
        yield server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    pytest.importorskip("redis")
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("psycopg")
    with postgres_server(tmp_path / "postgres.log") as address:
        yield address


def test_http_with_rows_of_a_file(target: TargetProcess, json_file: Path) -> None:
    done = pressed(json_file, "http_press", *OPEN, env={"TARGET_URL": target.url})
    assert done.ledger["ok"] == 50
    assert counts(done) == {"POST /login": 50, "GET /items": 50}
    assert {series["kind"] for series in done.summary["series"]} == {"http"}
    assert target.stats()["by_path"] == {"POST /login": 50, "GET /items": 50}


def test_http_by_coroutines_with_weights_and_think_times(target: TargetProcess, json_file: Path) -> None:
    done = pressed(json_file, "http_user", *CLOSED, env={"TARGET_URL": target.url})
    steps = counts(done)
    seen = target.stats()["by_path"]
    assert steps["POST /login"] == seen["POST /login"] == 4, "each user logs in once"
    assert steps["GET /items"] == steps["GET /items/{id}"] == seen["GET /items"] > 0
    assert steps["GET /items"] + steps.get("POST /orders", 0) == done.ledger["ok"]
    assert done.summary["total"]["count"] == target.stats()["requests"]


def test_http_with_one_tag_alone(target: TargetProcess, json_file: Path) -> None:
    env = {"TARGET_URL": target.url}
    done = pressed(json_file, "http_user", *CLOSED, "--tags", "buying", env=env)
    assert counts(done) == {"POST /login": 4, "POST /orders": done.ledger["ok"]}


def test_thrift(thrift_server: Script, json_file: Path) -> None:
    env = {"THRIFT_ADDRESS": f"127.0.0.1:{thrift_server.port}"}
    done = pressed(json_file, "thrift_press", *OPEN, env=env)
    assert counts(done)["Lookup"] == done.ledger["ok"] == thrift_server.calls == 50


def test_grpc_by_coroutines(grpc_server: Script, json_file: Path) -> None:
    env = {"GRPC_ADDRESS": f"127.0.0.1:{grpc_server.port}"}
    done = pressed(json_file, "grpc_user", *CLOSED, env=env)
    steps = counts(done)
    assert steps["Lookup"] + steps["Similar"] == done.ledger["ok"] == grpc_server.calls
    assert grpc_server.connections == 4, "one for each user"
    assert done.series("Similar")["kind"] == "measure"


def test_redis(redis: RedisServer, json_file: Path) -> None:
    done = pressed(json_file, "redis_press", *CLOSED, env={"REDIS_URL": redis.url})
    steps = counts(done)
    for command in ("HSET", "EXPIRE", "HGET"):
        assert steps[command] == redis.calls(command) == done.ledger["ok"]


def test_postgresql_gets_every_row_of_the_file_exactly_once(postgres: str, json_file: Path) -> None:
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as database:
        database.execute("CREATE TABLE orders (id bigserial PRIMARY KEY, number int, item text, quantity int)")
        done = pressed(json_file, "postgres_press", "--users", "4", "--for", "50s", env={"POSTGRES_URL": postgres})
        stored = database.execute("SELECT number, item, quantity FROM orders ORDER BY number").fetchall()
    with (EXAMPLES / "orders.csv").open() as file:
        orders = [(int(row["number"]), row["item"], int(row["quantity"])) for row in csv.DictReader(file)]
    assert stored == orders
    assert counts(done)["order"] == counts(done)["read it"] == done.ledger["ok"] == len(orders)
    assert done.summary["run"]["duration_s"] < 50, "the load ends with the rows"


def test_a_raw_socket(echo_server: Script, json_file: Path) -> None:
    done = pressed(json_file, "raw_socket", *OPEN, env={"ECHO_ADDRESS": f"127.0.0.1:{echo_server.port}"})
    assert counts(done)["echo"] == done.ledger["ok"] == echo_server.calls == 50
    assert counts(done)["connect"] == echo_server.connections
    echo = done.series("echo")
    assert echo["bytes_in"] == echo["bytes_out"] > 50 * len("0000 \n")


def test_a_connection_that_the_server_closes_fails_one_iteration_and_is_opened_again(json_file: Path) -> None:
    with script("echo_server.py", "10") as server:
        env = {"ECHO_ADDRESS": f"127.0.0.1:{server.port}"}
        done = kilobar("run", EXAMPLES / "raw_socket.py", *CLOSED, "--json", json_file, env=env)
        assert done.ledger["failed"] > 4
        assert done.ledger["ok"] == server.calls >= 10 * done.ledger["failed"]
        assert counts(done)["connect"] == 4 + done.ledger["failed"]
    assert done.errors == {"script": done.ledger["failed"]}
    message = "ConnectionError: the server has closed the connection (examples/python/raw_socket.py:"
    assert done.summary["samples"][0]["message"].startswith(message)


def test_encryption_on_the_side_of_the_client_uses_several_processes_and_its_lag_is_shown(
    target: TargetProcess, json_file: Path
) -> None:
    done = pressed(json_file, "crypto", *OPEN, env={"TARGET_URL": target.url})
    assert counts(done) == {"encrypt": 50, "POST /echo": 50, "verify": 50}
    assert target.stats()["requests"] == 50
    assert done.summary["run"]["workers"] == 2
    assert done.summary["load"]["start_lag_ms"]["p99"] > 0
    assert "start lag" in done.stdout.lower()


def test_user_code_that_is_too_slow_for_the_rate_makes_the_run_invalid(target: TargetProcess, json_file: Path) -> None:
    load = ("--rate", "10000/s", "--for", "500ms", "--grace", "500ms", "--workers", "1")
    done = kilobar("run", EXAMPLES / "crypto.py", *load, "--json", json_file, env={"TARGET_URL": target.url})
    assert done.exit_code == 3
    assert "the generator could not keep up: start lag" in done.reasons
    assert done.ledger["planned"] == 5000


def test_every_example_says_how_to_run_it_and_is_accepted_as_it_stands() -> None:
    for example in sorted(EXAMPLES.glob("*.py")):
        text = example.read_text(encoding="utf-8")
        assert f"kilobar run examples/python/{example.name}" in text.split('"""')[1]
        checked = kilobar("check", example)
        assert checked.exit_code == 0, checked.stderr
        assert checked.stderr == "", "an example gives no warning"
