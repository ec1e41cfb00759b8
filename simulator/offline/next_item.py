"""Next item: a history in order, a set of candidates, and what was taken next among them; NDCG@5 and Hit@5.

The protocol is that of ARAG (Maragheh et al., "ARAG: Agentic retrieval augmented generation for personalized
recommendation", 2025), as far as its abstract and introduction tell: the last interaction of each user is held out, a
recall set is put in order from the rest, and lists of five are judged. Its sets are categories of Amazon's reviews, with
recall sets of its own; ours are those of `histories.py`, with candidates drawn here.
ARAG's recency ranking and vanilla RAG have a language model put the items in order; `next_item_rankers` has
counterparts without one (`recency`: likeness to what was taken last, `rag`: likeness to the recent history) and, where
there is a model, `plain_rag` and `arag` with it. So figures are to be compared within a run only, each system with its
baselines.

Candidates, always of the item's own group where there are groups:
- `sampled`: what was taken next and others drawn by chance among items that the user has not taken. Chance figures:
  Hit@5 = 5 / candidates.
- `targets`: the same, but the others are drawn among what other users took next. Where histories are so short that most
  of what is held out occurs in no history, that it occurs in none would give it away among other items; here it cannot.
- `retrieved`: the nearest items to the recent history. What was taken next may be missing; that counts as a miss.
- `all`: every item that the user has not taken.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from ...tools.chat import Chat
from ...tools.errors import InputError
from ...tools.index import Index
from ..systems import Ranker
from .histories import Histories, History
from .nouns import Case, Dataset, Fold
from .rankers import HistoryRanker, by_chance, by_last, by_popularity, by_recent, by_taste, history_of

Candidates = Literal["sampled", "targets", "retrieved", "all"]


def next_item_dataset(
    histories: Histories, candidates: Candidates = "sampled", count: int = 20, *, limit: int = 0, seed: int = 0
) -> Dataset:
    """A case per history, in one fold that may be learnt from all histories without what is held out.

    Args:
        histories: the data set.
        candidates: how candidates come about. `retrieved` is done by `with_retrieved`, which needs an index; here it
            leaves the whole catalogue.
        count: how many candidates, the one that was taken included; fewer where there are no more.
        limit: how many histories are drawn; 0 takes all.
        seed: what is drawn with.

    Raises:
        InputError: count is below 2, or no history has a next item that it does not hold already.
    """
    if count < 2:
        raise InputError(f"{count} candidate leaves nothing to rank.", "Take 2 or more.")
    group = _groups(histories)
    fit = [h for h in histories.histories if h.next[0] not in h.items]
    if not fit:
        raise InputError(f"No history of {histories.name} has a next item that it does not hold already.")
    pools = _pools(histories, fit, candidates, group)
    chosen = (
        fit if not 0 < limit < len(fit) else [fit[p] for p in sorted(_rng(seed, "").sample(range(len(fit)), limit))]
    )
    cases = tuple(_case(h, pools[h.group], candidates, count, seed) for h in chosen)
    return Dataset(histories.name, histories.schema, histories.items, (Fold(cases, histories.interactions),))


def with_retrieved(dataset: Dataset, index: Index, count: int = 20) -> Dataset:
    """The same cases with the nearest items to each recent history as candidates; in a case's group where it has one."""
    folds = tuple(
        Fold(tuple(_retrieved(case, index, count) for case in fold.cases), fold.interactions) for fold in dataset.folds
    )
    return Dataset(dataset.name, dataset.schema, dataset.items, folds)


def next_item_rankers(index: Index, seed: int = 0, chat: Chat | None = None) -> list[Ranker]:
    """Ours and the baselines: retrieval by the recent history, recency, popularity, chance; with a model two more.

    Args:
        index: the catalogue, with the histories.
        seed: what chance begins with.
        chat: a language model, for plain RAG and for a chain after ARAG.
    """
    asking: list[Ranker] = []
    if chat is not None:
        from .model_rankers import ModelRanker

        asking = [ModelRanker("plain_rag", index, chat), ModelRanker("arag", index, chat)]
    return [
        HistoryRanker("convrec", index, by_taste),
        HistoryRanker("rag", index, by_recent),
        HistoryRanker("recency", index, by_last),
        HistoryRanker("popular", index, by_popularity),
        HistoryRanker("random", index, by_chance(seed)),
        *asking,
    ]


def _case(history: History, pool: Sequence[str], candidates: Candidates, count: int, seed: int) -> Case:
    target = history.next[0]
    chosen: tuple[str, ...] = ()
    if candidates in ("sampled", "targets"):
        taken = {*history.items, *history.next}
        others = [item for item in pool if item not in taken]
        rng = _rng(seed, history.user)
        drawn = [target, *rng.sample(others, min(count - 1, len(others)))]
        rng.shuffle(drawn)
        chosen = tuple(drawn)
    elif history.group:
        taken = {*history.items, *history.next[1:]}
        chosen = tuple(item for item in pool if item not in taken)
    named = (*history.items, *(i for i in history.next[1:] if i not in history.items))
    return Case(
        id=history.user, dialogue=history.user, talk=history.said, user=history.user, targets=(target,),
        named=tuple(dict.fromkeys(named)), candidates=chosen,
    )  # fmt: skip


def _retrieved(case: Case, index: Index, count: int) -> Case:
    scores = by_recent(index, case.user, history_of(index, case.user, case.talk))
    barred, row_of = frozenset(case.named), index.catalogue.row_of
    pool = case.candidates or tuple(row_of)
    rows = sorted((row_of[i] for i in pool if i in row_of and i not in barred), key=lambda row: (-scores[row], row))
    return case.model_copy(update={"candidates": tuple(index.catalogue.items[row].id for row in rows[:count])})


def _groups(histories: Histories) -> dict[str, str]:
    """Item -> the group it belongs to."""
    if not histories.group:
        return {item.id: "" for item in histories.items}
    return {item.id: next(iter(item.labels(histories.group)), "") for item in histories.items}


def _pools(
    histories: Histories, fit: Sequence[History], candidates: Candidates, group: dict[str, str]
) -> dict[str, list[str]]:
    """Group -> the items that candidates are drawn from, in the catalogue's order."""
    held = {h.next[0] for h in fit}
    pools: dict[str, list[str]] = defaultdict(list)
    for item in histories.items:
        if candidates != "targets" or item.id in held:
            pools[group[item.id]].append(item.id)
    return pools


def _rng(seed: int, name: str) -> random.Random:
    return random.Random(f"{seed}|{name}")
