"""What must always hold of an answer, checked on the answer itself whatever made it.

A pick that fails is dropped; where a model's value breaks a guarantee as a whole, the built-in brain takes that step.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

from ..tools.entailment import passages
from ..tools.errors import UnknownItemError
from ..tools.index import Index
from ..tools.words import tokens, words
from .retrieve import allowed_mask
from .state import Judged, Pick, Understanding, Wish, contradicted

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_NUMBER = re.compile(r"\d+(?:[,.\u00a0\u202f]\d+)*")


def lawful(picks: Sequence[Pick], wish: Wish, index: Index, barred: frozenset[str]) -> list[Pick]:
    """The picks that are items of the catalogue, break no hard limit, and come for the first time."""
    allowed = allowed_mask(wish.preferences, index, barred, unknown_fits=True)
    kept: dict[str, Pick] = {}
    for pick in picks:
        row = index.catalogue.row_of.get(pick.item)
        if row is not None and allowed[row] and pick.item not in kept and not contradicted(pick.verdicts):
            kept[pick.item] = pick
    return list(kept.values())


def names_exactly(reply: str, items: Iterable[str], index: Index) -> bool:
    """Whether a reply names the given items, in bold as replies do, and no others, in bold or plain."""
    ids = list(items)
    try:
        titles = {index.catalogue.item(i).title for i in ids}
    except UnknownItemError:
        return False
    return set(_BOLD.findall(reply)) == titles and names_only(reply, ids, index)


def names_only(text: str, items: Collection[str], index: Index) -> bool:
    """Whether a text names no items but the given ones, in bold or plain.

    Words that stand in what the catalogue says of those items are theirs, even where they are another item's title, if
    they are no more than a word or plainly no title there: a story may be set in a town after which another is called.
    """
    own = [index.catalogue.item(i) for i in items]
    if not set(_BOLD.findall(text)) <= {i.title for i in own}:
        return False
    plain = _BOLD.sub(" ", text)
    said = tokens(plain)
    folded = f" {' '.join(t.text for t in said)} "
    foreign = {
        title for title, ids in index.lexicon.long_titles.items() if title in folded and not ids & set(items)
    } | {
        " ".join(t.text for t in said[f.start : f.end])
        for f in index.lexicon.find(said, plain, rough=False)
        for s in f.of("item")
        if s.exact == 1.0 and not set(s.items[:1]) & set(items)
    }
    if not foreign:
        return True
    texts = [t for i in own for t in (*passages(i, index.catalogue.schema), i.text)]
    told = f" {' | '.join(' '.join(words(t)) for t in texts)} "
    titles = {" ".join(words(i.title)) for i in own}
    return all(
        name in titles or (f" {name} " in told and (" " not in name or any(name in t for t in texts)))
        for name in foreign
    )


def known_numbers(text: str, sources: Iterable[str]) -> bool:
    """Whether every number of a text stands in one of its sources: years, prices and lengths are never a model's own."""
    known = {_plain(n) for source in sources for n in _NUMBER.findall(source)}
    return all(_plain(n) in known for n in _NUMBER.findall(text))


def _plain(number: str) -> str:
    """A number without what parts its thousands, and without a fraction of zeros."""
    number = "".join(str(unicodedata.decimal(c, c)) for c in number)
    digits = re.sub(r"[,.\s](?=\d{3}(?:\D|$))", "", number).replace(",", ".")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits).lstrip("0") or "0"


def grounded(understanding: Understanding, index: Index) -> bool:
    """Whether an understanding speaks only of items and attributes that the catalogue has."""
    known = {a.name for a in index.catalogue.schema.attributes}
    attributes = {p.limit.attribute for p in understanding.preferences} - {None}
    items = {m.item for m in understanding.mentions}
    if understanding.question is not None:
        attributes |= {understanding.question.attribute} - {None}
        items |= set(understanding.question.items)
    return attributes <= known and all(i in index.catalogue.row_of for i in items)


def within(judged: Iterable[Judged], among: Collection[str]) -> list[Judged]:
    """The candidates among some ids, each once; an id that a model invents is dropped."""
    return list({j.item: j for j in judged if j.item in among}.values())
