"""Recommenders of well-kept libraries (LensKit, implicit) and the metrics of ir-measures, over files in a folder.

bench_collaborative.py runs this in an environment of its own, as these libraries want other versions than convrec does:
`.venv-baselines/bin/python benchmarks/library_baselines.py score FOLDER` or `... measure FOLDER`.
Nothing of convrec is imported here.
"""

import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

# implicit is slower with the threads of a BLAS beside its own, and says so.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def score(folder: Path) -> None:
    """Fit each system of `jobs.json` on `train.npz`; write every user's scores of all items to `<n>.npy`.

    `train.npz` holds one interaction a row (`user`, `item`, `value`, `liked`), and `shape` (users, items). A job has a
    `system`, its `settings`, and `fed`: "all" or "liked" interactions. Scores have the shape (users, items), float32;
    -inf where the library gives none. `seconds.json` says how long each fit took.
    """
    log = dict(np.load(folder / "train.npz"))
    seconds = []
    for number, job in enumerate(json.loads((folder / "jobs.json").read_text(encoding="utf-8"))):
        keep = log["liked"] if job["fed"] == "liked" else np.ones(len(log["user"]), dtype=bool)
        train = {name: log[name][keep] for name in ("user", "item", "value")}
        began = time.perf_counter()
        system = _implicit if job["system"].startswith("implicit") else _lenskit
        scores = system(job["system"], job["settings"], train, tuple(log["shape"]))
        seconds.append(time.perf_counter() - began)
        np.save(folder / f"{number}.npy", np.nan_to_num(scores, nan=-np.inf).astype(np.float32))
    (folder / "seconds.json").write_text(json.dumps(seconds), encoding="utf-8")


def _lenskit(system: str, settings: dict[str, Any], train: dict[str, np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    import pandas as pd
    from lenskit.basic import PopScorer  # pyright: ignore[reportMissingImports]
    from lenskit.data import ItemList, RecQuery, from_interactions_df  # pyright: ignore[reportMissingImports]
    from lenskit.knn import EASEScorer, ItemKNNScorer  # pyright: ignore[reportMissingImports]

    users, items = shape
    table = pd.DataFrame({"user_id": train["user"], "item_id": train["item"], "rating": train["value"]})
    data = from_interactions_df(table)
    if system == "LensKit popularity":
        model = PopScorer(score="count")
    elif system == "LensKit item-kNN":
        model = ItemKNNScorer(**settings)
    else:
        model = EASEScorer(**settings)
    model.train(data)
    every = ItemList(item_ids=np.arange(items))
    scores = np.full(shape, np.nan)
    order = np.argsort(train["user"], kind="stable")
    ends = np.searchsorted(train["user"][order], np.arange(users + 1))
    for user in range(users):
        rows = order[ends[user] : ends[user + 1]]
        history = ItemList(item_ids=train["item"][rows], rating=train["value"][rows])
        answer = model(every) if system == "LensKit popularity" else model(RecQuery(history_items=history), every)
        scores[user] = answer.scores()
    return scores


def _implicit(
    system: str, settings: dict[str, Any], train: dict[str, np.ndarray], shape: tuple[int, int]
) -> np.ndarray:
    from implicit.nearest_neighbours import (  # pyright: ignore[reportMissingImports]
        BM25Recommender,
        CosineRecommender,
        TFIDFRecommender,
    )
    from scipy import sparse

    kinds = {"cosine": CosineRecommender, "tf-idf": TFIDFRecommender, "bm25": BM25Recommender}
    matrix = sparse.csr_matrix((np.ones(len(train["user"])), (train["user"], train["item"])), shape=shape)
    model = kinds[settings.pop("weighting")](**settings)
    model.fit(matrix, show_progress=False)
    # The library's own list leaves out what the user has; the product is what it ranks by.
    return np.asarray((matrix @ model.similarity).todense())


def measure(folder: Path) -> None:
    """Recall@10 and NDCG@10 of every user by ir-measures.

    `lists.npz` holds one array per system, shape (users, 10): items, best first, -1 where there are no more.
    `held_out.json` holds a list of the held-out items per user. Writes `measured.npz`: per system an array of
    shape (users with held-out items, 2).
    """
    from ir_measures import R, iter_calc, nDCG  # pyright: ignore[reportMissingImports]

    wanted: list[list[int]] = json.loads((folder / "held_out.json").read_text(encoding="utf-8"))
    judged = {str(user): {str(item): 1 for item in items} for user, items in enumerate(wanted) if items}
    found = {}
    for system, lists in dict(np.load(folder / "lists.npz")).items():
        run = {
            user: {str(item): float(-place) for place, item in enumerate(lists[int(user)]) if item >= 0}
            for user in judged
        }
        values = {(m.query_id, str(m.measure)): m.value for m in iter_calc([R @ 10, nDCG @ 10], judged, run)}
        found[system] = np.array([[values.get((user, name), 0.0) for name in ("R@10", "nDCG@10")] for user in judged])
    np.savez(folder / "measured.npz", **found)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    {"score": score, "measure": measure}[sys.argv[1]](Path(sys.argv[2]))
