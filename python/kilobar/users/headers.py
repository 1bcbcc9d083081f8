"""The headers of a response, read from the bytes of its head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Headers(Mapping[str, str]):
    """Names in any case. A name that came several times is one entry, joined with commas; `get_all` has each."""

    __slots__ = ("_values",)

    def __init__(self, head: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        last: list[str] | None = None
        for line in head.decode("latin-1").split("\n"):
            if line[:1] in (" ", "\t"):
                # A folded line, which old servers still write, goes on with the previous header.
                if last:
                    last[-1] += f" {line.strip()}"
                continue
            name, colon, value = line.partition(":")
            if not colon or not name or " " in name:  # the status line, the empty line
                continue
            last = self._values.setdefault(name.lower(), [])
            last.append(value.strip())

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get_all(self, name: str) -> list[str]:
        """Every value of a name, in the order in which they came."""
        return list(self._values.get(name.lower(), ()))

    def __repr__(self) -> str:
        # Values may be secrets, and a repr ends up in tracebacks.
        return f"<Headers {', '.join(self._values)}>"
