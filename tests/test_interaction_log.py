from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from convrec.tools import interaction_log
from convrec.tools.interaction_log import Log, Words
from convrec.tools.items import Interaction
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "ab", "Ünal", "日本", "a\nb", "", " ", "z" * 300])
INTERACTIONS = st.lists(
    st.builds(
        Interaction,
        user=NAMES,
        item=NAMES,
        value=st.sampled_from([-1.0, 0.0, 0.1, 4.5, 13883.0]),
        time=st.sampled_from([0.0, 1.5, 1260759144.0]),
    ),
    max_size=30,
)


def expected(interactions: Sequence[Interaction]) -> set[Interaction]:
    """Of several with one user, item and time the last."""
    return set({(i.user, i.item, i.time): i for i in interactions}.values())


@given(INTERACTIONS)
def test_a_log_holds_what_went_in_each_user_item_and_time_once(interactions: list[Interaction]) -> None:
    log = Log.of(interactions)
    assert set(log) == expected(interactions)
    assert len(log) == len(expected(interactions)) == len(list(log))
    assert set(log.users) == {i.user for i in interactions}
    assert set(log.ids) == {i.item for i in interactions}


@given(INTERACTIONS)
def test_a_users_own_are_found_oldest_first(interactions: list[Interaction]) -> None:
    log = Log.of(interactions)
    for user in {i.user for i in interactions}:
        theirs = log.of_user(user)
        assert set(theirs) == {i for i in expected(interactions) if i.user == user}
        assert [i.time for i in theirs] == sorted(i.time for i in theirs)
    assert log.of_user("nobody") == []


@given(INTERACTIONS, INTERACTIONS)
def test_of_two_logs_the_later_counts(before: list[Interaction], later: list[Interaction]) -> None:
    both = Log.of(before).and_also(Log.of(later))
    assert set(both) == expected([*before, *later])
    assert set(both.ids) == {i.item for i in [*before, *later]}


@given(INTERACTIONS, NAMES)
def test_a_user_taken_out_leaves_the_others_and_no_name_behind(interactions: list[Interaction], user: str) -> None:
    rest = Log.of(interactions).without(user)
    others = [i for i in interactions if i.user != user]
    assert set(rest) == expected(others)
    assert rest.counts.tolist() == Log.of(others).counts.tolist()
    assert list(rest.ids) == list(Log.of(others).ids)
    assert set(rest.ids) == {i.item for i in others}
    assert user not in list(rest.users)


@given(INTERACTIONS)
def test_items_are_counted(interactions: list[Interaction]) -> None:
    log = Log.of(interactions)
    counts = dict(zip(log.ids, log.counts.tolist(), strict=True))
    assert counts == {item: sum(i.item == item for i in expected(interactions)) for item in log.ids}


@pytest.mark.parametrize("mapped", [0, 10**9])
@pytest.mark.parametrize("interactions", [[], [Interaction(user="u", item="i", value=0.1, time=3.5)]])
def test_what_is_saved_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mapped: int, interactions: list[Interaction]
) -> None:
    monkeypatch.setattr(interaction_log, "_MAPPED", mapped)
    Log.of(interactions).save(tmp_path)
    assert list(Log.load(tmp_path)) == interactions


def test_large_files_are_mapped_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interaction_log, "_MAPPED", 0)
    Log.of([Interaction(user=f"u{n}", item=str(n % 7)) for n in range(100)]).save(tmp_path)
    log = Log.load(tmp_path)
    assert isinstance(log.value, np.memmap)
    assert isinstance(log.users.letters, np.memmap)
    assert [i.item for i in log.of_user("u93")] == ["2"]


@pytest.mark.parametrize(
    "name", ["users", "users_starts", "ids", "ids_starts", "starts", "item", "value", "time", "counts"]
)
def test_columns_that_do_not_belong_together_are_told(tmp_path: Path, name: str) -> None:
    Log.of([Interaction(user=f"u{n}", item=str(n)) for n in range(9)]).save(tmp_path)
    np.save(tmp_path / f"{name}.npy", np.load(tmp_path / f"{name}.npy")[:-1])
    with pytest.raises(ValueError, match="equally long"):
        Log.load(tmp_path)


def test_words_are_found_by_their_place_and_places_by_their_words() -> None:
    words = Words.of(["pear", "apple", "äpple", "fig", "pear"])
    assert list(words) == ["apple", "fig", "pear", "äpple"]
    assert [words.find(word) for word in words] == [0, 1, 2, 3]
    assert words.find("app") == words.find("zebra") == words.find("") == -1
    with pytest.raises(IndexError):
        _ = words[4]
