"""Reads catalogues as public data sets keep them: a JSON file that is one object, id -> entry."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from ...tools.errors import ImportFailedError
from ...tools.items import AttributeValue, Item
from ...tools.schema import Schema
from .titles import year_in


def read_object(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        ImportFailedError: the file is missing, unreadable, or holds something else.
    """
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ImportFailedError(f"{path}: cannot be read ({error.strerror}).", "Check the folder.") from error
    except orjson.JSONDecodeError as error:
        raise ImportFailedError(f"{path.name}: not JSON ({error}).", "Take the file as published.") from error
    if not isinstance(found, dict):
        raise ImportFailedError(f"{path.name}: not an object.", "Take the file as published.")
    return found


def read_entries(path: Path, schema: Schema, year: str = "") -> list[Item]:
    """The items of a file whose entries have a name, a list for each category of the schema, and perhaps a plot.

    Args:
        path: the file.
        schema: the catalogue's.
        year: what an entry calls its year; empty where the year stands in its name.

    Raises:
        ImportFailedError: the file is missing or no JSON object of such entries.
    """
    entries = {key: entry for key, entry in read_object(path).items() if isinstance(entry, dict)}
    found = [_item(key, entry, schema, year) for key, entry in entries.items() if _is_named(entry)]
    if not found:
        raise ImportFailedError(f"{path.name}: no entry has a name.", "Take the file as published.")
    return found


def _is_named(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("name"), str) and bool(entry["name"].strip())


def _item(key: str, entry: Mapping[str, Any], schema: Schema, year: str) -> Item:
    attributes: dict[str, AttributeValue] = {}
    told = str(entry.get(year, "")) if year else str(year_in(entry["name"]) or "")
    if re.fullmatch(r"\d{4}", told):
        attributes["year"] = told
    for attribute in schema.of_kind("category"):
        values = entry.get(attribute.name)
        if isinstance(values, list) and values:
            attributes[attribute.name] = tuple(dict.fromkeys(str(value) for value in values))
    return Item(id=key, title=entry["name"], text=str(entry.get("plot") or ""), attributes=attributes)
