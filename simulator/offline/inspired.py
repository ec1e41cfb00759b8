"""INSPIRED's dialogues (Hayati et al., EMNLP 2020) over a catalogue of films: `dev.tsv`.

INSPIRED has no catalogue of its own; its film titles were tagged by machine. Here the catalogue is the one that is given
(that of ReDial, say), and titles are looked up in it by words and year. What the recommender names and nobody named
before is a recommendation, as in published evaluations. Titles that are not found are neither targets nor named; most
are films that came out after the catalogue, the rest words that the tagger mistook ("The Future"). `coverage` counts them.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from ...tools.errors import ImportFailedError
from .dialogues_file import HumanDialogue, Turn
from .folds import FOLDS, dataset_of
from .nouns import Dataset
from .titles import Titles

_COLUMNS = ("dialog_id", "speaker", "text", "movies")
_SPEAKERS: dict[str, Literal["seeker", "recommender"]] = {"SEEKER": "seeker", "RECOMMENDER": "recommender"}


@dataclass(frozen=True)
class Coverage:
    """How many mentions of titles there are, how many were found in the catalogue, and which titles were not."""

    mentions: int
    found: int
    missing: tuple[str, ...]


def read_inspired(folder: Path, films: Dataset, *, folds: int = FOLDS, seed: int = 0) -> Dataset:
    """The dialogues of a folder as cases over a catalogue, in folds by dialogue.

    What the catalogue's data set may be learnt from may be learnt from here in every fold: it is another data set's.

    Args:
        folder: holds `dev.tsv`.
        films: whose catalogue is ranked, ReDial's for instance.
        folds, seed: as `dataset_of`.

    Raises:
        ImportFailedError: the file is missing, or is not INSPIRED's.
        InputError: no recommendation is in the catalogue.
    """
    titles = Titles(films.items)
    interactions = list(dict.fromkeys(i for f in films.folds for i in f.interactions))
    return dataset_of(
        "inspired", films.schema, films.items, read_dialogues_of(folder, titles), interactions=interactions,
        folds=folds, seed=seed,
    )  # fmt: skip


def read_dialogues_of(folder: Path, titles: Titles) -> list[HumanDialogue]:
    """The dialogues, with the items that their turns name; messages of one speaker in a row are one turn.

    Raises:
        ImportFailedError: the file is missing, or is not INSPIRED's.
    """
    dialogues: list[HumanDialogue] = []
    for name, rows in groupby(_rows(folder / "dev.tsv"), key=lambda r: r["dialog_id"]):
        turns = [_turn(speaker, list(said), titles) for speaker, said in groupby(rows, key=lambda r: r["speaker"])]
        dialogues.append(HumanDialogue(id=name, turns=tuple(turns)))
    return dialogues


def coverage(folder: Path, films: Dataset) -> Coverage:
    """How many of the dialogues' titles a catalogue has.

    Raises:
        ImportFailedError: the file is missing, or is not INSPIRED's.
    """
    titles = Titles(films.items)
    said = [title for row in _rows(folder / "dev.tsv") for title in _titles(row)]
    missing = [title for title in said if titles.find(title) is None]
    return Coverage(len(said), len(said) - len(missing), tuple(dict.fromkeys(missing)))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            if not set(_COLUMNS) <= set(reader.fieldnames or ()):
                raise ImportFailedError(
                    f"{path.name}: not INSPIRED's columns.", f"It has the columns {', '.join(_COLUMNS)}."
                )
            yield from (row for row in reader if row["speaker"] in _SPEAKERS)
    except OSError as error:
        raise ImportFailedError(f"{path}: cannot be read ({error.strerror}).", "Check the folder.") from error


def _turn(speaker: str, rows: Sequence[dict[str, str]], titles: Titles) -> Turn:
    text = " ".join(row["text"].replace("QUOTATION_MARK", '"') for row in rows)
    found = [titles.find(title) for row in rows for title in _titles(row)]
    items = tuple(dict.fromkeys(item for item in found if item is not None))
    who = _SPEAKERS[speaker]
    return Turn(speaker=who, text=text, items=items, recommended=items if who == "recommender" else ())


def _titles(row: dict[str, str]) -> list[str]:
    return [title.strip() for title in (row["movies"] or "").split(";") if title.strip()]
