"""The utterances of tests/understanding speak only of attributes, values and items that their catalogues have."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from convrec.agents.state import Act, Feeling, Strength
from convrec.tools.items import Item, date_as_number
from convrec.tools.schema import Schema

HERE = Path(__file__).parent
DOMAINS = ("films", "games", "books")
KEYS = {
    *("say", "expect", "expect_also", "act", "mentions", "mentions_also", "dropped", "lasting"),
    *("question", "count", "declined", "repeats", "year", "before"),
}
SPAN = re.compile(r"(-?\d+(\.\d+)?)?\.\.(-?\d+(\.\d+)?)?")


class Domain:
    """A catalogue's attributes, labels and ids, and the utterances about it."""

    def __init__(self, name: str) -> None:
        folder = HERE.parent / "tools" / "films" if name == "films" else HERE / "catalogues"
        toml = folder / ("schema.toml" if name == "films" else f"{name}.toml")
        schema = Schema.model_validate(tomllib.loads(toml.read_text("utf-8")))
        records = list(_lines(folder / f"{name}.jsonl"))
        self.name = name
        self.attributes = {a.name: a for a in schema.attributes}
        self.records = records
        self.ids = {r["id"] for r in records}
        self.labels: dict[str, set[str]] = {n: set() for n, a in self.attributes.items() if a.kind == "category"}
        for record in records:
            for attribute, seen in self.labels.items():
                seen.update(v.casefold() for v in record.get("attributes", record).get(attribute, ()))
        self.utterances = list(_lines(HERE / "understanding" / f"{name}.jsonl"))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)


@pytest.fixture(scope="module", params=DOMAINS)
def domain(request: pytest.FixtureRequest) -> Domain:
    return Domain(request.param)


def _expectations(utterance: dict[str, Any]) -> Iterator[str]:
    yield from utterance["expect"]
    for other in utterance.get("expect_also", ()):
        yield from other
    yield from utterance.get("dropped", ())
    yield from utterance.get("lasting", ())
    yield from utterance.get("before", {}).get("preferences", ())


def _fault(domain: Domain, expectation: str) -> str:
    strength, name, value = expectation.split(" ", 2)
    if strength not in get_args(Strength):
        return "no such strength"
    if name == "~":
        return "" if value == value.casefold().strip() else "a phrase is lower-case"
    attribute = domain.attributes.get(name)
    if attribute is None:
        return "no such attribute"
    if attribute.kind == "category":
        unknown = [v for v in value.split("|") if v.casefold() not in domain.labels[name]]
        return f"not in the catalogue: {unknown}" if unknown else ""
    if value in ("low", "high"):
        return ""
    if not all(SPAN.fullmatch(v) and v != ".." for v in value.split("|")):
        return "no range"
    backwards = [v for v in value.split("|") for a, b in [v.split("..")] if a and b and float(a) > float(b)]
    return f"backwards: {backwards}" if backwards else ""


def test_the_suite_is_large_enough() -> None:
    counts = {name: len(Domain(name).utterances) for name in DOMAINS}
    assert counts["films"] >= 70
    assert min(counts.values()) >= 55


def test_every_expectation_can_be_met(domain: Domain) -> None:
    faults = [(u["say"], e, f) for u in domain.utterances for e in _expectations(u) if (f := _fault(domain, e))]
    assert not faults


def test_every_item_exists(domain: Domain) -> None:
    for utterance in domain.utterances:
        before = utterance.get("before", {})
        ids = {*before.get("focus", ()), *before.get("shown", ()), *before.get("seeds", ())}
        ids |= set(utterance.get("question", {}).get("items", ()))
        for mentions in [utterance.get("mentions", []), *utterance.get("mentions_also", [])]:
            for item, feeling in (m.split(" ") for m in mentions):
                assert feeling in (*get_args(Feeling), "-"), utterance["say"]
                ids.add(item)
        assert ids <= domain.ids, utterance["say"]


def test_acts_keys_and_attributes_are_known(domain: Domain) -> None:
    for utterance in domain.utterances:
        assert utterance.keys() <= KEYS, utterance["say"]
        assert utterance.get("act") in (None, *get_args(Act)), utterance["say"]
        asked = [utterance.get("question", {}).get("attribute"), utterance.get("before", {}).get("asking")]
        assert all(a is None or a in domain.attributes for a in asked), utterance["say"]


def test_what_is_dropped_was_there_and_what_lasts_is_expected(domain: Domain) -> None:
    for utterance in domain.utterances:
        assert set(utterance.get("dropped", ())) <= set(utterance.get("before", {}).get("preferences", ()))
        assert set(utterance.get("lasting", ())) <= set(utterance["expect"])


def test_no_two_utterances_are_alike(domain: Domain) -> None:
    said = [u["say"].casefold() for u in domain.utterances]
    assert len(said) == len(set(said))


@pytest.mark.parametrize("name", ["games", "books"])
def test_the_fixture_catalogues_keep_to_their_schemas(name: str) -> None:
    domain = Domain(name)
    assert len(domain.ids) == len(domain.records) >= 90
    for item in map(Item.model_validate, domain.records):
        assert item.text
        for key, value in item.attributes.items():
            kind = domain.attributes[key].kind
            assert isinstance(value, {"category": tuple, "number": float, "date": str, "text": str}[kind]), item.id
            if kind == "date":
                date_as_number(str(value))
    for attribute in domain.attributes.values():
        assert {v.casefold() for v in attribute.synonyms} <= domain.labels.get(attribute.name, set())
