"""FeatureStore.get_online_features and materialization."""

import coeval
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from airport_repository import HOUR, NOON, ROWS, SPINE, ask
from tests_support import same_bits


def test_what_is_served_is_what_is_trained_on(served):
    trained = ask(served, {name: values[:2] for name, values in SPINE.items()}).to_dict()
    rows = [{name: values[i] for name, values in SPINE.items()} for i in range(2)]
    answer = served.get_online_features(served.get_feature_service("model"), rows)
    for name in answer.feature_names:
        assert same_bits(answer.to_dict()[name], trained[name]), name


def test_an_answer_in_every_form(served):
    answer = served.get_online_features("model", ROWS)
    columns = answer.to_dict()
    assert list(columns) == [
        "origin", "tail", "scheduled", "miles",
        "temp", "reports", "seats", "warm", "seat_miles", "share", "hours",
    ]  # fmt: skip
    assert columns["origin"] == ["JFK", "LGA", None]
    assert columns["tail"] == [7, 7, None]
    assert columns["temp"] == [2.5, None, None]
    assert columns["reports"] == [2, -1, -1]
    assert answer.statuses["temp"] == ["PRESENT", "OUTSIDE_MAX_AGE", "NOT_FOUND"]
    assert answer.times["temp"] == [NOON - 2 * HOUR, NOON - 5 * HOUR, None]
    assert answer.times["seats"] == [None, None, None]
    assert answer.time == NOON
    assert not answer.from_offline
    with_times = answer.to_dict(include_event_timestamps=True)
    assert with_times["temp__ts"] == [
        int((NOON - 2 * HOUR).timestamp()),
        int((NOON - 5 * HOUR).timestamp()),
        0,
    ]
    assert answer.to_df()["seats"].tolist()[:2] == [100, 100]
    assert answer.to_arrow()["temp"].to_pylist() == columns["temp"]
    assert answer.to_polars()["origin"].to_list() == columns["origin"]
    matrix = answer.to_numpy()
    assert matrix.shape == (3, 7)
    assert matrix[0, 0] == 2.5
    with pytest.raises(TypeError, match="feature 'station' is string"):
        served.get_online_features(["weather:station"], [{"airport": "JFK"}]).to_numpy()


@pytest.mark.parametrize("kind", [dict, pa.table, pl.DataFrame, pd.DataFrame])
def test_rows_may_come_as_a_table(served, kind):
    rows = {"tail": [8, 7], "more": ["x", "y"]}
    answer = served.get_online_features(["planes:seats"], kind(rows))
    assert answer.to_dict() == {"tail": [8, 7], "seats": [0, 100]}


def test_one_row_may_come_as_single_values(served):
    assert served.get_online_features(["planes:seats"], {"tail": 7}).to_dict() == {
        "tail": [7], "seats": [100],
    }  # fmt: skip
    named = served.get_online_features(["weather:temp"], {"airport": "JFK"})
    assert named.to_dict()["airport"] == ["JFK"]
    with pytest.raises(coeval.InvalidArgument, match="'x' is one value and 'tail' a list"):
        served.get_online_features(["planes:seats"], {"tail": [7, 8], "x": 1})


def test_a_time_may_come_as_text(served):
    def asked(scheduled):
        rows = [{**row, "scheduled": scheduled} for row in ROWS[:1]]
        return served.get_online_features("model", rows).to_dict()

    assert asked(NOON.isoformat()) == asked(NOON)
    assert asked(NOON.strftime("%Y-%m-%dT%H:%M:%SZ")) == asked(NOON)
    for wrong in ("noon", "2013-02-30", "2013-01-01T00:00:00.0000001Z", 5):
        with pytest.raises(coeval.InvalidArgument, match="column 'scheduled', row 0"):
            asked(wrong)


def test_no_rows(served):
    assert served.get_online_features(["planes:seats"], []).to_dict() == {"tail": [], "seats": []}
    assert served.get_online_features(["planes:seats"], {"tail": []}).num_rows == 0


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([{"tail": "7"}], coeval.InvalidArgument, "column 'tail', row 0: '7' .str. is no int64"),
        ([{"tail": 7}, {"tail": 7.5}], coeval.InvalidArgument, "column 'tail', row 1: 7.5"),
        ([{"tail": True}], coeval.InvalidArgument, "True .bool. is no int64"),
        ([{"tial": 7}], coeval.InvalidArgument, "row 0: 'tail' is missing.*did you mean \"tial\""),
        ([{"tail": 7}, {}], coeval.InvalidArgument, "row 1: 'tail' is missing"),
        ({"tail": [1, 2], "x": [1]}, coeval.InvalidArgument, "differ in length"),
        (5, TypeError, "a table is expected"),
        ({"x": [1]}, coeval.InvalidArgument, "'tail' is missing"),
    ],
)
def test_rows_with_mistakes(served, rows, error, message):
    with pytest.raises(error, match=message):
        served.get_online_features(["planes:seats"], rows)


def test_another_time_than_now(served):
    rows = [{"airport": "JFK"}]
    early = served.get_online_features(["weather:temp"], rows, at=NOON - 2 * HOUR)
    assert early.to_dict()["temp"] == [1.0]
    assert early.from_offline
    assert early.time == NOON - 2 * HOUR
    with pytest.raises(coeval.InvalidArgument, match="after now"):
        served.get_online_features(["weather:temp"], rows, at=NOON + HOUR)


def test_materialize_some_views_for_some_time(store):
    carried = store.materialize(NOON - 3 * HOUR, NOON, feature_views=["weather"])
    assert [view.view for view in carried] == ["weather@v1"]
    assert carried[0].rows_written == 3
    answer = store.get_online_features(["weather:temp"], [{"airport": "JFK"}])
    assert answer.to_dict()["temp"] == [2.5]
    answer = store.get_online_features(["planes:seats"], [{"tail": 7}])
    assert answer.statuses["seats"] == ["NOT_FOUND"]
    again = store.materialize("2024-05-01T09:00:00Z", NOON, [store.get_feature_view("weather")])
    assert len(again) == 1
    with pytest.raises(coeval.NotFound, match="wether"):
        store.materialize_incremental(NOON, ["wether"])
    assert store.runs()[0]["kind"].startswith("materialize")
