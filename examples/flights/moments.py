"""The moments at which the promise is tested, and the ties among the facts.

Most are the moments at which most flights are asked about, before dawn and by day; the others are
those where a feature store goes wrong: many facts of the same minute, both nights of the clock
change, the end of the data, holes in the weather.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from server import micros_of

HOUR = 3_600_000_000
FULLEST = 200  # before dawn, when little happens: the last facts are old, and few of them tie
FULLEST_BY_DAY = 100  # when windows of the last hours hold something
DAY = 15  # o'clock in UTC, and later: New York's busy hours
TIED = 30
BESIDE = 6  # moments taken on either side of a clock change
CLOCK_CHANGES = ("2013-03-10T07:00:00Z", "2013-11-03T06:00:00Z")
LAST_DAY = ("2013-12-31T05:00:00Z", "2014-01-01T05:00:00Z")  # by New York's clock
FULLEST_OF_LAST_DAY = 12
# Two hours of weather are missing here: at the first instant the last observation is just within
# the ttl, an instant later it has expired; at the last the next one becomes known.
GAPS = (
    ("2013-10-23T12:00:00Z", "2013-10-23T13:00:00Z"),
    ("2013-11-01T09:00:00Z", "2013-11-01T10:00:00Z"),
    ("2013-12-31T02:00:00Z", "2013-12-31T05:00:00Z"),  # the weather has ended
)


def choose_moments(spine: pa.Table, ties: np.ndarray) -> list[int]:
    """Microseconds since 1970, ascending, each once. `ties`: as Ties.among gives them."""
    counts = pc.value_counts(spine["event_timestamp"].cast(pa.int64()))
    rows_at = dict(
        zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
    )
    times = sorted(rows_at)

    def fullest(among: list[int], count: int) -> list[int]:
        return sorted(among, key=lambda time: (-rows_at[time], time))[:count]

    def between(start: str, end: str) -> list[int]:
        return [time for time in times if micros_of(start) <= time <= micros_of(end)]

    chosen = set(fullest(times, FULLEST))
    chosen.update(fullest([time for time in times if time // HOUR % 24 >= DAY], FULLEST_BY_DAY))
    tied_at = pd.Series(ties).groupby(spine["event_timestamp"].cast(pa.int64()).to_numpy()).sum()
    tied_at = tied_at[tied_at > 0].sort_values(ascending=False, kind="stable")
    chosen.update(int(time) for time in tied_at.index[:TIED])
    for change in map(micros_of, CLOCK_CHANGES):
        chosen.update([time for time in times if time < change][-BESIDE:])
        chosen.update([time for time in times if time >= change][:BESIDE])
    last_day = between(*LAST_DAY)
    chosen.update(fullest(last_day, FULLEST_OF_LAST_DAY), last_day[-1:])
    for gap in GAPS:
        chosen.update(between(*gap))
    return sorted(chosen)


class Ties:
    """Which facts share key and event time with another one, by feature."""

    # A feature of each view; the file of its facts; its keys, named as in the spine.
    VIEWS = (
        ("airport_delay", "departures.parquet", ("origin",)),
        ("carrier_delay", "departures.parquet", ("carrier",)),
        ("air_time", "arrivals.parquet", ("origin", "dest")),
        ("plane_delay", "arrivals.parquet", ("tailnum",)),
    )

    def __init__(self, data: Path):
        self.keys = {name: keys for name, _, keys in self.VIEWS}
        self.facts = {name: self.count(data / file, keys) for name, file, keys in self.VIEWS}
        self.tied = {name: self.find(facts, self.keys[name]) for name, facts in self.facts.items()}

    def among(self, spine: pa.Table) -> np.ndarray:
        """Of each row of the spine: how many of its last facts tie with another. [rows]"""
        count = np.zeros(spine.num_rows, dtype=np.int64)
        for name, keys in self.keys.items():
            columns = [*keys, "event_timestamp"]
            questions = spine.select(columns).to_pandas().dropna().reset_index()
            found = pd.merge_asof(
                questions.sort_values("event_timestamp", kind="stable"),
                self.facts[name].to_pandas().sort_values("event_timestamp", kind="stable"),
                on="event_timestamp",
                by=list(keys),
            )
            count[found["index"]] += (found["flight_id_count_distinct"] > 1).to_numpy()
        return count

    @staticmethod
    def count(path: Path, keys: tuple[str, ...]) -> pa.Table:
        """How many flights there are of each key and event time; a corrected one is one flight."""
        columns = [*keys, "event_timestamp"]
        facts = pq.read_table(path, columns=[*columns, "flight_id"])
        return facts.group_by(columns).aggregate([("flight_id", "count_distinct")])

    @staticmethod
    def find(facts: pa.Table, keys: tuple[str, ...]) -> set[tuple]:
        several = facts.filter(pc.greater(facts["flight_id_count_distinct"], 1))
        times = several["event_timestamp"].cast(pa.int64()).to_pylist()
        return set(zip(*(several[key].to_pylist() for key in keys), times, strict=True))

    def is_tied(self, feature: str, row: dict, event_time: int) -> bool:
        """Had the winner that was served for `row` an equal in time?"""
        if feature not in self.tied:
            return False
        return (*(row[key] for key in self.keys[feature]), event_time) in self.tied[feature]
