"""The answering agent, built-in brain: facts, reasons, stories and comparisons of items, from the catalogue alone."""

from collections.abc import Sequence

from ..tools.catalogue import describe_value
from ..tools.entailment import entails
from ..tools.index import Index
from ..tools.items import Item, date_as_number
from ..tools.limits import Limit
from ..tools.schema import Attribute
from ..tools.words import content_stems, sentences, stems
from .language.phrases import is_filler
from .retrieve import in_words
from .state import Question, Wish

MOST = 3
"""Items that one answer speaks of at most."""


async def answer(question: Question, wish: Wish, index: Index) -> str:
    """An answer that names each item asked about, and says plainly what the catalogue does not know."""
    items = [index.catalogue.item(i) for i in question.items[:MOST]]
    if question.kind == "compare":
        return _compare(items, question, index)
    if question.kind == "why":
        return " ".join(_why(i, wish, index) for i in items)
    if question.kind == "about":
        return " ".join(_about(i, index) for i in items)
    return " ".join(_fact(i, question, index) for i in items)


def named(item: Item, index: Index) -> str:
    """An item's title as replies write it: bold, with its year where the catalogue has one."""
    dates = index.catalogue.schema.of_kind("date")
    year = ""
    if dates and isinstance(value := item.attributes.get(dates[0].name), str):
        year = f" ({value[:4]})" if value[:4].isdigit() else ""
    return f"**{item.title}**{year}"


def _why(item: Item, wish: Wish, index: Index) -> str:
    schema = index.catalogue.schema
    judged = [(p, entails(item, p.limit, schema)) for p in wish.preferences]
    fits = [f"{in_words(p, index)} ({e.evidence})" for p, e in judged if p.wanted and e.label == "entails"]
    unsaid = [in_words(p, index) for p, e in judged if p.wanted and e.label == "neutral"]
    broken = [f"{in_words(p, index)} ({e.evidence})" for p, e in judged if p.wanted and e.label == "contradicts"]
    parts = []
    if fits:
        parts.append(f"{named(item, index)} fits what you asked for: {'; '.join(fits)}.")
    seeds = [index.catalogue.item(i) for i in (wish.seeds or wish.liked) if i != item.id][-2:]
    shared = sorted(
        {v for s in seeds for a in schema.of_kind("category") for v in set(item.labels(a.name)) & set(s.labels(a.name))}
    )[:4]
    if shared:
        parts.append(f"{'It' if parts else named(item, index)} shares {', '.join(shared)} with what you like.")
    if broken:
        parts.append(f"{'It' if parts else named(item, index)} misses {'; '.join(broken)}.")
    if unsaid and parts:
        parts.append(f"The catalogue does not say whether it is {' or '.join(unsaid[:2])}.")
    if not parts:
        known = "it is among the best known here" if _well_known(item, index) else "it came nearest to your words"
        parts.append(f"You had not told me much, so I chose {named(item, index)} because {known}.")
    return " ".join(parts)


def _well_known(item: Item, index: Index) -> bool:
    return float(index.catalogue.popularity[index.catalogue.row_of[item.id]]) > 0.6


def _about(item: Item, index: Index) -> str:
    if item.text:
        return f"{named(item, index)}: {' '.join(sentences(item.text))}"
    facts = [
        f"{a.label or a.name}: {v}"
        for a in index.catalogue.schema.attributes
        if a.shown and (v := describe_value(item.attributes.get(a.name), a))
    ]
    return f"The catalogue has no description of {named(item, index)}, only this: {'; '.join(facts)}."


def _fact(item: Item, question: Question, index: Index) -> str:
    schema = index.catalogue.schema
    attribute = schema.attribute(question.attribute) if question.attribute else None
    asked = _asked_values(question, attribute, index)
    if attribute is not None:
        value = describe_value(item.attributes.get(attribute.name), attribute)
        label = attribute.label or attribute.name
        if not value:
            return f"The catalogue does not say the {label} of {named(item, index)}."
        if asked:
            return _yes_or_no(item, attribute, asked, value, index)
        return f"The {label} of {named(item, index)}: {value}."
    passages = _passages_about(item, question.words)
    if passages:
        return f"All I know of {named(item, index)} on that: “{' '.join(passages)}”"
    return f"The catalogue does not say that of {named(item, index)}."


def _asked_values(question: Question, attribute: Attribute | None, index: Index) -> tuple[str, ...]:
    """The labels that a yes-or-no question names ("is it in French?")."""
    if attribute is None or attribute.kind != "category":
        return ()
    from ..tools.words import tokens

    found = index.lexicon.find(tokens(question.words), question.words)
    return tuple(s.value for f in found for s in f.of("value") if s.attribute == attribute.name)


def _yes_or_no(item: Item, attribute: Attribute, asked: Sequence[str], value: str, index: Index) -> str:
    verdict = entails(item, Limit(attribute=attribute.name, values=tuple(asked)), index.catalogue.schema)
    label, wanted = attribute.label or attribute.name, " or ".join(asked)
    if verdict.label == "entails":
        return f"Yes: the {label} of {named(item, index)} includes {wanted} (all of it: {value})."
    if verdict.label == "contradicts":
        return f"No: the {label} of {named(item, index)} is {value}, not {wanted}."
    return f"The catalogue does not call {named(item, index)} {wanted}; its {label}: {value}."


def _passages_about(item: Item, words: str) -> list[str]:
    wanted = {s for s in content_stems(words) if not is_filler(s)} - set(stems(item.title))
    return [s for s in sentences(item.text) if wanted & set(stems(s))][:2]


def _compare(items: Sequence[Item], question: Question, index: Index) -> str:
    schema = index.catalogue.schema
    attribute = schema.attribute(question.attribute) if question.attribute else None
    if attribute is not None and attribute.kind in ("number", "date"):
        known = [(_number(i, attribute), i) for i in items]
        told = "; ".join(
            f"{named(i, index)} {describe_value(i.attributes.get(attribute.name), attribute) or 'unknown'}"
            for i in items
        )
        label = attribute.label or attribute.name
        if any(n is None for n, _ in known):
            return f"The {label}: {told}."
        ordered = sorted(known, key=lambda pair: pair[0] or 0.0)
        if ordered[0][0] == ordered[-1][0] and len(items) > 1:
            return f"They are alike in {label}: {told}."
        extreme = ordered[0][1] if _wants_least(question.words) else ordered[-1][1]
        return f"By {label} it is {named(extreme, index)} ({told})."
    pieces = []
    for item in items:
        facts = [
            v
            for a in schema.attributes
            if a.shown and not a.person and (v := describe_value(item.attributes.get(a.name), a))
        ]
        pieces.append(f"{named(item, index)}: {', '.join(facts[:5])}.")
    return " ".join(pieces)


def _number(item: Item, attribute: Attribute) -> float | None:
    value = item.attributes.get(attribute.name)
    if isinstance(value, float):
        return value
    try:
        return date_as_number(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _wants_least(words: str) -> bool:
    least = (
        "short",
        "old",
        "cheap",
        "least",
        "lower",
        "lowest",
        "earlier",
        "earliest",
        "quick",
        "worst",
        "worse",
        "young kids",
    )
    return any(w in words.lower() for w in least)
