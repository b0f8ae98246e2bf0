"""Many random cases from one seed: the loop of every differential test.

The seed is printed; COEVAL_SEED runs the same again.
"""

from __future__ import annotations

import logging
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def seed_of_run() -> int:
    seed = int(os.environ.get("COEVAL_SEED", random.randrange(2**32)))
    print(f"COEVAL_SEED={seed}")
    return seed


def run_cases(cases: int, run: Callable[[int, Path], Counter]) -> Counter:
    """`run` with a seed of its own and a folder that is not there yet, so many times; what all counted.
    Errors: AssertionError with the seed that runs the failed case first."""
    first = seed_of_run()
    logging.getLogger("coeval").setLevel(logging.ERROR)
    total: Counter = Counter()
    for seed in range(first, first + cases):
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            try:
                total += run(seed, Path(folder) / "repository")
            except Exception as error:
                raise AssertionError(
                    f"COEVAL_SEED={seed}: {type(error).__name__}: {error}"
                ) from error
    print(dict(total))
    return total
