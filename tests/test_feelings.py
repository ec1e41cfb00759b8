import pytest
from convrec.agents.state import Wish
from talk_stage import read

FOCUS = ("alien-1979", "heat-1995", "amelie-2001")


async def felt(text: str) -> set[tuple[str, str | None]]:
    got = await read(text, wish=Wish(focus=FOCUS, shown=FOCUS))
    return {(m.item, m.feeling) for m in got.mentions if m.feeling}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I've seen the first one", {(FOCUS[0], "seen")}),
        ("seen the first and the third already", {(FOCUS[0], "seen"), (FOCUS[2], "seen")}),
        ("I hated the second one", {(FOCUS[1], "disliked")}),
        ("loved the last one, hated the first", {(FOCUS[2], "liked"), (FOCUS[0], "disliked")}),
        ("more like the second one", {(FOCUS[1], "like_this")}),
        ("I'll watch the third one", {(FOCUS[2], "accepted")}),
        ("the first one is too long", {(FOCUS[0], "rejected")}),
        ("seen all of them", {(i, "seen") for i in FOCUS}),
        ("neither of them", {(i, "rejected") for i in FOCUS}),
    ],
)
async def test_a_feeling_goes_to_the_item_it_is_about(text: str, expected: set[tuple[str, str]]) -> None:
    assert await felt(text) == expected


async def test_not_having_seen_something_is_no_feeling() -> None:
    assert not await felt("I haven't seen the second one yet")


async def test_a_question_is_no_feeling() -> None:
    assert not {f for _, f in await felt("is the second one any good?")} & {"liked", "accepted", "like_this"}


@pytest.mark.parametrize("text", ["my favourite is Brazil", "the last one i loved was Brazil"])
async def test_a_favourite_is_liked_and_is_no_label(text: str) -> None:
    got = await read(text)
    assert [(m.item, m.feeling) for m in got.mentions] == [("brazil-1985", "liked")]
    assert not got.preferences


async def test_asking_what_an_item_is_like_is_no_wish_for_others_like_it() -> None:
    shown = Wish(focus=("alien-1979", "heat-1995"), shown=("alien-1979", "heat-1995"))
    assert all(m.feeling is None for m in (await read("what's Alien like?", wish=shown)).mentions)
    assert [m.feeling for m in (await read("something Alien like", wish=shown)).mentions] == ["like_this"]
