import json
from typing import Any

import pytest
from convrec.agents.model.shapes import (
    all_chosen,
    chosen,
    elimination_shape,
    judgement_shape,
    order_shape,
    question_shape,
    searches_shape,
    summaries_shape,
    understanding_shape,
)
from convrec.tools.answers import schema_of
from pydantic import BaseModel, ValidationError

ATTRIBUTES = ("kind", "minutes", "flavours")
UNDERSTANDING = understanding_shape(ATTRIBUTES, 2, 3)
SHAPES = [
    UNDERSTANDING, understanding_shape((), 0, 0), judgement_shape(20, 8), judgement_shape(1, 0), order_shape(12, 8),
    elimination_shape(12, 9), summaries_shape(12), question_shape(4), searches_shape(("a", "b"), 12), searches_shape(("a",), 0),
]  # fmt: skip


def read(shape: type[BaseModel], **said: Any) -> Any:
    return shape.model_validate(said)


def want(**fields: Any) -> Any:
    return read(UNDERSTANDING, act="request", wants=[{"attribute": "kind", **fields}]).wants[0]


def unbounded(schema: Any) -> list[str]:
    """The parts of a schema that an answer could fill without end."""
    if isinstance(schema, list):
        return [u for s in schema for u in unbounded(s)]
    if not isinstance(schema, dict):
        return []
    found = []
    kind = schema.get("type")
    if kind == "string" and not {"enum", "const", "pattern"} & schema.keys():
        found.append(json.dumps(schema))
    if kind == "array" and "maxItems" not in schema:
        found.append(json.dumps(schema))
    if kind == "integer" and not {"minimum", "maximum"} <= schema.keys():
        found.append(json.dumps(schema))
    if kind == "number":
        found.append(json.dumps(schema))
    if kind == "object" and schema.get("additionalProperties") is not False:
        found.append(json.dumps(schema))
    return found + [u for v in schema.values() for u in unbounded(v)]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.__name__)
def test_every_field_is_bounded_and_nothing_may_be_added(shape: type[BaseModel]) -> None:
    assert not unbounded(schema_of(shape))


def test_what_a_model_points_at_is_an_enum() -> None:
    told = json.dumps(schema_of(UNDERSTANDING))
    assert '"enum": ["w1", "w2"]' in told
    assert '"enum": ["s1", "s2", "s3"]' in told
    assert '"enum": ["kind", "minutes", "flavours", "text"]' in told


def test_a_shape_is_made_once_for_as_many_things_to_point_at() -> None:
    made = understanding_shape(ATTRIBUTES, 2, 3)
    assert understanding_shape(ATTRIBUTES, 2, 3) is made
    assert understanding_shape(ATTRIBUTES, 3, 3) is not made


@pytest.mark.parametrize(
    "said",
    [
        {}, {"act": "dance"}, {"act": "request", "mood": "good"}, {"act": "request", "language": "English"},
        {"act": "request", "wants": [{"attribute": "colour"}]}, {"act": "request", "drop": ["w3"]},
        {"act": "request", "shown": [{"item": "s4", "feeling": "seen"}]}, {"act": "request", "wants": "green"},
        {"act": "request", "wants": [{"attribute": "minutes", "low": 12345678901}]}, {"act": "request", "count": "three"},
    ],
    ids=str,
)  # fmt: skip
def test_what_means_nothing_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UNDERSTANDING.model_validate(said)


def test_an_order_or_elimination_of_nothing_is_refused() -> None:
    for shape in (order_shape(3, 3), elimination_shape(3, 2)):
        for said in ({}, {"best": []}, {"worst": []}, {"best": ["c4"]}, {"worst": ["c4"]}):
            with pytest.raises(ValidationError):
                shape.model_validate(said)


def test_a_number_is_read_however_it_is_written() -> None:
    written = [3, 3.0, 2.5, "3", "1,500", "90 min", "1980s", "-5", "none", "", None]
    read_as = ["3", "3.000", "2.500", "3", "1500", "90", "1980", "-5", "", "", ""]
    assert [want(low=w).low for w in written] == read_as


def test_a_text_that_is_too_long_or_has_quotation_marks_is_cut_to_what_may_be_said() -> None:
    assert want(words="x" * 500).words == "x" * 60
    assert want(words='a "warm"\nlamp\\').words.split() == ["a", "warm", "lamp"]
    assert want(values=[7, "b"]).values == ["7", "b"]


def test_one_value_in_place_of_a_list_is_a_list_and_a_long_list_counts_to_its_bound() -> None:
    assert want(values="green").values == ["green"]
    assert want(values=[]).values == []
    assert want(values=list("abcdefghij")).values == list("abcdef")
    assert read(order_shape(3, 2), best=["c3", "c1", "c2"]).best == ["c3", "c1"]
    assert read(UNDERSTANDING, act="reject", drop="w1").drop == ["w1"]


def test_null_is_what_is_left_out() -> None:
    said = read(UNDERSTANDING, act="request", wants=None, question=None, count=None, query=None, language=None)
    assert said == read(UNDERSTANDING, act="request")
    assert said.question.kind == "none"


def test_case_and_blanks_of_a_name_do_not_matter() -> None:
    assert read(UNDERSTANDING, act="Request").act == "request"
    assert want(strength="Must Not").strength == "must_not"
    assert read(order_shape(3, 3), best=["C2"]).best == ["c2"]
    assert read(UNDERSTANDING, act="more", language="en-GB").language == "en"


def test_a_count_is_at_most_ten_and_a_score_a_percentage() -> None:
    assert read(UNDERSTANDING, act="more", count=50).count == 10
    said = {"item": "c1", "wish": "p1", "label": "entails", "quote": "x"}
    scores = [read(judgement_shape(1, 1), verdicts=[{**said, "score": s}]).verdicts[0].score for s in (0.9, 55, 400, 0)]
    assert scores == [90, 55, 100, 1]


def test_without_wishes_to_judge_there_are_no_verdicts() -> None:
    said = {"item": "c1", "wish": "p1", "label": "entails", "quote": "x"}
    assert read(judgement_shape(2, 0), verdicts=[said], best=["c2"]).verdicts == []


def test_a_number_stands_for_its_place_and_what_is_out_of_range_for_nothing() -> None:
    among = ["a", "b"]
    assert [chosen("c", n, among) for n in ("c1", "c2", "c3", "c0", "c", "none", "c-1")] == ["a", "b", *[None] * 5]
    assert all_chosen("c", ["c2", "c9", "c2", "c1"], among) == ["b", "a"]
