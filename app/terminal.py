"""The terminal: what commands share, cards and answers as text, progress bars."""

import contextlib
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from ..tools.errors import ConvrecError

if TYPE_CHECKING:
    from pathlib import Path

    from ..agents.recommender import Recommender
    from ..agents.state import Answer, Card, Verdict, Wish
    from ..tools.schema import Schema
    from .settings import Settings

Progress = Callable[[str, int, int], None]
"""Takes a stage, how many are done, and how many there are (0 when nobody knows)."""

Opener = Callable[["Settings", Progress], "Recommender"]
"""Makes a recommender, with its catalogue built."""

MARKS = {"entails": ("✓", "green"), "neutral": ("?", "yellow"), "contradicts": ("✗", "red")}


class Shell:
    """What the commands share: where to print, the data folder of `--home`, and how a recommender is opened.

    Args:
        opener: makes recommenders; the real ones by default.
    """

    def __init__(self, opener: Opener | None = None) -> None:
        self.home: Path | None = None
        self.out = Console(highlight=False)
        self.err = Console(stderr=True, highlight=False)
        self._opener = opener or _open_recommender

    def settings(self, **overrides: Any) -> "Settings":
        """The settings in force, with the flags of this command."""
        from .settings import load_settings

        return load_settings(home=self.home, **overrides)

    def open(self, settings: "Settings") -> "Recommender":
        """A recommender; the catalogue that ships is built first, if it has not been."""
        with progress_bars(self.err) as report:
            return self._opener(settings, report)

    def ensure(self, settings: "Settings") -> None:
        """Build the catalogue that ships, if it is the one in the settings and has not been built.

        Raises:
            UnknownCatalogueError: the catalogue in the settings neither ships nor has been imported.
        """
        from .build import ensure_catalogue

        with progress_bars(self.err) as report:
            ensure_catalogue(settings, report)

    def confirm(self, question: str, yes: bool, *, default: bool = False) -> None:
        """Ask before going on; without a person at the terminal, nobody is asked.

        Raises:
            Exit: the answer is no; with code 1.
        """
        if not yes and sys.stdin.isatty() and not typer.confirm(question, default=default):
            raise typer.Exit(1)

    @property
    def command(self) -> str:
        """How to call convrec again with the same data folder."""
        return f"convrec --home {shlex.quote(str(self.home))}" if self.home else "convrec"


def _open_recommender(settings: "Settings", on_progress: Progress) -> "Recommender":
    from .build import Recommender, ensure_catalogue

    ensure_catalogue(settings, on_progress)
    return Recommender(settings=settings)


def clean(text: str) -> str:
    """A text without what could steer a terminal: control characters, save line breaks."""
    return "".join(c for c in text if c == "\n" or c.isprintable())


def show_fault(console: Console, fault: ConvrecError) -> None:
    """Print what was wrong and what would work."""
    console.print(Text("Error: ", style="bold red") + Text(clean(str(fault)), style="default"), soft_wrap=True)
    if fault.hint:
        console.print(Text(clean(fault.hint), style="dim"), soft_wrap=True)


@contextlib.contextmanager
def progress_bars(console: Console) -> Iterator[Progress]:
    """Bars that come up with their stage's first report; only people see them, a pipe or a log does not."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<7}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                for task in progress.tasks:
                    # A stage without a known end has ended when the next one begins.
                    end = task.total or max(task.completed, 1)
                    progress.update(task.id, total=end, completed=end)
                tasks[stage] = progress.add_task(stage, total=total or None)
            progress.update(tasks[stage], completed=done)

        yield report


def draw_card(card: "Card", number: int) -> Panel:
    """An item: its facts, why it was chosen, and which wishes it meets."""
    title = Text(f"{number}. {clean(card.title)}", style="bold")
    parts: list[Text] = []
    if card.facts:
        parts.append(Text(" · ".join(_draw_fact(k, v) for k, v in card.facts.items() if v), style="dim"))
    if card.reason:
        parts.append(Text(clean(card.reason)))
    if card.verdicts:
        parts.append(Text("   ").join(_draw_verdict(v) for v in card.verdicts))
    if card.because:
        parts.append(Text(f"because you liked {clean(card.because)}", style="dim"))
    return Panel(Group(*parts), title=title, title_align="left", border_style="dim", padding=(0, 1))


def _draw_fact(label: str, value: str) -> str:
    """A fact; a number says what it is of, where a name or a year speaks for itself."""
    speaks = not value[0].isdigit() or re.fullmatch(r"\d{4}(-\d\d){0,2}", value)
    return clean(value if speaks else f"{label} {value}")


def _draw_verdict(verdict: "Verdict") -> Text:
    mark, colour = MARKS[verdict.label]
    return Text(f"{mark} ", style=colour) + Text(clean(verdict.preference), style="default")


def draw_reply(reply: str) -> Text:
    """A reply with its titles, which stand between `**`, in bold."""
    drawn = Text()
    for place, part in enumerate(re.split(r"\*\*(.+?)\*\*", clean(reply))):
        drawn.append(part, style="bold" if place % 2 else "")
    return drawn


def show_answer(console: Console, answer: "Answer", *, spoken: bool = False) -> None:
    """Print an answer's reply (unless it was spoken already), its cards and what one could say next."""
    if not spoken:
        console.print(draw_reply(answer.reply))
    for number, card in enumerate(answer.items or answer.nearest, 1):
        console.print(draw_card(card, number))
    if answer.question is not None and answer.question.options:
        console.print(Text("For example: " + " · ".join(clean(o) for o in answer.question.options), style="dim"))
    elif answer.suggestions:
        console.print(Text("You could say: " + " · ".join(clean(s) for s in answer.suggestions), style="dim"))


def steps_line(answer: "Answer") -> str:
    """What each agent took, where the built-in brain had to help out, and what language models were asked.

    For example "understand 312 ms · rank 12 ms (built-in, because …) · 2 calls, 1,046 tokens, 1 fallback".
    """
    steps = [
        f"{s.agent} {s.milliseconds:.0f} ms" + (f" (built-in, because {clean(s.fallback)})" if s.fallback else "")
        for s in answer.steps
    ]
    usage = answer.usage
    cost = [
        _count(usage.calls, "call"),
        _count(usage.prompt_tokens + usage.completion_tokens, "token"),
        f"{usage.cached:,} from the cache" if usage.cached else "",
        _count(usage.fallbacks, "fallback"),
    ]
    return " · ".join(filter(None, [*steps, ", ".join(filter(None, cost))]))


def _count(number: int, noun: str) -> str:
    """How many, in words; empty for none."""
    return f"{number:,} {noun}{'s' if number > 1 else ''}" if number else ""


def preference_lines(wish: "Wish", schema: "Schema") -> list[str]:
    """What is understood, a line each: "must: genre Comedy (“a comedy”)"."""
    from ..tools.limits import describe_limit

    names = {"must": "must", "must_not": "must not", "prefer": "rather", "avoid": "rather not"}
    attributes = {a.name: a for a in schema.attributes}
    lines: list[str] = []
    for preference in wish.preferences:
        attribute = attributes.get(preference.limit.attribute or "")
        label = (attribute.label or attribute.name) if attribute else "about"
        words = f" (“{preference.words}”)" if preference.words else ""
        lasting = ", remembered" if preference.memory else ", always" if preference.lasting else ""
        what = describe_limit(preference.limit, attribute)
        lines.append(clean(f"{names[preference.strength]}: {label} {what}{words}{lasting}"))
    return lines
