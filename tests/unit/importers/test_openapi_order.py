from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers.openapi_order import Endpoint, collection_of, creates, in_order, segments_of


def ordered(*lines: str) -> list[str]:
    endpoints = [Endpoint(*line.split()) for line in lines]
    return [" ".join(endpoints[index]) for index in in_order(endpoints)]


def test_creating_comes_before_reading_changing_and_removing() -> None:
    wanted = ["POST /pets", "GET /pets", "GET /pets/{id}", "PUT /pets/{id}", "PATCH /pets/{id}", "DELETE /pets/{id}"]
    assert ordered("DELETE /pets/{id}", *wanted[3:5], *wanted[1:3], "POST /pets") == wanted


def test_what_is_below_something_comes_before_it_is_removed() -> None:
    wanted = ["POST /pets", "POST /pets/{id}/photos", "DELETE /pets/{id}/photos/{photo}", "DELETE /pets/{petId}"]
    assert ordered(*reversed(wanted)) == wanted


def test_collections_keep_the_order_of_the_description() -> None:
    assert ordered("GET /b", "GET /a", "POST /b", "POST /a") == ["POST /b", "GET /b", "POST /a", "GET /a"]


def test_posting_to_one_thing_changes_it() -> None:
    assert not creates(Endpoint("POST", "/pets/{id}"))
    assert creates(Endpoint("POST", "/pets/{id}/photos"))
    assert ordered("POST /pets/{id}", "GET /pets/{id}") == ["GET /pets/{id}", "POST /pets/{id}"]


def test_paths_have_segments_and_collections() -> None:
    assert segments_of("/pets/{petId}/a{x}.{y}/") == ("pets", "{}", "a{}.{}")
    assert collection_of(("pets", "{}", "{}")) == ("pets",)
    assert collection_of(("{}",)) == ()


PATHS = st.lists(st.sampled_from(["a", "b", "{x}", "{y}"]), max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(st.lists(st.builds(Endpoint, st.sampled_from(["GET", "POST", "PUT", "DELETE"]), PATHS), max_size=12))
def test_every_operation_is_there_once_and_creating_is_never_after_removing(endpoints: list[Endpoint]) -> None:
    order = in_order(endpoints)
    assert sorted(order) == list(range(len(endpoints)))
    removed = set()
    for index in order:
        collection = collection_of(segments_of(endpoints[index].path))
        assert not (creates(endpoints[index]) and collection in removed)
        if endpoints[index].method == "DELETE":
            removed.add(collection)
