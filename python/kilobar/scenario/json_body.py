"""A YAML value as JSON text with holes. Numbers keep the digits they were written with."""

from __future__ import annotations

import json
from typing import TypeAlias

from kilobar.model.plan import Encode
from kilobar.scenario.encode import json_literal
from kilobar.scenario.findings import Findings, shorten
from kilobar.scenario.pieces import Known, Live, Piece
from kilobar.scenario.resolve import Resolver
from kilobar.scenario.yaml_nodes import Mapping, Node, Scalar, Sequence

Encoded: TypeAlias = tuple[tuple[Piece, Encode], ...]
"""Pieces in order, each with the way it is written."""


def encode_json(node: Node, resolver: Resolver, findings: Findings) -> Encoded:
    """The pieces of the JSON text of a node."""
    return tuple(_Writer(resolver, findings).written(node))


class _Writer:
    def __init__(self, resolver: Resolver, findings: Findings) -> None:
        self._resolver = resolver
        self._findings = findings
        self._out: list[tuple[Piece, Encode]] = []
        self._text: list[str] = []
        """Text since the last hole."""

    def written(self, node: Node) -> list[tuple[Piece, Encode]]:
        self._write(node)
        self._flush()
        return self._out

    def _raw(self, text: str) -> None:
        self._text.append(text)

    def _flush(self) -> None:
        if self._text:
            self._out.append((Known("".join(self._text)), "raw"))
            self._text.clear()

    def _piece(self, piece: Piece, encode: Encode) -> None:
        self._flush()
        self._out.append((piece, encode))

    def _write(self, node: Node) -> None:
        # Recursion is bounded by yaml_nodes.MAX_DEPTH, aliases included.
        if isinstance(node, Scalar):
            self._scalar(node)
        elif isinstance(node, Sequence):
            self._raw("[")
            for number, item in enumerate(node.items):
                if number:
                    self._raw(",")
                self._write(item)
            self._raw("]")
        else:
            self._mapping(node)

    def _mapping(self, node: Mapping) -> None:
        self._raw("{")
        for number, (key, value) in enumerate(node.entries):
            if number:
                self._raw(",")
            template = self._resolver.constant(key)
            self._string(template.pieces if template else ())
            self._raw(":")
            self._write(value)
        self._raw("}")

    def _scalar(self, node: Scalar) -> None:
        if node.kind != "text":
            self._raw(self._literal(node))
            return
        template = self._resolver.template(node)
        pieces = template.pieces
        if len(pieces) == 1 and template.is_hole:
            piece = pieces[0]
            if isinstance(piece, Live):
                self._piece(piece, "json_value")
                return
            if piece.kind != "text":
                self._raw(self._literal(Scalar(node.place, piece.text, piece.kind)))
                return
        self._string(pieces)

    def _string(self, pieces: tuple[Piece, ...]) -> None:
        if all(isinstance(piece, Known) and not piece.secret for piece in pieces):
            text = "".join(piece.text for piece in pieces if isinstance(piece, Known))
            self._raw(json.dumps(text, ensure_ascii=False))
            return
        self._raw('"')
        for piece in pieces:
            self._piece(piece, "json_string")
        self._raw('"')

    def _literal(self, node: Scalar) -> str:
        """The JSON form of a number, truth value or null of YAML."""
        text = json_literal(node.text, node.kind)
        if text is not None:
            return text
        hint = f'put quotes around it for a text: "{shorten(node.text)}"'
        self._findings.error("bad-number", f"JSON has no number `{shorten(node.text)}`", node.place, hint)
        return "null"
