"""Whether users take what they are shown."""

import random

from convrec.simulator.nouns import Goal, Shown
from convrec.simulator.users.deciding import Deciding
from convrec.simulator.users.impressions import Impression
from user_stage import persona


def deciding(**numbers: float) -> Deciding:
    goal = Goal(id="g", persona=persona(**numbers), taste={"good": 0.65, "better": 0.8, "fair": 0.55})
    return Deciding(goal, random.Random(1))


def seen(item: str, utility: float, *, persuades: bool = False) -> Impression:
    return Impression(Shown(id=item, title=item), 0, utility, persuades=persuades)


def test_the_best_of_all_that_was_shown_stays_in_hand():
    user = deciding()
    assert user.best_of([seen("poor", 0.0)]) is None
    assert user.best_of([seen("good", 0.65), seen("better", 0.8)]).shown.id == "better"  # type: ignore[union-attr]
    assert user.best_of([seen("good", 0.65)]).shown.id == "better"  # type: ignore[union-attr]
    assert user.best_of([]).shown.id == "better"  # type: ignore[union-attr]


def test_what_is_outside_the_taste_is_never_good_whatever_it_is_worth():
    assert not deciding(decisiveness=1.0, openness=1.0).good(seen("poor", 1.0, persuades=True))


def test_the_bar_is_the_users_own():
    fair = seen("fair", 0.55)
    assert deciding(decisiveness=1.0).good(fair)
    assert not deciding(decisiveness=0.0).good(seen("good", 0.65))
    assert not deciding(openness=1.0).good(fair)
    assert deciding(openness=1.0).good(seen("fair", 0.55, persuades=True))


def test_the_decided_never_hesitate_and_nobody_does_for_ever():
    assert not any(deciding(decisiveness=0.7).hesitates() for _ in range(50))
    user = deciding(decisiveness=0.0)
    assert 1 <= sum(user.hesitates() for _ in range(50)) <= 3
