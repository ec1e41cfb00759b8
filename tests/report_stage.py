"""Made-up dialogues and runs for tests of reports and comparisons."""

from pathlib import Path

import orjson
from convrec.agents.state import Preference
from convrec.simulator.nouns import Checks, Dialogue, Goal, Persona, Round, Shown, SystemMetrics, SystemTurn, UserTurn
from convrec.simulator.offline.nouns import Ranking
from convrec.tools.limits import Limit, Range

HOSTILE = "</script><script>alert('$x$')</script><img src=x onerror=alert(1)>"


def goal(name: str = "g1", persona: str = "browser", *, possible: bool = True, patience: int = 6) -> Goal:
    """Somebody who wants something quiet for less than 20; `good` and `fair` are good for them."""
    return Goal(
        id=name,
        persona=Persona(name=persona, patience=patience),
        revealed=(Preference(limit=Limit(attribute="price", ranges=(Range(high=20),)), strength="must"),),
        hidden=(Preference(limit=Limit(attribute=None, values=("quiet",)), strength="prefer"),),
        targets=("good",),
        taste={"good": 0.9, "fair": 0.6} if possible else {},
        possible=possible,
    )


def exchange(act: str = "inform", shown: tuple[str, ...] = ("poor",), *, title: str = "", **checks: int) -> Round:
    """One exchange in which those items are shown."""
    items = tuple(Shown(id=i, title=title or f"Title of {i}", reason="It is quiet.") for i in shown)
    return Round(
        user=UserTurn(text=f"I {act} something", act=act),  # type: ignore[arg-type]
        system=SystemTurn(reply=" ".join(f"**{i.title}**" for i in items), items=items, seconds=0.5),
        checks=Checks(**{"shown": len(items), "grounded": len(items), "fitting": len(items), **checks}),
    )


def success(system: str = "A", about: Goal | None = None, turns: int = 2, trial: int = 0, seed: int = 7) -> Dialogue:
    """A dialogue that ends well after so many turns."""
    rounds = [exchange("inform", (f"poor {n}",)) for n in range(turns - 1)]
    taken = Round(user=UserTurn(text="That one.", act="accept", accepted="good", done=True))
    return Dialogue(
        system=system, goal=about or goal(), trial=trial, seed=seed,
        rounds=(*rounds, exchange("more", ("good",)), taken), ending="accepted",
    )  # fmt: skip


def failure(system: str = "A", about: Goal | None = None, turns: int = 2, trial: int = 0, seed: int = 7) -> Dialogue:
    """A dialogue that the user leaves after so many turns."""
    rounds = [exchange("criticise", (f"poor {n}",)) for n in range(turns)]
    left = Round(user=UserTurn(text="", act="leave", done=True))
    return Dialogue(
        system=system, goal=about or goal(), trial=trial, seed=seed, rounds=(*rounds, left), ending="gave up"
    )


def fault(system: str = "A", about: Goal | None = None, trial: int = 0) -> Dialogue:
    """A dialogue that the infrastructure ended."""
    return Dialogue(system=system, goal=about or goal(), trial=trial, seed=7, ending="fault", fault="no answer (503)")


def leaked(system: str = "A", about: Goal | None = None) -> Dialogue:
    """A dialogue in which the user gave a target away."""
    said = success(system, about)
    first = said.rounds[0]
    return said.model_copy(
        update={
            "rounds": (
                first.model_copy(update={"user": first.user.model_copy(update={"leaks": ("Good",)})}),
                *said.rounds[1:],
            )
        }
    )


def ranking(system: str, case: str, place: int | None, target: str = "t", dialogue: str = "") -> Ranking:
    """A ranking with the target at a place, from 1, or nowhere."""
    ids = [f"other {n}" for n in range(50)]
    if place is not None:
        ids.insert(place - 1, target)
    return Ranking(case=case, dialogue=dialogue or case, system=system, targets=(target,), ranked=tuple(ids[:50]))


def write_run(
    folder: Path,
    dialogues: list[Dialogue] | None = None,
    rankings: list[Ranking] | None = None,
    metrics: list[SystemMetrics] | None = None,
    config: dict[str, object] | None = None,
) -> Path:
    """A run's folder, as a run writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_bytes(orjson.dumps(config or {"plan": {"goals": 2, "seed": 7}, "seconds": 75.2}))
    for name, records in (("transcripts.jsonl", dialogues), ("rankings.jsonl", rankings)):
        if records is not None:
            (folder / name).write_text("".join(r.model_dump_json() + "\n" for r in records), encoding="utf-8")
    if metrics is not None:
        (folder / "metrics.json").write_bytes(orjson.dumps([m.model_dump() for m in metrics]))
    return folder
