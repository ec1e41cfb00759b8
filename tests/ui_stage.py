"""A stage for the page: a small catalogue of plants and a scripted recommender that stands in for the real one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal

from convrec.agents.memories import UserData
from convrec.agents.memory import Memory
from convrec.agents.mind import Mind
from convrec.agents.state import (
    AgentName,
    Answer,
    Card,
    Exchange,
    PastTurn,
    Preference,
    Step,
    ThreadInfo,
    Usage,
    Verdict,
    Wish,
)
from convrec.tools.catalogue import Catalogue
from convrec.tools.errors import ConvrecError, InputError, MessageError, UnknownMemoryError, UnknownThreadError
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.lexical import Lexical, item_text
from convrec.tools.limits import Limit, Range
from convrec.tools.schema import Attribute, Schema
from convrec.tools.vectors import Vectors
from fakes import HashEncoder

SCHEMA = Schema(
    noun="house plant",
    nouns="house plants",
    attributes=(
        Attribute(name="light", kind="category", many=True, label="light"),
        Attribute(name="height", kind="number", label="height", unit="cm", measure="size"),
        Attribute(name="care", kind="category", label="care"),
        Attribute(name="pets", kind="category", label="pets"),
        Attribute(name="origin", kind="category", label="origin"),
    ),
)


def _plant(key: str, title: str, text: str, light: tuple[str, ...], height: float, care: str, pets: str, origin: str):
    known = {"light": light, "height": height, "care": (care,), "origin": (origin,)}
    if pets:
        known["pets"] = (pets,)
    return Item(id=key, title=title, text=text, attributes=known, url=f"https://plants.example/{key}")


ITEMS = [
    _plant("p1", "Cast-Iron Plant", "Slow, patient and nearly impossible to kill. It puts up with dark corners, "
           "dry air and forgotten watering for weeks.", ("low", "medium"), 60, "easy", "safe", "Japan, Taiwan"),
    _plant("p2", "Snake Plant", "Upright, sword-shaped leaves. Stores water in its leaves and asks for little.",
           ("low", "medium", "bright"), 90, "easy", "", "West Africa"),
    _plant("p3", "Parlour Palm", "A small, feathery palm that has stood in parlours since Victorian days.",
           ("low", "medium"), 120, "easy", "safe", "Mexico, Guatemala"),
    _plant("p4", "Prayer Plant", "Leaves that fold up at night like hands. Likes damp air and soft light.",
           ("medium",), 30, "medium", "safe", "Brazil"),
    _plant("p5", "Fiddle-Leaf Fig", "A showy tree with violin-shaped leaves; sulks when it is moved.",
           ("bright",), 180, "hard", "toxic", "West Africa"),
    _plant("p6", "ZZ Plant", "Glossy leaves on thick stems. Grows from rhizomes that hold water.",
           ("low", "medium"), 70, "easy", "", "East Africa"),
    _plant("p7", "Boston Fern <b>“Bostoniensis”</b> *var.*", "Arching fronds. Wants damp soil & never direct sun.",
           ("medium",), 60, "medium", "safe", "Tropics"),
    _plant("p8", "String of Pearls", "Trailing stems of round beads for a sunny shelf.",
           ("bright",), 15, "medium", "toxic", "Namibia"),
]  # fmt: skip

DARK = Preference(
    limit=Limit(attribute="light", values=("low",)), strength="must", words="a dark corner", lasting=False
)
LOW = Preference(limit=Limit(attribute="height", ranges=(Range(high=100),)), strength="prefer", words="not too tall")
TROPICAL = Preference(
    limit=Limit(attribute="origin", values=("Tropics",)), strength="avoid", lasting=True, memory="0123456789abcdef"
)
NO_TOXIC = Preference(
    limit=Limit(attribute="pets", values=("toxic",)), strength="must_not", words="I have a cat", lasting=True
)

MODEL = "qwen3:8b"
BRAIN = f"{MODEL} at 127.0.0.1:11434, found there, medium effort"
BUILT_IN = "the built-in agents, without a language model"


@dataclass(frozen=True)
class Token:
    """A piece of the reply."""

    text: str
    fresh: bool = False


@dataclass
class Thread:
    """What the stand-in keeps of one conversation."""

    talk: list[Exchange]
    wishes: list[Wish]
    past: list[PastTurn] = field(default_factory=list)
    title: str = ""
    private: bool = False

    @property
    def wish(self) -> Wish:
        return self.wishes[-1]


class StandInMinds:
    """Two models to choose from, of which none is asked anything."""

    def __init__(self, *models: str) -> None:
        self.models = models or (MODEL, "gemma3:4b", "built-in")
        self.found: list[tuple[str, str]] = []

    def find(self, model: str = "", effort: str = "") -> Mind:
        model = model or self.models[0]
        if model not in self.models:
            raise InputError(f"There is no model {model!r} here.", f"There are: {', '.join(self.models)}.")
        if effort not in ("", "low", "medium", "high"):
            raise InputError(f"There is no effort {effort!r}.", "There are: low, medium, high.")
        self.found.append((model, effort))
        return Mind(model, effort)


class StandInMemories:
    """Remembers what it is told, word for word."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Memory]] = {}
        self._made = 0

    def hold(self, user: str, text: str, **more) -> Memory:
        self._made += 1
        memory = Memory(id=f"m{self._made}", text=text, told=1.8e9 + self._made, **{"kind": "taste", **more})
        self.kept.setdefault(user, []).append(memory)
        return memory

    async def of(self, user: str) -> list[Memory]:
        return list(self.kept.get(user, []))

    async def profile(self, user: str) -> str:
        return " ".join(memory.text for memory in self.kept.get(user, []))

    async def add(self, user: str, text: str) -> list[Memory]:
        if not text.strip():
            raise MessageError("A message must say something.", "Say it in words.")
        return [self.hold(user, text, kind="fact")]

    async def edit(self, user: str, memory: str, text: str) -> list[Memory]:
        await self.forget(user, memory)
        return await self.add(user, text)

    async def forget(self, user: str, memory: str) -> Memory:
        found = next((m for m in self.kept.get(user, []) if m.id == memory), None)
        if found is None:
            raise UnknownMemoryError("No memory has that id.", "Look which there are.")
        self.kept[user].remove(found)
        return found


class StandIn:
    """Recommends plants by script.

    Args:
        pause: seconds between two events of a stream.
        picture: an address for every card's picture.
        brain: who answers.
        steps: what the agents do in each turn.
        spare: how many plants there are beside those that are recommended.
    """

    examples = (
        "Something green for a dark hallway",
        "A plant my cat can chew on safely",
        "I forget to water. What survives?",
        "Something tall and impressive",
    )

    def __init__(
        self,
        pause: float = 0.0,
        picture: str = "",
        brain: str = BRAIN,
        steps: tuple[Step, ...] | None = None,
        spare: int = 0,
    ) -> None:
        self.catalogue = Catalogue("plants", SCHEMA, [*ITEMS, *map(_spare, range(spare))])
        self.pause = pause
        self.picture = picture
        self.brain = brain
        self.steps = STEPS if steps is None else steps
        self.kept: dict[tuple[str, str], Thread] = {}
        self.memories = StandInMemories()
        self.calls: list[str] = []
        self.minds: list[Mind | None] = []
        self._index: Index | None = None

    async def open(self) -> None:
        pass

    @property
    def index(self) -> Index:
        self._index = self._index or self._made_index()
        return self._index

    def _made_index(self) -> Index:
        encoder, texts = HashEncoder(), [item_text(item, SCHEMA) for item in self.catalogue.items]
        vectors = Vectors(encoder.encode(texts), [item.id for item in self.catalogue.items], lambda: None)
        return Index(self.catalogue, encoder, vectors, Lexical.build(texts))

    def _note(self, call: str, private: bool) -> None:
        self.calls.append(f"{call} in private" if private else call)

    def _thread(self, user: str, thread: str) -> Thread:
        return self.kept.setdefault((user, thread), Thread([], [Wish()]))

    def _card(self, key: str) -> Card:
        item = self.catalogue.item(key)
        facts = {a.label: self.catalogue.value(item, a) for a in SCHEMA.attributes if self.catalogue.value(item, a)}
        return Card(
            id=key,
            title=item.title,
            facts=facts,
            text=item.text,
            url=item.url,
            image=self.picture,
            reason=f"Does well in {facts['light']} light, and care is {facts['care']}.",
            verdicts=_verdicts(item, facts),
            because="Parlour Palm" if key == "p1" else "",
        )

    def _finish(
        self, user: str, thread: str, text: str, reply: str, keys: tuple[str, ...], wish: Wish, *, private: bool
    ) -> Answer:
        kept = self._thread(user, thread)
        wish = wish.model_copy(update={"shown": (*wish.shown, *keys), "focus": keys})
        kept.talk.append(Exchange(text=text, reply=reply, items=keys))
        kept.wishes.append(wish)
        kept.title = kept.title or text
        answer = Answer(
            reply=reply,
            items=tuple(self._card(key) for key in keys),
            act="request",
            preferences=wish.preferences,
            suggestions=("Something smaller", "Which is the easiest?", "Surprise me"),
            steps=self.steps,
            usage=usage_of(self.steps),
            thread=thread,
            user=user,
        )
        without = {"preferences": (), "steps": (), "usage": Usage()}
        kept.past.append(PastTurn(text=text, time=1.8e9, answer=answer.model_copy(update=without)))
        if not private:
            self.memories.hold(user, f"Said “{text[:60]}”.", thread=thread, turn=len(kept.talk))
        return answer

    async def astream(
        self, text: str, *, user: str, thread: str, private: bool = False, mind: Mind | None = None
    ) -> AsyncIterator[Step | Token | Answer]:
        self._note(f"astream {text}", private)
        self.minds.append(mind)
        self._thread(user, thread).private |= private
        if len(text) > 2000:
            raise MessageError(
                "A message may have at most 2,000 characters; this one has more.", "Say it in fewer words."
            )
        if "break" in text:
            raise RuntimeError("a wire came loose at /home/secret/path")
        if "offline" in text:
            raise ConvrecError(
                "The language model does not answer.", "Start it with `convrec llm serve`, or try again."
            )
        wish = self._thread(user, thread).wish
        keys = _fitting(wish)[:3]
        for step in self.steps:
            await asyncio.sleep(self.pause)
            yield step
        reply = _reply([self.catalogue.item(key).title for key in keys])
        if "hasty" in text:
            yield Token("I would take the Invented Fern, ")
            yield Token("", fresh=True)
        for word in reply.split(" "):
            await asyncio.sleep(self.pause / 4)
            yield Token(word + " ")
        preferences = tuple(dict.fromkeys((*wish.preferences, DARK, LOW, TROPICAL, NO_TOXIC)))
        yield self._finish(
            user, thread, text, reply, keys, wish.model_copy(update={"preferences": preferences}), private=private
        )

    async def more_like(
        self, item_id: str, *, user: str, thread: str, private: bool = False, mind: Mind | None = None
    ) -> Answer:
        self._note(f"more_like {item_id}", private)
        self.minds.append(mind)
        await asyncio.sleep(self.pause * 4)
        wish = self._thread(user, thread).wish
        keys = _fitting(wish)[:2]
        title = self.catalogue.item(item_id).title
        return self._finish(user, thread, f"More like {title}", f"Near to {title}: these.", keys, wish, private=private)

    async def why(
        self, item_id: str, *, user: str, thread: str, private: bool = False, mind: Mind | None = None
    ) -> Answer:
        self._note(f"why {item_id}", private)
        self.minds.append(mind)
        item = self.catalogue.item(item_id)
        reply = f"{item.title} takes low light, and it says: “{item.text}”"
        return self._finish(
            user, thread, f"Why {item.title}?", reply, (), self._thread(user, thread).wish, private=private
        )

    async def feedback(self, item_id: str, feeling: str, *, user: str, thread: str, private: bool = False) -> Wish:
        self._note(f"feedback {item_id} {feeling}", private)
        self.catalogue.item(item_id)
        kept = self._thread(user, thread)
        others = {
            name: tuple(i for i in getattr(kept.wish, name) if i != item_id) for name in ("liked", "disliked", "seen")
        }
        others[feeling] = (*others[feeling], item_id)
        kept.wishes[-1] = kept.wish.model_copy(update=others)
        return kept.wish

    async def wish(self, *, user: str, thread: str) -> Wish:
        return self._thread(user, thread).wish

    async def drop_preference(self, key: str, *, user: str, thread: str, private: bool = False) -> Wish:
        self._note(f"drop {key}", private)
        kept = self._thread(user, thread)
        left = tuple(p for p in kept.wish.preferences if p.key != key)
        kept.wishes[-1] = kept.wish.model_copy(update={"preferences": left})
        return kept.wish

    async def talk(self, *, user: str, thread: str) -> list[Exchange]:
        return list(self._thread(user, thread).talk)

    async def threads(self, *, user: str) -> list[ThreadInfo]:
        found = [await self.thread(user=u, thread=name) for u, name in self.kept if u == user and self._listed(u, name)]
        return found[::-1]

    async def thread(self, *, user: str, thread: str) -> ThreadInfo:
        if not self._listed(user, thread):
            raise UnknownThreadError(f"There is no conversation {thread!r}.", "Begin one.")
        kept = self.kept[user, thread]
        return ThreadInfo(thread=thread, title=kept.title, created=1.8e9, updated=1.8e9, turns=len(kept.talk))

    def _listed(self, user: str, thread: str) -> bool:
        kept = self.kept.get((user, thread))
        return kept is not None and bool(kept.title) and not kept.private

    async def rename(self, title: str, *, user: str, thread: str) -> ThreadInfo:
        if not title.strip():
            raise MessageError("A title has 1 to 200 characters.", "Give it a few words.")
        await self.thread(user=user, thread=thread)
        self.kept[user, thread].title = title
        return await self.thread(user=user, thread=thread)

    async def past(self, *, user: str, thread: str) -> list[PastTurn]:
        return list(self._thread(user, thread).past)

    async def undo(self, *, user: str, thread: str, private: bool = False) -> str:
        self._note("undo", private)
        kept = self._thread(user, thread)
        if not kept.talk:
            raise UnknownThreadError("There is nothing to undo.", "Say something first.")
        kept.wishes.pop()
        kept.past.pop()
        return kept.talk.pop().text

    async def export(self, *, user: str) -> UserData:
        return UserData(user=user, memories=tuple(self.memories.kept.get(user, [])))

    async def forget(self, *, user: str, thread: str | None = None) -> None:
        self.calls.append(f"forget {thread}")
        self.kept = {k: v for k, v in self.kept.items() if k[0] != user or thread not in (None, k[1])}
        if thread is None:
            self.memories.kept.pop(user, None)


def _spare(number: int) -> Item:
    light = (("low",), ("medium",), ("bright",), ("medium", "bright"))[number % 4]
    return _plant(
        f"s{number}", f"Spare Plant {number + 1}", f"One of the nursery's many, number {number + 1}.", light,
        10.0 + number * 3, ("easy", "medium", "hard")[number % 3], ("safe", "toxic", "")[number % 3],
        ("Peru", "Madagascar", "Java", "Borneo", "Cuba")[number % 5],
    )  # fmt: skip


def _fitting(wish: Wish) -> tuple[str, ...]:
    return tuple(i.id for i in ITEMS if i.id not in wish.barred and i.attributes.get("pets") != ("toxic",))


def _verdicts(item: Item, facts: dict[str, str]) -> tuple[Verdict, ...]:
    pets = facts.get("pets", "")
    low = "low" in facts["light"]
    small = float(str(item.attributes["height"])) <= 100
    return (
        Verdict(preference="low light", strength="prefer", label=_label(low), score=0.9, evidence=facts["light"]),
        Verdict(
            preference="not toxic for pets",
            strength="must_not",
            label=_label(pets == "safe") if pets else "neutral",
            score=0.5,
            evidence=pets,
        ),
        Verdict(
            preference="at most 100 cm", strength="prefer", label=_label(small), score=0.4, evidence=facts["height"]
        ),
    )


def _label(fits: bool) -> Literal["entails", "contradicts"]:
    return "entails" if fits else "contradicts"


def _step(agent: AgentName, milliseconds: float, note: str, **more) -> Step:
    return Step(agent=agent, milliseconds=milliseconds, note=note, **more)


STEPS = (
    _step("understand", 412, "3 preferences, wants items", brain=MODEL, calls=2, prompt_tokens=1630,
          completion_tokens=146, repaired=1),
    _step("retrieve", 38, "8 candidates by dense, bm25, filter"),
    _step("nli", 1, "6 of 8 fit, judged by 3 preferences", brain=MODEL, cached=1, dropped=2),
    _step("summarize", 2.1, ""),
    _step("rank", 3.4, "3 chosen"),
    _step("respond", 760, "2 sentences", calls=1, prompt_tokens=410, completion_tokens=66, dropped=1,
          fallback="the model named an item that is not on the cards"),
    _step("remember", 0.6, "1 lasting preference"),
)  # fmt: skip

BUILT_IN_STEPS = tuple(Step(agent=s.agent, milliseconds=s.milliseconds % 40, note=s.note) for s in STEPS)


def usage_of(steps: tuple[Step, ...]) -> Usage:
    return Usage(
        calls=sum(s.calls for s in steps),
        prompt_tokens=sum(s.prompt_tokens for s in steps),
        completion_tokens=sum(s.completion_tokens for s in steps),
        cached=sum(s.cached for s in steps),
        fallbacks=sum(bool(s.fallback) for s in steps),
        seconds=sum(s.milliseconds for s in steps) / 1000,
    )


def _reply(titles: list[str]) -> str:
    if not titles:
        return "I have shown you everything that fits. Shall we loosen the height?"
    named = ", ".join(titles[:-1]) + (" and " if len(titles) > 1 else "") + titles[-1]
    return f"For your dark corner I would look at {named}. They all take low light, and none minds being left alone."
