import socket
from pathlib import Path

import pytest
from convrec.tools.cross_encoder import CrossEncoderNli, Inference
from convrec.tools.errors import SettingsError
from tiny_models import make_cross_encoder

PREMISES = ["A quiet story about a lighthouse.", "Two dragons fight!", "", "word " * 300]
HYPOTHESES = ["It is quiet.", "It is set at sea.", "It is loud.", "It has words."]
ORDERS = [
    ("contradiction", "entailment", "neutral"),
    ("NEUTRAL", "CONTRADICTION", "ENTAILMENT"),
    ("Entailment", "Neutral", "Contradiction"),
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


def largest(judged: Inference) -> str:
    shares = {"entails": judged.entails, "neutral": judged.neutral, "contradicts": judged.contradicts}
    return max(shares, key=lambda name: shares[name])


def test_each_pair_has_probabilities_that_sum_to_one(tmp_path: Path) -> None:
    model = CrossEncoderNli(str(make_cross_encoder(tmp_path, ORDERS[0])))
    judged = model.judge(PREMISES, HYPOTHESES)
    assert len(judged) == len(PREMISES)
    for one in judged:
        assert one.entails + one.neutral + one.contradicts == pytest.approx(1.0)
        assert min(one.entails, one.neutral, one.contradicts) >= 0.0
    assert len(set(judged)) == len(judged)


def test_a_judgement_is_the_same_again_and_in_other_company(tmp_path: Path) -> None:
    model = CrossEncoderNli(str(make_cross_encoder(tmp_path, ORDERS[0])))
    judged = model.judge(PREMISES * 20, HYPOTHESES * 20)
    assert model.judge(PREMISES * 20, HYPOTHESES * 20) == judged
    alone = model.judge(PREMISES[:1], HYPOTHESES[:1])[0]
    assert alone.entails == pytest.approx(judged[0].entails, abs=1e-5)
    assert judged[40].entails == pytest.approx(judged[0].entails, abs=1e-5)


@pytest.mark.parametrize("labels", ORDERS, ids="-".join)
@pytest.mark.parametrize("winner", ["entailment", "neutral", "contradiction"])
def test_labels_are_read_in_the_models_own_order(labels: tuple[str, ...], winner: str, tmp_path: Path) -> None:
    favourite = next(label for label in labels if label.casefold() == winner)
    model = CrossEncoderNli(str(make_cross_encoder(tmp_path, labels, favourite)))
    meaning = {"entailment": "entails", "neutral": "neutral", "contradiction": "contradicts"}[winner]
    assert {largest(one) for one in model.judge(PREMISES, HYPOTHESES)} == {meaning}


@pytest.mark.parametrize("favourite", ["entailment", "not_entailment"])
def test_a_model_of_two_labels_never_contradicts(favourite: str, tmp_path: Path) -> None:
    model = CrossEncoderNli(str(make_cross_encoder(tmp_path, ["not_entailment", "entailment"], favourite)))
    judged = model.judge(PREMISES, HYPOTHESES)
    assert {largest(one) for one in judged} == {"entails" if favourite == "entailment" else "neutral"}
    assert {one.contradicts for one in judged} == {0.0}


def test_no_pairs_have_no_judgements_and_load_nothing() -> None:
    assert CrossEncoderNli("nobody/no-such-model").judge([], []) == []


def test_a_hypothesis_too_few_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zip"):
        CrossEncoderNli(str(tmp_path)).judge(["one", "two"], ["one"])


def test_a_checked_model_judges(tmp_path: Path) -> None:
    model = CrossEncoderNli(str(make_cross_encoder(tmp_path, ORDERS[0])))
    model.check()
    assert model.judge(["a"], ["b"])


def test_a_model_with_one_score_is_told_from_one_for_inference(tmp_path: Path) -> None:
    model = CrossEncoderNli(str(make_cross_encoder(tmp_path, ["LABEL_0"])))
    with pytest.raises(SettingsError, match="one score") as caught:
        model.judge(PREMISES, HYPOTHESES)
    assert "nli-MiniLM2" in caught.value.hint


def test_labels_without_names_are_told_with_the_file_that_names_them(tmp_path: Path) -> None:
    model = CrossEncoderNli(str(make_cross_encoder(tmp_path, ["LABEL_0", "LABEL_1", "LABEL_2"])))
    with pytest.raises(SettingsError, match="LABEL_0") as caught:
        model.check()
    assert "id2label" in caught.value.hint


@pytest.mark.parametrize("labels", [["positive", "negative"], ["entailment", "neutral", "other"], list("abcdefgh")])
def test_a_classifier_of_something_else_is_told(labels: list[str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="judges no inference") as caught:
        CrossEncoderNli(str(make_cross_encoder(tmp_path, labels))).check()
    assert labels[0] in str(caught.value)
    assert "id2label" not in caught.value.hint


@pytest.mark.parametrize("name", ["no-such-model", "nobody/no-such-model", "/no/such", "", ".", "a\0b", "x" * 5000])
def test_a_model_that_is_not_on_this_machine_is_told_and_nothing_is_fetched(name: str, calls: list[object]) -> None:
    with pytest.raises(SettingsError, match="not on this machine") as caught:
        CrossEncoderNli(name).judge(PREMISES, HYPOTHESES)
    assert len(str(caught.value)) < 300
    assert calls == []


def test_a_folder_that_holds_no_model_is_told(tmp_path: Path, calls: list[object]) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no such kind"}')
    with pytest.raises(SettingsError, match="cannot be loaded"):
        CrossEncoderNli(str(tmp_path)).check()
    assert calls == []


def test_a_folder_without_weights_is_told(tmp_path: Path) -> None:
    folder = make_cross_encoder(tmp_path, ORDERS[0])
    (folder / "model.safetensors").unlink()
    with pytest.raises(SettingsError, match="cannot be loaded"):
        CrossEncoderNli(str(folder)).judge(PREMISES, HYPOTHESES)
