import io
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from convrec.agents.memories import Talk as Talked
from convrec.agents.memories import UserData
from convrec.agents.memory import Memory
from convrec.agents.state import (
    Answer,
    Card,
    ClarifyingQuestion,
    Exchange,
    Preference,
    Step,
    ThreadInfo,
    Usage,
    Verdict,
    Wish,
)
from convrec.app.chat import PRIVATE, Chat
from convrec.app.terminal import clean, draw_reply, preference_lines, show_answer, steps_line
from convrec.tools.catalogue import Catalogue
from convrec.tools.errors import MessageError, UnknownItemError, UnknownMemoryError, UnknownThreadError
from convrec.tools.items import Interaction, Item
from convrec.tools.limits import Limit, Range
from convrec.tools.schema import Attribute, Schema
from rich.console import Console

SCHEMA = Schema(
    noun="tea",
    nouns="teas",
    attributes=(
        Attribute(name="kind", kind="category", label="kind"),
        Attribute(name="minutes", kind="number", label="time", unit="min", measure="duration"),
    ),
)
ITEMS = [
    Item(id="t1", title="Lapsang", text="Smoky.", attributes={"kind": ("black",), "minutes": 4.0}),
    Item(id="t2", title="Sencha", text="Grassy.", attributes={"kind": ("green",), "minutes": 2.0}),
]
GREEN = Preference(limit=Limit(attribute="kind", values=("green",)), strength="must", words="green please")
QUICK = Preference(limit=Limit(attribute="minutes", ranges=(Range(high=3),)), strength="prefer", lasting=True)


def card(item: Item) -> Card:
    verdicts = (
        Verdict(preference="green", strength="must", label="entails", score=1.0),
        Verdict(preference="quick", strength="prefer", label="neutral", score=0.0),
        Verdict(preference="bitter", strength="avoid", label="contradicts", score=-1.0),
    )
    return Card(id=item.id, title=item.title, facts={"kind": "green"}, reason="It is green.", verdicts=verdicts)


@dataclass
class Token:
    text: str
    fresh: bool = False


SMOKY = Memory(
    id="aaaa0000bbbb1111", kind="taste", text="Avoids smoky.", thread="t-1", turn=1, told=86_400 * 365.0, times=3,
    supersedes=("cccc0000dddd1111",),
)  # fmt: skip
LOVED = Memory(
    id="cccc0000dddd1111", kind="taste", text="Likes smoky.", thread="t-0", told=86_400.0, ended=86_400 * 365.0
)
CHILDREN = Memory(id="eeee0000ffff1111", kind="fact", text="Drinks with two small children.")
LAPSANG = Memory(id="99990000aaaa1111", kind="feedback", text="Liked Lapsang.", item="t1", feeling="liked")


class FakeMemories:
    """Memories in a list; what is added is a fact."""

    def __init__(self) -> None:
        self.kept = [LOVED, CHILDREN, LAPSANG, SMOKY]

    async def of(self, user: str, *, ended: bool = False) -> list[Memory]:
        return [m for m in self.kept if ended or m.ended is None]

    async def profile(self, user: str) -> str:
        return " ".join(m.text for m in await self.of(user) if m.kind != "feedback")

    async def add(self, user: str, text: str) -> list[Memory]:
        self.kept.append(Memory(id=f"{len(self.kept):016x}", kind="fact", text=text))
        return self.kept[-1:]

    async def edit(self, user: str, memory: str, text: str) -> list[Memory]:
        await self.forget(user, memory)
        return await self.add(user, text)

    async def forget(self, user: str, memory: str) -> Memory:
        gone = next((m for m in self.kept if m.id.startswith(memory)), None)
        if gone is None:
            raise UnknownMemoryError(f"No memory begins with {memory!r}.", "`convrec memory show` lists them.")
        self.kept.remove(gone)
        return gone


class FakeRecommender:
    """Answers everything with its teas, and writes down what it was asked."""

    def __init__(self) -> None:
        self.catalogue = Catalogue("teas", SCHEMA, ITEMS)
        self.examples = ("something green", "something quick")
        self.brain = "the built-in agents, without a language model"
        self.asked: list[tuple[str, ...]] = []
        self.preferences: tuple[Preference, ...] = (GREEN, QUICK)
        self.private: list[bool] = []
        self.memories = FakeMemories()
        self.history: dict[str, tuple[Interaction, ...]] = {}
        self.talks = {"t-1": 1, "t-2": 2}
        self.closed = False

    async def __aenter__(self) -> "FakeRecommender":
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        self.closed = True

    async def open(self) -> None:
        self.closed = False

    async def reply(self, text: str, *, user: str, thread: str, private: bool = False) -> Answer:
        self.asked.append(("reply", text, user, thread))
        self.private.append(private)
        if not text.strip():
            raise MessageError("The message is empty.", "Say what you are looking for.")
        if len(text) > 4000:
            raise MessageError(f"The message has {len(text):,} characters.", "Use at most 4,000.")
        return Answer(
            reply="Lapsang and Sencha fit.",
            items=tuple(card(i) for i in ITEMS),
            act="request",
            preferences=self.preferences,
            suggestions=("something else",),
            steps=(Step(agent="understand", milliseconds=2.5), Step(agent="rank", milliseconds=1.0, fallback="slow")),
            usage=Usage(calls=1, prompt_tokens=1010, completion_tokens=5, cached=2, fallbacks=1, seconds=0.004),
            thread=thread,
            user=user,
        )

    async def astream(self, text: str, *, user: str, thread: str, private: bool = False) -> AsyncIterator[object]:
        answer = await self.reply(text, user=user, thread=thread, private=private)
        yield answer.steps[0]
        if "hasty" in text:
            yield Token("Take the Invented Oolong")
            yield Token("", fresh=True)
        for word in answer.reply.split(" "):
            yield Token(word + " ")
        yield answer

    async def feedback(self, item: str, feeling: str, *, user: str, thread: str, private: bool = False) -> Wish:
        self.private.append(private)
        self.asked.append(("feedback", item, feeling))
        if item not in self.catalogue.row_of:
            raise UnknownItemError("no such tea")
        return Wish()

    async def more_like(self, item: str, *, user: str, thread: str, private: bool = False) -> Answer:
        self.private.append(private)
        self.asked.append(("more", item))
        return Answer(reply="Try Sencha.", items=(card(ITEMS[1]),))

    async def why(self, item: str, *, user: str, thread: str, private: bool = False) -> Answer:
        self.private.append(private)
        self.asked.append(("why", item))
        return Answer(reply="Because it is green.")

    async def wish(self, *, user: str, thread: str) -> Wish:
        return Wish(preferences=self.preferences, liked=("t1",))

    async def threads(self, *, user: str) -> list[ThreadInfo]:
        return [ThreadInfo(thread=name, turns=turns) for name, turns in self.talks.items()]

    async def export(self, *, user: str) -> UserData:
        talks = (
            Talked(thread=name, turns=(Exchange(text="green", reply="Sencha."),) * n) for name, n in self.talks.items()
        )
        return UserData(user=user, memories=tuple(self.memories.kept), interactions=self.history, talks=tuple(talks))

    async def restore(self, data: UserData, *, user: str) -> int:
        self.asked.append(("restore", data.user, user))
        return len(data.memories)

    async def drop_preference(self, key: str, *, user: str, thread: str, private: bool = False) -> Wish:
        self.private.append(private)
        self.preferences = tuple(p for p in self.preferences if p.key != key)
        return await self.wish(user=user, thread=thread)

    async def talk(self, *, user: str, thread: str) -> list[Exchange]:
        said = [a[1] for a in self.asked if a[0] == "reply" and a[3] == thread]
        return [Exchange(text=text, reply="Lapsang and Sencha fit.") for text in said]

    async def undo(self, *, user: str, thread: str, private: bool = False) -> str:
        self.private.append(private)
        texts = [a[1] for a in self.asked if a[0] == "reply" and a[3] == thread]
        if not texts:
            raise UnknownThreadError("There is nothing to take back.", "Say something first.")
        return texts[-1]

    async def forget(self, *, user: str, thread: str | None = None) -> None:
        self.asked.append(("forget", user, str(thread)))
        self.talks = {name: n for name, n in self.talks.items() if thread not in (None, name)}
        if thread is None:
            self.memories.kept, self.history = [], {}


class Talk:
    """A chat whose screen can be read."""

    def __init__(self, *, terminal: bool = False, private: bool = False) -> None:
        self.recommender = FakeRecommender()
        self.screen = io.StringIO()
        console = Console(file=self.screen, width=100, highlight=False, force_terminal=terminal, color_system=None)
        self.chat = Chat(console, self.recommender, "ann", "t-1", private=private)

    def say(self, *lines: str) -> str:
        self.chat.run(lines)
        return self.screen.getvalue()


def test_a_line_is_answered_with_the_reply_once_and_the_cards() -> None:
    screen = Talk().say("something green")
    assert screen.count("Lapsang and Sencha fit.\n") == 1
    assert "1. Lapsang" in screen
    assert "2. Sencha" in screen
    assert "It is green." in screen
    assert "✓ green" in screen
    assert "? quick" in screen
    assert "✗ bitter" in screen


def test_every_line_is_a_turn_of_the_same_conversation_and_blank_ones_are_not() -> None:
    talk = Talk()
    talk.say("one\n", "\n", "  ", "two\n")
    assert talk.recommender.asked == [("reply", "one", "ann", "t-1"), ("reply", "two", "ann", "t-1")]
    assert talk.recommender.closed


@pytest.mark.parametrize(
    ("line", "deed"),
    [
        ("/like 1", ("feedback", "t1", "liked")),
        ("/no 2", ("feedback", "t2", "disliked")),
        ("/seen 2", ("feedback", "t2", "seen")),
        ("/why 1", ("why", "t1")),
        ("/more 2", ("more", "t2")),
    ],
)
def test_a_command_with_a_number_speaks_of_that_card(line: str, deed: tuple[str, ...]) -> None:
    talk = Talk()
    talk.say("something green", line)
    assert talk.recommender.asked[-1] == deed
    assert talk.chat.faults == 0


def test_the_number_may_be_left_out_when_there_is_one_card() -> None:
    talk = Talk()
    talk.say("green", "/more 2", "/like")
    assert talk.recommender.asked[-1] == ("feedback", "t2", "liked")


@pytest.mark.parametrize("line", ["/like", "/like 0", "/like 3", "/like two", "/like ²", "/like -1", "/dance", "/"])
def test_a_command_that_cannot_be_done_says_why_and_the_chat_goes_on(line: str) -> None:
    talk = Talk()
    screen = talk.say("green", line, "something else")
    assert "Error: " in screen
    assert talk.chat.faults == 1
    assert talk.recommender.asked[-1][1] == "something else"


def test_numbers_before_any_card_ask_for_something_first() -> None:
    assert "there are none yet" in Talk().say("/like 1")


def test_a_message_that_is_refused_does_not_end_the_chat() -> None:
    talk = Talk()
    screen = talk.say("x" * 5000, "green")
    assert "5,000 characters" in screen
    assert "Lapsang and Sencha fit." in screen


def test_preferences_are_listed_and_can_be_dropped_by_number() -> None:
    talk = Talk()
    screen = talk.say("/prefs", "/drop 1", "/drop 1", "/drop 1")
    assert "1. must: kind green (“green please”)" in screen
    assert "2. rather: time at most 3 min, always" in screen
    assert "Nothing has been understood yet." in screen
    assert "there are none yet" in screen


def test_undo_tells_what_was_taken_back_and_new_begins_another_conversation() -> None:
    talk = Talk()
    screen = talk.say("green", "/undo", "/new", "/undo", "quick")
    assert "Taken back: green" in screen
    assert "nothing to take back" in screen
    assert talk.recommender.asked[-1][3] != "t-1"


def test_quit_ends_the_chat_and_help_lists_every_command() -> None:
    talk = Talk()
    screen = talk.say("/help", "/quit", "never said")
    assert talk.recommender.asked == []
    for command in (
        "/like",
        "/no",
        "/seen",
        "/why",
        "/more",
        "/undo",
        "/new",
        "/prefs",
        "/drop",
        "/memory",
        "/forget",
        "/private",
        "/quit",
    ):
        assert command in screen


def test_a_terminal_shows_what_each_agent_took_and_where_the_built_in_one_helped_out() -> None:
    screen = Talk(terminal=True).say("green")
    assert "Lapsang and Sencha fit.\n" in screen
    assert "understand 2 ms" in screen
    assert "rank 1 ms (built-in, because slow)" in screen
    assert "· 1 call, 1,015 tokens, 2 from the cache, 1 fallback" in " ".join(screen.split())


def test_without_a_model_only_the_agents_times_are_told() -> None:
    steps = (Step(agent="understand", milliseconds=2.5), Step(agent="rank", milliseconds=1.0))
    assert steps_line(Answer(reply="", steps=steps, usage=Usage(seconds=0.1))) == "understand 2 ms · rank 1 ms"
    assert steps_line(Answer(reply="", steps=steps, usage=Usage(cached=1))).endswith(" · 1 from the cache")


def test_what_was_streamed_and_taken_back_does_not_stay_on_the_terminal() -> None:
    screen = Talk(terminal=True).say("hasty")
    # Every frame is in here; the ones with the invented tea end where the others begin.
    assert screen.rindex("Oolong") < screen.index("Lapsang")


def test_what_a_catalogue_says_cannot_steer_the_terminal() -> None:
    screen = io.StringIO()
    hostile = Card(id="x", title="\x1b[2J[bold]Evil[/bold]\x07", reason="a\u202eb", facts={"k": "\x9b31m"})
    show_answer(Console(file=screen, width=80, highlight=False), Answer(reply="\x1b]0;owned\x07", items=(hostile,)))
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(screen.getvalue())
    assert "[bold]Evil[/bold]" in screen.getvalue()
    assert clean("two\nlines") == "two\nlines"


def test_a_clarifying_question_shows_its_options() -> None:
    screen = io.StringIO()
    question = ClarifyingQuestion(attribute="kind", text="Which kind?", options=("black", "green"))
    show_answer(Console(file=screen, width=80), Answer(reply="Which kind?", question=question))
    assert "black · green" in screen.getvalue()


def test_a_number_on_a_card_says_what_it_is_of() -> None:
    talk = Talk()
    facts = {"year": "1994", "out": "1994-07-02", "rating": "7.3", "time": "95 min", "by": "Ann"}
    show_answer(talk.chat.console, Answer(reply="", items=(Card(id="x", title="X", facts=facts),)))
    assert "1994 · 1994-07-02 · rating 7.3 · time 95 min · Ann" in talk.screen.getvalue()


def test_titles_in_a_reply_are_bold_and_the_nearest_items_of_a_miss_are_cards() -> None:
    assert draw_reply("Try **M*A*S*H** or **Sencha**.").plain == "Try M*A*S*H or Sencha."
    talk = Talk()
    show_answer(talk.chat.console, Answer(reply="Nothing fits. **Sencha** is near.", nearest=(card(ITEMS[1]),)))
    assert "Sencha is near." in talk.screen.getvalue()
    assert "1. Sencha" in talk.screen.getvalue()


def test_a_phrase_without_an_attribute_is_a_preference_too() -> None:
    wish = Wish(preferences=(Preference(limit=Limit(attribute=None, values=("smoky",)), strength="avoid"),))
    assert preference_lines(wish, SCHEMA) == ["rather not: about smoky"]


def test_a_preference_that_comes_from_memory_says_so() -> None:
    wish = Wish(preferences=(GREEN, QUICK.model_copy(update={"memory": SMOKY.id})))
    assert preference_lines(wish, SCHEMA)[1] == "rather: time at most 3 min, remembered"


def test_a_card_says_which_item_of_the_users_history_speaks_for_it() -> None:
    screen = io.StringIO()
    liked = card(ITEMS[1]).model_copy(update={"because": "Lapsang"})
    show_answer(Console(file=screen, width=80), Answer(reply="", items=(card(ITEMS[0]), liked)))
    assert screen.getvalue().count("because you liked") == 1
    assert "because you liked Lapsang" in screen.getvalue()


def test_a_private_chat_takes_every_turn_and_deed_in_private_and_new_ones_too() -> None:
    talk = Talk(private=True)
    screen = talk.say("green", "/like 1", "/why 1", "/more 1", "/drop 1", "/undo", "/new", "quick")
    assert talk.recommender.private == [True] * 7
    assert f"A new conversation. {PRIVATE}" in " ".join(screen.split())


def test_a_chat_goes_private_from_one_line_on_and_a_new_one_is_as_the_chat_began() -> None:
    talk = Talk()
    screen = " ".join(talk.say("green", "/private", "/like 1", "/private", "quick", "/new", "quick").split())
    assert talk.recommender.private == [False, True, True, False]
    assert screen.count("What was said before is kept.") == 1
    assert screen.count(PRIVATE) == 2


def test_what_is_remembered_is_listed_by_kind_and_forgotten_by_its_number() -> None:
    talk = Talk()
    screen = talk.say("/memory", "/forget 2", "/forget 1", "/forget 2")
    assert "Drinks with two small children. Avoids smoky." in screen
    assert [line.split("  last")[0].strip() for line in screen.splitlines()[1:7]] == [
        "Tastes", "1.  Avoids smoky.", "Facts", "2.  Drinks with two small children.", "Items", "3.  Liked Lapsang.",
    ]  # fmt: skip
    assert "Forgotten: Drinks with two small children." in screen
    assert "Forgotten: Avoids smoky." in screen
    assert "No memory begins with 'eeee0000ffff1111'." in screen
    assert [m.text for m in talk.recommender.memories.kept] == ["Likes smoky.", "Liked Lapsang."]


def test_an_empty_memory_says_so_and_has_no_numbers() -> None:
    talk = Talk()
    talk.recommender.memories.kept = []
    screen = talk.say("/memory", "/forget 1")
    assert "Nothing is remembered of you." in screen
    assert "there are none yet" in screen
