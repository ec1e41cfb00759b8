"""The workflow of a turn, as a LangGraph graph:

    understand ─┬─ small talk, thanks, reset, … ───────────────────────┐
                ├─ a question about items ── answer ───────────────────┤
                ├─ too vague to search ───── clarify ──────────────────┤
                └─ wants items ── retrieve ── nli ── summarize ── rank ┴─ respond ── remember

Only this module knows the state; the agents are functions from nouns to nouns. Each streams its step when it is done,
and the reply is streamed in pieces, by `respond` or already while a model writes it. Nothing is written here: the
recommender saves a turn when all of it is done.

LangGraph runs the workflow where a turn may be traced or a model may stream. Elsewhere `walk` takes the same nodes by
the same edges, and spares what LangGraph needs for that: about a third of a turn's time with the built-in brains.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore

from ..tools.index import Index
from ..tools.taste import because
from . import nli
from .answer import MOST, answer
from .clarify import clarify
from .examples import openers
from .guarantees import grounded, lawful, names_exactly, within
from .memory import Known
from .past import brain_of, keep
from .rank import rank
from .recall import inform, lines_to_recall, recall, stands_aside
from .remember import Told, keeps_order, remember
from .respond import accepted_now, respond, small_talk, tell_miss, tell_unknown, unknown_titles
from .retrieve import Retrieved, allowed_mask, retrieve
from .state import AgentName, Draft, Exchange, Judged, Pick, Shown, Understanding, Wish
from .suggest import suggest, ways_out
from .summarize import summarize
from .taking_back import changed_in_words, note
from .turn import State, Token, Turn
from .understand import understand
from .wishes import ask, grow, liking, show
from .wishes import miss as note_miss

UNDONE = 20
"""How many turns can be taken back."""

WARM = 3
"""How many items a user must have liked before a wish that says nothing is answered by their taste, without a question."""

_SEARCHING = ("request", "preference", "more", "reject", "surprise")


def build_graph(checkpointer: Any = None, store: BaseStore | None = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled workflow; a `Turn` is its runtime context."""
    graph = StateGraph(State, context_schema=Turn)
    nodes, choices = _nodes(), _choices()
    for name, node in nodes.items():
        graph.add_node(name, node)  # type: ignore[arg-type]
    graph.add_edge(START, _FIRST)
    for name, choice in choices.items():
        graph.add_conditional_edges(name, _awaited(choice.choose), list(choice.among))
    for start, end in _EDGES.items():
        graph.add_edge(start, end)
    return graph.compile(checkpointer=checkpointer, store=store)


async def walk(
    state: State, turn: Turn, store: BaseStore | None = None, tell: Callable[[Any], None] = lambda _: None
) -> AsyncGenerator[State]:
    """The workflow's states, node by node; the last is as `build_graph` gives it. No trace is made, and no checkpoint.

    Args:
        state: what the turn begins with.
        turn: what it carries.
        store: the users' memories, if there are any.
        tell: takes each agent's step, and the reply in pieces.
    """
    runtime = Runtime(context=turn, store=store, stream_writer=tell)
    nodes, choices = _nodes(), _choices()
    name = _FIRST
    while name != END:
        state = {**state, **await nodes[name](state, runtime)}
        yield state
        name = _EDGES[name] if name in _EDGES else choices[name].choose(state)


@dataclass(frozen=True)
class _Choice:
    """Where a node leads to: one among some others, by the state."""

    among: tuple[str, ...]
    choose: Callable[[State], str]


_FIRST = "understand"
_EDGES = {"answer": "respond", "summarize": "rank", "rank": "respond", "respond": "remember", "remember": END}


def _nodes() -> Mapping[str, Callable[[State, Runtime[Turn]], Awaitable[State]]]:
    return {
        "understand": _understand, "clarify": _clarify, "answer": _answer, "retrieve": _retrieve, "nli": _nli,
        "summarize": _summarize, "rank": _rank, "respond": _respond, "remember": _remember,
    }  # fmt: skip


def _choices() -> Mapping[str, _Choice]:
    return {
        "understand": _Choice(("answer", "clarify", "retrieve", "respond"), _route),
        "clarify": _Choice(("respond", "retrieve"), lambda s: "respond" if s.get("question") else "retrieve"),
        "retrieve": _Choice(("nli", "respond"), lambda s: "nli" if s.get("candidates") else "respond"),
        "nli": _Choice(("summarize", "respond"), lambda s: "summarize" if s.get("accepted") else "respond"),
    }


def _awaited(choose: Callable[[State], str]) -> Callable[[State], Awaitable[str]]:
    """A choice as a coroutine: LangGraph would send a plain function to a thread."""

    async def chosen(state: State) -> str:
        return choose(state)

    return chosen


def _route(state: State) -> Literal["answer", "clarify", "retrieve", "respond"]:
    understanding, wish = state["understanding"], state["wish"]
    if understanding.question is not None:
        return "answer"
    if understanding.act not in _SEARCHING:
        return "respond"
    return "clarify" if too_vague(understanding, wish) else "retrieve"


def too_vague(understanding: Understanding, wish: Wish) -> bool:
    """Whether a request says nothing to search by, has not been waved on, and comes from somebody little known."""
    open_wish = not wish.own and not wish.seeds and not any(p.wanted for p in wish.preferences)
    stranger = sum(weight > 0 for weight in liking(wish).values()) < WARM
    return open_wish and stranger and understanding.act == "request" and not understanding.declined


async def _think(
    runtime: Runtime[Turn],
    agent: AgentName,
    built_in: Callable[..., Awaitable[Any]],
    *args: Any,
    also: tuple[Any, ...] = (),
    note: Callable[[Any], str] = lambda _: "",
    lawful: Callable[[Any], bool] = lambda _: True,
) -> Any:
    """One agent's step, by its second brain or the built-in one, streamed when it is done; or by what stands in for it.

    Args:
        runtime: the turn.
        agent: whose step.
        built_in: the built-in brain.
        args: what both brains take.
        also: what only the second brain takes.
        note: what the step did, in a few words.
        lawful: whether the second brain's value may be used.
    """
    turn = runtime.context
    stand_in = turn.stand_ins.get(agent)
    brain = None if stand_in else turn.brains.get(agent)
    value = await turn.budget.think(agent, lambda: (stand_in or built_in)(*args), brain, (*args, *also), note, lawful)
    runtime.stream_writer(turn.budget.steps[-1])
    return value


def _speaker(runtime: Runtime[Turn]) -> Callable[[str], None]:
    """What streams a piece of the reply, and remembers that it did."""

    def say(piece: str) -> None:
        runtime.context.spoken += piece
        runtime.stream_writer(Token(piece))

    return say


def _finish(runtime: Runtime[Turn], reply: str) -> None:
    """Stream a reply, unless a model has streamed it already; what it streamed of another one is taken back."""
    turn = runtime.context
    if turn.spoken.split() == reply.split():
        return
    for number, piece in enumerate(_pieces(reply)):
        runtime.stream_writer(Token(piece, fresh=number == 0 and bool(turn.spoken)))
    turn.spoken = reply


async def _understand(state: State, runtime: Runtime[Turn]) -> State:
    turn, index = runtime.context, runtime.context.index
    before = state.get("wish") or Wish()
    known = turn.overlaid(
        await recall(runtime.store, state["user"], index, state["text"]) if runtime.store else Known()
    )
    informed = inform(before, known, index, turn.now, turn.half_life_days)
    understanding: Understanding = await _think(
        runtime, "understand", understand, state["text"], informed, index,
        also=(state.get("talk", []), lines_to_recall(known, informed, turn.now, turn.half_life_days)),
        note=_note_understanding, lawful=lambda u: grounded(u, index),
    )  # fmt: skip
    return {
        "known": known, "informed": informed, "wish": stands_aside(grow(informed, understanding), index),
        "understanding": understanding, "candidates": [], "accepted": [], "picks": [], "miss": None, "question": None,
        "reply": "", "answered": (), "suggestions": (), "past": [*state.get("past", []), before][-UNDONE:],
    }  # fmt: skip


async def _clarify(state: State, runtime: Runtime[Turn]) -> State:
    turn, wish = runtime.context, state["wish"]
    if wish.questions_in_a_row >= turn.questions:
        return {"question": None}
    rows = np.flatnonzero(allowed_mask(wish.preferences, turn.index, wish.barred))
    names = {a.name for a in turn.index.catalogue.schema.attributes} - set(wish.asked)
    question = await _think(
        runtime, "clarify", clarify, wish, turn.index, rows,
        also=(state["understanding"], state["text"], state.get("talk", [])),
        note=lambda q: f"asks about {q.attribute}" if q else "nothing to ask",
        lawful=lambda q: q is None or (q.attribute in names and names_exactly(q.text, (), turn.index)),
    )  # fmt: skip
    if question is None:
        return {"question": None}
    if unknown := unknown_titles(state["understanding"]):
        question = question.model_copy(update={"text": f"{tell_unknown(unknown)} {question.text}"})
    asked = ask(wish, question.attribute)
    return {"question": question, "reply": question.text, "suggestions": question.options, "wish": asked}


async def _answer(state: State, runtime: Runtime[Turn]) -> State:
    question, index = state["understanding"].question, runtime.context.index
    if question is None:
        return {}
    items = question.items[:MOST]
    reply = await _think(
        runtime, "answer", answer, question, state["wish"], index, also=(state["understanding"], _speaker(runtime)),
        note=lambda _: question.kind, lawful=lambda text: names_exactly(text, items, index),
    )  # fmt: skip
    return {"reply": reply, "answered": items}


async def _retrieve(state: State, runtime: Runtime[Turn]) -> State:
    index = runtime.context.index
    found: Retrieved = await _think(
        runtime, "retrieve", retrieve, state["wish"], state["understanding"], index, also=(state["text"],),
        note=_note_retrieved, lawful=lambda f: not f.candidates or bool(within(f.candidates, index.catalogue.row_of)),
    )  # fmt: skip
    return {"candidates": within(found.candidates, index.catalogue.row_of), "miss": found.miss}


async def _nli(state: State, runtime: Runtime[Turn]) -> State:
    candidates, preferences = state.get("candidates", []), state["wish"].preferences
    ids = {c.item for c in candidates}
    accepted = await _think(
        runtime, "nli", nli.judge, candidates, preferences, runtime.context.index, also=(state["wish"], state["text"]),
        note=lambda a: f"{len(a)} of {len(candidates)} fit, judged by {len(preferences)} preferences",
        lawful=lambda a: bool(within(a, ids)) or (not a and nli.may_drop_all(preferences)),
    )  # fmt: skip
    kept = within(accepted, ids)
    miss = None if kept else await nli.explain_none(candidates, preferences, runtime.context.index)
    return {"accepted": kept, "miss": miss}


async def _summarize(state: State, runtime: Runtime[Turn]) -> State:
    accepted = state.get("accepted", [])
    ids = {a.item for a in accepted}
    read = not runtime.context.brains.keys().isdisjoint(("summarize", "rank"))
    summarized = await _think(
        runtime, "summarize", summarize if read else _as_accepted, accepted, state["wish"], runtime.context.index,
        also=(state["text"],), lawful=lambda s: bool(within(s, ids)),
    )  # fmt: skip
    return {"accepted": within(summarized, ids)}


async def _as_accepted(accepted: Sequence[Judged], _wish: Wish, _index: Index) -> list[Judged]:
    """The candidates without summaries: only a model that ranks reads them."""
    return list(accepted)


async def _rank(state: State, runtime: Runtime[Turn]) -> State:
    turn, wish, accepted = runtime.context, state["wish"], state.get("accepted", [])
    count = wish.count or turn.count
    barred = wish.barred - set(wish.shown if state["understanding"].repeats else ())
    picks: list[Pick] = await _think(
        runtime, "rank", rank, accepted, wish, turn.index, count, also=(state["text"],),
        note=lambda p: f"{len(p)} chosen",
        lawful=lambda p: bool(lawful(p, wish, turn.index, barred)),
    )  # fmt: skip
    weights = {} if wish.seeds else liking(wish)
    return {"picks": [_with_cause(p, weights, turn.index) for p in lawful(picks, wish, turn.index, barred)[:count]]}


def _with_cause(pick: Pick, weights: Mapping[str, float], index: Index) -> Pick:
    """A pick with the item of the user's taste that speaks most for it, where taste has found it."""
    cause = because(index, pick.item, weights) if "taste" in pick.tools else None
    return pick.model_copy(update={"because": cause or ""})


async def _respond(state: State, runtime: Runtime[Turn]) -> State:
    turn, wish, understanding = runtime.context, state["wish"], state["understanding"]
    picks, miss, index = state.get("picks", []), state.get("miss"), turn.index
    suggestions, answered = state.get("suggestions", ()), state.get("answered", ())

    async def say(text: str, items: Sequence[str]) -> str:
        draft = Draft(
            text=text, items=tuple(items), asked=state["text"], language=understanding.language,
            unknown=unknown_titles(understanding) if picks else (),
        )  # fmt: skip
        return await _think(
            runtime, "respond", _as_drafted, draft, also=(index, state.get("talk", []), _speaker(runtime)),
            lawful=lambda reply: names_exactly(reply, items, index),
        )  # fmt: skip

    if answered or state.get("question"):
        reply = state["reply"]
        await turn.budget.think("respond", lambda: _as_drafted(Draft(text=reply)))
        runtime.stream_writer(turn.budget.steps[-1])
    elif picks:
        few = len(picks) < (wish.count or turn.count)
        items = [p.item for p in picks]
        reply = await say(await respond(picks, understanding, wish, index, few), items)
        suggestions = suggest(wish, index)
        wish = show(wish, items)
    elif understanding.act in _SEARCHING:
        nearest = miss.nearest if miss else ()
        reply = await say(tell_miss(miss, wish, index), nearest)
        suggestions = ways_out(miss, wish, index)
        wish = note_miss(wish, nearest)
    else:
        answered = accepted_now(understanding)
        reply = await say(small_talk(understanding, wish, index), answered)
        suggestions = openers(index)[:3] if understanding.act not in ("bye", "accept") else ()
    _finish(runtime, reply)
    return {"reply": reply, "wish": wish, "suggestions": suggestions, "answered": answered}


async def _as_drafted(draft: Draft) -> str:
    return draft.text


async def _remember(state: State, runtime: Runtime[Turn]) -> State:
    turn, known, talk = runtime.context, state["known"], state.get("talk", [])
    told = Told(
        state["text"], state["understanding"], state["informed"], state["wish"], state.get("thread", ""), len(talk) + 1,
        turn.now,
    )  # fmt: skip
    remembered = await _think(
        runtime, "remember", remember, told, known, turn.index,
        note=lambda changes: changed_in_words(changes, known), lawful=lambda changes: keeps_order(changes, told, known),
    )  # fmt: skip
    picks = tuple(state.get("picks", []))
    shown = Shown(picks=picks, suggestions=state.get("suggestions", ()), question=state.get("question"))
    exchange = Exchange(
        text=state["text"], reply=state["reply"], items=state.get("answered") or tuple(p.item for p in picks),
        act=state["understanding"].act, time=turn.now, brain=brain_of(turn.budget.steps),
        packed=keep(shown, state["wish"], state.get("miss"), turn.index).packed(),
    )  # fmt: skip
    return {
        "talk": [*talk, exchange], "remembered": remembered, "candidates": [], "accepted": [],
        "noted": [*state.get("noted", []), note(remembered, known, turn.now)][-UNDONE:],
    }  # fmt: skip


def _pieces(reply: str) -> Sequence[str]:
    """A reply in streamable pieces: words with the space that follows."""
    words = reply.split(" ")
    return [w + " " for w in words[:-1]] + words[-1:]


def _note_understanding(understanding: Understanding) -> str:
    parts = [understanding.act]
    if understanding.preferences:
        parts.append(f"{len(understanding.preferences)} new preferences")
    if understanding.dropped:
        parts.append(f"{len(understanding.dropped)} taken back")
    if understanding.mentions:
        parts.append(f"{len(understanding.mentions)} items mentioned")
    return ", ".join(parts)


def _note_retrieved(found: Retrieved) -> str:
    if not found.candidates:
        return "nothing fits"
    # Of several searches with one tool, the later ones are numbered.
    tools = sorted({t.split()[0] for c in found.candidates for t in c.tools})
    return f"{len(found.candidates)} candidates by {', '.join(tools)}"
