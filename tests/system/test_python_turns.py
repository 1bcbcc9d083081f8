"""What a turn may take and what belongs to it, on the real engine: limit, row, requests and their cookies."""

import pytest

from kilobar.target import TargetProcess

from .user_code import UserCode, counts

WAYS = pytest.mark.parametrize("way", ["def", "async def"])
AWAIT = {"def": "", "async def": "await "}


@WAYS
def test_a_row_that_is_dealt_once_is_one_iteration_however_many_users_wait_for_it(code: UserCode, way: str) -> None:
    sleep = {"def": "time.sleep(0.2)", "async def": "await asyncio.sleep(0.2)"}
    text = f"""
class Once(Press):
    rows = "once"
    def vocab(self):
        return range(10)
    {way} on_start(self):
        {sleep[way]}
    {way} press(self, row):
        with self.measure("press"):
            pass
"""
    done = code.run(text, "--users", "30", "--for", "10s", workers=1)
    assert counts(done)["press"] == 10
    assert done.ledger["ok"] == done.ledger["planned"] == 10


@WAYS
def test_a_turn_keeps_its_limit_while_it_waits_for_a_response(target: TargetProcess, code: UserCode, way: str) -> None:
    text = f"""
class Slow(Press):
    timeout = "300ms"
    {way} press(self, row):
        {AWAIT[way]}self.http.get("/delay/20s", name="slow")
"""
    done = code.run(text, "--users", "1", "--for", "1s", "--target", target.url, workers=1)
    assert done.ledger["failed"] == done.ledger["planned"] > 1
    assert done.series("slow")["errors"] == {"read_timeout": done.ledger["planned"]}
    messages = {sample["series"]: sample["message"] for sample in done.summary["samples"]}
    assert messages["Slow"] == "it did not return within 0.3 s, and its user was given up"
    assert messages["slow"].startswith("nobody waited for the response any more after 0.3")


def test_a_request_that_is_no_longer_awaited_ends_and_does_not_hold_its_user(
    target: TargetProcess, code: UserCode
) -> None:
    text = """
class Impatient(Press):
    async def press(self, row):
        with self.measure("wait"):
            try:
                await asyncio.wait_for(self.http.get("/delay/20s", name="slow"), 0.05)
            except TimeoutError:
                pass
"""
    done = code.run(text, "--users", "1", "--for", "1s", "--target", target.url, workers=1)
    planned = done.ledger["planned"]
    assert done.ledger["ok"] == planned > 1
    assert counts(done) == {"wait": planned, "slow": planned}
    assert done.series("slow")["errors"] == {"read_timeout": planned}


def test_cookies_of_one_request_are_those_of_later_ones_while_another_goes_on(
    target: TargetProcess, code: UserCode
) -> None:
    text = """
class Shopper(Press):
    async def press(self, row):
        async def enter():
            await self.http.get("/cookies/set?sid=1", name="set")
            await self.http.get("/cookies", name="show").check(json={"$.cookies.sid": "1"})
        await asyncio.gather(self.http.get("/delay/200ms", name="slow"), enter())
        await self.http.get("/cookies", name="after").check(json={"$.cookies.sid": "1"})
        await self.http.get("/cookies/clear?sid", name="clear")
"""
    done = code.run(text, "--users", "1", "--for", "500ms", "--target", target.url, workers=1)
    assert done.errors == {}, done.summary["samples"]
    assert done.ledger["ok"] == done.ledger["planned"] > 1


@WAYS
def test_a_reason_that_has_no_form_in_utf_8_stops_the_run_all_the_same(code: UserCode, way: str) -> None:
    text = f"""
class Enough(Press):
    {way} press(self, row):
        raise StopRun("enough \\udcff")
"""
    done = code.run(text, "--users", "1", "--for", "30s", workers=1)
    assert done.summary["run"]["state"] == "stopped"
    assert any("enough ?" in str(event) for event in done.summary["events"]), done.summary["events"]
