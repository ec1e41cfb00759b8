"""ReDial's recommendations (Li et al., NeurIPS 2018) as cases: its validation part, over the catalogue of `id2info.json`.

`valid_data_processed.jsonl` has a row for each turn of a recommender that names a film; what stands before it is the talk.
Messages alternate there, and the last one is the seeker's. Titles stand in the text as the catalogue writes them, for
ReDial's people chose them from a list: a system reads them like everything else, and no message carries ids.

A target that was named before does not count, and a turn without another target is left out. Named are the films that a
row's entities list: what people linked, so "Star Wars" as a mere word is no film.

What may be learnt from: MovieLens, where its folders are given, and the dialogues of the other folds, each as if it were a
user. Its films are liked or not as the recommender's answers afterwards say (the seeker's, where there are none); one of
which nobody said whether it was liked counts as liked, for it was thought fit to be named. Of the fold's own dialogues
nothing is learnt, neither the messages nor those answers.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...agents.state import Noun
from ...tools.errors import ImportFailedError
from ...tools.items import Interaction, Item
from ...tools.movielens import read_movielens
from ...tools.reading import Row, read_rows
from ...tools.schema import Attribute, Schema
from ..nouns import Utterance
from .folds import FOLDS, fold_of
from .histories import read_ml_1m
from .nouns import Case, Dataset, Fold
from .reading_json import read_entries
from .titles import Titles

SCHEMA = Schema(
    noun="film",
    nouns="films",
    also=("movie", "movies", "flick", "flicks"),
    attributes=(
        Attribute(name="year", kind="date", label="year", also=("from", "released", "came out")),
        Attribute(name="genre", kind="category", many=True, label="genre", also=("kind", "type", "category")),
        Attribute(name="director", kind="category", many=True, person=True, label="director", also=("directed",)),
        Attribute(
            name="star", kind="category", many=True, open=True, person=True, label="star",
            also=("actor", "actress", "cast", "starring", "stars"),
        ),
    ),
)  # fmt: skip
"""The files name three stars of a film, so that others may play in it too: the label is open."""

TALKED = datetime(2018, 1, 1, tzinfo=UTC).timestamp()
"""When the dialogues were held, about: the files tell no times, and ReDial came out in 2018."""

RATED = datetime(2001, 1, 1, tzinfo=UTC).timestamp()
"""The same for MovieLens-1M, whose users came in 2000 (its README)."""

_DISLIKED = 0
"""What the answers say of a film that the seeker did not like; 1 is liked, 2 not said."""


class _Turn(Noun):
    dialog_id: str
    turn_id: int
    context: tuple[str, ...]
    entity: tuple[str, ...] = ()
    rec: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Dialogue:
    """What a dialogue teaches: its films in order of their mention lists, with whether each was liked."""

    likes: dict[str, bool]


def read_redial(folder: Path, movielens: Sequence[Path] = (), *, folds: int = FOLDS, seed: int = 0) -> Dataset:
    """The recommendations of a folder as cases, in folds by dialogue.

    Args:
        folder: holds `valid_data_processed.jsonl`, `valid_data.jsonl`, `id2info.json` and `movies_merged.csv`.
        movielens: folders to learn from besides: MovieLens' own, or MovieLens-1M as Agent4Rec cut it.
        folds, seed: how many folds, and what they are drawn with.

    Raises:
        ImportFailedError: a file is missing, or nothing in it can be used.
    """
    items = read_entries(folder / "id2info.json", SCHEMA)
    known = {item.id for item in items}
    dialogues = _dialogues(folder / "valid_data.jsonl", known)
    cases = list(_cases(_turns(folder / "valid_data_processed.jsonl"), items, dialogues))
    if not cases:
        raise ImportFailedError(f"{folder}: no turn recommends anything new.", "Take ReDial's files as published.")
    rated = [one for path in movielens for one in _rated(path, folder / "movies_merged.csv", items)]
    place = {name: fold_of(name, folds, seed) for name in dialogues}
    made = (
        Fold(
            tuple(case for case in cases if place[case.dialogue] == number),
            (*rated, *_likes(dialogues, [name for name in dialogues if place[name] != number])),
        )
        for number in range(folds)
    )
    return Dataset("redial", SCHEMA, tuple(items), tuple(fold for fold in made if fold.cases))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    return (row.cells for row in read_rows(path) if isinstance(row, Row))


def _turns(path: Path) -> Iterator[_Turn]:
    for cells in _rows(path):
        try:
            yield _Turn.model_validate(cells | {"dialog_id": str(cells.get("dialog_id"))})
        except ValidationError:
            continue


def _dialogues(path: Path, known: set[str]) -> dict[str, _Dialogue]:
    """Dialogue -> what it teaches."""
    found: dict[str, _Dialogue] = {}
    for cells in _rows(path):
        # What has no entries is an empty list in the files.
        mentions = cells.get("movieMentions") or {}
        answers = cells.get("respondentQuestions") or cells.get("initiatorQuestions") or {}
        likes = {i: dict(answers).get(i, {}).get("liked") != _DISLIKED for i in mentions if i in known}
        found[str(cells.get("conversationId"))] = _Dialogue(likes)
    return found


def _cases(turns: Iterable[_Turn], items: Sequence[Item], dialogues: Mapping[str, _Dialogue]) -> Iterator[Case]:
    ids: dict[str, list[str]] = defaultdict(list)
    for item in items:
        ids[item.title].append(item.id)
    for turn in turns:
        dialogue = dialogues.get(turn.dialog_id)
        if dialogue is None:
            continue

        def meant(names: Iterable[str], linked: Mapping[str, bool] = dialogue.likes) -> list[str]:
            """Ids of titles; of several films with one title, the one that the dialogue links."""
            found = [next((i for i in ids[name] if i in linked), ids[name][0]) for name in names if name in ids]
            return list(dict.fromkeys(found))

        named = meant(turn.entity)
        targets = [item for item in meant(turn.rec) if item not in named]
        if targets:
            yield Case(
                id=f"{turn.dialog_id}#{turn.turn_id}",
                dialogue=turn.dialog_id,
                talk=_talk(turn.context),
                targets=tuple(targets),
                named=tuple(named),
            )


def _talk(context: Sequence[str]) -> tuple[Utterance, ...]:
    """The messages with who said them: they alternate, and the last one is the seeker's."""
    last = len(context) - 1
    return tuple(
        Utterance(speaker="recommender" if (last - place) % 2 else "seeker", text=text)
        for place, text in enumerate(context)
        if text.strip()
    )


def _likes(dialogues: Mapping[str, _Dialogue], names: Iterable[str]) -> Iterator[Interaction]:
    for name in names:
        for item, liked in dialogues[name].likes.items():
            yield Interaction(user=f"dialogue {name}", item=item, value=float(liked), time=TALKED)


def _rated(folder: Path, mapping: Path, items: Sequence[Item]) -> Iterator[Interaction]:
    """The ratings of a folder of MovieLens, as far as the catalogue has the films."""
    if (folder / "movie_detail.csv").is_file():
        yield from _of_agent4rec(folder, items)
        return
    known = {item.id for item in items}
    ids = {str(c["movieId"]): str(c["databaseId"]) for c in _rows(mapping) if re.fullmatch(r"\d+", str(c["movieId"]))}
    for one in read_movielens(folder).interactions:
        if (item := ids.get(one.item)) in known:
            yield one.model_copy(update={"user": f"{folder.name} {one.user}", "item": item})


def _of_agent4rec(folder: Path, items: Sequence[Item]) -> Iterator[Interaction]:
    """The positives of Agent4Rec's cut: its films have numbers of their own, so they are found by title and year."""
    histories, titles = read_ml_1m(folder), Titles(items)
    ids = {i.id: titles.find(f"{i.title} ({i.attributes['year']})") for i in histories.items if "year" in i.attributes}
    for history in histories.histories:
        for taken in (*history.items, *history.next):
            if (item := ids.get(taken)) is not None:
                yield Interaction(user=f"{folder.name} {history.user}", item=item, time=RATED)
