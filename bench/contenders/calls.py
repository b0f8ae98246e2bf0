"""What contenders of the online workloads share: calls one after the other, each timed, and what was
answered, written for the workload to compare."""

import json
import time
from pathlib import Path

import numpy as np

WARM = 0.3  # of the time, not counted


def zipf(random, keys, count, exponent=0.99):
    """Keys by Zipf's law; ranks are spread over the keys."""
    weights = np.arange(1, keys + 1, dtype=np.float64) ** -exponent
    ranks = np.searchsorted(np.cumsum(weights) / weights.sum(), random.random(count))
    return ranks * 104_729 % keys


def timed(call, questions, seconds):
    """{"p50", "p99"} in microseconds, and how many."""
    began, at, taken = time.perf_counter(), 0, []
    while True:
        started = time.perf_counter()
        call(questions[at % len(questions)])
        ended = time.perf_counter()
        at += 1
        if ended - began > WARM * seconds:
            taken.append(ended - started)
        if ended - began > seconds and len(taken) >= 20:
            break
    taken.sort()
    return {"p50": taken[len(taken) // 2] * 1e6, "p99": taken[len(taken) * 99 // 100] * 1e6,
            "calls": len(taken)}


def say(path, figures, answers):
    Path(path).write_text(json.dumps({"figures": figures, "answers": answers}))
