import json
import re
import sys
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from convrec.tools.errors import CallError
from convrec.tools.grammars import Grammars
from tiny_models import END, make_chat_model
from transformers import AutoTokenizer

pytest.importorskip("xgrammar", reason="xgrammar is not installed: pip install 'convrec[local]'")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return AutoTokenizer.from_pretrained(make_chat_model(tmp_path_factory.mktemp("tokens")))


@pytest.fixture(scope="module")
def grammars(tokenizer: Any) -> Grammars:
    return Grammars(tokenizer, len(tokenizer), [END])


def write(grammars: Grammars, tokenizer: Any, schema: dict[str, Any], seed: int = 0) -> str:
    """An answer by chance, among the tokens that the schema allows."""
    follow = grammars.follow(json.dumps(schema))
    chance = torch.Generator().manual_seed(seed)
    ids = torch.tensor([[0]])
    while ids[0, -1] != END:
        scores = follow(ids, torch.rand((1, len(tokenizer)), generator=chance))  # type: ignore[arg-type]
        ids = torch.cat([ids, scores.argmax(dim=-1, keepdim=True)], dim=-1)
    return tokenizer.decode(ids[0, 1:], skip_special_tokens=True)


def record(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def test_fields_come_compact_and_in_the_order_of_the_schema(grammars: Grammars, tokenizer: Any) -> None:
    schema = record(zebra={"enum": ["yes"]}, apple={"enum": [1]}, mango={"type": "null"})
    assert write(grammars, tokenizer, schema) == '{"zebra": "yes", "apple": 1, "mango": null}'


@pytest.mark.parametrize(
    ("field", "allowed"),
    [
        ({"enum": ["item-1", "item-22", "item 3"]}, lambda v: v in ("item-1", "item-22", "item 3")),
        ({"type": "integer", "minimum": 1900, "maximum": 2026}, lambda v: 1900 <= v <= 2026),
        ({"type": "string", "pattern": "^[A-Za-z ]{0,40}$"}, lambda v: re.fullmatch("[A-Za-z ]{0,40}", v)),
        ({"type": "array", "items": {"enum": [1, 2]}, "minItems": 1, "maxItems": 4}, lambda v: 1 <= len(v) <= 4),
        ({"anyOf": [{"type": "null"}, {"enum": ["a"]}]}, lambda v: v in (None, "a")),
    ],
    ids=["enum", "range", "pattern", "list", "optional"],
)
def test_bounded_fields_hold(grammars: Grammars, tokenizer: Any, field: dict[str, Any], allowed: Any) -> None:
    values = [json.loads(write(grammars, tokenizer, record(value=field), seed))["value"] for seed in range(20)]
    assert all(allowed(value) for value in values)
    assert len({json.dumps(v) for v in values}) > 1


@pytest.mark.parametrize("longest", [40, 128, 129, 400])
def test_pattern_strings_of_any_length_are_kept_to(grammars: Grammars, tokenizer: Any, longest: int) -> None:
    schema = record(words={"type": "string", "pattern": f"^[a-z ]{{{longest},{longest}}}$"})
    assert len(json.loads(write(grammars, tokenizer, schema))["words"]) == longest


def test_a_schema_is_compiled_once(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import xgrammar

    compiled: list[str] = []

    class Counting(xgrammar.GrammarCompiler):
        def compile_json_schema(self, schema: Any, **settings: Any) -> xgrammar.CompiledGrammar:
            compiled.append(schema)
            return super().compile_json_schema(schema, **settings)

    monkeypatch.setattr(xgrammar, "GrammarCompiler", Counting)
    fresh = Grammars(tokenizer, len(tokenizer), [END])
    schemas: Sequence[dict[str, Any]] = [record(a={"enum": [n]}) for n in (1, 2, 1, 2)]
    assert [json.loads(write(fresh, tokenizer, s))["a"] for s in schemas] == [1, 2, 1, 2]
    assert len(compiled) == 2


@pytest.mark.parametrize("schema", [{"type": "no such type"}, {"$ref": "#/$defs/nowhere"}])
def test_a_schema_that_no_grammar_can_keep_to_is_told(grammars: Grammars, schema: dict[str, Any]) -> None:
    with pytest.raises(CallError, match="cannot be kept to") as caught:
        grammars.follow(json.dumps(schema))
    assert "enums" in caught.value.hint


def test_without_xgrammar_the_command_that_mends_it_is_told(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xgrammar", None)
    with pytest.raises(CallError, match="not installed") as caught:
        Grammars(tokenizer, len(tokenizer), [END])
    assert "convrec[local]" in caught.value.hint


def test_a_token_that_the_schema_forbids_breaks_the_answer_off(grammars: Grammars, tokenizer: Any) -> None:
    follow = grammars.follow(json.dumps(record(a={"enum": [1]})))
    ids = torch.tensor([[0]])
    follow(ids, torch.zeros((1, len(tokenizer))))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="forbids"):
        follow(torch.cat([ids, torch.tensor([[END]])], dim=-1), torch.zeros((1, len(tokenizer))))  # type: ignore[arg-type]
