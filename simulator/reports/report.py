"""One HTML file about runs: what was run, what was measured, plots, differences, and dialogues to read.

write_report([read_run(folder)], folder / "report.html")

The file needs nothing else: no network, no server. Whatever comes from catalogues, users and models is escaped, and the page
forbids itself all scripts but its own.
"""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...tools.errors import InputError
from ...tools.files import write_text
from ..comparing import Comparison, adjusted, compare_scored
from ..nouns import SystemMetrics
from . import figures
from .drawing import COLOURS, MARKS
from .findings import Findings
from .heads import Tally, head_of, left_out, tally_of
from .plots import plots_of
from .ranking_plots import ranking_plots
from .run_data import RunData
from .scores import RANKING_MEASURES, TALK_MEASURES, Scored, score_outcome, score_ranking
from .tables import meanings, metric_groups
from .telling import room_for
from .transcripts import TranscriptView

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class _System:
    """One system of one run.

    Attributes:
        label: what the report calls it.
        metrics: what was measured of it.
        findings: what its dialogues tell.
        scores: how its rankings did.
    """

    label: str
    metrics: SystemMetrics | None
    findings: Findings
    scores: list[Scored]


def write_report(runs: Sequence[RunData], path: Path) -> None:
    """Write one page about runs. Each one's dialogues are read once, and only those that the page shows are kept.

    Args:
        runs: the first system of the first run is what others are compared with.
        path: the HTML file.

    Raises:
        InputError: there is no run.
        CorruptError: a record of a run is damaged.
        StoreError: the file cannot be written.
    """
    if not runs:
        raise InputError("A report needs a run.", "Name the folder of one.")
    systems = _gather(runs)
    talks = [s.findings for s in systems if s.findings.outcomes]
    metrics = [s.metrics for s in systems if s.metrics is not None]
    tallies = [_tally(s) for s in systems]
    comparisons, apart = _compare(systems)
    chosen = [list(f.telling.chosen(room_for(len(talks)))) for f in talks]
    script = (_HERE / "report.js").read_text(encoding="utf-8")
    page = _template().render(
        title=", ".join(run.name for run in runs),
        heads=[head_of(run, path) for run in runs],
        left_out=left_out(tallies, "dialogue" if talks else "case"),
        tallies=tallies,
        systems=[m.system for m in metrics],
        groups=metric_groups(metrics),
        meanings=meanings(metrics),
        plots=[*plots_of(talks), *ranking_plots(metrics)],
        comparisons=comparisons,
        apart=apart,
        shown=[Tally(f.label, len(f.outcomes), len(views)) for f, views in zip(talks, chosen, strict=True)],
        dialogues=for_script([_as_json(view, f) for f, views in zip(talks, chosen, strict=True) for view in views]),
        style=(_HERE / "report.css").read_text(encoding="utf-8"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    write_text(path, page)


def for_script(value: object) -> str:
    """JSON that can stand inside a script element: nothing in it can end the element or begin a comment."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return written.encode("utf-8", "replace").decode()


def _gather(runs: Sequence[RunData]) -> list[_System]:
    """Every system of every run, in the order of the metrics; those that nothing was measured of last."""
    metrics = {(place, m.system): m for place, run in enumerate(runs) for m in run.metrics}
    findings: dict[tuple[int, str], Findings] = {}
    scores: dict[tuple[int, str], list[Scored]] = {}
    for place, run in enumerate(runs):
        for dialogue in run.dialogues:
            findings.setdefault((place, dialogue.system), Findings()).add(dialogue)
        for ranking in run.rankings:
            scores.setdefault((place, ranking.system), []).append(score_ranking(ranking))
    keys = list(dict.fromkeys((*metrics, *findings, *scores)))
    in_runs = Counter(system for _, system in keys)
    found = []
    for place, system in keys:
        label = system if in_runs[system] == 1 else f"{system} ({_run_name(runs, place)})"
        measured, some = metrics.get((place, system)), findings.get((place, system), Findings())
        some.label = label
        relabelled = None if measured is None else measured.model_copy(update={"system": label})
        found.append(_System(label, relabelled, some, scores.get((place, system), [])))
    return found


def _run_name(runs: Sequence[RunData], place: int) -> str:
    """What tells a run from the others."""
    alike = sum(run.name == runs[place].name for run in runs) > 1
    return f"{runs[place].name}, run {place + 1}" if alike else runs[place].name


def _tally(system: _System) -> Tally:
    if system.findings.outcomes or not system.scores:
        return tally_of(system.findings)
    counted, faults = sum(s.counts for s in system.scores), sum(s.fault for s in system.scores)
    total = len(system.scores)
    return Tally(system.label, total, counted, leaks=0, faults=faults, untold=total - counted - faults)


def _compare(systems: Sequence[_System]) -> tuple[list[Comparison], list[str]]:
    """Every system with the first one; and why some cannot be compared, a sentence each."""
    comparisons, apart = [], []
    for other in systems[1:]:
        first = systems[0]
        try:
            if first.findings.outcomes:
                a, b = ([score_outcome(o) for o in s.findings.outcomes] for s in (first, other))
                comparisons.append(compare_scored(TALK_MEASURES, a, b, first.label, other.label))
            else:
                comparisons.append(
                    compare_scored(RANKING_MEASURES, first.scores, other.scores, first.label, other.label)
                )
        except InputError as fault:
            apart.append(str(fault))
    return adjusted(comparisons), apart


def _as_json(view: TranscriptView, findings: Findings) -> dict[str, Any]:
    """A dialogue as the page's script reads it; what is as usual is left out."""
    return view.model_dump(exclude_defaults=True) | {"system": findings.label}


def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    house = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    house.globals.update(MARKS=list(MARKS.values()), COLOURS=COLOURS)
    house.filters.update(
        share=figures.share,
        plain=figures.plain,
        signed_share=lambda value: figures.signed(value, figures.share),
        signed_plain=lambda value: figures.signed(value, figures.plain),
        probability=figures.probability,
        count=figures.count,
    )
    return house.get_template("report.html.j2")
