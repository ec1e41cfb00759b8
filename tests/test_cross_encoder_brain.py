from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.brains import Budget, Model, TurnLimits
from convrec.agents.model.cross_encoder import MOST, SURE, judge_with
from convrec.agents.state import Judged, Preference, Strength, Wish
from convrec.tools.cross_encoder import Inference
from convrec.tools.errors import ModelError, SettingsError
from convrec.tools.limits import Limit
from model_stage import chat, fallbacks, prompts, step, turn
from talk_stage import TEA_ITEMS, TEAS, index_of, labelled, ranged, small_index

UNSURE = Inference(0.3, 0.4, 0.3)
GREENS = ("sencha", "gyokuro", "genmaicha", "hojicha")


class Encoder:
    """Judges pairs by a function, and remembers them."""

    name = "tiny-nli"

    def __init__(self, judge: Callable[[str, str], Inference] = lambda premise, hypothesis: UNSURE) -> None:
        self._judge = judge
        self.pairs: list[tuple[str, str]] = []

    def judge(self, premises: Sequence[str], hypotheses: Sequence[str]) -> list[Inference]:
        pairs = list(zip(premises, hypotheses, strict=True))
        self.pairs += pairs
        return [self._judge(*pair) for pair in pairs]


def finds(**words: Inference) -> Encoder:
    """An encoder that judges a premise by a word in it."""
    return Encoder(lambda premise, _: next((i for w, i in words.items() if w in premise), UNSURE))


def about(phrase: str, strength: Strength = "prefer") -> Preference:
    return Preference(limit=Limit(attribute=None, values=(phrase,)), strength=strength)


async def judged(
    encoder: Any, preferences: Sequence[Preference], ids: Sequence[str] = GREENS, index: Any = None
) -> dict[str, Judged]:
    model = Model(None, Budget(TurnLimits(max_calls=0)), "nli")
    candidates = [Judged(item=i, score=1.0 - n / 100) for n, i in enumerate(ids)]
    wish = Wish(preferences=tuple(preferences))
    found = await judge_with(encoder)(model, candidates, preferences, index or index_of("teas"), wish, "a tea")
    return {j.item: j for j in found}


async def test_a_sentence_that_entails_is_the_evidence() -> None:
    found = await judged(finds(charcoal=Inference(0.9, 0.05, 0.05)), [about("warmth")])
    (seen,) = found["hojicha"].verdicts
    assert (seen.label, seen.score, seen.evidence) == ("entails", 0.9, "Roasted over charcoal until brown.")
    assert found["sencha"].verdicts[0].label == "neutral"


async def test_the_surest_sentence_decides() -> None:
    encoder = finds(campfires=Inference(0.1, 0.0, 0.9), pine=Inference(0.7, 0.2, 0.1))
    found = await judged(encoder, [about("calm")], ["lapsang-souchong"])
    assert (found["lapsang-souchong"].verdicts[0].label, found["lapsang-souchong"].verdicts[0].score) == (
        "contradicts",
        -0.9,
    )


async def test_what_is_not_sure_does_not_count() -> None:
    found = await judged(finds(charcoal=Inference(SURE - 0.01, 0.4, 0.0)), [about("warmth")])
    assert {j.verdicts[0].label for j in found.values()} == {"neutral"}


async def test_a_contradicted_must_drops_the_item_and_an_entailed_must_not_too() -> None:
    contradicts, entails = finds(charcoal=Inference(0.0, 0.1, 0.9)), finds(charcoal=Inference(0.9, 0.1, 0.0))
    assert "hojicha" not in await judged(contradicts, [about("calm", "must")])
    assert "hojicha" in await judged(contradicts, [about("calm", "must_not")])
    assert "hojicha" not in await judged(entails, [about("fire", "must_not")])
    avoided = await judged(entails, [about("fire", "avoid")])
    assert (avoided["hojicha"].verdicts[0].label, avoided["hojicha"].verdicts[0].score) == ("contradicts", -0.9)


async def test_only_phrases_are_judged_that_no_text_has_word_for_word() -> None:
    encoder = Encoder()
    preferences = [labelled("kind", "green"), ranged("minutes", high=5), labelled("flavours", "nutty"), about("meadow")]
    await judged(encoder, preferences, ["sencha", "hojicha"])
    assert encoder.pairs == [("Roasted over charcoal until brown.", "It is about meadow.")]


async def test_the_first_sentences_are_read_and_of_an_item_without_text_its_labels() -> None:
    wordy = TEA_ITEMS[0].model_copy(
        update={"id": "wordy", "title": "Wordy", "text": " ".join(f"Number {n}." for n in range(9))}
    )
    mute = TEA_ITEMS[0].model_copy(update={"id": "mute", "title": "Mute", "text": ""})
    encoder = Encoder()
    await judged(encoder, [about("calm")], ["wordy", "mute"], small_index("two", TEAS, [wordy, mute]))
    premises = [premise for premise, _ in encoder.pairs]
    assert premises == [
        "Number 0.",
        "Number 1.",
        "Number 2.",
        "Number 3.",
        "Mute",
        "kind: black",
        "flavour: smoky",
        "flavour: strong",
    ]


async def test_the_best_twenty_are_judged_and_the_others_kept() -> None:
    items = [i.model_copy(update={"id": f"{i.id}-{n}", "title": f"{i.title} {n}"}) for n in range(3) for i in TEA_ITEMS]
    encoder = Encoder()
    found = await judged(encoder, [about("calm")], [i.id for i in items], small_index("many", TEAS, items))
    assert len(found) == len(items) == 39
    texts = {i.text for i in items}
    assert MOST == 20
    assert len(encoder.pairs) <= MOST * 2 <= len(texts) * 4


async def test_without_phrases_the_encoder_is_not_asked() -> None:
    encoder = Encoder()
    assert await judged(encoder, [labelled("kind", "green")], ["sencha", "assam-gold"])
    assert not encoder.pairs


async def test_an_encoder_that_cannot_be_loaded_is_a_fault_that_the_built_in_brain_mends() -> None:
    def broken(*_: str) -> Inference:
        raise SettingsError("The cross-encoder 'x' cannot be loaded.")

    with pytest.raises(ModelError, match="cannot be loaded"):
        await judged(Encoder(broken), [about("calm")])


UNDERSTOOD = {"act": "request", "wants": [
    {"attribute": "kind", "values": ["green"], "strength": "must"},
    {"attribute": "text", "values": ["warmth"], "strength": "prefer"},
]}  # fmt: skip


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
async def test_it_takes_the_place_of_the_model_at_every_effort(tmp_path: Path, effort: Any) -> None:
    model, encoder = chat(Understanding=UNDERSTOOD), finds(charcoal=Inference(0.9, 0.1, 0.0))
    answer = await turn(tmp_path, "a warm green tea", model, effort=effort, encoder=encoder)
    assert not prompts(model, "Judgement")
    assert encoder.pairs
    assert (step(answer, "nli").brain, step(answer, "nli").calls) == ("tiny-nli", 0)
    assert bool(prompts(model, "Order")) == (effort != "low")
    assert not fallbacks(answer)
    reason = next(v for c in answer.items if c.id == "hojicha" for v in c.verdicts if v.preference == '"warmth"')
    assert reason.evidence == "Roasted over charcoal until brown."


async def test_a_turn_goes_on_where_the_encoder_is_gone(tmp_path: Path) -> None:
    def broken(*_: str) -> Inference:
        raise SettingsError("The cross-encoder 'x' is not on this machine.")

    answer = await turn(tmp_path, "a warm green tea", chat(Understanding=UNDERSTOOD), encoder=Encoder(broken))
    assert "not on this machine" in fallbacks(answer)["nli"]
    assert len(answer.items) == 3
