"""First messages that suit a catalogue, made of its own words."""

from ..tools.index import Index
from ..tools.schema import Attribute


def openers(index: Index) -> tuple[str, ...]:
    """Up to four messages that the catalogue can answer: by label, by likeness, by limit, and by surprise."""
    schema, columns = index.catalogue.schema, index.catalogue.columns.categories
    loose, strict = _telling(index, loose=True), _telling(index, loose=False)
    messages: list[str] = []
    if first := (loose or strict):
        value = columns[first.name].values[0]
        messages.append((f"Something {value}" if value.islower() else value) + _limit(index))
    if known := _best_known(index):
        messages.append(f"More like {known}")
    if strict is not None and len(columns[strict.name].values) > 1:
        wanted, unwanted = columns[strict.name].values[:2]
        messages.append(f"{wanted}, but no {unwanted}")
    messages += [f"I want a {schema.noun}, but I have no idea which", "Surprise me"]
    return tuple(messages[:4])


def _telling(index: Index, *, loose: bool) -> Attribute | None:
    """The category most worth naming, of loose labels or strict ones: shown, no names of people, most items covered."""
    columns = index.catalogue.columns.categories
    good = [
        a
        for a in index.catalogue.schema.of_kind("category")
        if a.open == loose
        and a.shown
        and not a.person
        and columns[a.name].coverage > 0.6
        and len(columns[a.name].values) > 2
    ]
    if not good:
        return None
    return max(good, key=lambda a: (a.many, -abs(len(columns[a.name].values) - 25)))


def _limit(index: Index) -> str:
    schema = index.catalogue.schema
    if schema.measuring("duration") or schema.measuring("length"):
        return ", not too long"
    if schema.measuring("price"):
        return ", cheap"
    return ", not too old" if schema.of_kind("date") else ""


def _best_known(index: Index) -> str:
    popularity = index.catalogue.popularity
    if not len(popularity):
        return ""
    order = (-popularity).argsort(kind="stable")[:50]
    titles = [index.catalogue.items[int(r)].title for r in order]
    return next((t for t in titles if 8 <= len(t) <= 30), titles[0])
