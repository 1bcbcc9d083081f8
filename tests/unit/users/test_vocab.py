import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kilobar.users import vocab
from kilobar.users.failure import Told
from kilobar.users.vocab import Deal


def letters() -> Iterator[str]:
    yield from "abc"


def calls_of(make: Callable[[], Any]) -> tuple[Callable[[], Any], list[int]]:
    calls: list[int] = []

    def counted() -> Any:
        calls.append(1)
        return make()

    return counted, calls


def test_a_list_is_dealt_by_its_index_and_begins_again() -> None:
    deal = Deal(lambda: ["a", "b", "c"], "Query")
    assert [deal.row(index) for index in (0, 4, 2, 3)] == ["a", "b", "c", "a"]


def test_vocab_is_called_once_however_many_turns_there_are() -> None:
    make, calls = calls_of(lambda: range(5))
    deal = Deal(make, "Query")
    deal.prepare()
    assert [deal.row(index) for index in range(7)] == [0, 1, 2, 3, 4, 0, 1]
    assert len(calls) == 1


def test_an_iterator_is_advanced_and_begins_again_when_it_has_ended() -> None:
    make, calls = calls_of(letters)
    deal = Deal(make, "Query")
    assert [deal.row(index) for index in range(8)] == list("abcabcab")
    assert len(calls) == 3


def test_workers_share_the_rows_of_an_iterator_without_repetition() -> None:
    deals = [Deal(lambda: iter(range(100)), "Query", worker=worker, workers=3) for worker in range(3)]
    dealt = [deals[index % 3].row(index) for index in range(100)]
    assert dealt == list(range(100))


def test_rows_of_an_iterator_may_be_asked_for_in_any_order() -> None:
    deal = Deal(lambda: iter(range(100)), "Query", worker=0, workers=2)
    assert [deal.row(index) for index in (8, 2, 6, 0, 4, 10)] == [8, 2, 6, 0, 4, 10]


def test_rows_that_nobody_asks_for_are_not_kept_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocab, "MAX_PASSED_OVER", 3)
    deal = Deal(lambda: iter(range(100)), "Query")
    assert deal.row(10) == 10
    assert [deal.row(index) for index in (9, 7)] == [9, 7]
    with pytest.raises(Told, match="row 6 of Query was passed over"):
        deal.row(6)


def test_threads_that_ask_at_the_same_time_each_get_their_row() -> None:
    deal = Deal(lambda: iter(range(4_000)), "Query")
    got: list[Any] = []

    def ask(first: int) -> None:
        got.extend((index, deal.row(index)) for index in range(first, 4_000, 4))

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [(index, index) for index in range(4_000)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "vocab() of Query gave no rows"),
        (iter(()), "vocab() of Query gave no rows"),
        (None, "vocab() of Query gave None (is a `return` missing?); it must give rows"),
        ("abc", "vocab() of Query gave a str"),
        ({"q": 1}, "vocab() of Query gave a dict"),
        (7, "vocab() of Query gave a int"),
    ],
    ids=repr,
)
def test_what_is_no_rows_is_told(given: object, words: str) -> None:
    with pytest.raises(Told) as raised:
        Deal(lambda: given, "Query").row(0)
    assert str(raised.value).startswith(words)


def test_a_vocab_that_raises_fails_the_turns_and_is_called_again_at_most_every_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_ns = 0
    monkeypatch.setattr(vocab, "monotonic_ns", lambda: now_ns)

    def broken() -> list[int]:
        if len(calls) < 3:
            raise OSError("no file")
        return [5]

    make, calls = calls_of(broken)
    deal = Deal(make, "Query")
    deal.prepare()
    for at_ns, called in [(0, 1), (999_999_999, 1), (1_000_000_000, 2)]:
        now_ns = at_ns
        with pytest.raises(Told, match=r"vocab\(\) of Query failed: OSError: no file \(tests"):
            deal.row(0)
        assert len(calls) == called
    now_ns = 2_000_000_000
    assert deal.row(0) == 5


def test_an_iterator_that_raises_is_replaced_and_its_rows_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = 0
    monkeypatch.setattr(vocab, "monotonic_ns", lambda: now_ns)

    def rows() -> Iterator[int]:
        yield 1
        raise ValueError("line 2")

    deal = Deal(rows, "Query")
    assert deal.row(0) == 1
    with pytest.raises(Told, match="ValueError: line 2"):
        deal.row(1)
    now_ns = 1_000_000_000
    assert deal.row(1) == 1


def test_rows_that_are_dealt_once_end() -> None:
    for make in (lambda: [1, 2], lambda: iter([1, 2])):
        deal = Deal(make, "Query", is_once=True)
        assert [deal.row(0), deal.row(1)] == [1, 2]
        with pytest.raises(Told, match='all 2 rows of Query have been dealt, and `rows` is "once"'):
            deal.row(2)


def test_a_vocab_that_exits_is_a_failed_vocab() -> None:
    def leave() -> None:
        raise SystemExit(4)

    with pytest.raises(Told, match=r"vocab\(\) of Query failed: sys.exit\(4\) was called"):
        Deal(leave, "Query").row(0)


def test_an_iterator_may_be_followed_by_a_list() -> None:
    given = iter([iter("ab"), ["x", "y"], ["z"]])
    deal = Deal(lambda: next(given), "Query")
    assert [deal.row(index) for index in range(5)] == ["a", "b", "x", "y", "z"]
