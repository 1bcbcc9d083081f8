import html
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from kilobar.report.markup import joined, tag


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(alphabet=st.characters(exclude_categories=["C"])))
def test_text_and_attributes_come_out_as_they_went_in(text: str) -> None:
    reader = _Reader()
    reader.feed(tag("p", text, title=text))
    reader.close()
    assert reader.tags == [("p", {"title": text})]
    assert reader.text == text


def test_markup_inside_markup_is_not_escaped_twice() -> None:
    inner = tag("b", "<&>")
    assert tag("p", inner, [inner, "<"], None) == f"<p>{inner}{inner}&lt;</p>"
    assert html.unescape("&lt;&amp;&gt;") in html.unescape(inner)


def test_attributes_may_be_bare_or_absent() -> None:
    assert tag("button", "x", hidden=True, title=None, class_="a", aria_label="b") == (
        '<button hidden class="a" aria-label="b">x</button>'
    )
    assert tag("br") == "<br>"


def test_joined_has_no_element_around_it() -> None:
    assert joined("<", tag("i", "a"), None) == "&lt;<i>a</i>"
