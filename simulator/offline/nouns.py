"""The nouns of the offline protocols: what is to be ranked, from what it may be learnt, what came out."""

from dataclasses import dataclass

from ...agents.state import Noun
from ...tools.items import Interaction, Item
from ...tools.schema import Schema
from ..nouns import Utterance


class Case(Noun):
    """One list to be ranked.

    Attributes:
        id: unique in its data set.
        dialogue: the dialogue or user that it comes from; intervals are taken over these.
        talk: the dialogue so far, oldest first; empty where there is only a history.
        user: whose history counts, where there is one.
        targets: ids of the items that should stand high.
        named: ids that the dialogue has named already; they are never counted and never ranked.
        candidates: ids to be put in order; empty for the whole catalogue.
    """

    id: str
    dialogue: str
    talk: tuple[Utterance, ...] = ()
    user: str = ""
    targets: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fold:
    """Cases, and the interactions that may be learnt from before they are ranked."""

    cases: tuple[Case, ...]
    interactions: tuple[Interaction, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """A catalogue with cases over it, in folds; nothing of a fold's cases is in its interactions."""

    name: str
    schema: Schema
    items: tuple[Item, ...]
    folds: tuple[Fold, ...]


class Ranking(Noun):
    """A system's answer to a case.

    Attributes:
        case, dialogue, targets: the case's.
        system: who ranked.
        ranked: ids, best first, at most 50.
        seconds: how long it took.
        fault: why there is no answer, if there is none; such a ranking is counted apart.
    """

    case: str
    dialogue: str
    system: str
    targets: tuple[str, ...]
    ranked: tuple[str, ...] = ()
    seconds: float = 0.0
    fault: str = ""
