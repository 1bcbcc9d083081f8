"""How messages lie in a stream: length, kind, payload. See `docs/design/002-worker-protocol.md`."""

from __future__ import annotations

import struct
from collections.abc import Iterator

HEADER = struct.Struct("<IB")
"""Length of the payload in bytes, kind."""

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""Longest payload that is sent or accepted."""

JSON = "J"
INTERVAL = "I"


class FrameError(Exception):
    """The stream does not follow the protocol and cannot be read any further."""


def encode(kind: str, payload: bytes) -> bytes:
    """One frame. Raises FrameError when the payload is over the limit."""
    if len(payload) > MAX_FRAME_BYTES:
        raise FrameError(f"a message of {len(payload)} bytes is over the limit of {MAX_FRAME_BYTES} bytes")
    return HEADER.pack(len(payload), ord(kind)) + payload


class Decoder:
    """Cuts a stream into frames, however its bytes arrive.

    Holds at most one incomplete frame and what was fed last. After a FrameError it must not be fed again.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Yields the (kind, payload) of each frame that `data` completes. Raises FrameError at the first bad one."""
        self._buffer += data
        at = 0
        try:
            while len(self._buffer) - at >= HEADER.size:
                length, kind = HEADER.unpack_from(self._buffer, at)
                if kind not in (ord(JSON), ord(INTERVAL)):
                    raise FrameError(f"a message of the unknown kind {kind}")
                if length > MAX_FRAME_BYTES:
                    raise FrameError(f"a message of {length} bytes is over the limit of {MAX_FRAME_BYTES} bytes")
                end = at + HEADER.size + length
                if len(self._buffer) < end:
                    break
                payload = bytes(self._buffer[at + HEADER.size : end])
                at = end
                yield chr(kind), payload
        finally:
            del self._buffer[:at]

    @property
    def is_empty(self) -> bool:
        """Whether the stream stands between two frames."""
        return not self._buffer
