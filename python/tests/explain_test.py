"""TrainingSet.explain and FeatureStore.explain: why a value is what it is."""

import datetime as dt
import math
import re
from pathlib import Path

import coeval
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airport_repository import HOUR, NOON, SPINE, ask
from tests_support import same_values


def test_every_value_of_a_training_set_is_explained(store):
    made = ask(store, SPINE, on_error="null")
    columns = made.to_dict()
    for row in range(made.num_rows):
        for name in made.features:
            why = made.explain(row, name)
            assert same_values([why.value], [columns[name][row]]), (row, name)
            assert why.to_dict()["row"] == row
            assert "note" not in why.to_dict()
            assert str(why) == repr(why)
            assert why.because in str(why)
            assert f"{name} = " in why._repr_html_()


def test_a_fact_that_was_not_yet_known_says_so(store):
    why = ask(store, SPINE, on_error="null").explain(np.int64(0), "temp")
    assert isinstance(why, coeval.Explanation)
    assert (why.value, why.status, why.time) == (2.5, "PRESENT", NOON - 2 * HOUR)
    facts = why.to_dict()["facts"]
    assert [fact["fate"] for fact in facts["shown"]] == ["expired", "wins", "known_later"]
    later = facts["shown"][2]
    assert later["why"] == "not yet known: known 30m after the question"  # the data_delay
    assert (later["values"], later["file"], later["row"]) == ({"temp": 9.0}, "weather.parquet", 2)
    key = why.to_dict()["key"]
    assert key == [{"name": "airport", "column": "origin", "type": "string", "value": "JFK"}]


def test_a_value_of_a_backfill_is_explained(store):
    made = store.backfill("weather", NOON - HOUR, NOON, HOUR)
    why = made.explain(0, "temp")
    assert same_values([why.value], [made.to_dict()["temp"][0]])


def test_a_key_and_a_time_may_be_given(store):
    features = store.get_feature_service("model")
    row = {"origin": "JFK", "tail": 7, "scheduled": NOON, "miles": 10}
    why = store.explain(features, row, "seat_miles", at=NOON)
    assert why.value == 1000
    seats, miles = why.to_dict()["inputs"]
    assert seats["feature"]["facts"]["timeless"]
    assert miles["request_column"] == "miles"
    assert store.explain(["planes:seats"], {"tail": 9}).status == "NOT_FOUND"
    nan = store.explain(["weather:temp"], [{"airport": "EWR"}], at=NOON)
    assert math.isnan(nan.value) and nan.to_dict()["value"] == "nan"
    hindsight = store.explain(["weather:temp"], {"airport": "JFK"}, at=NOON, known="hindsight")
    assert hindsight.value == 9.0
    one = store.explain(["weather:temp"], {"airport": "JFK"}, at=NOON, facts=1)
    assert len(one.to_dict()["facts"]["shown"]) == 3  # one of each fate


def test_a_changed_source_is_noticed(store):
    made = ask(store, SPINE, on_error="null")
    planes = Path(store.repo_path) / "data/planes.parquet"
    pq.write_table(pa.table({"tail": [7, 8], "seats": [5, 0]}), planes)
    why = made.explain(0, "seats")
    assert why.value == 5
    assert "the training set holds 100: the sources have changed" in str(why)


def test_html_escapes_what_it_shows(store):
    planes = Path(store.repo_path) / "data/weather.parquet"
    rows = {"at": [NOON - 2 * HOUR], "origin": ["<b>JFK"], "temp": [1.0], "station": ["<script>"],
            "reports": [1]}  # fmt: skip
    pq.write_table(pa.table(rows), planes)
    shown = store.explain(["weather:station"], {"airport": "<b>JFK"}, at=NOON)._repr_html_()
    assert "&lt;script&gt;" in shown and "&lt;b&gt;JFK" in shown
    assert "<script" not in shown and "<b>JFK" not in shown
    assert not re.search(r"\x1b", shown)


def test_mistakes_name_what_is_meant(store):
    made = ask(store, SPINE, on_error="null")
    with pytest.raises(coeval.InvalidArgument, match="no row 5: the spine has 5 rows"):
        made.explain(5, "temp")
    with pytest.raises(coeval.InvalidArgument, match="no row -1"):
        made.explain(-1, "temp")
    with pytest.raises(coeval.NotFound, match='did you mean "temp"'):
        made.explain(0, "tmep")
    with pytest.raises(coeval.InvalidArgument, match="say which feature"):
        made.explain(0)
    with pytest.raises(coeval.InvalidArgument, match="at least 1"):
        made.explain(0, "temp", facts=0)
    with pytest.raises(TypeError):
        made.explain(0.5, "temp")
    with pytest.raises(coeval.InvalidArgument, match="one row"):
        store.explain(["weather:temp"], {"airport": ["JFK", "LGA"]})
    with pytest.raises(coeval.InvalidArgument, match="'airport' is missing"):
        store.explain(["weather:temp"], {"airprot": "JFK"})
    store.close()
    with pytest.raises(coeval.FailedPrecondition):
        made.explain(0, "temp")


def test_a_time_is_that_of_the_fact(store):
    why = store.explain(["weather:temp"], {"airport": "LGA"}, at=NOON - HOUR)
    assert why.status == "OUTSIDE_MAX_AGE"
    assert why.time == NOON - 5 * HOUR
    assert why.time.tzinfo is dt.UTC
