"""How to come by a module that user code imports and that is not there."""

from __future__ import annotations

import os
from pathlib import Path

DISTRIBUTIONS = {
    "Crypto": "pycryptodome",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "faker": "Faker",
    "google.protobuf": "protobuf",
    "grpc": "grpcio",
    "grpc_tools": "grpcio-tools",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "kafka": "kafka-python",
    "locust_plugins": "locust-plugins",
    "pkg_resources": "setuptools",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
    "websocket": "websocket-client",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Modules whose package has another name."""

EXTRAS = {"locust": "locust", "gevent": "locust", "geventhttpclient": "locust", "pyarrow": "parquet"}
"""Modules that an extra of Kilobar brings."""


def install_hint(name: str) -> str:
    """What to do about the missing module `name`."""
    top = name.partition(".")[0]
    if top in EXTRAS:
        return f"pip install 'kilobar[{EXTRAS[top]}]'"
    if Path("src", top).exists() or Path("src", f"{top}.py").exists():
        return f"`{top}` is in {os.path.abspath('src')}, which is not looked into: pip install -e ."
    if "." in name and name not in DISTRIBUTIONS and _is_there(top):
        return f"`{top}` is installed but has no `{name}`: check the name, or install another version of `{top}`"
    return f"pip install {DISTRIBUTIONS.get(name) or DISTRIBUTIONS.get(top) or top.replace('_', '-')}"


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
