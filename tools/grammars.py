"""JSON schemas as grammars over a model's tokens, by xgrammar, the grammar engine of vLLM."""

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .errors import CallError

if TYPE_CHECKING:
    from transformers import LogitsProcessor
    from xgrammar import CompiledGrammar  # pyright: ignore[reportMissingImports]

log = logging.getLogger(__name__)

GRAMMARS = 64
"""So many compiled grammars are kept; then the one that was not used for longest goes."""

SHARED_BYTES = 128 * 2**20
"""The parts that grammars share are kept up to this size."""


class Grammars:
    """The grammars of one tokenizer, each compiled on first use.

    Args:
        tokenizer: a tokenizer of transformers.
        vocabulary: how many tokens the model gives scores for.
        ends: the tokens that end an answer.

    Raises:
        CallError: xgrammar is not installed, or cannot use the tokenizer.
    """

    def __init__(self, tokenizer: Any, vocabulary: int, ends: Sequence[int]) -> None:
        try:
            from xgrammar import GrammarCompiler, TokenizerInfo  # pyright: ignore[reportMissingImports]
        except ImportError as fault:
            raise CallError(
                "Answers of a model in this process need xgrammar to keep to a schema, and it is not installed.",
                "Run `pip install 'convrec[local]'`.",
            ) from fault
        try:
            tokens = TokenizerInfo.from_huggingface(tokenizer, vocab_size=vocabulary, stop_token_ids=list(ends))
        except (RuntimeError, ValueError) as fault:
            raise CallError(
                f"The model's tokenizer allows no grammars: {str(fault).splitlines()[0][:200]}",
                "Take another model, or serve this one with vLLM.",
            ) from fault
        # With shared parts, a new schema takes milliseconds; without, a second where the vocabulary is large.
        self._shared = GrammarCompiler(tokens, cache_limit_bytes=SHARED_BYTES)
        self._plain = GrammarCompiler(tokens, cache_enabled=False)
        self._compiled = lru_cache(maxsize=GRAMMARS)(self._compile)

    def follow(self, schema: str) -> "LogitsProcessor":
        """What allows one answer only the tokens that the schema does; compact, its fields in the schema's order.

        Args:
            schema: a JSON schema, as JSON.

        Raises:
            CallError: the schema cannot be kept to.
        """
        return _follow(self._compiled(schema))

    def _compile(self, schema: str) -> "CompiledGrammar":
        try:
            return self._shared.compile_json_schema(schema, any_whitespace=False)
        except RuntimeError as fault:
            # xgrammar 0.2 cannot share parts with a schema whose pattern strings may pass 128 characters.
            log.debug("A grammar is compiled on its own: %s", fault)
        try:
            return self._plain.compile_json_schema(schema, any_whitespace=False)
        except RuntimeError as fault:
            raise CallError(
                f"The JSON schema cannot be kept to: {str(fault).splitlines()[0][:200]}",
                "Use enums, ranged integers, bounded lists, and strings with a bounded pattern.",
            ) from fault


def _follow(grammar: "CompiledGrammar") -> "LogitsProcessor":
    """As xgrammar.contrib.hf.LogitsProcessor, whose work stands in an assertion, which `python -O` leaves out."""
    from transformers import LogitsProcessor
    from xgrammar import GrammarMatcher, allocate_token_bitmask, apply_token_bitmask_inplace  # pyright: ignore[reportMissingImports]

    class Follow(LogitsProcessor):
        def __init__(self) -> None:
            self.matcher = GrammarMatcher(grammar)
            self.allowed = allocate_token_bitmask(1, grammar.tokenizer_info.vocab_size)
            self.begun = False

        def __call__(self, input_ids: Any, scores: Any) -> Any:
            if self.begun and not self.matcher.accept_token(int(input_ids[0, -1])):
                raise RuntimeError("a token was chosen that the schema forbids")
            self.begun = True
            self.matcher.fill_next_token_bitmask(self.allowed)
            apply_token_bitmask_inplace(scores, self.allowed.to(scores.device))
            return scores

    return Follow()
