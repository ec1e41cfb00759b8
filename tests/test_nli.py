import pytest
from convrec.agents.nli import judge, seen_from
from convrec.agents.state import Judged, Preference, Strength
from convrec.tools.entailment import Entailment, Label
from convrec.tools.limits import Limit
from talk_stage import index_of, labelled, ranged

ALL = [Judged(item=i.id, score=1.0) for i in index_of("teas").catalogue.items]


async def verdicts(item: str, *preferences: Preference) -> list[tuple[str, float, str]] | None:
    judged = await judge([Judged(item=item)], preferences, index_of("teas"))
    return [(v.label, v.score, v.evidence) for v in judged[0].verdicts] if judged else None


async def test_a_label_is_entailed_with_its_evidence() -> None:
    assert await verdicts("sencha", labelled("kind", "green")) == [("entails", 1.0, "kind: green")]


async def test_what_contradicts_a_must_or_a_must_not_is_dropped() -> None:
    assert await verdicts("sencha", labelled("kind", "black")) is None
    assert await verdicts("sencha", labelled("kind", "green", strength="must_not")) is None
    assert await verdicts("assam-gold", ranged("minutes", high=3)) is None


async def test_what_contradicts_a_soft_preference_stays_and_says_so() -> None:
    soft = await verdicts("sencha", labelled("kind", "black", strength="prefer"))
    avoided = await verdicts("sencha", labelled("flavours", "grassy", strength="avoid"))
    assert soft is not None
    assert avoided is not None
    assert (soft[0][0], avoided[0][0]) == ("contradicts", "contradicts")
    assert soft[0][1] < 0
    assert avoided[0][1] < 0


async def test_what_the_item_does_not_say_is_neutral_and_never_a_contradiction() -> None:
    assert await verdicts("mystery-blend", ranged("minutes", high=2)) == [("neutral", 0.0, "")]
    assert await verdicts("sencha", labelled("flavours", "smoky")) == [("neutral", 0.0, "")]


async def test_a_phrase_is_judged_by_the_text_and_quoted() -> None:
    campfire = Preference(limit=Limit(attribute=None, values=("campfires",)), strength="prefer")
    assert await verdicts("lapsang-souchong", campfire) == [("entails", 1.0, "It tastes of campfires.")]
    assert await verdicts("sencha", campfire) == [("neutral", 0.0, "")]


async def test_order_and_number_of_verdicts_are_those_of_the_input() -> None:
    preferences = [labelled("flavours", "smoky", strength="prefer"), ranged("minutes", high=4, strength="prefer")]
    judged = await judge(ALL, preferences, index_of("teas"))
    assert [j.item for j in judged] == [j.item for j in ALL]
    assert all(len(j.verdicts) == 2 for j in judged)


async def test_evidence_is_always_quoted_from_the_item() -> None:
    preferences = [
        labelled("flavours", "smoky", "sweet", strength="prefer"), ranged("minutes", high=4, strength="prefer"),
        Preference(limit=Limit(attribute=None, values=("leaves", "smoke", "meadow")), strength="prefer"),
    ]  # fmt: skip
    catalogue = index_of("teas").catalogue
    for judged in await judge(ALL, preferences, index_of("teas")):
        item = catalogue.item(judged.item)
        own = f"{item.title} {item.text} {item.attributes}"
        for verdict in judged.verdicts:
            assert bool(verdict.evidence) or verdict.label == "neutral"
            quoted = verdict.evidence.rpartition(": ")[2].removesuffix(" min")
            assert all(part in own for part in quoted.split(", "))


@pytest.mark.parametrize(
    ("strength", "label", "seen"),
    [
        ("must", "entails", ("entails", 0.8)),
        ("prefer", "contradicts", ("contradicts", -0.8)),
        ("must_not", "entails", ("contradicts", -0.8)),
        ("avoid", "contradicts", ("entails", 0.8)),
        ("avoid", "neutral", ("neutral", 0.0)),
    ],
)
def test_what_entails_an_unwanted_limit_contradicts_the_preference(
    strength: Strength, label: Label, seen: tuple[str, float]
) -> None:
    score = {"entails": 0.8, "contradicts": -0.8, "neutral": 0.0}[label]
    entailment = Entailment(label=label, score=score, evidence="the words")
    verdict = seen_from(labelled("kind", "green", strength=strength), "in words", entailment)
    assert (verdict.label, verdict.score) == seen
    assert (verdict.preference, verdict.strength, verdict.evidence) == ("in words", strength, "the words")
