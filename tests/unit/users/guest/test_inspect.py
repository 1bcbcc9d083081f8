from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kilobar.errors import InputError
from kilobar.users.guest.inspect import inspect

S = 1_000_000_000
Write = Callable[..., Path]
SIMPLE = """
from locust import HttpUser, task
class Buyer(HttpUser):
    host = "http://127.0.0.1:9"
    @task
    def buy(self):
        self.client.get("/")
"""


def found(path: Path, **options: Any) -> dict[str, Any]:
    return inspect(str(path), options)


def test_the_classes_of_a_file_are_described(write: Write) -> None:
    path = write("""
        from locust import User, HttpUser, task
        class Base(HttpUser):
            abstract = True
            host = "http://127.0.0.1:9"
        class Buyer(Base):
            weight = 3
        class Admin(Base):
            fixed_count = 2
        class Nobody(User):
            weight = 0
        """)
    classes = found(path)["classes"]
    assert [(each["name"], each["weight"], each["fixed_count"]) for each in classes] == [
        ("Buyer", 3, 0),
        ("Admin", 1, 2),
    ]
    assert all(each["way"] == "guest" for each in classes)
    assert [each["name"] for each in found(path, classes=["Admin"])["classes"]] == ["Admin"]
    assert found(path)["first"] == [1, 1]
    assert found(path)["cycle"] == [0]


def test_the_source_is_enough_for_a_worker(write: Write) -> None:
    path = write(SIMPLE)
    source = found(path, fast_http=True, arguments=["--tags", "a"])["source"]
    assert source["kind"] == "locust"
    assert source["file"] == str(path)
    assert source["options"]["fast_http"] is True
    assert source["options"]["parsed"]["tags"] == ["a"]


def test_without_users_or_shape_the_load_is_left_to_others(write: Write) -> None:
    assert found(write(SIMPLE))["load"] is None


def test_users_spawn_rate_and_run_time_make_the_load(write: Write) -> None:
    answer = found(write(SIMPLE), users=20, spawn_rate=2, run_time="1m")
    assert answer["load"] == [
        {"kind": "users", "from": 0, "to": 20, "duration_ns": 10 * S},
        {"kind": "users", "from": 20, "to": 20, "duration_ns": 50 * S},
    ]
    assert answer["source"]["ramps"] == [[10.0, 20]]


def test_arguments_say_the_load_as_on_the_command_line_of_locust(write: Write) -> None:
    answer = found(write(SIMPLE), arguments=["-u", "5", "-r", "5", "-t", "2m"])
    assert answer["load"] == [{"kind": "users", "from": 5, "to": 5, "duration_ns": 120 * S}]


def test_a_load_without_a_run_time_is_noted(write: Write) -> None:
    assert any("no run time" in note for note in found(write(SIMPLE), users=1)["notes"])


def test_users_of_kilobar_come_at_once_and_not_for_ever(write: Write) -> None:
    answer = found(write(SIMPLE), users=20)
    assert answer["load"] == [{"kind": "users", "from": 20, "to": 20, "duration_ns": 10 * S}]
    answer = found(write(SIMPLE), arguments=["-u", "20"])
    assert [stage["duration_ns"] for stage in answer["load"]] == [20 * S, (24 * 3600 - 20) * S]


def test_a_length_alone_is_of_one_user(write: Write) -> None:
    assert found(write(SIMPLE), run_time=5)["load"] == [{"kind": "users", "from": 1, "to": 1, "duration_ns": 5 * S}]


def test_users_of_kilobar_replace_a_shape(write: Write) -> None:
    answer = found(write(SHAPED), users=3, run_time=5)
    assert answer["load"] == [{"kind": "users", "from": 3, "to": 3, "duration_ns": 5 * S}]
    assert "Steps is not followed: --users replaces it" in answer["notes"]
    assert found(write(SHAPED), run_time=5)["load"] == [{"kind": "users", "from": 10, "to": 10, "duration_ns": 5 * S}]


def test_users_have_a_little_time_to_end_what_they_do(write: Write) -> None:
    assert found(write(SIMPLE))["classes"][0]["grace"] == "2s"
    assert found(write(SIMPLE), arguments=["--stop-timeout", "9"])["classes"][0]["grace"] == "9s"


@pytest.mark.parametrize(
    ("host", "of_plan"),
    [
        ("http://ann:secret@127.0.0.1:9/shop", "http://127.0.0.1:9/shop"),
        ("ws://127.0.0.1:9", None),
        ("localhost:50051", None),
    ],
)
def test_a_plan_knows_of_hosts_that_are_http_and_without_credentials(
    write: Write, host: str, of_plan: str | None
) -> None:
    text = SIMPLE.replace("http://127.0.0.1:9", host)
    if of_plan is None:
        text = text.replace("HttpUser", "User")
    assert found(write(text))["host"] == of_plan


def test_a_host_that_is_no_url_is_told_before_the_run(write: Write) -> None:
    with pytest.raises(InputError, match=r"the host of Buyer, '127\.0\.0\.1:9', is no URL"):
        found(write(SIMPLE), host="127.0.0.1:9")


def test_a_listener_may_set_the_host(write: Write) -> None:
    text = SIMPLE.replace('host = "http://127.0.0.1:9"', "") + (
        "from locust import events\n@events.init.add_listener\n"
        'def choose(environment, **rest): environment.host = "http://127.0.0.1:7"\n'
    )
    assert found(write(text))["host"] == "http://127.0.0.1:7"
    assert found(write(text.replace("events.init", "events.test_start")))["host"] is None


@pytest.mark.parametrize(
    "start",
    ["import locust.env\nlocust.env.Environment(user_classes=[Buyer]).create_local_runner()", "run_single_user(Buyer)"],
)
def test_a_file_that_starts_locust_itself_is_refused(write: Write, start: str) -> None:
    path = write("from locust import run_single_user\n" + SIMPLE + start + "\n")
    with pytest.raises(InputError, match=r"starts Locust itself when it is imported \(.*locustfile.py:\d+\)"):
        found(path)


def test_fixed_counts_alone_limit_the_users(write: Write) -> None:
    answer = found(write(SIMPLE + "    fixed_count = 2\n"), users=10, spawn_rate=10, run_time=60)
    assert answer["load"][0]["to"] == 2
    assert "there are 2 users, not 10" in answer["notes"][0]


def test_a_host_that_was_given_wins_over_that_of_the_class(write: Write) -> None:
    assert found(write(SIMPLE))["host"] == "http://127.0.0.1:9"
    assert found(write(SIMPLE), host="http://127.0.0.1:10")["host"] == "http://127.0.0.1:10"


def test_a_missing_host_is_told_before_the_run(write: Write) -> None:
    with pytest.raises(InputError, match="Buyer has no host"):
        found(write(SIMPLE.replace('host = "http://127.0.0.1:9"', "")))


SHAPED = (
    SIMPLE
    + """
from locust import LoadTestShape
class Steps(LoadTestShape):
    def tick(self):
        run_time = self.get_run_time()
        return (10, 100) if run_time < 30 else (20, 5) if run_time < 60 else None
"""
)


def test_a_shape_makes_the_load(write: Write) -> None:
    answer = found(write(SHAPED))
    assert answer["load"] == [
        {"kind": "users", "from": 10, "to": 10, "duration_ns": 30 * S},
        {"kind": "users", "from": 10, "to": 20, "duration_ns": 2 * S},
        {"kind": "users", "from": 20, "to": 20, "duration_ns": 28 * S},
    ]
    assert answer["source"]["ramps"] == [[0, 10], [32.0, 20]]
    assert answer["source"]["duration_s"] == 60


def test_a_shape_may_use_the_common_options(write: Write) -> None:
    path = write(
        SIMPLE
        + """
from locust import LoadTestShape
class Given(LoadTestShape):
    use_common_options = True
    def tick(self):
        asked = self.runner.environment.parsed_options
        return (asked.num_users, asked.spawn_rate) if self.get_run_time() < asked.run_time else None
"""
    )
    answer = found(path, users=7, spawn_rate=7, run_time=12)
    assert answer["load"] == [{"kind": "users", "from": 7, "to": 7, "duration_ns": 12 * S}]
    assert answer["notes"] == []


def test_a_shape_that_looks_at_results_or_never_ends_is_noted(write: Write) -> None:
    path = write(
        SIMPLE
        + """
from locust import LoadTestShape
class Nervous(LoadTestShape):
    def tick(self):
        return (5, 5) if self.runner.stats.total.fail_ratio < 0.5 else None
"""
    )
    answer = found(path)
    assert sum(stage["duration_ns"] for stage in answer["load"]) == 24 * 3600 * S
    assert any("looks at results" in note for note in answer["notes"])
    assert any("does not end within 24 h" in note for note in answer["notes"])


def test_a_shape_that_chooses_classes_tells_them_by_their_index(write: Write) -> None:
    path = write("""
        from locust import HttpUser, LoadTestShape, task
        class A(HttpUser):
            host = "http://127.0.0.1:9"
        class B(HttpUser):
            host = "http://127.0.0.1:9"
        class Staged(LoadTestShape):
            def tick(self):
                run_time = self.get_run_time()
                return (5, 5, [B]) if run_time < 10 else (9, 5) if run_time < 20 else None
        """)
    assert found(path)["source"]["classes_over_time"] == [[0.0, [1]], [10.0, None]]


ARGUMENT = (
    SIMPLE
    + """
from locust import events
@events.init_command_line_parser.add_listener
def add(parser):
    parser.add_argument("--tenant", env_var="LOCUST_TENANT", default="acme")
    parser.add_argument("--token", is_secret=True, default="hidden")
"""
)


def test_arguments_of_the_file_are_parsed_by_the_genuine_parser(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(ARGUMENT)
    assert found(path)["source"]["options"]["parsed"]["tenant"] == "acme"
    monkeypatch.setenv("LOCUST_TENANT", "from the environment")
    assert found(path)["source"]["options"]["parsed"]["tenant"] == "from the environment"
    assert found(path, arguments=["--tenant", "given"])["source"]["options"]["parsed"]["tenant"] == "given"


def test_a_secret_argument_is_not_in_the_plan(write: Write) -> None:
    assert "hidden" not in str(found(write(ARGUMENT)))


def test_an_unknown_argument_is_refused_with_the_one_that_was_meant(write: Write) -> None:
    with pytest.raises(InputError, match=r"(?s)--tenat.*Did you mean '--tenant'"):
        found(write(ARGUMENT), arguments=["--tenat", "x"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import sys\nsys.exit(3)", r"sys\.exit\(3\) was called \(.*locustfile\.py:2\)"),
        ("import no_such_package.part", r"needs the module 'no_such_package', which is not installed"),
        ("def broken(:\n", r"locustfile\.py:1: invalid syntax"),
        ("x = 1\nx.y", r"AttributeError: 'int' object has no attribute 'y' \(.*locustfile\.py:2\)"),
        ("import os\nos._exit(0)", "ended without an answer"),
        (SIMPLE + "    weight = 0\n", "no users with weight > 0"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_words(write: Write, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        found(write(text))


def test_a_file_without_users_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match="no user class"):
        found(write("x = 1"))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.py"):
        found(tmp_path / "gone.py")


def test_an_unknown_class_is_refused_with_those_there_are(write: Write) -> None:
    with pytest.raises(InputError, match="no user class Seller") as caught:
        found(write(SIMPLE), classes=["Seller"])
    assert caught.value.hint == "it has Buyer"


def test_a_file_that_hangs_is_given_up(write: Write) -> None:
    with pytest.raises(InputError, match="is not loaded after 2 s"):
        inspect(str(write("from time import sleep as pause\npause(600)")), {}, time_limit_s=2)


def test_an_init_listener_that_fails_is_told(write: Write) -> None:
    text = SIMPLE + "from locust import events\n@events.init.add_listener\ndef prepare(environment, **kw):\n    1 / 0\n"
    with pytest.raises(InputError, match="the init listener prepare failed: ZeroDivisionError"):
        found(write(text))


def test_an_init_listener_that_wants_web_pages_is_only_noted(write: Write) -> None:
    path = write(
        SIMPLE
        + """
from locust import events
@events.init.add_listener
def pages(environment, web_ui, **kw):
    web_ui.app.route("/mine")
"""
    )
    answer = found(path)
    assert answer["source"]["tolerated_init"] == ["pages"]
    assert any("is cut short where it wants web pages" in note for note in answer["notes"])


def test_what_the_file_prints_does_not_disturb_the_answer(write: Write) -> None:
    assert found(write("print('hello' * 100_000)\n" + SIMPLE))["classes"][0]["name"] == "Buyer"
