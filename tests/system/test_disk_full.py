"""A disk that is full when the report is written: the run is not lost, and neither is the older report."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kilobar.target import TargetProcess

from .command import kilobar


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 64 KiB, which an HTML report does not fit into."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "kilobar-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_costs_the_report_and_nothing_else(
    target: TargetProcess, small_disk: Path, json_file: Path
) -> None:
    html = small_disk / "report.html"
    html.write_text("the older report")
    done = kilobar("run", target.url, "--rate", "20/s", "--for", "500ms", "--html", html, "--json", json_file)
    assert done.exit_code == 4
    assert "error[cannot-write]" in done.stderr
    assert str(html) in done.stderr
    assert "disk is full" in done.stderr
    assert "ledger" in done.stdout, "the summary is printed all the same"
    assert done.ledger["ok"] == 10, "the other report is written"
    assert html.read_text() == "the older report"
    assert [file.name for file in small_disk.iterdir()] == ["report.html"], "no half of a file is left"
