"""The suite of this folder installs from PyPI: it runs only where it is named, as the Makefile does."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    named = [Path(str(a).partition("::")[0]).resolve() for a in config.args]
    return None if any(n == HERE or HERE in n.parents for n in named) else True
