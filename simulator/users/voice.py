"""How one simulated user words things: phrases as long as they like to talk, in their own spelling.

The phrases stand in phrases.toml, as templates. A voice takes those whose length suits its persona, does not repeat
itself while it has others, and puts what it says together to a message.
"""

import random
import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...agents.state import Preference
from ...tools.catalogue import Catalogue
from ...tools.limits import Limit
from ..nouns import Persona
from ..sayable import sayable_of
from .typing_errors import mistype
from .wording import (
    an_or_a,
    attribute_of,
    before_noun,
    is_adjective,
    label_of,
    number_of,
    roles_of,
    spoken_bounds,
    spoken_span,
    spoken_values,
    stands_alone,
)

_BLANK = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"\b(a) (?=\{(\w+)\})")
_SPREAD = 0.2
_BRIEF = 0.35


@dataclass(frozen=True)
class Template:
    """One way to say something.

    Attributes:
        text: with its blanks.
        blanks: their names.
        length: how many words it has, a blank counting as one.
    """

    text: str
    blanks: frozenset[str]
    length: int

    @classmethod
    def of(cls, text: str) -> "Template":
        """A template from its text."""
        return cls(text, frozenset(_BLANK.findall(text)), len(text.split()))

    def filled(self, blanks: dict[str, str]) -> str:
        """The template with its blanks filled; "a" before a vowel becomes "an"."""
        text = _ARTICLE.sub(lambda m: an_or_a(blanks[m[2]]) + " ", self.text)
        return _BLANK.sub(lambda m: blanks[m[1]], text)


@dataclass(frozen=True)
class Phrases:
    """All templates.

    Attributes:
        sections: what is done -> the ways to do it, the shortest first.
        bounds: how ranges are said.
    """

    sections: dict[str, tuple[Template, ...]]
    bounds: dict[str, list[str]]


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """The phrases of phrases.toml; sections of a table are called "table.section"."""
    read = tomllib.loads((Path(__file__).parent / "phrases.toml").read_text(encoding="utf-8"))
    flat: dict[str, list[str]] = {}
    for name, value in read.items():
        flat.update(
            {f"{name}.{inner}": texts for inner, texts in value.items()} if isinstance(value, dict) else {name: value}
        )
    sections = {name: tuple(sorted(map(Template.of, texts), key=lambda t: t.length)) for name, texts in flat.items()}
    return Phrases(sections, read["bounds"])


class Voice:
    """How one user talks.

    Args:
        persona: verbosity, knowledge and typing errors count.
        catalogue: its words for its items, attributes and labels.
        rng: the chance.
    """

    def __init__(self, persona: Persona, catalogue: Catalogue, rng: random.Random) -> None:
        self._persona, self._schema, self._rng = persona, catalogue.schema, rng
        self._sayable = sayable_of(catalogue)
        self._used: set[str] = set()
        self._proper = rng.random() < 0.25 + 0.45 * persona.verbosity - 2 * persona.typos
        self._stops = self._proper or rng.random() < 0.3
        self._small = not self._proper and rng.random() < 0.6
        self._exclaims = rng.random() < 0.25

    def say(self, section: str, **blanks: str) -> str:
        """One way to do something, with its blanks filled; templates whose blanks are empty are left out."""
        return self.pick(phrases().sections[section], {**self._forms(blanks), **blanks})

    def _forms(self, blanks: dict[str, str]) -> dict[str, str]:
        """The catalogue's nouns, and the other forms in which the blanks given may be said."""
        noun, nouns = self._schema.noun, self._schema.nouns
        forms = {"noun": noun, "nouns": nouns}
        if value := blanks.get("value"):
            one = before_noun(value, noun, nouns, noun)
            forms |= {"kinds": before_noun(value, noun, nouns, nouns), "one": f"{an_or_a(one)} {one}"}
            forms["quality"] = value if is_adjective(value) else ""
        phrase = blanks.get("role") or blanks.get("bound") or ""
        if phrase:
            forms["being"] = phrase if stands_alone(phrase) else ""
        return forms

    def pick(self, templates: Sequence[Template], blanks: dict[str, str]) -> str:
        """One of some templates, the shortest first, filled."""
        usable = [t for t in templates if all(blanks.get(b) for b in t.blanks)]
        fresh = [t for t in usable if t.text not in self._used] or usable
        place = min(max(self._rng.gauss(self._persona.verbosity, _SPREAD), 0.0), 0.999)
        chosen = fresh[int(place * len(fresh))]
        self._used.add(chosen.text)
        return chosen.filled(blanks)

    def tosses(self) -> bool:
        """Heads or tails."""
        return self._rng.random() < 0.5

    def statement(self, preference: Preference) -> str:
        """A preference as a clause of its own."""
        attribute, strength = attribute_of(preference.limit, self._schema), preference.strength
        label = label_of(attribute)
        if preference.limit.ranges and attribute is not None:
            bounds = preference.limit.ranges[0]
            most = bounds.low is None and not bounds.open_high and bool(bounds.high)
            if attribute.measure == "price" and strength == "must" and most and self._rng.random() < 0.6:
                return self.say("budget", amount=self.number(preference.limit))
            return self.say(f"bound_{strength}", bound=self.bound(preference.limit), label=label)
        if role := self.role(preference.limit):
            return self.say(f"role_{strength}", role=role, value=self.value(preference.limit), label=label)
        return self.say(f"label_{strength}", value=self.value(preference.limit), label=label)

    def value(self, limit: Limit) -> str:
        """The labels of a limit, now and then by a synonym that means nothing else."""
        attribute = attribute_of(limit, self._schema)
        said = spoken_values(limit, attribute, self._persona.knowledge, self._rng)
        if attribute is not None and any(self._sayable.unclear(attribute.name, v, said) for v in limit.values):
            return spoken_values(limit, attribute, 0.0, self._rng)
        return said

    def role(self, limit: Limit) -> str:
        """The labels of a limit with a preposition: always where they alone would be unclear or are names or no adjective.

        Args:
            limit: what is said; where its attribute has no preposition, or is loose so that it fits few of its labels,
                they are said alone, and this is empty.
        """
        attribute = attribute_of(limit, self._schema)
        if attribute is None:
            return ""
        # Behind a preposition stands the label itself: "made in Norway", never "made in Norwegian".
        roles, value = roles_of(attribute), spoken_values(limit, attribute, 0.0, self._rng)
        roles = () if attribute.open else roles[:2]
        if self._unclear(limit):
            return self._rng.choice(roles or (f"with {self._titled(limit)}",)).format(value=value)
        if not roles or (not attribute.person and is_adjective(value) and self.tosses()):
            return ""
        return self._rng.choice(roles).format(value=value)

    def _unclear(self, limit: Limit) -> bool:
        return any(self._sayable.unclear(limit.attribute or "", v, v) for v in limit.values)

    def _titled(self, limit: Limit) -> str:
        """The labels of a limit with what they are: "Korean as the language"."""
        attribute = attribute_of(limit, self._schema)
        return f"{spoken_values(limit, attribute, 0.0, self._rng)} as the {label_of(attribute)}"

    def thing(self, preference: Preference) -> str:
        """What a preference is about, as a noun that can be dropped or taken instead: "Norway", "the 90s"."""
        limit = preference.limit
        if limit.ranges:
            return spoken_span(limit, attribute_of(limit, self._schema)) or self.bound(limit)
        return self._titled(limit) if self._unclear(limit) else self.value(limit)

    def bound(self, limit: Limit) -> str:
        """The range of a limit."""
        attribute = attribute_of(limit, self._schema)
        assert attribute is not None
        return self._rng.choice(spoken_bounds(limit, attribute, phrases().bounds, self._rng))

    def number(self, limit: Limit) -> str:
        """The upper end of a range, with its unit."""
        attribute = attribute_of(limit, self._schema)
        assert attribute is not None
        return number_of(limit.ranges[0].high or 0.0, attribute, self._rng)

    def opening(self, preferences: Sequence[Preference]) -> str:
        """A request for items that are as preferred, in one sentence."""
        # What stands before the noun and what behind it is decided once: a second toss might say it in neither place.
        said = [(p, self.bound(p.limit) if p.limit.ranges else self.role(p.limit)) for p in preferences]
        labels, more = self._before_and_behind([p.limit for p, phrase in said if p.strength == "must" and not phrase])
        labels.reverse()
        value = " ".join(sorted(labels, key=is_adjective, reverse=True))
        if labels and len(said) == 1 and self._persona.verbosity < _BRIEF and self.tosses():
            return self.say("opening.bare", value=value)
        if not preferences:
            wish = self.say("opening.unspecific")
        elif not labels:
            wish = self.say("opening.plain")
        else:
            wish = self.say("opening.brief" if self._persona.verbosity < _BRIEF else "opening.head", value=value)
        firm = [phrase for p, phrase in said if p.strength == "must" and phrase]
        others = [self.say("opening.too", value=label) for label in more]
        others += [
            self._aside(p, phrase)
            for p, phrase in sorted(said, key=lambda one: one[0].wanted, reverse=True)
            if p.strength != "must"
        ]
        tail = "".join([" " + " and ".join(firm) if firm else "", *(f", {part}" for part in others)])
        nouns = self._schema.nouns
        plural = before_noun(value, self._schema.noun, nouns, nouns) if value else nouns
        return self.say("ask_for", wish=wish + tail, plural=plural + tail)

    def _before_and_behind(self, limits: Sequence[Limit]) -> tuple[list[str], list[str]]:
        """Labels that may stand before the noun, and those that may not: two nouns of one attribute make no sense there."""
        before, behind, seen = [], [], set[str | None]()
        for limit in limits:
            value = self.value(limit)
            (behind if limit.attribute in seen and not is_adjective(value) else before).append(value)
            seen.add(limit.attribute)
        return before, behind

    def _aside(self, preference: Preference, phrase: str) -> str:
        """What is said behind the noun: a soft wish, or what is not wanted; a phrase has a preposition already."""
        if phrase:
            return self.say(f"opening.{preference.strength}_such", such=phrase)
        return self.say(f"opening.{preference.strength}", value=self.value(preference.limit))

    def message(self, parts: Sequence[str], keep: Collection[str] = (), *, plain: bool = False) -> str:
        """Clauses as one message, in the user's spelling.

        Args:
            parts: what is said, in order.
            keep: titles, which are not mistyped.
            plain: whether no filler may be added.
        """
        said = [p.strip() for p in parts if p.strip()]
        if not said:
            return ""
        chatty = self._persona.verbosity * (0.0 if plain else 1.0)
        if self._rng.random() < 0.25 * chatty:
            said[0] = f"{self.say('hedges.before')} {said[0]}"
        if self._rng.random() < 0.2 * chatty and said[-1][-1].isalnum():
            said[-1] = f"{said[-1]} {self.say('hedges.after')}"
        text = self._joined(said)
        if self._small:
            text = text.lower()
        return mistype(text, self._persona.typos, self._rng, keep)

    def _joined(self, parts: Sequence[str]) -> str:
        if not self._stops:
            text = parts[0]
            for part in parts[1:]:
                text += (" " if text[-1] in "?!.," else self._rng.choice((", ", ". "))) + part
            return text
        closed = [
            p if p[-1] in "?!." else p + ("!" if self._exclaims and self._rng.random() < 0.4 else ".") for p in parts
        ]
        if self._proper:
            closed = [re.sub(r"\bi\b(?!\.)", "I", p[0].upper() + p[1:]) for p in closed]
        return " ".join(closed)
