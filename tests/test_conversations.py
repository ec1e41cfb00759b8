"""The ten conversations that a person would try first, from beginning to end.

`.venv/bin/python tests/test_conversations.py [NAME ...]` prints them for reading, with what they lack.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from convrec.agents.recommender import Recommender
from convrec.agents.state import Act, Answer, Card
from convrec.tools.index import Index
from talk_stage import check_guarantees, index_of, limits_of, recommender


class Talk:
    """A conversation as it goes, with everything that went wrong in it."""

    def __init__(self, opened: Recommender, index: Index, echo: bool = False) -> None:
        self._opened = opened
        self._index = index
        self._echo = echo
        self._said = ""
        self.faults: list[str] = []
        self.last: Answer | None = None
        self.shown: list[str] = []

    async def say(self, text: str, *acts: Act, again: bool = False) -> Answer:
        """Say something; the act must be one of the given ones, and the guarantees must hold."""
        before = await self._opened.wish()
        answer = await self._opened.reply(text)
        self._said, self.last = text, answer
        if self._echo:
            print(f"\n> {text}\n{answer.reply}\n  [{answer.act}; {', '.join(sorted(map('='.join, self.wishes)))}]")
        try:
            check_guarantees(answer, before, self._index, again=again)
        except AssertionError as fault:
            self.expect(False, f"a guarantee is broken: {fault}")
        self.expect(not acts or answer.act in acts, f"act {answer.act} instead of {' or '.join(acts)}")
        if answer.act not in ("ask", "compare"):
            self.shown += [c.id for c in answer.items]
        return answer

    def expect(self, holds: object, what: str) -> None:
        """Note a fault of the last turn unless something holds."""
        if not holds:
            self.faults.append(f"{self._said!r}: {what}")
            if self._echo:
                print(f"  !! {what}")

    @property
    def wishes(self) -> set[tuple[str, str, str]]:
        """What is understood so far, as (strength, attribute, values)."""
        return limits_of(self.last.preferences) if self.last else set()

    def number(self, card: Card, attribute: str) -> float:
        """A card's number or year."""
        column = self._index.catalogue.columns.numbers[attribute]
        return float(column.numbers[self._index.catalogue.row_of[card.id]])

    def has(self, card: Card, attribute: str, *values: str) -> bool:
        """Whether a card carries one of some labels."""
        own = card.attributes.get(attribute, ())
        return isinstance(own, tuple) and bool(set(own) & set(values))

    def all_are(self, attribute: str, *values: str) -> None:
        """Every card carries one of some labels."""
        items = self.last.items if self.last else ()
        self.expect(items, "no items")
        wrong = [c.title for c in items if not self.has(c, attribute, *values)]
        self.expect(not wrong, f"{wrong} are not {attribute} {' or '.join(values)}")

    def none_is(self, attribute: str, *values: str) -> None:
        """No card carries any of some labels."""
        wrong = [c.title for c in (self.last.items if self.last else ()) if self.has(c, attribute, *values)]
        self.expect(not wrong, f"{wrong} are {attribute} {' or '.join(values)}")

    def all_within(self, attribute: str, low: float, high: float) -> None:
        """Every card's number lies between two bounds, both included."""
        items = self.last.items if self.last else ()
        self.expect(items, "no items")
        wrong = [
            f"{c.title} {self.number(c, attribute):g}" for c in items if not low <= self.number(c, attribute) <= high
        ]
        self.expect(not wrong, f"{wrong} not within {low:g} and {high:g}")

    def only_about(self, *items: str) -> None:
        """The answer is about these items and no others."""
        got = [c.id for c in (self.last.items if self.last else ())]
        self.expect(got == list(items), f"about {got} instead of {list(items)}")


async def films_for_a_date(talk: Talk) -> None:
    await talk.say("hi there", "greet")
    asked = await talk.say("I want to watch a movie tonight but I don't know what", "request")
    talk.expect(asked.question and len(asked.question.options) > 1, "no question with options")
    await talk.say("something funny", "request")
    talk.all_are("moods", "funny")
    second = await talk.say("not too long, and nothing from before 1990", "request")
    talk.all_within("year", 1990, 2030)
    talk.all_within("runtime", 0, 125)
    talk.all_are("moods", "funny")
    spoken = second.items[1].id
    await talk.say("the second one sounds good, what is it about?", "ask")
    talk.only_about(spoken)
    kids = await talk.say("is it ok for kids?", "ask")
    talk.only_about(spoken)
    talk.expect(f"{talk.number(kids.items[0], 'min_age'):g}" in kids.reply, "the minimum age is not told")
    await talk.say("who directed it?", "ask")
    talk.only_about(spoken)
    await talk.say("I'll watch it, thanks", "accept")
    wish = await talk._opened.wish()
    talk.expect(wish.accepted == (spoken,), f"accepted {wish.accepted} instead of {spoken}")
    await talk.say("bye", "bye")


async def films_like_one_but_newer(talk: Talk) -> None:
    first = await talk.say("I loved Blade Runner, anything like that but newer?", "request")
    talk.expect("blade-runner-1982" not in {c.id for c in first.items}, "the film itself is recommended")
    talk.all_within("year", 1983, 2030)
    talk.expect(sum(talk.has(c, "genres", "Science Fiction") for c in first.items) >= 2, "most are no science fiction")
    talk.expect("Blade Runner" in first.reply or "like" in first.reply, "the reply does not say that it is by likeness")
    second = await talk.say("seen the first one already", "reject", "more")
    talk.expect((await talk._opened.wish()).seen == (first.items[0].id,), "the first one is not noted as seen")
    talk.expect(sum(talk.has(c, "genres", "Science Fiction") for c in second.items) >= 2, "the likeness is lost")
    director = second.items[1].attributes["directors"]
    same = await talk.say("something by the same director as the second one", "request")
    if same.items:
        talk.all_are("directors", *director)
        await talk.say("how long is it?", "ask")
        talk.only_about(same.items[0].id)
    await talk.say("any director is fine, but not so violent please", "request")
    talk.expect("directors" not in {a for _, a, _ in talk.wishes}, "the director stays a limit")
    talk.expect(("avoid", "moods", "violent") in talk.wishes, "not so violent is not noted")
    await talk.say("actually make it a comedy", "request")
    talk.all_are("genres", "Comedy")
    again = await talk.say("ok what was the first one you showed me?", again=True)
    talk.expect(first.items[0].title in again.reply, "does not recall the first film")


async def films_with_many_limits(talk: Talk) -> None:
    first = await talk.say(
        "a french or italian crime film from the 60s under two hours, not with Alain Delon", "request"
    )
    talk.all_are("countries", "France", "Italy")
    talk.all_are("genres", "Crime")
    talk.all_within("year", 1960, 1969)
    talk.all_within("runtime", 0, 119)
    talk.none_is("cast", "Alain Delon")
    why = await talk.say("why the first one?", "ask")
    talk.only_about(first.items[0].id)
    talk.expect("1960" in why.reply and "Crime" in why.reply, "the reasons are not the limits")
    talk.expect("what you like" not in why.reply, "gives likes as a reason though none were told")
    await talk.say("forget the crime idea, drama instead", "request")
    talk.all_are("genres", "Drama")
    talk.expect(("must", "genres", "Crime") not in talk.wishes, "crime stays a limit")
    talk.all_within("year", 1960, 1969)
    talk.none_is("cast", "Alain Delon")
    before = set(talk.shown)
    await talk.say("more", "more")
    talk.expect(not before & {c.id for c in (talk.last.items if talk.last else ())}, "repeats")
    await talk.say("the 70s instead", "request")
    talk.all_within("year", 1970, 1979)
    third = await talk.say("none of these", "reject")
    if third.nearest:
        talk.expect("1970" in third.reply, "the miss does not name its limit")
    await talk.say("ok any year is fine then", "request")
    talk.expect("year" not in {a for _, a, _ in talk.wishes}, "the year stays a limit")
    talk.all_are("countries", "France", "Italy")


async def films_that_do_not_exist(talk: Talk) -> None:
    miss = await talk.say("a Korean western from the 1930s", "request")
    talk.expect(not miss.items and miss.nearest, "no honest miss")
    talk.expect("No film" in miss.reply, "does not say that nothing fits")
    none = await talk.say("any year is fine", "request")
    talk.expect("year" not in {a for _, a, _ in talk.wishes}, "the year stays a limit")
    talk.expect(none.items or none.nearest, "nothing to go on with")
    if none.nearest:
        await talk.say("what is the first one about?", "ask")
        talk.only_about(none.nearest[0].id)
        await talk.say("I've seen it", "reject", "preference")
        talk.expect(none.nearest[0].id in (await talk._opened.wish()).seen, "not noted as seen")
    freed = await talk.say("forget the western", "request")
    talk.all_are("countries", "South Korea")
    talk.expect(freed.items, "no items after the limit was dropped")
    await talk.say("surprise me", "surprise")
    talk.all_are("countries", "South Korea")
    await talk.say("start over", "reset")
    talk.expect(not talk.wishes, "wishes are left")


async def films_for_the_family(talk: Talk) -> None:
    first = await talk.say("need something for my 6 year old and me, animated", "request")
    talk.all_are("genres", "Animation")
    talk.all_within("min_age", 0, 6)
    second = await talk.say("we've seen toy story and frozen", "reject", "preference", "more")
    seen = set((await talk._opened.wish()).seen)
    talk.expect({"toy-story-1995", "frozen-2013"} <= seen, f"seen is {seen}")
    talk.expect("frozen-2013" not in {c.id for c in second.items}, "recommends what they have seen")
    talk.expect(second.items, "no other films")
    cards = second.items or first.items
    short = await talk.say("which one is the shortest?", "compare")
    shortest = min(cards, key=lambda c: talk.number(c, "runtime"))
    talk.expect(f"is **{shortest.title}**" in short.reply, f"{shortest.title} is the shortest")
    await talk.say("my daughter hates scary stuff", "request", "preference")
    talk.expect({("avoid", "moods", "scary"), ("must_not", "moods", "scary")} & talk.wishes, "scary is not noted")
    await talk.say("something older then", "request", "more", "reject")
    talk.all_are("genres", "Animation")
    talk.all_within("min_age", 0, 6)
    chosen = talk.last.items[0].id if talk.last and talk.last.items else ""
    await talk.say("perfect, we'll take the first", "accept")
    talk.expect((await talk._opened.wish()).accepted == (chosen,), "the first one is not noted as taken")
    await talk.say("thank you so much!", "thanks")


async def games_for_two(talk: Talk) -> None:
    await talk.say("we're two people and want something co-op for the weekend, under 30 dollars", "request")
    talk.all_within("players", 2, 1000)
    talk.all_within("price", 0, 30)
    talk.all_are("tags", "co-op", "local co-op")
    second = await talk.say("nothing too hard please", "request")
    talk.none_is("tags", "difficult")
    cheap = await talk.say("which of these is the cheapest?", "compare")
    least = min(talk.number(c, "price") for c in second.items)
    cheapest = [c.title for c in second.items if talk.number(c, "price") == least]
    talk.expect(all(f"**{t}**" in cheap.reply.split("(")[0] or len(cheapest) > 1 for t in cheapest), "names another")
    await talk.say("played the second one already", "reject", "more")
    talk.expect(second.items[1].id in (await talk._opened.wish()).seen, "not noted as played")
    await talk.say("on Switch", "request")
    talk.all_are("platforms", "Nintendo Switch")
    talk.all_within("price", 0, 30)
    await talk.say("no platform preference after all", "request", "reject", "more")
    talk.expect("platforms" not in {a for _, a, _ in talk.wishes}, "the platform stays a limit")
    talk.expect(talk.last and talk.last.items, "no items")
    first = talk.last.items[0].id if talk.last and talk.last.items else ""
    await talk.say("does the first one have local co-op?", "ask")
    talk.only_about(first)
    await talk.say("great, let's get that", "accept")
    talk.expect((await talk._opened.wish()).accepted == (first,), "it is not noted as taken")


async def games_like_one(talk: Talk) -> None:
    first = await talk.say("I loved Breath of the Wild, what else is there?", "request")
    talk.expect("the-legend-of-zelda-breath-of-the-wild" not in {c.id for c in first.items}, "recommends itself")
    await talk.say("not by Nintendo", "request")
    talk.none_is("developers", "Nintendo")
    third = await talk.say("more", "more")
    talk.none_is("developers", "Nintendo")
    pc = await talk.say("is the second one on PC?", "ask")
    talk.only_about(third.items[1].id)
    talk.expect(pc.reply.startswith("Yes" if talk.has(third.items[1], "platforms", "PC") else "No"), "wrong answer")
    await talk.say("hmm, too expensive", "request", "reject")
    known = [talk.number(c, "price") for c in third.items]
    talk.all_within("price", 0, max(known))
    talk.expect("price" in {a for _, a, _ in talk.wishes}, "cheaper is not noted")
    last = talk.last.items[-1].id if talk.last and talk.last.items else ""
    await talk.say("tell me about the last one", "ask")
    talk.only_about(last)
    await talk.say("sold!", "accept")
    talk.expect((await talk._opened.wish()).accepted == (last,), "it is not noted as taken")


async def books_for_a_holiday(talk: Talk) -> None:
    asked = await talk.say("can you recommend a book for my holiday?", "request")
    talk.expect(asked.question or asked.items, "neither asks nor recommends")
    await talk.say("a mystery, not too long", "request")
    talk.all_are("genres", "Mystery")
    talk.all_within("pages", 0, 400)
    await talk.say("I've read Gone Girl, didn't like it", "reject", "more", "preference")
    talk.expect("gone-girl" in (await talk._opened.wish()).disliked, "the dislike is not noted")
    talk.all_are("genres", "Mystery")
    talk.expect(talk.last and "what you like" not in talk.last.reply, "takes the disliked book for a liked one")
    classic = await talk.say("something by Agatha Christie", "request")
    talk.expect(classic.items or classic.nearest, "nothing to go on with")
    cards = classic.items or classic.nearest
    pages = await talk.say("how many pages does the first one have?", "ask")
    talk.only_about(cards[0].id)
    talk.expect(f"{talk.number(cards[0], 'pages'):g}" in pages.reply, "the pages are not told")
    await talk.say("ok any author is fine, what about fantasy instead", "request")
    talk.all_are("genres", "Fantasy")
    talk.expect(not {"authors"} & {a for _, a, _ in talk.wishes}, "the author stays a limit")
    chosen = talk.last.items[0].id if talk.last and talk.last.items else ""
    await talk.say("I'll read the first one", "accept")
    talk.expect((await talk._opened.wish()).accepted == (chosen,), "it is not noted as taken")


async def books_like_austen(talk: Talk) -> None:
    first = await talk.say("something like Pride and Prejudice but modern", "request")
    talk.expect(all(talk.number(c, "published") >= 1950 for c in first.items), "some are not modern")
    talk.expect(sum(talk.has(c, "genres", "Romance", "Classics") for c in first.items) >= 1, "nothing alike")
    await talk.say("not romance though", "request")
    talk.none_is("genres", "Romance")
    third = await talk.say("published after 2000", "request")
    talk.all_within("published", 2001, 2030)
    who = await talk.say("who wrote the first one?", "ask")
    author = third.items[0].attributes["authors"]
    talk.expect(isinstance(author, tuple) and author[0] in who.reply, "the author is not told")
    more = await talk.say("anything else by her?", "request", "more")
    talk.expect(any(a == "authors" for _, a, _ in talk.wishes), "her books are not looked for")
    talk.expect(author[0] in more.reply if isinstance(author, tuple) else False, "the author is not named")
    await talk.say("forget the author, and the date too", "request")
    talk.expect(not {"authors", "published"} & {a for _, a, _ in talk.wishes}, "limits stay")
    talk.none_is("genres", "Romance")
    await talk.say("thanks, bye", "bye", "thanks")


async def columns_without_a_meaning(talk: Talk) -> None:
    await talk.say("hello", "greet")
    await talk.say("I need a brass hinge", "request")
    talk.all_are("col_1", "hinge")
    talk.all_are("x7", "brass")
    await talk.say("col 2 over 20", "request")
    talk.all_within("col_2", 21, 100)
    talk.all_are("col_1", "hinge")
    await talk.say("a bracket instead", "request")
    talk.all_are("col_1", "bracket")
    talk.none_is("col_1", "hinge")
    first = talk.last.items[0] if talk.last and talk.last.items else None
    told = await talk.say("what is the col 2 of the first one?", "ask")
    talk.only_about(first.id if first else "")
    talk.expect(first and f"{talk.number(first, 'col_2'):g}" in told.reply, "the number is not told")
    await talk.say("what is it about?", "ask")
    await talk.say("no zinc", "request")
    talk.none_is("x7", "zinc")
    left = await talk.say("surprise me", "surprise")
    talk.expect("nothing left" in left.reply, "it does not say that all that fits was shown")


CONVERSATIONS: dict[Callable[[Talk], Awaitable[None]], str] = {
    films_for_a_date: "films", films_like_one_but_newer: "films", films_with_many_limits: "films",
    films_that_do_not_exist: "films", films_for_the_family: "films", games_for_two: "real games",
    games_like_one: "real games", books_for_a_holiday: "real books", books_like_austen: "real books",
    columns_without_a_meaning: "columns",
}  # fmt: skip


async def hold(conversation: Callable[[Talk], Awaitable[None]], folder: Path, echo: bool = False) -> list[str]:
    """Have a conversation, and return what it lacks."""
    name = CONVERSATIONS[conversation]
    async with recommender(folder, name) as opened:
        talk = Talk(opened, index_of(name), echo)
        await conversation(talk)
        return talk.faults


@pytest.mark.timeout(400)
@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda c: c.__name__)
async def test_a_first_conversation_goes_well(conversation: Callable[[Talk], Awaitable[None]], tmp_path: Path) -> None:
    faults = await hold(conversation, tmp_path)
    assert not faults, "\n".join(faults)


def _print_all(names: list[str]) -> None:
    for conversation in CONVERSATIONS:
        if not names or conversation.__name__ in names:
            print(f"\n{'=' * 20} {conversation.__name__.replace('_', ' ')}")
            with tempfile.TemporaryDirectory() as folder:
                faults = asyncio.run(hold(conversation, Path(folder), echo=True))
            print(f"\n  {len(faults)} faults")


if __name__ == "__main__":
    _print_all(sys.argv[1:])
