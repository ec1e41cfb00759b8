"""Starts a language model's server (vLLM or transformers) on this machine, waits until it can answer, stops all of it.

An engine is several processes. They form one process group, so that none is left when the engine is stopped; on Linux
the engine also ends when the process that started it is killed.
"""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from .errors import InputError, ModelError

EngineName = Literal["vllm", "transformers"]

LINES_KEPT = 200
"""How much of an engine's log is kept."""

GRACE = 15.0
"""Seconds that an engine has to end by itself."""

_TICK = 0.1
_LINES_TOLD = 15
_PROBE_SECONDS = 60

_MODULES: dict[EngineName, tuple[str, ...]] = {
    "vllm": ("vllm",),
    "transformers": ("transformers", "torch", "accelerate", "fastapi", "uvicorn", "openai"),
}
_INSTALL: dict[EngineName, str] = {
    "vllm": "pip install vllm (its CPU build where there is no GPU)",
    "transformers": "pip install 'transformers[serving]'",
}

_GPU_DEVICES = ("nvidia[0-9]*", "kfd", "dxg")
"""NVIDIA, AMD, and either of them under WSL."""

_GRAMMAR = '{"backend":"xgrammar","disable_any_whitespace":true}'
"""Without the second key, a weak model may write white space until its answer is cut off."""

# The folder of the caller is no place for modules: one called tools would hide the engine's own.
_DEFAULTS = {"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1"}
_VLLM_DEFAULTS = {"VLLM_NO_USAGE_STATS": "1"}
_CPU_DEFAULTS = {"OMP_NUM_THREADS": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}

_FIND_MISSING = "import importlib.util as u, sys; print(*(m for m in sys.argv[1:] if u.find_spec(m) is None))"

_TIE = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"
"""Asks Linux to terminate this process when the thread that started it ends (PR_SET_PDEATHSIG), then becomes another."""

_OURS = ("--model", "--served-model-name", "--host", "--port")

# Colours, and what moves the cursor.
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Plan:
    """Which engine is to serve which model, where, and how it is called.

    Attributes:
        engine: the engine.
        model: a folder or a hub name.
        host: the address to listen on.
        port: the port to listen on.
        python: the interpreter of the environment that has the engine: a path, or a name on the PATH.
        extra: further arguments for the engine; they win over those that we give it.
        gpu: whether there is a GPU; found out when not given.
    """

    engine: EngineName
    model: str
    host: str = "127.0.0.1"
    port: int = 8000
    python: str = sys.executable
    extra: tuple[str, ...] = ()
    gpu: bool | None = None

    @property
    def name(self) -> str:
        """What the server calls the model."""
        folder = Path(self.model)
        return folder.resolve().name if self.engine == "vllm" and folder.is_dir() else self.model

    @property
    def address(self) -> str:
        """The host at which the server is reached from this machine."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)

    @property
    def base_url(self) -> str:
        """Where it speaks OpenAI's protocol."""
        return f"http://{f'[{self.address}]' if ':' in self.address else self.address}:{self.port}/v1"

    @property
    def command(self) -> list[str]:
        """The command line of the engine."""
        where = ["--host", self.host, "--port", str(self.port)]
        if self.engine == "transformers":
            serve = ["-m", "transformers.cli.transformers", "serve", self.model]
            return [self.python, *serve, *where, *self.extra]
        # The module, because the CPU build's own command looks for a distribution of another name, and fails.
        options = ["-m", "vllm.entrypoints.openai.api_server", "--model", self.model, "--served-model-name", self.name]
        options += [*where, "--max-model-len", "auto", "--structured-outputs-config", _GRAMMAR]
        options += [] if self._has_gpu else ["--enforce-eager"]
        return [self.python, *options, *self.extra]

    @property
    def defaults(self) -> dict[str, str]:
        """Variables that the engine gets where the environment does not set them."""
        defaults = dict(_DEFAULTS)
        if Path(self.model).is_dir():
            defaults["HF_HUB_OFFLINE"] = "1"
        if self.engine == "vllm":
            defaults |= _VLLM_DEFAULTS | ({} if self._has_gpu else _CPU_DEFAULTS)
        return defaults

    @property
    def _has_gpu(self) -> bool:
        return has_gpu() if self.gpu is None else self.gpu


def has_gpu(devices: Path = Path("/dev")) -> bool:
    """Whether this machine has a GPU that an engine could use."""
    return any(True for pattern in _GPU_DEVICES for _ in devices.glob(pattern))


def check_plan(plan: Plan) -> None:
    """Find out what would keep the engine from starting, as far as that is cheap.

    Raises:
        InputError: there is no such interpreter, it lacks the engine, the port cannot be listened on, or an argument
            for the engine would contradict the plan.
    """
    for argument in plan.extra:
        if (name := argument.partition("=")[0]) in _OURS:
            raise InputError(f"{name} is set by convrec itself.", "Say --model, --host and --port before the `--`.")
    _check_python(plan)
    _check_port(plan)


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
            [*_tie(), *_with_defaults(plan.defaults, plan.command)],
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


def _check_python(plan: Plan) -> None:
    if shutil.which(plan.python) is None:
        raise InputError(
            f"There is no Python at {plan.python}.", "Name one that has the engine: --python PATH/bin/python."
        )
    modules = _MODULES[plan.engine]
    try:
        done = subprocess.run(
            _with_defaults(plan.defaults, [plan.python, "-c", _FIND_MISSING, *modules]),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            timeout=_PROBE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as fault:
        raise InputError(
            f"{plan.python} cannot be run as a Python: {fault}.", "Name another one with --python PATH/bin/python."
        ) from fault
    if missing := done.stdout.split():
        raise InputError(
            f"{plan.engine} is not installed for {plan.python}: it lacks {', '.join(missing)}.",
            f"Install it there: {_INSTALL[plan.engine]}. Or name the Python of an environment that has it: "
            "--python PATH/bin/python.",
        )


def _check_port(plan: Plan) -> None:
    where = f"{plan.host}, port {plan.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(plan.host, plan.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as place:
            # As servers do it: a connection that has just been closed does not count.
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.bind(address)
            place.listen()
    except socket.gaierror as fault:
        raise InputError(f"There is no address {plan.host}.", "127.0.0.1 is this machine's own.") from fault
    except OSError as fault:
        raise InputError(
            f"Nothing can listen at {where}: {(fault.strerror or str(fault)).lower()}.",
            "Name another port with --port, or stop what listens there.",
        ) from fault


def _with_defaults(defaults: dict[str, str], command: list[str]) -> list[str]:
    """A command that sets variables where the environment does not, and then becomes the given one."""
    lines = [f': "${{{name}:={value}}}"; export {name}' for name, value in defaults.items()]
    return ["/bin/sh", "-c", "\n".join([*lines, 'exec "$@"']), "sh", *command]


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
