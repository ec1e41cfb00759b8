"""A simulated user whose words and moves are a chat model's, and whose taste is not.

The model is told who it is, what it wants and how it would like what was shown; it decides what to say. Code decides what
it may take: an item is good enough by the goal's hidden utility alone, whatever the model makes of it. It never sees a
target before the system has shown it, so it has no title to give away; what it says is scanned all the same.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...agents.model.shapes import all_chosen, chosen
from ...agents.state import Preference, Usage
from ...prompts import Prompt, data, render
from ...tools.chat import Chat
from ...tools.errors import ModelError
from ...tools.index import Index
from ...tools.items import Item
from ...tools.words import content_stems
from ..asking import Asker
from ..leaks import leaked_titles
from ..nouns import Goal, SystemTurn, UserAct, UserTurn
from ..utility import BAR, threshold
from .impressions import Eyes, Impression
from .shapes import message_shape
from .telling import Heard, Offer, Wishes, known_lines, offer_lines, persona_lines, talk_lines, wish_lines

_TOKENS = 400
_LOVED = 0.5
"""How far from the bar to the best that there is an item lies which is not only good enough, but loved."""
_KEPT = 3
"""Items shown before that are good enough, and that may still be taken, at most."""
_SENTENCES = (1, 2, 4)
"""Sentences of a message at most, for people of few, of some and of many words."""

_TURNED_DOWN = "No, not that one. What else is there?"
"""What stands in place of words that take what the user would never take."""

_DIGIT = re.compile(r"\d")


class LlmUser:
    """A user whom a chat model plays; see `User`.

    Args:
        goal: what they are after.
        index: the catalogue.
        chat: the model. What it costs is counted in `usage`, apart from all that the system asks.
        seed: of the order in which wishes are told, and of the cached answers that may be used.
        seconds: how long an answer may take, waiting for other calls to the model included.
    """

    def __init__(self, goal: Goal, index: Index, chat: Chat, seed: int, seconds: float = 300.0) -> None:
        self._goal = goal
        self._index = index
        self._eyes = Eyes(goal, index.catalogue)
        self._asker = Asker(chat, f"user {goal.id} {seed}", seconds)
        chance = random.Random(seed)
        self._revealed = chance.sample(goal.revealed, len(goal.revealed))
        self._hidden = chance.sample(goal.hidden, len(goal.hidden))
        self._unseen = self._items(goal.targets)
        self._labels = tuple(v for w in (*goal.revealed, *goal.hidden) for v in w.limit.values)
        self._named: dict[str, str] = {i.id: i.title for i in self._items((*goal.known, *goal.disliked))}
        self._kept: dict[str, Offer] = {}
        self._said: set[str] = set()
        self._talk: list[Heard] = []
        self._last = ""

    @property
    def usage(self) -> Usage:
        """Calls and tokens of this user so far."""
        return self._asker.usage

    async def reply(self, heard: SystemTurn | None) -> UserTurn:
        """What they say next; a model that cannot be asked, or gives no usable answer, is a `fault`."""
        offers = self._hear(heard) if heard is not None else []
        wishes = self._wishes(heard, offers)
        shape = message_shape(len(wishes.revealed), len(wishes.hidden), len(offers), self._most_sentences())
        try:
            answer: Any = await self._asker.answer(
                self._prompt(wishes, offers), shape, _TOKENS, lambda a: self._wrong(a, offers)
            )
        except ModelError as fault:
            return UserTurn(text="", act="leave", done=True, fault=str(fault))
        turn = self._turn(answer, wishes, offers)
        self._last = turn.text
        return turn

    def _hear(self, heard: SystemTurn) -> list[Offer]:
        """Take in what the system said, and give what may be taken now: what it shows, then what it showed before.

        What it has named may be named from now on.
        """
        self._talk.append(Heard(self._last, heard.reply))
        ids = {shown.id for shown in heard.items}
        told = {*leaked_titles(heard.reply, self._unseen), *(shown.title for shown in heard.items)}
        self._unseen = [i for i in self._unseen if i.id not in ids and i.title not in told]
        self._named |= {shown.id: shown.title for shown in heard.items}
        offers = [self._offer(seen) for seen in self._eyes.look(heard, ())]
        before = [replace(o, again=True) for i, o in self._kept.items() if i not in ids][-_KEPT:]
        self._kept |= {o.shown.id: o for o in offers if o.good}
        return [*offers, *before]

    def _offer(self, seen: Impression) -> Offer:
        """How the user would like an item, by its utility and by what is hard, and by nothing else."""
        goal, shown = self._goal, seen.shown
        item = next(iter(self._items((shown.id,))), None)
        if seen.broken:
            return Offer(shown, "breaks", item, seen.broken)
        if item is None or seen.known or shown.id not in goal.taste:
            return Offer(shown, "no", item)
        bar = goal.bar - BAR + threshold(goal.persona, persuaded=seen.persuades)
        loved = bar + _LOVED * (max(goal.taste.values()) - bar)
        return Offer(shown, "close" if seen.utility < bar else "love" if seen.utility >= loved else "take", item)

    def _wishes(self, heard: SystemTurn | None, offers: Sequence[Offer]) -> Wishes:
        """What the model is told that it wants: of what is hidden only what was said, or is broken, or may be asked for."""
        asked = heard is not None and bool(heard.question or "?" in heard.reply)
        broken = {w.key for o in offers for w in o.broken}
        hidden = [w for w in self._hidden if asked or w.key in broken or w.key in self._said]
        return Wishes(tuple(self._revealed), tuple(hidden), frozenset(self._said))

    def _prompt(self, wishes: Wishes, offers: Sequence[Offer]) -> Prompt:
        goal, schema = self._goal, self._index.catalogue.schema
        bare = {o.shown.id for o in offers if leaked_titles(offer_lines([o], wishes, (), self._index), self._unseen)}
        return render(
            "simulated_user",
            noun=schema.noun,
            nouns=schema.nouns,
            person=data("person", persona_lines(goal.persona)),
            wishes=data("wishes", wish_lines(wishes, self._index)),
            known=data("known", known_lines(self._titles(goal.known), self._titles(goal.disliked))),
            talk=data("talk", talk_lines(self._talk)),
            shown=data("shown", offer_lines(offers, wishes, bare, self._index)),
            left=str(max(goal.persona.patience - len(self._talk), 0)),
        )

    def _wrong(self, answer: Any, offers: Sequence[Offer]) -> str:
        """What is wrong with an answer, in words for the model; empty for nothing."""
        if self._leaks(_text(answer)):
            return "it names something that nobody has shown to you, and that you do not know by name"
        taken = chosen("s", answer.accepts, offers)
        if taken is not None and not taken.good:
            return f'it takes {answer.accepts}, which is marked "{taken.liking}": you would not take that'
        return "" if _text(answer) or answer.act == "leave" else "it says nothing"

    def _turn(self, answer: Any, wishes: Wishes, offers: Sequence[Offer]) -> UserTurn:
        """An answer as a turn; what it takes although nobody with this taste would is turned down instead."""
        taken = chosen("s", answer.accepts, offers)
        rejected = [o.shown.id for o in all_chosen("s", answer.rejects, offers) if o is not taken]
        if taken is not None and not taken.good:
            rejected = list(dict.fromkeys((*rejected, taken.shown.id)))
            self._forget(rejected)
            act = "leave" if self._impatient else "reject"
            return UserTurn(text=_TURNED_DOWN, act=act, rejected=tuple(rejected), done=act == "leave")
        text, act = _text(answer), self._act(answer.act, taken)
        if not text and act != "leave":
            return UserTurn(text="", act="leave", done=True, fault="the model said nothing")
        if act == "reject" and not rejected:
            rejected = [o.shown.id for o in offers if not o.again]
        self._forget(rejected)
        said = wishes.chosen(answer.says)
        dropped = [w for w in wishes.chosen(answer.drops) if not w.hard and w.key in self._said and w not in said]
        self._said = (self._said | {w.key for w in said}) - {w.key for w in dropped}
        return UserTurn(
            text=text,
            act=act,
            stated=tuple(w for w in said if self._says(text, w)),
            dropped=tuple(w.key for w in dropped),
            accepted=taken.shown.id if taken else "",
            rejected=tuple(rejected),
            named=self._named_in(text),
            done=act in ("accept", "leave"),
            leaks=self._leaks(text),
        )

    def _act(self, said: UserAct, taken: Offer | None) -> UserAct:
        """What a message does, where it is plain; else what the model says that it does."""
        if not self._talk:
            return "open"
        if taken is not None:
            return "accept"
        if self._impatient:
            return "leave"
        return {"accept": "react", "open": "inform"}.get(said, said)  # type: ignore[return-value]

    @property
    def _impatient(self) -> bool:
        return len(self._talk) >= self._goal.persona.patience

    def _forget(self, rejected: Sequence[str]) -> None:
        """What was turned down is not taken later."""
        self._kept = {i: o for i, o in self._kept.items() if i not in rejected}

    def _says(self, text: str, wish: Preference) -> bool:
        """Whether a message says a wish in words that can be found in it: its labels, its numbers, what it is about.

        A model may claim more than it has said, and what nobody has said no system can heed.
        """
        attribute = next((a for a in self._index.catalogue.schema.attributes if a.name == wish.limit.attribute), None)
        about = [*wish.limit.values, wish.words]
        if wish.limit.ranges:
            if _DIGIT.search(text):
                return True
            about += [attribute.label or attribute.name, attribute.unit] if attribute else []
        wanted = {s for a in about for s in content_stems(a)}
        return not wanted or not wanted.isdisjoint(content_stems(text))

    def _leaks(self, text: str) -> tuple[str, ...]:
        """Titles of targets in a text, outside the titles that were shown or are known and the labels wished for."""
        return leaked_titles(text, self._unseen, allowed=(*self._named.values(), *self._labels))

    def _named_in(self, text: str) -> tuple[str, ...]:
        titles = leaked_titles(text, self._items(tuple(self._named)))
        return tuple(i for i, title in self._named.items() if title in titles)

    def _titles(self, ids: Sequence[str]) -> list[str]:
        """The titles of items that give no target away."""
        return [i.title for i in self._items(ids) if not leaked_titles(i.title, self._unseen)]

    def _items(self, ids: Sequence[str]) -> list[Item]:
        """The items that the catalogue has."""
        catalogue = self._index.catalogue
        return [catalogue.item(i) for i in ids if i in catalogue.row_of]

    def _most_sentences(self) -> int:
        verbosity = self._goal.persona.verbosity
        return _SENTENCES[0 if verbosity < 1 / 3 else 2 if verbosity > 2 / 3 else 1]


def _text(answer: Any) -> str:
    return " ".join(" ".join(answer.sentences).split())
