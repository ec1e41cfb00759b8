"""From settings to a recommender: opens the index, and makes the shipped catalogue's index when it is missing."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..agents.brains import TurnLimits
from ..agents.recommender import Recommender as Agent
from ..agents.recommender import Setup
from ..tools.answer_cache import AnswerCache
from ..tools.encoder import Encoder, load_encoder
from ..tools.errors import SettingsError
from ..tools.index import Index, Progress, build_index, open_index
from ..tools.storage import Home
from ..tools.trace import Trace
from .settings import Settings, load_settings
from .thinking import open_thinking

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.store.base import BaseStore

    from ..agents.threads import Threads

SHIPPED = "films"
"""The catalogue that comes with the project."""

_FOLDER = Path(__file__).parent.parent / "tools" / "films"


class Recommender(Agent):
    """A recommender by settings: `Recommender()` talks about the shipped films.

    Args:
        catalogue: which catalogue; from the settings when not given.
        home: the data folder; from the settings when not given.
        settings: all settings; from environment and file when not given.
        model: any LangChain chat model, in place of the one that the settings name or find.
        on_progress: told how building the shipped catalogue's index gets on, the first time.
    """

    def __init__(
        self,
        catalogue: str | None = None,
        home: Path | str | None = None,
        settings: Settings | None = None,
        model: "BaseChatModel | None" = None,
        on_progress: Progress | None = None,
    ) -> None:
        if settings is None:
            given = {"catalogue": catalogue, "home": home}
            settings = load_settings(**{k: v for k, v in given.items() if v is not None})
        self.settings = settings
        super().__init__(make_setup(settings, on_progress, model))


def make_setup(settings: Settings, on_progress: Progress | None = None, model: "BaseChatModel | None" = None) -> Setup:
    """What a recommender of these settings runs on; the language model is looked for now, and not yet asked.

    Raises:
        SettingsError: a cross-encoder is set and is not on this machine.
    """
    home = Home(settings.home)
    # Answers that were kept before can be forgotten, also where no more are.
    cache = AnswerCache(home.answers) if settings.llm.cache or home.answers.exists() else None
    opened = open_thinking(settings, cache if settings.llm.cache else None, model)
    limits = TurnLimits(**settings.turn.model_dump())
    return Setup(
        index=_opener(settings, on_progress),
        home=home,
        store=_store_opener(settings),
        threads=_threads_opener(settings),
        count=settings.count,
        questions=settings.questions,
        max_message=settings.max_message,
        limits=opened.thinking.within(limits) if opened.thinking else limits,
        brains=opened.thinking.brains if opened.thinking else {},
        brain=opened.told,
        effort=settings.llm.effort if opened.thinking else "",
        cache=cache,
        trace=Trace(home.traces, settings.trace.words, enabled=settings.trace.enabled),
        half_life_days=settings.memory.half_life_days,
        private=settings.memory.private,
    )


def ensure_catalogue(settings: Settings, on_progress: Progress | None = None) -> bool:
    """Build the shipped catalogue's index if it is asked for and missing; whether it was built.

    Raises:
        StoreError: the data folder cannot be written.
    """
    home = Home(settings.home)
    if settings.catalogue != SHIPPED or home.exists(SHIPPED):
        return False
    from ..tools.importing import read_catalogue
    from ..tools.schema_file import read_schema

    source = _FOLDER / "films.jsonl"
    imported = read_catalogue(source, read_schema(_FOLDER / "schema.toml"), SHIPPED)
    build_index(
        home,
        SHIPPED,
        imported.items,
        imported.schema,
        encoder=settings.encoder,
        source=source.name,
        on_progress=on_progress,
    )
    return True


def _opener(settings: Settings, on_progress: Progress | None) -> Callable[[], Index]:
    def opened() -> Index:
        ensure_catalogue(settings, on_progress)
        return open_index(Home(settings.home), settings.catalogue)

    return opened


def open_memories(settings: Settings, encoder: Encoder | None = None) -> "AbstractContextManager[BaseStore]":
    """The users' memories, in the data folder or at a Chroma server; without an encoder they are not searched by meaning.

    Raises:
        StoreError: the folder cannot be used, or the server does not answer.
    """
    from langgraph.store.base import IndexConfig

    from ..tools.opening_memories import connect_store, open_store

    fields: IndexConfig | None = None
    if encoder is not None:

        def embed(texts: Sequence[str]) -> list[list[float]]:
            return encoder.encode(texts).tolist()

        fields = IndexConfig(dims=encoder.encode([""]).shape[1], embed=embed, fields=["text"])
    if not settings.memory.server:
        return closing(open_store(Home(settings.home).memories, index=fields, encoder=settings.encoder))
    server = urlsplit(settings.memory.server)
    secure = server.scheme == "https"
    port = server.port or (443 if secure else 80)
    return closing(connect_store(server.hostname or "", port, ssl=secure, index=fields, encoder=settings.encoder))


def _store_opener(settings: Settings) -> "Callable[[Index], AbstractContextManager[BaseStore]]":
    """What opens the memories for a catalogue's recommender; its encoder serves both where it is the same."""

    def opened(index: Index) -> "AbstractContextManager[BaseStore]":
        own = index.encoder.name == settings.encoder
        return open_memories(
            settings, index.encoder if own else load_encoder(settings.encoder, Home(settings.home).encoders)
        )

    return opened


def _threads_opener(settings: Settings) -> "Callable[[], AbstractAsyncContextManager[Threads]] | None":
    """What opens the conversations, where they lie in a Postgres database."""
    url = settings.memory.database.get_secret_value()

    def opened() -> "AbstractAsyncContextManager[Threads]":
        try:
            from ..agents.postgres_threads import open_postgres_threads
        except ImportError as missing:
            raise SettingsError(
                "memory.database names a Postgres database, and what talks to one is not installed.",
                "Install it with `pip install 'convrec[postgres]'`.",
            ) from missing
        return open_postgres_threads(url)

    return opened if url else None


def passing_store(index: Index) -> "AbstractContextManager[BaseStore]":
    """Memories that end with this process; meaning is not searched in them."""
    from langgraph.store.memory import InMemoryStore

    return nullcontext(InMemoryStore())


def graph() -> object:
    """The compiled workflow for LangGraph's own tools (`langgraph.json`)."""
    from ..agents.graph import build_graph

    return build_graph()
