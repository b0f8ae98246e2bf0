"""The spine: one question for each flight of the year, two hours before its scheduled departure.

Its label is whether the flight left more than 15 minutes late; null where it was cancelled. Its
other columns are what an airline knows at that time: who flies where, with which aircraft, when.
"""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from prepare import DATA, UTC_MICROS

HOURS_BEFORE = 2
LATE_MINUTES = 15
KEYS = ("origin", "dest", "carrier", "tailnum")
LABEL = "late"


def make_spine(flights: pa.Table) -> pa.Table:
    """In the order of `flights`, every row of it."""
    scheduled = flights["scheduled_departure"]
    ahead = HOURS_BEFORE * 3_600_000_000
    columns = {
        "event_timestamp": pc.subtract(scheduled.cast(pa.int64()), ahead).cast(UTC_MICROS),
        "flight_id": flights["flight_id"],
        "flight": flights["flight"],
        **{name: flights[name] for name in KEYS},
        "distance": flights["distance"],
        "scheduled_departure": scheduled,
        LABEL: pc.greater(flights["dep_delay"], LATE_MINUTES),
    }
    return pa.table(columns)


def load_spine(data: Path = DATA) -> pa.Table:
    """The spine, also left as data/spine.parquet for the command line and notebooks."""
    spine = make_spine(pq.read_table(data / "flights.parquet"))
    path = data / "spine.parquet"
    if not path.exists() or not pq.read_table(path).equals(spine):
        pq.write_table(spine, path.with_suffix(".new"), compression="zstd")
        os.replace(path.with_suffix(".new"), path)
    return spine
