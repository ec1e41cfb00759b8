"""Dialogues between people in a file of our own format: read, written, and made into cases.

One dialogue stands on each line of a JSONL file:

    {"id": "d1", "user": "u7", "turns": [
        {"speaker": "seeker", "text": "Something like Assam?", "items": ["assam"]},
        {"speaker": "recommender", "text": "Try Keemun.", "recommended": ["keemun"]}]}

- `id`: unique in the file.
- `user`: optional; whose dialogue it is. Dialogues of one user are never parted by folds.
- `turns`: in order. `speaker` is `seeker` or `recommender`, `text` the words; `items` (optional) the ids of items that
  the words name, `recommended` (optional) the ids of those that the recommender suggests in this turn.

Other fields are passed over. A line that cannot be used is a fault with its number, and the others are used.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from ...agents.state import Noun
from ...tools.errors import ImportFailedError
from ...tools.files import write_text
from ...tools.reading import JSON, Fault, read_rows
from ..nouns import Utterance
from .nouns import Case


class Turn(Noun):
    """One message of a dialogue between people.

    Attributes:
        speaker: who said it.
        text: the words.
        items: ids of items that the words name.
        recommended: ids of items that the recommender suggests in it.
    """

    speaker: Literal["seeker", "recommender"]
    text: str
    items: tuple[str, ...] = ()
    recommended: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """All that it names, each once."""
        return tuple(dict.fromkeys((*self.items, *self.recommended)))


class HumanDialogue(Noun):
    """A dialogue between people.

    Attributes:
        id: unique in its file.
        user: whose it is; empty where that is not known.
        turns: the messages, oldest first.
    """

    id: str = Field(min_length=1)
    user: str = ""
    turns: tuple[Turn, ...] = Field(min_length=1)

    @field_validator("id", "user", mode="before")
    @classmethod
    def _numbers_are_names_too(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """The messages as every ranker and the replaying user take them."""
        return tuple(Utterance(speaker=t.speaker, text=t.text, items=t.named) for t in self.turns)

    @property
    def named(self) -> tuple[str, ...]:
        """Every item that it names, each once, in the order in which it comes up."""
        return tuple(dict.fromkeys(item for turn in self.turns for item in turn.named))


@dataclass(frozen=True)
class DialoguesRead:
    """What was read of a file: the dialogues that can be used, and what was wrong with the other lines."""

    dialogues: tuple[HumanDialogue, ...]
    faults: tuple[Fault, ...] = ()


def read_dialogues(path: Path) -> DialoguesRead:
    """The dialogues of a JSONL file, bad lines as faults.

    Raises:
        ImportFailedError: the file cannot be read, or no line of it can be used.
    """
    if path.suffix.lower() not in (*JSON, ".gz"):
        raise ImportFailedError(
            f"{path.name}: dialogues are read from JSONL, one dialogue a line.",
            'Each line: {"id": …, "turns": [{"speaker": "seeker", "text": …}, …]}.',
        )
    dialogues: dict[str, HumanDialogue] = {}
    faults: list[Fault] = []
    for row in read_rows(path):
        if isinstance(row, Fault):
            faults.append(row)
            continue
        try:
            dialogue = HumanDialogue.model_validate(row.cells)
        except ValidationError as error:
            faults.append(Fault(line=row.line, reason=_reason(error)))
            continue
        if dialogue.id in dialogues:
            faults.append(Fault(line=row.line, reason=f"the id {dialogue.id!r} stands on an earlier line"))
        else:
            dialogues[dialogue.id] = dialogue
    if not dialogues:
        first = f" (line {faults[0].line}: {faults[0].reason})" if faults else ""
        raise ImportFailedError(
            f"{path.name}: no line is a dialogue{first}.",
            'Each line: {"id": …, "turns": [{"speaker": "seeker", "text": …}, …]}.',
        )
    return DialoguesRead(tuple(dialogues.values()), tuple(faults))


def _reason(error: ValidationError) -> str:
    """The first thing that is wrong, for people: "turns.2.speaker: Input should be 'seeker' or 'recommender'"."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    return f"{place}: {first['msg']}"


def write_dialogues(path: Path, dialogues: Iterable[HumanDialogue]) -> None:
    """Write dialogues in this format, in one step; what is empty is left out.

    Raises:
        StoreError: the folder cannot be written.
    """
    write_text(path, "".join(f"{d.model_dump_json(exclude_defaults=True)}\n" for d in dialogues))


def cases_of(dialogues: Iterable[HumanDialogue], known: Collection[str] | None = None) -> list[Case]:
    """Every turn in which the recommender suggests something new, as a case.

    Targets are the items suggested that no earlier turn has named: without the repeats, which a system that copies the
    dialogue would be credited for (He et al., "Large language models as zero-shot conversational recommenders",
    CIKM 2023, section 4). What the same turn says besides is not shown.

    Args:
        dialogues: as read.
        known: ids in the catalogue; other targets are left out, and turns that have no other. None takes all.
    """
    cases: list[Case] = []
    for dialogue in dialogues:
        talk = dialogue.utterances
        named: dict[str, None] = {}
        for place, turn in enumerate(dialogue.turns):
            fresh = [i for i in dict.fromkeys(turn.recommended) if i not in named and (known is None or i in known)]
            if turn.speaker == "recommender" and fresh:
                cases.append(
                    Case(
                        id=f"{dialogue.id}#{place}",
                        dialogue=dialogue.id,
                        talk=talk[:place],
                        user=dialogue.user,
                        targets=tuple(fresh),
                        named=tuple(named),
                    )
                )
            named |= dict.fromkeys(turn.named)
    return cases


def utterances_of(dialogues: Sequence[HumanDialogue]) -> list[tuple[Utterance, ...]]:
    """Each dialogue's messages, for a user that replays them."""
    return [dialogue.utterances for dialogue in dialogues]
