"""The loop of a simulated conversation: who speaks when, how it ends, and what is done when something breaks."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from convrec.simulator.baselines import make_baseline
from convrec.simulator.dialogue import talk
from convrec.simulator.nouns import Dialogue, Goal, Persona, Shown, SystemTurn, UserTurn, Utterance
from convrec.simulator.users.replay import ReplayUser
from convrec.tools.errors import CallError, MessageError, SettingsError, StoreError
from talk_stage import index_of, labelled

TEAS = index_of("teas")
GOAL = Goal(id="g1", persona=Persona(name="anybody", patience=8), targets=("sencha",), taste={"sencha": 1.0})

Line = SystemTurn | Exception | None


class Reader:
    """A user who says what is written, and remembers what they heard."""

    def __init__(self, *turns: UserTurn | Exception) -> None:
        self.turns = list(turns)
        self.heard: list[SystemTurn | None] = []

    async def reply(self, heard: SystemTurn | None) -> UserTurn:
        self.heard.append(heard)
        said = self.turns[min(len(self.heard), len(self.turns)) - 1]
        if isinstance(said, Exception):
            raise said
        return said


class Stub:
    """A system that says what is written, the last line again and again."""

    name = "stub"

    def __init__(self, *lines: Line) -> None:
        self.lines = list(lines) or [OFFER]
        self.asked: list[tuple[str, str, str]] = []
        self.forgotten: list[tuple[str, str]] = []

    async def open(self) -> None:
        raise AssertionError("whoever runs a conversation opens nothing")

    async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
        self.asked.append((text, user, thread))
        line = self.lines[min(len(self.asked), len(self.lines)) - 1]
        if isinstance(line, Exception):
            raise line
        return line  # type: ignore[return-value]

    async def forget(self, user: str, thread: str) -> None:
        self.forgotten.append((user, thread))

    async def aclose(self) -> None:
        raise AssertionError("nor closes anything")


class Pauses:
    """Waits for nothing, and remembers how long it would have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


SENCHA, HOJICHA = (Shown(id=i, title=TEAS.catalogue.item(i).title) for i in ("sencha", "hojicha"))
OFFER = SystemTurn(reply="How about **Hojicha**?", items=(HOJICHA,))
RIGHT = SystemTurn(reply="How about **Sencha**?", items=(SENCHA,))
HELLO = UserTurn(text="tea, please", act="open")
MORE = UserTurn(text="anything else?", act="more")
TAKE = UserTurn(text="I'll have it", act="accept", accepted="sencha", named=("sencha",), done=True)
LEAVE = UserTurn(text="never mind", act="leave", done=True)


async def hold(
    make_user: Callable[[], Any], system: Any, goal: Goal = GOAL, pauses: Pauses | None = None, **options: Any
) -> Dialogue:
    """A conversation that waits for nothing."""
    return await talk(make_user, system, goal, TEAS, pause=pauses or Pauses(), **options)


def said(dialogue: Dialogue) -> list[str]:
    return [r.user.text for r in dialogue.rounds]


# From beginning to end


async def test_the_user_begins_and_both_hear_each_other() -> None:
    user, system = Reader(HELLO, MORE, TAKE), Stub(OFFER, RIGHT)
    dialogue = await hold(lambda: user, system, trial=2, seed=7)
    assert (
        said(dialogue)
        == ["tea, please", "anything else?", "I'll have it"]
        == [*(t for t, _, _ in system.asked), "I'll have it"]
    )
    assert user.heard[0] is None
    assert [h.reply for h in user.heard[1:] if h] == [OFFER.reply, RIGHT.reply]
    assert (dialogue.ending, dialogue.turns, dialogue.attempts, dialogue.fault) == ("accepted", 2, 1, "")
    assert (dialogue.system, dialogue.goal, dialogue.trial, dialogue.seed, dialogue.key) == (
        "stub",
        GOAL,
        2,
        7,
        "stub|g1|2",
    )
    assert dialogue.success
    assert dialogue.rounds[-1].system is None


@pytest.mark.parametrize(
    ("user", "ending"),
    [
        (lambda: Reader(HELLO, LEAVE), "gave up"),
        (lambda: Reader(HELLO, UserTurn(text="", act="leave", done=True)), "gave up"),
        (lambda: Reader(HELLO, MORE), "out of turns"),
        (lambda: ReplayUser([Utterance(speaker="seeker", text=t) for t in ("hi", "tea")][:1]), "replayed"),
    ],
)
async def test_how_it_ends_is_told(user: Callable[[], Any], ending: str) -> None:
    dialogue = await hold(user, Stub())
    assert (dialogue.ending, dialogue.counts, dialogue.success) == (ending, True, False)


@pytest.mark.parametrize(("patience", "most", "turns"), [(3, None, 3), (3, 2, 2), (2, 9, 2)])
async def test_patience_and_the_most_turns_bound_it(patience: int, most: int | None, turns: int) -> None:
    goal = GOAL.model_copy(update={"persona": Persona(name="p", patience=patience)})
    user = Reader(HELLO, MORE)
    dialogue = await hold(lambda: user, Stub(), goal, max_turns=most)
    assert (dialogue.turns, dialogue.ending, len(dialogue.rounds)) == (turns, "out of turns", turns + 1)


async def test_what_the_last_turn_shows_may_still_be_taken() -> None:
    goal = GOAL.model_copy(update={"persona": Persona(name="p", patience=1)})
    dialogue = await hold(lambda: Reader(HELLO, TAKE), Stub(RIGHT), goal)
    assert (dialogue.ending, dialogue.turns, dialogue.success) == ("accepted", 1, True)


async def test_every_system_turn_is_checked_by_what_was_said_before_it() -> None:
    black = labelled("kind", "black")
    user = Reader(HELLO, UserTurn(text="a black one", act="inform", stated=(black,)), MORE, LEAVE)
    dialogue = await hold(lambda: user, Stub(OFFER))
    assert [(r.checks.shown, r.checks.fitting, r.checks.repeated) for r in dialogue.rounds] == [
        (1, 1, 0), (1, 0, 1), (1, 0, 1), (0, 0, 0),
    ]  # fmt: skip


async def test_the_time_of_a_turn_is_taken_where_the_system_does_not_tell() -> None:
    told = OFFER.model_copy(update={"seconds": 1.5})
    dialogue = await hold(lambda: Reader(HELLO, MORE, LEAVE), Stub(told, OFFER))
    first, second = (r.system for r in dialogue.rounds[:2])
    assert first is not None
    assert second is not None
    assert first.seconds == 1.5
    assert second.seconds > 0


# Names


async def test_a_user_who_exists_for_one_conversation_has_its_threads_name() -> None:
    system = Stub()
    for trial in (0, 1):
        await hold(lambda: Reader(HELLO, LEAVE), system, trial=trial, seed=4)
    assert [(u, t) for _, u, t in system.asked] == [("sim-4-g1-0",) * 2, ("sim-4-g1-1",) * 2]
    assert system.forgotten == [("sim-4-g1-0",) * 2, ("sim-4-g1-1",) * 2]


async def test_a_user_with_a_history_has_their_own_name_only_when_it_counts() -> None:
    goal = GOAL.model_copy(update={"user": "ann"})
    system = Stub()
    await hold(lambda: Reader(HELLO, LEAVE), system, goal)
    await hold(lambda: Reader(HELLO, LEAVE), system, goal, with_history=True)
    assert system.forgotten == [("sim-0-g1-0", "sim-0-g1-0"), ("ann", "sim-0-g1-0")]


# Faults


@pytest.mark.parametrize(
    "fault", [CallError("no connection"), StoreError("disk full"), TimeoutError(), OSError("reset")]
)
async def test_a_conversation_that_breaks_is_begun_anew_with_a_fresh_user_and_thread(fault: Exception) -> None:
    users: list[Reader] = []

    def make_user() -> Reader:
        users.append(Reader(HELLO, MORE, TAKE))
        return users[-1]

    system, pauses = Stub(OFFER, fault, fault, OFFER, RIGHT), Pauses()
    dialogue = await hold(make_user, system, pauses=pauses)
    assert (dialogue.ending, dialogue.attempts, dialogue.turns, dialogue.fault) == ("accepted", 3, 2, "")
    assert [t for _, _, t in system.asked] == ["sim-0-g1-0"] * 2 + ["sim-0-g1-0-1"] + ["sim-0-g1-0-2"] * 2
    assert [t for _, t in system.forgotten] == ["sim-0-g1-0", "sim-0-g1-0-1", "sim-0-g1-0-2"]
    assert len(users) == 3
    assert all(u.heard[0] is None for u in users)
    assert 0.5 <= pauses.seconds[0] <= 1.5
    assert 1.0 <= pauses.seconds[1] <= 3.0


async def test_the_pauses_are_the_same_each_time_and_differ_between_conversations() -> None:
    async def pauses(trial: int) -> list[float]:
        taken = Pauses()
        await hold(lambda: Reader(HELLO), Stub(CallError("down")), pauses=taken, trial=trial)
        return taken.seconds

    assert await pauses(0) == await pauses(0) != await pauses(1)


async def test_one_that_stays_broken_ends_as_a_fault_with_what_was_said() -> None:
    system, pauses = Stub(OFFER, CallError("the server is down")), Pauses()
    dialogue = await hold(lambda: Reader(HELLO, MORE), system, pauses=pauses, retries=1)
    assert (dialogue.ending, dialogue.attempts, len(pauses.seconds)) == ("fault", 2, 1)
    assert dialogue.fault == "the system: the server is down"
    assert not dialogue.counts
    assert said(dialogue) == ["tea, please"]
    assert [r.system for r in dialogue.rounds] == [None]


@pytest.mark.parametrize("fault", [MessageError("The message is empty."), SettingsError("no model is set")])
async def test_what_cannot_be_done_as_asked_is_not_asked_again(fault: Exception) -> None:
    dialogue = await hold(lambda: Reader(HELLO), Stub(fault))
    assert (dialogue.ending, dialogue.attempts, dialogue.fault) == ("fault", 1, f"the system: {fault}")


async def test_a_bug_of_a_system_is_a_fault_and_told_in_full(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        dialogue = await hold(lambda: Reader(HELLO), Stub(KeyError("colour")), retries=0)
    assert dialogue.ending == "fault"
    assert dialogue.fault.startswith("the system has a bug: KeyError: 'colour' (turn, line ")
    assert any(r.exc_info and "KeyError" in str(r.exc_info[0]) for r in caplog.records)


async def test_a_system_that_says_no_turn_is_at_fault() -> None:
    dialogue = await hold(lambda: Reader(HELLO), Stub(None))
    assert (dialogue.ending, dialogue.fault) == ("fault", "the system answered with NoneType, not SystemTurn")


async def test_a_system_that_is_no_coroutine_is_at_fault() -> None:
    class Plain(Stub):
        def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:  # type: ignore[override]
            raise ValueError("plain")

    dialogue = await hold(lambda: Reader(HELLO), Plain(), retries=0)
    assert dialogue.fault.startswith("the system has a bug: ValueError: plain")


async def test_a_system_that_never_answers_is_at_fault() -> None:
    class Silent(Stub):
        async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
            await asyncio.Event().wait()
            raise AssertionError

    dialogue = await hold(lambda: Reader(HELLO), Silent(), retries=0, turn_seconds=0.01)
    assert dialogue.fault == "the system did not answer within 0.01 seconds"


@pytest.mark.parametrize(
    ("turn", "fault"),
    [
        (UserTurn(text="", act="chat", fault="the model was cut off"), "the simulated user: the model was cut off"),
        (CallError("no model"), "the simulated user: no model"),
        (IndexError("list"), "the simulated user has a bug: IndexError: list"),
    ],
)
async def test_a_user_who_cannot_speak_is_a_fault_and_no_failure(turn: UserTurn | Exception, fault: str) -> None:
    dialogue = await hold(lambda: Reader(HELLO, turn), Stub())
    assert (dialogue.ending, dialogue.attempts) == ("fault", 3)
    assert dialogue.fault.startswith(fault)
    assert not dialogue.counts


async def test_a_user_who_finds_their_words_again_is_listened_to() -> None:
    users = iter([Reader(UserTurn(text="", act="open", fault="busy")), Reader(HELLO, LEAVE)])
    dialogue = await hold(lambda: next(users), Stub())
    assert (dialogue.ending, dialogue.attempts) == ("gave up", 2)


async def test_where_no_user_can_be_made_the_caller_hears_of_it() -> None:
    def make_user() -> Reader:
        raise SettingsError("The user needs a model.")

    with pytest.raises(SettingsError):
        await hold(make_user, Stub())


async def test_a_system_that_cannot_forget_loses_no_conversation(caplog: pytest.LogCaptureFixture) -> None:
    class Sticky(Stub):
        async def forget(self, user: str, thread: str) -> None:
            raise StoreError("locked")

    with caplog.at_level(logging.ERROR):
        dialogue = await hold(lambda: Reader(HELLO, LEAVE), Sticky())
    assert dialogue.ending == "gave up"
    assert "could not forget sim-0-g1-0" in caplog.text


async def test_a_conversation_that_is_cancelled_is_forgotten_and_stays_cancelled() -> None:
    begun = asyncio.Event()

    class Slow(Stub):
        async def turn(self, text: str, *, user: str, thread: str) -> SystemTurn:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

    system = Slow()
    task = asyncio.create_task(hold(lambda: Reader(HELLO), system))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert system.forgotten == [("sim-0-g1-0", "sim-0-g1-0")]


# Leaks


async def test_a_title_that_is_given_away_is_found_and_the_dialogue_does_not_count() -> None:
    user = Reader(HELLO, UserTurn(text="do you have Sencha?", act="inform"), LEAVE)
    dialogue = await hold(lambda: user, Stub())
    assert [r.user.leaks for r in dialogue.rounds] == [(), ("Sencha",), ()]
    assert dialogue.leaked
    assert not dialogue.counts


async def test_what_the_system_has_shown_is_no_secret_any_more() -> None:
    user = Reader(HELLO, TAKE.model_copy(update={"text": "I'll have Sencha"}))
    dialogue = await hold(lambda: user, Stub(RIGHT))
    assert not dialogue.leaked
    assert dialogue.success


async def test_a_leak_that_the_user_admits_stays() -> None:
    told = UserTurn(text="you know which", act="inform", leaks=("Sencha",))
    assert (await hold(lambda: Reader(told, LEAVE), Stub())).leaked


# Many


async def test_the_same_seed_gives_the_same_conversation_and_nothing_is_kept() -> None:
    system = make_baseline("random", TEAS)

    async def hold_many(order: Sequence[int]) -> dict[int, list[str]]:
        held = await asyncio.gather(
            *(hold(lambda: Reader(HELLO, MORE, MORE, LEAVE), system, trial=trial, seed=3) for trial in order)
        )
        return {d.trial: [i.id for r in d.rounds if r.system for i in r.system.items] for d in held}

    first, second = await hold_many(range(20)), await hold_many(range(19, -1, -1))
    assert first == second
    assert len({tuple(ids) for ids in first.values()}) > 15
    assert not system._talks


async def test_a_dialogue_is_written_and_read_back_as_it_is() -> None:
    dialogue = await hold(lambda: Reader(HELLO, TAKE), Stub(RIGHT))
    assert Dialogue.model_validate(json.loads(dialogue.model_dump_json())) == dialogue
