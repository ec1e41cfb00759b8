"""A chat model judges the dialogues of a run; what it says stands in the run's folder, beside the other measures."""

from pathlib import Path

from ..simulator.judge import Judgement, judge_dialogues
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

    Answers that cannot be read and calls that fail are left out and counted.

    Raises:
        SettingsError: there is no chat model.
        StoreError: the folder cannot be written.
    """
    chat = open_chat(settings, plan.judge_model, plan.judge_url)
    judged: list[Judged] = []
    metrics: list[SystemMetrics] = []
    for system in plan.names:
        dialogues = [d for d in read_records(folder / TRANSCRIPTS, Dialogue) if d.system == system and d.counts]
        report = await judge_dialogues(dialogues, chat, settings.llm.concurrency)
        judged += [Judged(dialogue=d.key, **j.model_dump()) for d, j in zip(dialogues, report.judgements, strict=True)]
        found = {"judged score": report.score, "judged satisfied": report.satisfied}
        metrics.append(
            SystemMetrics(
                system=system,
                metrics={name: value for name, value in found.items() if value is not None},
                counts={"judgements not read": report.unparsed, "judgements failed": report.failed},
            )
        )
    write_records(folder / JUDGEMENTS, judged)
    return metrics
