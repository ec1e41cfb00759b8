"""What is said first by somebody who will change their mind."""

import random

from convrec.agents.state import Preference
from convrec.simulator.goals import goals_from_catalogue
from convrec.simulator.users.changing import other_than
from convrec.tools.limits import Limit, Range
from user_stage import lamps


def goal():
    return goals_from_catalogue(lamps(), 1, seed=1)[0]


def test_another_label_of_the_same_attribute_is_said_first():
    wish = Preference(limit=Limit(attribute="style", values=("gothic",)), strength="must")
    for seed in range(20):
        other = other_than(wish, goal(), lamps().catalogue, random.Random(seed))
        assert other is not None
        assert (other.limit.attribute, other.strength) == ("style", "must")
        assert other.key != wish.key
        assert other.limit.values[0] in lamps().catalogue.columns.categories["style"].values
        assert other.key not in {p.key for p in (*goal().revealed, *goal().hidden)}


def test_another_decade_is_said_first():
    decade = Range(low=1990.0, high=2000.0, open_high=True)
    wish = Preference(limit=Limit(attribute="year", ranges=(decade,)), strength="prefer")
    moved = {other_than(wish, goal(), lamps().catalogue, random.Random(n)).limit.ranges[0].low for n in range(20)}  # type: ignore[union-attr]
    assert moved == {1970.0, 1980.0, 2000.0}


def test_what_has_no_other_is_not_changed():
    catalogue = lamps().catalogue
    for wish in (
        Preference(limit=Limit(attribute="style", values=("gothic",)), strength="must_not"),
        Preference(limit=Limit(attribute="price", ranges=(Range(high=20.0),)), strength="must"),
        Preference(limit=Limit(attribute="year", ranges=(Range(low=1990.0),)), strength="must"),
        Preference(limit=Limit(attribute=None, values=("stars",)), strength="prefer"),
    ):
        assert other_than(wish, goal(), catalogue, random.Random(1)) is None
