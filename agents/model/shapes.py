"""What a model may answer: every field bounded, nothing extra, what it points at by number, as an enum.

A shape depends on how many things there are to point at, not on what they are, so that servers compile few grammars;
the numbers (c1, w2 …) are turned into ids by code, and an id that is not there cannot be said.

Servers without grammars let models miss the schema by little: a number that is no text, a text that is too long, one
value in place of a list, null for "none". What is meant is clear then, and is read so; the schema says none of it.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, create_model, model_validator

from ..state import Act, Feeling, Strength

_UNSAYABLE = re.compile(r'["\\\x00-\x1f]+')
_DIGITS = re.compile(r"(-?\d+)(\.\d{1,3})?")


def _text(said: Any, longest: int) -> Any:
    """A text of so many characters at most, in one line and without quotation marks."""
    if isinstance(said, (int, float)) and not isinstance(said, bool):
        said = f"{said:.10g}"
    return _UNSAYABLE.sub(" ", said).strip()[:longest] if isinstance(said, str) else said


def _digits(said: Any) -> Any:
    """The first number of a text, without its unit and what parts its thousands; empty where there is none."""
    if isinstance(said, bool) or not isinstance(said, (int, float, str)):
        return said
    written = f"{said:.3f}" if isinstance(said, float) else str(said)
    found = _DIGITS.search(re.sub(r"(?<=\d)[,_](?=\d{3})", "", written))
    return found.group() if found else ""


def _percent(said: Any) -> Any:
    """A share in hundredths, 1 to 100: 0.9 is 90."""
    if isinstance(said, bool) or not isinstance(said, (int, float)):
        return said
    return min(max(round(said * 100 if isinstance(said, float) and said <= 1 else said), 1), 100)


def _code(said: Any) -> Any:
    """A language as its two letters: "en-GB" is "en"."""
    return re.split("[-_]", said.strip().lower())[0] if isinstance(said, str) else said


def _text_of(longest: int) -> Any:
    pattern = rf'^[^"\\\x00-\x1f]{{0,{longest}}}$'
    return Annotated[str, StringConstraints(pattern=pattern), BeforeValidator(lambda said: _text(said, longest))]


# Not one pattern is longer than 128: xgrammar, which vLLM answers with, refuses longer ones.
Word, Line = _text_of(60), _text_of(120)
# The digits after the point one by one: of a bounded repetition within an optional group xgrammar 0.2 keeps no count.
Number = Annotated[str, StringConstraints(pattern=r"^(-?[0-9]{1,9}(\.[0-9][0-9]?[0-9]?)?)?$"), BeforeValidator(_digits)]
"""A plain number, or empty for none; text, because grammars cannot bound the digits of a number."""
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$"), BeforeValidator(_code)]

ABOUT_TEXT = "text"
"""What stands for the items' text at large in place of an attribute."""

_CACHED = 256


class Shape(BaseModel):
    """An answer, exactly as asked for."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, said: Any) -> Any:
        return {n: v for n, v in said.items() if v is not None} if isinstance(said, dict) else said


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
    """One of some names, in whatever case, with blanks for underscores."""
    known = {_plain(n): n for n in reversed(names)}

    def spelt(said: Any) -> Any:
        return known.get(_plain(said), said) if isinstance(said, str) and said not in names else said

    return Annotated[Literal[tuple(names) or ("none",)], BeforeValidator(spelt)]  # type: ignore[valid-type]


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def _list_of(kind: Any, most: int, least: int = 0) -> Any:
    """A list of so many; of more, the first count, and one value alone is a list of one."""

    def listed(said: Any) -> Any:
        return said[:most] if isinstance(said, list) else [said] if isinstance(said, (str, dict)) and said else said

    given = Field(min_length=least, max_length=most) if least else Field(default_factory=list, max_length=most)
    return (Annotated[list[kind], BeforeValidator(listed)], given)


def _count(said: Any) -> Any:
    """How many items to show, at most ten."""
    return min(max(said, 0), 10) if isinstance(said, int) else said


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
        strength=(_one_of(get_args(Strength)), "prefer"),
        words=(Word, ""),
        lasting=(bool, False),
    )
    of_shown = create_model("Shown", __base__=Shape, item=(_one_of(numbered("s", shown)), ...), feeling=(feeling, ...))
    of_named = create_model("Named", __base__=Shape, title=(Line, ...), feeling=(feeling, ...))
    question = create_model(
        "Asked",
        __base__=Shape,
        kind=(_one_of(("none", "fact", "why", "about", "compare")), "none"),
        attribute=(_one_of((*attributes, "")), ""),
    )
    search = create_model("Search", __base__=Shape, tool=(_one_of(("meaning", "words")), ...), query=(Line, ...))
    return create_model(
        "Understanding",
        __base__=Shape,
        language=(Language, "en"),
        act=(_one_of(get_args(Act)), ...),
        wants=_list_of(wanted, 8),
        drop=_list_of(_one_of(numbered("w", wishes)), min(wishes, 8)),
        shown=_list_of(of_shown, min(shown, 6)),
        named=_list_of(of_named, 4),
        question=(question, Field(default_factory=question)),
        count=(Annotated[int, Field(ge=0, le=10), BeforeValidator(_count)], 0),
        repeats=(bool, False),
        declined=(bool, False),
        query=(Line, ""),
        searches=_list_of(search, 3),
        facts=_list_of(Line, 3),
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
        label=(_one_of(("entails", "contradicts")), ...),
        score=(Annotated[int, Field(ge=1, le=100), BeforeValidator(_percent)], 100),
        quote=(Line, ...),
    )
    most = min(2 * candidates, 40) if wishes else 0
    return create_model(
        "Judgement", __base__=Shape, verdicts=_list_of(verdict, most), best=_list_of(item, min(candidates, 8))
    )


@lru_cache(_CACHED)
def order_shape(candidates: int, most: int) -> type[Shape]:
    """The best candidates in order."""
    return create_model("Order", __base__=Shape, best=_list_of(_one_of(numbered("c", candidates)), most, 1))


@lru_cache(_CACHED)
def elimination_shape(candidates: int, most: int) -> type[Shape]:
    """The worst candidates, the worst first."""
    return create_model("Elimination", __base__=Shape, worst=_list_of(_one_of(numbered("c", candidates)), most, 1))


@lru_cache(_CACHED)
def summaries_shape(candidates: int) -> type[Shape]:
    """One line on each candidate."""
    one = create_model("Summary", __base__=Shape, item=(_one_of(numbered("c", candidates)), ...), summary=(Line, ...))
    return create_model("Summaries", __base__=Shape, summaries=_list_of(one, candidates))


@lru_cache(_CACHED)
def question_shape(questions: int) -> type[Shape]:
    """Which question to ask, and its words."""
    which = _one_of(numbered("q", questions))
    return create_model("Question", __base__=Shape, question=(which, ...), sentences=_list_of(Line, 3, 1))


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


@lru_cache(_CACHED)
def relations_shape(new: int, known: int) -> type[Shape]:
    """How what was told stands to what is remembered."""
    relation = create_model(
        "Relation",
        __base__=Shape,
        new=(_one_of(numbered("n", new)), ...),
        does=(_one_of(("adds", "repeats", "replaces", "passes")), ...),
        memory=(_one_of((*numbered("m", known), "")), ""),
        text=(Line, ""),
    )
    return create_model("Relations", __base__=Shape, relations=_list_of(relation, new))
