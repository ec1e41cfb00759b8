"""OpenDialKG's recommendations (Moon et al., ACL 2019) as cases: `dev_rec_turns.jsonl` over `id2info.json`.

The catalogue is the whole of `id2info.json`: films and books, 3,672 of them, with a year, genres, languages and names
and without a text. A row of the file holds what was said before one recommendation, not who said it; people take turns
nearly always, so speakers are taken to alternate backwards from the seeker's last message. The entities that a row lists
belong to all of what was said before; one that is a title is given to the messages that hold it, or else it is named by
the case as a whole.

A target that was named before, by the row's entities, by an earlier recommendation of the dialogue or word for word in
the talk, does not count; that is so for about a third of all recommendations.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from ...agents.state import Noun
from ...tools.errors import ImportFailedError
from ...tools.items import Interaction
from ...tools.reading import Fault, read_rows
from ...tools.schema import Attribute, Schema
from ...tools.words import fold
from ..nouns import Utterance
from .folds import FOLDS, fold_of
from .nouns import Case, Dataset, Fold
from .reading_json import read_entries

SCHEMA = Schema(
    noun="title",
    nouns="titles",
    also=("film", "films", "movie", "movies", "book", "books"),
    attributes=(
        Attribute(name="year", kind="date", label="year", also=("from", "released", "published", "came out")),
        Attribute(name="genre", kind="category", many=True, label="genre", also=("kind", "type", "category")),
        Attribute(name="language", kind="category", many=True, label="language"),
        Attribute(
            name="writer", kind="category", many=True, person=True, label="writer", also=("author", "written", "wrote")
        ),
        Attribute(name="director", kind="category", many=True, person=True, label="director", also=("directed",)),
        Attribute(
            name="actor", kind="category", many=True, person=True, label="actor", also=("actress", "starring", "stars")
        ),
    ),
)
_SHORT = 5
"""A title of one word that is shorter may be an ordinary word; it is not looked for in what was said."""


class _Row(Noun):
    dialog_id: int | str
    turn_id: int
    context: tuple[str, ...] = Field(min_length=1)
    entity: tuple[str, ...] = ()
    rec: tuple[str, ...] = Field(min_length=1)


def read_opendialkg(folder: Path, *, folds: int = FOLDS, seed: int = 0) -> Dataset:
    """The recommendations of a folder as cases, in folds by dialogue.

    Raises:
        ImportFailedError: a file is missing, or nothing in it can be used.
    """
    items = read_entries(folder / "id2info.json", SCHEMA, "year")
    ids = {item.title: item.id for item in items}
    rows: dict[str, list[_Row]] = defaultdict(list)
    for found in read_rows(folder / "dev_rec_turns.jsonl"):
        if isinstance(found, Fault):
            continue
        try:
            row = _Row.model_validate(found.cells)
        except ValidationError:
            continue
        rows[str(row.dialog_id)].append(row)
    cases = [case for dialogue, turns in rows.items() for case in _cases(dialogue, turns, ids)]
    if not cases:
        raise ImportFailedError(
            f"{folder}: no recommendation of a title in the catalogue.", "Take dev_rec_turns.jsonl as published."
        )
    likes = {dialogue: _likes(dialogue, turns, ids) for dialogue, turns in rows.items()}
    place = {dialogue: fold_of(dialogue, folds, seed) for dialogue in rows}
    made = tuple(
        Fold(
            tuple(c for c in cases if place[c.dialogue] == number),
            tuple(like for dialogue, theirs in likes.items() if place[dialogue] != number for like in theirs),
        )
        for number in range(folds)
    )
    return Dataset("opendialkg", SCHEMA, tuple(items), tuple(f for f in made if f.cases))


def _cases(dialogue: str, rows: Sequence[_Row], ids: Mapping[str, str]) -> list[Case]:
    cases: list[Case] = []
    before: dict[str, None] = {}
    for row in sorted(rows, key=lambda r: r.turn_id):
        named = dict.fromkeys(ids[name] for name in row.entity if name in ids) | before
        said = f" {_plain(' '.join(row.context))} "
        fresh = [
            ids[name]
            for name in dict.fromkeys(row.rec)
            if name in ids and ids[name] not in named and not _holds(said, name)
        ]
        if fresh:
            cases.append(
                Case(
                    id=f"{dialogue}#{row.turn_id}",
                    dialogue=dialogue,
                    talk=_talk(row, ids),
                    targets=tuple(fresh),
                    named=tuple(named),
                )
            )
        before |= dict.fromkeys(ids[name] for name in row.rec if name in ids)
    return cases


def _talk(row: _Row, ids: Mapping[str, str]) -> tuple[Utterance, ...]:
    """What was said before, with speakers that alternate backwards from the seeker."""
    utterances: list[Utterance] = []
    for back, text in enumerate(reversed(row.context)):
        speaker: Literal["seeker", "recommender"] = "recommender" if back % 2 else "seeker"
        plain = f" {_plain(text)} "
        items = dict.fromkeys(ids[name] for name in row.entity if name in ids and f" {_plain(name)} " in plain)
        utterances.append(Utterance(speaker=speaker, text=text, items=tuple(items)))
    return tuple(reversed(utterances))


def _likes(dialogue: str, rows: Iterable[_Row], ids: Mapping[str, str]) -> list[Interaction]:
    named = dict.fromkeys(ids[name] for row in rows for name in (*row.entity, *row.rec) if name in ids)
    return [Interaction(user=f"dialogue {dialogue}", item=item) for item in named]


def _holds(said: str, title: str) -> bool:
    """Whether plain words, with a space at each end, hold a title that is no ordinary word."""
    plain = _plain(title)
    return (" " in plain or len(plain) >= _SHORT) and f" {plain} " in said


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", fold(text)))
