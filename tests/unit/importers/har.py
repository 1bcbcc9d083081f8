"""Makes recordings to import."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kilobar.importers import Imported, Options, import_bytes
from kilobar.importers.bounds import all_steps
from kilobar.model.scenario import Request

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(
    url: str,
    *,
    at_ms: float = 0,
    took_ms: float = 10,
    method: str = "GET",
    status: int = 200,
    page: str | None = None,
    headers: dict[str, str] | None = None,
    answer: dict[str, str] | None = None,
    json_answer: Any = None,
    html: str | None = None,
    mime: str = "",
    post: dict[str, Any] | None = None,
    json_post: Any = None,
    **more: Any,
) -> dict[str, Any]:
    """One entry; `answer` are the headers of the response."""
    content: dict[str, Any] = {"size": -1, "mimeType": mime}
    if json_answer is not None:
        content = {"mimeType": "application/json", "text": json.dumps(json_answer)}
    if html is not None:
        content = {"mimeType": "text/html; charset=utf-8", "text": html}
    if json_post is not None:
        post = {"mimeType": "application/json", "text": json.dumps(json_post)}
    request: dict[str, Any] = {"method": method, "url": url, "headers": _pairs(headers)}
    if post is not None:
        request["postData"] = post
    made = {
        "startedDateTime": (START + timedelta(milliseconds=at_ms)).isoformat(),
        "time": took_ms,
        "request": request,
        "response": {"status": status, "headers": _pairs(answer), "content": content, "bodySize": -1},
    }
    return made | ({"pageref": page} if page else {}) | more


def recording(*entries: dict[str, Any], pages: dict[str, str] | None = None) -> bytes:
    listed = [{"id": key, "title": title} for key, title in (pages or {}).items()]
    return json.dumps({"log": {"version": "1.2", "pages": listed, "entries": list(entries)}}).encode()


def played(*entries: dict[str, Any], pages: dict[str, str] | None = None, **options: Any) -> Imported:
    """What comes out of these entries."""
    return import_bytes(recording(*entries, pages=pages), "source", Path("nowhere"), Options(format="har", **options))


def sent(result: Imported) -> list[Request]:
    """All requests, those in groups included."""
    return [step for step in all_steps(result.scenario) if isinstance(step, Request)]


def _pairs(headers: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in (headers or {}).items()]
