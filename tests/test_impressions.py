"""What users make of what they are shown."""

import pytest
from convrec.agents.state import Preference
from convrec.simulator.nouns import Goal, Shown
from convrec.simulator.users.impressions import Eyes, Impression, breaks, closest, misses, side_of
from convrec.tools.limits import Limit, Range
from talk_stage import index_of
from user_stage import persona, shows

TEAS = index_of("teas")
GREEN = Preference(limit=Limit(attribute="kind", values=("green",)), strength="must")
NO_SMOKE = Preference(limit=Limit(attribute="flavours", values=("smoky",)), strength="must_not")
QUICK = Preference(limit=Limit(attribute="minutes", ranges=(Range(high=2.0),)), strength="prefer")
GRASSY = Preference(limit=Limit(attribute="flavours", values=("grassy",)), strength="prefer")


def goal(**parts: object) -> Goal:
    made = Goal(id="g", persona=persona(), revealed=(GREEN, GRASSY), hidden=(NO_SMOKE, QUICK), taste={"sencha": 0.8})
    return made.model_copy(update=parts)


@pytest.mark.parametrize(
    ("preference", "item", "broken", "missed"),
    [
        (GREEN, "sencha", False, False),
        (GREEN, "keemun-hao", True, True),
        (NO_SMOKE, "hojicha", True, True),
        (NO_SMOKE, "sencha", False, False),
        (QUICK, "genmaicha", True, True),
        (QUICK, "mystery-blend", False, True),
        (GRASSY, "genmaicha", False, True),
    ],
)
def test_what_is_unknown_is_missed_but_not_broken(preference: Preference, item: str, broken: bool, missed: bool):
    thing = TEAS.catalogue.item(item)
    assert breaks(thing, preference, TEAS.catalogue) == broken
    assert misses(thing, preference, TEAS.catalogue) == missed


def test_an_item_is_seen_with_all_that_is_wrong_with_it():
    eyes = Eyes(goal(known=("genmaicha",), disliked=("assam-gold",)), TEAS.catalogue)
    sencha, hojicha, genmaicha, assam = eyes.look(
        shows(TEAS, ["sencha", "hojicha", "genmaicha", "assam-gold"]), {"hojicha"}
    )
    assert (sencha.utility, sencha.broken, sencha.unmet, sencha.known, sencha.repeated) == (0.8, (), (), "", False)
    assert (hojicha.broken, hojicha.unmet, hojicha.repeated) == ((NO_SMOKE,), (GRASSY,), True)
    assert (genmaicha.known, assam.known) == ("liked", "disliked")
    assert assam.broken == (GREEN,)
    assert [i.place for i in (sencha, hojicha, genmaicha, assam)] == [0, 1, 2, 3]


def test_an_item_of_no_catalogue_is_worth_nothing():
    turn = shows(TEAS, []).model_copy(update={"items": (Shown(id="made-up", title="Made Up"),)})
    seen = Eyes(goal(taste={"made-up": 1.0}), TEAS.catalogue).look(turn, ())[0]
    assert seen.utility == 0.0


def test_a_reason_persuades_only_if_it_speaks_of_what_is_wanted():
    def persuades(reason: str) -> bool:
        turn = shows(TEAS, []).model_copy(update={"items": (Shown(id="sencha", title="Sencha", reason=reason),)})
        return Eyes(goal(), TEAS.catalogue).look(turn, ())[0].persuades

    assert persuades("kind: green")
    assert persuades("Grassy, as you like it")
    assert not persuades("smoky")
    assert not persuades("everybody buys it")
    assert not persuades("")


def test_numbers_lie_on_one_side():
    catalogue = TEAS.catalogue

    def side(item: str, strength: str, **bounds: float) -> str:
        limit = Limit(attribute="minutes", ranges=(Range(**bounds),))
        return side_of(catalogue.item(item), Preference(limit=limit, strength=strength), catalogue)  # type: ignore[arg-type]

    assert side("assam-gold", "must", high=3.0) == "high"
    assert side("hojicha", "must", low=3.0) == "low"
    assert side("hojicha", "must", low=2.0, high=4.0) == "low"
    assert side("assam-gold", "must_not", low=4.0) == "high"
    assert side("hojicha", "must_not", high=2.0) == "low"


def test_the_closest_breaks_nothing_and_is_new():
    def impression(place: int, **parts: object) -> Impression:
        return Impression(Shown(id=str(place), title=str(place)), place, **{"utility": 0.0, **parts})  # type: ignore[arg-type]

    broken, known, plain, better = (
        impression(0, broken=(GREEN,), utility=0.9),
        impression(1, known="liked"),
        impression(2, unmet=(GRASSY,)),
        impression(3),
    )
    assert closest([broken, known, plain, better]) is better
    assert closest([broken, known]) is None
