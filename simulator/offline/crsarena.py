"""CRSArena-Dial: dialogues of real people with older systems, and whether each left them satisfied or frustrated.

Bernard, Joko, Hasibi and Balog, "CRS Arena: Crowdsourced Benchmarking of Conversational Recommender Systems" (WSDM 2025).
"""

import json
from pathlib import Path

from ...agents.state import Noun
from ...tools.errors import ImportFailedError
from ..nouns import Utterance


class RatedDialogue(Noun):
    """A dialogue with what the person said of it afterwards.

    Attributes:
        id: unique in its file.
        system: the name of the system that was talked with.
        user: who talked; most people talked with two.
        talk: what was said, oldest first.
        satisfied: whether they left satisfied, rather than frustrated.
    """

    id: str
    system: str
    user: str
    talk: tuple[Utterance, ...]
    satisfied: bool


def read_rated_dialogues(path: Path) -> list[RatedDialogue]:
    """The dialogues of a file of CRSArena-Dial (`crs_arena_dial_open.json`) that carry a label, in its order.

    Raises:
        ImportFailedError: there is no such file, or it holds something else.
    """
    try:
        return [_dialogue(d) for d in json.loads(path.read_text(encoding="utf-8")) if d["metadata"].get("sentiment")]
    except OSError as fault:
        raise ImportFailedError(f"{path} cannot be read: {fault.strerror or fault}.", "Check the path.") from fault
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        hint = "It must be one of CRSArena-Dial's own JSON files, such as crs_arena_dial_open.json."
        raise ImportFailedError(f"{path} does not hold rated dialogues ({fault!r}).", hint) from fault


def _dialogue(found: dict) -> RatedDialogue:
    sentiment = found["metadata"]["sentiment"]
    if sentiment not in ("satisfied", "frustrated"):
        raise ValueError(f"sentiment {sentiment!r}")
    return RatedDialogue(
        id=found["conversation ID"],
        system=found["agent"]["id"],
        user=found["user"]["id"],
        talk=tuple(
            Utterance(speaker="seeker" if u["participant"] == "USER" else "recommender", text=u["utterance"])
            for u in found["conversation"]
        ),
        satisfied=sentiment == "satisfied",
    )
