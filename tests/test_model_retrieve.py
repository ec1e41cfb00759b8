from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.model.retrieve import ROUNDS, retrieve
from convrec.agents.retrieve import Retrieved, allowed_mask
from convrec.agents.retrieve import retrieve as retrieve_built_in
from convrec.agents.state import Preference, Understanding, Wish
from convrec.tools.errors import AnswerError
from convrec.tools.index import Index
from convrec.tools.limits import Limit
from convrec.tools.scripted_chat import ScriptedChat
from convrec.tools.toolbox import make_tools
from model_stage import block, chat, handle, numbers, prompts, step, turn
from talk_stage import index_of, labelled

REQUEST = Understanding(act="request")
GREEN = Wish(preferences=(labelled("kind", "green"),))
CAMPFIRES = Wish(preferences=(Preference(limit=Limit(attribute=None, values=("campfires",)), strength="prefer"),))

KEPT = 3
"""Calls that the agents after this one need."""


def searches(*asked: dict[str, Any], enough: bool = False) -> dict[str, Any]:
    return {"enough": enough, "searches": [{"query": "", "items": [], **a} for a in asked]}


async def found(
    model: ScriptedChat, wish: Wish, calls: int = 6, index: Index | None = None, understood: Understanding = REQUEST
) -> Retrieved:
    """What is found, where one of the turn's calls is used up already."""
    asked = handle(model, "retrieve", calls - 1)
    return await retrieve(asked, wish, understood, index or index_of("teas"), "a tea")


def allowed(wish: Wish) -> set[str]:
    mask = allowed_mask(wish.preferences, index_of("teas"), wish.barred)
    return {i.id for i, fits in zip(index_of("teas").catalogue.items, mask, strict=True) if fits}


async def test_what_is_enough_is_what_the_built_in_search_found() -> None:
    model = chat(Searches=searches(enough=True))
    plain = await retrieve_built_in(CAMPFIRES, REQUEST, index_of("teas"))
    assert (await found(model, CAMPFIRES)).candidates == plain.candidates
    assert len(model.asked) == 1


async def test_enough_ends_it_though_searches_stand_beside_it() -> None:
    model = chat(Searches=searches({"tool": "search_by_words", "query": "rice"}, enough=True))
    await found(model, CAMPFIRES)
    assert len(model.asked) == 1


async def test_the_model_searches_by_words_meaning_and_items() -> None:
    model = chat(
        Searches=[
            searches(
                {"tool": "search_by_words", "query": "cream"}, {"tool": "search_by_meaning", "query": "roasted rice"},
                {"tool": "similar_items", "items": ["c1", "c2"]}, {"tool": "popular_items"},
            ),
            searches(enough=True),
        ]
    )  # fmt: skip
    retrieved = await found(model, CAMPFIRES)
    tools = {c.item: c.tools for c in retrieved.candidates}
    assert tools["milk-oolong"]["search_by_words"] == 1
    assert "search_by_meaning" in tools["genmaicha"]
    assert any("similar_items" in t for t in tools.values())
    assert any("popular_items" in t for t in tools.values())


async def test_what_a_search_finds_comes_up_among_the_candidates_and_is_shown_in_the_next_round() -> None:
    wish = Wish(preferences=(Preference(limit=Limit(attribute=None, values=("sweet",)), strength="prefer"),))
    plain = [c.item for c in (await retrieve_built_in(wish, REQUEST, index_of("teas"))).candidates]
    asked = [
        searches(
            {"tool": "search_by_words", "query": "charcoal"}, {"tool": "search_by_meaning", "query": "charcoal brown"}
        )
    ]
    model = chat(Searches=[*asked, searches(enough=True)])
    now = [c.item for c in (await found(model, wish)).candidates]
    assert now.index("hojicha") < plain.index("hojicha")
    assert len(set(now)) == len(now)
    first, second = (list(numbers(block(p, "candidates"))) for p in prompts(model, "Searches"))
    assert first.index("Hojicha") > second.index("Hojicha")


async def test_every_tool_searches_only_what_may_be_shown() -> None:
    wish = GREEN.model_copy(update={"shown": ("sencha",), "disliked": ("hojicha",)})
    every = [
        {"tool": t.name, "query": "black smoky campfires meadow", "items": ["c1"]} for t in make_tools(index_of("teas"))
    ]
    usable = [e for e in every if e["tool"] not in ("get_item", "filter_items")]
    retrieved = await found(chat(Searches=searches(*usable)), wish)
    assert {c.item for c in retrieved.candidates} == allowed(wish) == {"gyokuro", "genmaicha"}


async def test_items_shown_before_come_where_they_are_asked_for_again() -> None:
    wish = GREEN.model_copy(update={"shown": ("sencha",)})
    again = await found(chat(), wish, understood=REQUEST.model_copy(update={"repeats": True}))
    assert "sencha" in {c.item for c in again.candidates}


async def test_a_tool_that_finds_nothing_says_why_in_the_next_round() -> None:
    model = chat(
        Searches=searches(
            {"tool": "search_by_words"}, {"tool": "similar_items"}, {"tool": "search_by_words", "query": "zzz"}
        )
    )
    retrieved = await found(model, CAMPFIRES)
    first, second = prompts(model, "Searches")
    assert first.endswith("The tools said:\n-")
    told = second.rpartition("The tools said:\n")[2].splitlines()
    assert [line.partition(":")[0] for line in told] == ["search_by_words", "similar_items", "search_by_words"]
    assert "query" in told[0]
    assert "ids" in told[1]
    assert "No teas found" in told[2]
    assert retrieved.candidates


@pytest.mark.parametrize(
    ("calls", "rounds"), [(KEPT, 0), (KEPT + 1, 0), (KEPT + 2, 1), (KEPT + 3, ROUNDS), (20, ROUNDS)]
)
async def test_there_are_as_many_rounds_as_calls_are_left_for_them(calls: int, rounds: int) -> None:
    model = chat(Searches=searches({"tool": "popular_items"}))
    retrieved = await found(model, CAMPFIRES, calls)
    assert len(model.asked) == rounds
    assert retrieved.candidates


async def test_an_answer_asked_for_twice_leaves_one_round_less() -> None:
    model = chat(Searches=["{}", searches({"tool": "popular_items"})])
    await found(model, CAMPFIRES)
    assert len(model.asked) == 2


@pytest.mark.parametrize("tool", ["get_item", "filter_items", "delete_everything", "liked_together"])
async def test_tools_that_are_not_offered_cannot_be_called(tool: str) -> None:
    with pytest.raises(AnswerError):
        await found(chat(Searches=searches({"tool": tool, "query": "x", "items": ["c1"]})), CAMPFIRES)


async def test_where_nothing_fits_no_model_is_asked() -> None:
    model = chat()
    wish = GREEN.model_copy(update={"shown": ("sencha", "gyokuro", "genmaicha", "hojicha")})
    retrieved = await found(model, wish)
    assert retrieved.candidates == []
    assert retrieved.miss is not None
    assert not model.asked


async def test_the_prompt_says_what_was_found_and_which_tools_there_are() -> None:
    model = chat()
    await found(model, GREEN)
    (prompt,) = prompts(model, "Searches")
    assert "- search_by_meaning: " in prompt
    assert "- similar_items: " in prompt
    assert "filter_items" not in prompt
    assert set(numbers(block(prompt, "candidates"))) == {"Sencha", "Gyokuro", "Genmaicha", "Hojicha"}
    assert block(prompt, "message") == "a tea"


@pytest.mark.parametrize("bad", [["{}", "{}"], "nonsense", [OSError("gone")]])
async def test_a_turn_goes_on_with_the_built_in_search(tmp_path: Path, bad: Sequence[Any]) -> None:
    understood = {"act": "request", "wants": [{"attribute": "kind", "values": ["green"], "strength": "must"}]}
    answer = await turn(tmp_path, "a green tea", chat(Understanding=understood, Searches=bad), effort="high")
    assert step(answer, "retrieve").fallback
    assert step(answer, "retrieve").brain == "built-in"
    assert len(answer.items) == 3
