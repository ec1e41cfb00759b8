"""Guesses a schema from a table: which columns are id, title, prose and links, and what kind each other column is.

Names are asked first (column_names.py), then the cells themselves, so that headers nobody has heard of do as well.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from . import column_names as names
from .cells import as_labels, as_text, is_missing, parse_list
from .errors import ImportFailedError
from .numbers_and_dates import parse_number, unit_of
from .profiles import Column, columns_of
from .schema import Attribute, Schema, Source

_HISTOGRAM = re.compile(r"(?:.*_)?(?:rating|star|vote|score)s?[ _]?\d+$|\d+[ _]?stars?$", re.I)
_FILE = re.compile(r"(?:[A-Za-z]:\\|\.{0,2}/|[\w-]+/)\S*\.\w{1,5}")
_LINK = re.compile(r"(?:https?:)?//\S+|www\.\S+")
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif)\b|image|/img|thumb|cover|poster|photo", re.I)
_CODE = re.compile(r"(?=.*\d)[\w.:/-]{1,60}")
_NO_TITLE = (
    'Pass a schema: --schema FILE with [source] title = "NAME" says which column holds what people call an item.'
)


def infer_schema(rows: Sequence[Mapping[str, Any]], name: str) -> Schema:
    """A schema that fits the rows; people may edit it afterwards.

    Args:
        rows: the table's rows, each column name -> cell.
        name: the catalogue's name ("steam-games"), which tells what an item is called.

    Raises:
        ImportFailedError: no column looks like a title.
    """
    columns = columns_of(rows)
    title = _title(columns, names.noun_of(name))
    rest = {name: column for name, column in columns.items() if name != title and column.values}
    key = _id(rest, rows)
    rest.pop(key, None)
    links = [name for name, column in rest.items() if column.share(_LINK.fullmatch) >= 0.8]
    image = _link(rest, links, names.IMAGES, pictures=True)
    url = _link(rest, [link for link in links if link != image], names.URLS, pictures=False)
    for link in {*links, image, url} & rest.keys():
        del rest[link]
    aliases = tuple(name for name, column in rest.items() if _is_alias(column, columns[title]))
    prose = sorted((name for name in rest if name not in aliases and _is_prose(rest[name])), key=_prose_rank)
    attributes = [
        _attribute(column)
        for name, column in rest.items()
        if name not in (*aliases, *prose) and not _is_useless(column)
    ]
    used = {title, key, image, url, *aliases, *prose, *(attribute.name for attribute in attributes)}
    noun = names.noun_of(name, (key, title))
    return Schema(
        noun=noun.one,
        nouns=noun.several,
        also=noun.also,
        source=Source(
            id=key,
            title=title,
            text=tuple(prose),
            aliases=aliases,
            url=url,
            image=image,
            ignore=tuple(name for name in columns if name not in used),
        ),
        attributes=_settle(attributes),
    )


def _title(columns: dict[str, Column], noun: names.Noun) -> str:
    """The column of titles: by name, else the one named like the items (`show` of podcasts), else by its cells."""
    spoken = (*names.TITLES, noun.one, *noun.also)
    known = [(names.named(name, spoken), name) for name, column in columns.items() if column.values]
    if found := [pair for pair in known if pair[0] >= 0 and not columns[pair[1]].lists]:
        return min(found)[1]
    scores = {name: _likeness_to_title(column) for name, column in columns.items()}
    best = max(scores, key=lambda name: scores[name], default="")
    if not best or scores[best] <= 0:
        listed = ", ".join(list(columns)[:30])
        raise ImportFailedError(f"No column looks like a title. The columns are: {listed}.", _NO_TITLE)
    return best


def _likeness_to_title(column: Column) -> float:
    """From 0 (it cannot be) to about 1: short, worded, and different from row to row."""
    if not column.values or column.lists or column.flags or column.distinct < 0.5 or not 1 <= column.words <= 12:
        return 0.0
    if (
        column.numeric > 0.3
        or column.dated > 0.5
        or column.share(_LINK.match) > 0.2
        or column.share(_CODE.fullmatch) > 0.5
    ):
        return 0.0
    if column.share(lambda text: any(map(str.isalpha, text))) < 0.9 or any(
        isinstance(value, dict) for value in column.values
    ):
        return 0.0
    fits = column.distinct * len(column.values) / column.rows
    last = names.tokens(column.name)[-1:]
    named = 0.5 if last and last[0] in ("title", "name", "titel", "titre") else 0.0
    return fits + named - (0.4 if column.family else 0.0) - (0.2 if column.words > 8 or column.separator else 0.0)


def _id(columns: dict[str, Column], rows: Sequence[Mapping[str, Any]]) -> str:
    """The column that tells the rows apart, by name or by its cells; empty where none does."""
    known = sorted((place, name) for name in columns if (place := names.named(name, names.IDS)) >= 0)
    others = [name for name, column in columns.items() if column.family is None and names.tokens(name)[-1:] == ("id",)]
    for name in dict.fromkeys([*(name for _, name in known), *others]):
        meant = names.tokens(name)[-1] in ("id", "sku", "asin")
        if _tells_apart(name, rows, at_least=0.9, filled=0.7 if meant else 0.95):
            return name
    for name, column in columns.items():
        like_code = column.share(_CODE.fullmatch) > 0.95 and not column.lists and not column.flags
        counted = like_code and column.numeric > 0.9 and name != next(iter(columns))
        if like_code and not counted and not _is_measured(column) and _tells_apart(name, rows, at_least=1.0):
            return name
    return ""


def _is_measured(column: Column) -> bool:
    decimals = any(isinstance(value, float) and value != int(value) for value in column.values)
    return column.family is not None or decimals or _is_date(column)


def _tells_apart(name: str, rows: Sequence[Mapping[str, Any]], at_least: float, filled: float = 0.95) -> bool:
    values = [as_text(value) for row in rows if not is_missing(value := row.get(name))]
    return (
        len(values) >= filled * len(rows)
        and len(set(values)) >= at_least * len(values)
        and max(map(len, values)) <= 200
    )


def _link(columns: dict[str, Column], links: list[str], known: tuple[str, ...], *, pictures: bool) -> str:
    """The column of addresses (of pages, or of pictures), by name first."""
    named = sorted((place, name) for name in columns if (place := names.named(name, known)) >= 0)
    for _, name in named:
        if name in links or (pictures and columns[name].share(_FILE.fullmatch) > 0.8):
            return name
    fitting = [name for name in links if (columns[name].share(_PICTURE.search) > 0.5) == pictures]
    return fitting[0] if fitting else ""


def _is_alias(column: Column, title: Column) -> bool:
    if names.named(column.name, names.ALIASES) >= 0:
        return True
    if column.lists or column.words > 15 or not column.values or column.family:
        return False
    titles = {text.casefold() for text in title.texts}
    return column.distinct > 0.5 and column.share(lambda text: text.casefold() in titles) > 0.3 and column.numeric < 0.5


def _is_prose(column: Column) -> bool:
    """Whether it describes an item in sentences."""
    if (
        column.share(_LINK.match) > 0.5
        or any(isinstance(value, dict) for value in column.values)
        or column.numeric > 0.5
    ):
        return False
    if names.named(column.name, names.PROSE) >= 0 and (column.words >= 4 or len(column.values) < 5):
        return True
    if column.lists:
        elements = [as_text(part) for value in column.values[:300] for part in parse_list(value) or ()]
        return sum(element.count(" ") + 1 for element in elements) > 8 * max(1, len(elements))
    return column.words >= 12 and column.distinct > 0.5 and not column.separator


def _prose_rank(name: str) -> int:
    place = names.named(name, names.PROSE)
    return place if place >= 0 else len(names.PROSE)


def _is_useless(column: Column) -> bool:
    """Whether a column helps nobody to choose: other systems' ids, constants, hashes, paths, nested objects."""
    last = names.tokens(column.name)[-1:]
    constant = len(set(column.texts)) <= 1 and column.rows > 1 and len(column.values) > 0.9 * column.rows
    foreign = bool(last) and last[0] in names.FOREIGN_IDS and column.family is None
    if constant or foreign or _HISTOGRAM.fullmatch(column.name):
        return True
    if column.lists:
        elements = [part for value in column.values[:300] for part in parse_list(value) or ()]
        numbers = sum(isinstance(part, (int, float, list)) or as_text(part) == "" for part in elements)
        return numbers > len(elements) / 2
    if column.share(lambda text: text == "" or text.startswith("{") or bool(_FILE.fullmatch(text))) > 0.5:
        return True
    codes = column.share(_CODE.fullmatch) > 0.9 and column.distinct > 0.95 and len(column.values) > 20
    return codes and column.numeric < 0.9 and column.dated < 0.9


def _attribute(column: Column) -> Attribute:
    family = column.family
    label = (family.label if family else "") or names.humanise(column.name)
    own = names.humanise(column.name)
    also = tuple(dict.fromkeys(word for word in (*(family.also if family else ()), own) if word and word != label))
    about = Attribute(name=column.name, kind="category", label=label, also=also)
    inner = names.tokens(column.name)
    internal = bool(set(inner) & names.INTERNAL) and family is None
    if column.lists:
        return _category(about, column, several=True)
    if column.flags and (family is None or family.measure is None or set(map(str.lower, column.texts)) - {"0", "1"}):
        return about.model_copy(update={"shown": not internal})
    if _is_date(column):
        return about.model_copy(update={"kind": "date", "shown": not internal})
    if _is_number(column):
        unit = names.unit_in(column.name) or column.unit or (_scale(column) if family else "")
        measure = family.measure if family else None
        shown = not internal and (measure is not None or "count" not in inner)
        update = {"kind": "number", "measure": measure, "unit": unit, "shown": shown}
        if not (family and family.label):
            update["label"] = names.humanise(column.name, one=False)
        return about.model_copy(update=update)
    separator = column.separator
    if not separator and not (family and family.person) and column.distinct > 0.9 and len(column.values) > 20:
        return about.model_copy(update={"kind": "text", "shown": False})
    return _category(about, column, several=bool(separator)).model_copy(
        update={"shown": not internal and column.words < 40}
    )


def _category(about: Attribute, column: Column, *, several: bool) -> Attribute:
    family = column.family
    separator = column.separator
    cells = [as_labels(value, separator) for value in column.values]
    person = family is not None and family.person
    large = len({label for cell in cells for label in cell}) > 100
    update = {
        "many": several,
        "person": person,
        "open": several and not person and (large or (family is not None and family.open)),
        "shown": sum(map(len, cells)) <= 10 * max(1, len(cells)),
    }
    return about.model_copy(update=update)


def _is_date(column: Column) -> bool:
    """Whether it holds dates: by its name and most cells, or because every cell is a date or a recent year."""
    years = sum(1000 <= (parse_number(value) or 0) <= 2100 for value in column.values) / max(1, len(column.values))
    if column.family is not None and column.family.kind == "date":
        return column.dated > 0.6 and (
            column.numeric < 0.5 or years > 0.6 or column.share(lambda text: len(text) > 7) > 0.9
        )
    if column.numeric > 0.5:
        recent = sum(1800 <= (parse_number(value) or 0) <= 2035 for value in column.values) / max(1, len(column.values))
        return recent > 0.98 and column.family is None and not names.unit_in(column.name) and len(column.values) > 2
    return column.dated > 0.9


def _is_number(column: Column) -> bool:
    measured = column.family is not None and column.family.measure is not None
    if measured and column.family is not None and column.family.measure == "duration" and column.lasting > 0.8:
        return True
    if column.family is not None and column.family.kind == "category":
        return False
    plain = column.share(lambda text: unit_of(text) == column.unit or parse_number(text) == 0)
    return column.numeric > (0.6 if measured else 0.8) and (measured or plain > 0.8)


def _scale(column: Column) -> str:
    """A family's unit, unless the numbers are too large for it: lengths of time are then seconds or milliseconds."""
    unit = column.family.unit if column.family else ""
    numbers = sorted(number for value in column.values if (number := parse_number(value, column.decimal)) is not None)
    middle = numbers[len(numbers) // 2] if numbers else 0
    return unit if unit != "min" or middle < 1000 else "s" if middle < 50_000 else "ms"


def _settle(attributes: list[Attribute]) -> tuple[Attribute, ...]:
    """In the order of cards, and each label with one owner: a second one keeps its own name."""
    labels: set[str] = set()
    measures: set[str] = set()
    settled = []
    for attribute in attributes:
        update: dict[str, Any] = {}
        if attribute.label in labels:
            own = names.humanise(attribute.name)
            label = own if own not in labels else " ".join(names.tokens(attribute.name)) or attribute.name
            update = {"label": label, "also": (), "shown": attribute.shown and attribute.measure != "popularity"}
        elif attribute.measure in measures and attribute.measure in ("popularity", "rating"):
            update = {"shown": False}
        labels.add(update.get("label", attribute.label))
        measures.add(attribute.measure or "")
        settled.append(attribute.model_copy(update=update))
    return tuple(sorted(settled, key=_card_rank))


def _card_rank(attribute: Attribute) -> int:
    kinds = {"date": 0, "category": 1, "number": 4, "text": 6}
    rank = kinds[attribute.kind] + (1 if attribute.person else 3 if attribute.open else 0)
    return rank + (0 if attribute.kind != "number" or attribute.measure else 1) + (0 if attribute.shown else 10)
