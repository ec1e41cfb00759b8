"""Folds by dialogue: what is ranked in one may be learnt from in the others, and never in its own."""

import hashlib
from collections.abc import Sequence

from ...tools.errors import InputError
from ...tools.items import Interaction, Item
from ...tools.schema import Schema
from .dialogues_file import HumanDialogue, cases_of
from .nouns import Dataset, Fold

FOLDS = 5


def fold_of(name: str, folds: int, seed: int = 0) -> int:
    """Which fold a dialogue or user belongs to, from 0; the same in every run and on every machine."""
    digest = hashlib.blake2b(f"{seed}|{name}".encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % folds


def dataset_of(
    name: str,
    schema: Schema,
    items: Sequence[Item],
    dialogues: Sequence[HumanDialogue],
    *,
    interactions: Sequence[Interaction] = (),
    folds: int = FOLDS,
    seed: int = 0,
) -> Dataset:
    """Dialogues over a catalogue as folds; dialogues of one user share a fold.

    A fold may be learnt from the items that the dialogues of the other folds name, each dialogue as if it were a user
    who likes them, and from the interactions that are given.

    Raises:
        InputError: no turn recommends an item that is in the catalogue and was not named before, or folds is below 2.
    """
    if folds < 2:
        raise InputError(f"Dialogues cannot be parted into {folds} fold.", "Take 2 folds or more.")
    known = {item.id for item in items}
    cases = cases_of(dialogues, known)
    if not cases:
        raise InputError(
            "No turn of these dialogues recommends an item of the catalogue that was not named before.",
            "Recommended ids stand in `recommended` of the recommender's turns, as the catalogue spells them.",
        )
    place = {d.id: fold_of(d.user or d.id, folds, seed) for d in dialogues}
    likes = {d.id: [Interaction(user=f"dialogue {d.id}", item=i) for i in d.named if i in known] for d in dialogues}
    made = tuple(
        Fold(
            tuple(c for c in cases if place[c.dialogue] == number),
            (*interactions, *(like for d in dialogues if place[d.id] != number for like in likes[d.id])),
        )
        for number in range(folds)
    )
    return Dataset(name, schema, tuple(items), tuple(fold for fold in made if fold.cases))
