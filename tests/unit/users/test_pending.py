from __future__ import annotations

import asyncio

from kilobar.users.pending import Pending

from .fake_engine import response_order


def test_each_waits_for_its_own_answer_in_whatever_order_they_come() -> None:
    async def main() -> None:
        pending = Pending()
        first, second = pending.expect(1), pending.expect(2)
        assert len(pending) == 2
        pending.arrived(response_order(2))
        pending.arrived(response_order(1))
        assert (await first)[1] == 1
        assert (await second)[1] == 2
        assert len(pending) == 0

    asyncio.run(main())


def test_an_answer_that_nobody_waits_for_is_passed_over() -> None:
    async def main() -> None:
        pending = Pending()
        pending.arrived(response_order(9))
        pending.expect(1).cancel()
        pending.arrived(response_order(1))
        pending.expect(2)
        pending.forget(2)
        pending.forget(2)
        pending.arrived(response_order(2))
        assert len(pending) == 0

    asyncio.run(main())


def test_it_may_be_made_before_its_loop_runs() -> None:
    loop = asyncio.new_event_loop()
    try:
        future = Pending(loop).expect(1)
        assert future.get_loop() is loop
    finally:
        loop.close()
