"""The HTML report in a real browser that has no network."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kilobar.report.html import html_report

from .summaries import failed, passed

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [pytest.mark.system, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


def rendered(text: str, directory: Path) -> str:
    """The page's elements after its scripts ran, every host name being unknown."""
    page = directory / "report.html"
    page.write_text(text, encoding="utf-8")
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={directory / 'profile'}",
        "--window-size=1400,1400",
        "--virtual-time-budget=8000",
        "--dump-dom",
        page.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout


@pytest.mark.parametrize(("summary", "charts"), [(passed, 5), (failed, 6)])
def test_every_chart_is_drawn_without_a_network(summary, charts: int, tmp_path: Path) -> None:
    page = rendered(html_report(summary()), tmp_path)
    body = page[page.index("<body") :]
    assert len(re.findall(r"<svg[^>]+class=\"marks\"", body)) == charts
    assert "could not be drawn" not in re.sub(r"<script.*?</script>", "", body, flags=re.DOTALL)
    assert not re.search(r"<img|<script>alert", re.sub(r"<script type.*?</script>", "", body, flags=re.DOTALL))


HOVER = """<script type="module">
setTimeout(() => {
  const box = document.querySelector("#chart-response svg").getBoundingClientRect();
  const at = { bubbles: true, clientX: box.left + 0.7 * box.width, clientY: box.top + 0.6 * box.height };
  const mark = document.elementFromPoint(at.clientX, at.clientY);
  for (const kind of ["pointerover", "pointermove"]) mark.dispatchEvent(new PointerEvent(kind, at));
  for (const kind of ["mouseover", "mousemove"]) mark.dispatchEvent(new MouseEvent(kind, at));
}, 2500);
</script>"""


def test_the_pointer_reads_the_numbers_of_a_second(tmp_path: Path) -> None:
    page = re.sub("<meta http-equiv[^>]*>", "", html_report(failed()))
    end = page.rindex("</body>")
    drawn = rendered(page[:end] + HOVER + page[end:], tmp_path)
    tooltip = re.search('<div id="vg-tooltip-element".*?</div>', drawn, flags=re.DOTALL)
    assert tooltip is not None
    assert re.search(r"service time p99.*?\d+ (ms|s)", tooltip[0], flags=re.DOTALL)
    assert "undefined" not in tooltip[0]
