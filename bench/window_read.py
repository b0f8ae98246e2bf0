"""Windows read online, by how many events they hold: one key, 30 days, sum, mean, min and max of two
columns and a count, through the Python SDK in one process; with tiles, without, and of a view whose
events have ids, which has none. There is no peer in this one: what others keep is a running value or a
tile, and not the same number.
"""

import datetime
import statistics
import tempfile
import time
from pathlib import Path

import coeval
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from coeval import Aggregation, Entity, FeatureView, FileSource
from results import Section

SIZES = {"full": (1_000, 10_000, 100_000, 1_000_000), "small": (1_000, 10_000)}
NOW = 1_700_000_000_000_000
MONTH = 30 * 86_400 * 1_000_000
UTC = datetime.UTC
FUNCTIONS = ("sum", "mean", "min", "max")
READS, PLAIN_READS = 300, 10  # where each read adds every event, few are enough
WAYS = {"tiles": (False, {}), "no tiles": (False, {"online_store.index_size": "0"}), "ids": (True, {})}


def definitions(has_ids):
    events = FileSource("events", path="events.parquet", timestamp_field="at",
                        event_id_field="id" if has_ids else "")
    windows = [Aggregation(column, function, name=f"{function}_{column}", time_window="30d")
               for column in "xi" for function in FUNCTIONS]
    windows.append(Aggregation([], "count", name="n", time_window="30d"))
    return [FeatureView("windows", entities=[Entity("k", join_keys={"k": "int64"})],
                        aggregations=windows, source=events)]


def make_events(path, events):
    random = np.random.default_rng(1)
    at = NOW - random.integers(0, MONTH - 1_000_000, events)
    pq.write_table(pa.table({
        "k": np.ones(events, dtype=np.int64),
        "at": pa.array(at).cast(pa.timestamp("us", "UTC")),
        "x": random.normal(size=events),
        "i": random.integers(0, 1000, events),
        "id": np.arange(events),
    }), path)


def measure(events, has_ids, settings, reads):
    """Seconds of the first read of a fresh process' store, and of those that follow; are they the
    training set's?"""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "coeval.yaml").write_text("project: window_read\n")
        make_events(folder / "events.parquet", events)
        now = datetime.datetime.fromtimestamp(NOW / 1e6, UTC)
        with coeval.FeatureStore(folder, clock=now.isoformat()) as store:
            store.apply(definitions(has_ids))
            store.materialize_incremental(now)
        with coeval.FeatureStore(folder, clock=now.isoformat(), settings=settings) as store:
            seconds = []
            for _ in range(reads):
                started = time.perf_counter()
                answer = store.get_online_features(["windows:*"], {"k": [1]})
                seconds.append(time.perf_counter() - started)
            spine = pa.table({"k": [1], "event_timestamp": pa.array([answer.time])})
            made = store.get_historical_features(spine, ["windows:*"]).to_arrow()
            served = answer.to_arrow()
            equal = all(served[name].combine_chunks().equals(made[name].combine_chunks())
                        for name in answer.feature_names)
    return seconds[0], sorted(seconds[3:]), equal


def run(small, runs, verdicts):
    del runs
    section = Section(
        "Windows read online: one key, 30 days, nine aggregates",
        "`store.get_online_features` in process: sum, mean, min and max of a float and an integer, and a "
        "count, by the number of events in the window. First: of a store that was just opened, every "
        "event read and added. Again: asked over and over, which gives a key without ids an index with "
        "tiles in memory, unless `online_store.index_size` forbids it. Every answer is a training set's "
        "for that moment, bit for bit.",
        ["events in the window", "first, ms", "again, p50, us", "again, p99, us"], names=1)
    for way, (has_ids, settings) in WAYS.items():
        for events in SIZES["small" if small else "full"]:
            reads = READS if way == "tiles" or events <= 10_000 else PLAIN_READS
            first, again, equal = measure(events, has_ids, settings, reads)
            what = f"{events:,}, {way}"
            verdicts.check(f"window-read {what}: served is what is trained on", equal)
            slow = f"{again[len(again) * 99 // 100] * 1e6:,.0f}" if len(again) >= 100 else ""
            section.rows.append([what, f"{first * 1e3:,.1f}",
                                 f"{statistics.median(again) * 1e6:,.0f}", slow])
    section.notes.append("No p99 of fewer than a hundred reads.")
    return section
