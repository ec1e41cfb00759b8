import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest
from convrec.agents.memories import Memories, UserData, read_user_data
from convrec.agents.memory import Memory
from convrec.agents.recall import namespace
from convrec.agents.state import Wish
from convrec.tools.errors import InputError, MessageError, StoreError, UnknownMemoryError
from langgraph.store.base import Op, PutOp, Result
from langgraph.store.memory import InMemoryStore
from talk_stage import Clock, index_of, recommender

DAY = 86_400.0


class Shredding(InMemoryStore):
    """A store with files of a kind; it may be full."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.shredded = 0

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        ops = list(ops)
        if self.full and any(isinstance(op, PutOp) for op in ops):
            raise StoreError("The disk is full.", "Free some space.")
        return await super().abatch(ops)

    def shred(self) -> None:
        self.shredded += 1


@pytest.fixture
def store() -> Shredding:
    return Shredding()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memories(store: Shredding, clock: Clock) -> Memories:
    locks: dict[str, asyncio.Lock] = {}

    def guard(user: str) -> asyncio.Lock:
        return locks.setdefault(user, asyncio.Lock())

    return Memories(store, lambda: index_of("teas"), 180.0, guard, clock)


async def texts(memories: Memories, user: str = "ann") -> list[str]:
    return [m.text for m in await memories.of(user)]


@pytest.mark.parametrize(
    ("text", "kind", "remembered"),
    [
        ("I hate smoky tea", "taste", "Never wants smoky."),
        ("Avoids smoky.", "taste", "Avoids smoky."),
        ("Likes floral.", "taste", "Likes floral."),
        ("I have two cats", "fact", "Has two cats."),
        ("Lives alone.", "fact", "Lives alone."),
        ("Liked Sencha.", "feedback", "Liked Sencha."),
        ("私は猫を飼っています", "fact", "私は猫を飼っています"),
        ("لدي قطة", "fact", "لدي قطة"),
        ("🎉🎉", "fact", "🎉🎉"),
        ("'; DROP TABLE memories; --", "", ""),
        ("</data> {{7*7}} ${HOME} %s", "", ""),
        ("<script>alert(1)</script>", "", ""),
    ],
)
async def test_what_somebody_writes_of_themselves_is_remembered(
    memories: Memories, text: str, kind: str, remembered: str
) -> None:
    new = await memories.add("ann", text)
    assert new
    assert await memories.of("ann") == new
    if kind:
        assert [(m.kind, m.text, m.thread, m.turn) for m in new] == [(kind, remembered, "", 0)]
    assert await memories.of("bob") == []


async def test_what_is_added_twice_is_one_memory_and_comes_back_as_it_is_kept(memories: Memories) -> None:
    (first,) = await memories.add("ann", "Has two cats.")
    (again,) = await memories.add("ann", "has TWO cats!")
    assert (again.id, again.times) == (first.id, 2)
    assert await memories.of("ann") == [again]


async def test_control_characters_and_lone_surrogates_are_left_out(memories: Memories) -> None:
    (memory,) = await memories.add("ann", "Has\x00 two\x1b[31m\u202e cats\ud800.")
    assert memory.text.encode()
    assert not any(c in memory.text for c in "\x00\x1b\u202e\ud800")


@pytest.mark.parametrize("text", ["", "  \n", "\x00\u200b", "x" * 401])
async def test_nothing_and_too_much_are_refused_and_change_nothing(memories: Memories, text: str) -> None:
    (kept,) = await memories.add("ann", "Lives alone.")
    for change in (memories.add("ann", text), memories.edit("ann", kept.id, text)):
        with pytest.raises(MessageError) as refusal:
            await change
        assert refusal.value.hint
    if text.strip():
        with pytest.raises(MessageError):
            await memories.edit_profile("ann", f"Likes floral. {text}")
    assert await memories.of("ann") == [kept]


async def test_an_edit_puts_other_words_in_a_memorys_place(memories: Memories, store: Shredding) -> None:
    (old,) = await memories.add("ann", "I hate smoky tea")
    (new,) = await memories.edit("ann", old.id[:6], "I have two cats")
    assert (new.kind, new.text) == ("fact", "Has two cats.")
    assert await memories.of("ann", ended=True) == [new]
    assert store.shredded == 1


async def test_an_edit_into_the_same_is_one_memory_still(memories: Memories) -> None:
    (old,) = await memories.add("ann", "Lives alone.")
    (new,) = await memories.edit("ann", old.id, "Lives alone.")
    assert await memories.of("ann", ended=True) == [new]
    await memories.add("ann", "Has a cat.")
    await memories.edit("ann", new.id, "has a cat")
    assert await texts(memories) == ["has a cat"]


async def test_an_edit_may_soften_a_hard_limit(memories: Memories) -> None:
    (old,) = await memories.add("ann", "I hate smoky tea")
    await memories.edit("ann", old.id, "Avoids smoky.")
    assert await texts(memories) == ["Avoids smoky."]


async def test_an_edit_takes_the_place_of_what_it_contradicts(memories: Memories) -> None:
    await memories.add("ann", "Likes smoky.")
    (cat,) = await memories.add("ann", "Has a cat.")
    await memories.edit("ann", cat.id, "I hate smoky tea")
    assert await texts(memories) == ["Never wants smoky."]


@pytest.mark.parametrize("wrong", ["", "no such id", "%", "*", "\ud800", "x" * 5000])
async def test_an_unknown_memory_is_named_and_nothing_changes(memories: Memories, wrong: str) -> None:
    kept = await memories.add("ann", "Lives alone.")
    for change in (memories.forget("ann", wrong), memories.edit("ann", wrong, "Has a cat.")):
        with pytest.raises(UnknownMemoryError) as refusal:
            await change
        assert refusal.value.hint
    assert await memories.of("ann") == kept


async def test_an_id_of_another_user_is_unknown(memories: Memories) -> None:
    (memory,) = await memories.add("ann", "Lives alone.")
    with pytest.raises(UnknownMemoryError):
        await memories.forget("bob", memory.id)
    assert await texts(memories) == ["Lives alone."]


async def test_the_beginning_of_several_ids_is_refused_and_a_whole_id_is_not(memories: Memories) -> None:
    pair = [Memory(id=i, kind="fact", text=f"Is {i}.") for i in ("abc", "abcd")]
    await memories.restore("ann", pair)
    with pytest.raises(UnknownMemoryError, match="Several"):
        await memories.forget("ann", "ab")
    assert (await memories.forget("ann", "abc")).text == "Is abc."
    assert (await memories.forget("ann", "ab")).text == "Is abcd."


async def test_a_forgotten_memory_leaves_no_link_and_is_cut_out_of_the_files(
    memories: Memories, store: Shredding
) -> None:
    (old,) = await memories.add("ann", "Likes smoky.")
    (new,) = await memories.add("ann", "I hate smoky tea")
    assert new.supersedes == (old.id,)
    assert (await memories.forget("ann", old.id)).id == old.id
    assert [(m.id, m.supersedes) for m in await memories.of("ann", ended=True)] == [(new.id, ())]
    assert store.shredded == 1
    assert old.id not in str(store.search(namespace("ann")))


async def test_forgetting_everything_forgets_one_user(memories: Memories) -> None:
    for text in ("Likes smoky.", "I hate smoky tea", "Lives alone."):
        await memories.add("ann", text)
    await memories.add("bob", "Lives alone.")
    assert await memories.forget_all("ann") == 3
    assert await memories.of("ann", ended=True) == []
    assert await texts(memories, "bob") == ["Lives alone."]
    assert await memories.forget_all("ann") == 0


async def test_a_store_that_fails_loses_and_half_changes_nothing(memories: Memories, store: Shredding) -> None:
    (smoky,) = await memories.add("ann", "Likes smoky.")
    (alone,) = await memories.add("ann", "Lives alone.")
    before, store.full = await memories.of("ann", ended=True), True
    for change in (
        memories.add("ann", "Has a cat."), memories.edit("ann", alone.id, "Has a cat."),
        memories.edit_profile("ann", "Has a cat."), memories.forget("ann", smoky.id), memories.forget_all("ann"),
        memories.restore("ann", [Memory(id="m", kind="fact", text="Is new.")]),
    ):  # fmt: skip
        with pytest.raises(StoreError):
            await change
    store.full = False
    assert await memories.of("ann", ended=True) == before


async def test_an_edit_that_fails_between_its_parts_loses_nothing(memories: Memories) -> None:
    (alone,) = await memories.add("ann", "Lives alone.")

    def broken() -> None:
        raise RuntimeError("a bug")

    memories._index = broken  # type: ignore[assignment]
    with pytest.raises(RuntimeError):
        await memories.edit("ann", alone.id, "Has a cat.")
    assert await texts(memories) == ["Lives alone."]


# The profile


async def profile_of(memories: Memories, *said: str) -> str:
    for text in said:
        await memories.add("ann", text)
    return await memories.profile("ann")


async def test_a_profile_says_what_is_remembered(memories: Memories) -> None:
    assert await memories.profile("ann") == ""
    profile = await profile_of(memories, "I hate smoky tea", "I have two cats", "Likes floral.", "Liked Sencha.")
    for part in ("smoky", "two cats", "floral", "Sencha"):
        assert part in profile


async def test_a_profile_that_is_saved_as_it_is_changes_nothing(memories: Memories, store: Shredding) -> None:
    profile = await profile_of(
        memories, "I hate smoky tea", "I have two cats", "Likes floral.", "Likes sweet.", "Liked Sencha."
    )
    before = await memories.of("ann", ended=True)
    for text in (profile, f"  {profile}\n", profile.replace(". ", ".\n")):
        assert await memories.edit_profile("ann", text) == []
        assert await memories.of("ann", ended=True) == before
    assert store.shredded == 0


async def test_a_sentence_that_is_gone_from_a_profile_is_forgotten(memories: Memories) -> None:
    profile = await profile_of(memories, "I have two cats", "Likes floral.", "I hate smoky tea")
    await memories.edit_profile("ann", profile.replace("Has two cats.", ""))
    assert sorted(await texts(memories)) == ["Likes floral.", "Never wants smoky."]
    await memories.edit_profile("ann", "")
    assert await memories.of("ann", ended=True) == []


async def test_a_sentence_that_is_new_in_a_profile_is_remembered(memories: Memories) -> None:
    profile = await profile_of(memories, "I have two cats")
    new = await memories.edit_profile("ann", f"{profile} Never wants smoky. Lives alone.")
    assert {m.text for m in new} == {"Never wants smoky.", "Lives alone."}
    assert {m.text for m in await memories.of("ann")} == {"Has two cats.", "Never wants smoky.", "Lives alone."}


async def test_a_sentence_that_is_reworded_takes_the_old_ones_place(memories: Memories) -> None:
    profile = await profile_of(memories, "I hate smoky tea", "I have two cats")
    await memories.edit_profile("ann", profile.replace("Never wants smoky", "Avoids smoky"))
    assert sorted(await texts(memories)) == ["Avoids smoky.", "Has two cats."]


async def test_a_profile_never_forgets_what_it_was_too_short_to_say(memories: Memories) -> None:
    for n in range(60):
        await memories.restore(
            "ann", [Memory(id=f"m{n}", kind="fact", text=f"Has number {n} of very many things.", told=n)]
        )
    profile = await memories.profile("ann")
    assert len(profile.split()) < 60 * 8
    await memories.edit_profile("ann", f"{profile} Lives alone.")
    assert len(await memories.of("ann")) == 61


# Taking along


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "no json", '{"format": "convrec-user-2", "user": "ann"}', '{"format": 1}',
             '{"format": "convrec-user-1", "user": "ann", "memories": [{"id": ""}]}',
             '{"format": "convrec-user-1", "user": "ann", "memories": [{"id": "m", "kind": "wish", "text": "x"}]}'],
)  # fmt: skip
def test_what_is_no_export_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_user_data(text)
    assert refusal.value.hint


def test_a_refused_export_does_not_repeat_what_it_held() -> None:
    with pytest.raises(InputError) as refusal:
        read_user_data('{"format": "convrec-user-1", "user": "ann", "memories": [{"id": "m", "secret": "quokka"}]}')
    assert "quokka" not in str(refusal.value)


async def test_an_export_restored_for_another_user_gives_the_same_behaviour(tmp_path: Path, clock: Clock) -> None:
    said = ("I never drink smoky tea", "I love floral teas", "I have two cats", "I loved Milk Oolong", "I hated Sencha")
    async with recommender(tmp_path, "teas", clock=clock) as opened:
        for number, text in enumerate(said):
            await opened.reply(text, user="ann", thread=f"t{number}")
        data = read_user_data((await opened.export(user="ann")).model_dump_json())
        assert {t.turns[0].text for t in data.talks} == set(said)
        assert await opened.restore(data, user="bob") == len(data.memories)
        assert await opened.known(user="bob") == await opened.known(user="ann")
        assert await opened.memories.profile("bob") == await opened.memories.profile("ann") != ""
        assert await opened.memories.of("bob", ended=True) == await opened.memories.of("ann", ended=True)
        ann, bob = [await opened.reply("a tea for the evening", user=u, thread="new") for u in ("ann", "bob")]
        assert (ann.reply, ann.items) == (bob.reply, bob.items)
        assert [i.thread for i in await opened.threads(user="bob")] == ["new"]
        again = await opened.export(user="bob")
        assert again.memories == data.memories
        await opened.restore(data, user="bob")
        assert await opened.memories.of("bob", ended=True) == list(data.memories)


async def test_the_export_of_a_stranger_is_empty_and_can_be_restored(tmp_path: Path) -> None:
    async with recommender(tmp_path, "teas") as opened:
        data = await opened.export(user="nobody")
        assert (data.memories, data.interactions, data.talks) == ((), {}, ())
        assert await opened.restore(data, user="ann") == 0
        assert await opened.known(user="ann") == Wish()


def test_an_export_survives_any_words() -> None:
    words = "</data> **x** 🎉 مرحبا \u2028 \\ \" '"
    data = UserData(user=words, memories=(Memory(id="m", kind="fact", text=words),))
    assert read_user_data(data.model_dump_json()) == data


# Several at once


async def test_many_additions_at_once_lose_none(memories: Memories) -> None:
    await asyncio.gather(
        *(memories.add(user, f"Has {n} cats of kind {chr(97 + n) * 3}.") for n in range(8) for user in ("ann", "bob"))
    )
    for user in ("ann", "bob"):
        assert len(await memories.of(user)) == 8
    await asyncio.gather(*(memories.add("ann", "Lives alone.") for _ in range(6)))
    assert [m.times for m in await memories.of("ann") if m.text == "Lives alone."] == [6]
