"""`convrec memory`: what is remembered of a user, to be seen, changed, taken along and deleted."""

import asyncio
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ..tools.errors import CorruptError, InputError
from .memory_lines import count_of, memory_lines, one_line, short_id
from .terminal import Shell, clean, preference_lines
from .user_files import check_free, read_text, write_private

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..agents.memories import UserData
    from ..agents.memory import Memory
    from ..agents.recommender import Recommender
    from ..agents.state import Wish
    from .remembered import Remembered
    from .settings import Settings

memory = typer.Typer(no_args_is_help=True, help="See, change, take along and delete what is remembered of a user.")

User = Annotated[str, typer.Option("--user", "-u", help="Whose memory.")]
Catalogue = Annotated[str | None, typer.Option("--catalogue", "-c", help="The catalogue to open it with.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]

_COMMENT = """\
What is remembered of {user}, a sentence a line. Change it as you like: sentences
that you take out are forgotten, and those that you write are remembered.
Lines that begin with # do not count. Save it as it is, or without a sentence,
and nothing changes; `{command} memory forget` deletes everything.
"""


Tell = Callable[[str], None]
"""Takes a sentence for the user; it goes to stderr."""


@dataclass(frozen=True)
class Counts:
    """How much is kept of a user."""

    memories: int
    conversations: int
    interactions: int

    def less(self, left: "Counts") -> str:
        """What is gone where so much is left, in words; empty where nothing is."""
        parts = [
            (self.memories - left.memories, "memory", "memories"),
            (self.conversations - left.conversations, "conversation", "conversations"),
            (self.interactions - left.interactions, "interaction", "interactions"),
        ]
        return ", ".join(count_of(number, one, several) for number, one, several in parts if number > 0)


NOTHING = Counts(0, 0, 0)


@memory.command("show")
def show_memory(
    ctx: typer.Context,
    user: User,
    thread: Annotated[str, typer.Option("--thread", "-t", help="Only what this conversation has understood.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also memories that others took the place of.")] = False,
    as_json: AsJson = False,
    catalogue: Catalogue = None,
) -> None:
    """Show a user's profile, memories, history and conversations."""
    from .remembered import look_up

    shell: Shell = ctx.obj
    settings = _settings(shell, catalogue)

    async def look() -> "BaseModel":
        async with shell.open(settings) as recommender:
            if thread:
                wish = await recommender.wish(user=user, thread=thread)
                lines.extend(_wish_lines(wish, recommender))
                return wish
            shown, history = await look_up(recommender, user, settings.home, everything=everything)
            lines.extend(_sections(shown, history))
            return shown

    lines: list[Text] = []
    shown = asyncio.run(look())
    if as_json:
        typer.echo(shown.model_dump_json(indent=2).encode())
        return
    for line in lines or [Text("Nothing is remembered.")]:
        shell.out.print(line, soft_wrap=True)


@memory.command("edit")
def edit_memory(
    ctx: typer.Context,
    user: User,
    name: Annotated[str, typer.Option("--id", help="The memory to say otherwise; `memory show` lists them.")] = "",
    text: Annotated[str, typer.Option("--text", help="What to put in its place.")] = "",
    add: Annotated[str, typer.Option("--add", help="Something to remember.")] = "",
    editor: Annotated[
        str, typer.Option("--editor", envvar=["VISUAL", "EDITOR"], help="What to change the profile in.")
    ] = "",
    catalogue: Catalogue = None,
) -> None:
    """Change what is remembered of a user: one memory, or, without more, the whole profile in an editor."""
    shell: Shell = ctx.obj
    settings = _settings(shell, catalogue)
    if bool(name) != bool(text.strip()):
        raise InputError("--id and --text go together.", "`--id ID --text TEXT` puts TEXT in the place of a memory.")

    async def edit() -> "tuple[list[Memory], list[Memory]]":
        async with shell.open(settings) as recommender:
            before = await recommender.memories.of(user)
            if name:
                await recommender.memories.edit(user, name, text)
            if add.strip():
                await recommender.memories.add(user, add)
            if not name and not add.strip():
                await _edit_profile(shell, recommender, settings, user, editor)
            return before, await recommender.memories.of(user)

    from ..agents.messages import clean_name

    clean_name(user, "user")
    _show_changes(shell, *asyncio.run(edit()))


@memory.command("forget")
def forget_memory(
    ctx: typer.Context,
    user: User,
    name: Annotated[str, typer.Option("--id", help="Only this memory; `memory show` lists them.")] = "",
    thread: Annotated[str, typer.Option("--thread", "-t", help="Only this conversation.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    catalogue: Catalogue = None,
) -> None:
    """Delete one memory, one conversation, or everything that is kept of a user.

    Nothing of it is left in the data folder. Out of reach is what lies elsewhere: exports, and what the servers of
    language models or LangSmith have kept.
    """
    shell: Shell = ctx.obj
    settings = _settings(shell, catalogue)
    if name and thread:
        raise InputError("--id and --thread do not go together.", "Forget one, then the other.")
    what = f"the memory {name}" if name else f"the conversation {thread!r}" if thread else "everything"
    shell.confirm(clean(f"Delete {what} of {user!r}?"), yes)

    async def forget() -> None:
        async with shell.open(settings) as recommender:
            if name:
                await _forget_memory(recommender, user, name, _teller(shell))
            elif thread:
                await _forget_conversation(recommender, user, thread, _teller(shell))
            else:
                await _forget_user(recommender, user, settings.home, _teller(shell))

    asyncio.run(forget())


@memory.command("export")
def export_memory(
    ctx: typer.Context,
    user: User,
    file: Annotated[Path, typer.Argument(help="Where to write it; - for stdout.")] = Path("-"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    catalogue: Catalogue = None,
) -> None:
    """Write everything that is kept of a user as JSON: memories, history, conversations."""
    shell: Shell = ctx.obj
    to_file = str(file) != "-"
    if to_file:
        check_free(file, replace=force)

    async def export() -> "UserData":
        async with shell.open(_settings(shell, catalogue)) as recommender:
            return await recommender.export(user=user)

    data = asyncio.run(export())
    text = data.model_dump_json(indent=2).encode()
    if not to_file:
        typer.echo(text)
        return
    write_private(file, text, replace=force)
    counts = Counts(len(data.memories), len(data.talks), sum(map(len, data.interactions.values())))
    _teller(shell)(f"Wrote what is kept of {user!r} to {file}: {counts.less(NOTHING) or 'nothing'}.")


@memory.command("import")
def import_memory(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `memory export` wrote; - reads it from stdin.")],
    user: User,
    catalogue: Catalogue = None,
) -> None:
    """Take a user's memories and history from an export; what is there stays, save what the export has newer words for."""
    from ..agents.memories import read_user_data
    from ..agents.messages import clean_name
    from ..tools.storage import Home

    shell: Shell = ctx.obj
    settings = _settings(shell, catalogue)
    clean_name(user, "user")
    data = read_user_data(read_text(file))

    async def restore() -> int:
        async with shell.open(settings) as recommender:
            return await recommender.restore(data, user=user)

    memories, tell, home = asyncio.run(restore()), _teller(shell), Home(settings.home)
    if data.user != user:
        tell(f"This is what was kept of {data.user!r}.")
    here = {name: len(several) for name, several in data.interactions.items() if home.exists(name)}
    tell(f"Taken in for {user!r}: {Counts(memories, 0, sum(here.values())).less(NOTHING) or 'nothing'}.")
    for name, several in data.interactions.items():
        if name not in here and several:
            tell(f"Left out: {count_of(len(several), 'interaction')} with {name}, which is no catalogue here.")
    if data.talks:
        tell(f"Its {count_of(len(data.talks), 'conversation')} can be read in the file; here it begins anew.")


def _teller(shell: Shell) -> Tell:
    """What tells the user something on stderr."""
    return lambda told: shell.err.print(Text(clean(told)), soft_wrap=True)


def _settings(shell: Shell, catalogue: str | None) -> "Settings":
    """The settings, without a language model: none is asked for any of this, nor looked for."""
    from .language_models import OFF
    from .setting_groups import AgentModels

    settings = shell.settings(catalogue=catalogue)
    off = {"model": OFF, "discover": False, "cross_encoder": "", "agents": AgentModels()}
    return settings.model_copy(update={"llm": settings.llm.model_copy(update=off)})


def _wish_lines(wish: "Wish", recommender: "Recommender") -> list[Text]:
    """What one conversation has understood, and the feelings about items that it knows of."""
    lines = preference_lines(wish, recommender.catalogue.schema)
    rows = recommender.catalogue.row_of
    for name in ("liked", "disliked", "seen", "accepted", "rejected"):
        titles = [recommender.catalogue.item(i).title if i in rows else i for i in getattr(wish, name)]
        lines += [clean(f"{name}: {', '.join(titles)}")] if titles else []
    return [Text(line) for line in lines]


def _sections(shown: "Remembered", history: Sequence[Text]) -> list[Text]:
    """What is remembered, under headings; nothing where that is nothing."""

    def under(heading: str, lines: Sequence[Text]) -> list[Text]:
        return [Text(heading, style="bold"), *lines] if lines else []

    profile = [Text(f"  {one_line(shown.profile)}")] if shown.profile else []
    talks = [Text(f"  {one_line(thread)}") for thread in shown.conversations]
    return [
        *under("Profile", profile), *memory_lines(shown.memories),
        *under("History", history), *under("Conversations", talks),
    ]  # fmt: skip


async def _edit_profile(shell: Shell, recommender: "Recommender", settings: "Settings", user: str, editor: str) -> None:
    """Let the user change the profile in an editor; without a change, or a sentence, nothing happens."""
    from ..agents.profile import profile_lines
    from .editor import edit_text

    async def now() -> str:
        lines = profile_lines(await recommender.memories.of(user), time.time(), settings.memory.half_life_days)
        return "\n".join(one_line(line.text) for line in lines)

    before = await now()
    after = edit_text(before, _COMMENT.format(user=one_line(user), command=shell.command), editor)
    if after in ("", before):
        return
    if await now() != before:
        raise InputError(
            f"What is remembered of {user!r} changed while you wrote; nothing was changed. You wrote:\n{after}",
            "Edit it once more.",
        )
    await recommender.memories.edit_profile(user, after)


def _show_changes(shell: Shell, before: "Sequence[Memory]", after: "Sequence[Memory]") -> None:
    """Print which memories went, which came, and which were said again."""
    old, new = {m.id: m for m in before}, {m.id: m for m in after}
    gone = [m for m in before if m.id not in new]
    come = [m for m in after if m.id not in old]
    again = [m for m in after if m.id in old and m.times > old[m.id].times]
    for word, several in (("Forgotten", gone), ("Remembered", come), ("Heard again", again)):
        for m in several:
            shell.out.print(Text(f"{word}: {one_line(m.text)} ({short_id(clean(m.id))})"), soft_wrap=True)
    if not (gone or come or again):
        shell.err.print(Text("Nothing was changed."))


async def _history(recommender: "Recommender", user: str) -> dict[str, int]:
    """How many interactions a user has, by catalogue."""
    try:
        return {name: len(several) for name, several in (await recommender.export(user=user)).interactions.items()}
    except CorruptError:
        # Forgetting meets the same fault, and tells it.
        return {}


async def _counts(recommender: "Recommender", user: str) -> Counts:
    """How much is kept of a user."""
    memories, threads = await recommender.memories.of(user, ended=True), await recommender.threads(user=user)
    return Counts(len(memories), len(threads), sum((await _history(recommender, user)).values()))


async def _names(recommender: "Recommender", user: str) -> set[str]:
    """The names of a user's conversations."""
    return {info.thread for info in await recommender.threads(user=user)}


async def _forget_user(recommender: "Recommender", user: str, home: Path, tell: Tell) -> None:
    """Delete everything of a user, and say what went and what is left."""
    from ..tools.history import open_history
    from ..tools.storage import Home

    before, history = await _counts(recommender, user), await _history(recommender, user)
    try:
        await recommender.forget(user=user)
    finally:
        gone = before.less(await _counts(recommender, user))
        tell(f"Deleted what was kept of {user!r}: {gone}." if gone else f"Nothing was remembered of {user!r}.")
    for name in history:
        if (left := open_history(Home(home), name)) is not None and left.model is not None:
            tell(
                f"What was learnt in {name} from all histories together still counts theirs, without a name; "
                f"`convrec interactions fit --catalogue {name}` learns it anew."
            )


async def _forget_memory(recommender: "Recommender", user: str, name: str, tell: Tell) -> None:
    """Delete one memory, and say where its words may still be."""
    gone = await recommender.memories.forget(user, name)
    tell(f"Deleted: {gone.text}")
    if gone.thread in await _names(recommender, user):
        tell(
            f"It was said in the conversation {gone.thread}, which still has the words; "
            f"`convrec memory forget --user {shlex.quote(user)} --thread {shlex.quote(gone.thread)}` deletes that too."
        )


async def _forget_conversation(recommender: "Recommender", user: str, thread: str, tell: Tell) -> None:
    """Delete one conversation, and say what else it left."""
    known = thread in await _names(recommender, user)
    await recommender.forget(user=user, thread=thread)
    tell(f"Deleted the conversation {thread!r} of {user!r}." if known else f"{user!r} has no conversation {thread!r}.")
    if left := sum(m.thread == thread for m in await recommender.memories.of(user, ended=True)):
        tell(f"{count_of(left, 'memory', 'memories')} from it stay; `memory show` lists them, `--id` deletes one.")
