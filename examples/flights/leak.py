"""The leak: features as people join them by hand, each question with the fact nearest in time.

Nearest in time may lie in the future. Everything else is done as well as in definitions.py, so the
direction of the join is the only difference.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from prepare import DATA, WEATHER

HOUR = pd.Timedelta(hours=1)
NO_DELAY = pd.Timedelta(0)
TIME = "event_timestamp"


def nearest(
    spine: pd.DataFrame, facts: pd.DataFrame, keys: list[str], ttl: pd.Timedelta | None
) -> pd.DataFrame:
    """For each spine row the nearest fact of its key, at most `ttl` away; its time is `fact_time`.
    Keeps the order."""
    facts = facts.rename(columns={TIME: "fact_time"}).sort_values("fact_time", kind="stable")
    asked = spine[[TIME, *keys]].dropna().sort_values(TIME, kind="stable")
    found = pd.merge_asof(
        asked.reset_index(),
        facts,
        left_on=TIME,
        right_on="fact_time",
        by=keys,
        direction="nearest",
        tolerance=ttl,
    )
    return found.set_index("index").reindex(spine.index)


class LeakyJoin:
    """features: Arrow table with the names of the service's numeric features, rows as the spine's.
    from_future, own_flight: per view, how many rows hold a fact that was not known at the
    question's time, and the fact of the very flight asked about. rows_with_*: in any view."""

    def __init__(self, spine: pa.Table, data: Path = DATA):
        # NumPy-backed numbers and microseconds throughout, as a notebook has them.
        self.spine = spine.to_pandas()
        self.data = data
        self.columns: dict[str, pd.Series] = {}
        self.from_future: dict[str, int] = {}
        self.own_flight: dict[str, int] = {}
        self.any_future = np.zeros(len(self.spine), dtype=bool)
        self.any_own = np.zeros(len(self.spine), dtype=bool)
        self.join_all()
        self.derive()
        self.features = pa.table(
            {n: pa.array(c, from_pandas=True) for n, c in self.columns.items()}
        )

    @property
    def rows_with_future(self) -> int:
        return int(self.any_future.sum())

    @property
    def rows_with_own(self) -> int:
        return int(self.any_own.sum())

    def join_all(self) -> None:
        arrivals = self.read("arrivals.parquet")
        departures = self.read("departures.parquet")
        weather = pq.read_table(self.data / "weather").to_pandas()
        observed = {name: name for name in WEATHER}
        self.join("weather", weather, ["origin"], observed, ttl=3 * HOUR, known_after=HOUR)
        landed = {"arr_delay": "plane_delay", "fact_time": "plane_arrived_at"}
        self.join("plane_arrival", arrivals, ["tailnum"], landed, ttl=7 * 24 * HOUR)
        self.join("airport_departure", departures, ["origin"], {"dep_delay": "airport_delay"})
        self.join("carrier_departure", departures, ["carrier"], {"dep_delay": "carrier_delay"})
        self.join("route_flight", arrivals, ["origin", "dest"], {"air_time": "air_time"})
        planes = self.read("planes.parquet").set_index("tailnum")
        for column, name in {"year": "built", "engines": "engines", "seats": "seats"}.items():
            self.columns[name] = self.spine["tailnum"].map(planes[column])

    def read(self, name: str) -> pd.DataFrame:
        return pq.read_table(self.data / name).to_pandas()

    def join(
        self,
        view: str,
        facts: pd.DataFrame,
        keys: list[str],
        names: dict[str, str],
        ttl: pd.Timedelta | None = None,
        known_after: pd.Timedelta = NO_DELAY,
    ) -> None:
        id_column = ["flight_id"] if "flight_id" in facts else []
        wanted = [TIME, *keys, *(c for c in names if c != "fact_time"), *id_column]
        found = nearest(self.spine, facts[wanted], keys, ttl)
        for column, name in names.items():
            self.columns[name] = found[column]
        future = (found["fact_time"] + known_after > self.spine[TIME]).to_numpy(dtype=bool)
        own = np.zeros(len(future), dtype=bool)
        if id_column:
            own = (found["flight_id"] == self.spine["flight_id"]).to_numpy(dtype=bool)
        self.from_future[view], self.own_flight[view] = int(future.sum()), int(own.sum())
        self.any_future |= future
        self.any_own |= own

    def derive(self) -> None:
        have = self.columns
        local = self.spine["scheduled_departure"].dt.tz_convert("America/New_York")
        have["local_hour"], have["local_weekday"] = local.dt.hour, local.dt.day_of_week + 1
        have["plane_age"] = local.dt.year - have["built"]
        have["hours_since_arrival"] = (self.spine[TIME] - have["plane_arrived_at"]) / HOUR
        have["carrier_against_airport"] = have["carrier_delay"] - have["airport_delay"]
        have["dew_point_spread"] = have["temp"] - have["dewp"]
        wind = have["wind_speed"].where(have["wind_speed"] > 0)
        have["gust_over_wind"] = have["wind_gust"] / wind
