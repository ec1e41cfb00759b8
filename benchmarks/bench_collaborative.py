"""How well histories foretell what people like next, beside recommenders of LensKit and implicit: one table per data set.

Run as `make bench-collaborative`, or `.venv/bin/python benchmarks/bench_collaborative.py [--baselines PYTHON] [--quick]`;
the data is read from `CONVREC_DATA`, or else from `shared/data` beside the repository. The libraries live in an
environment of their own (benchmarks/requirements-baselines.txt), and so do the metrics (ir-measures), by which every
system is measured alike.

- ml_1m_agent4rec: the positives of 1,000 users; `train` is learnt from, `valid` is to be found.
- ml_latest_small: ratings with times; each user's last item that they rated at or above their own mean is to be found,
  from what they rated before it.

Every item of the catalogue is ranked except those of the user's own training part. The libraries' settings are chosen by
NDCG@10 on a part of the training data of each set that is held out in the same manner (a random 30%, or the five liked
items before the last); ours are those that ship, for every catalogue the same. Intervals are 95%, from 10,000 bootstrap
samples of the users, of the difference to the best of the libraries on the part that is measured.
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from convrec.tools.catalogue import Catalogue
from convrec.tools.collaborative import (
    Collaborative,
    Method,
    Model,
    counts_of,
    fit_collaborative,
    likes_matrix,
    weights_of,
)
from convrec.tools.ease import fit_ease
from convrec.tools.encoder import SHIPPED, load_encoder
from convrec.tools.importing import read_catalogue
from convrec.tools.index import Index
from convrec.tools.interaction_log import Log, Words
from convrec.tools.items import Interaction, Item
from convrec.tools.lexical import Lexical, item_text
from convrec.tools.schema import Schema
from convrec.tools.taste import taste_scores
from convrec.tools.vectors import Vectors, most
from measuring import print_machine, print_table, stopwatch
from scipy import sparse

ROOT = Path(__file__).resolve().parent.parent
LISTED = 10
SAMPLES = 10_000

Weights = Mapping[str, float]
Scorer = Callable[[Weights], np.ndarray]


@dataclass(frozen=True)
class Split:
    """Histories, and what is to be found.

    Attributes:
        name: of the data set.
        ids: the catalogue's items, in row order.
        train: user -> their interactions that may be learnt from.
        held_out: user -> the items to be found.
    """

    name: str
    ids: list[str]
    train: dict[str, list[Interaction]]
    held_out: dict[str, list[str]]

    def rows(self) -> dict[str, int]:
        """Item -> row."""
        return {name: row for row, name in enumerate(self.ids)}


@dataclass(frozen=True)
class DataSet:
    """A catalogue, what is measured on, and what settings are chosen on."""

    index: Index
    measured: Split
    choosing: Split


def data_folder() -> Path:
    """Where the research data is."""
    return Path(os.environ.get("CONVREC_DATA") or ROOT.parent / "shared" / "data")


# --- the data sets ---


def ml_1m(folder: Path, encoders: Path) -> DataSet:
    """MovieLens-1M as Agent4Rec cut it, its films with TMDB's overviews, casts and keywords."""
    imported = read_catalogue(folder / "movielens_movies_tmdb.csv")
    of_title = {}
    for row in _table(folder / "movielens_movies_tmdb.csv"):
        of_title[_letters(row["title"])] = row["movieId"]
    by_id = {item.id: item for item in imported.items}
    films = [by_id[of_title[_letters(row["title"])]] for row in _table(folder / "movie_detail.csv")]
    items = [film.model_copy(update={"id": str(number)}) for number, film in enumerate(films)]
    train = {
        user: [Interaction(user=user, item=item) for item in items_]
        for user, items_ in _sequences(folder / "train.txt").items()
    }
    split = Split("ml_1m_agent4rec", [item.id for item in items], train, _sequences(folder / "valid.txt"))
    return DataSet(content_index(split.name, items, imported.schema, encoders), split, without_share(split))


def ml_small(folder: Path, encoders: Path) -> DataSet:
    """MovieLens latest small, as `convrec catalog import` reads it."""
    imported = read_catalogue(folder)
    histories = defaultdict(list)
    for one in imported.interactions:
        histories[one.user].append(one)
    # Many ratings share a second: their order is drawn, but always the same.
    ordered = {
        user: sorted(theirs, key=lambda i: (i.time, zlib.crc32(f"{i.user} {i.item}".encode())))
        for user, theirs in histories.items()
    }
    whole = Split("ml_latest_small", [item.id for item in imported.items], ordered, {})
    split = without_last(whole, 1)
    return DataSet(content_index(split.name, imported.items, imported.schema, encoders), split, without_last(split, 5))


def content_index(name: str, items: Sequence[Item], schema: Schema, encoders: Path) -> Index:
    """An index without histories, its vectors made as `build_index` makes them, and kept in memory only."""
    encoder = load_encoder(SHIPPED, encoders)
    texts = [item_text(item, schema) for item in items]
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    parts = [encoder.encode([texts[row] for row in order[start : start + 64]]) for start in range(0, len(order), 64)]
    matrix = np.empty((len(texts), parts[0].shape[1]), dtype=np.float32)
    matrix[order] = np.concatenate(parts)
    vectors = Vectors(matrix, [item.id for item in items], lambda: None)
    return Index(Catalogue(name, schema, items), encoder, vectors, Lexical.build(texts[:1]))


def without_share(split: Split, share: float = 0.3, seed: int = 1) -> Split:
    """Hold out a random share of each user's training part."""
    rng = np.random.default_rng(seed)
    train, held_out = {}, {}
    for user, theirs in split.train.items():
        order = rng.permutation(len(theirs))
        cut = max(1, int(share * len(theirs)))
        held_out[user] = [theirs[place].item for place in order[:cut]]
        train[user] = [theirs[place] for place in order[cut:]]
    return Split(split.name, split.ids, train, held_out)


def without_last(split: Split, count: int) -> Split:
    """Hold out each user's last liked items, and leave out all that came after the first of them."""
    train, held_out = {}, {}
    for user, theirs in split.train.items():
        last = [place for place, kept in enumerate(liked(theirs)) if kept][-count:]
        if not last or last[0] == 0:
            train[user] = theirs
            continue
        train[user] = theirs[: last[0]]
        held_out[user] = [theirs[place].item for place in last]
    return Split(split.name, split.ids, train, held_out)


def liked(history: Sequence[Interaction]) -> list[bool]:
    """Which of a user's interactions lie at or above their own mean."""
    mean = sum(i.value for i in history) / max(len(history), 1)
    return [i.value > 0 and i.value >= mean - 1e-9 for i in history]


# --- our systems ---


def ours(data: DataSet, split: Split) -> dict[str, Scorer]:
    """The tools under test, learnt from a split."""
    log = Log.of(one for theirs in split.train.values() for one in theirs)
    method: Method
    models = {}
    for method in ("neighbours", "ease"):
        models[method] = _timed(f"{split.name}: {method}", partial(fit_collaborative, log, split.ids, method=method))
    models["blocked"] = _timed(f"{split.name}: ease, blocked", partial(blocked, log, split.ids))
    hybrid = Index(data.index.catalogue, data.index.encoder, data.index.vectors, data.index.lexical, models["ease"])
    return {
        "convrec item-kNN": models["neighbours"].scores,
        "convrec EASE": models["ease"].scores,
        "convrec EASE, blocked": models["blocked"].scores,
        "convrec content": partial(taste_scores, data.index),
        "convrec hybrid": partial(taste_scores, hybrid),
    }


def blocked(log: Log, ids: Sequence[str]) -> Collaborative:
    """EASE as it is fitted on catalogues too large for the exact solution."""
    likes = likes_matrix(log)
    used = np.flatnonzero(np.asarray(likes.sum(axis=0)).ravel() > 0)
    weights = fit_ease(sparse.csr_array(likes[:, used]), exact=0)
    return Collaborative(
        Model(Words.of(log.ids[n] for n in used.tolist()), weights), ids, counts_of(log, ids), log.of_user
    )


def lists_of(split: Split, score: Callable[[str], np.ndarray]) -> np.ndarray:
    """Each user's best items that are not in their training part, -1 where there are no more, shape (users, 10)."""
    rows, lists = split.rows(), np.full((len(split.train), LISTED), -1)
    for user, (name, history) in enumerate(split.train.items()):
        scores = np.array(score(name), dtype=np.float64)
        scores[[rows[i.item] for i in history]] = -np.inf
        best = most(scores, LISTED)
        best = best[np.isfinite(scores[best])]
        lists[user, : len(best)] = best
    return lists


# --- the libraries, in their own interpreter ---


def candidates(split: Split, quick: bool) -> list[dict[str, Any]]:
    """The libraries' systems with the settings to choose among."""
    alike = all(all(liked(theirs)) for theirs in split.train.values())
    feeds = ("liked",) if alike else ("liked", "all")
    grid: list[tuple[str, dict[str, Any]]] = [("LensKit popularity", {})]
    near, kept = ((20,), (None,)) if quick else ((10, 20, 50, 100), (None, 100))
    grid += [("LensKit item-kNN", {"max_nbrs": n, "save_nbrs": k, "feedback": "implicit"}) for n in near for k in kept]
    strengths = (500.0,) if quick else (100.0, 200.0, 500.0, 1000.0)
    grid += [("LensKit EASE", {"regularization": strength}) for strength in strengths]
    sizes = (100,) if quick else (20, 50, 100, 200, 500)
    grid += [("implicit item-kNN", {"weighting": w, "K": k}) for w in ("cosine", "tf-idf") for k in sizes]
    if not quick:
        grid += [
            ("implicit item-kNN", {"weighting": "bm25", "K": k, "K1": k1, "B": b})
            for k in (50, 200)
            for k1 in (1.2, 100.0)
            for b in (0.25, 0.75)
        ]
    return [{"system": system, "settings": settings, "fed": fed} for system, settings in grid for fed in feeds]


def score_with_libraries(python: Path, split: Split, jobs: list[dict[str, Any]]) -> list[np.ndarray]:
    """The lists of each job, from the libraries."""
    rows = split.rows()
    table = [
        (user, rows[one.item], one.value, kept)
        for user, theirs in enumerate(split.train.values())
        for one, kept in zip(theirs, liked(theirs), strict=True)
    ]
    columns = dict(zip(("user", "item", "value", "liked"), map(np.array, zip(*table, strict=True)), strict=True))
    users = {name: place for place, name in enumerate(split.train)}
    with tempfile.TemporaryDirectory(prefix="convrec-bench-collaborative-") as name:
        folder = Path(name)
        np.savez(folder / "train.npz", shape=np.array([len(split.train), len(split.ids)]), **columns)
        (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
        _run(python, "score", folder)
        lists = []
        for number in range(len(jobs)):
            scores = np.load(folder / f"{number}.npy", mmap_mode="r")
            lists.append(lists_of(split, lambda user, scores=scores: scores[users[user]]))
    return lists


def measure(python: Path, split: Split, lists: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Recall@10 and NDCG@10 of each list by ir-measures, shape (users with held-out items, 2)."""
    rows = split.rows()
    wanted = [[rows[item] for item in split.held_out.get(user, ())] for user in split.train]
    with tempfile.TemporaryDirectory(prefix="convrec-bench-collaborative-") as name:
        folder = Path(name)
        numbered: dict[str, Any] = {str(place): each for place, each in enumerate(lists.values())}
        np.savez(folder / "lists.npz", **numbered)
        (folder / "held_out.json").write_text(json.dumps(wanted), encoding="utf-8")
        _run(python, "measure", folder)
        with np.load(folder / "measured.npz") as measured:
            return {system: measured[str(place)] for place, system in enumerate(lists)}


def _run(python: Path, what: str, folder: Path) -> None:
    script = Path(__file__).with_name("library_baselines.py")
    subprocess.run([str(python), str(script), what, str(folder)], check=True)


# --- the comparison ---


def choose(data: DataSet, python: Path, quick: bool) -> list[dict[str, Any]]:
    """For each of the libraries' systems the settings that do best on the part held out for choosing."""
    jobs = candidates(data.measured, quick)
    with stopwatch() as elapsed:
        tried = dict(enumerate(score_with_libraries(python, data.choosing, jobs)))
        values = measure(python, data.choosing, {str(number): each for number, each in tried.items()})
    best: dict[str, int] = {}
    for number, job in enumerate(jobs):
        before = best.get(job["system"])
        if before is None or values[str(number)][:, 1].mean() > values[str(before)][:, 1].mean():
            best[job["system"]] = number
    print(f"{data.measured.name}: {len(jobs)} settings tried in {elapsed():.0f} s")
    return [jobs[number] for number in best.values()]


def compare(data: DataSet, python: Path, chosen: list[dict[str, Any]]) -> list[dict[str, str]]:
    """One row of the table for each system."""
    for job in chosen:
        print(f"{data.measured.name}: {job['system']} with {job['settings']}, fed with what was {_fed(job['fed'])}")
    split = data.measured
    libraries = dict(zip([job["system"] for job in chosen], score_with_libraries(python, split, chosen), strict=True))
    weights = {user: weights_of(theirs) for user, theirs in split.train.items()}
    lists = libraries | {
        system: lists_of(split, lambda user, score=score: score(weights[user]))
        for system, score in ours(data, split).items()
    }
    measured = measure(python, split, lists)
    means = {system: each.mean(axis=0) for system, each in measured.items()}
    strongest = [max(libraries, key=lambda system: means[system][column]) for column in (0, 1)]
    table = []
    for system, each in measured.items():
        row = {"system": system, "Recall@10": f"{means[system][0]:.4f}", "NDCG@10": f"{means[system][1]:.4f}"}
        for column, metric in enumerate(("Recall@10", "NDCG@10")):
            if system not in libraries:
                against = strongest[column]
                row[f"{metric} - best library"] = interval(each[:, column] - measured[against][:, column])
        table.append(row)
    for column, metric in enumerate(("Recall@10", "NDCG@10")):
        print(f"{split.name}: best library by {metric}: {strongest[column]}")
        for part in ("convrec EASE", "convrec content"):
            gain = measured["convrec hybrid"][:, column] - measured[part][:, column]
            print(f"{split.name}: {metric} of hybrid - {part}: {interval(gain)}")
    return table


def interval(differences: np.ndarray, seed: int = 0) -> str:
    """A mean difference with its 95% bootstrap interval, as "+0.0123 [+0.0045, +0.0198]"."""
    rng = np.random.default_rng(seed)
    count = len(differences)
    means = [differences[rng.integers(0, count, count)].mean() for _ in range(SAMPLES)]
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{differences.mean():+.4f} [{low:+.4f}, {high:+.4f}]"


def main() -> int:
    """Compare on both data sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = ROOT / ".venv-baselines" / "bin" / "python"
    parser.add_argument("--baselines", type=Path, default=where, help="the Python that has the libraries")
    parser.add_argument("--only", choices=("ml_1m_agent4rec", "ml_latest_small"), help="one data set")
    parser.add_argument("--settings", type=Path, help="keep the settings chosen in a file, and take them from there")
    parser.add_argument("--quick", action="store_true", help="choose among few settings of the libraries")
    given = parser.parse_args()
    folder = data_folder()
    makers = {"ml_1m_agent4rec": ml_1m, "ml_latest_small": ml_small}
    missing = [name for name in makers if not (folder / name).is_dir()]
    if missing:
        print(f"The research data is not there: {folder} has no {', '.join(missing)}. Set CONVREC_DATA to its folder.")
        return 2
    if not given.baselines.exists():
        print(f"The libraries to compare with are not installed: there is no {given.baselines}.")
        print("`make bench-collaborative` installs them; or name a Python that has them: --baselines PYTHON")
        return 2
    settings: dict[str, list[dict[str, Any]]] = {}
    if given.settings and given.settings.exists():
        settings = json.loads(given.settings.read_text(encoding="utf-8"))
    print_machine()
    with tempfile.TemporaryDirectory(prefix="convrec-bench-encoder-") as encoders, stopwatch() as elapsed:
        for name, make in makers.items():
            if given.only in (None, name):
                data = make(folder / name, Path(encoders))
                if name not in settings:
                    settings[name] = choose(data, given.baselines, given.quick)
                    if given.settings:
                        given.settings.write_text(json.dumps(settings, indent=2), encoding="utf-8")
                table = compare(data, given.baselines, settings[name])
                users = len(data.measured.held_out)
                print_table(f"{name}: {users:,} users, {len(data.measured.ids):,} items", table)
    print(f"\nIt took {elapsed() / 60:.0f} minutes.")
    return 0


def _timed(what: str, fit: Callable[[], Collaborative]) -> Collaborative:
    with stopwatch() as elapsed:
        model = fit()
    print(f"{what}: fitted in {elapsed():.1f} s")
    return model


def _fed(fed: str) -> str:
    return "liked" if fed == "liked" else "rated at all"


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _letters(title: str) -> str:
    """A title without what the two files spell differently."""
    return re.sub(r"[^A-Za-z0-9()]", "", title)


def _sequences(path: Path) -> dict[str, list[str]]:
    """User -> items, from lines of numbers."""
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return {words[0]: words[1:] for words in lines}


if __name__ == "__main__":
    sys.exit(main())
