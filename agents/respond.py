"""The replying agent, built-in brain: two to five sentences that name exactly the items on the cards."""

import re
from collections.abc import Sequence

from ..tools.index import Index
from .answer import named
from .examples import openers
from .retrieve import in_words
from .state import Miss, Pick, Preference, Understanding, Wish
from .summarize import evidence, reason

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


async def respond(picks: Sequence[Pick], understanding: Understanding, wish: Wish, index: Index, few: bool) -> str:
    """The reply to a wish for items.

    Args:
        picks: what the cards show, best first.
        understanding: the message.
        wish: everything asked for so far.
        index: the catalogue.
        few: whether fewer fit than were asked for.
    """
    parts = [_acknowledge(understanding), _kept_in_mind(wish, index), _lead(picks, wish, index, few)]
    told = frozenset(set.intersection(*(set(evidence(p.verdicts)) for p in picks))) if len(picks) > 1 else frozenset()
    lines = [_line(p, wish, index, told) for p in picks]
    return " ".join(part for part in parts if part) + "\n\n" + "\n".join(f"- {line}" for line in lines)


def _line(pick: Pick, wish: Wish, index: Index, told: frozenset[str]) -> str:
    """One item in one sentence."""
    title = named(index.catalogue.item(pick.item), index)
    why = reason(pick.item, pick.verdicts, wish, index, told)
    return f"{title} – {why}." if why else f"{title}."


def _lead(picks: Sequence[Pick], wish: Wish, index: Index, few: bool) -> str:
    """What the picks are, and how sure it is that they fit."""
    schema = index.catalogue.schema
    one = len(picks) == 1
    noun = schema.noun if one else schema.nouns
    count = _WORDS[len(picks)] if len(picks) < len(_WORDS) else str(len(picks))
    wanted = wish_in_words(wish.own, index)
    if unsaid := _unsaid(picks):
        these = "this one" if one else "these"
        return (
            f"No {schema.noun} is known to fit all of it. The catalogue does not say whether {these} "
            f"{'is' if one else 'are'} {unsaid}, but {'it' if one else 'they'} may fit:"
        )
    if wanted and few:
        return f"Only {count} {noun} {'fits' if one else 'fit'} {wanted}:"
    if wanted and wish.seeds:
        return f"{count.capitalize()} {noun} close to what you named, for {wanted}:"
    if wanted:
        return f"{count.capitalize()} {noun} for {wanted}:"
    if wish.seeds or any("taste" in p.tools for p in picks):
        return f"{count.capitalize()} {noun} close to what you like:"
    return f"{count.capitalize()} {noun} to begin with:"


def wish_in_words(preferences: Sequence[Preference], index: Index) -> str:
    """What is wanted and not wanted, in a few words: "funny, France, 1990-1999, not Horror"."""
    wanted = [in_words(p, index) for p in preferences if p.wanted]
    unwanted = [in_words(p, index) for p in preferences if not p.wanted]
    return ", ".join([*wanted, *unwanted][:8])


def _kept_in_mind(wish: Wish, index: Index) -> str:
    """What is remembered from other talks and counts in this one, said once."""
    remembered = "" if wish.shown else wish_in_words([p for p in wish.preferences if p.memory], index)
    return f"I kept in mind what you told me before: {remembered}." if remembered else ""


def tell_miss(miss: Miss | None, wish: Wish, index: Index) -> str:
    """Nothing fits: which limit excludes most, and what would fit without it."""
    schema = index.catalogue.schema
    if miss is None:
        return (
            f"I have shown you every {schema.noun} that fits. "
            "Tell me something new about what you want, or say “start over”."
        )
    nothing = (
        "I have nothing left that fits all of that" if miss.exhausted else f"No {schema.noun} here fits all of that"
    )
    if not miss.without:
        return (
            f"{nothing}, and dropping one limit alone would not help. "
            f"Which of these matters least: {wish_in_words(wish.preferences, index)}?"
        )
    count = f"{miss.without} {schema.nouns if miss.without > 1 else schema.noun}"
    text = f"{nothing}. The limit that excludes most is {miss.blocking}: without it, {count} would fit."
    if miss.nearest:
        text += f" The nearest that break only this: {_listed(miss.nearest, index)}."
    return text


def small_talk(understanding: Understanding, wish: Wish, index: Index) -> str:
    """A reply where nothing is searched: greeting, thanks, help, a fresh start, or what could not be understood."""
    schema = index.catalogue.schema
    noun, nouns = schema.noun, schema.nouns
    match understanding.act:
        case "greet":
            return f"Hello! I help you find {nouns} among {len(index.catalogue):,}. What are you in the mood for?"
        case "thanks":
            return f"You're welcome. Tell me whenever you want another {noun}."
        case "bye":
            return f"Goodbye, and enjoy your {noun}!"
        case "reset":
            return f"All right, a fresh start. What kind of {noun} are you looking for?"
        case "accept":
            items = accepted_now(understanding)
            if not items:
                return f"Glad to hear it. Tell me which {noun} you take, and I will note it."
            return f"Good choice: {_listed(items, index)}. Enjoy! I have noted it and will not suggest it again."
        case "help":
            return help_text(index)
        case "smalltalk" if understanding.facts:
            return f"I will keep that in mind. What kind of {noun} are you looking for?"
        case "smalltalk":
            return f"I can only talk about the {nouns} in this catalogue. Tell me what you like, and I will look."
        case _:
            notes = ", ".join(understanding.notes[:3])
            about = f" ({notes})" if notes else ""
            foreign = (
                " Without a language model I read English only." if notes and not re.search("[a-z]", notes) else ""
            )
            return f"I did not understand that{about}.{foreign} {help_text(index)}"


def accepted_now(understanding: Understanding) -> tuple[str, ...]:
    """The items that a message accepts, if accepting is what it does."""
    if understanding.act != "accept":
        return ()
    return tuple(dict.fromkeys(m.item for m in understanding.mentions if m.feeling == "accepted"))


def _listed(items: Sequence[str], index: Index) -> str:
    *most, last = (named(index.catalogue.item(i), index) for i in items)
    return f"{', '.join(most)} and {last}" if most else last


def help_text(index: Index) -> str:
    """What can be said, with words of this catalogue."""
    schema = index.catalogue.schema
    labels = [a.label or a.name for a in schema.attributes if a.shown][:4]
    return (
        f"Tell me in your own words what {schema.noun} you want, for example “{openers(index)[0]}”. "
        f"You can name {', '.join(labels)} or a {schema.noun} you liked, say what to avoid, "
        "ask about anything I show, or say “surprise me”."
    )


def unknown_titles(understanding: Understanding) -> tuple[str, ...]:
    """Titles that a message names and the catalogue does not have."""
    return understanding.notes[:2] if understanding.act != "unclear" else ()


def tell_unknown(titles: Sequence[str]) -> str:
    """That the catalogue does not have some titles."""
    return f"I do not know {' or '.join(f'“{t}”' for t in titles)}."


def _acknowledge(understanding: Understanding) -> str:
    if unknown := unknown_titles(understanding):
        return tell_unknown(unknown)
    feelings = {m.feeling for m in understanding.mentions}
    if "seen" in feelings:
        return "Noted, I will leave out what you know."
    if feelings & {"disliked", "rejected"}:
        return "Understood, I will keep away from that."
    if understanding.declined:
        return "All right, I will choose."
    return ""


def _unsaid(picks: Sequence[Pick]) -> str:
    """The hard preferences that the catalogue leaves open for every pick."""
    open_ones = [{v.preference for v in p.verdicts if v.strength == "must" and v.label == "neutral"} for p in picks]
    shared = set.intersection(*open_ones) if open_ones else set()
    return " or ".join(sorted(shared))
