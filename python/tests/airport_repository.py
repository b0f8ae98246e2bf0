"""A small repository: two stored views, an on-demand view and a service; what it must answer."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
from tests_support import same_values

UTC = dt.UTC
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=UTC)
HOUR = dt.timedelta(hours=1)

DEFINITIONS = """
from datetime import timedelta
from coeval import Entity, FeatureService, FeatureView, Field, FileSource
from coeval import OnDemandFeatureView, RequestSource
from coeval.types import Float64, Int64, String, Timestamp

airport = Entity(name="airport", join_keys=["airport"], value_type=String, description="a place")
plane = Entity(name="plane", join_keys=["tail"], value_type=Int64)
weather_source = FileSource(
    name="weather_hourly", path="{data}/weather.parquet", timestamp_field="at",
    data_delay=timedelta(hours=1), field_mapping={"origin": "airport"})
register = FileSource(name="register", path="{data}/planes.parquet", timeless=True)
weather = FeatureView(
    name="weather", entities=[airport], ttl=timedelta(hours=3), source=weather_source,
    schema=[Field("temp", Float64, description="degrees"), Field("station", String),
            Field("reports", Int64, default=-1)],
    tags={"team": "met"})
planes = FeatureView(name="planes", entities=[plane], source=register,
                     schema=[Field("seats", Int64)])
trip = RequestSource(name="trip", schema=[Field("scheduled", Timestamp), Field("miles", Int64)])
computed = OnDemandFeatureView(
    name="computed", sources=[trip, weather, planes],
    schema=[Field("warm", Int64), Field("seat_miles", Int64), Field("share", Float64),
            Field("hours", Float64)],
    expressions={"warm": "case when temp > 2 then 1 else 0 end", "seat_miles": "seats * miles",
                 "share": "temp / seats", "hours": "(epoch(scheduled) - epoch(now())) / 3600"})
model = FeatureService(
    name="model",
    features=[weather[["temp", "reports"]].with_join_key_map({"airport": "origin"}), planes,
              computed.with_join_key_map({"airport": "origin"})])
"""


def write_repository(folder):
    (folder / "data").mkdir(parents=True)
    (folder / "coeval.yaml").write_text("project: tests\nlocations:\n  data: data\n")
    (folder / "definitions.py").write_text(DEFINITIONS)
    weather = {
        "at": [NOON - 4 * HOUR, NOON - 2 * HOUR, NOON - HOUR / 2, NOON - 5 * HOUR, NOON - 2 * HOUR],
        "origin": ["JFK", "JFK", "JFK", "LGA", "EWR"],
        "temp": [1.0, 2.5, 9.0, 5.0, float("nan")],
        "station": ["a", "b", "c", "d", None],
        "reports": [1, 2, 3, 4, None],
    }
    pq.write_table(pa.table(weather), folder / "data/weather.parquet")
    planes = {"tail": [7, 8], "seats": [100, 0]}
    pq.write_table(pa.table(planes), folder / "data/planes.parquet")


SPINE = {
    "event_timestamp": [NOON, NOON, NOON - 2 * HOUR, NOON, NOON],
    "origin": ["JFK", "LGA", "JFK", "EWR", None],
    "tail": [7, 7, 8, 9, None],
    "scheduled": [NOON] * 5,
    "miles": [10, 20, 30, 40, 50],
    "label": [True, False, None, True, False],
}
NAN = float("nan")
EXPECTED = {
    "temp": [2.5, None, 1.0, NAN, None],
    "reports": [2, -1, 1, -1, -1],
    "seats": [100, 100, 0, None, None],
    "warm": [1, 0, 0, 1, 0],
    "seat_miles": [1000, 2000, 0, None, None],
}

ROWS = [
    {"origin": "JFK", "tail": 7, "scheduled": NOON, "miles": 10},
    {"origin": "LGA", "tail": 7.0, "scheduled": dt.date(2024, 5, 1), "miles": 20},
    {"origin": None, "tail": None, "scheduled": None, "miles": None},
]


def check_expected(columns):
    for name, values in EXPECTED.items():
        assert same_values(columns[name], values), (name, columns[name])


def ask(store, spine, **more):
    return store.get_historical_features(spine, store.get_feature_service("model"), **more)
