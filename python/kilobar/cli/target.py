"""`kilobar target`: a server with exactly known behaviour."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import click

from kilobar.errors import InputError


@click.command()
@click.option("--port", default=8700, show_default=True, help="TCP port; 0 takes any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--tls-port", type=int, help="Serve TLS on this port too, with a generated certificate.")
@click.option("--ca-file", type=click.Path(path_type=Path), help="Where to write what makes clients trust it.")
@click.option("--seed", default=1, show_default=True, help="Seeds drawn delays and faults.")
@click.option("--shop-delay", help="Delay of the shop, such as 5ms or 0ms.")
def target(port: int, host: str, tls_port: int | None, ca_file: Path | None, seed: int, shop_delay: str | None) -> int:
    """Serve known delays, faults and a small shop until Ctrl-C. See docs/reference/target.md."""
    from kilobar import _native

    options: dict[str, Any] = {"host": host, "port": port, "seed": seed}
    if tls_port is not None:
        options["tls_port"] = tls_port
    if ca_file is not None:
        options["ca_file"] = str(ca_file)
    if shop_delay is not None:
        options["shop_delay"] = shop_delay
    read_end, write_end = os.pipe()
    announcer = threading.Thread(target=_announce, args=(read_end, host), daemon=True)
    announcer.start()
    try:
        _native.run_target(json.dumps(options), write_end)
    except (OSError, ValueError) as error:
        raise InputError(str(error), code="target", hint="choose another --port, or end what listens there") from error
    except KeyboardInterrupt:
        print("target stopped")
    return 0


def _announce(read_end: int, host: str) -> None:
    with os.fdopen(read_end, "rb") as ready:
        line = ready.readline()
    if not line:
        return
    where = json.loads(line)
    if ":" in host:
        host = f"[{host}]"
    print(f"target listens on http://{host}:{where['http']}/", flush=True)
    if where["https"]:
        trust = f", certificate in {where['ca_file']}" if where["ca_file"] else ""
        print(f"              and https://{host}:{where['https']}/{trust}", flush=True)
