"""What a clarifying question is about, and which of its options a user's taste would choose."""

from collections.abc import Sequence

from ...agents.state import Preference
from ...tools.catalogue import Catalogue
from ...tools.limits import Limit
from ...tools.schema import Attribute
from ...tools.words import fold, words


def asked_about(question: str, options: Sequence[str], catalogue: Catalogue) -> Attribute | None:
    """The attribute that a question asks about: named outright, by its words in a sentence, or by the options offered.

    Args:
        question: an attribute's name or label, or a question in words.
        options: the answers offered.
        catalogue: the catalogue; None where the question is about no attribute of it.
    """
    asked = fold(question).strip()
    named = [a for a in catalogue.schema.attributes if asked in (fold(a.name), fold(a.label))]
    if named:
        return named[0]
    offered = [a for a in catalogue.schema.of_kind("category") if _offers(a, options, catalogue)]
    if offered:
        return offered[0]
    said = f" {' '.join(words(question))} "
    for attribute in catalogue.schema.attributes:
        if any(f" {' '.join(words(w))} " in said for w in (attribute.label, attribute.name.replace("_", " ")) if w):
            return attribute
    for attribute in catalogue.schema.attributes:
        if any(f" {' '.join(words(w))} " in said for w in attribute.also if w):
            return attribute
    return None


def _offers(attribute: Attribute, options: Sequence[str], catalogue: Catalogue) -> bool:
    column = catalogue.columns.categories.get(attribute.name)
    return column is not None and bool(options) and sum(len(column.rows(o)) > 0 for o in options) * 2 > len(options)


def option_of_taste(
    attribute: Attribute, options: Sequence[str], items: Sequence[str], catalogue: Catalogue
) -> Preference | None:
    """The option that most of a user's items have, as a soft preference; None where half of them have none.

    Args:
        attribute: what is asked about.
        options: the answers offered.
        items: ids of items that the user likes.
        catalogue: the catalogue.
    """
    if attribute.kind != "category" or not items:
        return None
    labels = [{fold(v) for v in catalogue.items[catalogue.row_of[i]].labels(attribute.name)} for i in items]
    counts = {option: sum(fold(option) in theirs for theirs in labels) for option in options}
    best = max(counts, key=lambda o: counts[o], default="")
    if not best or 2 * counts[best] < len(labels):
        return None
    label = catalogue.columns.categories[attribute.name].label(best) or best
    return Preference(limit=Limit(attribute=attribute.name, values=(label,)), strength="prefer", words=label)
