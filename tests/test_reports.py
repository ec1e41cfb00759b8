import base64
import hashlib
import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from convrec.simulator.nouns import Dialogue, Estimate, Persona, SystemMetrics
from convrec.simulator.reports import figures
from convrec.simulator.reports.drawing import COLOURS, colour, draw, for_page, marker
from convrec.simulator.reports.findings import Findings, Spread, way_of_failing
from convrec.simulator.reports.outcomes import outcome_of
from convrec.simulator.reports.plots import plots_of
from convrec.simulator.reports.report import for_script, write_report
from convrec.simulator.reports.run_data import RunData, read_run
from convrec.simulator.reports.tables import meanings, metric_groups
from convrec.simulator.reports.telling import MOST, Telling, room_for
from convrec.simulator.reports.transcripts import view_of
from convrec.tools.errors import ConvrecError, CorruptError, InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from report_stage import HOSTILE, exchange, failure, fault, goal, leaked, ranking, success, write_run

VOID = {"meta", "link", "br", "input", "img", "rect", "path", "use", "line", "circle"}


class Page(HTMLParser):
    """What a page consists of: its tags with their attributes, and the text inside script and table cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.inside: dict[str, list[str]] = {}
        self.words = ""
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)
            self.inside.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside[self._open[-1]][-1] += data
        if not {"script", "style"} & set(self._open):
            self.words += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def said(self) -> str:
        """All text that a reader sees, in one line."""
        return " ".join(self.words.split())

    @property
    def dialogues(self) -> list[dict[str, Any]]:
        """What the page's script reads."""
        return json.loads(self.inside["script"][0])


def metrics(system: str, **values: float) -> SystemMetrics:
    found = {name: Estimate(value=v, low=v - 0.1, high=v + 0.1, n=40) for name, v in values.items()}
    return SystemMetrics(system=system, metrics=found)


def report(tmp_path: Path, *runs: RunData) -> Page:
    write_report(runs, tmp_path / "report.html")
    return Page((tmp_path / "report.html").read_text(encoding="utf-8"))


def findings(dialogues: Iterable[Dialogue], label: str = "A") -> Findings:
    found = Findings(label)
    for dialogue in dialogues:
        found.add(dialogue)
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The report of two systems, two personas, two trials, a leak, a fault and hostile words."""
    folder = tmp_path_factory.mktemp("runs") / "a run"
    dialogues = []
    for n in range(12):
        about = goal(f"g{n}", "browser" if n % 2 else "critic", possible=n != 3)
        for trial in range(2):
            dialogues.append((success if n % 4 else failure)("A", about, trial=trial))
            dialogues.append((success if n % 3 == 1 else failure)(HOSTILE, about, turns=1 + trial, trial=trial))
    shown = failure("A", goal("hostile")).rounds[0].model_copy(update=dict(exchange(title=HOSTILE)))
    hostile = failure("A", goal("hostile").model_copy(update={"persona": Persona(name=HOSTILE)}))
    dialogues += [
        hostile.model_copy(update={"rounds": (shown, *hostile.rounds)}),
        fault("A", goal("f")),
        leaked("A", goal("l")),
    ]
    write_run(
        folder, dialogues,
        metrics=[metrics("A", **{"success rate": 0.7, "average turns": 3}), metrics(HOSTILE, **{"success rate": 0.4})],
        config={"plan": {"catalogue": HOSTILE, "goals": 14, "seed": 7}, "versions": {"python": "3.11"}, "seconds": 75.2},
    )  # fmt: skip
    write_report([read_run(folder)], folder / "report.html")
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_a_run_is_read_from_its_folder(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "mine", [success()], metrics=[metrics("A", **{"success rate": 1.0})]))
    assert (run.name, run.config["seconds"], run.metrics[0].system, run.remarks) == ("mine", 75.2, "A", ())
    assert [d.key for d in run.dialogues] == [d.key for d in run.dialogues] == ["A|g1|0"]
    assert list(run.rankings) == []


def test_a_line_that_a_kill_cut_off_is_left_out_and_said(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", [success()], metrics=[metrics("A", **{"success rate": 1.0})])
    with (folder / "transcripts.jsonl").open("a") as file:
        file.write('{"system": "A", "goal"')
    run = read_run(folder)
    assert len(list(run.dialogues)) == 1
    assert "transcripts.jsonl was cut off" in run.remarks[0]
    assert "cut off" in report(tmp_path, run).said


def test_a_run_that_was_not_measured_says_so(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", [success(), failure(about=goal("g2"))]))
    assert "Nothing has been measured" in run.remarks[0]
    page = report(tmp_path, run)
    assert "Nothing has been measured yet" in page.said
    assert page.dialogues


def test_a_folder_that_is_no_run_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_run(tmp_path / "begun", [])
    for name, why in (("nowhere", "no such folder"), ("empty", "no config.json"), ("begun", "Nothing has ended")):
        with pytest.raises(InputError, match=why) as refused:
            read_run(tmp_path / name)
        assert refused.value.hint


def test_damaged_files_are_named(tmp_path: Path) -> None:
    for name, text in (("config.json", "{"), ("config.json", "[]"), ("metrics.json", "{}"), ("metrics.json", "[{")):
        folder = write_run(tmp_path / "run", [success()])
        (folder / name).write_text(text)
        with pytest.raises(CorruptError, match=name):
            read_run(folder)
        (folder / name).unlink()
    folder = write_run(tmp_path / "torn", [success()])
    (folder / "transcripts.jsonl").write_text(f"broken\n{success().model_dump_json()}\n")
    with pytest.raises(CorruptError, match="line 1"):
        list(read_run(folder).dialogues)


def test_a_report_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        write_report([], tmp_path / "report.html")


def test_the_page_needs_nothing_but_itself(page: Page) -> None:
    links = [a[name] for _, a in page.tags for name in ("href", "src", "data", "action") if name in a]
    assert links
    assert not [link for link in links if not link.startswith("#") and link != "transcripts.jsonl"]
    assert not page.all("link")
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", page.inside["style"][0])


def test_the_page_lets_no_script_run_but_its_own(page: Page) -> None:
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    own = base64.b64encode(hashlib.sha256(page.inside["script"][1].encode()).digest()).decode()
    assert f"script-src 'sha256-{own}';" in policy
    assert "default-src 'none'" in policy
    assert len(page.all("script")) == 2


def test_hostile_words_are_never_markup(page: Page) -> None:
    assert not page.all("img")
    assert not [a for _, a in page.tags for name in a if name.startswith("on")]
    assert HOSTILE in page.said, "the system's name is shown as it is"
    titles = [i["title"] for d in page.dialogues for r in d.get("rounds", []) for i in r.get("items", [])]
    assert HOSTILE in titles


@settings(max_examples=60)
@given(st.lists(st.text()))
def test_json_in_the_page_can_neither_end_its_element_nor_change(texts: list[str]) -> None:
    written = for_script(texts)
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == [t.encode("utf-8", "replace").decode() for t in texts]


def test_what_was_left_out_is_said_before_anything_else(page: Page) -> None:
    said = page.said
    first = said.index("49 of 51 dialogues count.")
    assert first < said.index("What was run")
    assert "1 in which the simulated user gave a target away; 1 in which the infrastructure failed" in said


def test_nothing_left_out_is_said_too(tmp_path: Path) -> None:
    assert (
        "All 2 dialogues count" in report(tmp_path, RunData("r", dialogues=[success(), failure(about=goal("g2"))])).said
    )


def test_what_was_run_is_told(page: Page) -> None:
    for text in ("1 min 15 s", "python 3.11", "plan.seed", "Catalogue", "14"):
        assert text in page.said


def test_every_table_can_be_found_and_read_by_ear(page: Page) -> None:
    headers = page.all("th")
    assert headers
    assert all(h.get("scope") in ("col", "row", "rowgroup") for h in headers)
    regions = [a for tag, a in page.tags if tag == "div" and a.get("role") == "region"]
    assert len(regions) == len(page.all("table"))
    assert all(a["aria-label"] and a["tabindex"] == "0" for a in regions)


def test_every_plot_has_words_a_legend_and_its_numbers(page: Page) -> None:
    names = [f["id"] for f in page.all("figure")]
    assert names == [
        "success-by-turn", "cost-against-success", "where-dialogues-fail", "utility-by-turn", "pass-hat-k", "success-by-persona",
    ]  # fmt: skip
    drawings = [a for tag, a in page.tags if tag == "div" and a.get("class") == "drawing"]
    assert all(a["role"] == "img" and len(a["aria-label"]) > 20 for a in drawings)
    assert page.said.count("The numbers of") == len(names)


def test_no_two_elements_share_an_id_and_every_link_inside_arrives(page: Page) -> None:
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    ends = {a["href"][1:] for tag, a in page.tags if tag == "a" and a["href"].startswith("#")}
    assert ends <= set(ids)


def test_drawings_take_their_colours_and_font_from_the_page() -> None:
    def paint(axes: object) -> None:
        axes.plot([0, 1], [0, 1], color=colour(1), marker=marker(1))  # type: ignore[attr-defined]
        axes.barh([0], [1], color=colour(0), hatch="//")  # type: ignore[attr-defined]
        axes.set_xlabel('$broken { "#5e0101" id="x" <b>')  # type: ignore[attr-defined]

    drawn = draw("mine", paint)
    assert not re.search(r"DejaVu|font-family|<style|<metadata", drawn)
    assert not re.search(r"#5e0[01]", re.sub(r">[^<]*<", "><", drawn))
    assert {"var(--series-1)", "var(--series-2)", "currentColor"} <= set(
        re.findall(r"var\(--series-\d\)|currentColor", drawn)
    )
    assert '$broken { "#5e0101" id="x" &lt;b&gt;' in drawn
    ids, used = (
        set(re.findall(r' id="([^"]+)"', re.sub(r">[^<]*<", "><", drawn))),
        set(re.findall(r"#(mine-[\w]+)", drawn)),
    )
    assert ids == used
    assert all(i.startswith("mine-") for i in ids)


def test_the_same_drawing_is_the_same_text() -> None:
    assert draw("x", lambda axes: axes.plot([1, 2])) == draw("x", lambda axes: axes.plot([1, 2]))


def test_more_systems_than_colours_differ_by_their_markers() -> None:
    looks = {(colour(n), marker(n)) for n in range(3 * COLOURS)}
    assert len(looks) == 3 * COLOURS


def test_the_best_value_is_marked_the_way_that_is_better() -> None:
    some = [
        metrics("A", **{"success rate": 0.8, "average turns": 5, "popularity (ARP)": 9, "coverage": 0.5, "own": 1}),
        metrics("B", **{"success rate": 0.6, "average turns": 4, "popularity (ARP)": 3, "coverage": 0.5}),
    ]
    rows = {row.name: row for group in metric_groups(some) for row in group.rows}
    best = {name: [cell.best for cell in row.cells] for name, row in rows.items()}
    assert best["success rate"] == [True, False]
    assert best["average turns"] == [False, True]
    assert best["popularity (ARP)"] == best["coverage"] == best["own"] == [False, False]
    assert rows["own"].cells[1].value == ""
    assert rows["own"].anchor == ""
    assert rows["success rate"].cells[0].value == "80.0%"


def test_metrics_stand_in_groups_with_their_definitions() -> None:
    some = [metrics("A", **{"pass^2": 0.5, "Recall@10": 0.2, "Gini index": 0.3, "seconds p50": 1, "repeat rate": 0.1})]
    groups = {row.name: group.title for group in metric_groups(some) for row in group.rows}
    assert groups == {
        "pass^2": "Reliability", "Recall@10": "Ranking", "Gini index": "Catalogue", "seconds p50": "Cost",
        "repeat rate": "Honesty",
    }  # fmt: skip
    assert {"pass^k", "Recall@k"} <= {m.name for m in meanings(some)}


def test_failures_are_shown_first_and_no_more_than_there_is_room_for() -> None:
    telling = Telling()
    for n in range(MOST):
        telling.add(failure(about=goal(f"bad {n}")))
        telling.add(success(about=goal(f"good {n}")))
    telling.add(fault(about=goal("fault")))
    kinds = [view.kind for view in telling.chosen(100)]
    assert kinds == ["failure"] * 74 + ["left out"] + ["success"] * 25


def test_room_that_failures_leave_is_filled_with_successes() -> None:
    telling = Telling()
    telling.add(failure())
    for n in range(50):
        telling.add(success(about=goal(f"good {n}")))
    assert [view.kind for view in telling.chosen(20)] == ["failure"] + ["success"] * 19


def test_systems_show_the_same_goals_where_they_can() -> None:
    chosen = []
    for order in (range(500), reversed(range(500))):
        telling = Telling()
        for n in order:
            telling.add(failure(about=goal(f"g{n}")))
        chosen.append([view.goal for view in telling.chosen(30)])
    assert chosen[0] == chosen[1]
    assert len(set(chosen[0])) == 30


def test_many_systems_share_the_room() -> None:
    assert room_for(1) == MOST
    assert 0 < room_for(40) < MOST
    assert room_for(0) == MOST


def test_a_transcript_tells_what_the_user_wanted_and_what_was_wrong() -> None:
    talk = success(turns=3)
    again = exchange("more", ("poor 0", "good"), repeated=1, fitting=1, grounded=1)
    talk = talk.model_copy(update={"rounds": (talk.rounds[0], again, talk.rounds[-1])})
    view = view_of(talk)
    assert view.revealed == ["must · price: at most 20"]
    assert view.hidden == ["prefers · quiet"]
    poor, good = view.rounds[1].items
    assert poor.marks == ["repeated", "never good enough"]
    assert poor.bad
    assert good.marks == ["taken", "held out: really liked"]
    assert good.utility == 0.9
    assert [fault.split()[0] for fault in view.rounds[1].faults] == ["1", "1", "1"]
    assert not view.rounds[-1].answered


def test_endings_tell_wrong_acceptance_and_honest_misses_apart() -> None:
    wrong = success().model_copy(update={"rounds": success().rounds[:1], "ending": "accepted"})
    assert view_of(wrong).ending == "accepted, not good enough"
    told = failure(about=goal(possible=False))
    endings: list[str] = []
    for place in (0, 1):
        answer = told.rounds[place].system
        assert answer is not None
        rounds = list(told.rounds)
        rounds[place] = rounds[place].model_copy(update={"system": answer.model_copy(update={"nothing_fits": True})})
        endings.append(view_of(told.model_copy(update={"rounds": tuple(rounds)})).ending)
    assert endings == ["gave up", "told that nothing fits"]


def test_ways_of_failing_name_what_the_user_did_last() -> None:
    assert way_of_failing(outcome_of(failure())) == "gave up after “criticise”"
    wrong = success().model_copy(update={"rounds": success().rounds[:1]})
    assert way_of_failing(outcome_of(wrong)) == "accepted, not good enough"


def test_success_by_turn_adds_up_over_possible_goals_that_count() -> None:
    found = findings(
        [success(turns=1), success(about=goal("b"), turns=3), failure(about=goal("c")), fault(about=goal("d")),
         failure(about=goal("e", possible=False))]
    )  # fmt: skip
    assert found.success_by_turn(3) == pytest.approx([1 / 3, 1 / 3, 2 / 3])


def test_pass_hat_k_asks_all_of_k_trials_to_succeed() -> None:
    found = findings([success(trial=0), success(trial=1), success(about=goal("b")), failure(about=goal("b"), trial=1)])
    assert [found.pass_hat(k) for k in (1, 2)] == [0.75, 0.5]


def test_a_mean_kept_without_its_numbers_is_the_mean() -> None:
    spread = Spread()
    for value in (1, 2, 3, 4):
        spread.add(value)
    assert spread.estimate().value == 2.5
    assert spread.estimate().high - 2.5 == pytest.approx(1.96 * (5 / 3 / 4) ** 0.5)


def test_what_there_is_nothing_to_draw_of_is_not_drawn() -> None:
    assert plots_of([findings([fault()])]) == []
    assert plots_of([]) == []
    names = [p.name for p in plots_of([findings([success()])])]
    assert names == ["success-by-turn", "cost-against-success"]


def test_a_report_of_faults_alone_is_a_report(tmp_path: Path) -> None:
    page = report(tmp_path, RunData("r", dialogues=[fault(), fault("B")]))
    assert "0 of 2 dialogues count" in page.said
    assert "cannot be compared" in page.said
    assert not page.all("figure")


def test_replayed_dialogues_have_no_success_rate(tmp_path: Path) -> None:
    replayed = [failure(about=goal(f"g{n}")).model_copy(update={"ending": "replayed"}) for n in range(3)]
    page = report(tmp_path, RunData("r", dialogues=replayed))
    assert [f["id"] for f in page.all("figure")] == []
    assert "All 3 dialogues count" in page.said


def test_systems_of_the_same_name_are_told_apart_by_their_runs(tmp_path: Path) -> None:
    runs = [
        RunData(name, dialogues=[success(), failure("B" + name)], metrics=(metrics("A", coverage=0.1),))
        for name in "xy"
    ]
    page = report(tmp_path, *runs)
    systems = {d["system"] for d in page.dialogues}
    assert systems == {"A (x)", "A (y)", "Bx", "By"}
    assert "Paired differences to A (x)" in page.said


def test_runs_that_share_no_goal_are_said_not_to_be_comparable(tmp_path: Path) -> None:
    runs = [
        RunData("x", dialogues=[success(about=goal("one"))]),
        RunData("y", dialogues=[success("B", about=goal("two"))]),
    ]
    assert "A and B cannot be compared: they have no goal" in report(tmp_path, *runs).said


def test_an_offline_run_has_bars_of_recall_and_differences(tmp_path: Path) -> None:
    rankings = [ranking(s, f"c{n}", p) for n in range(20) for s, p in (("$low$", 30), ("high", 1))]
    rankings.append(ranking("high", "none", 1).model_copy(update={"targets": ()}))
    some = [
        metrics("$low$", **{"Recall@1": 0.0, "Recall@10": 0.2}),
        metrics("high", **{"Recall@1": 0.9, "Recall@10": 1.0}),
    ]
    run = read_run(write_run(tmp_path / "run", rankings=rankings, metrics=some))
    page = report(tmp_path, run)
    assert [f["id"] for f in page.all("figure")] == ["at-k-recall"]
    assert "40 of 41 cases count. Left out of all figures: 1 without a target." in page.said
    assert "Paired differences to $low$" in page.said
    assert len(page.all("script")) == 1, "there are no dialogues to read"


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    run = RunData("r", dialogues=[success(), failure(about=goal("g2")), success("B"), failure("B", goal("g2"))])
    write_report([run], tmp_path / "one.html")
    write_report([run], tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_the_transcripts_are_linked_from_wherever_the_page_lies(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "runs" / "100% mine", [success()]))
    (tmp_path / "out").mkdir()
    write_report([run], tmp_path / "out" / "page.html")
    assert 'href="../runs/100%25%20mine/transcripts.jsonl"' in (tmp_path / "out" / "page.html").read_text()


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConvrecError):
        write_report([RunData("r", dialogues=[success()])], tmp_path / "file" / "report.html")


def test_numbers_are_written_for_readers() -> None:
    assert [figures.plain(v) for v in (0, 0.003123, 4.567, 12_345.6, float("nan"))] == [
        "0",
        "0.00312",
        "4.57",
        "12,346",
        "",
    ]
    assert (figures.share(0.6419), figures.fraction(0.1576)) == ("64.2%", "0.158")
    assert [figures.signed(v, figures.share) for v in (0.1, -0.1, 0.0, -0.0001)] == ["+10.0%", "−10.0%", "0.0%", "0.0%"]
    assert [figures.probability(p) for p in (0.0001, 0.0134)] == ["< 0.001", "0.013"]
    assert [figures.duration(s) for s in (3.14, 42, 190, 7_500)] == ["3.1 s", "42 s", "3 min 10 s", "2 h 5 min"]
    assert (figures.count(1, "dialogue"), figures.count(2_400, "dialogue")) == ("1 dialogue", "2,400 dialogues")


def test_a_drawing_keeps_nothing_of_its_maker() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><metadata>who</metadata><g id="a"><path d="M0 0"/></g></svg>'
    assert (
        for_page(svg, "x")
        == '<svg viewBox="0 0 1 1" focusable="false" aria-hidden="true"><g><path d="M0 0" /></g></svg>'
    )
