import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from convrec.tools import chroma_files
from convrec.tools.errors import StoreError
from convrec.tools.opening_memories import connect_store, open_store
from langgraph.store.base import IndexConfig


def embed(texts: list[str]) -> list[list[float]]:
    return [[1.0, float(len(t))] for t in texts]


INDEX = IndexConfig(dims=2, embed=embed, fields=["text"])


def _wait_for(port: int) -> None:
    waiting = threading.Event()
    for _ in range(300):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        waiting.wait(0.1)


@dataclass(frozen=True)
class Server:
    port: int
    folder: Path
    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path, unused_tcp_port: int) -> Iterator[Server]:
    program, folder = Path(sys.executable).with_name("chroma"), tmp_path / "server"
    command = [program, "run", "--path", str(folder), "--port", str(unused_tcp_port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _wait_for(unused_tcp_port)
        running = Server(unused_tcp_port, folder, process)
        yield running
        running.stop()


def test_a_server_serves_several_stores(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    one = connect_store("127.0.0.1", server.port, name="shared", index=INDEX)
    two = connect_store("127.0.0.1", server.port, name="shared", index=INDEX)
    one.put(("a", "b"), "k", {"text": "quicksilver"})
    one.put(("b", "b"), "k", {"text": "platinum"})
    assert two.search(("a",), query="quicksilver")[0].score == 1.0
    with caplog.at_level(logging.WARNING):
        assert two.forget(("a",)) == 1
    assert one.get(("a", "b"), "k") is None
    assert "convrec.tools.chroma_files clean" in caplog.text
    one.close()
    two.close()
    server.stop()
    # As the warning says; then the folder does without a server, too.
    subprocess.run([sys.executable, chroma_files.__file__, "clean", str(server.folder / "chroma.sqlite3")], check=True)
    assert [p for p in server.folder.rglob("*") if p.is_file() and b"quicksilver" in p.read_bytes()] == []
    alone = open_store(server.folder, name="shared", index=INDEX)
    assert [i.value for i in alone.search((), query="platinum")] == [{"text": "platinum"}]
    alone.put(("b", "b"), "l", {"text": "sea"})
    assert [p for p in server.folder.iterdir() if p.is_dir()] == []
    alone.close()


def test_a_server_that_is_not_there_is_named(unused_tcp_port: int) -> None:
    with pytest.raises(StoreError, match=str(unused_tcp_port)):
        connect_store("127.0.0.1", unused_tcp_port)
