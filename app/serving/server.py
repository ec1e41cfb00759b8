"""The server: listens, and ends well. Turns under way are finished when it is told to stop, and new ones refused."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Literal

import uvicorn

from ...tools.errors import SettingsError
from .application import make_app
from .guards import is_loopback
from .service import Service

if TYPE_CHECKING:
    from ..ui.page import Page

_OUT = 0.5
"""Seconds that the answers of the last turns have to get out, before event streams are ended."""

_LAST = 2
"""Seconds until everything has ended; what has not is cut off."""

_IDLE = 75
"""Seconds that a connection is kept for its next request: longer than proxies keep theirs, so that none is closed under one."""

_LOOK = 0.1
"""Seconds between two looks whether somebody has lost patience."""

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Server(uvicorn.Server):
    """uvicorn's server, which goes on listening while turns under way are finished.

    Args:
        config: uvicorn's.
        service: whose turns are waited for.
        listening: told when requests are taken.
    """

    def __init__(self, config: uvicorn.Config, service: Service, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self.service = service
        self._listening = listening
        self.signal = 0
        self.ended = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            # What is open now stays; looking through it over and over would hold all turns up for some tenths of a second.
            gc.collect()
            gc.freeze()
            self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse new turns, wait for those under way as long as the settings allow, then close everything."""
        recommender, left = self.service.recommender, self.service.settings.serve.grace
        recommender.stop()
        waited = recommender.turns_under_way > 0
        if waited:
            logging.getLogger(__name__).info("Stopping: %d turns are finished first.", recommender.turns_under_way)
        while not self.force_exit and left > 0 and not await recommender.idle(min(left, _LOOK)):
            left -= _LOOK
        if waited and not self.force_exit:
            await asyncio.sleep(_OUT)
        self.service.closing.set()
        await super().shutdown(sockets)
        if self.force_exit:
            # uvicorn leaves this out then, and databases would be left open.
            await self.lifespan.shutdown()
        self.ended = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals that stop it; unlike uvicorn's own, they are not raised again when it has ended."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; when told a second time, at once."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self.signal = sig


def serve(
    service: Service,
    page: "Callable[[], Page] | None",
    host: str,
    port: int,
    *,
    told: Callable[[str], None] = lambda line: None,
) -> None:
    """Serve until a signal says to stop.

    Args:
        service: what is served.
        page: makes the chat page, shown at `/`; None for none.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        told: takes the server's address, when it listens.

    Raises:
        SettingsError: others can reach the server and no key was made; or the port is taken.
        ConvrecError: index or databases cannot be opened.
        KeyboardInterrupt: Ctrl-C stopped it.
    """
    service.guarded = check_open(service, host)
    sockets = listen(host, port)
    try:
        address = _address(host, sockets[0].getsockname()[1])
        proxies = list(service.settings.serve.proxies)
        ended = 0

        async def run() -> None:
            nonlocal ended
            # Before uvicorn does, which would end with a traceback where a person can mend what is wrong.
            await service.recommender.open()
            # In the loop, because Gradio makes one of its own where none runs.
            app = make_app(service, page() if page else None)
            config = uvicorn.Config(
                app, http=_protocol(), lifespan="on", ws="none", log_config=None, access_log=False, server_header=False,
                proxy_headers=bool(proxies), forwarded_allow_ips=proxies, timeout_keep_alive=_IDLE,
                timeout_graceful_shutdown=_LAST,
            )  # fmt: skip
            server = Server(config, service, lambda: told(address))
            try:
                await server.serve(sockets)
            finally:
                # Where it did not come to listening, the application was not asked to close.
                await service.jobs.aclose()
                await service.arena.aclose()
                await service.recommender.aclose()
            ended = server.signal

        with _logging():
            asyncio.run(run())
    finally:
        for one in sockets:
            one.close()
    if ended == signal.SIGINT:
        raise KeyboardInterrupt


def check_open(service: Service, host: str) -> bool:
    """Whether others than this machine can reach the server: by its address, or through a proxy that has a name for it.

    Raises:
        SettingsError: they can, and no key was made.
    """
    settings = service.settings.serve
    names = [name for name in settings.hosts if not is_loopback(name)]
    reached = not is_loopback(host) or bool(names or settings.proxies)
    if reached and not service.keys.any():
        where = f"on {host}" if not is_loopback(host) else "through a proxy"
        raise SettingsError(
            f"Others can reach a server {where}, and there is no key to tell them apart.",
            "Make a key first: `convrec key add NAME`; or serve on 127.0.0.1.",
        )
    return reached


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on all addresses of a host.

    Raises:
        SettingsError: the port is taken, or the address is not this machine's.
    """
    opened: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((entry[0], entry[4]) for entry in found):
            # A port that was free for the first of several addresses is asked for at the others.
            at = (address[0], opened[0].getsockname()[1] if opened else port)
            opened.append(socket.create_server(at, family=family, backlog=2048))
            # Else the system waits 40 ms for more to send: asyncio knows such sockets too little to say so itself.
            opened[-1].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as fault:
        for one in opened:
            one.close()
        raise SettingsError(
            f"The server cannot listen on {host}:{port}.", "Choose another port, or end what uses this one."
        ) from fault
    return opened


def _protocol() -> "type[asyncio.Protocol] | Literal['h11']":
    """What reads requests: the fast parser where it is installed, which needs bounds that the slow one has."""
    try:
        from .heads import BoundedHeads
    except ImportError:
        return "h11"
    return BoundedHeads


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


@contextlib.contextmanager
def _logging() -> Iterator[None]:
    """Our lines and uvicorn's on stderr, as long as it serves."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT))
    ours = {logging.getLogger("convrec"): logging.INFO, logging.getLogger("uvicorn"): logging.WARNING}
    before = {logger: (logger.level, logger.propagate) for logger in ours}
    for logger, level in ours.items():
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, (level, propagate) in before.items():
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate
