"""What is left of a dialogue or a ranking when its words are forgotten: small enough to keep all of a run."""

import hashlib
from dataclasses import dataclass

from ..metrics.dialogues import turns_or_most
from ..nouns import Dialogue, Goal


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one dialogue went.

    Attributes:
        system: who was talked with.
        goal, trial, seed: what it was about, and what chance it began with.
        likeness: the same for two goals that are the same in all but their hidden taste; tells apart goals that only share an id.
        persona: the name of the user's kind.
        counts: whether it counts in metrics.
        decided: whether it also has a success or failure; dialogues that are replayed have none.
        leaked: whether the user gave a target away.
        success: whether it ended well.
        ending, last_act: how it ended, and what the user did last before taking something or leaving.
        possible: whether anything could have satisfied the user.
        turns: how often the system answered.
        turns_or_most: the same, a failure counted as all the turns that the user's patience had.
        shown, fitting: items recommended, and those of them that break nothing that the user said is binding.
        calls, tokens, seconds: what it cost, over all its turns.
    """

    system: str
    goal: str
    trial: int
    seed: int
    likeness: bytes
    persona: str
    counts: bool
    decided: bool
    leaked: bool
    success: bool
    ending: str
    last_act: str
    possible: bool
    turns: int
    turns_or_most: int
    shown: int
    fitting: int
    calls: int
    tokens: int
    seconds: float


def outcome_of(dialogue: Dialogue) -> Outcome:
    """How a dialogue went."""
    answers = [r.system for r in dialogue.rounds if r.system is not None]
    acts = [r.user.act for r in dialogue.rounds if r.user.act not in ("accept", "leave")]
    return Outcome(
        system=dialogue.system,
        goal=dialogue.goal.id,
        trial=dialogue.trial,
        seed=dialogue.seed,
        likeness=likeness(dialogue.goal),
        persona=dialogue.goal.persona.name,
        counts=dialogue.counts,
        decided=dialogue.counts and dialogue.ending != "replayed",
        leaked=dialogue.leaked,
        success=dialogue.success,
        ending=dialogue.ending,
        last_act=acts[-1] if acts else "",
        possible=dialogue.goal.possible,
        turns=dialogue.turns,
        turns_or_most=turns_or_most(dialogue),
        shown=sum(r.checks.shown for r in dialogue.rounds),
        fitting=sum(r.checks.fitting for r in dialogue.rounds),
        calls=sum(a.calls for a in answers),
        tokens=sum(a.prompt_tokens + a.completion_tokens for a in answers),
        seconds=sum(a.seconds for a in answers),
    )


def likeness(goal: Goal) -> bytes:
    """Eight bytes that are the same for goals that are the same; taste is left out, because it is long."""
    return hashlib.blake2b(goal.model_dump_json(exclude={"taste"}).encode(), digest_size=8).digest()
