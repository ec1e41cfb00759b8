"""Remarks of a simulated user about items: what is wrong with one, what they know, which one they take."""

import random
from collections.abc import Sequence

from ...agents.state import Preference
from ...tools.catalogue import Catalogue
from ...tools.english import is_english
from ...tools.schema import Attribute
from ...tools.words import words
from ..nouns import Shown
from .impressions import Impression, side_of
from .voice import Voice
from .wording import attribute_of, label_of

_ORDINALS = ("the first one", "the second one", "the third one", "the fourth one", "the fifth one")
_TOO = {
    ("duration", "high"): "too_long", ("duration", "low"): "too_short", ("length", "high"): "too_long",
    ("length", "low"): "too_short", ("price", "high"): "too_expensive", ("price", "low"): "too_cheap",
}  # fmt: skip
_ASKABLE = ("category", "number", "date")


class Remarks:
    """What one user says of items.

    Args:
        voice: how they talk.
        catalogue: the items.
    """

    def __init__(self, voice: Voice, catalogue: Catalogue) -> None:
        self._voice, self._catalogue = voice, catalogue

    def complaint(self, faulty: Impression, wrong: Preference) -> str:
        """What is wrong with an item: "too long", "that's not …"."""
        attribute = attribute_of(wrong.limit, self._catalogue.schema)
        blanks = {"title": faulty.shown.title, "which": which(faulty.place), "label": label_of(attribute)}
        if wrong.limit.ranges and attribute is not None:
            item = self._catalogue.item(faulty.shown.id)
            side = side_of(item, wrong, self._catalogue)
            if attribute.kind == "date":
                section = "too_new" if side == "high" else "too_old"
            else:
                section = _TOO.get((attribute.measure or "", side), f"too_{side}")
            return self._voice.say(section, **blanks)
        kind = "wrong" if wrong.wanted else "unwanted"
        role = self._voice.role(wrong.limit)
        if role and not role.startswith("with "):
            return self._voice.say(f"{kind}_role", role=role, **blanks)
        return self._voice.say(f"{kind}_label", value=self._voice.value(wrong.limit), **blanks)

    def known(self, impression: Impression) -> str:
        """That they know an item, and how they liked it."""
        section = {"liked": "known_liked", "disliked": "known_disliked"}[impression.known]
        return self._voice.say(section, title=impression.shown.title)

    def repeated(self, impression: Impression) -> str:
        """That an item was shown before."""
        return self._voice.say("repeated", title=impression.shown.title)

    def rejection(self, seen: Sequence[Impression]) -> str:
        """That nothing shown is for them."""
        return (
            self._voice.say("reject_all") if len(seen) > 1 else self._voice.say("reject_one", title=seen[0].shown.title)
        )

    def question(self, shown: Shown, rng: random.Random) -> str:
        """A question about an item: one of its facts, or what it is."""
        attributes = [a for a in self._catalogue.schema.attributes if a.shown and a.kind in _ASKABLE and not a.open]
        if attributes and rng.random() < 0.6:
            return self._voice.say("ask_fact", label=label_of(rng.choice(attributes)), title=shown.title)
        return self._voice.say("ask_about", title=shown.title)

    def taking(self, impression: Impression, count: int) -> str:
        """That they take an item that is shown: by its place, or by its title where that is no ordinary word."""
        title = impression.shown.title
        by_place = which(impression.place) if count > 1 else "that one"
        unclear = len(words(title)) < 2 and (len(title) < 5 or is_english(title.lower()))
        section = self._voice.say
        return section("accept", which=by_place if unclear or (self._voice.tosses() and by_place) else title)

    def going_back(self, shown: Shown) -> str:
        """That they take an item that was shown earlier."""
        return self._voice.say("accept_earlier", title=shown.title)

    def answer(self, preference: Preference) -> str:
        """An answer to a question about the attribute of a preference."""
        if preference.strength == "must" and preference.limit.values:
            return self._voice.say("answer_label", value=self._voice.value(preference.limit))
        if self._voice.tosses():
            return self._voice.say("answer", more=self._voice.statement(preference))
        return self._voice.statement(preference)

    def about(self, section: str, attribute: Attribute) -> str:
        """That they do not care about an attribute, or do not know."""
        return self._voice.say(section, label=label_of(attribute))

    def swap(self, old: Preference, new: Preference) -> str:
        """That they want one thing instead of another."""
        return self._voice.say("swap", old=self._voice.thing(old), new=self._voice.thing(new))

    def letting_go(self, old: Preference) -> str:
        """That they no longer insist on something soft: of a range, on its attribute."""
        if old.wanted and old.limit.ranges:
            label = label_of(attribute_of(old.limit, self._catalogue.schema))
            return self._voice.say("drop_bound", label=label, bound=self._voice.bound(old.limit))
        return self._voice.say("drop" if old.wanted else "drop_dislike", old=self._voice.thing(old))


def which(place: int) -> str:
    """ "the second one"; empty beyond the fifth."""
    return _ORDINALS[place] if place < len(_ORDINALS) else ""
