# SPDX-License-Identifier: Apache-2.0
"""``/docs``: the OpenAPI document as one plain page. It loads nothing, from nowhere, and runs no script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

SECURITY_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
_STYLE: Final = """\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h2{border-top:1px solid #ccc;padding-top:1rem}pre{background:#f4f4f4;padding:.8rem;overflow:auto;max-height:24rem}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left;vertical-align:top}
"""


def page(document: Mapping[str, Any]) -> str:
    """``document`` as HTML."""
    info = document["info"]
    title = f"{info['title']} {info['version']}"
    return "\n".join(
        (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
            f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>",
            f'<p>{escape(info["description"])} <a href="/openapi.json">openapi.json</a></p>',
            *_contents(document["paths"]),
            *_routes(document),
            "</body></html>",
        )
    )


def _contents(paths: Mapping[str, Any]) -> Iterator[str]:
    yield "<ul>"
    for path, operations in paths.items():
        for method, operation in operations.items():
            line = f"{method.upper()} {path}"
            yield f'<li><a href="#{escape(_anchor(line))}"><code>{escape(line)}</code></a> '
            yield f"{escape(operation.get('description', ''))}</li>"
    yield "</ul>"


def _routes(document: Mapping[str, Any]) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            line = f"{method.upper()} {path}"
            yield f'<h2 id="{escape(_anchor(line))}"><code>{escape(line)}</code></h2>'
            yield f"<p>{escape(operation.get('description', ''))}</p>"
            yield from _parameters(operation.get("parameters", ()))
            yield from _body(operation.get("requestBody"))
            yield from _answers(operation["responses"], schemas)


def _parameters(parameters: Any) -> Iterator[str]:
    for parameter in parameters:
        rule = json.dumps(parameter.get("schema", {}))
        yield f"<p><code>{escape(parameter['name'])}</code> (in the {escape(parameter['in'])}): "
        yield f"{escape(parameter.get('description', ''))} <code>{escape(rule)}</code></p>"


def _body(body: Any) -> Iterator[str]:
    if body:
        yield f"<h3>Body</h3><p>{escape(', '.join(body['content']))}</p>"
        yield from _examples(found["example"] for found in body["content"].values() if "example" in found)


def _answers(responses: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    yield "<h3>Answers</h3><table><tr><th>status</th><th>meaning</th><th>content</th></tr>"
    for status, response in responses.items():
        types = ", ".join(response.get("content", {}))
        yield f"<tr><td>{escape(status)}</td><td>{escape(response['description'])}</td><td>{escape(types)}</td></tr>"
    yield "</table>"
    first = next(iter(responses.values())).get("content", {}).get("application/json", {}).get("schema", {})
    name = first.get("$ref", "").rpartition("/")[2]
    yield from _examples(schemas.get(name, {}).get("examples", ()))


def _examples(examples: Any) -> Iterator[str]:
    for example in examples:
        yield f"<pre>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</pre>"


def _anchor(line: str) -> str:
    return "".join(mark if mark.isalnum() else "-" for mark in line.lower())
