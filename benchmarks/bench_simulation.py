"""What a conversation costs the recommender in a simulation: private, without a stream, forgotten at its end.

Run as `.venv/bin/python benchmarks/bench_simulation.py [--items N] [--talks N] [--without PART ...] [--home FOLDER]`. The
invented catalogue of bench_turn.py is talked about in scripted conversations of five turns each, one after another in one
process, whose encoder has one thread. Times are the processor's, so that other work on the machine counts little.
Memory is told as the conversations go on: what is forgotten must leave nothing behind but caches, which fill and stay.
"""

import argparse
import asyncio
import gc
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from bench_turn import build, catalogue_name
from convrec.agents.ablations import ABLATIONS
from convrec.agents.recommender import Recommender, Setup
from convrec.tools.encoder import use_threads
from convrec.tools.index import Index, open_index
from convrec.tools.storage import Home
from langgraph.store.memory import InMemoryStore
from measuring import median_and_p95, memory_mb, print_machine, print_table

PARTS = 10
"""How often memory is looked at."""


def make_talks(index: Index, count: int, seed: int = 1) -> list[list[str]]:
    """What is said in each conversation, made of the catalogue's labels and titles."""
    chance, catalogue = random.Random(seed), index.catalogue
    noun = catalogue.schema.noun
    labels = [
        value
        for name, column in catalogue.columns.categories.items()
        if not catalogue.schema.attribute(name).person
        for value in column.values[:60]
    ]

    def label() -> str:
        return chance.choice(labels)

    def title() -> str:
        return chance.choice(catalogue.items).title

    def opening() -> str:
        return chance.choice(
            (
                f"I'm looking for a {label()} {noun} with {label()}",
                f"something {label()} under {chance.randint(8, 40)} dollars",
                f"Can you recommend me something {label()} from the {chance.choice(('1990s', '2000s'))}, nothing {label()}",
                f"hi, something like {title()} but a bit more {label()} please", "Can you recommend me something?",
                f"I love {title()} and {title()}. What should I try next?",
            )
        )  # fmt: skip

    def going_on() -> str:
        return chance.choice(
            (
                f"more {label()} and less {label()}", "something newer", f"no {label()} please", "what else do you have?",
                "the second one looks interesting, tell me more about it", "more like the second one", "surprise me",
                "I already know the first one, show me others", f"is the first one {label()}?", "why the third one?",
                f"actually I would prefer something {label()}, and cheaper",
                f"not what I want. I really hate {label()}, how about {label()}?",
            )
        )  # fmt: skip

    ends = ("I take the first one, thanks", "The second one sounds great, I'll take it", "no thanks, bye")
    return [[opening(), going_on(), going_on(), going_on(), chance.choice(ends)] for _ in range(count)]


async def measure(home: Path, items: int, talks: int, without: frozenset[str]) -> None:
    """Hold the conversations, and print the tables."""
    use_threads(1)
    index = open_index(Home(home), catalogue_name(items))
    setup = Setup(
        index=lambda: index, home=Home(Path(tempfile.gettempdir()) / "convrec-bench-none"), private=True, without=without,
        store=lambda _: nullcontext(InMemoryStore()), clock=lambda: 1_800_000_000.0,
    )  # fmt: skip
    turns: list[float] = []
    searching: list[float] = []
    each: list[float] = []
    agents: dict[str, list[float]] = defaultdict(list)
    memory = []
    async with Recommender(setup) as recommender:
        for number, said in enumerate(make_talks(index, talks)):
            begun = time.process_time()
            for text in said:
                before = time.process_time()
                answer = await recommender.reply(text, user=f"u{number}", thread="t")
                turns.append(time.process_time() - before)
                if any(step.agent == "retrieve" for step in answer.steps):
                    searching.append(turns[-1])
                for step in answer.steps:
                    agents[step.agent].append(step.milliseconds / 1000)
            await recommender.forget(user=f"u{number}", thread="t")
            each.append(time.process_time() - begun)
            if (number + 1) % max(talks // PARTS, 1) == 0:
                gc.collect()
                memory.append({"conversations": number + 1, "MB": memory_mb().get("now", 0.0)})
    print_table(
        f"{talks:,} conversations of {len(turns) / talks:.0f} turns, {items:,} items, processor milliseconds (median / p95)",
        [
            {
                "all turns": median_and_p95(turns),
                "turns that search": median_and_p95(searching),
                "a conversation": median_and_p95(each),
                "conversations per second and core": f"{1 / statistics.mean(each):.1f}",
            }
        ],
    )
    print_table("By agent, milliseconds (median / p95)", [{a: median_and_p95(times) for a, times in agents.items()}])
    print_table("Memory", memory)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the index if it is missing, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--talks", type=int, default=500)
    parser.add_argument("--without", nargs="*", choices=list(ABLATIONS), default=[])
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "convrec-bench")
    given = parser.parse_args(arguments)
    print_machine()
    build(given.home, given.items)
    asyncio.run(measure(given.home, given.items, given.talks, frozenset(given.without)))


if __name__ == "__main__":
    main()
