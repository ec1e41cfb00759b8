from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from convrec.tools.chat_models import OPENAI, ModelChoice, explain_failure, open_chat_model
from convrec.tools.errors import CallError
from pydantic import SecretStr, ValidationError

KEY, WORDS = "sk-secret", "marmalade from Zanzibar"
LOOPBACK, OTHER = "http://127.0.0.1:8000/v1", "https://models.example/v1"


def choice(name: str = "qwen3", base_url: str = "", key: str = KEY, **how: Any) -> ModelChoice:
    return ModelChoice(name=name, base_url=base_url, api_key=SecretStr(key), **how)


def opened(name: str = "qwen3", base_url: str = "", key: str = KEY, **how: Any) -> Any:
    return open_chat_model(choice(name, base_url, key, **how))


@pytest.mark.parametrize(
    ("name", "base_url", "place"),
    [
        ("openai:gpt-4.1-mini", "", "at api.openai.com"),
        ("qwen3", LOOPBACK, "at 127.0.0.1:8000"),
        ("qwen3", "https://ann:sk-secret@models.example/v1?key=sk-secret", "at models.example"),
        ("qwen3", "http://[::1]:11434/v1", "at [::1]:11434"),
        ("transformers:/models/tiny", "", "in this process"),
        ("transformers:/models/tiny", OTHER, "in this process"),
    ],
)
def test_a_place_tells_where_a_model_runs_and_no_secret(name: str, base_url: str, place: str) -> None:
    assert choice(name, base_url).place == place


def test_a_models_name_loses_the_prefix_of_the_door() -> None:
    assert choice("openai:gpt-4.1-mini").model == "gpt-4.1-mini"
    assert choice("meta/llama:8b").model == "meta/llama:8b"


def test_a_choice_hides_its_key_and_cannot_be_changed() -> None:
    one = choice(origin="set by llm.model")
    assert KEY not in f"{one!r} {one} {one.model_dump_json()}"
    with pytest.raises(ValidationError):
        one.name = "other"
    with pytest.raises(ValidationError):
        choice("")


def test_a_model_at_a_server_is_opened_with_all_that_was_chosen() -> None:
    model = opened("openai:qwen3", OTHER, timeout=7.0, retries=1, temperature=0.5, seed=11)
    assert (model.model_name, model.temperature, model.seed, model.max_retries) == ("qwen3", 0.5, 11, 1)
    assert (model.request_timeout, model.stream_chunk_timeout, model.stream_usage) == (7.0, 7.0, True)
    client = model.root_async_client
    assert (str(client.base_url).rstrip("/"), client.api_key, client.timeout) == (OTHER, KEY, 7.0)
    assert KEY not in repr(model)


def test_without_an_address_openais_own_server_is_asked_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENAI_API_BASE", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "https://elsewhere.example/v1")
    assert str(opened().root_async_client.base_url).rstrip("/") == OPENAI


@pytest.mark.parametrize("base_url", [LOOPBACK, OTHER])
def test_no_key_of_the_environment_goes_to_a_server_that_has_none(
    monkeypatch: pytest.MonkeyPatch, base_url: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-ours")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-ours")
    client = opened("qwen3", base_url, key="").root_async_client
    assert client.api_key == "none"
    assert "ours" not in str({**client.default_headers})
    own = opened("gpt-4.1-mini", key="").root_async_client
    assert own.default_headers["OpenAI-Organization"] == "org-ours"


def test_a_server_on_this_machine_is_asked_directly_whatever_proxy_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    model = opened("qwen3", LOOPBACK)
    assert model.openai_proxy is None
    assert not model.root_async_client._client._mounts


def test_a_model_in_this_process_is_opened_without_openais_client() -> None:
    model: Any = opened("transformers:/models/tiny", temperature=0.5)
    assert (type(model).__name__, str(model.folder), model.temperature) == ("TransformersChat", "/models/tiny", 0.5)


REQUEST = httpx2.Request("POST", OTHER, headers={"Authorization": f"Bearer {KEY}"}, content=WORDS)


def refused(status: int) -> Exception:
    body = {"error": {"message": f"{KEY} {WORDS}"}}
    return openai.APIStatusError(f"{KEY} {WORDS}", response=httpx2.Response(status, request=REQUEST), body=body)


@pytest.mark.parametrize(
    ("fault", "told", "hint"),
    [
        (refused(401), "refused the key (HTTP 401)", "llm.api_key"),
        (refused(403), "refused the key (HTTP 403)", "llm.api_key"),
        (refused(404), "has no such model (HTTP 404)", "llm.model"),
        (refused(400), "refused the request (HTTP 400)", ""),
        (refused(429), "is busy (HTTP 429)", ""),
        (refused(500), "failed (HTTP 500)", ""),
        (refused(503), "failed (HTTP 503)", ""),
        (openai.APITimeoutError(REQUEST), "did not answer in time", "llm.timeout"),
        (TimeoutError(WORDS), "did not answer in time", "llm.timeout"),
        (httpx2.ReadTimeout(WORDS), "did not answer in time", "llm.timeout"),
        (openai.APIConnectionError(message=WORDS, request=REQUEST), "no connection", "convrec doctor"),
        (ConnectionRefusedError(WORDS), "no connection", "convrec doctor"),
        (OSError(WORDS), "no connection", "convrec doctor"),
        (httpx2.RemoteProtocolError(WORDS), "broke off", "convrec doctor"),
        (httpx2.ReadError(WORDS), "broke off", "convrec doctor"),
        (httpx2.ConnectError(WORDS), "no connection", "convrec doctor"),
        (ValueError(f"{KEY} {WORDS}"), "the call failed (ValueError)", ""),
        (KeyError(KEY), "the call failed (KeyError)", ""),
    ],
    ids=lambda f: type(f).__name__ if isinstance(f, Exception) else None,
)
def test_a_failure_is_told_in_plain_words_without_key_or_prompt(fault: Exception, told: str, hint: str) -> None:
    explained = explain_failure(fault, "at models.example")
    assert told in str(explained)
    assert hint in explained.hint
    assert bool(explained.hint) == bool(hint)
    for secret in (KEY, WORDS):
        assert secret not in f"{explained} {explained.hint}"
    assert "models.example" in str(explained) or "the call failed" in told


def test_a_failure_of_no_known_place_is_told_too() -> None:
    assert str(explain_failure(refused(500))) == "the server failed (HTTP 500)"


def test_a_failure_that_was_told_already_stays_as_it_is() -> None:
    told = CallError("said already", "do this")
    assert explain_failure(told, "elsewhere") is told


def test_opening_a_model_asks_nothing(tmp_path: Path) -> None:
    opened("qwen3", "http://127.0.0.1:9/v1")
    opened(f"transformers:{tmp_path / 'nothing here'}")
