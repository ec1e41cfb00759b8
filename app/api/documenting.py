"""The OpenAPI document: what FastAPI makes of the routes, with the shape of problems, rooms and fields in words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

TAGS = {
    "conversations": "Conversations of the user: begun, listed, renamed, exported, deleted, and what each has understood.",
    "turns": "What is said in a conversation and answered, whole or as server-sent events; feedback; who can answer.",
    "items": "The catalogue: found by words, meaning and limits, or one by one.",
    "memory": "What is remembered of the user beyond a conversation: seen, corrected, taken along, forgotten.",
    "simulations": "Simulated users who talk with systems, and what was measured.",
}

_UNUSED = ("HTTPValidationError", "ValidationError")
_HEAD = re.compile(r"\n*^Attributes:\n", re.MULTILINE)
_ENTRY = re.compile(r"^ {4}(?=\S)", re.MULTILINE)


def document(app: FastAPI, problem: type[BaseModel]) -> None:
    """Make an application's OpenAPI document say what its routes and their shapes are.

    Args:
        app: the application.
        problem: the shape of problems, which routes refer to by its name.
    """
    made = app.openapi

    def openapi() -> dict[str, Any]:
        whole = made()
        if "Problem" not in whole.setdefault("components", {}).setdefault("schemas", {}):
            _complete(whole, problem)
        return whole

    app.openapi = openapi


def _complete(whole: dict[str, Any], problem: type[BaseModel]) -> None:
    schemas = whole["components"]["schemas"]
    schema = problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schema.pop("$defs", {}) | {"Problem": schema}
    text = str(whole["paths"])
    for name in _UNUSED:
        if f"/schemas/{name}'" not in text:
            schemas.pop(name, None)
    for schema in schemas.values():
        _describe_fields(schema)
    told = {tag["name"] for tag in whole.get("tags", ())}
    tags = [{"name": name, "description": words} for name, words in TAGS.items() if name not in told]
    whole["tags"] = [*tags, *whole.get("tags", ())]


def _describe_fields(schema: dict[str, Any]) -> None:
    """Move what a shape's description says of its fields to the fields."""
    summary, *rest = _HEAD.split(schema.get("description", ""), maxsplit=1)
    if not rest:
        return
    schema["description"] = summary.strip()
    properties: Mapping[str, dict[str, Any]] = schema.get("properties", {})
    for names, words in _entries(rest[0]):
        for name in names:
            if name in properties and "$ref" not in properties[name]:
                properties[name].setdefault("description", words)


def _entries(text: str) -> Iterator[tuple[list[str], str]]:
    """The names of some fields, and what is said of them."""
    for entry in _ENTRY.split(text):
        names, colon, words = entry.partition(":")
        if colon:
            said = " ".join(words.split())
            yield [name.strip() for name in names.split(",")], said[:1].upper() + said[1:]
