from pathlib import Path

import pytest
from convrec.app.laboratory import open_lab
from convrec.app.settings import Settings
from convrec.simulator.nouns import Goal, Persona
from convrec.simulator.plan import Plan
from convrec.simulator.runs import GOALS, write_records
from convrec.tools.errors import InputError
from convrec.tools.history import add_interactions
from convrec.tools.index import build_index, open_index
from convrec.tools.items import Interaction, Item
from convrec.tools.schema import Schema
from convrec.tools.storage import Home
from fakes import HashEncoder


@pytest.fixture
def settings(tmp_path: Path, games: tuple[Schema, list[Item]], encoder: HashEncoder) -> Settings:
    """A data folder with sixty games and five users, each of whom took six in a row."""
    home = Home(tmp_path / "home")
    build_index(home, "games", games[1], games[0], encoder="hash")
    taken = [Interaction(user=f"u{n}", item=games[1][n + k].id, time=float(k)) for n in range(5) for k in range(6)]
    add_interactions(home, "games", taken)
    return Settings(home=home.folder, catalogue="games")


async def test_what_goals_hold_out_is_in_no_history_and_no_count_that_systems_see(
    tmp_path: Path, settings: Settings
) -> None:
    whole = open_index(Home(settings.home), "games")
    assert whole.collaborative is not None
    *known, target = [one.item for one in whole.collaborative.history("u0")]
    goal = Goal(id="g", user="u0", persona=Persona(name="plain"), known=tuple(known[:2]), targets=(target,))
    write_records(tmp_path / "run" / GOALS, [goal])
    async with open_lab(settings, Plan(systems=("popular",), returning=True), tmp_path / "run") as lab:
        learnt = lab.index.collaborative
        assert learnt is not None
        assert [one.item for one in learnt.history("u0")] == known
        assert learnt.history("u1") == whole.collaborative.history("u1")
        row = whole.catalogue.row_of[target]
        assert learnt.counts[row] == whole.collaborative.counts[row] - 1


async def test_without_its_goals_a_laboratory_is_not_opened(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(InputError, match=r"has no goals\.jsonl"):
        async with open_lab(settings, Plan(systems=("popular",)), tmp_path / "elsewhere"):
            pass
