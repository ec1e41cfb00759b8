"""What a model may answer: every field bounded, nothing extra, what it points at by number, as an enum.

A shape depends on how many things there are to point at, not on what they are, so that servers compile few grammars;
the numbers (c1, w2 …) are turned into ids by code, and an id that is not there cannot be said.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from ..state import Act, Feeling, Strength

Word = Annotated[str, StringConstraints(pattern=r'^[^"\\\x00-\x1f]{0,60}$')]
Line = Annotated[str, StringConstraints(pattern=r'^[^"\\\x00-\x1f]{0,160}$')]
Sentence = Annotated[str, StringConstraints(pattern=r'^[^"\\\x00-\x1f]{0,300}$')]
Number = Annotated[str, StringConstraints(pattern=r"^(-?[0-9]{1,9}(\.[0-9]{1,3})?)?$")]
"""A plain number, or empty for none; text, because grammars cannot bound the digits of a number."""
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]

ABOUT_TEXT = "text"
"""What stands for the items' text at large in place of an attribute."""

_CACHED = 256


class Shape(BaseModel):
    """An answer, exactly as asked for."""

    model_config = ConfigDict(extra="forbid")


def numbered(mark: str, count: int) -> tuple[str, ...]:
    """The numbers that stand for so many things: c1, c2, …"""
    return tuple(f"{mark}{n}" for n in range(1, count + 1))


def chosen(mark: str, said: str, among: Sequence[Any]) -> Any | None:
    """What a number stands for; None where it stands for nothing."""
    place = said.removeprefix(mark)
    return among[int(place) - 1] if place.isdigit() and 1 <= int(place) <= len(among) else None


def all_chosen(mark: str, said: Sequence[str], among: Sequence[Any]) -> list[Any]:
    """What some numbers stand for, in their order, each once."""
    return [c for one in dict.fromkeys(said) if (c := chosen(mark, one, among)) is not None]


def _one_of(names: Sequence[str]) -> Any:
    return Literal[tuple(names) or ("none",)]  # type: ignore[valid-type]


def _list_of(kind: Any, most: int) -> Any:
    return (list[kind], Field(default_factory=list, max_length=most))


@lru_cache(_CACHED)
def understanding_shape(attributes: tuple[str, ...], wishes: int, shown: int) -> type[Shape]:
    """What a message means: see prompts/understand.md for each field."""
    feeling = _one_of((*get_args(Feeling), "asked", "none"))
    wanted = create_model(
        "Wanted",
        __base__=Shape,
        attribute=(_one_of((*attributes, ABOUT_TEXT)), ...),
        values=_list_of(Word, 6),
        low=(Number, ""),
        high=(Number, ""),
        strict=(bool, False),
        strength=(Strength, "prefer"),
        words=(Word, ""),
        lasting=(bool, False),
    )
    of_shown = create_model("Shown", __base__=Shape, item=(_one_of(numbered("s", shown)), ...), feeling=(feeling, ...))
    of_named = create_model("Named", __base__=Shape, title=(Line, ...), feeling=(feeling, ...))
    question = create_model(
        "Asked",
        __base__=Shape,
        kind=(Literal["none", "fact", "why", "about", "compare"], "none"),
        attribute=(_one_of((*attributes, "")), ""),
    )
    search = create_model("Search", __base__=Shape, tool=(Literal["meaning", "words"], ...), query=(Line, ...))
    return create_model(
        "Understanding",
        __base__=Shape,
        language=(Language, "en"),
        act=(Act, ...),
        wants=_list_of(wanted, 8),
        drop=_list_of(_one_of(numbered("w", wishes)), min(wishes, 8)),
        shown=_list_of(of_shown, min(shown, 6)),
        named=_list_of(of_named, 4),
        question=(question, Field(default_factory=question)),
        count=(int, Field(default=0, ge=0, le=10)),
        repeats=(bool, False),
        declined=(bool, False),
        query=(Line, ""),
        searches=_list_of(search, 3),
    )


@lru_cache(_CACHED)
def judgement_shape(candidates: int, wishes: int) -> type[Shape]:
    """Verdicts with quotes, and the best candidates in order."""
    item = _one_of(numbered("c", candidates))
    verdict = create_model(
        "Verdict",
        __base__=Shape,
        item=(item, ...),
        wish=(_one_of(numbered("p", wishes)), ...),
        label=(Literal["entails", "contradicts"], ...),
        score=(int, Field(default=100, ge=1, le=100)),
        quote=(Line, ...),
    )
    most = min(2 * candidates, 40) if wishes else 0
    return create_model(
        "Judgement", __base__=Shape, verdicts=_list_of(verdict, most), best=_list_of(item, min(candidates, 8))
    )


@lru_cache(_CACHED)
def order_shape(candidates: int, most: int) -> type[Shape]:
    """The best candidates in order."""
    return create_model("Order", __base__=Shape, best=_list_of(_one_of(numbered("c", candidates)), most))


@lru_cache(_CACHED)
def elimination_shape(candidates: int, most: int) -> type[Shape]:
    """The worst candidates, the worst first."""
    return create_model("Elimination", __base__=Shape, worst=_list_of(_one_of(numbered("c", candidates)), most))


@lru_cache(_CACHED)
def summaries_shape(candidates: int) -> type[Shape]:
    """One line on each candidate."""
    one = create_model("Summary", __base__=Shape, item=(_one_of(numbered("c", candidates)), ...), summary=(Line, ...))
    return create_model("Summaries", __base__=Shape, summaries=_list_of(one, candidates))


@lru_cache(_CACHED)
def question_shape(questions: int) -> type[Shape]:
    """Which question to ask, and its words."""
    which = _one_of(numbered("q", questions))
    return create_model("Question", __base__=Shape, question=(which, ...), text=(Sentence, ...))


@lru_cache(_CACHED)
def searches_shape(tools: tuple[str, ...], found: int) -> type[Shape]:
    """Whether enough was found, and what to search for if not."""
    search = create_model(
        "Search",
        __base__=Shape,
        tool=(_one_of(tools), ...),
        query=(Line, ""),
        items=_list_of(_one_of(numbered("c", found)), min(found, 3)),
    )
    return create_model("Searches", __base__=Shape, enough=(bool, ...), searches=_list_of(search, 4))
