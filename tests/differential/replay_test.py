"""The replay of bench/ (B7), small: windows asked online between pushes and restarts, against one
training set for the same moments, by bits.

The seed is printed; COEVAL_SEED runs the same again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "bench")]

from replayed import Replay, unequal  # noqa: E402
from seeded import MEMORY, seed_of_run  # noqa: E402


def replay(events: int, moments: int, keys: int) -> dict:
    seed = seed_of_run()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        return Replay(Path(folder) / "repository", events, moments, keys, seed).run()


def test_a_replay_is_served_as_it_is_trained_on():
    seen = replay(5_000, 500, 4)
    assert seen["equal"] == seen["pairs"] > 500 * 30, seen
    assert seen["moments"] == 500, seen
    assert seen["not null"] > 0.5 * seen["pairs"], seen
    # What became known when makes a difference, so that equal pairs prove something.
    assert seen["other by hindsight"] > 0.05 * seen["pairs"], seen
    for name in ("out of order", "too late", "corrections", "said again", "taken back", "restarts",
                 "rows of repeated pushes"):  # fmt: skip
        assert seen[name] >= 10, (name, seen)


@pytest.mark.prove
def test_a_long_replay_is_served_as_it_is_trained_on():
    seen = replay(300_000, 20_000, 500)
    assert seen["equal"] == seen["pairs"], seen


def test_a_replay_tells_pairs_that_differ_in_one_bit():
    floats = [pa.array(values) for values in ([1.0, -0.0, None, float("nan")],
                                              [1.0, 0.0, float("nan"), float("nan")])]  # fmt: skip
    assert unequal(*floats).tolist() == [False, True, True, False]
    kind = pa.map_(pa.string(), pa.float64())
    maps = [pa.array([[("a", zero)], [], None], kind) for zero in (0.0, -0.0)]
    assert unequal(*maps).tolist() == [True, False, False]
    assert not unequal(maps[0], maps[0]).any()
    assert unequal(pa.array(["a", None, "c"]), pa.array(["a", "b", "d"])).tolist() == [False, True, True]
