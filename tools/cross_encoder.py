"""Natural-language inference by a cross-encoder: does one text entail another, contradict it, or neither?

Any sequence classifier works whose labels say so: trained on three labels (MNLI, SNLI, ANLI) or on two (entailment, or
not).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from .errors import SettingsError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

MAX_TOKENS = 512
"""Of a pair, at most so many tokens are read, or as many as the model takes where that is less."""

BATCH = 32
"""So many pairs are read at once."""

_ENTAILS = {"entailment", "entails", "entailed"}
_NEUTRAL = {"neutral"}
_CONTRADICTS = {"contradiction", "contradicts", "contradictory"}
_OTHER = {"not_entailment", "non_entailment"}
_WORKING = (
    "Use the folder of a model for natural-language inference, or its name on the Hugging Face hub after `hf download "
    "NAME`, such as cross-encoder/nli-MiniLM2-L6-H768."
)


@dataclass(frozen=True)
class Inference:
    """How a premise stands to a hypothesis: three probabilities that sum to 1."""

    entails: float
    neutral: float
    contradicts: float


class CrossEncoderNli:
    """A cross-encoder that judges pairs of texts; loaded on first use, never fetched.

    Judging takes the processor for a while: from a coroutine, call it in a thread. Threads that share one take turns.

    Args:
        name: a model's folder, or its name on the Hugging Face hub when it lies in the local cache.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = Lock()

    def check(self) -> None:
        """See whether the model can be used, without loading its weights.

        Raises:
            SettingsError: it is not on this machine, or judges no inference.
        """
        with self._lock:
            _ = self._labels

    def judge(self, premises: Sequence[str], hypotheses: Sequence[str]) -> list[Inference]:
        """How each premise stands to the hypothesis at its place.

        Args:
            premises: what is known, such as the text of an item.
            hypotheses: what may follow from it; as many as premises.

        Raises:
            SettingsError: the model cannot be loaded, or see `check`.
            ValueError: there are not as many hypotheses as premises.
        """
        pairs = list(zip(premises, hypotheses, strict=True))
        if not pairs:
            return []
        with self._lock:
            labels = self._labels
            probabilities = _predict(self._model, pairs)
        return [labels.read(row) for row in probabilities]

    @cached_property
    def _labels(self) -> "_Labels":
        place = _find(self.name)
        from transformers import AutoConfig

        with _explained(self.name):
            config = AutoConfig.from_pretrained(place, local_files_only=True)
        return _read_labels(self.name, {int(i): str(label) for i, label in (config.id2label or {}).items()})

    @cached_property
    def _model(self) -> "CrossEncoder":
        place = _find(self.name)
        from sentence_transformers import CrossEncoder
        from transformers.utils import logging

        logging.disable_progress_bar()
        with _explained(self.name):
            # Half precision, in which some are saved, overflows in some of them and is slow on processors.
            model = CrossEncoder(place, local_files_only=True, model_kwargs={"dtype": "float32"})
        model.max_seq_length = min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)
        return model


@dataclass(frozen=True)
class _Labels:
    """Which of a model's outputs means what; a model of two labels has no output for a contradiction."""

    entails: int
    neutral: int
    contradicts: int | None

    def read(self, row: np.ndarray) -> Inference:
        contradicts = 0.0 if self.contradicts is None else float(row[self.contradicts])
        return Inference(float(row[self.entails]), float(row[self.neutral]), contradicts)


def _predict(model: "CrossEncoder", pairs: list[tuple[str, str]]) -> np.ndarray:
    """Probabilities by label, shape (pairs, labels), float64."""
    from torch.nn import Identity

    # The activation that a model was saved with is passed over: it may be a sigmoid.
    logits = model.predict(pairs, batch_size=BATCH, activation_fn=Identity(), show_progress_bar=False)
    powers = np.exp(np.asarray(logits, dtype=np.float64) - np.max(logits, axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _read_labels(name: str, id2label: Mapping[int, str]) -> _Labels:
    found = {label.casefold().replace("-", "_").replace(" ", "_"): i for i, label in id2label.items()}
    entails, neutral = _one_of(found, _ENTAILS), _one_of(found, _NEUTRAL)
    contradicts, other = _one_of(found, _CONTRADICTS), _one_of(found, _OTHER)
    if entails is not None and neutral is not None and contradicts is not None and len(found) == 3:
        return _Labels(entails, neutral, contradicts)
    if entails is not None and other is not None and len(found) == 2:
        return _Labels(entails, other, None)
    raise SettingsError(
        f"The cross-encoder {_short(name)!r} judges no inference: {_describe(list(id2label.values()))}.",
        _hint(found),
    )


def _one_of(found: Mapping[str, int], names: set[str]) -> int | None:
    return next((found[name] for name in found if name in names), None)


def _describe(labels: list[str]) -> str:
    if len(labels) == 1:
        return "it gives one score, as models for search and similarity do"
    return f"its labels are {', '.join(repr(label) for label in labels[:6])}{', …' if len(labels) > 6 else ''}"


def _hint(found: Mapping[str, int]) -> str:
    if len(found) in (2, 3) and all(label.startswith("label_") for label in found):
        names = '{"0": "contradiction", "1": "entailment", "2": "neutral"}'
        return f"If its labels only lack names, write them into its config.json, such as id2label {names}. {_WORKING}"
    return _WORKING


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Faults of loading as one of ours, with the first line of what the library says."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, ImportError) as fault:
        said = (str(fault).splitlines() or [type(fault).__name__])[0]
        raise SettingsError(f"The cross-encoder {_short(name)!r} cannot be loaded: {said[:200]}", _WORKING) from fault


def _find(name: str) -> str:
    """The folder of a model that is on this machine; nothing is fetched."""
    from huggingface_hub import snapshot_download

    try:
        if (Path(name) / "config.json").is_file():
            return name
        return snapshot_download(name if "/" in name else f"cross-encoder/{name}", local_files_only=True)
    except (OSError, ValueError) as fault:
        raise SettingsError(f"The cross-encoder {_short(name)!r} is not on this machine.", _WORKING) from fault


def _short(name: str) -> str:
    return name if len(name) <= 100 else name[:97] + "..."
