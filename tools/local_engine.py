"""Generating text with transformers in this process; a grammar allows no token that the schema does not.

An engine is for one thread: it makes one answer at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Literal

from .errors import CallError
from .grammars import Grammars

if TYPE_CHECKING:
    import torch
    from transformers import StoppingCriteria

_OTHERS = "Use the folder of a chat model, or a model's name on the Hugging Face hub after `hf download NAME`."
_UNFINISHED = "\ufffd"


@dataclass(frozen=True)
class LocalRequest:
    """What one call asks for.

    Attributes:
        messages: role and content of each, as OpenAI has them.
        schema: the JSON schema of the answer, as JSON; empty for free text.
        max_tokens: at most so many are generated.
        temperature: 0 for the likeliest token each time.
        seed: makes a sampled answer repeatable.
        stop: texts before which the answer ends.
    """

    messages: list[dict[str, Any]]
    schema: str = ""
    max_tokens: int = 1024
    temperature: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocalAnswer:
    """What came of it; `finish_reason` is "length" where the tokens were used up first."""

    text: str
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int


@cache
def open_engine(folder: str) -> "LocalEngine":
    """The engine of that folder or hub name, loaded on first use.

    Raises:
        CallError: there is no such model on this machine, or it is no chat model.
    """
    return LocalEngine(folder)


class LocalEngine:
    """A model and its tokenizer.

    Args:
        name: a folder, or a hub name that lies in the local cache.

    Raises:
        CallError: see `open_engine`.
    """

    def __init__(self, name: str) -> None:
        from transformers import GenerationConfig

        self.name = name
        self._model, self._tokenizer = _load(name)
        config = self._model.config.get_text_config()
        self._vocabulary: int = config.vocab_size
        self._context: int = getattr(config, "max_position_embeddings", None) or 2**31
        own = self._model.generation_config
        ends = own.eos_token_id if isinstance(own.eos_token_id, list) else [own.eos_token_id]
        self._ends = sorted({end for end in (*ends, self._tokenizer.eos_token_id) if end is not None})
        padding = next((i for i in (own.pad_token_id, self._tokenizer.pad_token_id, *self._ends) if i is not None), 0)
        # A model's other habits are dropped: a penalty on repetition, say, spoils JSON, which repeats its marks.
        self._sampling = {k: v for k in ("top_k", "top_p", "min_p") if (v := getattr(own, k)) is not None}
        self._model.generation_config = GenerationConfig(eos_token_id=self._ends or None, pad_token_id=padding)

    def answer(self, request: LocalRequest, tell: Callable[[str], None], left: Event) -> LocalAnswer:
        """Generate until the model ends, a stop text comes, the tokens are used up, or `left` is set.

        Args:
            request: what is asked for.
            tell: hears each piece of the answer as it comes; together they are its text.
            left: set by whoever waits no more.

        Raises:
            CallError: the prompt is too long, the schema cannot be kept to, or the model broke off.
        """
        import torch
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

        prompt = self._prompt(request.messages)
        length = prompt.shape[1]
        room = self._context - length
        if room < 1:
            raise CallError(
                f"The prompt has {length:,} tokens; {self.name!r} reads at most {self._context - 1:,}.",
                "Take a model with a longer context.",
            )
        sampled = request.temperature > 0
        chance = {"temperature": request.temperature, **self._sampling} if sampled else {}
        grammars = [self._grammars.follow(request.schema)] if request.schema else []
        listener = Listener(self._tokenizer, request.stop, tell)
        faults = (RuntimeError, MemoryError, ValueError)
        with _explained(f"The language model {self.name!r} broke off", *faults), _seeded(request.seed):
            self._model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                generation_config=GenerationConfig(
                    max_new_tokens=min(request.max_tokens, room), do_sample=sampled, **chance
                ),
                logits_processor=LogitsProcessorList(grammars),
                stopping_criteria=StoppingCriteriaList([_stop_when(lambda: listener.stopped or left.is_set())]),
                streamer=listener,
            )
        ended = listener.stopped or listener.ids[-1] in self._ends
        return LocalAnswer(listener.text, "stop" if ended else "length", length, len(listener.ids))

    def _prompt(self, messages: list[dict[str, Any]]) -> "torch.Tensor":
        """The messages as the model's own chat template writes them, shape (1, tokens)."""
        from jinja2 import TemplateError

        if not all(isinstance(message.get("content"), str) for message in messages):
            raise CallError("A model in this process reads text only.", "Leave images and other parts out.")
        with _explained(f"The chat template of {self.name!r} refuses these messages", TemplateError, ValueError):
            encoded: Any = self._tokenizer.apply_chat_template(
                messages,
                add_generation_prompt=True,
                return_tensors="pt",
                # Marks such as "<|im_end|>" in a message stay words: no user and no item ends its own message.
                sanitize_control_tokens=True,
                # Models that may think aloud first would put their thoughts into the reply.
                enable_thinking=False,
            )
        return encoded["input_ids"].to(self._model.device)

    @cached_property
    def _grammars(self) -> Grammars:
        if not self._ends:
            raise CallError(f"{self.name!r} has no token that ends an answer.", _OTHERS)
        return Grammars(self._tokenizer, self._vocabulary, self._ends)


class Listener:
    """Hears the tokens of one answer, and tells its text on as soon as it is certain.

    The streamers of transformers wait for a blank, which compact JSON may not have, and tell a stop text on.

    Args:
        tokenizer: turns the tokens to text.
        stop: texts before which the answer ends.
        tell: hears the pieces.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str], tell: Callable[[str], None]) -> None:
        self.ids: list[int] = []
        self.text = ""
        self.stopped = False
        self._tokenizer = tokenizer
        self._stop = [text for text in stop if text]
        self._tell = tell
        self._prompted = False
        self._heard = ""
        self._window = (0, 0)

    def put(self, value: "torch.Tensor") -> None:
        """Hear the prompt, then token after token."""
        if self._prompted:
            self.ids += value.tolist()
            self._hear(last=False)
        self._prompted = True

    def end(self) -> None:
        """Hear that no more will come."""
        self._hear(last=True)

    def _hear(self, *, last: bool) -> None:
        self._read(last=last)
        places = [place for stop in self._stop if (place := self._heard.find(stop)) >= 0]
        self.stopped = bool(places)
        if places:
            certain = min(places)
        else:
            begun = (n for stop in self._stop for n in range(1, len(stop)) if self._heard.endswith(stop[:n]))
            certain = len(self._heard) - (0 if last else max(begun, default=0))
        if certain > len(self.text):
            piece, self.text = self._heard[len(self.text) : certain], self._heard[:certain]
            self._tell(piece)

    def _read(self, *, last: bool) -> None:
        """Decode the new tokens beside the few before them, as some tokenizers write a token by its neighbours."""
        begin, middle = self._window
        old, both = self._decode(self.ids[begin:middle]), self._decode(self.ids[begin:])
        if last or not both.endswith(_UNFINISHED):
            self._heard += both[len(old) :]
            self._window = (middle, len(self.ids))

    def _decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)


def _load(name: str) -> tuple[Any, Any]:
    place = _find(name)
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    faults = (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, ImportError)
    with _explained(f"The language model {name!r} cannot be loaded", *faults):
        tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
        if not tokenizer.chat_template:
            raise CallError(f"The language model {name!r} has no chat template, so it is no chat model.", _OTHERS)
        model: Any = AutoModelForCausalLM.from_pretrained(place, local_files_only=True)
        return model.to(device).eval(), tokenizer


def _find(name: str) -> str:
    """The folder of a model that is on this machine; nothing is fetched."""
    from huggingface_hub import snapshot_download

    try:
        if (Path(name) / "config.json").is_file():
            return name
        return snapshot_download(name, local_files_only=True)
    except (OSError, ValueError) as fault:
        shown = name if len(name) <= 100 else name[:97] + "..."
        raise CallError(f"The language model {shown!r} is not on this machine.", _OTHERS) from fault


@contextmanager
def _explained(told: str, *faults: type[Exception]) -> Iterator[None]:
    """Faults of a library as one of ours, with the first line of what it says."""
    try:
        yield
    except faults as fault:
        said = (str(fault).splitlines() or [type(fault).__name__])[0]
        raise CallError(f"{told}: {said[:200]}", _OTHERS) from fault


@contextmanager
def _seeded(seed: int | None) -> Iterator[None]:
    """Random numbers from a seed, and afterwards from where they were."""
    import torch

    with torch.random.fork_rng(enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        yield


def _stop_when(asked: Callable[[], bool]) -> "StoppingCriteria":
    import torch
    from transformers import StoppingCriteria

    class Asked(StoppingCriteria):
        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            return torch.full((input_ids.shape[0],), asked(), dtype=torch.bool, device=input_ids.device)

    return Asked()
