"""The documentation of the HTTP API as one page, drawn from its OpenAPI document: no script, nothing fetched from elsewhere."""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from .sign_in_pages import whole_page

Node = Mapping[str, Any]
"""A part of an OpenAPI document."""

_METHODS = ("get", "post", "put", "patch", "delete")

_STYLE = """
main { max-width: 900px; margin: 0 auto; padding: 32px 20px 80px; }
h1 { font-size: 32px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 22px; margin: 40px 0 10px; }
h3 { font-size: 15px; margin: 18px 0 6px; }
p { margin: 0 0 12px; }
nav { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 18px 0; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 12px; margin: 10px 0; padding: 0 16px; }
summary { cursor: pointer; padding: 12px 0; overflow-wrap: anywhere; }
summary b { display: inline-block; min-width: 66px; color: var(--accent); font: 600 13px ui-monospace, Menlo, monospace; }
summary span { display: inline-block; color: var(--soft); margin-left: 10px; }
code, pre { font: 13.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 12px; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; margin: 0 0 14px; font-size: 14.5px; }
th, td { text-align: left; vertical-align: top; padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; } td:first-child { min-width: 120px; }
.soft { color: var(--soft); }
"""


def api_page(document: Node, root: str = "") -> str:
    """The page.

    Args:
        document: the OpenAPI document.
        root: the path that a proxy serves us under.
    """
    info, schemas = document["info"], document.get("components", {}).get("schemas", {})
    rooms = _by_tag(document)
    links = "".join(f'<a href="#{_anchor(tag)}">{escape(tag)}</a>' for tag in rooms)
    parts = [
        f'<main><h1>{escape(info["title"])} <span class="soft">{escape(info["version"])}</span></h1>',
        _prose(info.get("description", "")),
        f'<p>For programs: <a href="{escape(root)}/openapi.json">openapi.json</a>.</p>',
        f'<nav aria-label="Parts">{links}<a href="#schemas">schemas</a></nav>',
    ]
    for tag, operations in rooms.items():
        parts += [f'<section><h2 id="{_anchor(tag)}">{escape(tag)}</h2>', *operations, "</section>"]
    parts.append('<section><h2 id="schemas">schemas</h2>')
    parts += [_schema(name, schema) for name, schema in sorted(schemas.items())]
    return whole_page(f"{info['title']} · API", _STYLE, "".join([*parts, "</section></main>"]))


def _by_tag(document: Node) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, node in document["paths"].items():
        shared = node.get("parameters", [])
        for method in _METHODS:
            if method in node:
                operation = node[method]
                tag = (operation.get("tags") or ["other"])[0]
                found.setdefault(tag, []).append(_operation(method, path, operation, shared, document))
    return found


def _operation(method: str, path: str, operation: Node, shared: list[Node], document: Node) -> str:
    parts = [
        f"<details><summary><b>{method.upper()}</b><code>{escape(path)}</code>",
        f"<span>{escape(operation.get('summary', ''))}</span></summary>",
    ]
    if operation.get("description"):
        parts.append(_prose(operation["description"]))
    parameters = [_followed(p, document) for p in (*shared, *operation.get("parameters", []))]
    if parameters:
        rows = "".join(_row(p["name"], p.get("schema", {}), p, f"in {p['in']}") for p in parameters)
        parts.append(f"<h3>Parameters</h3><table><tbody>{rows}</tbody></table>")
    if "requestBody" in operation:
        parts += ["<h3>Body</h3>", *_contents(_followed(operation["requestBody"], document))]
    parts.append("<h3>Answers</h3>")
    for status, answer in operation.get("responses", {}).items():
        answer = _followed(answer, document)
        parts.append(f"<p><code>{escape(status)}</code> {escape(answer.get('description', ''))}</p>")
        parts += _contents(answer)
    return "".join([*parts, "</details>"])


def _contents(node: Node) -> Iterator[str]:
    """What a body or an answer holds, for each kind of text that it may be."""
    for kind, media in node.get("content", {}).items():
        yield f'<p class="soft"><code>{escape(kind)}</code> {_type(media.get("schema", {}))}</p>'
        examples = [e["value"] for e in media.get("examples", {}).values() if "value" in e]
        for example in [media["example"]] if "example" in media else examples:
            yield _shown(example)


def _schema(name: str, schema: Node) -> str:
    rows = "".join(
        _row(field, node, {"required": field in schema.get("required", [])})
        for field, node in schema.get("properties", {}).items()
    )
    table = f"<table><tbody>{rows}</tbody></table>" if rows else f"<p>{_type(schema)}</p>"
    told = _prose(schema.get("description", ""))
    examples = [schema["example"]] if "example" in schema else schema.get("examples", [])[:1]
    shown = "".join(_shown(example) for example in examples)
    summary = f"<summary><code>{escape(name)}</code></summary>"
    return f'<details id="{_anchor(name)}">{summary}{told}{table}{shown}</details>'


def _row(name: str, schema: Node, more: Node, where: str = "") -> str:
    notes = [where, "required" if more.get("required") else "", _bounds(schema)]
    if schema.get("default") not in (None, "", [], {}):
        notes.append(f"default {json.dumps(schema['default'], ensure_ascii=False)}")
    told = more.get("description") or schema.get("description", "")
    said = escape(", ".join(filter(None, notes)))
    return (
        f"<tr><td><code>{escape(name)}</code></td><td>{_type(schema)} "
        f'<span class="soft">{said}</span><br>{escape(told)}</td></tr>'
    )


def _type(schema: Node) -> str:
    """A schema in a few words, as HTML, with links to those that have a name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{_anchor(name)}">{escape(name)}</a>'
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(_type(s) for s in schema[several])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"<code>{escape(json.dumps(v, ensure_ascii=False))}</code>" for v in values)
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    extra = schema.get("additionalProperties")
    if schema.get("type") == "object" and isinstance(extra, Mapping):
        return f"object of {_type(extra)}"
    return escape(str(schema.get("type", "anything")))


def _bounds(schema: Node) -> str:
    words = {
        "minimum": "from", "maximum": "to", "exclusiveMinimum": "above", "exclusiveMaximum": "below",
        "minLength": "characters from", "maxLength": "characters to", "minItems": "entries from", "maxItems": "entries to",
    }  # fmt: skip
    return " ".join(f"{word} {schema[name]}" for name, word in words.items() if name in schema)


def _shown(example: object) -> str:
    text = example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
    return f'<pre tabindex="0">{escape(text)}</pre>'


def _followed(node: Node, document: Node) -> Node:
    """A part of the document, in place of the reference to it."""
    if "$ref" not in node:
        return node
    found: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def _prose(text: str) -> str:
    """Paragraphs, with what stands between backticks as code."""
    found = (escape(" ".join(part.split())) for part in re.split(r"\n\s*\n", text) if part.strip())
    return "".join("<p>" + re.sub(r"`([^`]+)`", r"<code>\1</code>", part) + "</p>" for part in found)


def _anchor(name: str) -> str:
    return escape("".join(c if c.isalnum() else "-" for c in name))
