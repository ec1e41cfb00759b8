"""The replying agent, built-in brain: two to five sentences that name exactly the items on the cards."""

import re
from collections.abc import Sequence
from textwrap import shorten

from ..tools.index import Index
from ..tools.items import Item
from ..tools.words import content_stems, sentences, stems
from .answer import named
from .examples import openers
from .retrieve import in_words
from .state import Miss, Pick, Understanding, Wish

_LONGEST = 180
"""Characters of an item's own text in one line."""

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
    parts = [_acknowledge(understanding), _lead(picks, wish, index, few)]
    common = set.intersection(*(set(p.reason.split("; ")) for p in picks)) if len(picks) > 1 else set()
    lines = [_line(p, common, wish, index) for p in picks]
    return " ".join(part for part in parts if part) + "\n\n" + "\n".join(f"- {line}" for line in lines)


def _lead(picks: Sequence[Pick], wish: Wish, index: Index, few: bool) -> str:
    """What the picks are, and how sure it is that they fit."""
    schema = index.catalogue.schema
    one = len(picks) == 1
    noun = schema.noun if one else schema.nouns
    count = _WORDS[len(picks)] if len(picks) < len(_WORDS) else str(len(picks))
    wanted = wish_in_words(wish, index)
    if unsaid := _unsaid(picks):
        these = "this one" if one else "these"
        return (
            f"No {schema.noun} is known to fit all of it. The catalogue does not say whether {these} "
            f"{'is' if one else 'are'} {unsaid}, but {'it' if one else 'they'} may fit:"
        )
    if wanted and few:
        return f"Only {count} {noun} {'fits' if one else 'fit'} {wanted}:"
    if wanted:
        return f"{count.capitalize()} {noun} for {wanted}:"
    if wish.seeds or wish.liked:
        return f"{count.capitalize()} {noun} close to what you like:"
    return f"{count.capitalize()} {noun} to begin with:"


def _line(pick: Pick, common: set[str], wish: Wish, index: Index) -> str:
    """One item in one sentence: what it is in its own words, and what speaks for it and not for all."""
    item = index.catalogue.item(pick.item)
    hook = telling_sentence(item, wish)
    evidence = [part for part in pick.reason.split("; ") if part and (not hook or part not in common)]
    evidence = [part for part in evidence if not hook or hook[:40] not in part]
    evidence += [f"though {v.evidence}" for v in pick.verdicts if v.label == "contradicts" and v.evidence]
    reason = "; ".join(evidence)
    if hook and reason:
        return f"{named(item, index)} – {hook} ({reason})."
    return f"{named(item, index)} – {hook or reason}." if hook or reason else f"{named(item, index)}."


def telling_sentence(item: Item, wish: Wish) -> str:
    """The sentence of an item's text that shares most with the wish, the first where none does; shortened, no full stop."""
    found = sentences(item.text)
    if not found:
        return ""
    wanted = {s for p in wish.preferences if p.wanted for v in p.limit.values for s in content_stems(v)}
    best = max(found[:6], key=lambda sentence: len(wanted & set(stems(sentence))))
    return shorten(best, width=_LONGEST, placeholder=" …").rstrip(".")


def wish_in_words(wish: Wish, index: Index) -> str:
    """What is wanted and not wanted, in a few words: "funny, France, 1990-1999, not Horror"."""
    wanted = [in_words(p, index) for p in wish.preferences if p.wanted]
    unwanted = [in_words(p, index) for p in wish.preferences if not p.wanted]
    return ", ".join([*wanted, *unwanted][:8])


def tell_miss(miss: Miss | None, wish: Wish, index: Index) -> str:
    """Nothing fits: which limit excludes most, and what would fit without it."""
    schema = index.catalogue.schema
    if miss is None:
        return (
            f"I have shown you every {schema.noun} that fits. "
            "Tell me something new about what you want, or say “start over”."
        )
    if not miss.without:
        return (
            f"No {schema.noun} here fits all of that, and dropping one limit alone would not help. "
            f"Which of these matters least: {wish_in_words(wish, index)}?"
        )
    count = f"{miss.without} {schema.nouns if miss.without > 1 else schema.noun}"
    text = (
        f"No {schema.noun} here fits all of that. "
        f"The limit that excludes most is {miss.blocking}: without it, {count} would fit."
    )
    if miss.nearest:
        *most, last = (named(index.catalogue.item(i), index) for i in miss.nearest)
        listed = f"{', '.join(most)} and {last}" if most else last
        text += f" The nearest that break only this: {listed}."
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
            return f"Good choice. Enjoy it! I have noted it and will not suggest that {noun} again."
        case "help":
            return help_text(index)
        case "smalltalk":
            return f"I can only talk about the {nouns} in this catalogue. Tell me what you like, and I will look."
        case _:
            notes = ", ".join(understanding.notes[:3])
            about = f" ({notes})" if notes else ""
            foreign = (
                " Without a language model I read English only." if notes and not re.search("[a-z]", notes) else ""
            )
            return f"I did not understand that{about}.{foreign} {help_text(index)}"


def help_text(index: Index) -> str:
    """What can be said, with words of this catalogue."""
    schema = index.catalogue.schema
    labels = [a.label or a.name for a in schema.attributes if a.shown][:4]
    return (
        f"Tell me in your own words what {schema.noun} you want, for example “{openers(index)[0]}”. "
        f"You can name {', '.join(labels)} or a {schema.noun} you liked, say what to avoid, ask about anything I show, or say “surprise me”."
    )


def _acknowledge(understanding: Understanding) -> str:
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
