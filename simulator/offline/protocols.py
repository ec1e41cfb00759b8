"""The offline protocols by name, and a run of one: its cases ranked, or its sessions held, and measured.

begin_evaluation(folder, plan)
await evaluate(folder, encoder, vectors)
"""

import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...agents.ablations import without_parts
from ...agents.rank_catalogue import SIGNALS
from ...tools.chat import Chat
from ...tools.collaborative import weights_of
from ...tools.encoder import Encoder
from ...tools.errors import InputError
from ...tools.index import Index
from ...tools.interaction_log import Log
from ...tools.items import Interaction
from ..baselines import ASKING, make_baseline
from ..measuring import measure_rankings
from ..nouns import SystemMetrics
from ..plan import name_without
from ..runs import CONFIG, RANKINGS, SESSIONS, RunFolder, read_config, read_records, write_config, write_metrics
from ..simulate import versions
from ..systems import Ranker
from .attributes import Asked, ask_attributes, askers
from .dialogues_file import read_dialogues
from .evaluating import Done, done_of, rank_cases, rank_dataset
from .folds import dataset_of
from .histories import Histories, History, read_amazon2023, read_amazon_games, read_lastfm, read_ml_1m
from .indexing import Shelf
from .inspired import read_inspired
from .measures import measure_asked, measure_steering, steering_metrics
from .next_item import Candidates, next_item_dataset, next_item_rankers, with_retrieved
from .nouns import Case, Dataset, Ranking
from .opendialkg import read_opendialkg
from .rankers import TalkRanker
from .redial import read_redial
from .steering import all_cases, steering_cases

ProtocolName = Literal["redial", "opendialkg", "inspired", "dialogues", "next-item", "attributes", "steering"]

PROTOCOLS = {
    "redial": "ReDial: dialogues so far -> rank the films; DATA is its folder, --also folders of MovieLens",
    "opendialkg": "OpenDialKG: the same for films and books; DATA is its folder",
    "inspired": "INSPIRED: the same; DATA is its folder, --also ReDial's for the catalogue",
    "dialogues": "any dialogues in our JSONL, over a catalogue that was imported; DATA is the file",
    "next-item": "histories -> what was taken next among candidates",
    "attributes": "asking yes-or-no questions about values, or recommending ten, until the item is found",
    "steering": "whether a stated preference moves the ranking",
}
"""Protocol -> what it does. The last three take a folder of a public data set, or the histories of a catalogue."""

_TALKING: tuple[ProtocolName, ...] = ("redial", "opendialkg", "inspired", "dialogues")
"""The protocols that rank for dialogues, which must be given."""

OURS = "convrec"

COLLABORATIVE = "collaborative"
PARTS = (*SIGNALS, COLLABORATIVE)
"""What rankings for dialogues can be made without."""

_HISTORIES = {
    "movie_detail.csv": read_ml_1m,
    "training.jsonl": read_amazon2023,
    "Games-6k.item": read_amazon_games,
    "artists.dat": read_lastfm,
}
"""A file that only one public data set has -> who reads its folder."""

Record = Ranking | Asked
Progress = Callable[[Record, int, int], None]
"""Told of each record as it comes, how many are done and how many there are."""


class EvaluationPlan(BaseModel):
    """What is to be evaluated.

    Attributes:
        protocol: which protocol.
        data: a data set's folder, or a file of dialogues; empty for the histories of the catalogue.
        also: further folders that the protocol reads.
        catalogue: the catalogue, where the data bring none.
        systems: who ranks; the protocol's own baselines and ours where none is named.
        without: parts of ours that are each left out in one further system, where dialogues are ranked.
        limit: how many cases are drawn; 0 takes all.
        candidates: how the candidates of next-item come about.
        count: how many candidates there are.
        seed: what all chance begins with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: ProtocolName
    data: str = ""
    also: tuple[str, ...] = ()
    catalogue: str = ""
    systems: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    limit: int = Field(default=0, ge=0)
    candidates: Candidates = "sampled"
    count: int = Field(default=20, ge=2, le=10_000)
    seed: int = Field(default=0, ge=0, le=2**63 - 1)


class EvaluationConfig(BaseModel):
    """What an evaluation ran, and on what; as `RunConfig` of simulations."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["evaluate"] = "evaluate"
    plan: EvaluationPlan
    versions: dict[str, str] = {}
    started: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Ground:
    """What an evaluation stands on.

    Attributes:
        encoder: makes the vectors of a data set's items.
        vectors: a folder that keeps them between runs.
        index: the catalogue of the plan, where the data bring none.
        log: its histories, if it has any.
        chat: a language model, where a system asks one.
    """

    encoder: Encoder
    vectors: Path
    index: Index | None = None
    log: Log | None = None
    chat: Chat | None = None


def begin_evaluation(folder: Path, plan: EvaluationPlan) -> None:
    """Make a run's folder, with its plan.

    Raises:
        InputError: there is a run in the folder already, a part that is to be left out is unknown, or data are missing.
        StoreError: it cannot be written.
    """
    if unknown := next((part for part in plan.without if part not in PARTS), ""):
        raise InputError(f"Rankings have no part {unknown!r} to leave out.", f"There are: {', '.join(PARTS)}.")
    if plan.without and plan.protocol in ("next-item", "attributes"):
        raise InputError(
            f"{plan.protocol} has no parts to leave out: it does not rank for dialogues.", "Leave --without away."
        )
    for place in filter(None, (plan.data, *plan.also)):
        if not Path(place).exists():
            raise InputError(f"{place}: there is no such file or folder.", "Check the path.")
    if plan.protocol in _TALKING:
        _needed(plan)
    if (folder / CONFIG).exists():
        raise InputError(f"There is a run in {folder} already.", "Go on with it by --resume, or choose another folder.")
    started = datetime.now(UTC).isoformat(timespec="seconds")
    write_config(folder, EvaluationConfig(plan=plan, versions=versions(), started=started))


async def evaluate(folder: Path, ground: Ground, on_progress: Progress | None = None) -> list[SystemMetrics]:
    """Do what has not been done of an evaluation that has begun, measure all of it, and write that down.

    Raises:
        InputError: the folder is no such run, or the plan names what does not exist.
        ImportFailedError: the data cannot be read.
        BusyError, StoreError: as for any run.
    """
    config = read_config(folder, EvaluationConfig)
    began = time.monotonic()
    try:
        if config.plan.protocol == "attributes":
            metrics = await _ask(folder, config.plan, ground, on_progress)
        elif config.plan.protocol == "steering":
            metrics = await _steer(folder, config.plan, ground, on_progress)
        else:
            metrics = await _rank(folder, config.plan, ground, on_progress)
    finally:
        spent = config.seconds + time.monotonic() - began
        write_config(folder, config.model_copy(update={"seconds": round(spent, 1)}))
    write_metrics(folder, metrics)
    return metrics


async def _rank(folder: Path, plan: EvaluationPlan, ground: Ground, told: Progress | None) -> list[SystemMetrics]:
    """Rank the cases of a data set, fold by fold."""
    history = plan.protocol == "next-item"
    shelf = _shelf(_next_items(plan, ground) if history else _dialogues(plan, ground), plan, ground)
    if history and plan.candidates == "retrieved":
        near = with_retrieved(shelf.dataset, shelf.index(shelf.dataset.folds[0].interactions), plan.count)
        shelf = _shelf(near, plan, ground)
    make = partial(_chosen_histories if history else _rankers, plan, ground.chat)

    def rank(done: Collection[Done]) -> AsyncIterator[Record]:
        return rank_dataset(shelf, make, limit=plan.limit, seed=plan.seed, done=done, on_progress=told)

    await _record(folder, RANKINGS, Ranking, rank)
    return measure_rankings(read_records(folder / RANKINGS, Ranking), plan.seed)


async def _ask(folder: Path, plan: EvaluationPlan, ground: Ground, told: Progress | None) -> list[SystemMetrics]:
    """Hold the sessions of attribute asking."""
    shelf, cases = _cases(plan, ground)
    known = {asker.name: asker for asker in askers()}
    systems = [known[name] for name in _names(plan, known)]

    def ask(done: Collection[Done]) -> AsyncIterator[Record]:
        return ask_attributes(cases, shelf, systems, seed=plan.seed, done=done, on_progress=told)

    await _record(folder, SESSIONS, Asked, ask)
    return measure_asked(read_records(folder / SESSIONS, Asked), plan.seed)


async def _steer(folder: Path, plan: EvaluationPlan, ground: Ground, told: Progress | None) -> list[SystemMetrics]:
    """Rank each case with and without a preference."""
    index, cases = _cases(plan, ground)
    steers = steering_cases(cases, index, seed=plan.seed)
    rankers = _rankers(plan, ground.chat, index)

    def rank(done: Collection[Done]) -> AsyncIterator[Record]:
        return rank_cases(all_cases(steers), rankers, size=len(index.catalogue), done=done, on_progress=told)

    await _record(folder, RANKINGS, Ranking, rank)
    moved = measure_steering(steers, read_records(folder / RANKINGS, Ranking), index, seed=plan.seed)
    return steering_metrics(moved)


async def _record(folder: Path, file: str, kind: Any, work: Callable[[Collection[Done]], AsyncIterator[Any]]) -> None:
    """Write down what work brings, beside what an earlier sitting has; what failed then is done again."""
    with RunFolder(folder, file, kind).writing() as run:
        run.arrange(lambda record: None if record.fault else 0)
        async with aclosing(work(done_of(list(run.records())))) as records:  # type: ignore[type-var]
            async for record in records:
                run.add(record)


def _dialogues(plan: EvaluationPlan, ground: Ground) -> Dataset:
    """The data set of a protocol that ranks for dialogues."""
    folder, also = _needed(plan), [Path(one) for one in plan.also]
    match plan.protocol:
        case "redial":
            return read_redial(folder, also)
        case "opendialkg":
            return read_opendialkg(folder)
        case "inspired":
            if not also:
                raise InputError("INSPIRED brings no catalogue.", "Name ReDial's folder: --also FOLDER.")
            return read_inspired(folder, read_redial(also[0], also[1:]))
        case _:
            index = _own(plan, ground)
            dialogues = read_dialogues(folder).dialogues
            # What somebody took in their dialogue is not to be learnt from their history.
            told = {(one.user, item) for one in dialogues if one.user for item in one.named}
            learnt = [one for one in ground.log or () if (one.user, one.item) not in told]
            return dataset_of(
                index.catalogue.name, index.catalogue.schema, index.catalogue.items, dialogues, interactions=learnt,
                seed=plan.seed,
            )  # fmt: skip


def _next_items(plan: EvaluationPlan, ground: Ground) -> Dataset:
    return next_item_dataset(_histories(plan, ground), plan.candidates, plan.count, seed=plan.seed)


def _cases(plan: EvaluationPlan, ground: Ground) -> tuple[Index, list[Case]]:
    """An index that has learnt from histories, and their users with what they took next."""
    dataset = next_item_dataset(_histories(plan, ground), "all", limit=plan.limit, seed=plan.seed)
    fold = dataset.folds[0]
    # The whole catalogue is what is asked about and ranked.
    cases = [case.model_copy(update={"candidates": ()}) for case in fold.cases]
    return _shelf(dataset, plan, ground).index(fold.interactions), cases


def _histories(plan: EvaluationPlan, ground: Ground) -> Histories:
    """A public data set's histories, or those of the catalogue: what each user liked last is what came next."""
    if plan.data:
        folder = Path(plan.data)
        read = next((reader for file, reader in _HISTORIES.items() if (folder / file).is_file()), None)
        if read is None:
            raise InputError(
                f"{folder} is no data set of histories that is known: it has none of {', '.join(_HISTORIES)}.",
                "Import it as a catalogue with interactions, and name that by --catalogue.",
            )
        return read(folder)
    index, log = _own(plan, ground), ground.log
    if log is None:
        raise InputError(
            f"The catalogue {plan.catalogue!r} has no interactions.", "`convrec interactions import FILE` brings some."
        )
    taken: dict[str, list[Interaction]] = {}
    for one in log:
        if one.item in index.catalogue.row_of:
            taken.setdefault(one.user, []).append(one)
    histories, learnt = list[History](), list[Interaction]()
    for user, theirs in taken.items():
        liked = weights_of(theirs)
        # What came next is the last that they liked; nothing after it is learnt from.
        last = next((n for n in range(len(theirs) - 1, 0, -1) if liked[theirs[n].item] > 0), 0)
        if last:
            histories.append(History(user=user, items=tuple(i.item for i in theirs[:last]), next=(theirs[last].item,)))
        learnt += theirs[:last] or theirs
    catalogue = index.catalogue
    return Histories(catalogue.name, catalogue.schema, tuple(catalogue.items), tuple(histories), tuple(learnt))


def _shelf(dataset: Dataset, plan: EvaluationPlan, ground: Ground) -> Shelf:
    return Shelf(dataset, ground.encoder, ground.vectors)


def _rankers(plan: EvaluationPlan, chat: Chat | None, index: Index) -> list[Ranker]:
    """Who ranks for dialogues: ours, whole and without parts, and baselines."""
    found: list[Ranker] = []
    for name in plan.systems or ("convrec", "popular", "bm25", "dense"):
        if name == OURS:
            found.append(TalkRanker(index))
        else:
            found.append(make_baseline(name, index, chat if name in ASKING else None))
    return [*found, *(_without(part, index) for part in plan.without)]


def _without(part: str, index: Index) -> Ranker:
    """Ours without a signal, or without all that histories tell."""
    if part == COLLABORATIVE:
        return TalkRanker(without_parts(index, frozenset({part})), name_without(part))
    return TalkRanker(index, name_without(part), part)


def _chosen_histories(plan: EvaluationPlan, chat: Chat | None, index: Index) -> list[Ranker]:
    known = {ranker.name: ranker for ranker in next_item_rankers(index, plan.seed, chat)}
    return [known[name] for name in _names(plan, known)]


def _names(plan: EvaluationPlan, known: Collection[str]) -> Sequence[str]:
    """The systems of a plan, each known to its protocol."""
    unknown = next((name for name in plan.systems if name not in known), "")
    if unknown:
        raise InputError(f"{plan.protocol} has no system {unknown!r}.", f"It has: {', '.join(known)}.")
    return plan.systems or tuple(known)


def _needed(plan: EvaluationPlan) -> Path:
    if not plan.data:
        raise InputError(
            f"{plan.protocol} needs data.", "Name the folder, or the file of dialogues, after the protocol."
        )
    return Path(plan.data)


def _own(plan: EvaluationPlan, ground: Ground) -> Index:
    if ground.index is None:
        raise InputError(f"{plan.protocol} needs a catalogue.", "Name one that was imported: --catalogue NAME.")
    return ground.index
