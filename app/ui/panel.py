"""The side panel: what was understood, as chips that can be taken away."""

from collections.abc import Callable

from ...agents.state import Preference, Wish
from ...tools.limits import describe_limit
from ...tools.schema import Schema
from .icons import CROSS, PIN, SAVE
from .markup import button, hidden, safe

_STRENGTHS = {"must": "must", "must_not": "never"}


def panel_html(wish: Wish, schema: Schema, title_of: Callable[[str], str], *, said: bool = False) -> str:
    """Everything understood so far, grouped.

    Args:
        wish: what is understood.
        schema: the catalogue's attributes, for words.
        title_of: an item's title by its id.
        said: whether there is a conversation to save.
    """
    groups = [
        _preferences("You want", "wanted", [p for p in wish.preferences if p.wanted], schema),
        _preferences("You don’t want", "unwanted", [p for p in wish.preferences if not p.wanted], schema),
        _items("Liked", (*wish.accepted, *wish.liked), title_of),
        _items("Not for you", wish.disliked, title_of),
        _items("Seen", wish.seen, title_of),
    ]
    gathered = "".join(groups)
    if not gathered:
        gathered = (
            '<p class="cr-empty">Nothing yet. As we talk, what I understand gathers here, '
            "and you can take any of it away.</p>"
        )
    return (
        f'<section class="cr-panel" aria-labelledby="cr-panel-head"><h2 id="cr-panel-head">What I understood</h2>'
        f'<div class="cr-groups">{gathered}</div>{_save() if said else ""}</section>'
    )


def preference_words(preference: Preference, schema: Schema) -> str:
    """A preference as its chip says it: "genre: comedy", "under 120 min", "slow and quiet"."""
    name = preference.limit.attribute
    attribute = next((a for a in schema.attributes if a.name == name), None)
    said = describe_limit(preference.limit, attribute) or preference.words or (name or "")
    if attribute is None:
        return said
    label = attribute.label or attribute.name.replace("_", " ")
    return f"{label}: {said}"


def _preferences(heading: str, look: str, preferences: list[Preference], schema: Schema) -> str:
    return _group(heading, look, [_chip(preference, schema) for preference in preferences])


def _chip(preference: Preference, schema: Schema) -> str:
    words = preference_words(preference, schema)
    badge = _STRENGTHS.get(preference.strength, "")
    marks = f'<span class="cr-badge">{badge}</span>' if badge else ""
    if preference.memory:
        marks += '<span class="cr-known" title="You said so before; taking it away holds here only">remembered</span>'
    elif preference.lasting:
        marks += (
            f'<span class="cr-pin" title="Remembered for next time">{PIN}{hidden(" (remembered for next time)")}</span>'
        )
    said = f' title="You said: {safe(preference.words)}"' if preference.words else ""
    away = "Set aside for this conversation" if preference.memory else "Remove"
    remove = button(
        "", "drop", value=preference.key, kind="cr-remove", icon=CROSS, aria_label=f"{away}: {words}", title=away
    )
    hard = " cr-hard" if preference.hard else ""
    return f'<li class="cr-chip{hard}"{said}><span class="cr-chip-words">{safe(words)}</span>{marks}{remove}</li>'


def _items(heading: str, ids: tuple[str, ...], title_of: Callable[[str], str]) -> str:
    titles = [f'<li class="cr-item">{safe(title_of(item))}</li>' for item in dict.fromkeys(ids)]
    return _group(heading, "items", titles)


def _group(heading: str, look: str, entries: list[str]) -> str:
    if not entries:
        return ""
    return f'<div class="cr-group cr-{look}"><h3>{safe(heading)}</h3><ul>{"".join(entries)}</ul></div>'


def _save() -> str:
    files = (("Markdown", "save.markdown"), ("JSON", "save.json"))
    ways = "".join(button(name, act, kind="cr-quiet", aria_label=f"Save this talk as {name}") for name, act in files)
    return f'<div class="cr-save"><span>{SAVE}Save this talk</span>{ways}</div>'
