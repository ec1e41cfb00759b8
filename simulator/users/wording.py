"""A preference in words: labels, numbers, dates and their prepositions, from the schema and the catalogue."""

import random
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ...tools.english import is_english
from ...tools.limits import Limit, Range
from ...tools.schema import Attribute, Schema
from ...tools.words import fold

_LEADING_TO = (" by", " from", " in", " on", " for", " with", " of")
_MONEY = {"USD": ("${n}", "{n} dollars", "{n} bucks"), "EUR": ("{n} euros", "€{n}"), "GBP": ("£{n}", "{n} pounds")}
_HOURS = {30: "half an hour", 60: "an hour", 90: "an hour and a half", 150: "two and a half hours"}
_ADJECTIVES = ("ful", "ous", "less", "able", "ible", "ese", "ish", "ian", "esque")
_VOWELLED = re.compile(r"[aio]|e(?!u)|u(?!ni|se|sa|sb|su|k|t[eio])|8|1[18]\b")
_UNITS = {"h": "hours", "min": "minutes", "hrs": "hours", "s": "seconds"}


def attribute_of(limit: Limit, schema: Schema) -> Attribute | None:
    """What a limit is about; None for a phrase about the text."""
    return next((a for a in schema.attributes if a.name == limit.attribute), None)


def label_of(attribute: Attribute | None) -> str:
    """What people call an attribute; empty for none."""
    return "" if attribute is None else (attribute.label or attribute.name.replace("_", " "))


def spoken_values(limit: Limit, attribute: Attribute | None, knowledge: float, rng: random.Random) -> str:
    """The labels of a limit as people say them: common words small, now and then a synonym by those who know some."""
    return " or ".join(_value(value, attribute, knowledge, rng) for value in limit.values)


def _value(value: str, attribute: Attribute | None, knowledge: float, rng: random.Random) -> str:
    if attribute is None or attribute.person:
        return value
    others = _own_synonyms(attribute).get(value, ())
    if others and rng.random() < 0.4 * knowledge:
        return others[0]
    plain = all(is_english(fold(w)) and (w.islower() or w.istitle()) for w in value.replace("-", " ").split())
    return value.lower() if plain else value


def an_or_a(word: str) -> str:
    """The article in front of a word, by its first letters."""
    return "an" if _VOWELLED.match(word.lower()) else "a"


def is_adjective(value: str) -> bool:
    """Whether labels are sure to be adjectives, by their ending; of most words nobody can tell."""
    return all(len(v.strip()) > 4 and v.strip().endswith(_ADJECTIVES) for v in value.split(" or "))


def before_noun(value: str, noun: str, nouns: str, wanted: str) -> str:
    """Labels in front of one of the catalogue's nouns, which is not said twice: "puzzle games", "short stories".

    Args:
        value: the labels.
        noun: one item.
        nouns: several items.
        wanted: which of the two is to be said.
    """
    for last in (nouns, noun):
        if value.lower() == last.lower():
            return wanted
        if value.lower().endswith(f" {last.lower()}"):
            return f"{value[: -len(last)]}{wanted}"
    return f"{value} {wanted}"


def stands_alone(phrase: str) -> bool:
    """Whether a role or range may stand behind "is": "made in Norway" may, "with …" and "starring …" may not."""
    first = phrase.split()[0]
    return first != "with" and not first.endswith("ing")


def roles_of(attribute: Attribute | None) -> tuple[str, ...]:
    """How a label stands to an item in words, as "{value}" with its preposition: "made by {value}"; none where unknown."""
    return () if attribute is None else tuple(dict.fromkeys(_roles(attribute)))


def _roles(attribute: Attribute) -> Iterator[str]:
    for word in sorted(attribute.also, key=lambda w: not w.endswith("ing")):
        first = word.split()[0]
        if word.endswith(_LEADING_TO):
            if not first.endswith("s"):
                yield f"{word} {{value}}"
        elif attribute.person and " " not in word and word.endswith("ing"):
            yield f"{word} {{value}}"
            return
        elif attribute.person and " " not in word and word.endswith(("ed", "en", "made")):
            yield f"{word} by {{value}}"
    if attribute.person:
        yield "by {value}"


def spoken_bounds(
    limit: Limit, attribute: Attribute, templates: Mapping[str, list[str]], rng: random.Random
) -> list[str]:
    """Ways to say the range of a limit: "under 2 hours", "from the 90s", "with a rating of at least 8".

    Args:
        limit: with one range.
        attribute: a number or date.
        templates: the `bounds` of the phrases.
        rng: chooses how the number itself is said.
    """
    bounds = limit.ranges[0]
    if attribute.kind == "date":
        return _years(bounds, templates, rng)
    if attribute.measure == "price" and bounds.low is None and bounds.high == 0:
        return ["free", "for free"]
    if bounds.low is not None and bounds.high is not None:
        low, high = number_of(bounds.low, attribute, rng), number_of(bounds.high, attribute, rng)
        if attribute.measure == "age":
            return [t.format(low=low, high=high) for t in templates["age_between"]]
        said = [t.format(low=low, high=high) for t in templates["between"]]
    else:
        side = ("high_" if bounds.low is None else "low_") + _openness(bounds)
        number = number_of((bounds.high if bounds.low is None else bounds.low) or 0.0, attribute, rng)
        family = "long" if attribute.measure in ("duration", "length") else attribute.measure or ""
        own = [_filled(t, number, attribute) for t in templates.get(f"{family}_{side}", ())]
        said = [t.format(n=number) for t in templates[side]]
        if attribute.measure in ("rating", "players", "age") and own:
            return own
        said += own
    if attribute.unit or attribute.measure == "price":
        return said
    return [_filled(t, "", attribute).replace("{bound}", s) for s in said for t in templates["labelled"][:1]]


def _openness(bounds: Range) -> str:
    return "open" if (bounds.open_high if bounds.low is None else bounds.open_low) else "closed"


def _filled(template: str, number: str, attribute: Attribute) -> str:
    """A template with its number and label; "a" before a vowel becomes "an"."""
    label = label_of(attribute)
    for blank, word in (("{n}", number), ("{label}", label)):
        template = template.replace(f" a {blank}", f" {an_or_a(word)} {word}").replace(blank, word)
    return template


def spoken_span(limit: Limit, attribute: Attribute | None) -> str:
    """A span of years as a noun: "the 1990s", "2000 to 2009"; empty for any other range."""
    bounds = limit.ranges[0]
    if attribute is None or attribute.kind != "date" or bounds.low is None or bounds.high is None:
        return ""
    first, last = _first_and_last(bounds.low, bounds.high, bounds)
    return f"the {first}s" if _is_decade(first, last) else f"{first} to {last}"


def number_of(number: float, attribute: Attribute, rng: random.Random) -> str:
    """A number with its unit as people write it: "2 hours", "$20", "300 pages"."""
    plain = f"{number:.0f}" if number == round(number) else f"{number:.4f}".rstrip("0")
    if attribute.measure == "duration" and attribute.unit == "min" and number >= 30 and number % 30 == 0:
        hours = number / 60
        words = _HOURS.get(int(number), f"{hours:g} hours")
        return words if rng.random() < 0.7 else f"{plain} {rng.choice(('min', 'minutes'))}"
    if attribute.unit in _MONEY:
        return rng.choice(_MONEY[attribute.unit]).format(n=plain)
    if attribute.measure == "age":
        return plain
    unit = _UNITS.get(attribute.unit, attribute.unit)
    if number == 1 and unit.endswith("s"):
        unit = unit[:-1]
    return f"{plain} {unit}".rstrip()


def _years(bounds: Range, templates: Mapping[str, list[str]], rng: random.Random) -> list[str]:
    """Ways to say a range of years."""
    low, high = bounds.low, bounds.high
    if low is None:
        return [t.format(year=f"{high:g}") for t in templates["before"]]
    if high is None:
        return [t.format(year=f"{low:g}") for t in templates["since"]]
    first, last = _first_and_last(low, high, bounds)
    if _is_decade(first, last):
        decade = rng.choice((f"{first % 100}s", f"{first % 100}s", f"{first}s"))
        return [t.format(decade=decade) for t in templates["decade"]]
    return [t.format(first=first, last=last) for t in templates["years"]]


def _first_and_last(low: float, high: float, bounds: Range) -> tuple[int, int]:
    return int(low), int(high) - 1 if bounds.open_high else int(high)


def _is_decade(first: int, last: int) -> bool:
    return first % 10 == 0 and last == first + 9 and 1920 <= first < 2000


@lru_cache(maxsize=512)
def _unambiguous(names: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, tuple[str, ...]]:
    """Label -> other words that stand for it alone, are short and no plural."""
    taken: dict[str, int] = {}
    for label, others in names:
        for word in {fold(o) for o in (label, *others)}:
            taken[word] = taken.get(word, 0) + 1
    return {
        label: tuple(o for o in others if taken[fold(o)] == 1 and " " not in o and not o.endswith("s") and len(o) > 2)
        for label, others in names
    }


def _own_synonyms(attribute: Attribute) -> dict[str, tuple[str, ...]]:
    return _unambiguous(tuple(attribute.synonyms.items()))
