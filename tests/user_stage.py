"""What the tests of simulated users stand on: a catalogue of fifteen hundred invented things, histories, made-up systems."""

import random
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from convrec.simulator.nouns import Goal, Persona, Shown, SystemTurn, UserTurn
from convrec.simulator.users.agenda import AgendaUser
from convrec.tools.index import Index
from convrec.tools.interaction_log import Log
from convrec.tools.items import Interaction, Item
from convrec.tools.schema import Attribute, Schema
from talk_stage import small_index

SCHEMA = Schema(
    noun="lamp",
    nouns="lamps",
    attributes=(
        Attribute(name="style", kind="category", label="style", also=("kind",)),
        Attribute(name="maker", kind="category", person=True, label="maker", also=("made", "makers")),
        Attribute(
            name="place", kind="category", label="origin", also=("made in",), synonyms={"Norway": ("norwegian",)}
        ),
        Attribute(name="tags", kind="category", many=True, open=True, label="tag"),
        Attribute(name="price", kind="number", measure="price", unit="EUR", label="price"),
        Attribute(name="hours", kind="number", measure="duration", unit="h", label="life"),
        Attribute(name="rating", kind="number", measure="rating", label="rating"),
        Attribute(name="year", kind="date", label="year"),
        Attribute(name="code", kind="category", label="code", shown=False),
        Attribute(name="known", kind="number", measure="popularity", label="sold", shown=False),
    ),
)
_STYLES = ("modern", "rustic", "gothic", "nautical", "floral", "industrial", "baroque", "minimal")
_PLACES = ("Norway", "Peru", "Japan", "Ghana", "Italy", "Canada")
_TAGS = ("bright", "warm", "brass", "paper", "dimmable", "tiny", "tall", "wooden", "glass", "foldable", "loud", "blue")
_FIRST, _LAST = ("Ada", "Bo", "Cy", "Dee", "Eli", "Fay", "Gus", "Hal"), ("Moss", "Quill", "Reed", "Stone", "Thorne")


@cache
def lamps(count: int = 1500) -> Index:
    """The invented things; what is well known is so by chance."""
    rng = random.Random(11)
    items = []
    for number in range(count):
        style, tags = rng.choice(_STYLES), tuple(rng.sample(_TAGS, rng.randint(1, 4)))
        attributes = {
            "style": (style,),
            "maker": (f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",),
            "place": (rng.choice(_PLACES),),
            "tags": tags,
            "price": float(rng.randint(5, 200)),
            "year": str(rng.randint(1950, 2024)),
            "code": (f"X{number % 7}",),
            "known": float(rng.paretovariate(1.2)),
        }
        attributes |= {"hours": float(rng.randint(100, 5000))} if rng.random() < 0.8 else {}
        attributes |= {"rating": rng.randint(10, 50) / 10} if rng.random() < 0.9 else {}
        title = f"{rng.choice(('Zephyr', 'Orbit', 'Vesper', 'Quasar', 'Lumen'))} {style[:3].title()}{number}"
        items.append(
            Item(id=f"l{number}", title=title, text=f"A {style} piece, {', '.join(tags)}.", attributes=attributes)
        )
    return small_index("lamps", SCHEMA, items)


@cache
def lamp_log(users: int = 40, *, timed: bool = True) -> Log:
    """Users who like one style and two tags, fifteen things each, and dislike five others."""
    index, rng = lamps(), random.Random(5)
    made = []
    for user in range(users):
        style, tags = rng.choice(_STYLES), set(rng.sample(_TAGS, 2))
        scored = sorted(
            index.catalogue.items,
            key=lambda i, s=style, t=tags: (
                -(2 * (i.labels("style") == (s,)) + len(t & set(i.labels("tags"))) + rng.random())
            ),
        )
        for place, item in enumerate(scored[:15]):
            made.append(Interaction(user=f"u{user}", item=item.id, value=5.0, time=float(place + 1) if timed else 0.0))
        for item in rng.sample(scored[500:], 5):
            made.append(Interaction(user=f"u{user}", item=item.id, value=1.0, time=0.5 if timed else 0.0))
    return Log.of(made)


def shows(index: Index, ids: Sequence[str], **options: object) -> SystemTurn:
    """A system's turn that shows some items."""
    items = tuple(Shown(id=i, title=index.catalogue.item(i).title) for i in ids)
    return SystemTurn(reply="How about these?", items=items).model_copy(update=options)


def persona(**numbers: float) -> Persona:
    """A middling user but for some numbers."""
    return Persona(name="made up").model_copy(update=numbers)


async def converse(
    goal: Goal, index: Index, system: Callable[[UserTurn, list[str]], SystemTurn], seed: int = 0, most: int = 20
) -> list[UserTurn]:
    """All that a user says to a system, which is told their turn and the ids that it has shown."""
    user, heard, said, shown = AgendaUser(goal, index, seed), None, [], []
    for _ in range(most):
        said.append(await user.reply(heard))
        if said[-1].done:
            break
        heard = system(said[-1], shown)
        shown += [i.id for i in heard.items]
    return said


def succeeds(goal: Goal, said: Sequence[UserTurn]) -> bool:
    """Whether something that is good enough was taken."""
    return said[-1].accepted in goal.taste


def popular(index: Index) -> list[str]:
    """All ids, the best known first."""
    order = np.argsort(-index.catalogue.popularity, kind="stable")
    return [index.catalogue.items[row].id for row in order.tolist()]
