"""What somebody who changes their mind says first: another label, or other years, than what they want in the end."""

import random

from ...agents.state import Preference
from ...tools.catalogue import Catalogue
from ...tools.limits import Limit, Range, describe_limit
from ..nouns import Goal
from ..sayable import sayable_of

_COMMON = 25


def other_than(preference: Preference, goal: Goal, catalogue: Catalogue, rng: random.Random) -> Preference | None:
    """A preference of the same attribute and strength that the goal does not hold; None where there is none to be had."""
    limit = preference.limit
    if limit.attribute is None or not preference.wanted:
        return None
    if limit.values:
        taken = {v for p in (preference, *goal.revealed, *goal.hidden) for v in p.limit.values}
        others = [v for v in sayable_of(catalogue).others(limit.attribute)[:_COMMON] if v not in taken]
        if not others:
            return None
        other = Limit(attribute=limit.attribute, values=(rng.choice(others),))
    else:
        bounds = limit.ranges[0]
        if catalogue.schema.attribute(limit.attribute).kind != "date" or bounds.low is None or bounds.high is None:
            return None
        known = catalogue.columns.numbers[limit.attribute].known
        by = [step for step in (-20.0, -10.0, 10.0) if known[0] <= bounds.low + step <= known[-1]]
        if not by:
            return None
        step = rng.choice(by)
        moved = Range(low=bounds.low + step, high=bounds.high + step, open_high=bounds.open_high)
        other = Limit(attribute=limit.attribute, ranges=(moved,))
    attribute = catalogue.schema.attribute(limit.attribute)
    return Preference(limit=other, strength=preference.strength, words=describe_limit(other, attribute))
