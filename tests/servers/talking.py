"""A process that talks in a thread that others talk in too: prints what it was shown. Arguments: database, folder."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from convrec.agents.postgres_threads import open_postgres_threads
from talk_stage import recommender


async def talk(database: str, folder: Path) -> None:
    """Six turns at once in a thread that is shared, two in one of our own."""
    async with recommender(folder, count=1, threads=lambda: open_postgres_threads(database)) as opened:
        own = f"own {folder}"
        shared = [opened.reply("surprise me", user="ann") for _ in range(6)]
        answers = await asyncio.gather(*shared, *(opened.reply("a green tea", user=own) for _ in range(2)))
        print(*(card.id for answer in answers[:6] for card in answer.items))


if __name__ == "__main__":
    asyncio.run(talk(sys.argv[1], Path(sys.argv[2])))
