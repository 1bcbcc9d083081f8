"""How HTTP is spoken in a plan, and to whom. The twin of `crates/core/src/plan/http.rs`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme ("http" or "https"), host (IPv6 without brackets) and port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy; `authorization` is the whole value of `proxy-authorization` and secret."""

    host: str
    port: int
    authorization: str | None = None


@dataclass(frozen=True, slots=True)
class HttpPolicy:
    """How HTTP is spoken; see the Rust twin for the meaning of each field."""

    connections: Literal["reuse", "per_user", "per_request"] = "reuse"
    connect_timeout_ns: int = 10_000_000_000
    max_head_bytes: int = 65_536
    max_body_bytes: int = 64 * 1024 * 1024
    insecure: bool = False
    ca_file: str | None = None
    resumption: Literal["none", "per_user", "shared"] = "per_user"
    version: Literal["http1", "http2", "http2_prior_knowledge"] = "http1"
    cookies: Literal["off", "per_iteration", "per_user"] = "off"
    proxy: Proxy | None = None
    resolve: tuple[tuple[str, str], ...] = ()
    """Host name and the address used for it."""
    cert_file: str | None = None
    key_file: str | None = None
    sni: str | None = None
