"""A value of a response that a later request uses comes from the response of the run."""

from typing import Any

import pytest
from tests.unit.importers.har import entry, played, sent

from kilobar.model.scenario import Save

SHOP = "https://shop.example"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"


def test_a_token_and_an_id_of_json_are_saved_where_they_come_from_and_used_where_they_were_sent() -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    login, order, item, pay = sent(
        played(
            entry(f"{SHOP}/login", method="POST", json_answer={"auth": {"accessToken": TOKEN}}),
            entry(f"{SHOP}/orders", method="POST", at_ms=20, headers=bearer, json_answer={"data": [{"id": 8812345}]}),
            entry(f"{SHOP}/orders/8812345/items?of=8812345", at_ms=40, headers=bearer),
            entry(
                f"{SHOP}/pay", method="POST", at_ms=60, headers=bearer, json_post={"order": 8812345, "note": "8812345"}
            ),
        )
    )
    assert login.save == {"accessToken": Save(json="$.auth.accessToken")}
    assert order.save == {"data_id": Save(json="$.data[0].id")}
    assert [step.headers for step in (order, item, pay)] == [{"Authorization": "Bearer ${accessToken}"}] * 3
    assert item.url == "/orders/${data_id}/items?of=${data_id}"
    # A text stays a text: alone, the hole would be the number of the response.
    assert pay.json == {"order": "${data_id}", "note": "8812345"}


def test_a_hole_in_an_address_encodes_what_the_address_would_change() -> None:
    cursor = "a+b/c=9="
    _, page = sent(
        played(
            entry(f"{SHOP}/list", json_answer={"next_cursor": cursor}),
            entry(f"{SHOP}/list?after=a%2Bb%2Fc%3D9%3D&size=10", at_ms=20),
        )
    )
    assert page.url == "/list?after=${url.encode(next_cursor)}&size=10"


def test_hidden_fields_and_csrf_tokens_of_a_page_are_found_by_css() -> None:
    html = """
      <!-- <input type=hidden name=ticket value=old-1234> -->
      <meta name="csrf-token" content="Zx81&amp;kk">
      <form><input type="text" name="q" value="abc12345"><input value='T-998877' type=HIDDEN name=ticket></form>
      <form><input type="hidden" name="ticket" value="T-112233"></form>
      <script>var s = '<input type=hidden name=ticket value="fake-12345">'</script>
    """
    page, first, second = sent(
        played(
            entry(f"{SHOP}/form", html=html),
            entry(
                f"{SHOP}/send", method="POST", at_ms=20, headers={"X-CSRF-Token": "Zx81&kk"},
                post={"mimeType": "application/x-www-form-urlencoded", "text": "ticket=T-998877&q=abc12345"},
            ),
            entry(f"{SHOP}/other?ticket=T-112233", at_ms=40),
        )
    )  # fmt: skip
    assert page.save == {
        "csrf_token": Save(css='meta[name="csrf-token"]', attribute="content"),
        "ticket": Save(css='input[name="ticket"]', attribute="value"),
        "ticket_2": Save(css='input[name="ticket"]', attribute="value", pick=1),
    }
    assert first.headers == {"X-CSRF-Token": "${csrf_token}"}
    assert first.form == {"ticket": "${ticket}", "q": "abc12345"}
    assert second.url == "/other?ticket=${ticket_2}"


def test_a_token_in_a_script_of_a_page_is_found_by_a_regular_expression() -> None:
    html = '<script>window.app = {"nonce": "5f0c2a9d71", other: 1}</script>'
    page, call = sent(
        played(entry(f"{SHOP}/", html=html), entry(f"{SHOP}/api", at_ms=20, headers={"X-Nonce": "5f0c2a9d71"}))
    )
    assert page.save == {"nonce": Save(regex=r'\bnonce":\s*"([A-Za-z0-9_+/=.-]+)')}
    assert call.headers == {"X-Nonce": "${nonce}"}


@pytest.mark.parametrize("location", ["/orders/77889", f"{SHOP}/orders/77889"])
def test_an_address_that_a_header_told_is_taken_from_it(location: str) -> None:
    made, read = sent(
        played(
            entry(f"{SHOP}/orders", method="POST", status=201, answer={"Location": location}),
            entry(f"{SHOP}/orders/77889/items?n=1", at_ms=20),
        )
    )
    assert made.save == {"Location": Save(header="Location")}
    origin = "" if location.startswith("http") else SHOP
    assert read.url == f"{origin}${{Location}}/items?n=1"


def test_a_redirect_whose_address_is_used_later_is_not_followed_but_saved() -> None:
    made, shown, cancelled = sent(
        played(
            entry(f"{SHOP}/orders", method="POST", status=302, answer={"Location": "/orders/77889"}),
            entry(f"{SHOP}/orders/77889", at_ms=12),
            entry(f"{SHOP}/orders/77889/cancel", method="POST", at_ms=30),
        )
    )
    assert made.redirects is None
    assert shown.url == f"{SHOP}${{Location}}"
    assert cancelled.url == f"{SHOP}${{Location}}/cancel"


def test_a_cookie_that_is_sent_as_a_header_too_is_saved_and_stays_in_the_jar() -> None:
    page, call = sent(
        played(
            entry(f"{SHOP}/", answer={"Set-Cookie": "XSRF-TOKEN=ab12cd34; Path=/"}),
            entry(f"{SHOP}/a", at_ms=20, headers={"Cookie": "XSRF-TOKEN=ab12cd34", "X-XSRF-TOKEN": "ab12cd34"}),
        )
    )
    assert page.save == {"XSRF_TOKEN": Save(cookie="XSRF-TOKEN")}
    assert call.cookies == {}
    assert call.headers == {"X-XSRF-TOKEN": "${XSRF_TOKEN}"}


@pytest.mark.parametrize(
    "value",
    ["true", None, "en-US", "application/json", "utf-8", "ISO-8859-1", 1234, "1234", 100000, "active", "pending",
     "2026-03-01", "1.10.3", "1920x1080", "100px", "", "   ", "a b c d 1", "electronics", 19.99],
)  # fmt: skip
def test_ordinary_values_are_not_taken_for_identifiers(value: Any) -> None:
    first, second = sent(
        played(
            entry(f"{SHOP}/a", json_answer={"thing": value}),
            entry(f"{SHOP}/b", method="POST", at_ms=20, json_post={"x": value, "y": [str(value)]}),
        )
    )
    assert first.save == {}
    assert second.json == {"x": value, "y": [str(value)]}


def test_what_the_client_sent_first_is_its_own() -> None:
    body = {"mimeType": "application/json", "text": '{"request_id": "c0ffee-1234"}'}
    requests = sent(
        played(
            entry(f"{SHOP}/a", method="POST", post=body, json_answer={"request_id": "c0ffee-1234"}),
            entry(f"{SHOP}/b/c0ffee-1234", at_ms=20),
        )
    )
    assert [request.save for request in requests] == [{}, {}]


def test_what_was_sent_before_the_response_was_there_is_not_taken_from_it() -> None:
    requests = sent(
        played(
            entry(f"{SHOP}/slow", took_ms=500, json_answer={"id": "c0ffee-1234"}),
            entry(f"{SHOP}/b/c0ffee-1234", at_ms=100),
        )
    )
    assert [request.save for request in requests] == [{}, {}]


def test_the_first_response_with_a_value_is_its_origin() -> None:
    first, second, third = sent(
        played(
            entry(f"{SHOP}/users", json_answer={"id": "u-10001"}),
            entry(f"{SHOP}/me", at_ms=20, json_answer={"id": "u-10001"}),
            entry(f"{SHOP}/users/u-10001", at_ms=40),
        )
    )
    assert (first.save, second.save) == ({"users_id": Save(json="$.id")}, {})
    assert third.url == "/users/${users_id}"


def test_odd_keys_are_quoted_in_paths() -> None:
    first, _ = sent(
        played(entry(f"{SHOP}/a", json_answer={"it's": {"a\\b": "x-123456"}}), entry(f"{SHOP}/x-123456", at_ms=20))
    )
    assert list(first.save.values()) == [Save(json=r"$['it\'s']['a\\b']")]


def test_a_value_inside_a_longer_text_is_found() -> None:
    _, second = sent(
        played(
            entry(f"{SHOP}/users", json_answer={"id": "u-10001"}),
            entry(
                f"{SHOP}/x(u-10001)?filter=id%20eq%20u-10001", at_ms=20, method="POST",
                post={"mimeType": "text/xml", "text": "<id>u-10001</id>"},
            ),
        )
    )  # fmt: skip
    assert second.url == "/x(${users_id})?filter=id%20eq%20${users_id}"
    assert second.body == "<id>${users_id}</id>"
