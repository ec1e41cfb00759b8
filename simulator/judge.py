"""A model that judges how satisfied a person left a dialogue, and how well that agrees with what people said themselves.

Optional: no other metric needs a model. The judge reads what was said and nothing else: not what the person was after, not
which items they liked, not which system it was; and each dialogue alone, so that no order can matter. What it answers in no
usable shape, twice, is left out and counted; it is no zero. Calls that fail are counted apart from it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

from pydantic import Field, create_model

from ..agents.model.shapes import Line, Shape
from ..agents.state import Noun, Usage
from ..prompts import data, render
from ..tools.chat import Chat
from ..tools.errors import AnswerError, ModelError
from .agreement import Agreement, agreement
from .asking import Asker
from .metrics.statistics import bootstrap_interval
from .nouns import Dialogue, Estimate, Utterance
from .offline.crsarena import read_rated_dialogues
from .satisfaction import utterances_of
from .users.replay import joined

SATISFIED = 4
"""The score from which on a person counts as satisfied: 3 is neither."""

_LONGEST, _BEGINNING, _END = 700, 8, 40
"""Characters of a message, and messages at the beginning and at the end of a dialogue, that the judge reads."""
_TOKENS = 160


Rating = create_model("Rating", __base__=Shape, reason=(Line, ...), score=(Annotated[int, Field(ge=1, le=5)], ...))
"""What the judge answers: the reason first, so that the score follows from it."""


class Judgement(Noun):
    """What the judge says of a dialogue.

    Attributes:
        score: 1 (very frustrated) to 5 (very satisfied); None where there is none.
        reason: why, in a sentence.
        parsed: whether the answer, or the second try at it, could be read.
        fault: what was wrong, where there is no score.
    """

    score: int | None = None
    reason: str = ""
    parsed: bool = True
    fault: str = ""

    @property
    def satisfied(self) -> bool | None:
        """Whether the person left satisfied; None where there is no score."""
        return None if self.score is None else self.score >= SATISFIED


class JudgeReport(Noun):
    """What the judge says of many dialogues.

    Attributes:
        judgements: one for each dialogue, in their order.
        score: the mean score of those that have one; None where none has.
        satisfied: the share of those that are satisfied.
        unparsed: dialogues left out because the answer could not be read.
        failed: dialogues left out because the call failed.
        agreement: with people's own labels, where they are given.
        usage: calls and tokens.
    """

    judgements: tuple[Judgement, ...]
    score: Estimate | None = None
    satisfied: Estimate | None = None
    unparsed: int = 0
    failed: int = 0
    agreement: Agreement | None = None
    usage: Usage = Usage()


async def judge_dialogue(dialogue: Dialogue, chat: Chat) -> Judgement:
    """What the judge says of one simulated dialogue."""
    return await judge_talk(utterances_of(dialogue), Asker(chat, "judge"))


async def judge_dialogues(
    dialogues: Sequence[Dialogue], chat: Chat, concurrency: int = 8, human: Sequence[bool] | None = None
) -> JudgeReport:
    """What the judge says of simulated dialogues.

    Args:
        dialogues: those that count; leaks and faults are the caller's to leave out.
        chat: the model that judges. It should not be the one that was judged, nor the one that played the user.
        concurrency: how many at a time.
        human: for each dialogue, whether a person found it satisfying, where one was asked.
    """
    return await judge_talks([utterances_of(d) for d in dialogues], chat, concurrency, human)


async def judge_agreement(path: Path, chat: Chat, concurrency: int = 8) -> JudgeReport:
    """What the judge says of the dialogues of CRSArena-Dial, and how well that agrees with the people who had them.

    Args:
        path: the file, `crs_arena_dial_open.json`.
        chat: the model that judges.
        concurrency: how many at a time.

    Raises:
        ImportFailedError: the file cannot be read.
    """
    rated = await asyncio.to_thread(read_rated_dialogues, path)
    return await judge_talks([d.talk for d in rated], chat, concurrency, [d.satisfied for d in rated])


async def judge_talks(
    talks: Sequence[Sequence[Utterance]], chat: Chat, concurrency: int = 8, human: Sequence[bool] | None = None
) -> JudgeReport:
    """What the judge says of dialogues of any origin; see `judge_dialogues`."""
    asker, gate = Asker(chat, "judge"), asyncio.Semaphore(concurrency)

    async def judge(talk: Sequence[Utterance]) -> Judgement:
        async with gate:
            return await judge_talk(talk, asker)

    judgements = await asyncio.gather(*map(judge, talks))
    scores = [j.score for j in judgements if j.score is not None]
    both = [(j.score, h) for j, h in zip(judgements, human or (), strict=human is not None) if j.score is not None]
    return JudgeReport(
        judgements=tuple(judgements),
        score=_mean(scores),
        satisfied=_mean([s >= SATISFIED for s in scores]),
        unparsed=sum(not j.parsed for j in judgements),
        failed=sum(j.parsed and j.score is None for j in judgements),
        agreement=agreement([s for s, _ in both], [h for _, h in both], SATISFIED) if human is not None else None,
        usage=asker.usage,
    )


async def judge_talk(talk: Sequence[Utterance], asker: Asker) -> Judgement:
    """What the judge says of one dialogue."""
    prompt = render("judge_dialogue", talk=data("talk", "\n".join(_lines(joined(talk)))))
    try:
        rating: Any = await asker.answer(prompt, Rating, _TOKENS)
    except AnswerError as fault:
        return Judgement(parsed=False, fault=str(fault))
    except ModelError as fault:
        return Judgement(fault=str(fault))
    return Judgement(score=rating.score, reason=rating.reason)


def _mean(values: Sequence[Any]) -> Estimate | None:
    return bootstrap_interval([float(v) for v in values], seed=0) if values else None


def _lines(turns: Sequence[Utterance]) -> Iterable[str]:
    """A line for each message; the middle of a very long dialogue is left out, and said to be."""
    left_out = len(turns) - _BEGINNING - _END
    for place, turn in enumerate(turns):
        if left_out > 0 and place == _BEGINNING:
            yield f"({left_out} messages left out)"
        if left_out <= 0 or not _BEGINNING <= place < _BEGINNING + left_out:
            who = "person" if turn.speaker == "seeker" else "system"
            yield f"{who}: {shorten(turn.text, _LONGEST, placeholder=' …')}"
