"""Short messages that would help next, in words that the understanding agent reads."""

from ..tools.index import Index
from .state import Miss, Preference, Wish


def suggest(wish: Wish, index: Index) -> tuple[str, ...]:
    """Messages that would help after a recommendation."""
    ideas = ["More like the first one", "Something else"]
    limited = {p.limit.attribute for p in wish.preferences}
    if index.catalogue.schema.of_kind("date") and index.catalogue.schema.of_kind("date")[0].name not in limited:
        ideas.append("Something more recent")
    duration = index.catalogue.schema.measuring("duration") or index.catalogue.schema.measuring("length")
    if duration is not None and duration.name not in limited:
        ideas.append("Something shorter")
    return tuple(ideas)


def ways_out(miss: Miss | None, wish: Wish, index: Index) -> tuple[str, ...]:
    """Messages that drop the limit that excludes most, or any hard one where none alone does."""
    if miss is None:
        return ("start over", "surprise me")
    hard = [p for p in wish.preferences if p.hard and p.limit.attribute is not None]
    blocking = [p for p in hard if p.key == miss.key and miss.without]
    return (*(_forgetting(p, index) for p in (blocking or hard)[:3]), "start over")


def _forgetting(preference: Preference, index: Index) -> str:
    attribute = index.catalogue.schema.attribute(preference.limit.attribute or "")
    if preference.limit.values:
        return f"Forget {' or '.join(preference.limit.values)}"
    return f"Any {attribute.label or attribute.name} is fine"
