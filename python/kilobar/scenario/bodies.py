"""Lowers the bodies of requests."""

from __future__ import annotations

import os.path
from collections.abc import Iterable

from kilobar.model import plan
from kilobar.scenario import tree
from kilobar.scenario.context import Context
from kilobar.scenario.encode import joined
from kilobar.scenario.files import readable
from kilobar.scenario.pieces import Template
from kilobar.scenario.scope import Scope


def content_type(step: tree.RequestStep) -> str | None:
    """The type of the body, when it follows from its key."""
    if step.json is not None:
        return "application/json"
    return "application/x-www-form-urlencoded" if step.form is not None else None


def lower_body(step: tree.RequestStep, context: Context) -> plan.Body | None:
    """The body of a request, if it has one."""
    scope = context.scope
    if step.json is not None:
        return joined(scope.encoded(step.json.encoded))
    if step.form is not None:
        parts: list[plan.Part] = []
        for pair in form_pairs(step.form, scope):
            parts.extend([plan.Text("&"), *pair] if parts else pair)
        return joined(parts)
    if step.multipart is not None:
        return tuple(
            _part(key.text(), value, context) for key, values in step.multipart for value in values
        )  # fmt: skip
    if step.body_file is not None:
        return plan.FileContent(readable(step.body_file, context.findings))
    return scope.template(step.body.pieces) if step.body is not None else None


def form_pairs(pairs: tree.Fields, scope: Scope) -> Iterable[list[plan.Part]]:
    """`key=value` for each value of each key, encoded as in forms and queries."""
    for key, templates in pairs:
        for template in templates:
            yield [*scope.parts(key.pieces, "form"), plan.Text("="), *scope.parts(template.pieces, "form")]


def _part(name: str, value: Template | tree.Part, context: Context) -> plan.BodyPart:
    scope = context.scope
    if isinstance(value, Template):
        return plan.BodyPart(name, scope.template(value.pieces))
    content: plan.Template | plan.FileContent
    filename = scope.template(value.filename.pieces) if value.filename is not None else None
    if value.file is not None:
        path = readable(value.file, context.findings)
        content = plan.FileContent(path)
        filename = filename or plan.Template.fixed(os.path.basename(path))
    else:
        content = scope.template(value.text.pieces if value.text is not None else ())
    return plan.BodyPart(name, content, filename, value.content_type.text() if value.content_type else None)
