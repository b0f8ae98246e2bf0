"""Tests of the parts of the example that need neither the data nor a server."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import download  # noqa: E402
import prepare  # noqa: E402
import reports  # noqa: E402
from models import CLAIMED, HONEST, SERVED, WITHOUT, Comparison  # noqa: E402
from moments import Ties, choose_moments  # noqa: E402
from progress import DemoError, bars, table  # noqa: E402
from promise import Promise, Tally, count_others, row_text  # noqa: E402
from served import Answer, as_json, same_bits  # noqa: E402
from server import ClockFile, integer, iso, micros_of  # noqa: E402
from spine import make_spine  # noqa: E402


def times(*texts):
    return pd.Series(pd.to_datetime(list(texts), utc=True).astype("datetime64[us, UTC]"))


@pytest.mark.parametrize(
    ("after", "clock", "zone", "expected"),
    [
        # Leaves 23:30 in New York, lands 02:10 by Los Angeles' clock on the next day.
        ("2013-06-02T03:30:00Z", 210, "America/Los_Angeles", "2013-06-02T09:10:00Z"),
        ("2013-06-01T15:00:00Z", 1830, "America/Los_Angeles", "2013-06-02T01:30:00Z"),
        # Exactly the hour of the departure is a day later: never after itself.
        ("2013-06-01T15:00:00Z", 1100, "America/New_York", "2013-06-02T15:00:00Z"),
        # 01:30 occurs twice; which one is after the departure decides.
        ("2013-11-03T04:00:00Z", 130, "America/New_York", "2013-11-03T05:30:00Z"),
        ("2013-11-03T05:45:00Z", 130, "America/New_York", "2013-11-03T06:30:00Z"),
        # 02:30 is skipped: the first instant after the gap.
        ("2013-03-10T06:00:00Z", 230, "America/New_York", "2013-03-10T07:00:00Z"),
    ],
)
def test_arrival_is_the_first_such_local_time_after_departure(after, clock, zone, expected):
    found = prepare.next_local_time(times(after), pd.Series([clock]), zone)
    assert found.tolist() == times(expected).tolist()


def flights(**changed):
    hour = pd.Timestamp("2013-06-01T15:00:00Z")
    columns = {
        "carrier": ["UA", "AA", "DL"],
        "flight": [1, 2, 3],
        "tailnum": ["N1", None, "N3"],
        "origin": ["JFK", "LGA", "JFK"],
        "dest": ["SJU", "ORD", "LAX"],
        "distance": [1600, 700, 2400],
        "minute": pa.array([5, 10, 59], pa.int32()),
        "sched_arr_time": pa.array([1455, 1230, 1410], pa.int32()),
        "dep_delay": pa.array([16, None, 15], pa.int32()),
        "arr_delay": pa.array([-5, None, None], pa.int32()),
        "air_time": pa.array([200, None, None], pa.int32()),
        "time_hour": pa.array([hour] * 3, prepare.UTC_MICROS),
    }
    zones = {"ORD": "America/Chicago", "LAX": "America/Los_Angeles"} | prepare.MISSING_ZONES
    return prepare.flight_times(pa.table(columns | changed), zones)


def test_facts_exist_from_when_they_are_known():
    made = flights()
    left = prepare.departures(made)
    assert left["event_timestamp"].to_pylist() == [
        pd.Timestamp("2013-06-01T15:21:00Z"),
        pd.Timestamp("2013-06-01T16:14:00Z"),
    ]
    landed = prepare.arrivals(made)
    assert landed["event_timestamp"].to_pylist() == [pd.Timestamp("2013-06-01T18:50:00Z")]
    assert landed["arrived_at"].equals(landed["event_timestamp"])


def reported(count, delay):
    happened = micros_of("2013-06-01T15:21:00Z")
    return reports.as_reported(
        pa.table(
            {
                "event_timestamp": pa.array([happened] * count).cast(prepare.UTC_MICROS),
                "flight_id": np.arange(count),
                "dep_delay": pa.array([delay] * count, pa.int32()),
            }
        ),
        "dep_delay",
    ).to_pandas()


def test_some_reports_come_late_and_a_few_more_than_a_day():
    found = reported(64_000, 20)
    first = found.groupby("flight_id")["reported_at"].min()
    late = (first - found["event_timestamp"][0]) / pd.Timedelta(minutes=1)
    assert (late > 0).mean() == 1 / 16
    assert late[late > 0].min() == 5
    assert late[(late > 0) & (late < 24 * 60)].max() == 243
    assert (late > 24 * 60).mean() == 1 / 640


def test_a_corrected_flight_has_a_rough_report_first():
    found = reported(1_000, 20)
    assert len(found) == 1_010
    rough, right = found[found["flight_id"] == 107].to_dict("records")
    assert (rough["dep_delay"], right["dep_delay"]) == (15, 20)
    assert right["reported_at"] - rough["reported_at"] == pd.Timedelta(minutes=90)
    assert right["event_timestamp"] == rough["event_timestamp"]
    assert set(found[found["flight_id"] % 100 != 7]["dep_delay"]) == {20}
    assert reported(8, -7)["dep_delay"].tolist() == [-7] * 7 + [-15, -7]


def test_a_flight_shorter_than_its_air_time_is_refused():
    with pytest.raises(DemoError, match="1 flights arrive before they can"):
        flights(air_time=pa.array([210, None, None], pa.int32()))


def test_a_destination_without_zone_is_named():
    with pytest.raises(DemoError, match="QQQ"):
        flights(dest=["SJU", "QQQ", "LAX"])


def test_spine_keeps_rows_and_order_and_asks_two_hours_before():
    spine = make_spine(flights())
    assert spine["flight"].to_pylist() == [1, 2, 3]
    assert spine["late"].to_pylist() == [True, None, False]
    assert spine["event_timestamp"][0].as_py() == pd.Timestamp("2013-06-01T13:05:00Z")


def test_values_are_compared_by_bits():
    assert same_bits(0.1, 0.1)
    assert same_bits(1.0, 1)
    assert same_bits(None, None)
    assert not same_bits(0.1, math.nextafter(0.1, 1))
    assert not same_bits(0.0, -0.0)
    assert not same_bits(1, True)
    assert not same_bits(1, 1.0)
    assert not same_bits(None, 0)
    assert not same_bits("a", None)
    assert same_bits(-0.0, integer("-0"))


def test_columns_become_what_json_can_say():
    assert as_json(pa.array([1.5, math.nan, None, math.inf])) == [1.5, None, None, "Infinity"]
    when = pa.array([1_000_000, None], pa.timestamp("us", "UTC"))
    assert as_json(when) == [1, None]
    assert as_json(pa.array([True, None])) == [True, None]


def test_an_answer_has_a_value_for_each_row():
    result = {"values": [1], "statuses": ["PRESENT"], "event_timestamps": ["1970-01-01T00:00:00Z"]}
    answer = Answer({"metadata": {"feature_names": ["a"]}, "results": [result]})
    answer.check_shape(["a"], 1)
    with pytest.raises(DemoError, match="left out the features b"):
        answer.check_shape(["a", "b"], 1)
    with pytest.raises(DemoError, match="asked for 2 rows"):
        answer.check_shape(["a"], 2)


def test_the_clock_is_replaced_whole(tmp_path):
    clock = ClockFile(tmp_path / "deep" / "clock")
    for text in ("2013-03-10T07:00:00Z", "2013-11-03T06:00:00Z"):
        clock.set(micros_of(text))
        assert clock.path.read_text() == text + "\n"
        assert iso(micros_of(text)) == text
    assert [path.name for path in clock.path.parent.iterdir()] == ["clock"]


def spine_at(*texts):
    stamps = pa.array([micros_of(text) for text in texts], pa.int64())
    return pa.table({"event_timestamp": stamps.cast(prepare.UTC_MICROS)})


def test_moments_are_in_order_and_hold_the_hard_ones():
    hours = [f"2013-05-{day:02}T{hour:02}:00:00Z" for day in range(1, 28) for hour in range(24)]
    before_dawn = [hour for hour in hours if hour[11:13] < "15"]
    by_day = hours[-50:]
    hard = ["2013-03-10T06:00:00Z", "2013-10-23T12:00:00Z", "2013-12-31T20:00:00Z"]
    tied, lonely = "2013-05-10T20:30:00Z", "2013-05-10T20:31:00Z"
    asked = spine_at(*hours, *hours, *before_dawn, *by_day, *hard, tied, lonely)
    ties = np.zeros(asked.num_rows, dtype=np.int64)
    ties[-2] = 1
    chosen = [iso(moment) for moment in choose_moments(asked, ties)]
    assert chosen == sorted(set(chosen))
    assert {*hard, tied} <= set(chosen)
    assert lonely not in chosen
    assert sum(moment in before_dawn for moment in chosen) >= 200
    assert sum(moment in hours and moment not in before_dawn for moment in chosen) == 100
    assert {moment for moment in by_day if moment[11:13] >= "15"} <= set(chosen)


@pytest.fixture
def ties(tmp_path):
    """Two departures in one minute, one of which was reported twice, and one arrival."""
    made = flights()
    left = prepare.departures(made)
    other = left.slice(0, 1)
    other = other.set_column(left.column_names.index("flight_id"), "flight_id", pa.array([9]))
    twice = pa.concat_tables([left, other, other])
    pa.parquet.write_table(twice, tmp_path / "departures.parquet")
    pa.parquet.write_table(prepare.arrivals(made), tmp_path / "arrivals.parquet")
    return Ties(tmp_path)


def test_ties_are_facts_of_one_key_and_minute(ties):
    row = {"origin": "JFK", "carrier": "UA", "dest": "SJU", "tailnum": "N1"}
    assert ties.is_tied("airport_delay", row, micros_of("2013-06-01T15:21:00Z"))
    assert not ties.is_tied("airport_delay", row, micros_of("2013-06-01T16:14:00Z"))
    assert not ties.is_tied("air_time", row, micros_of("2013-06-01T18:50:00Z"))
    assert not ties.is_tied("temp", row, 0)


def test_ties_are_counted_among_the_last_facts_of_a_question(ties):
    asked = spine_at(
        "2013-06-01T15:20:00Z",  # before the first departure
        "2013-06-01T15:21:00Z",  # at it: the airport's and the carrier's last departures tie
        "2013-06-01T16:14:00Z",  # DL left alone since, so the airport's last one does not tie
        "2013-06-01T16:14:00Z",
    )
    keys = {"origin": ["JFK"] * 4, "dest": ["SJU"] * 4, "carrier": ["UA", "UA", "UA", "DL"]}
    keys["tailnum"] = ["N1", "N1", None, "N1"]
    for name, values in keys.items():
        asked = asked.append_column(name, pa.array(values))
    assert ties.among(asked).tolist() == [0, 2, 1, 0]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"equal": 999}, "999 of 1,000 values equal"),
        ({"non_null": 700}, "only 700"),
        ({"expired": 499}, "499 expired"),
        ({"ties": 499}, "499 ties"),
        ({"late": 499}, "changed only 499"),
    ],
)
def test_a_promise_over_nothing_is_no_promise(changed, message):
    good = {"values": 1000, "equal": 1000, "non_null": 800, "expired": 500, "ties": 500, "late": 500}
    Tally(**good).check()
    with pytest.raises(DemoError, match=message):
        Tally(**(good | changed)).check()


def test_values_that_late_reports_changed_are_counted_by_bits():
    one = pa.table({"x": [0.0, None, 2.0], "n": [1, 2, 3], "other": [1, 2, 3]})
    two = pa.table({"x": [-0.0, None, 2.0], "n": [1, None, 4], "other": [0, 0, 0]})
    assert count_others(one, two, ["x", "n"]) == 3
    assert count_others(one, one, one.column_names) == 0


def test_values_that_were_not_compared_are_not_equal():
    """The values asked for and those found equal are counted apart."""
    promise = Promise.__new__(Promise)
    promise.spine = promise.training_set = pa.table({"x": [1.0, 2.0]})
    promise.features, promise.tally = ["x"], Tally()
    promise.check_value = lambda *_: None  # compares nothing
    promise.compare(0, pa.array([0, 1]), None)
    with pytest.raises(DemoError, match="0 of 2 values equal"):
        promise.tally.check()


def test_all_that_pip_runs_is_pinned_by_its_hash(tmp_path, monkeypatch):
    asked = []

    def run(line, **_):
        asked.append((line, Path(line[-1]).read_text()))
        return subprocess.CompletedProcess(line, 1, "", "no network")

    monkeypatch.setattr(download.subprocess, "run", run)
    with pytest.raises(DemoError, match="setuptools==80.9.0"):
        download.fetch(tmp_path)
    ((line, requirement),) = asked
    assert "--require-hashes" in line and "--no-deps" in line
    assert requirement == f"setuptools==80.9.0 --hash=sha256:{download.SETUPTOOLS_SHA256}\n"


def test_a_row_is_told_as_one_line():
    row = make_spine(flights()).slice(1, 1).to_pylist()[0]
    assert row_text(row).startswith("event_timestamp=2013-06-01T13:10:00Z, flight_id=1, flight=2, ")
    assert "tailnum=null" in row_text(row)


@pytest.mark.parametrize("changed", [{CLAIMED: 0.82}, {SERVED: 0.72}, {WITHOUT: 0.72}])
def test_bars_that_tell_nothing_fail(changed):
    comparison = Comparison.__new__(Comparison)
    comparison.aucs = {CLAIMED: 0.92, SERVED: 0.68, HONEST: 0.73, WITHOUT: 0.67}
    comparison.check()
    comparison.aucs |= changed
    with pytest.raises(DemoError):
        comparison.check()


def test_bars_and_tables_line_up():
    assert bars({"a": 0.5, "long": 1.0}, 0.5, 1.0, width=2) == [
        "a         0.500",
        "long  ██  1.000",
    ]
    assert table([("x", 1_000), ("yy", 2)], ("name", "n")) == [
        "name      n",
        "x     1,000",
        "yy        2",
    ]
