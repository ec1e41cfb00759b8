"""Models with random weights, made in about a second: they show that tokens, grammars and labels work, never quality."""

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

# Matrices this small gain nothing from threads, and on a busy machine threads that wait for each other cost tenfold.
torch.set_num_threads(1)

TALK = [
    'I would like something like the second one. You may like number 7. {"kind": "wish", "count": 3}',
    "Not too long, please, and nothing sad. She said: what about tomorrow? It is 1982, or 2024.",
    '["first", "second", "third"] {"name": "a short one", "score": 5, "parts": [{"id": 1}, {"id": 2}]}',
]
"""What the tokenizers learn their tokens from."""

PAD, END = 0, 2
"""Padding, and what ends an answer, as tokens."""

TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message.role }}\n{{ message.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)


def make_chat_model(folder: Path, *, context: int = 4096, template: str = TEMPLATE) -> Path:
    """A chat model: two layers of Llama, and a byte-level BPE tokenizer of about 400 tokens.

    Its likeliest next token is never the end, so that answers of free text go on until something stops them.

    Args:
        folder: where it is written.
        context: how many tokens it reads.
        template: how it writes messages; empty for a model that is no chat model.
    """
    logging.disable_progress_bar()
    tokenizer = _tokenizer(["<|pad|>", "<|start|>", "<|end|>"], eos_token="<|end|>", pad_token="<|pad|>")
    tokenizer.chat_template = template or None
    config = LlamaConfig(
        vocab_size=-(-len(tokenizer) // 64) * 64,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=context,
        bos_token_id=None,
        eos_token_id=END,
        pad_token_id=PAD,
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        model.lm_head.weight[END] = 0.0
    model.generation_config = GenerationConfig(eos_token_id=END, pad_token_id=PAD)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_cross_encoder(
    folder: Path, labels: Sequence[str], favourite: str = "", *, layers: int = 1, hidden: int = 16
) -> Path:
    """A BERT that puts pairs of texts under labels.

    Args:
        folder: where it is written.
        labels: its labels, in the order of its outputs.
        favourite: the label that wins whatever it reads; empty for chance.
        layers: how many.
        hidden: their width.
    """
    logging.disable_progress_bar()
    marks = ["[PAD]", "[CLS]", "[SEP]"]
    tokenizer = _tokenizer(marks, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", model_max_length=64)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(mark, marks.index(mark)) for mark in marks[1:]],
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=max(2, hidden // 32),
        intermediate_size=hidden * 4,
        max_position_embeddings=64,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        pad_token_id=PAD,
    )
    model = BertForSequenceClassification(config)
    if favourite:
        with torch.no_grad():
            model.classifier.bias[list(labels).index(favourite)] = 20.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(marks: list[str], **names: object) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=marks,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TALK, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)
