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


def test_options_of_reports_are_noted() -> None:
    assert list(notes.of_options({"html_file": "x.html", "tags": ["a"]})) == [
        "Locust's option --html has no effect: Kilobar reports itself"
    ]
