from hypothesis import given
from hypothesis import strategies as st

from kilobar.model.summary import Ledger
from kilobar.runs.ledger import total, write_off

counts = st.integers(0, 10**12)


@st.composite
def reports(draw: st.DrawFn) -> Ledger:
    """What a worker may have reported last: arrivals may be due and not yet started."""
    ok, failed, in_flight, dropped, not_started = (draw(counts) for _ in range(5))
    started = ok + failed + in_flight
    return Ledger(started + dropped + not_started, started, dropped, 0, ok, failed, in_flight)


@given(reports(), counts)
def test_the_books_of_a_lost_worker_balance_and_nothing_that_ended_is_forgotten(report: Ledger, more: int) -> None:
    books = write_off(report, more)
    assert books.balances
    assert (books.ok, books.failed, books.dropped) == (report.ok, report.failed, report.dropped)
    assert books.planned == report.planned + more
    assert books.lost >= more + report.in_flight


def test_books_that_did_not_balance_do_not_balance_afterwards() -> None:
    assert not write_off(Ledger(planned=10, started=9, ok=10), 5).balances
    assert not write_off(Ledger(planned=10, started=12, ok=12), 5).balances


@given(st.lists(reports(), min_size=1, max_size=5))
def test_the_total_is_the_sum_of_each_column(books: list[Ledger]) -> None:
    assert total(books).planned == sum(ledger.planned for ledger in books)
    assert total(books).in_flight == sum(ledger.in_flight for ledger in books)
