"""What code finds about a system's turn: items that are not there, limits broken, repeats, replies that name others."""

import pytest
from convrec.agents.state import Preference
from convrec.simulator.checks import Heard, check_turn, diversity
from convrec.simulator.nouns import Checks, Goal, Persona, Shown, SystemTurn, UserAct, UserTurn
from convrec.tools.items import Item
from convrec.tools.limits import Limit
from convrec.tools.schema import Attribute, Schema
from talk_stage import index_of, labelled, ranged, small_index

TEAS = index_of("teas")
GOAL = Goal(id="g", persona=Persona(name="anybody"), taste={"sencha": 0.9, "assam-gold": 0.2}, floor=0.05)


def cards(*ids: str, nearest: bool = False) -> tuple[Shown, ...]:
    """Items of the teas as a system shows them."""
    return tuple(Shown(id=i, title=TEAS.catalogue.item(i).title, nearest=nearest) for i in ids)


def reply(*ids: str) -> str:
    """A reply that names them as ours do."""
    return "\n".join(["Here:", *(f"- **{TEAS.catalogue.item(i).title}**" for i in ids)])


def heard(*stated: Preference, act: UserAct = "inform", text: str = "tea, please", **said: tuple[str, ...]) -> Heard:
    """One message heard."""
    so_far = Heard()
    so_far.hear(UserTurn(text=text, act=act, stated=stated, **said))  # type: ignore[arg-type]
    return so_far


def check(turn: SystemTurn, so_far: Heard | None = None) -> Checks:
    return check_turn(turn, so_far or heard(), GOAL, TEAS)


# What is shown


def test_items_of_the_catalogue_under_their_titles_are_grounded() -> None:
    found = check(SystemTurn(reply=reply("sencha", "gyokuro"), items=cards("sencha", "gyokuro")))
    assert (found.shown, found.grounded, found.fitting, found.repeated) == (2, 2, 2, 0)


@pytest.mark.parametrize("shown", [Shown(id="", title="Dragon Tears"), Shown(id="no-such", title="Dragon Tears")])
def test_an_invented_item_is_neither_grounded_nor_fitting(shown: Shown) -> None:
    found = check(SystemTurn(reply="How about Dragon Tears or Sencha?", items=(shown, *cards("sencha"))))
    assert (found.shown, found.grounded, found.fitting, found.repeated) == (2, 1, 1, 0)
    assert found.names_exactly


def test_an_item_under_another_title_is_not_grounded() -> None:
    found = check(SystemTurn(reply="Senncha", items=(Shown(id="sencha", title="Senncha"),)))
    assert (found.shown, found.grounded, found.fitting) == (1, 0, 1)


def test_utilities_follow_the_order_shown() -> None:
    found = check(SystemTurn(reply="", items=cards("assam-gold", "sencha", "hojicha")))
    assert found.utilities == (0.2, 0.9, 0.05)


def test_near_misses_are_not_counted_as_recommended() -> None:
    turn = SystemTurn(reply=reply("sencha"), items=cards("sencha", nearest=True), nothing_fits=True)
    found = check(turn, heard(labelled("kind", "black")))
    assert (found.shown, found.grounded, found.fitting, found.utilities) == (0, 0, 0, ())
    assert found.names_exactly


# Limits


@pytest.mark.parametrize(
    ("preference", "fitting"),
    [
        (labelled("kind", "green"), 1),
        (labelled("kind", "GREEN", "white"), 1),
        (labelled("kind", "green", strength="must_not"), 2),
        (labelled("flavours", "grassy"), 3),
        (labelled("flavours", "grassy", strength="must_not"), 2),
        (ranged("minutes", high=2.0), 2),
        (ranged("minutes", high=2.0, strength="must_not"), 2),
        (labelled("kind", "green", strength="prefer"), 3),
        (labelled("kind", "green", strength="avoid"), 3),
        (Preference(limit=Limit(attribute=None, values=("mown meadow",)), strength="must_not"), 2),
        (Preference(limit=Limit(attribute=None, values=("mown meadow",)), strength="must"), 3),
    ],
)
def test_only_what_is_known_to_break_a_hard_preference_does_not_fit(preference: Preference, fitting: int) -> None:
    turn = SystemTurn(reply="", items=cards("sencha", "assam-gold", "mystery-blend"))
    assert check(turn, heard(preference)).fitting == fitting


def test_a_limit_counts_from_when_it_is_stated_until_it_is_taken_back() -> None:
    turn, limit = SystemTurn(reply="", items=cards("sencha")), labelled("kind", "black")
    so_far = heard()
    assert check(turn, so_far).fitting == 1
    so_far.hear(UserTurn(text="black, please", act="inform", stated=(limit,)))
    assert check(turn, so_far).fitting == 0
    so_far.hear(UserTurn(text="or any", act="revise", dropped=(limit.key,)))
    assert check(turn, so_far).fitting == 1


def test_a_limit_that_replaces_another_counts_alone() -> None:
    old, new = labelled("kind", "black"), labelled("kind", "green")
    so_far = heard(old)
    so_far.hear(UserTurn(text="no, green", act="revise", stated=(new,), dropped=(old.key,)))
    assert check(SystemTurn(reply="", items=cards("sencha", "assam-gold")), so_far).fitting == 1


# Repeats


def test_what_was_shown_or_turned_down_before_is_a_repeat() -> None:
    so_far = heard(rejected=("gyokuro",))
    so_far.see(SystemTurn(reply="", items=cards("sencha")))
    assert check(SystemTurn(reply="", items=cards("sencha", "gyokuro", "hojicha")), so_far).repeated == 2


def test_the_same_item_twice_in_one_turn_is_a_repeat() -> None:
    assert check(SystemTurn(reply="", items=cards("sencha", "sencha"))).repeated == 1


def test_a_near_miss_may_be_recommended_later() -> None:
    so_far = heard()
    so_far.see(SystemTurn(reply="", items=cards("sencha", nearest=True)))
    assert check(SystemTurn(reply="", items=cards("sencha")), so_far).repeated == 0


@pytest.mark.parametrize(("act", "shown", "repeated"), [("ask", 1, 0), ("accept", 1, 0), ("criticise", 2, 1)])
def test_a_card_that_answers_a_question_about_a_shown_item_is_no_repeat(
    act: UserAct, shown: int, repeated: int
) -> None:
    so_far = heard()
    so_far.see(SystemTurn(reply="", items=cards("sencha")))
    so_far.hear(UserTurn(text="how long does Sencha steep?", act=act, named=("sencha",)))
    found = check(SystemTurn(reply="**Sencha** steeps 2 min.", items=cards("sencha", "gyokuro")), so_far)
    assert (found.shown, found.repeated, len(found.utilities)) == (shown, repeated, shown)


# Replies


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("- **Sencha** – grassy.\n- **Gyokuro** – sweet.", True),
        ("Sencha is grassy, and you may like Gyokuro for its shade.", True),
        ("**Great picks!** Sencha and GYOKURO.", True),
        ("Try “Sencha” and *Gyokuro*.", True),
        ("Sencha and another one.", False),
        ("Sencha, Gyokuro and Hojicha.", False),
        ("- **Sencha**\n- **Gyokuro**\n- **Assam Gold**", False),
        ("Sencha and Gyokuro, gentler than Lapsang Souchong.", False),
        ("", False),
    ],
)
def test_a_reply_must_name_its_cards_and_no_other_item(text: str, exact: bool) -> None:
    turn = SystemTurn(reply=text, items=cards("sencha", "gyokuro"))
    assert check(turn).names_exactly is exact


def test_a_reply_without_cards_may_name_nothing() -> None:
    assert check(SystemTurn(reply="What kind of tea would you like?")).names_exactly
    assert not check(SystemTurn(reply="How about Sencha?")).names_exactly


def test_what_the_user_named_may_be_named_back() -> None:
    so_far = heard(text="I like hojicha", named=("hojicha",))
    assert check(SystemTurn(reply="Close to Hojicha: Sencha.", items=cards("sencha")), so_far).names_exactly


def test_the_users_own_words_are_an_echo_even_where_they_are_a_title() -> None:
    turn = SystemTurn(reply='One tea for "silver needle":\n- **Sencha**', items=cards("sencha"))
    assert check(turn, heard(text="as light as a silver needle")).names_exactly
    assert not check(turn, heard(text="as light as a feather")).names_exactly


def test_an_echo_hides_no_longer_title() -> None:
    items = [Item(id=t, title=t) for t in ("Moonrise", "Moonrise Over Kyoto", "Tidal")]
    index = small_index("works", Schema(attributes=(Attribute(name="a", kind="text"),)), items)
    turn = SystemTurn(reply="Tidal, or Moonrise Over Kyoto.", items=(Shown(id="Tidal", title="Tidal"),))
    assert not check_turn(turn, heard(text="something like moonrise"), GOAL, index).names_exactly


def test_a_title_in_bold_counts_as_named_whatever_its_words() -> None:
    items = [Item(id=t, title=t) for t in ("It", "Tidal")]
    index = small_index("works", Schema(attributes=(Attribute(name="a", kind="text"),)), items)
    tidal = (Shown(id="Tidal", title="Tidal"),)
    assert check_turn(SystemTurn(reply="Tidal: it is quiet.", items=tidal), heard(), GOAL, index).names_exactly
    assert not check_turn(SystemTurn(reply="Tidal, or **It**.", items=tidal), heard(), GOAL, index).names_exactly


@pytest.mark.parametrize("name", ["games", "books"])
def test_every_title_is_found_where_it_stands_alone_in_bold(name: str) -> None:
    index = index_of(name)
    for item in index.catalogue.items:
        turn = SystemTurn(reply=f"Have a look:\n- **{item.title}**", items=(Shown(id=item.id, title=item.title),))
        assert check_turn(turn, heard(), GOAL, index).names_exactly, item.title
        alone = turn.model_copy(update={"items": ()})
        assert not check_turn(alone, heard(), GOAL, index).names_exactly, item.title


# Diversity


def test_diversity_is_the_mean_distance_of_pairs() -> None:
    ids = ["sencha", "gyokuro", "lapsang-souchong"]
    rows = [TEAS.vectors.matrix[TEAS.catalogue.row_of[i]] for i in ids]
    pairs = [float(rows[a] @ rows[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    assert diversity(ids, TEAS) == pytest.approx(1 - sum(pairs) / 3, abs=1e-6)


def test_the_diversity_of_one_item_is_not_known_and_of_the_same_twice_is_none() -> None:
    assert diversity(["sencha"], TEAS) is None
    assert diversity(["sencha", "sencha"], TEAS) == pytest.approx(0, abs=1e-6)
    assert check(SystemTurn(reply="", items=(*cards("sencha"), Shown(id="x", title="X")))).diversity is None
