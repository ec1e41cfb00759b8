"""LangGraph's own tools open the workflow by langgraph.json."""

import importlib
import inspect
import json
from pathlib import Path

from convrec.app.build import graph
from langgraph.pregel import Pregel

CONFIG = Path(__file__).parent.parent / "langgraph.json"


def load(source: str) -> object:
    """A graph as langgraph-api loads it: what has a slash is a file, all else a module; a function makes the graph."""
    module, variable = source.rsplit(":", maxsplit=1)
    assert "/" not in module, "a file is loaded outside of its package, and its relative imports fail"
    found = vars(importlib.import_module(module))[variable]
    return found() if callable(found) and not isinstance(found, Pregel) else found


def test_the_graph_is_found_and_compiled() -> None:
    graphs = json.loads(CONFIG.read_text(encoding="utf-8"))["graphs"]
    opened = {name: load(source) for name, source in graphs.items()}
    assert list(opened) == ["convrec"]
    workflow = opened["convrec"]
    assert isinstance(workflow, Pregel)
    assert {"understand", "retrieve", "nli", "rank", "respond", "remember"} <= set(workflow.get_graph().nodes)


def test_the_maker_of_the_graph_takes_nothing() -> None:
    assert not inspect.signature(graph).parameters


def test_the_package_to_install_is_this_one() -> None:
    assert json.loads(CONFIG.read_text(encoding="utf-8"))["dependencies"] == ["."]
