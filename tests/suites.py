"""The understanding suites: their catalogues, and how a reading is compared with what is expected."""

import json
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from convrec.agents.state import Preference, Strength, Understanding, Wish
from convrec.tools.catalogue import Catalogue
from convrec.tools.importing import read_catalogue
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.lexical import Lexical, item_text
from convrec.tools.limits import Limit, Range
from convrec.tools.schema import Schema
from convrec.tools.schema_file import read_schema
from convrec.tools.words import content_stems, fold

HERE = Path(__file__).parent
FILMS = HERE.parent / "tools" / "films"
NAMES = ("films", "games", "books")


@dataclass(frozen=True)
class Case:
    """One utterance with what it should mean."""

    catalogue: str
    line: int
    row: dict[str, Any]

    @property
    def say(self) -> str:
        """The utterance."""
        return self.row["say"]

    def wish(self, index: Index) -> Wish:
        """The state before the utterance."""
        before = self.row.get("before", {})
        return Wish(
            preferences=tuple(parse(p, index) for p in before.get("preferences", ())),
            focus=tuple(before.get("focus", ())),
            shown=tuple(before.get("shown", before.get("focus", ()))),
            asking=before.get("asking"),
            seeds=tuple(before.get("seeds", ())),
        )


@dataclass
class Score:
    """How a reading differs from what is expected; no words mean it does not."""

    faults: list[str] = field(default_factory=list)
    preferences_exact: bool = True


@cache
def catalogue(name: str) -> tuple[Schema, list[Item]]:
    """A suite's schema and items."""
    if name == "films":
        schema = read_schema(FILMS / "schema.toml")
        return schema, read_catalogue(FILMS / "films.jsonl", schema, "films").items
    folder = HERE / "catalogues"
    schema = Schema.model_validate(tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")))
    lines = (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return schema, [Item.model_validate(json.loads(line)) for line in lines]


@cache
def reading_index(name: str) -> Index:
    """An index with all that understanding needs, and no vectors."""
    schema, items = catalogue(name)
    lexical = Lexical.build([item_text(i, schema) for i in items])
    return Index(Catalogue(name, schema, items), None, None, lexical)  # type: ignore[arg-type]


def cases(name: str) -> list[Case]:
    """A suite's utterances."""
    lines = (HERE / "understanding" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Case(name, number, json.loads(line)) for number, line in enumerate(lines, start=1) if line.strip()]


def compare(case: Case, got: Understanding, index: Index) -> Score:
    """The differences between a reading and what is expected."""
    score = Score()
    read = {canonical(p, index) for p in got.preferences}
    accepted = [set(map(notation, case.row.get("expect", ())))]
    accepted += [set(map(notation, other)) for other in case.row.get("expect_also", ())]
    score.preferences_exact = any(_agree(read, wanted) for wanted in accepted)
    if not score.preferences_exact:
        score.faults.append(f"preferences {sorted(read)} instead of {sorted(accepted[0])}")
    if "act" in case.row and got.act != case.row["act"]:
        score.faults.append(f"act {got.act} instead of {case.row['act']}")
    if "mentions" in case.row:
        mentioned = {f"{m.item} {m.feeling or '-'}" for m in got.mentions}
        options = [set(case.row["mentions"]), *map(set, case.row.get("mentions_also", ()))]
        if mentioned not in options:
            score.faults.append(f"mentions {sorted(mentioned)} instead of {sorted(options[0])}")
    if "dropped" in case.row:
        wish = case.wish(index)
        dropped = {canonical(p, index) for p in wish.preferences if p.key in got.dropped}
        if not _agree(dropped, set(map(notation, case.row["dropped"]))):
            score.faults.append(f"dropped {sorted(dropped)} instead of {case.row['dropped']}")
    if "question" in case.row:
        wanted, question = case.row["question"], got.question
        if question is None or (
            set(question.items) != set(wanted["items"])
            or (question.attribute != wanted.get("attribute") and question.kind == "fact")
            or wanted.get("kind", question.kind) != question.kind
        ):
            score.faults.append(f"question {question} instead of {wanted}")
    for name in ("count", "declined", "repeats"):
        if name in case.row and getattr(got, name) != case.row[name]:
            score.faults.append(f"{name} {getattr(got, name)} instead of {case.row[name]}")
    return score


def canonical(preference: Preference, index: Index) -> str:
    """A preference in the suites' notation."""
    limit = preference.limit
    if limit.attribute is None:
        return notation(f"{preference.strength} ~ {' '.join(limit.values)}")
    if limit.values:
        return notation(f"{preference.strength} {limit.attribute} {'|'.join(limit.values)}")
    dates = index.catalogue.schema.attribute(limit.attribute).kind == "date"
    return f"{preference.strength} {limit.attribute} {'|'.join(sorted(_bounds(r, dates) for r in limit.ranges))}"


def notation(text: str) -> str:
    """A line of the notation, with values folded and sorted, and phrases as their content stems."""
    strength, attribute, value = text.split(" ", 2)
    if attribute == "~":
        return f"{strength} ~ {' '.join(sorted(set(content_stems(value))))}"
    return f"{strength} {attribute} {'|'.join(sorted(fold(v.strip()) for v in value.split('|')))}"


def parse(text: str, index: Index) -> Preference:
    """A line of the notation as a preference."""
    strength, attribute, value = text.split(" ", 2)
    force: Strength = strength  # type: ignore[assignment]
    if attribute == "~":
        return Preference(limit=Limit(attribute=None, values=(value,)), strength=force, words=value)
    if index.catalogue.schema.attribute(attribute).kind == "category":
        return Preference(limit=Limit(attribute=attribute, values=tuple(value.split("|"))), strength=force, words=value)
    if value in ("low", "high"):
        from convrec.agents.language.vague import vague_limit

        limit = vague_limit(index.catalogue.schema.attribute(attribute), value, index.catalogue)  # type: ignore[arg-type]
        assert limit is not None
        return Preference(limit=limit, strength=force, words=value)
    dates = index.catalogue.schema.attribute(attribute).kind == "date"
    ranges = []
    for piece in value.split("|"):
        low, _, high = piece.partition("..")
        last = float(high) + 1 if dates and high else float(high) if high else None
        ranges.append(Range(low=float(low) if low else None, high=last, open_high=dates and bool(high)))
    return Preference(limit=Limit(attribute=attribute, ranges=tuple(ranges)), strength=force, words=value)


def _agree(read: set[str], wanted: set[str]) -> bool:
    """Whether two sets say the same; `low` and `high` agree with any range open at the other end."""
    left = set(wanted)
    for line in read:
        match = next((w for w in left if w == line or _vaguely(line, w) or _same_words(line, w)), None)
        if match is None:
            return False
        left.discard(match)
    return not left


def _same_words(line: str, wanted: str) -> bool:
    """Whether a phrase of the text that is wanted is a label of the catalogue after all."""
    strength, attribute = wanted.split(" ", 2)[:2]
    return (
        attribute == "~"
        and line.startswith(f"{strength} ")
        and notation(f"{strength} ~ {line.split(' ', 2)[2]}") == notation(wanted)
    )


def _vaguely(line: str, wanted: str) -> bool:
    strength, attribute, value = wanted.split(" ", 2)
    if value not in ("low", "high") or not line.startswith(f"{strength} {attribute} "):
        return False
    low, _, high = line.split(" ", 2)[2].partition("..")
    return (not low and bool(high)) if value == "low" else (not high and bool(low))


def _bounds(bounds: Range, dates: bool) -> str:
    low, high = bounds.low, bounds.high
    if dates:
        last = None if high is None else int(high) - 1 if bounds.open_high and high == int(high) else int(high)
        return f"{'' if low is None else int(low)}..{'' if last is None else last}"
    return f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
