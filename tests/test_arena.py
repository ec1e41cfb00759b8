import asyncio
from pathlib import Path
from typing import Any

import pytest
from arena_stage import Speaker, arena_of
from convrec.app.arena import MOST_OPEN, MOST_TURNS, RESTS, Arena, open_arena
from convrec.app.arena_nouns import Vote
from convrec.app.settings import Settings
from convrec.simulator.metrics.elo import Winner
from convrec.simulator.runs import read_records
from convrec.tools.errors import CallError, ConvrecError, CorruptError, InputError, MessageError
from talk_stage import index_of


@pytest.fixture
def speakers() -> dict[str, Speaker]:
    return {name: Speaker(name) for name in ("x", "y")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "arena" / "votes.jsonl"


async def voted(arena: Arena, winner: Winner = "a") -> Any:
    battle = await arena.pair()
    await arena.say(battle.id, "A green tea")
    return await arena.vote(battle.id, winner)


async def test_both_hear_the_same_and_names_come_with_the_vote(file: Path, speakers: dict[str, Speaker]) -> None:
    arena = arena_of(file, speakers)
    battle = await arena.pair()
    assert not battle.ready
    await arena.say(battle.id, "  A green tea ")
    after = await arena.say(battle.id, "Another")
    assert after.ready
    assert [heard for one in speakers.values() for heard in one.heard.values()] == [["A green tea", "Another"]] * 2
    assert [(r.text, r.a.reply[-1], r.b.reply[-1]) for r in after.rounds] == [
        ("A green tea", "1", "1"),
        ("Another", "2", "2"),
    ]
    shown = after.rounds[0].a
    assert [(c.title, c.reason, c.facts["kind"]) for c in shown.cards] == [("Sencha", "green", "green")]
    assert shown.options == ("More",)
    assert (after.a, after.b) == ("", "")
    revealed = await arena.vote(battle.id, "b")
    assert {revealed.a, revealed.b} == {"x", "y"}
    assert (revealed.winner, revealed.ready) == ("b", False)
    assert not any(one.heard for one in speakers.values())


async def test_a_vote_is_kept_without_any_word_or_user(file: Path, speakers: dict[str, Speaker]) -> None:
    arena = arena_of(file, speakers)
    revealed = await voted(arena, "both bad")
    (vote,) = read_records(file, Vote)
    assert (vote.battle, vote.a, vote.b, vote.winner) == (revealed.id, revealed.a, revealed.b, "both bad")
    assert (vote.catalogue, vote.turns) == ("teas", 1)
    assert vote.time > 1_700_000_000
    assert set(vote.model_dump()) == {"battle", "a", "b", "winner", "time", "catalogue", "turns"}
    assert "green tea" not in vote.model_dump_json()


async def test_there_is_no_vote_before_both_have_answered_and_none_twice(
    file: Path, speakers: dict[str, Speaker]
) -> None:
    arena = arena_of(file, speakers)
    battle = await arena.pair()
    with pytest.raises(InputError, match="must have answered"):
        await arena.vote(battle.id, "tie")
    await arena.say(battle.id, "Tea")
    both = await asyncio.gather(arena.vote(battle.id, "a"), arena.vote(battle.id, "b"), return_exceptions=True)
    assert sum(isinstance(one, InputError) for one in both) == 1
    for late in (arena.vote(battle.id, "a"), arena.say(battle.id, "More")):
        with pytest.raises(InputError, match="no longer open"):
            await late
    assert len(list(read_records(file, Vote))) == 1


async def test_pairs_and_sides_are_drawn_by_chance(file: Path) -> None:
    speakers = {name: Speaker(name) for name in ("x", "y", "z")}
    arena = arena_of(file, speakers)
    drawn = [(one.a, one.b) for one in [await voted(arena) for _ in range(60)]]
    assert set(drawn) == {(a, b) for a in "xyz" for b in "xyz" if a != b}
    assert all(one.opened == 1 for one in speakers.values())


async def test_standings_count_votes_and_rate_with_intervals(file: Path, speakers: dict[str, Speaker]) -> None:
    arena = arena_of(file, speakers | {"new": Speaker("new")})
    assert [(s.system, s.rating) for s in arena.standings()] == [("x", None), ("y", None), ("new", None)]
    file.parent.mkdir()
    votes = [
        Vote(battle=str(n), a="x", b="y", winner=winner, time=1.0, catalogue="teas", turns=1)
        for n, winner in enumerate(("a", "a", "a", "b", "tie", "both bad"))
    ]
    elsewhere = votes[0].model_copy(update={"catalogue": "films", "winner": "b"})
    file.write_text("".join(f"{vote.model_dump_json()}\n" for vote in (*votes, elsewhere)) + '{"cut off')  # noqa: ASYNC240
    first, second, third = arena.standings()
    assert (first.system, first.wins, first.losses, first.ties) == ("x", 3, 1, 2)
    assert (second.system, second.wins, second.losses, second.ties) == ("y", 1, 3, 2)
    assert (third.system, third.rating) == ("new", None)
    assert first.rating is not None
    assert second.rating is not None
    assert first.rating.low < first.rating.value < first.rating.high
    assert first.rating.value + second.rating.value == pytest.approx(2_000)
    await voted(arena)
    assert len(list(read_records(file, Vote))) == 8, "what was cut off spoils no later vote"
    assert sum(s.wins for s in arena.standings()) == 5


def test_a_damaged_vote_in_the_middle_is_told_of(file: Path, speakers: dict[str, Speaker]) -> None:
    file.parent.mkdir()
    file.write_text("{}\n")
    with pytest.raises(CorruptError, match="line 1"):
        arena_of(file, speakers).standings()


async def test_who_does_not_answer_is_not_named(file: Path, speakers: dict[str, Speaker]) -> None:
    speakers["x"].fault = CallError("x at http://10.0.0.1 does not answer")
    arena = arena_of(file, speakers)
    battle = await arena.pair()
    after = await arena.say(battle.id, "Tea")
    assert sorted((after.rounds[0].a.failed, after.rounds[0].b.failed)) == [False, True]
    assert "10.0.0.1" not in after.model_dump_json()
    assert not after.ready
    speakers["x"].fault = None
    assert (await arena.say(battle.id, "Tea")).ready
    speakers["x"].fault = speakers["y"].fault = CallError("no")
    with pytest.raises(ConvrecError, match="Neither side answered"):
        await arena.say(battle.id, "Tea")


async def test_messages_are_bounded_in_length_and_number(file: Path, speakers: dict[str, Speaker]) -> None:
    arena = arena_of(file, speakers, longest=20)
    battle = await arena.pair()
    for text in ("", "\x07", "x" * 21):
        with pytest.raises(MessageError):
            await arena.say(battle.id, text)
    for _ in range(MOST_TURNS):
        await arena.say(battle.id, "Tea")
    with pytest.raises(InputError, match="has had its 10 messages"):
        await arena.say(battle.id, "Tea")
    assert (await arena.vote(battle.id, "tie")).winner == "tie"


async def test_what_rests_or_is_given_up_is_dropped_with_its_talks(file: Path, speakers: dict[str, Speaker]) -> None:
    now = [0.0]
    arena = arena_of(file, speakers, clock=lambda: now[0])
    battle = await arena.pair()
    await arena.say(battle.id, "Tea")
    now[0] += RESTS + 1
    second = await arena.pair()
    assert not any(one.heard for one in speakers.values())
    with pytest.raises(InputError, match="no longer open"):
        await arena.say(battle.id, "Tea")
    await arena.say(second.id, "Tea")
    await arena.pair(instead=second.id)
    assert not any(one.heard for one in speakers.values())


async def test_only_so_many_pairs_are_open_and_the_one_that_rested_longest_goes(
    file: Path, speakers: dict[str, Speaker]
) -> None:
    now = [0.0]
    arena = arena_of(file, speakers, clock=lambda: now[0])
    battles = []
    for place in range(MOST_OPEN):
        now[0] = float(place)
        battles.append(await arena.pair())
    now[0] += 1
    await arena.say(battles[0].id, "Tea")
    await arena.pair()
    await arena.say(battles[0].id, "Tea")
    with pytest.raises(InputError, match="no longer open"):
        await arena.say(battles[1].id, "Tea")


async def test_closing_forgets_the_talks_and_closes_the_systems(file: Path, speakers: dict[str, Speaker]) -> None:
    arena = arena_of(file, speakers)
    await arena.say((await arena.pair()).id, "Tea")
    await arena.aclose()
    assert all(not one.heard and one.closed == 1 for one in speakers.values())


async def test_the_real_systems_talk_over_a_served_index_and_write_nothing_but_the_vote(tmp_path: Path) -> None:
    arena = open_arena(Settings(home=tmp_path / "home", catalogue="teas"), lambda: index_of("teas"))
    names = set[str]()
    while len(names) < len(arena.standings()):
        battle = await arena.pair()
        after = await arena.say(battle.id, "a smoky black tea")
        assert not after.rounds[0].a.failed
        assert after.rounds[0].a.cards or after.rounds[0].a.reply
        revealed = await arena.vote(battle.id, "tie")
        names |= {revealed.a, revealed.b}
    assert {"convrec", "convrec without nli", "bm25"} <= names
    await arena.aclose()
    written = {
        path.relative_to(tmp_path / "home").as_posix() for path in (tmp_path / "home").rglob("*") if path.is_file()
    }
    assert written <= {"arena/votes.jsonl", "arena/votes.lock"}
