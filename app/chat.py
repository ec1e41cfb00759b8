"""A conversation in a terminal: messages, and commands that begin with a slash."""

import asyncio
import contextlib
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.text import Text

from ..tools.errors import ConvrecError, InputError
from .memory_lines import memory_lines, one_line, ordered
from .terminal import clean, draw_reply, preference_lines, show_answer, show_fault, steps_line

if TYPE_CHECKING:
    from ..agents.memory import Memory
    from ..agents.recommender import Recommender
    from ..agents.state import Answer, Card, Step, Wish
    from ..agents.turn import Token

HELP = """\
Say what you are looking for, or:
  /like N   you like item N            /why N    why item N was recommended
  /no N     not for you                /more N   more like item N
  /seen N   you know it already        /undo     take the last turn back
  /prefs    what has been understood   /drop N   set preference N of /prefs aside
  /memory   what is remembered of you  /forget N forget number N of /memory
  /private  write down no more of this conversation
  /new      begin a new conversation   /quit     leave"""

PRIVATE = "This conversation is private: nothing of it is written down, and it ends when you leave."


class Chat:
    """A conversation in a terminal.

    Args:
        console: where to print.
        recommender: who answers.
        user: whose memory counts.
        thread: the conversation to begin or to go on with.
        private: whether nothing is written down, of this conversation and of those begun after it.
    """

    def __init__(
        self, console: Console, recommender: "Recommender", user: str, thread: str, *, private: bool = False
    ) -> None:
        self.console = console
        self.recommender = recommender
        self.user = user
        self.thread = thread
        self.private = private
        self.cards: tuple[Card, ...] = ()
        self.faults = 0
        self._always_private = private
        self._listed: list[Memory] = []

    @property
    def _place(self) -> dict[str, Any]:
        """Where what is said or done belongs."""
        return {"user": self.user, "thread": self.thread, "private": self.private}

    def run(self, lines: Iterable[str]) -> None:
        """Answer line by line, until there are no more or one says /quit; a fault ends its line only."""
        with asyncio.Runner() as runner:
            try:
                for line in lines:
                    if line.strip() in ("/quit", "/exit", "/q"):
                        break
                    if line.strip():
                        self._answer(runner, line.strip())
            finally:
                runner.run(self.recommender.aclose())

    def _answer(self, runner: asyncio.Runner, line: str) -> None:
        try:
            runner.run(self.command(line) if line.startswith("/") else self.turn(line))
        except ConvrecError as fault:
            self.faults += 1
            show_fault(self.console, fault)
        except KeyboardInterrupt:
            if not self.console.is_terminal:
                raise
            self.console.print(Text("stopped", style="dim"))

    async def turn(self, text: str) -> None:
        """Say one message and show the answer as it comes."""
        events = self.recommender.astream(text, **self._place)
        self._keep(await self._show(events))

    async def command(self, line: str) -> None:
        """Carry out a line that begins with a slash.

        Raises:
            InputError: there is no such command, or no such number.
        """
        name, _, rest = line[1:].partition(" ")
        match name:
            case "help" | "h" | "?":
                self.console.print(Text(HELP))
            case "like":
                await self._feel(rest, "liked", "You like")
            case "no":
                await self._feel(rest, "disliked", "Not for you:")
            case "seen":
                await self._feel(rest, "seen", "You know")
            case "why":
                await self._ask(self.recommender.why, rest)
            case "more":
                await self._ask(self.recommender.more_like, rest)
            case "undo":
                text = await self.recommender.undo(**self._place)
                self.cards = ()
                self.console.print(Text(f"Taken back: {clean(text)}", style="dim"))
            case "new":
                self.thread, self.cards, self.private = new_thread(), (), self._always_private
                self.console.print(Text(f"A new conversation. {PRIVATE if self.private else ''}".strip(), style="dim"))
            case "private":
                await self._go_private()
            case "memory":
                await self._show_memory()
            case "forget":
                await self._forget(rest)
            case "prefs":
                self._show_wish(await self.recommender.wish(user=self.user, thread=self.thread))
            case "drop":
                wish = await self.recommender.wish(user=self.user, thread=self.thread)
                key = wish.preferences[_number(rest, len(wish.preferences), "preference", "/prefs lists them")].key
                self._show_wish(await self.recommender.drop_preference(key, **self._place))
            case _:
                raise InputError(f"There is no command /{clean(name)[:40]}.", "/help lists the commands.")

    async def _show(self, events: "AsyncIterator[Step | Token | Answer]") -> "Answer":
        from rich.live import Live
        from rich.spinner import Spinner

        from ..agents.state import Answer, Step

        spinner = Spinner("dots", Text("thinking …", style="dim"))
        spoken = ""
        answer: Answer | None = None
        with Live(spinner, console=self.console, transient=True) as live:
            async for event in events:
                if isinstance(event, Answer):
                    answer = event
                elif isinstance(event, Step):
                    note = f" · {event.note}" if event.note else ""
                    spinner.update(text=Text(clean(f"{event.agent}{note} …"), style="dim"))
                else:
                    spoken = event.text if event.fresh else spoken + event.text
                    live.update(draw_reply(spoken), refresh=True)
            if answer is None:
                raise InputError("The conversation ended without an answer.", "Say it again.")
            # What was streamed may have been cut short; the answer counts.
            live.update(draw_reply(answer.reply))
            live.transient = not self.console.is_terminal
        show_answer(self.console, answer, spoken=self.console.is_terminal)
        return answer

    def _keep(self, answer: "Answer") -> None:
        self.cards = answer.items or answer.nearest or self.cards
        if self.console.is_terminal and answer.steps:
            self.console.print(Text(steps_line(answer), style="dim"))

    async def _feel(self, rest: str, feeling: Literal["liked", "disliked", "seen"], words: str) -> None:
        card = self._card(rest)
        await self.recommender.feedback(card.id, feeling, **self._place)
        self.console.print(Text(f"{words} {clean(card.title)}.", style="dim"))

    async def _ask(self, ask: "Callable[..., Awaitable[Answer]]", rest: str) -> None:
        card = self._card(rest)
        with self.console.status("thinking …"):
            answer = await ask(card.id, **self._place)
        show_answer(self.console, answer)
        self._keep(answer)

    def _card(self, rest: str) -> "Card":
        return self.cards[
            _number(rest, len(self.cards), "item", "Ask for something first, or give the number before a card's title")
        ]

    def _show_wish(self, wish: "Wish") -> None:
        lines = preference_lines(wish, self.recommender.catalogue.schema)
        for number, line in enumerate(lines, 1):
            self.console.print(Text(f"{number}. {line}"))
        if not lines:
            self.console.print(Text("Nothing has been understood yet.", style="dim"))

    async def _go_private(self) -> None:
        said = [] if self.private else await self.recommender.talk(user=self.user, thread=self.thread)
        self.private = True
        before = " What was said before is kept." if said else ""
        self.console.print(Text(PRIVATE + before, style="dim"))

    async def _show_memory(self) -> None:
        await self.recommender.open()
        memories = self.recommender.memories
        self._listed = ordered(await memories.of(self.user))
        if profile := await memories.profile(self.user):
            self.console.print(Text(one_line(profile)))
        for line in memory_lines(self._listed, numbered=True):
            self.console.print(line)
        if not self._listed:
            self.console.print(Text("Nothing is remembered of you.", style="dim"))

    async def _forget(self, rest: str) -> None:
        await self.recommender.open()
        memories = self.recommender.memories
        # A number means what was last shown under it, whatever was said since.
        self._listed = self._listed or ordered(await memories.of(self.user))
        chosen = self._listed[_number(rest, len(self._listed), "memory", "/memory lists them")]
        gone = await memories.forget(self.user, chosen.id)
        self.console.print(Text(f"Forgotten: {one_line(gone.text)}", style="dim"))


def new_thread() -> str:
    """A name for a conversation that has not begun."""
    return uuid.uuid4().hex[:12]


def read_lines(console: Console) -> Iterator[str]:
    """What the user types, or what comes through a pipe, line by line.

    At a terminal, Ctrl-D ends it and Ctrl-C is left to the caller.
    """
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 (makes input() editable)
    while True:
        console.print()
        try:
            yield input("you> ")
        except EOFError:
            console.print()
            return


def _number(rest: str, count: int, noun: str, hint: str) -> int:
    """The place that a number names, counted from 0; with a single thing, none is needed."""
    text = rest.strip()
    if not text and count == 1:
        return 0
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= count):
        there = f"there are {count}" if count else "there are none yet"
        shown = f"no {noun} {clean(text)[:40]!r}" if text else f"the number of the {noun} is missing"
        raise InputError(f"{shown[0].upper()}{shown[1:]}; {there}.", f"{hint}.")
    return int(text) - 1
