"""Times as people have them: every kind means the same instant, whatever its unit."""

import coeval
import numpy as np
import pandas as pd
import pytest
from airport_repository import HOUR, NOON, ROWS
from coeval.times import time_micros

MICROS = 1_357_041_600_000_000  # 2013-01-01T12:00:00Z


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_a_pandas_time_of_every_unit(unit, zone):
    time = pd.Timestamp("2013-01-01T12:00:00", tz="UTC").tz_convert(zone).as_unit(unit)
    assert time_micros(time, "t") == MICROS


@pytest.mark.parametrize("unit", ["h", "s", "ms", "us", "ns"])
def test_a_numpy_time_of_every_unit(unit):
    assert time_micros(np.datetime64("2013-01-01T12", unit), "t") == MICROS


def test_what_is_finer_than_a_microsecond_is_cut_off():
    time = pd.Timestamp("2013-01-01T12:00:00.000000999")
    assert time_micros(time, "t") == MICROS
    before_1970 = pd.Timestamp("1969-12-31T23:59:59.999999999")
    assert time_micros(before_1970, "t") == time_micros(before_1970.to_datetime64(), "t") == -1


@pytest.mark.parametrize("nothing", [pd.NaT, np.datetime64("NaT")])
def test_no_time_is_a_mistake(nothing):
    with pytest.raises(ValueError, match="end_date: NaT is no time"):
        time_micros(nothing, "end_date")


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_every_door_takes_a_pandas_time(repo, unit):
    noon, early = (pd.Timestamp(time).as_unit(unit) for time in (NOON, NOON - 3 * HOUR))
    with coeval.FeatureStore(repo, clock=noon) as store:
        store.apply()
        assert store.materialize(early, noon, ["weather"])[0].rows_written > 0
        carried = {view.view: view for view in store.materialize_incremental(noon)}
        assert carried["weather@v1"].watermark == NOON
        assert store.get_online_features("model", ROWS, at=noon).time == NOON
        ranged = store.get_historical_features(
            None, ["weather:temp"], start_date=early, end_date=noon
        )
        assert ranged.to_arrow().num_rows > 0
