from pathlib import Path
from threading import Event

import pytest
import torch
from convrec.tools.local_engine import Listener, LocalEngine, LocalRequest, open_engine
from tiny_models import make_chat_model
from transformers import AutoTokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_chat_model(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def engine(folder: Path) -> LocalEngine:
    return open_engine(str(folder))


def hear(folder: Path, text: str, stop: tuple[str, ...] = ()) -> tuple[list[str], Listener]:
    """The pieces told while the text's tokens come one by one."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    pieces: list[str] = []
    listener = Listener(tokenizer, stop, pieces.append)
    listener.put(torch.tensor([[1, 2, 3]]))
    for token in tokenizer.encode(text):
        listener.put(torch.tensor([token]))
        if listener.stopped:
            break
    listener.end()
    return pieces, listener


@pytest.mark.parametrize("text", ["plain words", '{"a":[1,2]}', "naïve ☕ and 鏡, 1975", "  two  blanks \n\n", ""])
def test_pieces_join_to_the_text_and_hold_whole_characters(folder: Path, text: str) -> None:
    pieces, listener = hear(folder, text)
    assert "".join(pieces) == listener.text == text
    assert not any("\ufffd" in piece for piece in pieces)


def test_pieces_come_before_a_blank_does(folder: Path) -> None:
    pieces, _ = hear(folder, '{"aaaa":[1,2,3,4],"bbbb":[5,6,7,8]}')
    assert len(pieces) > 10


def test_what_may_become_a_stop_text_is_held_back_until_it_is_certain(folder: Path) -> None:
    pieces, listener = hear(folder, "one STO two STOP three", stop=("STOP", "never"))
    assert "".join(pieces) == listener.text == "one STO two "
    assert listener.stopped
    pieces, listener = hear(folder, "one STO", stop=("STOP",))
    assert "".join(pieces) == "one STO"
    assert not listener.stopped


def test_the_first_of_several_stop_texts_ends_the_answer(folder: Path) -> None:
    _, listener = hear(folder, "a; b, c", stop=(",", ";", ""))
    assert listener.text == "a"


def test_unfinished_bytes_at_the_end_are_told_as_such(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    listener = Listener(tokenizer, (), lambda _: None)
    listener.put(torch.tensor([[1]]))
    for token in tokenizer.encode("☕")[:2]:
        listener.put(torch.tensor([token]))
    assert listener.text == ""
    listener.end()
    assert set(listener.text) == {"\ufffd"}


def test_a_folder_is_loaded_once(folder: Path, engine: LocalEngine) -> None:
    assert open_engine(str(folder)) is engine


def test_an_answer_that_nobody_waits_for_ends_at_once(engine: LocalEngine) -> None:
    left = Event()
    left.set()
    request = LocalRequest(messages=[{"role": "user", "content": "hello"}], max_tokens=2000)
    assert engine.answer(request, lambda _: None, left).completion_tokens == 1


def test_an_answer_stops_where_its_listener_leaves(engine: LocalEngine) -> None:
    left = Event()
    request = LocalRequest(messages=[{"role": "user", "content": "hello"}], max_tokens=2000)
    assert engine.answer(request, lambda _: left.set(), left).completion_tokens < 20
