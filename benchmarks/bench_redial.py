"""How well the catalogue is ranked for ReDial's dialogues: the built-in system, what it is made of, and plain baselines.

Run as `.venv/bin/python benchmarks/bench_redial.py [--quick] [--cache FOLDER]`; the data is read from `CONVREC_DATA`, or
else from `shared/data` beside the repository. Encoding the catalogue takes minutes, so its vectors are kept in the cache.

Five folds by dialogue. A fold's index has learnt from MovieLens and from the dialogues of the other four; what was named
before never counts. Every ranking comes from `agents.rank_catalogue.rank_catalogue`.

- `built-in` ranks each fold with weights that are learnt without its dialogues: for the fold k, weights are fitted to the
  cases of every other fold j, whose signals come from an index that has learnt from the folds that are neither j nor k.
- `built-in, shipped weights` ranks with the constants in agents/rank_catalogue.py. They are the rounded means of those
  fitted here, so this row has seen what it is measured on, as far as eight numbers can have. So have, for both rows, the
  few constants of form in tools/relevance.py, around which the results are flat.
- `without X` leaves a signal out and fits the others anew, as for `built-in`.

Weights maximise the likelihood of the items named next among 600 drawn ones: a conditional logit (McFadden, "Conditional
logit analysis of qualitative choice behavior", 1974). With --quick nothing is fitted.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from convrec.agents.rank_catalogue import SIGNALS, WEIGHTS, Heard, Said, Weights, hear, rank_catalogue, signals
from convrec.simulator.measuring import measure_rankings
from convrec.simulator.nouns import Utterance
from convrec.simulator.offline.indexing import Shelf
from convrec.simulator.offline.nouns import Case, Dataset, Ranking
from convrec.simulator.offline.redial import read_redial
from convrec.tools.encoder import SHIPPED, load_encoder
from convrec.tools.index import Index
from convrec.tools.items import Interaction
from convrec.tools.vectors import most
from measuring import print_machine, print_table, stopwatch

ROOT = Path(__file__).resolve().parent.parent
LISTED = 50
DRAWN = 600
PENALTY = 1e-3
METRICS = ("Recall@1", "Recall@10", "Recall@50", "MRR", "NDCG@10")


def data_folder() -> Path:
    """Where the research data is."""
    return Path(os.environ.get("CONVREC_DATA") or ROOT.parent / "shared" / "data")


def said(talk: Sequence[Utterance]) -> list[Said]:
    """A talk as the ranking agent takes it: nothing but text."""
    return [Said(own=one.speaker == "seeker", text=one.text) for one in talk]


# --- learning the weights ---


@dataclass(frozen=True)
class Choices:
    """Cases as choices among drawn items.

    Attributes:
        values: the signals of each item, the targets first, shape (cases, items, signals).
        targets: how many targets each case has, shape (cases,).
    """

    values: np.ndarray
    targets: np.ndarray


async def choices(cases: Sequence[Case], index: Index, rng: np.random.Generator) -> Choices:
    """The targets of each case among items that are drawn."""
    values, targets = [], []
    for case in cases:
        heard = await hear(said(case.talk), index)
        wanted = rows_of(case.targets, index)
        named = rows_of((*case.named, *heard.named), index)
        others = rng.permutation(len(index.catalogue))
        others = others[~np.isin(others, [*wanted, *named])]
        chosen = np.concatenate([wanted, others])[:DRAWN]
        values.append(signals(heard, index)[:, chosen].T.astype(np.float32))
        targets.append(len(wanted))
    return Choices(np.stack(values), np.array(targets))


def learn(parts: Sequence[Choices], left_out: int | None = None) -> np.ndarray:
    """The weights under which the targets are most likely, shape (signals,); 0 for the one left out."""
    from scipy.optimize import minimize

    values = np.concatenate([part.values for part in parts])
    targets = np.concatenate([part.targets for part in parts])
    if left_out is not None:
        values[:, :, left_out] = 0
    shares = (np.arange(values.shape[1]) < targets[:, None]) / targets[:, None]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = values @ weights.astype(np.float32)
        scores -= scores.max(axis=1, keepdims=True)
        log = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        slope = np.einsum("ij,ijk->k", np.exp(log) - shares, values) / len(values)
        return float(-(shares * log).sum() / len(values) + PENALTY * weights @ weights), slope + 2 * PENALTY * weights

    return minimize(loss, np.zeros(values.shape[2]), jac=True, method="L-BFGS-B").x


async def learn_all(shelf: Shelf, rated: Sequence[Interaction]) -> dict[str, list[np.ndarray]]:
    """System -> its weights for each fold."""
    folds = shelf.dataset.folds
    parts: dict[tuple[int, int], Choices] = {}
    for one, other in combinations(range(len(folds)), 2):
        index = shelf.index([*rated, *of_dialogues(shelf.dataset, {one, other})])
        for place, against in ((one, other), (other, one)):
            rng = np.random.default_rng([place, against])
            parts[place, against] = await choices(folds[place].cases, index, rng)
    found: dict[str, list[np.ndarray]] = {}
    for left_out, name in ((None, "built-in"), *((place, f"without {name}") for place, name in enumerate(SIGNALS))):
        found[name] = [
            learn([part for (_, against), part in parts.items() if against == fold], left_out)
            for fold in range(len(folds))
        ]
    return found


def of_dialogues(dataset: Dataset, left_out: set[int]) -> list[Interaction]:
    """What the dialogues of all folds but some teach. A fold's interactions hold all dialogues but its own."""
    held = [{i.user for i in fold.interactions if i.user.startswith("dialogue ")} for fold in dataset.folds]
    kept = set.intersection(*(held[number] for number in left_out))
    one = dataset.folds[min(left_out)]
    return [i for i in one.interactions if i.user in kept]


# --- ranking ---


def baselines(heard: Heard, index: Index) -> dict[str, np.ndarray]:
    """Each baseline's score of every item."""
    by = dict(zip(SIGNALS, signals(heard, index), strict=True))
    model = index.collaborative
    ease = model.scores(heard.named) if model is not None else by["company"]
    talked = np.asarray(index.catalogue.popularity)
    return {
        "plain sum: dense + EASE + popularity": by["meaning"] + spread(ease) + spread(by["renown"]),
        "EASE": ease,
        "renown: popularity, recent, by users": by["renown"],
        "popularity: how often used": talked,
        "dense": by["meaning"],
        "BM25": by["words"],
    }


def spread(scores: np.ndarray) -> np.ndarray:
    """Scores as standard deviations from their mean."""
    return (scores - scores.mean()) / max(float(scores.std()), 1e-9)


def ranking(case: Case, system: str, ranked: Sequence[str]) -> Ranking:
    """A system's answer, without what was named."""
    kept = [item for item in ranked if item not in case.named]
    return Ranking(
        case=case.id, dialogue=case.dialogue, system=system, targets=case.targets, ranked=tuple(kept[:LISTED])
    )


async def rank_all(shelf: Shelf, weights: dict[str, list[np.ndarray]]) -> list[Ranking]:
    """Every system's answer to every case; the time of the shipped one without encoding is printed."""
    found: list[Ranking] = []
    for fold in shelf:
        index, items = fold.index, fold.index.catalogue.items
        _ = index.lexicon
        tried = {name: Weights(**dict(zip(SIGNALS, each[fold.number], strict=True))) for name, each in weights.items()}
        tried["built-in, shipped weights"] = WEIGHTS
        with stopwatch() as elapsed:
            talks = [await hear(said(case.talk), index) for case in fold.cases]
        understanding = elapsed()
        for heard in talks:
            # The encoder remembers single texts, so that it is not part of what is timed.
            index.encoder.encode([heard.text])
        with stopwatch() as elapsed:
            for case in fold.cases:
                found.append(await answer(case, index, "built-in, shipped weights", WEIGHTS))
        spent = 1000 / len(fold.cases)
        ranked, understood = elapsed() * spent, understanding * spent
        print(f"fold {fold.number}: {ranked:.1f} ms a case without encoding, {understood:.1f} of it for understanding")
        for case in fold.cases:
            for name, each in tried.items():
                if name == "built-in":
                    found.append(await answer(case, index, name, each))
            heard = await hear(said(case.talk), index)
            barred = rows_of((*case.named, *heard.named), index)
            scores = baselines(heard, index)
            evidence = signals(heard, index)
            scores |= {name: each.numbers @ evidence for name, each in tried.items() if name.startswith("without")}
            for name, each in scores.items():
                each = np.array(each, dtype=np.float64)
                each[barred] = -np.inf
                found.append(ranking(case, name, [items[int(row)].id for row in most(each, LISTED)]))
    return found


async def answer(case: Case, index: Index, name: str, weights: Weights) -> Ranking:
    """The built-in system's answer, as the product gives it."""
    count = LISTED + len(case.named)
    return ranking(case, name, await rank_catalogue(said(case.talk), index, count, weights=weights))


def rows_of(items: Sequence[str], index: Index) -> list[int]:
    """The rows of ids."""
    return [index.catalogue.row_of[item] for item in dict.fromkeys(items)]


# --- the tables ---


def table(rankings: Sequence[Ranking]) -> Iterator[dict[str, str]]:
    """A row for each system, with 95% intervals over dialogues."""
    for measured in sorted(measure_rankings(rankings), key=lambda m: (not m.system.startswith("built-in"), m.system)):
        row = {"system": measured.system}
        for name in METRICS:
            one = measured.metrics[name]
            row[name] = f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"
        yield row


async def run(data: Path, cache: Path, quick: bool) -> None:
    """Everything, printed."""
    dataset = read_redial(data / "redial", [data / "ml_latest_small", data / "ml_1m_agent4rec"])
    shelf = Shelf(dataset, load_encoder(SHIPPED, cache / "encoders"), cache / "vectors")
    rated = [one for one in dataset.folds[0].interactions if not one.user.startswith("dialogue ")]
    print(f"{sum(len(fold.cases) for fold in dataset.folds)} cases over {len(dataset.items)} items")
    weights: dict[str, list[np.ndarray]] = {}
    if not quick:
        with stopwatch() as elapsed:
            weights = await learn_all(shelf, rated)
        print(f"weights learnt in {elapsed():.0f} s; mean over the folds, and standard deviation:")
        learnt = np.array(weights["built-in"])
        for name, mean, deviation in zip(SIGNALS, learnt.mean(axis=0), learnt.std(axis=0), strict=True):
            print(f"  {name:10} {mean:.3f} {deviation:.3f}")
    rankings = await rank_all(shelf, weights)
    print_table("ReDial, items not named before, five folds by dialogue", list(table(rankings)))


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shipped weights only")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "convrec-bench-redial")
    chosen = parser.parse_args()
    print_machine()
    asyncio.run(run(data_folder(), chosen.cache, chosen.quick))


if __name__ == "__main__":
    main()
