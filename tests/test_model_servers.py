import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from convrec.tools.errors import CallError
from convrec.tools.model_servers import (
    LOOPBACK,
    MOST_BYTES,
    check_address,
    check_key,
    find_local_server,
    has_model,
    is_loopback,
    list_models,
    models_that_chat,
    place_of,
    same_server,
)

KEY = "sk-secret"
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers as its server says, and writes down each request's path and key."""

    server: "StandIn"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.keys.append(self.headers.get("Authorization", ""))
        self.server.answer(self)

    def say(self, body: str | bytes, status: int = 200, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


class StandIn(ThreadingHTTPServer):
    """A model server on a free port of this machine."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.asked: list[str] = []
        self.keys: list[str] = []
        self.over = threading.Event()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that hangs up is what many tests are about; all else is a fault of the test.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def serving(answer: Answer) -> Iterator[StandIn]:
    """A server that gives one answer to everything."""
    with StandIn(answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def listing(*names: str) -> Answer:
    """The answer of a server that has these models."""
    body = json.dumps({"object": "list", "data": [{"id": n, "object": "model", "created": 1} for n in names]})
    return lambda handler: handler.say(body)


def saying(body: str | bytes, status: int = 200, **headers: str) -> Answer:
    return lambda handler: handler.say(body, status, **headers)


def hang(handler: Handler) -> None:
    """Take the request and say nothing until the test is over."""
    handler.server.over.wait(20)


def drip(handler: Handler) -> None:
    """Go on saying a little, so that no single wait is long."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def free_address() -> str:
    """An address of this machine where nothing listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}/v1"


def refused(base_url: str, key: str = KEY, seconds: float = 5.0) -> str:
    with pytest.raises(CallError) as caught:
        list_models(base_url, key, seconds)
    assert caught.value.hint
    text = f"{caught.value} {caught.value.hint} {caught.value!r}"
    assert KEY not in text
    return text


def test_a_servers_models_are_listed_in_its_order_with_its_key() -> None:
    with serving(listing("qwen3", "llama3", "nomic-embed-text")) as server:
        assert list_models(server.base_url, KEY) == ("qwen3", "llama3", "nomic-embed-text")
        assert list_models(f" {server.base_url}/ ") == ("qwen3", "llama3", "nomic-embed-text")
    assert server.asked == ["/v1/models", "/v1/models"]
    assert server.keys == [f"Bearer {KEY}", ""]


@pytest.mark.parametrize("body", ['{"object": "list", "data": null}', '{"data": []}'])
def test_a_server_without_a_model_lists_none(body: str) -> None:
    with serving(saying(body)) as server:
        assert list_models(server.base_url) == ()


@pytest.mark.parametrize(
    "body",
    [
        "<!doctype html><title>It works!</title>",
        "{",
        "",
        b"\xff\xfe",
        '{"models": []}',
        '["qwen3"]',
        '{"data": {"id": "qwen3"}}',
        '{"data": ["qwen3"]}',
        '{"data": [{"name": "qwen3"}]}',
        '{"data": [{"id": 7}]}',
        '{"data": [{"id": " "}]}',
        '{"data": [{"id": "qwen3\\u001b[31m"}]}',
        json.dumps({"data": [{"id": "x" * 501}]}),
        "[" * 100_000,
    ],
)
def test_an_answer_that_is_no_list_of_models_is_refused(body: str | bytes) -> None:
    with serving(saying(body)) as server:
        assert "not with a list of models" in refused(server.base_url)
        assert find_local_server([server.base_url], seconds=5) is None


@pytest.mark.parametrize(
    ("status", "told"),
    [(401, "the key"), (403, "the key"), (404, "ends with /v1"), (429, "HTTP 429"), (500, "HTTP 500"), (204, "204")],
)
def test_a_refusal_is_told_in_plain_words(status: int, told: str) -> None:
    with serving(saying("" if status == 204 else f'{{"error": "the key {KEY} is wrong"}}', status)) as server:
        text = refused(server.base_url)
        assert told in text
        assert server.place in text
        assert find_local_server([server.base_url], seconds=5) is None


def test_a_redirect_is_not_followed_because_the_key_would_go_with_it() -> None:
    with serving(listing("qwen3")) as other, serving(saying("", 302, Location=f"{other.base_url}/models")) as server:
        assert "elsewhere" in refused(server.base_url)
        assert find_local_server([server.base_url], seconds=5) is None
        assert not other.asked


@pytest.mark.parametrize("packed", ["", "gzip"])
def test_a_huge_answer_is_refused(packed: str) -> None:
    headers = {"Content-Encoding": packed} if packed else {}
    with serving(saying(b" " * (MOST_BYTES + 1), **headers)) as server:
        assert "more than a list" in refused(server.base_url)


def test_a_packed_answer_is_not_unpacked() -> None:
    import gzip

    with serving(saying(gzip.compress(b" " * 100_000_000), **{"Content-Encoding": "gzip"})) as server:
        assert "not with a list of models" in refused(server.base_url)


@pytest.mark.parametrize("answer", [hang, drip])
def test_a_server_that_does_not_come_to_an_end_is_not_waited_for(answer: Answer) -> None:
    with serving(answer) as server:
        started = time.monotonic()
        assert "in time" in refused(server.base_url, seconds=0.1)
        assert find_local_server([server.base_url], seconds=0.1) is None
        assert time.monotonic() - started < 10


def test_where_nothing_listens_the_fault_says_so_and_a_search_takes_no_time() -> None:
    address = free_address()
    assert "cannot be reached" in refused(address)
    started = time.monotonic()
    assert find_local_server([address] * 2, seconds=5) is None
    assert time.monotonic() - started < 5


def test_a_server_that_breaks_off_is_a_fault_too() -> None:
    def break_off(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"data": [')

    with serving(break_off) as server:
        assert "broke off" in refused(server.base_url)


@pytest.mark.parametrize("key", ["sk-secret\nX-Other: 1", "sk-secret-é", "sk-secret\x00"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    assert "no key has" in refused("http://127.0.0.1:9/v1", key)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "127.0.0.1:8000",
        "ftp://host/v1",
        "http://",
        "http://:8000/v1",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://[::1/v1",
        "http://ho st/v1",
        "http://host\\@other/v1",
        "http://host/\x07",
        "http://ann:sk-secret@host/v1",
        "http://sk-secret@host/v1",
        "http://host/v1?key=sk-secret",
        "http://host/v1#sk-secret",
    ],
)
def test_an_address_that_cannot_be_used_or_holds_a_secret_is_refused_without_being_shown(address: str) -> None:
    with pytest.raises(ValueError, match=r"^(?:is|does|holds) ") as caught:
        check_address(address)
    assert KEY not in str(caught.value)
    assert "llm.base_url" in refused(address)


def test_addresses_and_keys_are_tidied() -> None:
    assert check_address(" https://Host:8443/v1/ \n") == "https://Host:8443/v1"
    assert check_key(" sk-1\n") == "sk-1"
    assert check_key("") == ""


def test_the_first_address_with_a_model_that_chats_is_taken() -> None:
    with ExitStack() as stack:
        other, embeds, first, second = (
            stack.enter_context(serving(answer))
            for answer in (
                saying("<html>"),
                listing("bge-m3", "Qwen/Qwen3-Reranker-8B"),
                listing("all-minilm", "qwen3"),
                listing("llama3"),
            )
        )
        addresses = [free_address(), other.base_url, embeds.base_url, first.base_url, second.base_url]
        found = find_local_server(addresses, seconds=5)
        assert found
        assert (found.base_url, found.models) == (first.base_url, ("qwen3",))
        named = find_local_server(addresses, seconds=5, model="llama3")
        assert named
        assert named.base_url == second.base_url
        assert find_local_server(addresses, seconds=5, model="gemma3") is None
        assert set(first.keys) == {""}


def test_a_silent_server_does_not_hide_one_that_answers() -> None:
    with serving(hang) as silent, serving(listing("qwen3")) as server:
        found = find_local_server([silent.base_url, server.base_url], seconds=0.5)
        assert found
        assert found.models == ("qwen3",)


def test_a_server_on_this_machine_is_asked_directly_whatever_proxy_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(listing("not-yours")) as proxy, serving(listing("qwen3")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.base_url.removesuffix("/v1"))
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert list_models(server.base_url) == ("qwen3",)
        assert find_local_server([server.base_url], seconds=5)
        assert not proxy.asked
        assert list_models("http://models.invalid/v1") == ("not-yours",)
        monkeypatch.setenv("http_proxy", "nonsense://x")
        monkeypatch.setenv("HTTP_PROXY", "nonsense://x")
        assert "cannot be reached" in refused("http://models.invalid/v1")


def test_in_a_test_no_server_of_the_developers_is_found() -> None:
    from convrec.tools import model_servers

    assert LOOPBACK == model_servers.LOOPBACK == ()
    assert find_local_server() is None


@pytest.mark.parametrize(
    "name",
    [
        "nomic-embed-text",
        "mxbai-embed-large:latest",
        "text-embedding-3-small",
        "embeddinggemma:300m",
        "BAAI/bge-reranker-v2-m3",
        "bge-m3",
        "all-minilm:33m",
        "intfloat/e5-mistral-7b-instruct",
        "Qwen/Qwen3-Reranker-0.6B",
        "paraphrase-multilingual",
        "whisper-1",
        "tts-1-hd",
        "dall-e-3",
        "omni-moderation-latest",
    ],
)
def test_a_model_that_does_not_chat_is_passed_over(name: str) -> None:
    assert models_that_chat([name, "qwen3:8b"]) == ("qwen3:8b",)


@pytest.mark.parametrize(
    "name",
    [
        "qwen3",
        "meta-llama/Llama-3.1-8B-Instruct",
        "gpt-4.1-mini",
        "gemma3:12b",
        "mistral-7b",
        "/models/mine",
        "ghost5-x",
    ],
)
def test_a_model_that_chats_is_kept(name: str) -> None:
    assert models_that_chat([name]) == (name,)


def test_a_name_may_leave_out_latest_and_nothing_else() -> None:
    assert has_model(["qwen3:latest"], "qwen3")
    assert has_model(["qwen3:8b"], "qwen3:8b")
    assert not has_model(["qwen3:8b"], "qwen3")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://api.openai.com/v1", "https://API.openai.com:443/v1/", True),
        ("http://host/v1", "http://host:80", True),
        ("https://host/v1", "http://host/v1", False),
        ("https://host/v1", "https://host:8443/v1", False),
        ("https://api.openai.com", "https://api.openai.com.evil.example", False),
        ("https://api.openai.com./v1", "https://api.openai.com/v1", True),
    ],
)
def test_a_server_is_a_scheme_a_host_and_a_port(one: str, other: str, same: bool) -> None:
    assert same_server(one, other) is same


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.8.8.8/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost:11434/v1", True),
        ("http://models.localhost/v1", True),
        ("http://10.0.0.1/v1", False),
        ("http://127.0.0.1.example.com/v1", False),
        ("http://0.0.0.0/v1", False),
        ("https://api.openai.com/v1", False),
        ("", False),
    ],
)
def test_what_is_on_this_machine_is_told_by_its_address(address: str, here: bool) -> None:
    assert is_loopback(address) is here


def test_a_place_holds_host_and_unusual_port_only() -> None:
    assert place_of("https://ann:sk-secret@api.example.com/v1?key=sk-secret") == "api.example.com"
    assert place_of("http://[::1]:8000/v1") == "[::1]:8000"
