"""Opens the memory store: in a folder that processes use in turns, or at a server."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langgraph.store.base import IndexConfig, TTLConfig

from .chroma_database import ChromaServer
from .chroma_folder import PATIENCE, attach
from .chroma_store import NAME, ChromaStore
from .errors import StoreError


def open_store(
    folder: Path,
    *,
    index: IndexConfig | None = None,
    encoder: str = "",
    ttl: TTLConfig | None = None,
    name: str = NAME,
    clock: Callable[[], float] = time.time,
    patience: float = PATIENCE,
) -> ChromaStore:
    """The store in a folder's embedded Chroma database.

    Several stores, threads and processes may have a folder open; processes use it in turns.

    Args:
        folder: a folder of its own, made if it is not there.
        index: how texts become vectors, and which fields of a value are embedded; None for a store without meaning.
        encoder: the embedding's name; items embedded by another are embedded anew when they are first searched.
        ttl: how long items live unless told otherwise, and whether reading puts off their end.
        name: tells stores in one folder apart.
        clock: seconds since 1970.
        patience: seconds to wait for another process to hand the folder over, now and later.

    Raises:
        BusyError: another process does not hand the folder over.
        CorruptError: its files are damaged.
        StoreError: it cannot be used.
    """
    database = attach(folder, patience)
    store = ChromaStore(database, index=index, encoder=encoder, ttl=ttl, name=name, clock=clock)
    try:
        with database.using():
            return store
    except BaseException:
        store.close()
        raise


def connect_store(
    host: str,
    port: int = 8000,
    *,
    ssl: bool = False,
    headers: dict[str, str] | None = None,
    index: IndexConfig | None = None,
    encoder: str = "",
    ttl: TTLConfig | None = None,
    name: str = NAME,
) -> ChromaStore:
    """The store of a Chroma server, for any number of processes.

    Raises:
        StoreError: the server does not answer.
    """
    import chromadb
    from chromadb.config import Settings

    try:
        client: Any = chromadb.HttpClient(host, port, ssl, headers, Settings(anonymized_telemetry=False))
    except ValueError as fault:
        raise StoreError(
            f"The Chroma server at {host}:{port} does not answer: {fault}", "Start it with `chroma run --path FOLDER`."
        ) from fault
    return ChromaStore(ChromaServer(client), index=index, encoder=encoder, ttl=ttl, name=name)
