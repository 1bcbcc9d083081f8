import pytest

from kilobar.importers.har_identifiers import holds_identifier, is_address, is_identifier, names_identifier


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("12345", "n"),
        ("9007199254740993", ""),
        ("cus_9f8a7b", ""),
        ("550e8400-e29b-41d4-a716-446655440000", ""),
        ("electronics", "categoryId"),
        ("abcdefgh", "csrf_token"),
        ("QmFzZVNpeHRZRm9Vcg", ""),
        ("/orders/123456", "href"),
        ("https://a.example/x?cursor=ab12cd34", ""),
    ],
)
def test_what_a_server_made_up(text: str, name: str) -> None:
    assert is_identifier(text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1234", "id"),
        ("50000", "price"),
        ("active", "state"),
        ("electronics", "category"),
        ("internationalization", ""),
        ("2026-03-01T12:00:00Z", ""),
        ("/about/team", "href"),
        ("https://a.example/", "url"),
        ("two words 12345", "id"),
        ("<b>12345</b>", ""),
        ("${a12345}", ""),
        ("x1" * 5000, ""),
    ],
)
def test_what_may_stand_anywhere(text: str, name: str) -> None:
    assert not is_identifier(text, name)


def test_names_that_say_identifier() -> None:
    assert all(
        names_identifier(name) for name in ("id", "order_id", "orderId", "nextCursor", "csrf-token", "__VIEWSTATE")
    )
    assert not any(names_identifier(name) for name in ("paid", "title", "estate", "monkey", ""))


def test_addresses() -> None:
    assert is_address("/a")
    assert not is_address("//a.example/x")
    assert holds_identifier("/a/b%2D12345/c")
    assert not holds_identifier("https://12345.example/a")
