"""Servers of others that speak HTTP/2, with a certificate made for them."""

from __future__ import annotations

import getpass
import grp
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def require(*programs: str) -> None:
    """Skips the test when a program is not installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)} (Debian packages nginx-light, nghttp2-server, openssl)")


@contextmanager
def nghttpd(folder: Path, *, tls: bool, max_streams: int = 100) -> Iterator[int]:
    """nghttp2's server. It serves `index.html` with the text `hello`, and 404 for anything else."""
    require("nghttpd", "openssl")
    (folder / "index.html").write_text("hello")
    port = _free_port()
    argv = ["nghttpd", "-a", "127.0.0.1", "-m", str(max_streams), "-d", str(folder)]
    argv += [str(port), *_certificate(folder)] if tls else ["--no-tls", str(port)]
    with _running(argv, port):
        yield port


@contextmanager
def nginx(folder: Path, listen: str, more: str = "") -> Iterator[int]:
    """Debian's nginx, which answers with the text `hello`; `listen` is what follows its port, such as `ssl http2`."""
    require("nginx", "openssl")
    key, certificate = _certificate(folder)
    port = _free_port()
    # Started by root it would serve as somebody else, who may not read what the test has written.
    owner = f"{getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name}"
    config = folder / "nginx.conf"
    config.write_text(
        f"user {owner}; daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; server {{ listen 127.0.0.1:{port} {listen}; {more}\n"
        f"ssl_certificate {certificate}; ssl_certificate_key {key};\n"
        'location / { return 200 "hello"; } } }\n'
    )
    with _running(["nginx", "-p", str(folder), "-e", f"{folder}/start.log", "-c", str(config)], port):
        yield port


def _certificate(folder: Path) -> tuple[str, str]:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    argv = ["openssl", "req", "-x509", *curve, "-keyout", str(key), "-out", str(certificate), "-days", "2"]
    subprocess.run([*argv, "-subj", "/CN=127.0.0.1"], check=True, capture_output=True)
    return str(key), str(certificate)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _running(argv: list[str], port: int) -> Iterator[None]:
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
        else:
            pytest.fail(f"{argv[0]} does not listen")
        yield
    finally:
        child.terminate()
        child.wait()
