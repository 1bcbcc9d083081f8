"""`kilobar doctor`: limits of this machine that would spoil a run, and the line that lifts each."""

from __future__ import annotations

import click

from kilobar.monitor.limits import limits


@click.command()
def doctor() -> int:
    """Print the limits of this machine. Exit code 1 when one of them would spoil a large run."""
    found = limits()
    for limit in found:
        print(f"{'ok  ' if limit.ok else 'LOW '} {limit.name}: {limit.value}")
        if not limit.ok:
            print(f"       why:  {limit.why}")
            print(f"       lift: {limit.lift}")
    low = sum(not limit.ok for limit in found)
    print(f"\n{len(found)} limits looked at, {low} of them low" if low else f"\nall {len(found)} limits are fine")
    return 1 if low else 0
