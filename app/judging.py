"""A chat model judges the dialogues of a run; what it says stands in the run's folder, beside the other measures."""

from collections.abc import Sequence
from pathlib import Path

from ..simulator.judge import SATISFIED, Judgement, judge_dialogues
from ..simulator.metrics.statistics import bootstrap_interval
from ..simulator.nouns import Dialogue, SystemMetrics
from ..simulator.plan import Plan
from ..simulator.runs import TRANSCRIPTS, read_records, write_records
from .settings import Settings
from .thinking import open_chat

JUDGEMENTS = "judgements.jsonl"


class Judged(Judgement):
    """A judgement with the key of its dialogue."""

    dialogue: str


async def judge_run(settings: Settings, plan: Plan, folder: Path) -> list[SystemMetrics]:
    """Judge every dialogue of a run that counts: each system's mean score and share of satisfied users.

    Dialogues that have a score from an earlier sitting keep it. Answers that cannot be read and calls that fail are left
    out and counted.

    Raises:
        SettingsError: there is no chat model.
        CorruptError: earlier judgements are damaged.
        StoreError: the folder cannot be written.
    """
    chat = open_chat(settings, plan.judge_model, plan.judge_url)
    known = {one.dialogue: one for one in read_records(folder / JUDGEMENTS, Judged) if one.score is not None}
    metrics: list[SystemMetrics] = []
    for system in plan.names:
        dialogues = [d for d in read_records(folder / TRANSCRIPTS, Dialogue) if d.system == system and d.counts]
        left = [d for d in dialogues if d.key not in known]
        report = await judge_dialogues(left, chat, settings.llm.concurrency)
        known |= {d.key: Judged(dialogue=d.key, **j.model_dump()) for d, j in zip(left, report.judgements, strict=True)}
        write_records(folder / JUDGEMENTS, known.values())
        metrics.append(_measured(system, [known[d.key] for d in dialogues], [d.goal.id for d in dialogues]))
    return metrics


def _measured(system: str, judged: Sequence[Judged], goals: Sequence[str]) -> SystemMetrics:
    """What a system's judgements come to, with intervals over goals."""
    scored = [(float(j.score), goal) for j, goal in zip(judged, goals, strict=True) if j.score is not None]
    of = [goal for _, goal in scored]
    found = {
        "judged score": bootstrap_interval([score for score, _ in scored], clusters=of),
        "judged satisfied": bootstrap_interval([float(score >= SATISFIED) for score, _ in scored], clusters=of),
    } if scored else {}  # fmt: skip
    return SystemMetrics(
        system=system,
        metrics=found,
        counts={
            "judgements not read": sum(not j.parsed for j in judged),
            "judgements failed": sum(j.parsed and j.score is None for j in judged),
        },
    )
