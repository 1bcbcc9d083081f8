"""Debian's PostgreSQL, with a cluster of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .process import LIMIT_S, environment, free_port, installed, program


@contextmanager
def postgres_server(log: Path) -> Iterator[str]:
    """Its address. It refuses to run as root, who therefore starts it as the user that the package has made."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name))[-1:]
    initdb = installed("initdb", "postgresql", places)
    postgres = installed("postgres", "postgresql", places)
    somebody = _somebody()
    port = free_port()
    # Not below tmp_path: nobody but its owner may pass through that.
    with tempfile.TemporaryDirectory(prefix="kilobar-postgres-") as home:
        if somebody:
            shutil.chown(home, somebody["user"], somebody["group"])
        data = f"{home}/data"
        subprocess.run(
            [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
            check=True, capture_output=True, timeout=LIMIT_S, cwd=home, env=environment(), **somebody,
        )  # fmt: skip
        settings = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "", "fsync": "off"}
        argv = [postgres, "-D", data, *(f"--{name}={value}" for name, value in settings.items())]
        # It takes SIGTERM as a wish to wait until all clients are gone.
        with program(argv, port, log=log, stop=signal.SIGINT, cwd=home, env=environment(), **somebody):
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


def _somebody() -> dict[str, Any]:
    """Who is to run it, as options of `subprocess`."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("needs the user postgres, whom the Debian package postgresql makes")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
