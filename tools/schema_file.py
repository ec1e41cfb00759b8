"""A schema as a TOML file that people can read and edit: written with comments, read with named faults."""

from pathlib import Path
from typing import Any, get_args

import tomlkit
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from .errors import SchemaError
from .files import write_text
from .schema import Attribute, Kind, Measure, Schema, Source

_KINDS = ", ".join(get_args(Kind))
_KIND_HINT = "Change the kind, or take the other key away."
_MEASURES = ", ".join(get_args(Measure))

_TOP = f"""\
What a catalogue's columns mean. Edit it, then import again with --schema and this file's name.

noun, nouns    what one item is called, and several; also: other words for it
[source]       the columns behind an item's id, title, text and so on ("" means there is none; an empty id is made from
               the title); ignore: columns that are left out
[[attributes]] one table per attribute, in the order in which cards show them
  name         the column's name in the file
  kind         {_KINDS}
  many         true: an item can have several values (categories only)
  open         true: loose labels such as tags, so that a label's absence says nothing
  label, also  what people call it, and other words for it
  measure      what a number measures: {_MEASURES}
  unit         the number's unit as it is written, such as "min" or "USD"
  person       true: the values are names of people or companies
  shown        false: cards leave it out
  synonyms     value = [other words that people use for that value]
What is left out is false or empty; shown is true."""


def schema_text(schema: Schema) -> str:
    """A schema as commented TOML."""
    document = tomlkit.document()
    for line in _TOP.splitlines():
        document.add(tomlkit.comment(line) if line else tomlkit.nl())
    document.add(tomlkit.nl())
    document["noun"] = schema.noun
    document["nouns"] = schema.nouns
    document["also"] = list(schema.also)
    source = tomlkit.table()
    for name, value in schema.source:
        source[name] = _lines(value) if name == "ignore" else list(value) if isinstance(value, tuple) else value
    document["source"] = source
    attributes = tomlkit.aot()
    for attribute in schema.attributes:
        attributes.append(_table(attribute))
    if schema.attributes:
        document["attributes"] = attributes
    return tomlkit.dumps(document)


def write_schema(path: Path, schema: Schema) -> None:
    """Write a schema as commented TOML; `read_schema` gives back the same.

    Raises:
        StoreError: the folder cannot be written.
    """
    write_text(path, schema_text(schema))


def read_schema(path: Path) -> Schema:
    """The schema in a TOML file.

    Raises:
        SchemaError: the file is missing, no TOML, or says something that a schema cannot; the message names the key and
            the hint what is allowed.
    """
    try:
        document: dict[str, Any] = tomlkit.parse(path.read_text(encoding="utf-8")).unwrap()
    except FileNotFoundError as error:
        raise SchemaError(f"{path}: no such schema file", "An import writes one that can be edited.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(f"{path}: cannot be read ({error})", "A schema is a TOML file in UTF-8.") from error
    except TOMLKitError as error:
        raise SchemaError(f"{path.name}: not TOML: {error}", "Text stands in quotes, lists in [ ].") from error
    try:
        schema = Schema.model_validate(document)
    except ValidationError as error:
        raise _schema_error(path, document, error.errors()) from error
    _check(path, schema)
    return schema


def _table(attribute: Attribute) -> Table:
    table = tomlkit.table()
    for name, value in attribute.model_dump(exclude_defaults=True).items():
        table[name] = list(value) if isinstance(value, tuple) else value
    return table


def _lines(values: tuple[str, ...]) -> Any:
    array = tomlkit.array()
    array.extend(values)
    return array.multiline(len(values) > 6)


def _check(path: Path, schema: Schema) -> None:
    """What fits every key by itself but not together."""
    seen: set[str] = set()
    for attribute in schema.attributes:
        where = f"{path.name}: attribute {attribute.name!r}"
        if attribute.name in seen:
            raise SchemaError(f"{where} stands there twice", "Keep one of the two tables.")
        seen.add(attribute.name)
        if attribute.kind != "category" and (attribute.many or attribute.open or attribute.person):
            key = "many" if attribute.many else "open" if attribute.open else "person"
            raise SchemaError(f'{where}: {key} = true needs kind = "category", not {attribute.kind!r}', _KIND_HINT)
        if attribute.kind != "number" and attribute.measure is not None:
            raise SchemaError(f'{where}: measure needs kind = "number", not {attribute.kind!r}', _KIND_HINT)


def _schema_error(path: Path, document: dict[str, Any], errors: list[ErrorDetails]) -> SchemaError:
    """The first fault in words, and what is allowed in its place."""
    error = errors[0]
    where = _where(document, error["loc"])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    if error["type"] == "extra_forbidden":
        return SchemaError(f"{path.name}: {where} is no key of a schema{more}", f"Allowed here: {_keys(error['loc'])}.")
    if error["type"] == "missing":
        return SchemaError(f"{path.name}: {where} is missing{more}", "Every attribute has a name and a kind.")
    allowed = error.get("ctx", {}).get("expected")
    hint = f"Allowed: {allowed}." if allowed else f"{error['msg']}."
    return SchemaError(f"{path.name}: {where} = {error['input']!r} cannot be used{more}", hint)


def _where(document: dict[str, Any], place: tuple[int | str, ...]) -> str:
    """A place in the file in words: `source.id`, or `kind of attribute 3 ("price")`."""
    if len(place) > 1 and place[0] == "attributes" and isinstance(place[1], int):
        table = document["attributes"][place[1]]
        name = table.get("name") if isinstance(table, dict) else None
        which = f"attribute {place[1] + 1}" + (f' ("{name}")' if isinstance(name, str) else "")
        key = ".".join(str(part) for part in place[2:])
        return f"{key} of {which}" if key else which
    return ".".join(str(part) for part in place)


def _keys(place: tuple[int | str, ...]) -> str:
    model = Attribute if place[0] == "attributes" else Source if place[0] == "source" and len(place) > 1 else Schema
    return ", ".join(model.model_fields)
