"""Where the memory store's Chroma client comes from: what a folder and a server have in common, and the server."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

log = logging.getLogger(__name__)


class Database(Protocol):
    """Where a store's Chroma client comes from: a folder, or a server."""

    @property
    def path(self) -> Path | None:
        """The folder, None for a server's."""
        ...

    def using(self) -> AbstractContextManager[Any]:
        """The Chroma client, for the length of the block."""
        ...

    def check_room(self, size: int) -> None:
        """See that so many bytes can be written, 0 for a removal."""
        ...

    def shred(self) -> None:
        """Cut out of the files what was deleted."""
        ...

    def release(self) -> None:
        """Say that the store needs it no more."""
        ...


class ChromaServer:
    """A client of a Chroma server, as a store's database."""

    path = None

    def __init__(self, client: Any) -> None:
        self._client = client

    @contextmanager
    def using(self) -> Iterator[Any]:
        """The client."""
        yield self._client

    def check_room(self, size: int) -> None:
        """A server's disk is out of sight."""

    def shred(self) -> None:
        """Say what the server's keeper has to do."""
        log.warning(
            "The deleted words stay in the Chroma server's files until it is stopped and `%s` is run on its machine.",
            "python -m convrec.tools.chroma_files clean FOLDER/chroma.sqlite3",
        )

    def release(self) -> None:
        """Close the client, and the connections that Chroma leaves open; a client over HTTP shares them with none."""
        servers = (self._client._server, self._client._admin_client._server)
        self._client.close()
        for server in servers:
            server._session.close()
