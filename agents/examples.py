"""First messages that suit a catalogue, made of its own words."""

from ..tools.index import Index
from ..tools.schema import Attribute


def openers(index: Index) -> tuple[str, ...]:
    """Up to four messages that the catalogue can answer: by label, by likeness, by limit, and by surprise."""
    schema = index.catalogue.schema
    labels = [v for a in _telling(index) for v in index.catalogue.columns.categories[a.name].values[:2]][:4]
    messages: list[str] = []
    if labels:
        messages.append(f"Something {labels[0]}{_limit(index)}")
    known = _best_known(index)
    if known:
        messages.append(f"More like {known}")
    if len(labels) > 2:
        messages.append(f"I like {labels[1]}, but no {labels[2]}")
    messages.append(f"I want a {schema.noun}, but I have no idea which")
    messages.append("Surprise me")
    return tuple(messages[:4])


def _telling(index: Index) -> list[Attribute]:
    """The categories worth naming: shown, no names of people, most items covered, most general first."""
    columns = index.catalogue.columns.categories
    good = [
        a
        for a in index.catalogue.schema.of_kind("category")
        if a.shown and not a.person and columns[a.name].coverage > 0.6
    ]
    return sorted(good, key=lambda a: (a.open, len(columns[a.name].values)))[:2]


def _limit(index: Index) -> str:
    schema = index.catalogue.schema
    for measure, words in (("duration", "not too long"), ("length", "not too long"), ("price", "cheap")):
        if schema.measuring(measure):  # type: ignore[arg-type]
            return f", {words}"
    return ", not too old" if schema.of_kind("date") else ""


def _best_known(index: Index) -> str:
    popularity = index.catalogue.popularity
    if not len(popularity):
        return ""
    order = (-popularity).argsort(kind="stable")[:50]
    titles = [index.catalogue.items[int(r)].title for r in order]
    return next((t for t in titles if 8 <= len(t) <= 30), titles[0])
