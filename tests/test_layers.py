"""The house rules that a machine can hold us to: who may import whom, where each outside library lives, whose words are whose."""

import ast
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("tools", "prompts", "agents", "simulator", "app")
BELOW = {
    "prompts": {"prompts"},
    "tools": {"tools"},
    "agents": {"agents", "tools", "prompts"},
    "simulator": {"simulator", "agents", "tools", "prompts"},
    "app": {"app", "simulator", "agents", "tools", "prompts"},
}

HOMES = {
    "langgraph": (
        "agents/graph.py",
        "agents/threads.py",
        "agents/postgres_threads.py",
        "agents/recall.py",
        "agents/memories.py",
        "agents/conversations.py",
        "agents/recommender.py",
        "app/build.py",
        "tools/chroma_store.py",
        "tools/opening_memories.py",
        "tools/store_embedding.py",
    ),
    "aiosqlite": ("agents/threads.py",),
    "psycopg": ("agents/postgres_threads.py", "agents/locks.py"),
    "psycopg_pool": ("agents/postgres_threads.py",),
    "chromadb": ("tools/",),
    "bm25s": ("tools/lexical.py",),
    "onnxruntime": ("tools/encoder.py",),
    "sentence_transformers": ("tools/encoder.py", "tools/cross_encoder.py"),
    "tokenizers": ("tools/encoder.py",),
    "transformers": ("tools/encoder.py", "tools/cross_encoder.py", "tools/local_engine.py", "tools/grammars.py"),
    "xgrammar": ("tools/grammars.py",),
    "torch": ("tools/encoder.py", "tools/cross_encoder.py", "tools/local_engine.py"),
    "langchain_openai": ("tools/chat_models.py",),
    "httpx": ("tools/model_servers.py", "tools/chroma_records.py", "simulator/http_system.py"),
    "httpx2": ("tools/chat_models.py",),
    "pyarrow": ("tools/",),
    "rapidfuzz": ("tools/",),
    "scipy": ("tools/", "simulator/metrics/"),
    "matplotlib": ("simulator/reports/",),
    "jinja2": ("simulator/reports/", "tools/local_engine.py"),
    "ray": ("simulator/executors.py",),
    "yaml": ("app/plans.py",),
    "tomlkit": ("tools/schema_file.py",),
    "gradio": ("app/ui/",),
    "fastapi": ("app/api/", "app/serving/", "app/ui/mounting.py"),
    "starlette": ("app/api/", "app/serving/", "app/mcp/http.py"),
    "uvicorn": ("app/serving/server.py", "app/serving/heads.py"),
    "itsdangerous": ("app/serving/sign_in.py",),
    "prometheus_client": ("app/serving/metrics.py",),
    "mcp": ("app/mcp/",),
    "mcp_types": ("app/mcp/",),
    "pydantic_settings": ("app/settings.py",),
    "platformdirs": ("app/settings.py",),
    "rich": ("app/",),
    "typer": ("app/",),
}

DOMAIN = re.compile(
    r"\b(?:films?|movies?|cinemas?|actors?|actress(?:es)?|directors?|directed|starring|genres?|sequels?|remakes?"
    r"|books?|novels?|authors?|pages|games?|gamers?|songs?|albums?|artists?|synopsis|episodes?|scenes?)\b",
    re.IGNORECASE,
)
ENGLISH = {
    "agents/language/acts.py": {"synopsis"},
    "agents/language/comparisons.py": {"gamers"},
    "agents/language/cues.py": {"directed"},
    "agents/language/labels.py": {"directed", "starring"},
    "agents/language/phrases.py": {"scene", "scenes"},
    "agents/language/quantities.py": {"pages"},
    "agents/language/questions.py": {"pages"},
    "agents/language/references.py": {"directed", "starring", "remake"},
}
"""Words of one trade that stand in a pattern of plain English, where another catalogue loses nothing by them."""


@dataclass(frozen=True)
class Import:
    """An import: its file and line, the part of ours it reaches for (or "" for the root), or the outside library."""

    file: str
    line: int
    ours: str | None
    library: str | None

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.library or self.ours or 'the root'}"


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(p for layer in LAYERS for p in (ROOT / layer).rglob("*.py"))


def imports(path: Path) -> Iterator[Import]:
    """What a module imports, wherever in it."""
    file = path.relative_to(ROOT).as_posix()
    package = ["convrec", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = [*start, *(node.module or "").split(".")] if node.module else start
            names = [[*module, alias.name] for alias in node.names] if module == ["convrec"] else [module]
        else:
            continue
        for name in names:
            if name[0] == "convrec":
                yield Import(file, node.lineno, name[1] if len(name) > 1 else "", None)
            else:
                yield Import(file, node.lineno, None, name[0])


ALL = [found for path in modules() for found in imports(path)]


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_only_go_down(layer: str) -> None:
    own = [i for i in ALL if i.file.startswith(f"{layer}/") and i.ours is not None]
    assert not [str(i) for i in own if i.ours not in BELOW[layer]]


def test_the_rules_see_the_imports_that_there_are() -> None:
    seen = {(i.file, i.ours or i.library) for i in ALL}
    assert ("agents/retrieve.py", "tools") in seen
    assert ("app/ui/page.py", "gradio") in seen
    assert ("agents/graph.py", "langgraph") in seen


@pytest.mark.parametrize("library", HOMES)
def test_an_outside_library_has_one_home(library: str) -> None:
    assert not [str(i) for i in ALL if i.library == library and not i.file.startswith(HOMES[library])]


def test_only_the_settings_read_the_environment() -> None:
    readers = {p.relative_to(ROOT).as_posix() for p in modules() if _reads_environment(p)}
    assert readers <= {"app/settings.py"}


@pytest.mark.parametrize("path", sorted((ROOT / "agents").rglob("*.py")), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_agents_speak_of_no_trade(path: Path) -> None:
    allowed = ENGLISH.get(path.relative_to(ROOT).as_posix(), set())
    found = {
        f"{path.name}:{line} {word}"
        for line, text in _code(path)
        for word in DOMAIN.findall(text)
        if word.lower() not in allowed
    }
    assert not found


def _reads_environment(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(n, ast.Attribute) and n.attr in ("environ", "getenv") for n in ast.walk(tree))


def _code(path: Path) -> Iterator[tuple[int, str]]:
    """A module's names and strings by line, without comments and docstrings; underscores part words."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        node.value.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type in (tokenize.NAME, tokenize.STRING) and token.start[0] not in told:
                text = re.sub(r"\\[a-zA-Z]", " ", token.string)
                yield token.start[0], text.replace("_", " ")
