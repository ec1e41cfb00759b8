"""`convrec mcp` in a process of its own, by the official client over its stdin and stdout."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from convrec.agents.recommender import Recommender, Setup
from convrec.app.mcp.stdio import serve_stdio
from convrec.tools.errors import InputError
from convrec.tools.index import build_index
from convrec.tools.storage import Home
from fakes import HashEncoder
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters, stdio_client
from talk_stage import TEA_ITEMS, TEAS, index_of, memories_beside

PROGRAM = """
import os, sys
from pathlib import Path
tests, told, *sys.argv[1:] = sys.argv[1:]
sys.path.insert(0, tests)
import convrec.tools.index as index
from fakes import HashEncoder
index.load_encoder = lambda name, folder: HashEncoder(name)
from convrec.app.cli import main
Path(told).write_text(str(os.getpid()))
try:
    main()
except SystemExit as end:
    Path(told).write_text(f"ended with {end.code}")
"""


async def test_a_process_serves_one_user_and_ends_cleanly_when_it_is_told_to(
    home: Home, encoder: HashEncoder, tmp_path: Path
) -> None:
    build_index(home, "teas", TEA_ITEMS, TEAS, encoder="hash")
    log, told = tmp_path / "stderr", tmp_path / "told"
    command = StdioServerParameters(
        command=sys.executable,
        args=["-c", PROGRAM, str(Path(__file__).parent), str(told), "mcp", "--user", "ann", "--catalogue", "teas"],
        env={"CONVREC_HOME": str(home.folder), "CONVREC_ENCODER": "hash", "CONVREC_LLM__MODEL": "none"},
    )
    with log.open("w") as errors:
        async with Client(stdio_client(command, errors)) as client:
            assert (client.instructions or "").startswith("Recommends teas")
            assert "recommend" in {tool.name for tool in (await client.list_tools()).tools}
            asked = {"message": "a smoky black tea, I never drink green tea"}
            result: Any = (await client.call_tool("recommend", asked)).structured_content
            assert result["items"][0]["id"] == "lapsang-souchong"
            listed: Any = (await client.call_tool("list_memories", {})).structured_content
            assert len(listed["memories"]) == 1
            os.kill(int(told.read_text()), signal.SIGTERM)
            # Answered when the other end is gone.
            with pytest.raises(MCPError):
                await client.call_tool("list_memories", {})
    assert told.read_text() == "ended with 0"
    assert log.read_text() == ""


def lazy(folder: Path) -> Recommender:
    """A recommender that nobody has opened."""
    return Recommender(Setup(index=lambda: index_of("teas"), home=Home(folder), store=memories_beside(folder)))


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What is written here comes in at stdin."""
    read, write = os.pipe()
    with os.fdopen(read) as end:
        monkeypatch.setattr(sys, "stdin", end)
        yield write


BEGIN = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
}


def test_when_stdin_ends_it_ends_and_nothing_was_opened_for_a_client_that_asked_nothing(
    stdin: int, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with os.fdopen(stdin, "w") as client:
        client.write(f"no json\n{json.dumps(BEGIN)}\n")
    assert serve_stdio(lazy(tmp_path / "home"), "ann", TEAS) is False
    (told,) = capsys.readouterr().out.splitlines()
    assert "teas" in json.loads(told)["result"]["instructions"]
    assert not (tmp_path / "home").exists()


def test_a_name_that_no_user_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name of a user"):
        serve_stdio(lazy(tmp_path), "", TEAS)
