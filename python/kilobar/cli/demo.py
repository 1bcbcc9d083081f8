"""`kilobar demo`: the target and an example run against it, with nothing to prepare."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from kilobar.cli import exit_codes
from kilobar.cli.outputs import Outputs
from kilobar.cli.run import run_plan
from kilobar.scenario import Overrides, check_text
from kilobar.target import TargetProcess


@click.command()
@click.option(
    "--html", type=click.Path(path_type=Path), default="kilobar-report.html", help="Where to write the report."
)
@click.option("--for", "duration", help="One stage of this length instead of the example's.")
def demo(html: Path, duration: str | None) -> int:
    """Start a small shop, load it for about 15 s, judge it and write a report."""
    outputs = Outputs.of([], [html], [])
    example = resources.files("kilobar") / "examples" / "shop.yaml"
    with TargetProcess() as shop:
        print(f"a small shop listens on {shop.url}; loading it as examples/shop.yaml says\n")
        overrides = Overrides(rate="300/s" if duration else None, duration=duration)
        plan = check_text(example.read_bytes(), "examples/shop.yaml", {"SHOP_URL": shop.url}, overrides).require()
        summary, interrupted = run_plan(plan)
        outputs.write(summary)
    print("next: kilobar target, and in another terminal: kilobar run http://127.0.0.1:8700/ --rate 500/s --for 10s")
    return exit_codes.of_run(summary, interrupted=interrupted)
