"""The same run on a Ray cluster of two workers on this machine: `make test-ray`, which installs Ray."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from convrec.simulator.nouns import Dialogue
from convrec.simulator.runs import TRANSCRIPTS, read_records
from convrec.simulator.simulate import begin_run, simulate
from convrec.tools.errors import ConvrecError
from simulated_stage import goals, open_abyss, open_nothing, open_teas, plan
from test_executors import without_times

ray = pytest.importorskip("ray", reason="Ray is not installed; `make test-ray` installs it")

pytestmark = [
    pytest.mark.timeout(300),
    # Ray leaves its own sockets and files to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning",
                               "ignore::pytest.PytestUnraisableExceptionWarning"),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """A cluster of two workers, shared by the tests."""
    import os
    import sys

    places = {"env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}}
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env=places)
    yield
    ray.shutdown()


async def test_a_cluster_holds_the_same_conversations_seed_for_seed(tmp_path: Path) -> None:
    for name, executor in (("local", "local"), ("ray", "ray")):
        begin_run(tmp_path / name, plan(trials=2), goals(6))
        await simulate(tmp_path / name, open_teas, workers=2, concurrency=2, executor=executor)  # type: ignore[arg-type]

    def held(name: str) -> list[Dialogue]:
        return [without_times(one) for one in read_records(tmp_path / name / TRANSCRIPTS, Dialogue)]

    assert len(held("ray")) == 24
    assert held("ray") == held("local")


async def test_a_conversation_that_its_workers_do_not_outlive_ends_as_a_fault(tmp_path: Path) -> None:
    begin_run(tmp_path, plan(systems=("one",)), goals(1))
    (ended,) = await simulate(tmp_path, open_abyss, workers=1, executor="ray")
    assert (ended.ended, ended.counted) == (1, 0)
    (held,) = read_records(tmp_path / TRANSCRIPTS, Dialogue)
    assert held.ending == "fault"


async def test_a_laboratory_that_cannot_be_opened_says_why_there_too(tmp_path: Path) -> None:
    begin_run(tmp_path, plan(), goals(1))
    with pytest.raises(ConvrecError, match="The laboratory is closed") as refused:
        await simulate(tmp_path, open_nothing, workers=1, executor="ray")
    assert refused.value.hint == "Come back later."
