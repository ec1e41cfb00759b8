"""Reads MovieLens folders (`movies.csv` or `movies.dat`, ratings, tags, links) as rows, a schema and interactions."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .cells import as_text
from .errors import ImportFailedError
from .interactions import read_interactions
from .items import Interaction
from .reading import READABLE, Fault, Row, read_rows
from .schema import Attribute, Schema, Source

_YEAR = re.compile(r"\s*\((\d{4})(?:[-–]\d{0,4})?\)\s*$")
_ARTICLE = re.compile(
    r"(.+), (The|A|An|Les|Le|La|L'|Las|Los|El|Il|Lo|I|Gli|Una|Un|Une|Der|Die|Das|Den|Det|De|Het|O|Os|As)$", re.I
)
_BRACKETS = re.compile(r"\s*\((?:a\.?k\.?a\.?:? )?([^()]+)\)\s*$")
_MOVIES = ("movieId", "title", "genres")
_TOP_TAGS = 10

SCHEMA = Schema(
    noun="film",
    nouns="films",
    also=("movie", "movies", "flick", "flicks", "picture"),
    source=Source(id="movieId", title="title", aliases=("aliases",), url="url"),
    attributes=(
        Attribute(name="year", kind="date", label="year", also=("from", "released", "came out")),
        Attribute(name="genres", kind="category", many=True, label="genre", also=("kind", "type", "category")),
        Attribute(name="tags", kind="category", many=True, open=True, label="tag", also=("tagged", "about", "keyword")),
    ),
)
"""What the columns mean that `read_movielens` makes; a folder without tags has no `tags`."""


@dataclass(frozen=True)
class Films:
    """A MovieLens folder's content."""

    rows: list[Row]
    schema: Schema
    interactions: list[Interaction]
    faults: list[Fault] = field(default_factory=list)


def read_movielens(folder: Path) -> Films:
    """The films, ratings and tags of a folder.

    Raises:
        ImportFailedError: there is no movies.csv or movies.dat, or a file cannot be read.
    """
    movies = next((path for name in ("movies.csv", "movies.dat") if (path := folder / name).is_file()), None)
    if movies is None:
        files = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in READABLE)
        raise ImportFailedError(
            f"{folder}: a folder without movies.csv or movies.dat is no MovieLens folder",
            f"Name the file that holds the items{': ' + ', '.join(files[:10]) if files else ''}.",
        )
    faults: list[Fault] = []
    rows = list(_rows(movies, _MOVIES, faults))
    if not rows:
        raise ImportFailedError(f"{movies.name}: no row can be used", "It has the columns movieId, title and genres.")
    tidy_films(rows)
    _add_links(rows, folder, faults)
    has_tags = _add_tags(rows, folder, faults)
    interactions: list[Interaction] = []
    for path in sorted([*folder.glob("ratings*.csv"), *folder.glob("ratings*.dat")]):
        header = ("userId", "movieId", "rating", "timestamp") if path.suffix == ".dat" else ()
        interactions.extend(read_interactions(path, faults, "movie", header))
    kept = tuple(attribute for attribute in SCHEMA.attributes if has_tags or attribute.name != "tags")
    return Films(rows, SCHEMA.model_copy(update={"attributes": kept}), interactions, faults)


def is_movielens(cells: Mapping[str, Any]) -> bool:
    """Whether a row has MovieLens' columns."""
    return set(_MOVIES) <= cells.keys()


def tidy_films(rows: list[Row]) -> None:
    """Write titles as people do, in place: "Matrix, The (1999)" -> "The Matrix", with its `year` and `aliases`."""
    for row in rows:
        title = as_text(row.cells.get("title"))
        year = _YEAR.search(title)
        row.cells.setdefault("year", year[1] if year else None)
        name, aliases = _untangle(_YEAR.sub("", title))
        row.cells["title"] = name
        row.cells["aliases"] = aliases
        genres = as_text(row.cells.get("genres"))
        row.cells["genres"] = [] if genres.startswith("(no genres") else [part for part in genres.split("|") if part]


def _untangle(title: str) -> tuple[str, list[str]]:
    """A title with its article in front and without its other titles; those, and the title as it was sorted."""
    aliases: list[str] = []
    name = title
    while found := _BRACKETS.search(name):
        if found.start() == 0:
            break
        aliases.insert(0, _article_first(found[1]))
        name = name[: found.start()]
    spoken = _article_first(name)
    if spoken != name:
        aliases.insert(0, name)
    return spoken, aliases


def _article_first(title: str) -> str:
    found = _ARTICLE.fullmatch(title)
    if found is None:
        return title
    return f"{found[2]}{'' if found[2].endswith(chr(39)) else ' '}{found[1]}"


def _rows(path: Path, header: tuple[str, ...], faults: list[Fault]) -> Iterator[Row]:
    own = path.name.startswith("movies")
    for row in read_rows(path, header if path.suffix == ".dat" else ()):
        if isinstance(row, Row):
            yield row
        else:
            faults.append(row if own else Fault(line=row.line, reason=f"{path.name}: {row.reason}"))


def _add_links(rows: list[Row], folder: Path, faults: list[Fault]) -> None:
    """Give each film the address of its page at IMDb, where links.csv knows it."""
    path = folder / "links.csv"
    pages: dict[str, str] = {}
    for row in _rows(path, (), faults) if path.is_file() else ():
        number = as_text(row.cells.get("imdbId"))
        if number.isdecimal():
            pages[as_text(row.cells.get("movieId"))] = f"https://www.imdb.com/title/tt{int(number):07d}/"
    for row in rows:
        row.cells["url"] = pages.get(as_text(row.cells.get("movieId")), "")


def _add_tags(rows: list[Row], folder: Path, faults: list[Fault]) -> bool:
    """Give each film the tags that two users gave it, or else its most frequent; says whether there are any."""
    path = next((path for name in ("tags.csv", "tags.dat") if (path := folder / name).is_file()), None)
    if path is None:
        return False
    users: defaultdict[str, Counter[str]] = defaultdict(Counter)
    once: set[tuple[str, str, str]] = set()
    for row in _rows(path, ("userId", "movieId", "tag", "timestamp"), faults):
        film, tag = as_text(row.cells.get("movieId")), as_text(row.cells.get("tag")).lower()
        mark = (as_text(row.cells.get("userId")), film, tag)
        if tag and mark not in once:
            once.add(mark)
            users[film][tag] += 1
    for row in rows:
        counted = users.get(as_text(row.cells.get("movieId")), Counter())
        shared = [tag for tag, count in counted.most_common() if count >= 2]
        top = [tag for tag, _ in counted.most_common(_TOP_TAGS)]
        row.cells["tags"] = list(dict.fromkeys([*shared, *top]))
    return True
