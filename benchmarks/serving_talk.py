"""What the sessions of bench_serving.py say, made from a catalogue that is served: nothing here knows what it is about.

Every session has a secret: a label of the catalogue that no other session says. It begins by refusing it ("I never want
anything with …"), which lasts. What follows is varied and grows the conversation: wishes by labels that are nobody's
secret, questions about what was shown, refusals, more of the same.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

_PAGES = 14
_LEAST, _MOST = 2, 40
"""Items that a label should have: one that all or none have would say nothing."""

WISHES = (
    "something with {}",
    "maybe {}, surprise me",
    "what about {}?",
    "rather {}",
    "I would like some {} this time",
    "have you got anything with {}?",
)
REMARKS = (
    "why the first one?",
    "more like the second one",
    "not the first one",
    "I know the last one already",
    "show me something else",
    "thanks, anything else?",
    "what else is there?",
)


@dataclass
class Session:
    """One user in one conversation.

    Attributes:
        user: as the service names them.
        secret: the label that only this session says.
        words: what it says, without end.
        thread: its conversation, once it is begun.
        said: what was answered, in order.
    """

    user: str
    secret: str
    words: Iterator[str]
    thread: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def opening(self) -> str:
        """What it says first."""
        return f"I never want anything with {self.secret}"


def read_labels(client: httpx.Client) -> list[str]:
    """Labels of the served catalogue's categories, from its first items, in an order that is always the same.

    Only those of two words and more, or of six letters and more, so that none is part of what is said anyway.
    """
    kinds = {a["name"]: a["kind"] for a in client.get("/v1/catalogue").raise_for_status().json()["attributes"]}
    counts: Counter[str] = Counter()
    cursor = ""
    for _ in range(_PAGES):
        page = client.get("/v1/items", params={"limit": 100} | ({"cursor": cursor} if cursor else {}))
        told = page.raise_for_status().json()
        for item in told["data"]:
            counts.update(label for name, value in item["attributes"].items() for label in _labels(kinds, name, value))
        cursor = told["next"] or ""
        if not cursor:
            break
    fit = [label for label, count in counts.items() if _LEAST <= count <= _MOST and _tellable(label)]
    return sorted(fit, key=lambda label: (-counts[label], label))


def _labels(kinds: dict[str, str], name: str, value: Any) -> Sequence[str]:
    return value if kinds.get(name) == "category" and isinstance(value, list) else ()


def _tellable(label: str) -> bool:
    plain = all(c.isalpha() or c == " " for c in label)
    return plain and (" " in label or len(label) >= 6) and len(label) <= 30


def make_sessions(labels: Sequence[str], count: int, name: str = "user", seed: int = 0) -> list[Session]:
    """Sessions with secrets of their own; no secret is part of another's, nor of what all say.

    Args:
        labels: what to make them of.
        count: how many.
        name: what their users' names begin with; those of other names are other users.
        seed: decides about secrets and words.

    Raises:
        SystemExit: the catalogue has too few labels.
    """
    chance = random.Random(seed)
    shuffled = list(labels)
    chance.shuffle(shuffled)
    secrets: list[str] = []
    for label in shuffled:
        low = label.lower()
        if not any(low in other.lower() or other.lower() in low for other in secrets):
            secrets.append(label)
        if len(secrets) == count:
            break
    if len(secrets) < count:
        raise SystemExit(f"The catalogue has {len(secrets)} labels to tell sessions apart by; {count} are needed.")
    taken = [s.lower() for s in secrets]
    common = [label for label in labels if not any(t in label.lower() or label.lower() in t for t in taken)]
    return [Session(f"{name}-{n}", secret, _talk(common, seed * 1_000_003 + n)) for n, secret in enumerate(secrets)]


def _talk(labels: Sequence[str], seed: int) -> Iterator[str]:
    chance = random.Random(seed)
    while True:
        yield chance.choice(WISHES).format(chance.choice(labels))
        for _ in range(chance.choice((0, 1, 1, 2))):
            yield chance.choice(REMARKS)


def foreign(answer: Any, session: Session, secrets: frozenset[str]) -> list[str]:
    """Other sessions' secrets in what an answer says is understood, unless this session's own words were read so."""
    said = "\n".join(session.said).lower()
    not_said = [p for p in answer["preferences"] if not p["words"] or p["words"].lower() not in said]
    return sorted({value for p in not_said for value in p["limit"]["values"]} & secrets - {session.secret})


def heard(answer: Any, session: Session) -> bool:
    """Whether an answer's preferences have the session's secret."""
    return any(session.secret in preference["limit"]["values"] for preference in answer["preferences"])
