"""Starts a language model's server on this machine, waits until it can answer, and stops all of it.

An engine is several processes. They form one process group, so that none is left when the engine is stopped; on Linux
the engine also ends when the process that started it is killed.
"""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

from .engine_plans import Plan, check_plan
from .errors import ModelError

LINES_KEPT = 200
"""How much of an engine's log is kept."""

GRACE = 15.0
"""Seconds that an engine has to end by itself."""

_TICK = 0.1
_LINES_TOLD = 15
_TIE = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"
"""Asks Linux to terminate this process when the thread that started it ends (PR_SET_PDEATHSIG), then becomes another."""

# Colours, and what moves the cursor.
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Engine:
    """A started engine; leaving its context stops it.

    Start it from the main thread: on Linux an engine ends with the thread that started it.

    Args:
        plan: what to serve.
        on_line: told each line of the engine's log as it comes, from another thread.

    Raises:
        InputError: as `check_plan`.
    """

    def __init__(self, plan: Plan, on_line: Callable[[str], None] | None = None) -> None:
        check_plan(plan)
        self.plan = plan
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._stopped = False
        self._process = subprocess.Popen(
            [*_tie(), *plan.wrap(plan.command)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(on_line,), name="convrec-engine", daemon=True)
        self._reader.start()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The number of its first process, and of its process group."""
        return self._process.pid

    @property
    def lines(self) -> tuple[str, ...]:
        """The end of its log."""
        return tuple(self._lines)

    @property
    def ended(self) -> bool:
        """Whether its first process has ended."""
        return self._process.poll() is not None

    def wait_until_healthy(
        self,
        timeout: float,
        on_progress: Callable[[float, str], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Wait until it can answer.

        Args:
            timeout: seconds.
            on_progress: told the seconds so far and the last line of the log, again and again.
            stopping: asked again and again; True ends the wait.

        Returns:
            Whether it can answer; False where `stopping` ended the wait.

        Raises:
            ModelError: it ended, or cannot answer in time.
        """
        started = time.monotonic()
        while not stopping():
            self.check_alive()
            if _is_healthy(self.plan.address, self.plan.port):
                # Somebody else may have taken the port while the engine started.
                self.check_alive()
                return True
            seconds = time.monotonic() - started
            if seconds > timeout:
                raise ModelError(
                    f"{self.plan.engine} could not answer within {timeout:g} seconds.{self._told()}",
                    "Give it more time with --timeout, or take a smaller model.",
                )
            if on_progress is not None:
                on_progress(seconds, self._lines[-1] if self._lines else "")
            time.sleep(_TICK)
        return False

    def watch(self, stopping: Callable[[], bool]) -> None:
        """Stay until `stopping` says True.

        Raises:
            ModelError: the engine ended before that.
        """
        while not stopping():
            self.check_alive()
            time.sleep(_TICK)

    def check_alive(self) -> None:
        """Do nothing, if it runs.

        Raises:
            ModelError: it has ended.
        """
        if not self.ended:
            return
        self._reader.join(timeout=2)
        code = self._process.returncode
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        raise ModelError(
            f"{self.plan.engine} {how}.{self._told()}",
            "What is wrong stands there. Arguments for the engine itself come after `--`.",
        )

    def stop(self, grace: float = GRACE, hurrying: Callable[[], bool] = lambda: False) -> None:
        """End all of its processes: ask them to, and kill those that are left after a while.

        Args:
            grace: seconds that they have.
            hurrying: asked again and again; True ends the wait.
        """
        if self._stopped:
            return
        self._stopped = True
        self._signal(signal.SIGTERM)
        until = time.monotonic() + grace
        # The log ends when the last of its processes has: one that waits for nobody to collect it counts as ended too.
        while (not self.ended or self._reader.is_alive()) and time.monotonic() < until and not hurrying():
            time.sleep(_TICK / 2)
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join(timeout=2)
        if self._process.stdout is not None and not self._reader.is_alive():
            self._process.stdout.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _read(self, on_line: Callable[[str], None] | None) -> None:
        for line in self._process.stdout or ():
            # Bars that are drawn anew end with a carriage return, which counts as the end of a line here.
            text = _ESCAPE.sub("", line).rstrip()
            if text:
                self._lines.append(text)
                if on_line is not None:
                    on_line(text)

    def _told(self) -> str:
        told = [f"  {line}" for line in list(self._lines)[-_LINES_TOLD:]]
        return "\n".join([" The end of its log:", *told]) if told else " It said nothing."


def _tie() -> list[str]:
    """What comes before a command that is to end with us, even when we are killed."""
    return [sys.executable, "-I", "-S", "-c", _TIE] if sys.platform == "linux" else []


def _is_healthy(host: str, port: int) -> bool:
    # Not httpx: it takes long to import, and it asks proxies.
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
