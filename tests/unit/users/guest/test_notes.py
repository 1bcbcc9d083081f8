from kilobar.users.guest import notes


def said(text: str) -> list[str]:
    return list(notes.of_source(text, "locustfile.py"))


def test_a_file_that_asks_for_nothing_special_has_no_notes() -> None:
    assert said("from locust import HttpUser\nclass A(HttpUser):\n    host = 'http://x'\n") == []


def test_a_note_says_what_is_different_and_where() -> None:
    assert said("import x\nx.environment.web_ui.app") == [
        "web pages and routes of Locust do not exist: environment.web_ui is None (locustfile.py:2)"
    ]


def test_one_matter_is_noted_once() -> None:
    assert len(said("a.send_message('x')\nb.register_message('x', c)\nd.send_message('y')")) == 1


def test_starting_users_by_hand_is_noted() -> None:
    assert "runner.start() has no effect" in said("environment.runner.start(10, 1)")[0]
    assert said("thread.start()") == []


def test_what_nobody_sees_is_noted() -> None:
    assert "is not shown" in said("print('a')")[0]
    assert "is not shown" in said("import logging\nlogging.info('a')")[0]


def test_a_file_that_is_written_beside_the_code_is_noted() -> None:
    for call in ('open("results.csv", "w")', 'open("log.txt", mode="a")', 'open("data.bin", "r+x")'):
        assert "use an absolute one" in said(call)[0]
    for call in (
        'open("users.csv")',
        'open("/data/results.csv", "w")',
        'open(path, "w")',
        "open()",
        'gzip.open("a", "w")',
    ):
        assert said(call) == []


def test_options_of_reports_are_noted() -> None:
    assert list(notes.of_options({"html_file": "x.html", "tags": ["a"]})) == [
        "Locust's option --html has no effect: Kilobar reports itself"
    ]
