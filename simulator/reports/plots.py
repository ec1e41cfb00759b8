"""The plots of simulated conversations, each with the words that stand in for it and the numbers behind it."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .axes import named_rows, reach, share_axis, whole_numbers
from .drawing import INK, colour, draw, marker
from .figures import interval, listed, plain, share
from .findings import Findings
from .plot import Key, Numbers, Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WAYS = 8
"""Ways to fail that have a colour of their own; the rarer ones stand together."""

_BANDS = 4
"""Systems with which intervals are drawn as bands; with more, the bands would hide one another."""

_FEW = 5
"""Items shown at a turn below which their mean says nothing."""


def plots_of(findings: Sequence[Findings]) -> list[Plot]:
    """Every plot that the findings have numbers for."""
    decided = [f for f in findings if f.decided]
    drawn = [utility_by_turn([f for f in findings if f.counted])]
    if decided:
        drawn = [
            success_by_turn(decided),
            cost_against_success(decided),
            where_dialogues_fail(decided),
            *drawn,
            pass_hat_k(decided),
            success_by_persona(decided),
        ]
    return [plot for plot in drawn if plot is not None]


def keys_of(findings: Sequence[Findings]) -> tuple[Key, ...]:
    """A legend of the systems."""
    return tuple(Key(f.label, place) for place, f in enumerate(findings))


def success_by_turn(findings: Sequence[Findings]) -> Plot | None:
    """How many dialogues have succeeded by each turn."""
    last = max((o.turns for f in findings for o in f.decided if o.possible), default=0)
    if not last:
        return None
    turns = list(range(1, last + 1))
    curves = [f.success_by_turn(last) for f in findings]

    def paint(axes: "Axes") -> None:
        for place, curve in enumerate(curves):
            axes.plot(turns[: len(curve)], curve, color=colour(place), marker=marker(place))
        share_axis(axes, "y")
        whole_numbers(axes, last)
        axes.set_xlabel("turns")
        axes.set_ylabel("dialogues that have succeeded")

    ends = listed((f.label, share(c[-1])) for f, c in zip(findings, curves, strict=True) if c)
    return Plot(
        name="success-by-turn",
        title="Success by turn",
        caption="The share of dialogues about possible goals that have succeeded after so many answers of the system.",
        svg=draw("success-by-turn", paint),
        alt=f"Curves that rise over {last} turns. In the end they stand at: {ends}.",
        numbers=Numbers(
            ("System", *(f"Turn {t}" for t in turns)),
            tuple((f.label, *map(share, c or [math.nan] * last)) for f, c in zip(findings, curves, strict=True)),
        ),
        keys=keys_of(findings),
    )


def cost_against_success(findings: Sequence[Findings]) -> Plot:
    """What a dialogue costs, against how often it succeeds."""
    asked = any(o.tokens for f in findings for o in f.counted)
    what, unit = ("tokens", "tokens") if asked else ("seconds", "seconds of the system")
    costs = [f.cost(what) for f in findings]
    rates = [f.success_rate() for f in findings]
    positive = [c.value for c in costs if c.value > 0]
    wide = len(positive) == len(costs) and max(positive) > 20 * min(positive)

    def paint(axes: "Axes") -> None:
        for place, (cost, rate) in enumerate(zip(costs, rates, strict=True)):
            axes.errorbar(
                [cost.value], [rate.value], xerr=reach(cost), yerr=reach(rate),
                color=colour(place), marker=marker(place), markersize=7, elinewidth=1.2, capsize=2.5,
            )  # fmt: skip
        if wide:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter("{x:,.10g}")
            axes.xaxis.set_minor_formatter("")
        else:
            furthest = max(c.high for c in costs) or 1.0
            axes.set_xlim(-0.03 * furthest, 1.05 * furthest)
            axes.xaxis.set_major_formatter("{x:,.10g}")
        share_axis(axes, "y")
        axes.set_xlabel(f"{unit} per dialogue{', logarithmic' if wide else ''}")
        axes.set_ylabel("success rate")

    rows = tuple(
        (f.label, f"{plain(c.value)} ({interval(c, plain)})", f"{share(r.value)} ({interval(r, share)})")
        for f, c, r in zip(findings, costs, rates, strict=True)
    )
    return Plot(
        name="cost-against-success",
        title="Cost against success",
        caption=f"Mean {unit} per dialogue and success rate, each with its 95% interval over goals. "
        "Up and to the left is better.",
        svg=draw("cost-against-success", paint),
        alt="One point per system. " + listed((row[0], f"{row[2]} at {row[1]} {what}") for row in rows) + ".",
        numbers=Numbers(("System", f"{unit.capitalize()} per dialogue", "Success rate"), rows),
        keys=keys_of(findings),
    )


def where_dialogues_fail(findings: Sequence[Findings]) -> Plot | None:
    """How dialogues that failed ended, and what the user did last before that."""
    failed = [f.failures() for f in findings]
    everywhere = sum(failed, Counter[str]())
    if not everywhere:
        return None
    ways = [way for way, _ in everywhere.most_common(_WAYS if len(everywhere) <= _WAYS else _WAYS - 1)]
    if rest := len(everywhere) - len(ways):
        ways.append(f"{rest} rarer ways")
        failed = [_gather(some, ways) for some in failed]
    letters = "ABCDEFGHIJ"
    shares = [[some[way] / len(f.decided) for way in ways] for f, some in zip(findings, failed, strict=True)]
    most = max(sum(row) for row in shares)

    def paint(axes: "Axes") -> None:
        for line, row in enumerate(shares):
            start = 0.0
            for place, width in enumerate(row):
                if width:
                    axes.barh(
                        line,
                        width,
                        left=start,
                        height=0.62,
                        color=colour(place),
                        edgecolor=INK,
                        linewidth=0.6,
                        alpha=0.45,
                    )
                if width > 0.035 * most:
                    axes.text(start + width / 2, line, letters[place], ha="center", va="center", fontsize=8.5)
                start += width
        named_rows(axes, [f.label for f in findings])
        share_axis(axes, "x", most)
        axes.set_xlabel("share of all dialogues that count")

    said = listed(
        (f.label, "no failure" if not some else f"{some.most_common(1)[0][1]} times {some.most_common(1)[0][0]}")
        for f, some in zip(findings, failed, strict=True)
    )
    return Plot(
        name="where-dialogues-fail",
        title="Where dialogues fail",
        caption="Dialogues that failed, by how they ended and what the user did last before it. "
        "The whole bar is the failure rate.",
        svg=draw("where-dialogues-fail", paint, height=0.9 + 0.36 * len(findings)),
        alt=f"A stacked bar per system. The commonest way to fail: {said}.",
        numbers=Numbers(
            ("System", *ways),
            tuple(
                (f.label, *(f"{some[w]} ({share(s)})" for w, s in zip(ways, row, strict=True)))
                for f, some, row in zip(findings, failed, shares, strict=True)
            ),
        ),
        keys=tuple(Key(way, place, letters[place]) for place, way in enumerate(ways)),
    )


def success_by_persona(findings: Sequence[Findings]) -> Plot | None:
    """The success rate with each kind of user."""
    rates = [f.success_by_persona() for f in findings]
    names = sorted({name for some in rates for name in some})
    if len(names) < 2:
        return None
    counted = Counter(o.persona for f in findings for o in f.decided)
    names = [name for name, _ in counted.most_common(16)] if len(names) > 16 else names
    room = 0.8 / len(findings)

    def paint(axes: "Axes") -> None:
        for place, some in enumerate(rates):
            for line, name in enumerate(names):
                if name in some:
                    y, rate = line + (place - (len(rates) - 1) / 2) * room, some[name]
                    axes.barh(y, rate.value, height=room * 0.86, color=colour(place), alpha=0.3, linewidth=0)
                    axes.errorbar(
                        [rate.value], [y], xerr=reach(rate),
                        color=colour(place), marker=marker(place), markersize=4, elinewidth=1.1,
                    )  # fmt: skip
        named_rows(axes, names)
        share_axis(axes, "x")
        axes.set_xlabel("success rate")

    rows = tuple(
        (name, *(f"{share(s[name].value)} ({interval(s[name], share)})" if name in s else "" for s in rates))
        for name in names
    )
    hardest = min(names, key=lambda n: sum(s[n].value for s in rates if n in s) / sum(n in s for s in rates))
    return Plot(
        name="success-by-persona",
        title="Success by persona",
        caption="The success rate with each kind of simulated user, with its 95% interval over goals.",
        svg=draw("success-by-persona", paint, height=0.8 + len(names) * max(0.3, 0.13 * len(findings) + 0.1)),
        alt=f"A group of bars for each of {len(names)} personas. The hardest on average is {hardest}.",
        numbers=Numbers(("Persona", *(f.label for f in findings)), rows),
        keys=keys_of(findings),
    )


def utility_by_turn(findings: Sequence[Findings]) -> Plot | None:
    """How good what is shown is for the user, turn by turn."""
    curves = [{t: s.estimate() for t, s in sorted(f.utilities.items()) if s.count >= _FEW} for f in findings]
    turns = sorted({t for curve in curves for t in curve})
    if not turns:
        return None

    def paint(axes: "Axes") -> None:
        for place, curve in enumerate(curves):
            xs, all_of = list(curve), list(curve.values())
            if len(curves) <= _BANDS:
                axes.fill_between(
                    xs, [e.low for e in all_of], [e.high for e in all_of], color=colour(place), alpha=0.15, linewidth=0
                )
            axes.plot(xs, [e.value for e in all_of], color=colour(place), marker=marker(place))
        whole_numbers(axes, turns[-1])
        axes.set_ylim(bottom=0)
        axes.set_xlabel("turn")
        axes.set_ylabel("hidden utility of what was shown")

    rows = tuple(
        (f.label, *(f"{c[t].value:.2f} ({interval(c[t], '{:.2f}'.format)})" if t in c else "" for t in turns))
        for f, c in zip(findings, curves, strict=True)
    )
    ends = listed(
        (f.label, f"{next(iter(c.values())).value:.2f} to {list(c.values())[-1].value:.2f}")
        for f, c in zip(findings, curves, strict=True)
        if c
    )
    return Plot(
        name="utility-by-turn",
        title="Utility of what was shown, by turn",
        caption="The mean hidden utility of the items recommended at each turn, from 0 to 1; its 95% interval "
        f"{'is the band' if len(curves) <= _BANDS else 'stands in the numbers'}. "
        "Only dialogues that are still going on at a turn are in it, so the easy ones drop out. "
        f"Turns with fewer than {_FEW} items are left out.",
        svg=draw("utility-by-turn", paint),
        alt=f"A curve per system over the turns. From the first to the last: {ends}.",
        numbers=Numbers(("System", *(f"Turn {t}" for t in turns)), rows),
        keys=keys_of(findings),
    )


def pass_hat_k(findings: Sequence[Findings]) -> Plot | None:
    """How likely k conversations about the same goal all succeed."""
    last = max(f.trials for f in findings)
    if last < 2:
        return None
    ks = list(range(1, last + 1))
    curves = [[f.pass_hat(k) for k in ks] for f in findings]

    def paint(axes: "Axes") -> None:
        for place, curve in enumerate(curves):
            axes.plot(ks, curve, color=colour(place), marker=marker(place))
        share_axis(axes, "y")
        whole_numbers(axes, last)
        axes.set_xlabel("k")
        axes.set_ylabel("pass^k")

    rows = tuple(
        (f.label, *("" if math.isnan(v) else share(v) for v in c)) for f, c in zip(findings, curves, strict=True)
    )
    return Plot(
        name="pass-hat-k",
        title="Reliability: pass^k",
        caption="The chance that all of k conversations about the same goal succeed. "
        "A system that fails always at the same goals stays level.",
        svg=draw("pass-hat-k", paint),
        alt=f"Curves that fall from k = 1 to {last}. " + listed((r[0], f"{r[1]} to {r[-1]}") for r in rows) + ".",
        numbers=Numbers(("System", *(f"k = {k}" for k in ks)), rows),
        keys=keys_of(findings),
    )


def _gather(failed: Counter[str], ways: Sequence[str]) -> Counter[str]:
    """The counts with the rarer ways in one, the last."""
    kept = Counter({way: failed[way] for way in ways[:-1] if way in failed})
    if rest := failed.total() - kept.total():
        kept[ways[-1]] = rest
    return kept
