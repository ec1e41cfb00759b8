"""Whether an item satisfies a limit, with the words of the item that show it.

Attributes are judged by their values, texts by their words: a phrase is entailed where the item's title, text or labels
carry its stems, quoted as evidence. Absence from a text is never a contradiction.
"""

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .catalogue import describe_value
from .items import Item, date_as_number
from .limits import Limit
from .schema import Attribute, Schema
from .words import content_stems, fold, sentences, stem_set, words

_SPACED = re.compile(r"[A-Za-z\u00c0-\u1fff]")
"""Letters of scripts that part words by spaces."""

Label = Literal["entails", "neutral", "contradicts"]


class Entailment(BaseModel):
    """A verdict on one item and one limit.

    Attributes:
        label: entails, neutral (the item does not say) or contradicts.
        score: from -1 to 1; less than 1 for a phrase that is partly there, or a label that is not an item's first.
        evidence: quoted from the item, empty when it says nothing.
    """

    model_config = ConfigDict(frozen=True)

    label: Label
    score: float
    evidence: str = ""


UNSAID = Entailment(label="neutral", score=0.0)


def entails(item: Item, limit: Limit, schema: Schema) -> Entailment:
    """Judge an item by a limit."""
    if limit.attribute is None:
        return _phrases(item, limit, schema)
    attribute = next((a for a in schema.attributes if a.name == limit.attribute), None)
    value = item.attributes.get(limit.attribute)
    if attribute is None or value is None or value == ():
        return UNSAID
    if attribute.kind == "category" and isinstance(value, tuple):
        return _labels(value, limit, attribute)
    return _numbers(value, limit, attribute)


def _labels(value: tuple[str, ...], limit: Limit, attribute: Attribute) -> Entailment:
    wanted = {fold(v) for v in limit.values}
    shared = [v for v in value if fold(v) in wanted]
    if shared:
        salience = 1.0 / (1.0 + 0.5 * value.index(shared[0]))
        return Entailment(label="entails", score=salience, evidence=f"{_name(attribute)}: {', '.join(shared)}")
    if attribute.open:
        return UNSAID
    return Entailment(label="contradicts", score=-1.0, evidence=f"{_name(attribute)}: {', '.join(value)}")


def _numbers(value: object, limit: Limit, attribute: Attribute) -> Entailment:
    try:
        number = value if isinstance(value, float) else date_as_number(str(value))
    except ValueError:
        return UNSAID
    inside = any(r.holds(number) for r in limit.ranges)
    evidence = f"{_name(attribute)}: {describe_value(value, attribute)}"
    return Entailment(label="entails" if inside else "contradicts", score=1.0 if inside else -1.0, evidence=evidence)


def _phrases(item: Item, limit: Limit, schema: Schema) -> Entailment:
    best, most = UNSAID, 0.0
    for phrase in limit.values:
        wanted = set(content_stems(phrase))
        if not wanted:
            continue
        for passage in _passages(item, schema):
            share = len(wanted & stem_set(passage)) / len(wanted)
            if share > most:
                most = share
                best = Entailment(label="neutral", score=share / 2, evidence=passage)
            if share == 1.0:
                return Entailment(label="entails", score=1.0, evidence=passage)
    return best


def passages(item: Item, schema: Schema) -> list[str]:
    """What an item says, in quotable pieces: title, labels, sentences."""
    return list(_passages(item, schema))


def _passages(item: Item, schema: Schema) -> Iterator[str]:
    yield item.title
    for attribute in schema.attributes:
        value = item.attributes.get(attribute.name)
        if isinstance(value, tuple):
            yield from (f"{_name(attribute)}: {v}" for v in value)
        elif isinstance(value, str) and attribute.kind == "text":
            yield from sentences(value)
    yield from sentences(item.text)


def _name(attribute: Attribute) -> str:
    return attribute.label or attribute.name


def says(item: Item, quote: str, schema: Schema) -> bool:
    """Whether an item says something in these words, whatever their case, accents and punctuation."""
    facts = [describe_value(item.attributes.get(a.name), a) for a in schema.attributes]
    said = [*passages(item, schema), *facts, item.text]
    if not content_stems(quote):
        return False
    if not _SPACED.search(quote):
        # Scripts that part no words: the characters stand in a row, or they do not.
        wanted = "".join(words(quote))
        return any(wanted in "".join(words(s)) for s in said)
    wanted = " ".join(words(quote))
    return any(f" {wanted} " in f" {' '.join(words(s))} " for s in said)
