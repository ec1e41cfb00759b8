"""Who talks: kinds of users, and users in between."""

import random
from collections.abc import Sequence

from .nouns import Persona

PERSONAS: tuple[Persona, ...] = (
    Persona(name="everyday"),
    Persona(name="hurried", verbosity=0.05, patience=5, decisiveness=0.8, knowledge=0.5, openness=0.3, typos=0.02),
    Persona(name="talkative", verbosity=0.95, patience=11, decisiveness=0.5, knowledge=0.6, openness=0.5),
    Persona(name="expert", verbosity=0.6, patience=9, decisiveness=0.4, knowledge=1.0, openness=0.15, dislikes=0.5),
    Persona(name="newcomer", verbosity=0.5, patience=8, decisiveness=0.5, knowledge=0.05, openness=0.6, dislikes=0.2),
    Persona(name="picky", verbosity=0.5, patience=12, decisiveness=0.0, knowledge=0.7, openness=0.05, dislikes=0.6),
    Persona(
        name="easily persuaded", verbosity=0.5, patience=7, decisiveness=0.9, knowledge=0.3, openness=1.0, dislikes=0.1
    ),
    Persona(name="careless", verbosity=0.3, patience=8, decisiveness=0.6, knowledge=0.4, typos=0.15),
    Persona(name="fickle", verbosity=0.55, patience=9, decisiveness=0.3, knowledge=0.5, fickleness=0.9),
    Persona(name="thrifty", verbosity=0.4, patience=9, decisiveness=0.5, knowledge=0.5, openness=0.2, thrift=1.0),
    Persona(name="negative", verbosity=0.4, patience=6, decisiveness=0.3, knowledge=0.6, openness=0.1, dislikes=1.0),
)
"""Distinct users, each far out in something, and one who is not."""


def draw_persona(rng: random.Random, personas: Sequence[Persona] = PERSONAS) -> Persona:
    """A user in between two of the kinds, each number a share of the way from one to the other."""
    one, other = rng.sample(list(personas), 2) if len(personas) > 1 else (personas[0], personas[0])

    def between(low: float, high: float) -> float:
        return round(low + rng.random() * (high - low), 3)

    numbers = {
        field: between(getattr(one, field), getattr(other, field))
        for field in Persona.model_fields
        if field not in ("name", "patience")
    }
    patience = round(between(one.patience, other.patience))
    return Persona(name=f"{one.name} and {other.name}", patience=patience, **numbers)
