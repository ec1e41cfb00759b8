"""LangSmith's environment variables work as LangChain users expect, and nothing is sent without them."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from openai_server import OpenAiServer, by_chance, never
from random_answers import Helpful

HERE = Path(__file__).parent
KEY = "sk-not-to-be-sent-0123456789"
ACCOUNT = "lsv2-not-an-account"
GRAPH = {"understand", "retrieve", "nli", "summarize", "rank", "respond", "remember"}

BATCHES = {
    "use_multipart_endpoint": True, "size_limit": 100, "size_limit_bytes": 20_000_000,
    "scale_up_qsize_trigger": 1_000, "scale_up_nthreads_limit": 4, "scale_down_nempty_trigger": 4,
}  # fmt: skip
"""What LangSmith's servers say of themselves; without a word of compression, runs are sent as they are."""

TURNS = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from convrec.app.settings import Settings
from convrec.app.thinking import open_thinking
from convrec.agents.brains import TurnLimits
from convrec.agents.recommender import Recommender, Setup
from convrec.tools.storage import Home
from talk_stage import index_of, memories_beside

async def talk():
    folder = Path(sys.argv[2])
    settings = Settings(home=folder, llm={"base_url": sys.argv[3], "model": "tiny", "api_key": sys.argv[4], "retries": 0})
    thinking = open_thinking(settings).thinking
    setup = Setup(
        index=lambda: index_of("teas"), home=Home(folder), store=memories_beside(folder),
        brains=thinking.brains, limits=thinking.within(TurnLimits()),
    )
    async with Recommender(setup) as recommender:
        for said in ("a green tea", "more"):
            answer = await recommender.reply(said)
            print(answer.usage.calls, answer.usage.fallbacks)
        await recommender.reply("a tea that tastes of parsnips", thread="other", private=True)

asyncio.run(talk())
"""
"""Two turns with a model, and a private one: the tests' folder, a data folder, the model server's address and its key."""


@dataclass
class Received:
    """What the stand-in for LangSmith was sent."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """The names of the runs."""
        return {n for t in self.texts for n in re.findall(r'"name":\s*"([^"]+)"', t)}


@contextmanager
def langsmith() -> Iterator[Received]:
    """A server on loopback that takes runs."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            received.paths.append(self.path)
            self._answer({"version": "0.12.0", "batch_ingest_config": BATCHES})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.paths.append(self.path)
            received.texts.append(f"{self.headers}\n{body.decode('utf-8', 'replace')}")
            self._answer({})

        do_PATCH = do_POST  # noqa: N815 (the base class names it so)

        def _answer(self, value: dict[str, Any]) -> None:
            raw = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    received.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield received
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def turns(folder: Path, server: OpenAiServer, **variables: str) -> list[str]:
    """Two turns in a process with these variables; calls and fallbacks of each."""
    left = {k: v for k, v in os.environ.items() if not k.startswith(("LANGSMITH_", "LANGCHAIN_"))}
    command = [sys.executable, "-c", TURNS, str(HERE), str(folder), server.base_url, KEY]
    done = subprocess.run(command, env=left | variables, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert KEY not in done.stdout + done.stderr
    return done.stdout.split("\n")[:2]


def test_runs_of_graph_and_model_are_sent_where_tracing_is_switched_on(tmp_path: Path) -> None:
    with OpenAiServer(Helpful()) as server, langsmith() as received:
        told = turns(
            tmp_path, server, LANGSMITH_TRACING="true", LANGSMITH_ENDPOINT=received.url, LANGSMITH_API_KEY=ACCOUNT
        )
    assert told == ["3 0", "3 0"]
    assert received.names >= GRAPH | {"ChatOpenAI"}
    sent = "\n".join(received.texts)
    assert ACCOUNT in sent
    assert "a green tea" in sent
    assert "parsnips" not in sent
    assert KEY not in sent


def test_failed_calls_are_sent_without_the_key(tmp_path: Path) -> None:
    plan = by_chance(0.7, ("refused", "failed", "too_long", "unavailable"), seed=2)
    with OpenAiServer(Helpful(), plan) as server, langsmith() as received:
        turns(tmp_path, server, LANGSMITH_TRACING="true", LANGSMITH_ENDPOINT=received.url, LANGSMITH_API_KEY=ACCOUNT)
        assert any(r.fault for r in server.requests)
    assert received.names >= {"understand", "ChatOpenAI"}
    assert KEY not in "\n".join(received.texts)


@pytest.mark.parametrize("variables", [{}, {"LANGSMITH_TRACING": "false"}])
def test_nothing_is_sent_where_tracing_is_not_switched_on(variables: dict[str, str], tmp_path: Path) -> None:
    with OpenAiServer(Helpful(), never) as server, langsmith() as received:
        told = turns(tmp_path, server, LANGSMITH_ENDPOINT=received.url, LANGSMITH_API_KEY=ACCOUNT, **variables)
    assert told == ["3 0", "3 0"]
    assert received.paths == []
