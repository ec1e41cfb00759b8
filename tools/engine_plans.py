"""Which engine serves which model, and where: its command line, and what would keep it from starting."""

import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .errors import InputError

EngineName = Literal["vllm", "transformers"]

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

_OURS = ("--model", "--served-model-name", "--host", "--port")


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

    def wrap(self, command: list[str]) -> list[str]:
        """A command that sets the defaults where the environment does not, and then becomes the given one."""
        lines = [f': "${{{name}:={value}}}"; export {name}' for name, value in self.defaults.items()]
        return ["/bin/sh", "-c", "\n".join([*lines, 'exec "$@"']), "sh", *command]

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


def _check_python(plan: Plan) -> None:
    if shutil.which(plan.python) is None:
        raise InputError(
            f"There is no Python at {plan.python}.", "Name one that has the engine: --python PATH/bin/python."
        )
    modules = _MODULES[plan.engine]
    try:
        done = subprocess.run(
            plan.wrap([plan.python, "-c", _FIND_MISSING, *modules]),
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
