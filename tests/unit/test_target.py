"""A target process: it starts, tells what it got, and leaves nothing behind."""

import urllib.request
from pathlib import Path

import pytest

from kilobar.target import TargetError, TargetProcess

pytestmark = pytest.mark.system


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        body: bytes = answer.read()
    return body


def test_a_target_counts_what_it_receives_until_it_is_told_to_forget() -> None:
    with TargetProcess({"response_bytes": 7}) as target:
        assert len(get(f"{target.url}/")) == 7
        get(f"{target.url}/status/200")
        assert target.stats()["requests"] == 2
        target.command("/_target/reset")
        assert target.stats()["requests"] == 0


def test_a_target_with_tls_writes_what_makes_clients_trust_it(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    with TargetProcess({"tls_port": 0, "ca_file": str(ca_file)}) as target:
        assert target.https_port not in (None, 0, target.port)
        assert target.ca_file == str(ca_file)
        assert "BEGIN CERTIFICATE" in ca_file.read_text()


def test_without_tls_there_is_no_second_port() -> None:
    with TargetProcess() as target:
        assert target.https_port is None
        assert target.ca_file is None


def test_a_target_ends_with_its_context() -> None:
    with TargetProcess() as target:
        process = Path(f"/proc/{target.pid}")
        assert process.exists()
    assert not process.exists()


def test_two_targets_get_ports_of_their_own() -> None:
    with TargetProcess() as one, TargetProcess() as other:
        assert one.port != other.port


def test_a_port_in_use_is_an_error_that_says_so() -> None:
    with TargetProcess() as first, pytest.raises(TargetError, match=r"in use") as caught:
        TargetProcess({"port": first.port})
    assert caught.value.code == "target"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("options", [{"nonsense": 1}, {"shop_delay": "soon"}, {"port": 70_000}])
def test_an_option_that_makes_no_sense_is_an_error(options: dict[str, object]) -> None:
    with pytest.raises(TargetError, match="did not start"):
        TargetProcess(options)


def test_a_target_can_be_pinned_to_a_core() -> None:
    import os

    core = min(os.sched_getaffinity(0))
    with TargetProcess(cpu=core) as target:
        assert os.sched_getaffinity(target.pid) == {core}
