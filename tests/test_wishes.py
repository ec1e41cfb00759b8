from convrec.agents.state import Mention, Preference, Question, Understanding, Wish
from convrec.agents.wishes import ask, drop_preference, feel, grow, must_nots, musts, show, without_gone
from convrec.tools.limits import Limit
from talk_stage import index_of, labelled, ranged

COMEDY, DRAMA = labelled("genres", "Comedy"), labelled("genres", "Drama")
FUNNY = labelled("moods", "funny", strength="prefer")


def saying(act: str = "request", **what: object) -> Understanding:
    return Understanding.model_validate({"act": act, **what})


def test_new_preferences_come_after_the_old_ones() -> None:
    wish = grow(Wish(preferences=(COMEDY,)), saying(preferences=(FUNNY,)))
    assert wish.preferences == (COMEDY, FUNNY)


def test_what_is_dropped_goes_and_what_is_said_again_stands_once() -> None:
    wish = grow(Wish(preferences=(COMEDY, FUNNY)), saying(preferences=(FUNNY, DRAMA), dropped=(COMEDY.key,)))
    assert wish.preferences == (FUNNY, DRAMA)


def test_a_reset_forgets_wishes_and_keeps_what_is_known_of_items() -> None:
    wish = Wish(
        preferences=(COMEDY,), seen=("a",), shown=("b",), seeds=("c",), liked=("c",), focus=("b",), asked=("x",)
    )
    fresh = grow(wish, saying("reset"))
    assert (fresh.preferences, fresh.seeds, fresh.focus, fresh.asked) == ((), (), (), ())
    assert (fresh.seen, fresh.shown, fresh.liked) == (("a",), ("b",), ("c",))


def test_a_newer_feeling_replaces_an_opposed_one() -> None:
    wish = feel(Wish(liked=("a",)), [Mention(item="a", feeling="disliked")])
    assert (wish.liked, wish.disliked) == ((), ("a",))
    again = feel(wish, [Mention(item="a", feeling="liked")])
    assert (again.liked, again.disliked) == (("a",), ())


def test_seen_stands_beside_any_feeling() -> None:
    wish = feel(Wish(liked=("a",)), [Mention(item="a", feeling="seen")])
    assert (wish.liked, wish.seen) == (("a",), ("a",))


def test_like_this_makes_new_seeds_and_liking_adds_to_them() -> None:
    wish = feel(Wish(seeds=("a",)), [Mention(item="b", feeling="liked")])
    assert wish.seeds == ("a", "b")
    assert feel(wish, [Mention(item="c", feeling="like_this")]).seeds == ("c",)


def test_a_disliked_item_is_no_seed() -> None:
    assert feel(Wish(seeds=("a", "b")), [Mention(item="a", feeling="disliked")]).seeds == ("b",)


def test_an_item_merely_mentioned_changes_no_feeling_and_is_what_it_means() -> None:
    wish = grow(Wish(focus=("a", "b")), saying(mentions=(Mention(item="b"),)))
    assert wish.spoken == "b"
    assert (wish.liked, wish.disliked, wish.seen, wish.seeds) == ((), (), (), ())


def test_it_is_the_item_last_asked_about() -> None:
    wish = grow(Wish(focus=("a", "b")), saying("ask", question=Question(items=("b",))))
    assert wish.spoken == "b"
    assert grow(wish, saying("thanks")).spoken == "b"


def test_what_is_spoken_of_stays_through_a_question_about_it_and_ends_with_new_cards() -> None:
    wish = grow(Wish(focus=("a", "b")), saying("ask", question=Question(items=("b",))))
    wish = grow(wish, saying("ask", question=Question(items=("b",), attribute="min_age")))
    assert wish.spoken == "b"
    assert show(wish, ["c"]).spoken is None


def test_what_was_shown_is_in_focus_and_barred() -> None:
    wish = show(show(Wish(questions_in_a_row=2, count=5), ["a", "b"]), ["c"])
    assert (wish.focus, wish.shown) == (("c",), ("a", "b", "c"))
    assert wish.barred == {"a", "b", "c"}
    assert (wish.questions_in_a_row, wish.count) == (0, None)


def test_all_that_a_user_knows_or_refuses_is_barred() -> None:
    wish = Wish(
        seen=("a",), disliked=("b",), rejected=("c",), accepted=("d",), liked=("e",), shown=("f",), seeds=("g",)
    )
    assert wish.barred == set("abcdef")


def test_a_question_waits_until_it_is_answered_or_declined() -> None:
    wish = ask(Wish(), "moods")
    assert (wish.asking, wish.asked, wish.questions_in_a_row) == ("moods", ("moods",), 1)
    assert grow(wish, saying(preferences=(FUNNY,))).asking is None
    assert grow(wish, saying("surprise", declined=True)).asking is None
    assert grow(wish, saying("ask", question=Question(items=("a",)))).asking == "moods"


def test_a_relative_limit_falls_with_a_new_example() -> None:
    older = Preference(limit=ranged("year", high=1980).limit, strength="prefer", relative=True)
    wish = Wish(preferences=(older, COMEDY), focus=("a",))
    assert grow(wish, saying(mentions=(Mention(item="z", feeling="like_this"),))).preferences == (COMEDY,)


def test_one_preference_can_be_dropped_by_its_key() -> None:
    wish = drop_preference(Wish(preferences=(COMEDY, FUNNY)), COMEDY.key)
    assert wish.preferences == (FUNNY,)
    assert drop_preference(wish, "nothing") == wish


def test_musts_and_must_nots_are_hard_and_on_attributes() -> None:
    banned, phrase = labelled("genres", "Horror", strength="must_not"), labelled("x", "y")
    phrase = phrase.model_copy(update={"limit": phrase.limit.model_copy(update={"attribute": None})})
    assert musts([COMEDY, FUNNY, banned, phrase]) == [COMEDY]
    assert must_nots([COMEDY, FUNNY, banned, phrase]) == [banned]


def test_keys_tell_preferences_apart() -> None:
    preferences = [
        COMEDY, DRAMA, FUNNY, labelled("moods", "funny"), labelled("genres", "Comedy", "Drama"), ranged("year", 1980),
        ranged("year", high=1980), ranged("runtime", 1980), labelled("genres", "Comedy", strength="must_not"),
    ]  # fmt: skip
    assert len({p.key for p in preferences}) == len(preferences)


def test_what_a_catalogue_no_longer_has_falls_out_of_a_wish() -> None:
    calm = Preference(limit=Limit(attribute=None, values=("calm",)), strength="prefer")
    wish = Wish(
        preferences=(labelled("kind", "green"), labelled("genres", "Drama"), calm),
        liked=("sencha", "gone"), shown=("gone", "hojicha"), focus=("gone",), seeds=("gone",), spoken="gone", asking="genres",
    )  # fmt: skip
    kept = without_gone(wish, index_of("teas").catalogue)
    assert [p.limit.attribute for p in kept.preferences] == ["kind", None]
    assert (kept.liked, kept.shown, kept.focus, kept.seeds) == (("sencha",), ("hojicha",), (), ())
    assert (kept.spoken, kept.asking) == (None, None)


def test_telling_of_a_taste_takes_nothing_back_though_nothing_fitted() -> None:
    wish = Wish(preferences=(COMEDY,), missed=True)
    assert grow(wish, saying("preference", mentions=(Mention(item="z", feeling="liked"),))).preferences == (COMEDY,)
    assert grow(wish, saying(mentions=(Mention(item="z", feeling="like_this"),))).preferences == ()
