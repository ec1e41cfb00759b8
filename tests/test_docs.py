"""What the documents say of the repository is so: files, folders, links, settings, commands."""

import re
from pathlib import Path

import pytest
import typer
from convrec.app.cli import app
from convrec.app.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
DOCUMENTS = sorted(p for folder in (ROOT, ROOT / "docs") for p in folder.glob("*.md"))
FOLDERS = ("agents", "tools", "app", "benchmarks", "simulator", "prompts")
BUILT = {"build", "dist", "node_modules"}

_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def modules() -> list[str]:
    """Every module that architecture.md should name."""
    found = (p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py") if p.name != "__init__.py")
    return sorted(p.relative_to(ROOT).as_posix() for p in found)


def folders() -> list[str]:
    """Every folder with files, save hidden and built ones."""
    found = {file.parent for file in ROOT.rglob("*.*") if not _skipped(file)}
    return sorted(f"{p.relative_to(ROOT).as_posix()}/" for p in found if p != ROOT)


def _skipped(file: Path) -> bool:
    parts = file.relative_to(ROOT).parts
    hidden = any(p.startswith((".", "__")) or p.endswith(".egg-info") for p in parts[:-1])
    return hidden or parts[0] in BUILT or not file.is_file()


@pytest.mark.parametrize("module", modules())
def test_every_module_has_a_line_in_the_architecture(module: str) -> None:
    lines = re.findall(rf"^- `{re.escape(module)}`: \S", ARCHITECTURE, re.MULTILINE)
    assert len(lines) == 1


def test_the_architecture_names_no_file_that_is_gone() -> None:
    named = set(re.findall(r"`((?:[\w.]+/)+[\w.]+\.\w+)`", ARCHITECTURE))
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]


@pytest.mark.parametrize("folder", folders())
def test_every_folder_has_a_line_in_the_tree(folder: str) -> None:
    assert len(re.findall(rf"^{re.escape(folder)} +\S", README, re.MULTILINE)) == 1


def test_the_tree_names_no_folder_that_is_gone() -> None:
    tree = README.split("## The tree")[1].split("```")[1]
    assert not [line for line in tree.split("\n") if line and not (ROOT / line.split()[0]).is_dir()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_relative_links_lead_somewhere(document: Path) -> None:
    links = _LINK.findall(document.read_text(encoding="utf-8"))
    assert not [link for link in links if not (document.parent / link).exists()]


def test_the_readme_lists_every_setting_with_its_variable() -> None:
    fields = []
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        fields += [f"{name}.{key}" for key in inner] if inner else [name]
    listed = dict(re.findall(r"^\| `([\w.]+)` \| `(CONVREC_\w+)` \|", README, re.MULTILINE))
    assert listed == {field: "CONVREC_" + field.replace(".", "__").upper() for field in fields}


def test_the_readme_lists_every_command() -> None:
    table = README.split("## On the command line")[1].split("##")[0]
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        line = next(row for row in table.split("\n") if row.startswith(f"| `convrec {name}"))
        assert line
        for inner in getattr(command, "commands", {}):
            assert re.search(rf"`(?:convrec {name} )?{inner}\b", table), f"{name} {inner}"


def test_the_two_commands_come_first() -> None:
    first = README.split("```")[1]
    assert "make ui" in first
    assert "make test" in first
