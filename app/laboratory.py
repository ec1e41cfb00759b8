"""From settings and a plan to goals and a laboratory: the catalogue, the systems under test, and who makes users."""

import gc
import importlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..agents.recommender import Recommender
from ..simulator.baselines import ASKING, BASELINES, make_baseline
from ..simulator.goals import goals_from_catalogue, goals_from_histories
from ..simulator.held_out import without_targets
from ..simulator.http_system import HttpSystem
from ..simulator.lab import Lab
from ..simulator.nouns import Goal, Persona
from ..simulator.offline.dialogues_file import HumanDialogue, read_dialogues
from ..simulator.personas import PERSONAS
from ..simulator.plan import Plan, name_without
from ..simulator.recommender_system import RecommenderSystem
from ..simulator.runs import GOALS, read_records
from ..simulator.systems import System
from ..simulator.users.agenda import AgendaUser
from ..simulator.users.replay import ReplayUser
from ..simulator.users.user import User
from ..tools.encoder import use_threads
from ..tools.errors import InputError
from ..tools.history import open_log
from ..tools.index import Index, open_index
from ..tools.model_servers import check_address
from ..tools.storage import Home
from .build import make_setup, passing_store
from .settings import Settings
from .thinking import open_chat

OURS = "convrec"


def check_plan(plan: Plan) -> None:
    """Refuse a plan that names what does not exist, before anything is opened.

    Raises:
        InputError: a system, a part or a persona is unknown; the hint lists those that there are.
    """
    from ..agents.ablations import check_parts

    check_parts(plan.without)
    for name in plan.systems:
        if name not in (OURS, *BASELINES) and ":" not in name:
            raise InputError(
                f"There is no system {name!r}.",
                f"There are: {', '.join((OURS, *BASELINES))}, the URL of an endpoint, and module:name of a Python object.",
            )
    _personas(plan)
    if plan.user == "replay" and not plan.dialogues:
        raise InputError("A replay needs dialogues.", "Name their file: --dialogues FILE.")
    if plan.dialogues and plan.user != "replay":
        raise InputError(f"A user of the kind {plan.user!r} replays no dialogues.", "--user replay does.")
    if (plan.user_model or plan.user_url) and plan.user != "llm":
        raise InputError(f"A user of the kind {plan.user!r} asks no language model.", "--user llm does.")
    if (plan.judge_model or plan.judge_url) and not plan.judge:
        raise InputError("There is a model for a judge, and no judge.", "--judge lets it judge.")
    for name, url in (("user_url", plan.user_url), ("judge_url", plan.judge_url)):
        try:
            # What is in a plan is written down, and shown in reports.
            _ = url and check_address(url)
        except ValueError as fault:
            raise InputError(f"The address {name} cannot be used: it {fault}.", "Write it as http://HOST/v1.") from None
    doubled = next((name for name in plan.names if plan.names.count(name) > 1), "")
    if doubled:
        raise InputError(f"The system {doubled!r} is named twice.", "Name it once; --trials repeats conversations.")


def make_goals(settings: Settings, plan: Plan, index: Index) -> list[Goal]:
    """The goals of a plan, the same for every system.

    Raises:
        InputError: there are no histories, no dialogues, or no goals can be made from them.
    """
    # A file is taken whole unless somebody said how much of it.
    most = plan.goals if "goals" in plan.model_fields_set else None
    if plan.user == "replay":
        return [
            Goal(id=dialogue.id, persona=Persona(name="replay", patience=50), user=dialogue.user)
            for dialogue in _dialogues(plan)[:most]
        ]
    if plan.goals_file:
        path = Path(plan.goals_file)
        if not path.is_file():
            raise InputError(f"{path}: no such file.", "Name the goals.jsonl of a run over the same catalogue.")
        goals = list(read_records(path, Goal))[:most]
        if len({goal.id for goal in goals}) < len(goals):
            raise InputError(f"{path}: two goals have the same id.", "Name the goals.jsonl of one run.")
        strange = next((i for g in goals for i in (*g.targets, *g.known) if i not in index.catalogue.row_of), "")
        if not goals or strange:
            raise InputError(
                f"{path}: {f'speaks of {strange!r}, which is not in this catalogue' if strange else 'holds no goals'}.",
                "Name the goals.jsonl of a run over the same catalogue.",
            )
        return goals
    personas = _personas(plan)
    opened = open_log(Home(settings.home), settings.catalogue) if plan.source != "catalogue" else None
    if opened is None and plan.source == "history":
        raise InputError(
            f"The catalogue {settings.catalogue!r} has no interactions to make goals from.",
            "`convrec interactions import FILE` brings some; --source catalogue does without.",
        )
    if opened is not None:
        return goals_from_histories(index, opened.log, plan.goals, plan.seed, personas, impossible=plan.impossible)
    return goals_from_catalogue(index, plan.goals, plan.seed, personas, impossible=plan.impossible)


def check_goals(folder: Path, index: Index) -> None:
    """Refuse to go on with a run whose catalogue is not what it was.

    Raises:
        InputError: the goals are gone, or speak of items that the catalogue does not have any more.
    """
    rows = index.catalogue.row_of
    lost = next((i for g in _goals_of(folder) for i in (*g.targets, *g.known, *g.taste) if i not in rows), "")
    if lost:
        raise InputError(
            f"The run {folder} speaks of {lost!r}, which is no longer in the catalogue {index.catalogue.name!r}.",
            "Import the catalogue as it was, or begin another run.",
        )


def check_systems(settings: Settings, plan: Plan, index: Index) -> None:
    """Refuse a plan whose systems, user or judge cannot be had, before anything is written.

    Raises:
        InputError: a module cannot be imported.
        SettingsError: something needs a language model, and there is none.
    """
    for name in plan.systems:
        make_system(name, settings, index)
    if plan.user == "llm":
        open_chat(settings, plan.user_model, plan.user_url)
    if plan.judge:
        open_chat(settings, plan.judge_model, plan.judge_url)


@asynccontextmanager
async def open_lab(settings: Settings, plan: Plan, folder: Path) -> AsyncIterator[Lab]:
    """The laboratory of a run, with every system open.

    Args:
        settings: what convrec and the baselines run on.
        plan: what is simulated.
        folder: the run's; its goals say what is held out.
    """
    # With one thread everywhere, vectors are the same to the last bit whoever does the work, and workers share the cores.
    use_threads(1)
    home = Home(settings.home)
    index = open_index(home, settings.catalogue)
    opened = open_log(home, settings.catalogue)
    # Without the goals nothing would be held out, and systems would know what they are to find.
    goals = _goals_of(folder)
    if opened is not None:
        index = without_targets(
            index, opened.log, goals, method=settings.interactions.method,
            half_life_days=settings.interactions.half_life_days,
        )  # fmt: skip
    async with AsyncExitStack() as stack:
        systems: dict[str, System] = {}
        parts = {name_without(part): frozenset({part}) for part in plan.without}
        for name in plan.names:
            system = make_system(name, settings, index, parts.get(name, frozenset()))
            stack.push_async_callback(system.aclose)
            await system.open()
            systems[name] = system
        make_user = _user_maker(settings, plan, index)
        # What is open now stays; the collector need not look at it over and over.
        gc.freeze()
        stack.callback(gc.unfreeze)
        # Dialogues between people are as long as they were.
        most = None if plan.user == "replay" else plan.max_turns
        yield Lab(index, systems, make_user, plan.retries, most, plan.returning)


def _goals_of(folder: Path) -> Iterator[Goal]:
    if not (folder / GOALS).is_file():
        raise InputError(
            f"{folder} has no {GOALS}.", "On a cluster the run's folder must be there, by the same path, on every node."
        )
    return read_records(folder / GOALS, Goal)


def make_system(name: str, settings: Settings, index: Index, without: frozenset[str] = frozenset()) -> Any:
    """A system under test, by name.

    Raises:
        InputError: there is none of that name, or a module cannot be imported.
        SettingsError: it needs a language model, and there is none.
    """
    if name == OURS or without:
        setup = replace(
            make_setup(settings), index=lambda: index, store=passing_store, threads=None, private=True, trace=None, cache=None,
            without=without,
        )  # fmt: skip
        return RecommenderSystem(Recommender(setup), name, private=True, streamed=bool(setup.brains))
    if name in BASELINES:
        return make_baseline(name, index, open_chat(settings) if name in ASKING else None, settings.count)
    if name.startswith(("http://", "https://")):
        return HttpSystem(name, name)
    return _imported(name, index)


def _imported(name: str, index: Index) -> Any:
    """A system of the caller's own: an object with `turn`, one with `reply`, or what makes one from the index."""
    module, _, attribute = name.partition(":")
    if not {"", str(Path.cwd())} & set(sys.path):
        sys.path.append(str(Path.cwd()))
    try:
        made = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as fault:
        raise InputError(f"{name!r} cannot be imported: {fault}.", "Name it as package.module:object.") from fault
    if isinstance(made, type) or not (hasattr(made, "turn") or hasattr(made, "reply")):
        made = made(index)
    return made if hasattr(made, "turn") else RecommenderSystem(made, name)


def _user_maker(settings: Settings, plan: Plan, index: Index) -> Callable[[Goal, int], User]:
    if plan.user == "replay":
        said = {one.id: one.utterances for one in _dialogues(plan)}
        return lambda goal, seed: ReplayUser(said[goal.id])
    if plan.user == "llm":
        from ..simulator.users.llm import LlmUser

        chat = open_chat(settings, plan.user_model, plan.user_url)
        return lambda goal, seed: LlmUser(goal, index, chat, seed)
    return lambda goal, seed: AgendaUser(goal, index, seed)


def _dialogues(plan: Plan) -> Sequence[HumanDialogue]:
    return read_dialogues(Path(plan.dialogues)).dialogues


def _personas(plan: Plan) -> tuple[Persona, ...]:
    known = {persona.name: persona for persona in PERSONAS}
    unknown = next((name for name in plan.personas if name not in known), "")
    if unknown:
        raise InputError(f"There is no persona {unknown!r}.", f"There are: {', '.join(known)}.")
    return tuple(known[name] for name in plan.personas) or PERSONAS
