"""Makes a chat model of random weights in seconds, small enough for any CPU: `python tiny_model.py FOLDER`.

A Llama of two layers with a byte-level tokenizer of its own. What it says is noise, but it ends by itself now and then,
with greedy decoding too, so that whole answers come out of it as well as answers that are cut off.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

ROOT = Path(__file__).parents[2]
LENGTH = 16_384
"""Tokens of prompt and answer that it takes."""

_START, _END, _PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
_TEMPLATE = (
    "{% for m in messages %}{{ '" + _START + "' + m['role'] + '\\n' + m['content'] + '" + _END + "\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '" + _START + "assistant\\n' }}{% endif %}"
)
_ONE_IN = {_END: 60, '"': 12, "]": 1_000, "{": 700, ",": 1_500}
"""How often a token comes, at temperature 1: what ends an answer and a text, and what ends a list or goes on with it.
Random weights alone would hardly ever end a text, and would leave all lists empty, or fill them all."""

_SPREAD = 0.25
"""How much the model prefers some tokens to others: enough that the likeliest is often likelier than the end."""


def make_tiny_model(
    folder: Path, *, vocabulary: int = 8_192, hidden: int = 128, layers: int = 2, seed: int = 0
) -> Path:
    """Write a model, its tokenizer and its chat template into a folder.

    Args:
        folder: is made, if need be.
        vocabulary: tokens, at most.
        hidden: the width; a multiple of 64.
        layers: how many.
        seed: for the weights.

    Returns:
        The folder.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(models.BPE())
    # Each mark of punctuation is a token by itself, so that `_ONE_IN` rules how JSON goes on.
    words.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Punctuation("isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    words.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[_PAD, _START, _END], initial_alphabet=alphabet, show_progress=False
    )
    words.train_from_iterator(_texts(), trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words,
        eos_token=_END,
        pad_token=_PAD,
        model_max_length=LENGTH,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = _TEMPLATE

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=math.ceil(len(tokenizer) / 64) * 64,
        hidden_size=hidden,
        intermediate_size=3 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        num_key_value_heads=1,
        max_position_embeddings=LENGTH,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config).eval()
    _let_it_end(model, {tokenizer.convert_tokens_to_ids(t): n for t, n in _ONE_IN.items()}, len(tokenizer))
    # As most models say of themselves; `transformers serve` samples nothing where it is not said.
    model.generation_config = GenerationConfig(
        do_sample=True, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _let_it_end(model: "LlamaForCausalLM", one_in: dict[int, int], known: int) -> None:
    """Give some tokens a steady chance, whatever has been said.

    The first of the hidden numbers is the same for all tokens, and only the rows of those tokens read it.
    """
    import torch

    with torch.no_grad():
        model.model.embed_tokens.weight[:, 0] = 0.3
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight[0] = 0.0
            layer.mlp.down_proj.weight[0] = 0.0
        rows = model.lm_head.weight
        rows.normal_(std=_SPREAD)
        rows[:, 0] = 0.0
        seen = model.model(torch.randint(3, known, (8, 64))).last_hidden_state.reshape(-1, rows.shape[1])
        others, steady = torch.logsumexp(seen @ rows.T, dim=1).mean(), seen[:, 0].mean()
        for token, count in one_in.items():
            rows[token] = 0.0
            rows[token, 0] = (others - math.log(count - 1)) / steady
        # Tokens that the tokenizer does not have are never said.
        rows[known:] = 0.0
        rows[known:, 0] = -10.0


def _texts() -> Iterator[str]:
    """What the tokenizer learns from: the prompts, the documents and the catalogues of the tests."""
    for pattern in ("prompts/*.md", "docs/*.md", "*.md", "agents/*.py", "tests/catalogues/*"):
        for path in sorted(p for p in ROOT.glob(pattern) if p.is_file()):
            yield from path.read_text(encoding="utf-8", errors="replace").split("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vocabulary", type=int, default=8_192)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=2)
    given = parser.parse_args()
    print(make_tiny_model(**vars(given)), file=sys.stderr)
