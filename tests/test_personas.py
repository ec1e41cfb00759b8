"""The kinds of simulated users, and those in between."""

import random

from convrec.simulator.nouns import Persona
from convrec.simulator.personas import PERSONAS, draw_persona

NUMBERS = [field for field in Persona.model_fields if field != "name"]


def test_there_are_many_kinds_of_users_and_no_two_are_alike():
    assert len(PERSONAS) >= 8
    assert len({p.name for p in PERSONAS}) == len(PERSONAS)
    assert len({tuple(getattr(p, f) for f in NUMBERS) for p in PERSONAS}) == len(PERSONAS)


def test_every_number_differs_among_them():
    for field in NUMBERS:
        assert len({getattr(p, field) for p in PERSONAS}) > 1, field


def test_a_drawn_user_lies_between_two_kinds():
    rng = random.Random(1)
    for _ in range(50):
        drawn = draw_persona(rng)
        one, other = (next(p for p in PERSONAS if p.name == name) for name in drawn.name.split(" and "))
        for field in NUMBERS:
            low, high = sorted((getattr(one, field), getattr(other, field)))
            assert low - 1e-9 <= getattr(drawn, field) <= high + 1e-9, field


def test_drawing_depends_on_its_chance_alone():
    assert draw_persona(random.Random(4)) == draw_persona(random.Random(4))
    assert len({draw_persona(random.Random(n)) for n in range(20)}) > 10


def test_one_kind_alone_is_drawn_as_it_is():
    drawn = draw_persona(random.Random(0), PERSONAS[:1])
    assert all(getattr(drawn, f) == getattr(PERSONAS[0], f) for f in NUMBERS)
