"""Tests of pytest on the real engine: pressed as they stand, with their fixtures."""

import pytest

from kilobar.target import TargetProcess

from .command import Finished, kilobar
from .listener import listening
from .user_code import UserCode, counts

pytest.importorskip("requests")

SHOP = """
import os, pytest, requests

URL = os.environ["SHOP_URL"]

@pytest.fixture(scope="session")
def shop():
    requests.get(URL + "/session/up")
    yield URL
    requests.get(URL + "/session/down")

@pytest.fixture
def basket(shop):
    requests.get(shop + "/basket/new")
    yield shop + "/basket"
    requests.get(shop + "/basket/drop")

def test_buy(basket):
    assert requests.get(basket).status_code == 200

def test_fail(basket):
    stock = 0
    assert stock > 0, "sold out"

@pytest.mark.parametrize("item", ["apple", "pear"])
def test_item(shop, item):
    requests.get(f"{shop}/item/{item}")

@pytest.mark.skip(reason="not today")
def test_skipped():
    pass
"""


def pressed(code: UserCode, node: str, url: str, *options: str) -> Finished:
    """A run of one test by two workers."""
    code.write(SHOP, "test_shop.py")
    summary = code.directory.parent / "summary.json"
    load = ("--rate", "40/s", "--for", "500ms", *options)
    argument = f"{code.directory / 'test_shop.py'}::{node}"
    return kilobar(
        "run", argument, *load, "--workers", "2", "--json", summary, env={**code.env, "SHOP_URL": url}
    )  # fmt: skip


def test_fixtures_of_functions_live_for_an_iteration_and_those_of_sessions_for_a_worker(code: UserCode) -> None:
    with listening() as server:
        done = pressed(code, "test_buy", server.url)
    done.must_end_with(0)
    assert done.ledger["ok"] == done.ledger["planned"] == 20
    paths = server.paths()
    for path in ("/basket/new", "/basket", "/basket/drop"):
        assert paths.count(path) == 20
    assert paths.count("/session/up") == paths.count("/session/down") == 2
    steps = counts(done, "http")
    assert steps == {"GET /session/up": 2, **dict.fromkeys(("GET /basket/new", "GET /basket", "GET /basket/drop"), 20)}


def test_a_failed_assertion_is_a_failed_iteration_with_its_message(code: UserCode) -> None:
    with listening() as server:
        done = pressed(code, "test_fail", server.url)
    assert done.exit_code in (1, 3)
    assert (done.ledger["started"], done.ledger["failed"]) == (20, 20)
    assert all("sold out" in sample["message"] for sample in done.summary["samples"])
    assert "test_shop.py" in done.summary["samples"][0]["message"]
    assert server.paths().count("/basket/drop") == 20, "fixtures end however the test does"


def test_one_set_of_parameters_is_pressed(code: UserCode) -> None:
    with listening() as server:
        done = pressed(code, "test_item[pear]", server.url)
    assert done.ledger["ok"] == len(server.paths("/item/pear")) == 20
    assert server.paths("/item/apple") == []


def test_without_instrumentation_an_iteration_is_one_step(target: TargetProcess, code: UserCode) -> None:
    done = pressed(code, "test_item[apple]", target.url, "--set", "instrument=off")
    assert done.ledger["ok"] == 20
    assert list(counts(done).values()) == [20]
    assert counts(done, "http") == {}


def test_a_test_that_is_not_there_is_refused_with_the_way_to_find_others(code: UserCode) -> None:
    done = pressed(code, "test_bye", "http://127.0.0.1:9")
    assert done.exit_code == 2
    assert "test_bye" in done.stderr
    assert "--collect-only" in done.stderr
