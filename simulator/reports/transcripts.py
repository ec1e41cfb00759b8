"""A dialogue as the page shows it to a reader: what the user was after, what was said and shown, and what code found."""

from collections.abc import Collection

from pydantic import BaseModel, ConfigDict

from ...agents.state import Preference
from ...tools.limits import describe_limit
from ..metrics.dialogues import taken
from ..nouns import Checks, Dialogue, Goal, Persona, Round, Shown, SystemTurn

_STRENGTHS = {"must": "must", "prefer": "prefers", "avoid": "avoids", "must_not": "must not"}

_LONGEST = 4_000
"""Characters of a message or a reason that are shown; the rest stands in the run's folder."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ItemView(_View):
    """An item as it was shown.

    Attributes:
        title, reason: what the system said.
        utility: how good it is for this user, from 0 to 1.
        marks: what a reader should know of it, a few words each.
        bad: whether one of the marks is a fault of the system.
    """

    title: str
    reason: str = ""
    utility: float
    marks: list[str] = []
    bad: bool = False


class RoundView(_View):
    """One exchange.

    Attributes:
        act, text: what the user did and said.
        leaks: titles of targets that the user gave away.
        answered: whether the system answered.
        reply: what it said.
        items: what it showed.
        faults: what code found wrong with the answer, a few words each.
        cost: what it took, in words.
    """

    act: str
    text: str
    leaks: list[str] = []
    answered: bool = True
    reply: str = ""
    items: list[ItemView] = []
    faults: list[str] = []
    cost: str = ""


class TranscriptView(_View):
    """One dialogue.

    Attributes:
        system, goal, trial, persona: which it is.
        ending: how it ended, in words; failures say so.
        kind: success, failure or left out.
        note: why it is left out, or why nothing could have ended well.
        person: the persona's numbers in words.
        bar: the utility from which on an item is good enough.
        revealed, hidden: what the user wants, and will say or not.
        rounds: the exchanges.
    """

    system: str
    goal: str
    trial: int = 0
    persona: str
    ending: str
    kind: str
    note: str = ""
    person: str = ""
    bar: float = 0.5
    revealed: list[str] = []
    hidden: list[str] = []
    rounds: list[RoundView] = []


def view_of(dialogue: Dialogue) -> TranscriptView:
    """A dialogue for the page."""
    goal = dialogue.goal
    gone: set[str] = set()
    rounds = []
    for exchange in dialogue.rounds:
        gone |= set(exchange.user.rejected)
        rounds.append(_round(exchange, goal, gone, taken(dialogue)))
        if exchange.system is not None:
            gone |= {i.id for i in exchange.system.items if not i.nearest}
    return TranscriptView(
        system=dialogue.system,
        goal=goal.id,
        trial=dialogue.trial,
        persona=goal.persona.name,
        ending=ending_of(dialogue),
        kind="left out" if not dialogue.counts else "success" if dialogue.success else "failure",
        note=_note(dialogue),
        person=_person(goal.persona),
        bar=round(goal.bar, 3),
        revealed=[describe_wish(p) for p in goal.revealed],
        hidden=[describe_wish(p) for p in goal.hidden],
        rounds=rounds,
    )


def ending_of(dialogue: Dialogue) -> str:
    """How it ended, in words that tell what was taken well from what was not."""
    if dialogue.ending == "accepted" and not dialogue.success:
        return "accepted, not good enough"
    if dialogue.ending in ("gave up", "out of turns") and dialogue.success:
        return "told that nothing fits"
    return dialogue.ending


def describe_wish(preference: Preference) -> str:
    """A preference in a line: how binding it is, of what, which."""
    limit = preference.limit
    what = f"{limit.attribute.replace('_', ' ')}: " if limit.attribute else ""
    return f"{_STRENGTHS[preference.strength]} · {what}{describe_limit(limit) or preference.words}"


def _note(dialogue: Dialogue) -> str:
    notes = []
    if dialogue.ending == "fault":
        notes.append(f"Left out: {dialogue.fault or 'the infrastructure failed'}.")
    elif dialogue.leaked:
        notes.append("Left out: the simulated user gave a target away.")
    if not dialogue.goal.possible:
        notes.append("Nothing in the catalogue satisfies this user; the honest answer is to say so.")
    if dialogue.attempts > 1:
        notes.append(f"Begun {dialogue.attempts} times, because the infrastructure failed.")
    return " ".join(notes)


def _person(persona: Persona) -> str:
    low = {"name", "patience"}
    numbers = [f"{name} {value:.2g}" for name, value in persona if name not in low]
    return f"patience {persona.patience} turns, {', '.join(numbers)}"


def _round(exchange: Round, goal: Goal, gone: set[str], taken_id: str) -> RoundView:
    user, answer = exchange.user, exchange.system
    said = {"act": user.act, "text": _short(user.text), "leaks": list(user.leaks)}
    if answer is None:
        return RoundView(**said, answered=False)
    return RoundView(
        **said,
        reply=_short(answer.reply),
        items=[_item(i, goal, gone if exchange.checks.repeated else frozenset(), taken_id) for i in answer.items],
        faults=_faults(exchange.checks, answer),
        cost=_cost(answer),
    )


def _item(item: Shown, goal: Goal, gone: Collection[str], taken_id: str) -> ItemView:
    repeated = item.id in gone and not item.nearest
    marks = [
        ("taken", item.id == taken_id),
        ("held out: really liked", item.id in goal.targets),
        ("near miss", item.nearest),
        ("repeated", repeated),
        ("never good enough", item.id not in goal.taste and not item.nearest),
    ]
    return ItemView(
        title=_short(item.title),
        reason=_short(item.reason),
        utility=round(goal.utility(item.id), 3),
        marks=[mark for mark, holds in marks if holds],
        bad=repeated,
    )


def _faults(checks: Checks, answer: SystemTurn) -> list[str]:
    """What code found; the checks count over the items, and do not say which."""
    everything = len(answer.items)
    faults = [
        (checks.shown - checks.fitting, f"of {checks.shown} break what the user has said is binding"),
        (everything - checks.grounded, f"of {everything} not in the catalogue under that title"),
        (checks.repeated, f"of {checks.shown} recommended or turned down before"),
    ]
    found = [f"{count} {text}" for count, text in faults if count > 0]
    if not checks.names_exactly:
        found.append("the text does not name exactly the items on the cards")
    return found


def _cost(answer: SystemTurn) -> str:
    cost = [f"{answer.seconds:.2f} s"]
    if answer.calls:
        cost.append(f"{answer.calls} calls, {answer.prompt_tokens + answer.completion_tokens:,} tokens")
    if answer.fallbacks:
        cost.append(f"{answer.fallbacks} fallbacks")
    return ", ".join(cost)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
