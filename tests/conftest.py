"""What many tests share: small catalogues, their index, and an encoder that needs no model."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from convrec.tools import model_servers
from convrec.tools.index import Index, build_index, open_index
from convrec.tools.items import Interaction, Item
from convrec.tools.schema import Schema
from convrec.tools.storage import Home
from fakes import HashEncoder
from hypothesis import settings
from suites import catalogue

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

_FOREIGN = ("OPENAI_", "LANGSMITH_", "LANGCHAIN_", "CONVREC_LLM", "CONVREC_TRACE")


def pytest_configure(config: pytest.Config) -> None:
    """Let no test find a model server, a key or a tracing account of whoever runs it, in processes of its own neither."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So it is for what a script starts in the background, and for the processes that tests send Ctrl-C to.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if "FILMS_FOR_TESTS" not in os.environ:
        # Whoever sets it first is the run itself; its workers find it set.
        made = tempfile.mkdtemp(prefix="convrec-films-")
        os.environ["FILMS_FOR_TESTS"] = made
        config.add_cleanup(lambda: shutil.rmtree(made, ignore_errors=True))
    for name in [n for n in os.environ if n.upper().startswith(_FOREIGN)]:
        del os.environ[name]
    os.environ["CONVREC_LLM__DISCOVER"] = "false"
    # Where a test clears the environment itself, nothing is found either.
    model_servers.LOOPBACK = ()


@pytest.fixture(scope="session")
def games() -> tuple[Schema, list[Item]]:
    """Sixty games."""
    schema, items = catalogue("games")
    return schema, items[:60]


@pytest.fixture(scope="session")
def likes(games: tuple[Schema, list[Item]]) -> list[Interaction]:
    """Forty users who rated a dozen games each, three of them the first three games."""
    ids = [item.id for item in games[1]]
    rng = np.random.default_rng(7)
    return [
        Interaction(user=f"user {user}", item=ids[row], value=float(rng.integers(1, 6)), time=float(user))
        for user in range(40)
        for row in {0, 1, 2, *rng.choice(len(ids), 9, replace=False).tolist()}
    ]


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> HashEncoder:
    """The encoder of every index that the test builds or opens."""
    made = HashEncoder()
    monkeypatch.setattr("convrec.tools.index.load_encoder", lambda name, folder: made)
    return made


@pytest.fixture(scope="session")
def games_index(
    games: tuple[Schema, list[Item]], likes: list[Interaction], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Index]:
    """The index over the games and who liked them, built once; not to be changed."""
    home = Home(tmp_path_factory.mktemp("games"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("convrec.tools.index.load_encoder", lambda name, folder: HashEncoder(name))
        build_index(home, "games", games[1], games[0], likes, encoder="hash")
        yield open_index(home, "games")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty data folder."""
    return Home(tmp_path / "home")
