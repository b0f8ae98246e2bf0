"""Coeval's offline and online answers against the executable law (tests/model), by bits, over
random views: rules 1 to 4 and 7 where they meet.

The seed is printed; COEVAL_SEED runs the same again.
"""

import random
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from cases import RandomView, random_base, random_near_time, random_view  # noqa: E402
from seeded import run_cases  # noqa: E402
from world import World  # noqa: E402

VIEWS = 5  # of one repository


def run(seed: int, folder: Path) -> Counter:
    """One repository. Errors: AssertionError that names the view."""
    r = random.Random(seed)
    base = random_base(r)
    views = [random_view(r, f"v{i}", base) for i in range(VIEWS)]
    late = r.random() < 0.4
    moments = online_moments(r, views)
    world = World(r, folder, views)
    try:
        world.serve(moments, late)
        for view in views:
            world.ask_offline(view)
            world.ask_range(view)
            world.ask_grid(view)
        world.ask_all_offline()
    finally:
        world.close()
    total = Counter(world.asked)
    for view in views:
        total["views"] += 1
        total[f"{len(view.keys)} keys"] += 1
        total["empty"] += not view.facts
        total["united"] += view.united
    return total


def online_moments(r: random.Random, views: list[RandomView]) -> list[int]:
    """Times at which a store is asked, in their order: one clock goes by all views' times."""
    return sorted({random_near_time(r, view) for view in views for _ in range(2)})


def check(cases: int) -> Counter:
    return run_cases(-(-cases // VIEWS), run)


def test_coeval_answers_what_the_law_says():
    total = check(200)
    assert total["offline"] > 500 and total["online"] > 1_000 and total["range rows"] > 200, total
    assert total["grid rows"] > 500 and total["united"] > 20, total
    for status in ("PRESENT", "NULL_VALUE", "OUTSIDE_MAX_AGE", "NOT_FOUND"):
        assert total[status] > 50, total


@pytest.mark.prove
def test_coeval_answers_what_the_law_says_in_many_cases():
    assert check(5_000)["values"] > 500_000
