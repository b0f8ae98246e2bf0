"""What a contender of joins is asked, and how it says what its answer took.

  CONTENDER QUESTION     a JSON text:

spine       a Parquet file of questions, with `row` and `event_timestamp`
ordered     whether the spine lies in order of time
few         whether it pays to take the facts of the asked keys first
views       [{facts, by, ttl_days, features, ordered}]: a Parquet file of facts with `event_timestamp`,
            the columns of the key, the greatest age of a fact or null, what is wanted of it, whether
            it lies in order of time
count       whether only the number of rows that found a fact is wanted, as `matched` in row 0
how         "files": a whole process, from its start until the answer lies in memory
            "calls": one call over files, in a process that has answered before
            "memory": one call over Arrow tables in memory, in a process that has answered before
repository, service    where Coeval finds the same, where it is of files
answer      where to write the answer, as Parquet, when all is measured

COEVAL_BENCH_BEGAN is when the process was started; COEVAL_BENCH_TAKEN, where to write the figures.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace

REPEATED_FOR = 0.3  # seconds: shorter calls are repeated and the median is told


def asked():
    return json.loads(sys.argv[1], object_hook=lambda made: SimpleNamespace(**made))


def memory(name):
    """VmRSS or VmHWM of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def _tell(seconds, cpu_seconds, peak_bytes):
    Path(os.environ["COEVAL_BENCH_TAKEN"]).write_text(json.dumps(
        {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_bytes": peak_bytes}))


def in_memory_now():
    """Of a whole process: its answer lies in memory now."""
    _tell(time.monotonic() - float(os.environ["COEVAL_BENCH_BEGAN"]), time.process_time(),
          memory("VmHWM"))


def call(make):
    """Of one call in a process that has answered before. Peak memory: what came on top of what was
    there before the first call. Gives the last answer."""
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew
    make()
    taken, end = [], time.monotonic() + REPEATED_FOR
    while not taken or time.monotonic() < end:
        answer = None  # the answer before it must not count
        start, cpu_start = time.perf_counter(), time.process_time()
        answer = make()
        taken.append((time.perf_counter() - start, time.process_time() - cpu_start))
    seconds, cpu_seconds = (statistics.median(part) for part in zip(*taken, strict=True))
    _tell(seconds, cpu_seconds, memory("VmHWM") - before)
    return answer


def whole_or_call(question, make):
    """Of files: a whole process, or a call."""
    if question.how == "calls":
        return call(make)
    answer = make()
    in_memory_now()
    return answer


def tables(question):
    """(spine, [facts]) as Arrow tables, read before anything is measured."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    spine = pq.read_table(question.spine)
    facts = [pq.read_table(view.facts) for view in question.views]
    pa.default_memory_pool().release_unused()
    return spine, facts


def write(question, table):
    import pyarrow.parquet as pq
    features = ["matched"] if question.count else [
        name for view in question.views for name in view.features]
    pq.write_table(table.select(["row", *features]), question.answer)
