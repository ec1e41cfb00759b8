"""A laboratory: where simulated conversations are held, one in each process that works on a run."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from ..tools.index import Index
from .dialogue import talk
from .nouns import Dialogue, Goal
from .plan import Task
from .systems import System
from .users.user import User


@dataclass(frozen=True)
class Lab:
    """What conversations need.

    Attributes:
        index: the catalogue that is talked about.
        systems: the systems under test, by name, open.
        make_user: makes a goal's user, with the seed of its chance.
        retries: how often a conversation is begun again after a fault of the infrastructure.
        max_turns: turns of a conversation at most.
        returning: whether systems know a goal's user by name, and with it their history.
    """

    index: Index
    systems: Mapping[str, System]
    make_user: Callable[[Goal, int], User]
    retries: int = 2
    max_turns: int | None = None
    returning: bool = False

    async def converse(self, task: Task) -> Dialogue:
        """Hold one conversation."""
        dialogue = await talk(
            lambda: self.make_user(task.goal, task.seed),
            self.systems[task.system],
            task.goal,
            self.index,
            trial=task.trial,
            seed=task.seed,
            retries=self.retries,
            max_turns=self.max_turns,
            with_history=self.returning,
        )
        # A system may call itself anything; in its run it has the name that the plan gave it.
        return dialogue.model_copy(update={"system": task.system})


MakeLab = Callable[[], AbstractAsyncContextManager[Lab]]
"""Opens a laboratory. For processes and clusters it must be picklable: a function of a module, or a partial of one."""
