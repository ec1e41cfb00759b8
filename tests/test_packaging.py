"""What pyproject.toml packs: every folder with modules and every file that they read is in the wheel."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LAYERS = ("agents", "app", "prompts", "simulator", "tools")
PACKED = SETUP["tool"]["setuptools"]["packages"]
DATA = SETUP["tool"]["setuptools"]["package-data"]


def files() -> list[Path]:
    """Every file below the layers that somebody wrote."""
    found = (p for layer in LAYERS for p in (ROOT / layer).rglob("*") if p.is_file())
    return sorted(
        p for p in found if not any(part.startswith((".", "__pycache__")) for part in p.relative_to(ROOT).parts)
    )


def package_of(folder: Path) -> str:
    """The dotted name of a folder."""
    return ".".join(("convrec", *folder.relative_to(ROOT).parts))


def data_files() -> list[str]:
    """Files that are no modules."""
    return [p.relative_to(ROOT).as_posix() for p in files() if p.suffix not in (".py", ".pyc")]


def test_every_folder_with_modules_is_packed_and_no_other() -> None:
    assert sorted(PACKED) == sorted({"convrec"} | {package_of(p.parent) for p in files() if p.suffix == ".py"})


@pytest.mark.parametrize("file", data_files())
def test_a_file_that_is_no_module_is_packed_with_a_package(file: str) -> None:
    path = ROOT / file
    holders = [ROOT / Path(*name.split(".")[1:]) for name in PACKED]
    patterns = [
        holder.relative_to(ROOT).as_posix() + "/" + pattern
        for holder, name in zip(holders, PACKED, strict=True)
        for pattern in DATA.get(name, [])
    ]
    assert any(fnmatch(path.relative_to(ROOT).as_posix(), pattern) for pattern in patterns)


def test_every_pattern_of_package_data_finds_a_file() -> None:
    empty = [
        f"{name}: {pattern}"
        for name, patterns in DATA.items()
        for pattern in patterns
        if not list((ROOT / Path(*name.split(".")[1:])).glob(pattern))
    ]
    assert not empty


def test_every_package_has_an_init() -> None:
    assert not [name for name in PACKED if not (ROOT / Path(*name.split(".")[1:]) / "__init__.py").is_file()]
