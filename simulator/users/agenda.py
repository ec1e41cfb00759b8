"""The simulated user that is built in: an agenda decides what is said, phrases say it; no model is asked.

An agenda holds what the user still has to say; each answer of the system takes something from it or puts something on
top of it (J. Schatzmann et al., "Agenda-based user simulation for bootstrapping a POMDP dialogue system", NAACL-HLT
2007, section 3). What is hidden comes on top when it is asked for, or when an item breaks it. An item is taken by its
utility, never for its title, and one that is not in the goal's taste is not taken at all.
"""

import random
from collections.abc import Sequence

from ...agents.state import Preference
from ...tools.index import Index
from ..leaks import leaked_titles
from ..nouns import Goal, Shown, SystemTurn, UserAct, UserTurn
from .answering import asked_about, option_of_taste
from .changing import other_than
from .deciding import Deciding
from .impressions import Eyes, Impression, closest
from .moves import Move
from .remarks import Remarks
from .voice import Voice

_QUESTIONS = 2


class AgendaUser:
    """One simulated person in one conversation.

    A reply costs well under a millisecond; nothing of it depends on the size of the catalogue.

    Args:
        goal: who they are and what they are after.
        index: the catalogue.
        seed: what chance begins with.
    """

    def __init__(self, goal: Goal, index: Index, seed: int) -> None:
        self._goal, self._index, self._catalogue = goal, index, index.catalogue
        self._persona = goal.persona
        self._rng = random.Random(f"{goal.id} {seed}")
        self._voice = Voice(self._persona, self._catalogue, self._rng)
        self._remarks = Remarks(self._voice, self._catalogue)
        self._eyes = Eyes(goal, self._catalogue)
        self._deciding = Deciding(goal, self._rng)
        self._targets = [self._catalogue.items[self._catalogue.row_of[i]] for i in goal.targets]
        self._agenda = self._ordered(goal.revealed)
        self._hidden = list(goal.hidden)
        self._said: dict[str, Preference] = {}
        self._retracting: tuple[Preference, Preference] | None = None
        self._examples = [i for i in goal.known if self._rng.random() < 0.3 + 0.7 * self._persona.knowledge][:3]
        self._shown: dict[str, Shown] = {}
        self._patience = float(self._persona.patience)
        self._questions = self._misses = 0
        self._spoken_of: frozenset[str] = frozenset()
        self._asked: set[str] = set()

    async def reply(self, heard: SystemTurn | None) -> UserTurn:
        """What they say next; after a turn that is done, they say nothing more."""
        return self._speak(self._open() if heard is None else self._next(heard))

    def _ordered(self, preferences: Sequence[Preference]) -> list[Preference]:
        """What is to be told, in the order in which it will be: what they do not want comes early for those who dislike."""
        first, rest = list(preferences[:1]), list(preferences[1:])
        self._rng.shuffle(rest)
        rest.sort(key=lambda p: p.wanted or self._rng.random() > self._persona.dislikes)
        return first + rest

    def _open(self) -> Move:
        count = 1 + sum(self._rng.random() < self._persona.verbosity for _ in range(2))
        stated = [self._tell(p) for p in self._agenda[:count]]
        del self._agenda[:count]
        move = Move("open", [], stated)
        if self._rng.random() < 0.25 + 0.5 * self._persona.verbosity:
            move.parts.append(self._voice.say("greeting"))
        move.parts.append(self._voice.opening(stated))
        if self._examples and self._rng.random() < 0.5 * self._persona.knowledge * self._persona.verbosity:
            self._add_example(move)
        return move

    def _next(self, heard: SystemTurn) -> Move:
        seen = self._eyes.look(heard, self._shown)
        self._shown.update({i.shown.id: i.shown for i in seen})
        self._tire(heard, seen)
        if move := self._take(seen, last_chance=heard.nothing_fits):
            return move
        if self._patience <= 0:
            return self._part()
        if heard.nothing_fits:
            return self._told_nothing()
        if self._retracting:
            return self._retract(*self._retracting)
        question = heard.question or (heard.reply if not seen and heard.reply.rstrip().endswith("?") else "")
        if question and not seen:
            return self._answer(question, heard.options)
        return self._react(seen) if seen else self._say_more([self._voice.say("nothing_shown")], "inform")

    def _tire(self, heard: SystemTurn, seen: Sequence[Impression]) -> None:
        """A turn costs patience; one that repeats itself, breaks what was said, or asks on and on costs more."""
        self._patience -= 1.0
        self._questions = 0 if seen else self._questions + bool(heard.question)
        # What they spoke of themselves is no repetition.
        stale = sum(i.repeated and i.shown.id not in self._spoken_of for i in seen)
        wrong = sum(i.breaks_any(self._said) and not i.shown.nearest for i in seen)
        if seen:
            self._patience -= 1.0 * (2 * stale > len(seen)) + 0.75 * (2 * wrong > len(seen))
        elif not heard.question or self._questions > _QUESTIONS:
            self._patience -= 0.75

    def _take(self, seen: Sequence[Impression], *, last_chance: bool) -> Move | None:
        """Take the best of what was shown so far if it is good enough; those who cannot decide compare on."""
        best = self._deciding.best_of(seen)
        if best is None:
            return None
        if self._patience > 1 and not last_chance and self._deciding.hesitates():
            return self._hesitate(best, new=any(self._deciding.good(i) for i in seen))
        return self._accept(best, seen)

    def _hesitate(self, best: Impression, *, new: bool) -> Move:
        if new and self._rng.random() < 0.6:
            return Move("ask", [self._remarks.question(best.shown, self._rng)], named=[best.shown])
        return Move("more", [self._voice.say("more")])

    def _accept(self, best: Impression, seen: Sequence[Impression]) -> Move:
        here = next((i for i in seen if i.shown.id == best.shown.id), None)
        parts = [self._remarks.taking(here, len(seen)) if here else self._remarks.going_back(best.shown)]
        if self._rng.random() < 0.2 + 0.4 * self._persona.verbosity:
            parts.append(self._voice.say("politely"))
        return Move("accept", parts, named=[best.shown], accepted=best.shown.id, done=True)

    def _part(self) -> Move:
        return Move("leave", [self._voice.say("give_up")], done=True)

    def _told_nothing(self) -> Move:
        """Nothing fits: whoever has said all that is hard believes it; the others insist, or let go of something soft."""
        self._misses += 1
        untold = [p for p in self._agenda if p.hard]
        if not self._goal.possible and not untold:
            return Move("leave", [self._voice.say("content")], done=True)
        if self._retracting:
            return self._retract(*self._retracting)
        soft = [p for p in self._said.values() if not p.hard]
        if soft and not untold:
            del self._said[soft[-1].key]
            return Move("revise", [self._remarks.letting_go(soft[-1])], dropped=[soft[-1].key])
        if self._misses > _QUESTIONS:
            return self._part()
        doubt = [self._voice.say("nothing_at_all")]
        return self._say_more(doubt, "inform") if self._agenda else self._insist(doubt, self._latest())

    def _retract(self, old: Preference, new: Preference) -> Move:
        self._retracting = None
        self._said.pop(old.key, None)
        self._said[new.key] = new
        text = self._remarks.swap(old, new)
        return Move("revise", [text], [new], [old.key])

    def _answer(self, question: str, options: Sequence[str]) -> Move:
        """What they want of the attribute asked about; a choice by taste, or none, where they want nothing of it."""
        if self._questions > _QUESTIONS + (self._persona.openness > 0.5):
            return self._say_more([self._voice.say("too_many_questions")], "criticise")
        attribute = asked_about(question, options, self._catalogue)
        if attribute is None:
            return self._say_more([], "answer")
        own = [p for p in (*self._goal.revealed, *self._goal.hidden) if p.limit.attribute == attribute.name]
        if own:
            again = attribute.name in self._asked and own[0].key in self._said
            self._asked.add(attribute.name)
            self._agenda = [p for p in self._agenda if p not in own]
            self._hidden = [p for p in self._hidden if p not in own]
            said = [self._said.setdefault(p.key, p) for p in own]
            clauses = [self._remarks.answer(p) for p in said]
            return Move(
                "answer", [self._voice.say("told_you", more=clauses[0]), *clauses[1:]] if again else clauses, said
            )
        self._asked.add(attribute.name)
        ids = (*self._goal.targets, *self._goal.known)
        choice = option_of_taste(attribute, options, ids, self._catalogue)
        if choice and self._rng.random() < 0.5:
            self._said[choice.key] = choice
            return Move("answer", [self._voice.statement(choice)], [choice])
        puzzled = attribute.person or not options
        if puzzled and self._rng.random() > 0.3 + self._persona.knowledge:
            return Move("answer", [self._remarks.about("do_not_know", attribute)])
        move = Move("answer", [self._remarks.about("no_preference", attribute)])
        return self._add_next(move) if self._rng.random() < self._persona.verbosity else move

    def _react(self, seen: Sequence[Impression]) -> Move:
        """To items that are not good enough: what is wrong with them, or what else is wanted."""
        fresh = [i for i in seen if not i.repeated]
        if not fresh:
            spoken_of = all(i.shown.id in self._spoken_of for i in seen)
            parts = [self._voice.say("more") if spoken_of else self._remarks.repeated(seen[0])]
            if spoken_of and not self._agenda:
                return Move("more", parts)
            return self._say_more(parts, "more" if spoken_of else "criticise", seen)
        told = [i for i in seen if i.breaks_any(self._said)]
        if 2 * len(told) > len(seen):
            faulty = self._rng.choice(told)
            wrong = next(p for p in faulty.broken if p.key in self._said)
            return self._insist([self._remarks.complaint(faulty, wrong)], wrong, told, faulty)
        hidden = {p.key: p for p in self._hidden}
        for faulty in seen:
            for wrong in (*faulty.broken, *faulty.unmet):
                if wrong.key in hidden and (wrong.hard or self._rng.random() < 0.6):
                    return self._reveal(wrong, faulty, [i for i in seen if wrong in i.broken])
        return self._comment(seen)

    def _comment(self, seen: Sequence[Impression]) -> Move:
        known = [i for i in seen if i.known]
        parts, named = [], []
        if known and self._rng.random() < 0.8:
            parts.append(self._remarks.known(known[0]))
            named.append(known[0].shown)
        near = closest(seen)
        if self._agenda:
            if not parts and self._rng.random() < 0.3 + 0.5 * self._persona.verbosity:
                chosen = self._rng.choice(seen)
                parts.append(self._voice.say("lukewarm", title=chosen.shown.title))
                named.append(chosen.shown)
            return self._say_more(parts, "inform", named=named)
        move = Move("react" if parts else "more", parts, named=named, rejected=[i for i in seen if not i.known])
        chance = self._rng.random()
        if self._examples and chance < 0.4:
            self._add_example(move)
            move.act = "inform"
        elif near and chance < 0.65:
            move.parts.append(self._voice.say("like_shown", title=near.shown.title))
            move.named.append(near.shown)
            move.act, move.rejected = "react", []
        elif chance < 0.85:
            move.parts.append(self._remarks.rejection(seen))
            move.act = "reject"
            if self._rng.random() < self._persona.verbosity:
                move.parts.append(self._voice.say("more"))
        else:
            move.parts.append(self._voice.say("more"))
            move.rejected = []
        return move

    def _reveal(self, wrong: Preference, faulty: Impression, all_faulty: Sequence[Impression]) -> Move:
        """Say what is wrong with an item, and what is wanted instead, which was not said before."""
        self._hidden.remove(wrong)
        self._said[wrong.key] = wrong
        parts = [self._remarks.complaint(faulty, wrong)] if wrong.hard else []
        parts.append(self._voice.statement(wrong))
        return Move("criticise" if wrong.hard else "inform", parts, [wrong], named=[faulty.shown], rejected=all_faulty)

    def _insist(
        self,
        parts: list[str],
        wrong: Preference,
        rejected: Sequence[Impression] = (),
        faulty: Impression | None = None,
    ) -> Move:
        """Say again what was said."""
        parts.append(self._voice.say("told_you", more=self._voice.statement(wrong)))
        return Move("criticise", parts, [wrong], named=[faulty.shown] if faulty else [], rejected=rejected)

    def _main(self) -> Preference:
        """What matters most of all that was said."""
        return next(iter(self._said.values()), (*self._goal.revealed, *self._goal.hidden)[0])

    def _latest(self) -> Preference:
        """What was insisted on last: the likeliest to have been misunderstood."""
        return next((p for p in reversed(self._said.values()) if p.hard), self._main())

    def _say_more(
        self, parts: list[str], act: UserAct, rejected: Sequence[Impression] = (), named: Sequence[Shown] = ()
    ) -> Move:
        """Go on with the agenda; when it is empty, with an example, or with what matters most."""
        move = Move(act, parts, named=list(named), rejected=rejected)
        if self._agenda:
            return self._add_next(move)
        if act == "answer" and self._hidden:
            wish = self._hidden.pop(0)
            self._said[wish.key] = wish
            move.parts.append(self._voice.statement(wish))
            move.stated.append(wish)
        elif self._examples:
            self._add_example(move)
        else:
            main = self._main()
            move.parts.append(self._voice.statement(main))
            move.stated.append(main)
        return move

    def _add_next(self, move: Move) -> Move:
        count = 1 + (self._rng.random() < 0.5 * self._persona.verbosity)
        for wish in self._agenda[:count]:
            told = self._tell(wish)
            clause = self._voice.statement(told)
            move.parts.append(self._voice.say("add", more=clause) if not move.stated and not move.parts else clause)
            move.stated.append(told)
        del self._agenda[:count]
        return move

    def _add_example(self, move: Move) -> None:
        known = self._examples.pop(0)
        item = self._catalogue.items[self._catalogue.row_of[known]]
        move.parts.append(self._voice.say("like_known", title=item.title))
        move.named.append(Shown(id=known, title=item.title))

    def _tell(self, preference: Preference) -> Preference:
        """What is said for a preference: itself, or by the fickle, once, another that they will take back."""
        told = preference
        if not self._retracting and self._rng.random() < 0.6 * self._persona.fickleness:
            other = other_than(preference, self._goal, self._catalogue, self._rng)
            if other is not None and not leaked_titles(f"like {' '.join(other.limit.values)} too", self._targets):
                told, self._retracting = other, (other, preference)
        self._said[told.key] = told
        return told

    def _speak(self, move: Move) -> UserTurn:
        titles = [s.title for s in move.named]
        text = self._voice.message(move.parts, titles, plain=move.act in ("open", "accept", "leave"))
        self._spoken_of = frozenset(s.id for s in move.named)
        unseen = [t for t in self._targets if t.id not in self._shown]
        allowed = [
            *titles,
            *(s.title for s in self._shown.values()),
            *(v for p in self._said.values() for v in p.limit.values),
        ]
        return UserTurn(
            text=text,
            act=move.act,
            stated=tuple(p.model_copy(update={"words": text}) for p in move.stated),
            dropped=tuple(move.dropped),
            accepted=move.accepted,
            rejected=tuple(dict.fromkeys(i.shown.id for i in move.rejected if i.shown.id != move.accepted)),
            named=tuple(dict.fromkeys(s.id for s in move.named if s.title.lower() in text.lower())),
            done=move.done,
            leaks=leaked_titles(text, unseen, allowed=allowed),
        )
