import pytest

from kilobar.importers.outcome import Notes
from kilobar.importers.secrets import Secrets, is_secret_field, is_secret_header


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def secrets(notes: Notes) -> Secrets:
    return Secrets(notes)


@pytest.mark.parametrize(
    "name",
    ["password", "userPassword", "api_key", "apiKey", "X-API-Key", "client_secret", "access_token", "PHPSESSID", "pwd"],
)
def test_names_that_say_secret(name: str) -> None:
    assert is_secret_field(name)
    assert is_secret_header(name)


@pytest.mark.parametrize("name", ["user", "monkey", "passenger", "tokens-per-page-x", "keyboard", "page", "author", ""])
def test_names_that_do_not(name: str) -> None:
    assert not is_secret_field(name)


def test_headers_with_credentials() -> None:
    assert is_secret_header("Authorization")
    assert is_secret_header("COOKIE")
    assert not is_secret_header("accept")


def test_a_value_becomes_a_variable_and_a_note_says_which(secrets: Secrets, notes: Notes) -> None:
    assert secrets.hide("x", "shop password") == "${env.SHOP_PASSWORD:-not-set}"
    assert [str(note) for note in notes.all()] == [
        "a secret is left out of the scenario: set the environment variable SHOP_PASSWORD"
    ]


def test_the_same_secret_has_one_variable_and_another_one_its_own(secrets: Secrets) -> None:
    assert [secrets.hide(value, "token") for value in ("a", "b", "a")] == [
        "${env.TOKEN:-not-set}", "${env.TOKEN_2:-not-set}", "${env.TOKEN:-not-set}",
    ]  # fmt: skip


def test_nothing_is_no_secret(secrets: Secrets, notes: Notes) -> None:
    assert secrets.hide("", "password") == ""
    assert notes.all() == ()


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Bearer abc", "Bearer ${env.AUTHORIZATION_BEARER:-not-set}"),
        ("authorization", "abc", "${env.AUTHORIZATION:-not-set}"),
        ("X-Api-Key", "abc", "${env.X_API_KEY:-not-set}"),
        ("Cookie", "a=1; b", "a=${env.COOKIE_A:-not-set}; b"),
        ("Accept", "${x}", "$${x}"),
        ("Authorization", "", ""),
    ],
)
def test_headers(secrets: Secrets, name: str, value: str, shown: str) -> None:
    assert secrets.header(name, value) == shown


def test_fields_queries_and_json(secrets: Secrets) -> None:
    assert secrets.field("page", "${1}") == "$${1}"
    assert secrets.field("token", "x") == "${env.TOKEN:-not-set}"
    assert secrets.query("/a?page=${1}&api_key=x%20y&z") == "/a?page=$${1}&api_key=${env.API_KEY:-not-set}&z"
    assert secrets.query("/a") == "/a"
    value = {"user": "${u}", "password": "p", "list": [{"token": "x", "pin": 7}]}
    assert secrets.json(value) == {
        "user": "$${u}", "password": "${env.PASSWORD:-not-set}", "list": [{"token": "${env.TOKEN:-not-set}", "pin": 7}],
    }  # fmt: skip


def test_a_secret_that_is_a_variable_of_the_source_is_translated_not_hidden(secrets: Secrets) -> None:
    assert secrets.json({"token": "x"}, lambda text: "${t}") == {"token": "${t}"}
