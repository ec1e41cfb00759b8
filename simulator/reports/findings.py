"""What the plots of a report need to know of one system, gathered dialogue by dialogue in one pass."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..metrics.dialogues import lists_shown, pass_all, success_by_turn
from ..metrics.statistics import bootstrap_interval
from ..nouns import Dialogue, Estimate
from .outcomes import Outcome, outcome_of
from .telling import Telling


@dataclass
class Spread:
    """Numbers that went by: how many, their mean and its interval, without keeping them."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """One more number. The mean and the squares are updated as in Welford (1962)."""
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self.squares += step * (value - self.mean)

    def estimate(self) -> Estimate:
        """The mean with its 95% interval by the normal approximation."""
        spread = math.sqrt(self.squares / (self.count - 1) / self.count) if self.count > 1 else 0.0
        return Estimate(value=self.mean, low=self.mean - 1.96 * spread, high=self.mean + 1.96 * spread, n=self.count)


@dataclass
class Findings:
    """One system.

    Attributes:
        label: what the report calls it.
        outcomes: how each dialogue went, also those that do not count.
        utilities: the hidden utility of the items shown, by turn, from the first; of dialogues that count.
        telling: the dialogues that are worth reading.
    """

    label: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    utilities: defaultdict[int, Spread] = field(default_factory=lambda: defaultdict(Spread))
    telling: Telling = field(default_factory=Telling)

    def add(self, dialogue: Dialogue) -> None:
        """Look at one more dialogue."""
        self.outcomes.append(outcome_of(dialogue))
        self.telling.add(dialogue)
        if dialogue.counts:
            for turn, shown in enumerate(lists_shown(dialogue), 1):
                for item in shown:
                    self.utilities[turn].add(dialogue.goal.utility(item.id))

    @property
    def counted(self) -> list[Outcome]:
        """The outcomes that count."""
        return [o for o in self.outcomes if o.counts]

    @property
    def decided(self) -> list[Outcome]:
        """The outcomes that count and are a success or a failure."""
        return [o for o in self.outcomes if o.decided]

    def success_by_turn(self, turns: int) -> list[float]:
        """The share of dialogues about possible goals that had succeeded by each turn, up to the last of `turns`."""
        ended = [o.turns if o.success else None for o in self.decided if o.possible]
        return success_by_turn(ended, turns) if ended else []

    def success_by_persona(self, seed: int = 0) -> Mapping[str, Estimate]:
        """The success rate with each kind of user, with intervals over goals."""
        of_persona: defaultdict[str, list[Outcome]] = defaultdict(list)
        for outcome in self.decided:
            of_persona[outcome.persona].append(outcome)
        return {name: _over_goals(some, [float(o.success) for o in some], seed) for name, some in of_persona.items()}

    def failures(self) -> Counter[str]:
        """How often it failed in which way: the ending, and what the user did last before it."""
        return Counter(way_of_failing(o) for o in self.decided if not o.success)

    def success_rate(self, seed: int = 0) -> Estimate:
        """The success rate, with its interval over goals."""
        return _over_goals(self.decided, [float(o.success) for o in self.decided], seed)

    def cost(self, what: str, seed: int = 0) -> Estimate:
        """The mean `calls`, `tokens` or `seconds` of a dialogue, with its interval over goals."""
        return _over_goals(self.counted, [float(getattr(o, what)) for o in self.counted], seed)

    def pass_hat(self, k: int) -> float:
        """The chance that k conversations about a goal all succeed, over goals with at least k trials; NaN without any."""
        tried: Counter[str] = Counter(o.goal for o in self.decided)
        won: Counter[str] = Counter(o.goal for o in self.decided if o.success)
        chances = [pass_all(won[goal], n, k) for goal, n in tried.items() if n >= k]
        return sum(chances) / len(chances) if chances else math.nan

    @property
    def trials(self) -> int:
        """The most conversations about one goal that count."""
        return max(Counter(o.goal for o in self.decided).values(), default=0)


def way_of_failing(outcome: Outcome) -> str:
    """How a dialogue failed, in words."""
    if outcome.ending == "accepted":
        return "accepted, not good enough" if outcome.possible else "accepted, though nothing fits"
    return f"{outcome.ending} after “{outcome.last_act}”" if outcome.last_act else outcome.ending


def _over_goals(outcomes: Sequence[Outcome], values: Sequence[float], seed: int) -> Estimate:
    """A mean with its bootstrap interval, drawn over goals, because trials of one goal are alike."""
    if not outcomes:
        return Estimate(value=math.nan, low=math.nan, high=math.nan, n=0)
    return bootstrap_interval(values, seed, clusters=[o.goal for o in outcomes])
