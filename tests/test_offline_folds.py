"""Folds by dialogue: nothing of a fold is learnt from before it is ranked."""

import pytest
from convrec.simulator.offline.dialogues_file import HumanDialogue, Turn
from convrec.simulator.offline.folds import dataset_of, fold_of
from convrec.simulator.offline.nouns import Dataset
from convrec.tools.errors import InputError
from convrec.tools.items import Interaction
from talk_stage import TEA_ITEMS, TEAS

IDS = [item.id for item in TEA_ITEMS]


def dialogue(number: int, user: str = "") -> HumanDialogue:
    liked, told = IDS[number % len(IDS)], IDS[(number + 1) % len(IDS)]
    return HumanDialogue(
        id=f"talk {number}",
        user=user,
        turns=(
            Turn(speaker="seeker", text="Hello", items=(liked, "unheard of")),
            Turn(speaker="recommender", text="Try it", recommended=(told,)),
        ),
    )


def made(count: int = 40, user: str = "", **options: object) -> Dataset:
    talks = [dialogue(n, user and f"{user} {n % 3}") for n in range(count)]
    return dataset_of("talks", TEAS, TEA_ITEMS, talks, **options)  # type: ignore[arg-type]


def test_every_case_is_in_exactly_one_fold() -> None:
    folds = made().folds
    assert sorted(c.id for f in folds for c in f.cases) == sorted(f"talk {n}#1" for n in range(40))
    assert len(folds) == 5


def test_a_fold_learns_from_all_other_dialogues_and_none_of_its_own() -> None:
    for fold in made().folds:
        own = {f"dialogue {c.dialogue}" for c in fold.cases}
        learnt = {i.user for i in fold.interactions}
        assert not own & learnt
        assert len(own) + len(learnt) == 40
        assert "unheard of" not in {i.item for i in fold.interactions}


def test_what_is_given_is_learnt_from_in_every_fold() -> None:
    given = Interaction(user="elsewhere", item="sencha")
    assert all(given in fold.interactions for fold in made(interactions=[given]).folds)


def test_dialogues_of_one_user_share_a_fold() -> None:
    for fold in made(user="drinker").folds:
        users = {c.user for c in fold.cases}
        others = {c.user for other in made(user="drinker").folds for c in other.cases if other.cases != fold.cases}
        assert not users & others


def test_folds_are_the_same_in_every_run_and_differ_by_seed() -> None:
    assert [fold_of(f"talk {n}", 5) for n in range(8)] == [2, 2, 2, 3, 4, 4, 4, 4]
    assert [fold_of(f"talk {n}", 5, seed=1) for n in range(8)] != [fold_of(f"talk {n}", 5) for n in range(8)]


def test_dialogues_without_a_recommendation_are_refused() -> None:
    silent = HumanDialogue(id="d", turns=(Turn(speaker="seeker", text="Hello"),))
    with pytest.raises(InputError, match="recommends"):
        dataset_of("talks", TEAS, TEA_ITEMS, [silent])


def test_one_fold_is_refused() -> None:
    with pytest.raises(InputError, match="1 fold"):
        made(folds=1)
