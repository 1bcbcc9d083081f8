"""Functions whose result is the same before the run as in it: with constant arguments they are computed at once.

Only those that are needed where a value must be known before the run, and that give the same bytes here as in the
engine; the engine itself computes all others once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote


def folded(function: str, arguments: Sequence[str]) -> str | None:
    """The result, or None when the engine computes it."""
    compute = _FOLDED.get(function)
    return compute(*arguments) if compute is not None else None


def _base64_url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _keyed(algorithm: str) -> Callable[..., str]:
    def compute(key: str, text: str, encoding: str = "hex") -> str:
        digest = hmac.digest(key.encode(), text.encode(), algorithm)
        return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()

    return compute


_FOLDED: Mapping[str, Callable[..., str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64.url": _base64_url,
    "url.encode": lambda text: quote(text, safe=""),
    "md5": lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
    "sha1": lambda text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
    "sha256": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "hmac.md5": _keyed("md5"),
    "hmac.sha1": _keyed("sha1"),
    "hmac.sha256": _keyed("sha256"),
}
