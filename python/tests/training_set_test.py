"""FeatureStore.get_historical_features: spines, results, manifests, mistakes."""

import coeval
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airport_repository import EXPECTED, HOUR, NOON, SPINE, ask, check_expected
from tests_support import same_values


@pytest.mark.parametrize(
    "kind",
    [
        dict,
        pa.table,
        pl.DataFrame,
        pd.DataFrame,
        lambda d: pa.table(d).to_pylist(),
        lambda d: duckdb.from_arrow(pa.table(d)),
        lambda d: pa.table(d).to_reader(),
        lambda d: pl.DataFrame(d).lazy(),
    ],
)
def test_any_table_may_be_the_spine(store, kind):
    made = ask(store, kind(SPINE), on_error="null")
    assert made.num_rows == 5
    assert made.column_names[:6] == list(SPINE)
    assert made.features == ["temp", "reports", "seats", "warm", "seat_miles", "share", "hours"]
    check_expected(made.to_arrow().to_pydict())
    assert made.to_arrow()["label"].to_pylist() == SPINE["label"]


def test_results_in_every_form(store, tmp_path):
    made = ask(store, pd.DataFrame(SPINE, index=[5, 4, 3, 2, 1]), on_error="null")
    frame = made.to_df()
    assert frame.index.tolist() == [5, 4, 3, 2, 1]
    assert str(frame["seats"].dtype) == "Int64"
    assert str(frame["reports"].dtype) == "int64"
    assert str(frame["temp"].dtype) == "double[pyarrow]"  # NaN and null
    assert frame["label"].dtype == object  # as it was given
    assert made.to_df(dtypes="numpy")["seats"].dtype == "float64"
    check_expected(made.to_dict())
    assert made.to_polars()["seats"].to_list() == EXPECTED["seats"]
    assert same_values(
        duckdb.from_arrow(made).project("temp").to_arrow_table()["temp"].to_pylist(),
        EXPECTED["temp"],
    )
    assert made.to_parquet(tmp_path / "t.parquet") == (tmp_path / "t.parquet").stat().st_size
    check_expected(pq.read_table(tmp_path / "t.parquet").to_pydict())
    made.to_csv(tmp_path / "t.csv")
    written = pd.read_csv(tmp_path / "t.csv")
    assert list(written.columns) == made.column_names
    assert written["seat_miles"].tolist()[:3] == [1000, 2000, 0]
    assert pa.table(made).num_rows == len(made) == 5


def test_figures_and_warnings(store):
    made = ask(store, SPINE, on_error="null")
    figures = {feature.name: feature for feature in made.summary}
    assert figures["temp"].reference == "weather@v1:temp"
    assert (figures["temp"].nulls, figures["temp"].expired) == (2, 1)
    assert figures["temp"].not_found == 1
    text = repr(made)
    assert text.startswith("TrainingSet: 5 rows, 6 columns of the entity table, 7 features")
    assert "40.0 %" in text and "20.0 %" in text
    assert "<table>" in made._repr_html_()
    assert made.warnings == []
    early = {name: values[:1] for name, values in SPINE.items()}
    early["event_timestamp"] = [NOON - 100 * HOUR]
    made = ask(store, early, on_error="null")
    assert any("temp" in warning for warning in made.warnings)
    assert "warning: " in repr(made)


def test_the_manifest_says_what_made_it_and_repeats(store):
    first, second = ask(store, SPINE, on_error="null"), ask(store, SPINE, on_error="null")
    assert first.manifest["content_hash"] == second.manifest["content_hash"]
    other = ask(store, SPINE | {"label": [None] * 5}, on_error="null")
    assert other.manifest["content_hash"] != first.manifest["content_hash"]
    assert "weather.parquet" in str(first.manifest)
    assert len(store.training_sets()) == 3


def test_references_views_and_parts(store):
    spine = {"event_timestamp": [NOON], "airport": ["JFK"], "tail": [7]}
    made = store.get_historical_features(
        spine, ["weather:temp", "planes:*"], full_feature_names=True
    )
    assert made.features == ["weather__temp", "planes__seats"]
    weather = store.get_feature_view("weather")
    made = store.get_historical_features(spine, [weather[["station"]], "weather@v1:temp"])
    assert made.to_dict()["station"] == ["b"]
    assert made.features == ["station", "temp"]
    assert (
        store.get_historical_features(
            spine | {"origin": ["JFK"], "scheduled": [NOON], "miles": [1]}, "model"
        ).num_rows
        == 1
    )


def test_what_counts_as_known(store):
    spine = {"event_timestamp": [NOON], "airport": ["JFK"]}

    def temp(**more):
        return store.get_historical_features(spine, ["weather:temp"], **more).to_dict()["temp"]

    assert temp() == [2.5]
    assert temp(known="hindsight") == [9.0]
    with pytest.raises(ValueError, match="known"):
        temp(known="tomorrow")


def test_a_range_of_times_instead_of_a_spine(store):
    made = store.get_historical_features(
        None, ["weather:temp"], start_date=NOON - 3 * HOUR, end_date="2024-05-01T12:00:00Z"
    )
    rows = made.to_dict()
    assert list(rows) == ["airport", "event_timestamp", "temp"] or set(rows) == {
        "airport",
        "event_timestamp",
        "temp",
    }
    assert sorted(zip(rows["event_timestamp"], rows["airport"], strict=True)) == [
        (NOON - 3 * HOUR, "JFK"),
        (NOON - HOUR, "EWR"),
        (NOON - HOUR, "JFK"),
    ]
    with pytest.raises(coeval.InvalidArgument, match="both start_date and end_date"):
        store.get_historical_features(None, ["weather:temp"], start_date=NOON)
    with pytest.raises(coeval.InvalidArgument, match="either entity_df or start_date"):
        store.get_historical_features({"a": [1]}, ["weather:temp"], start_date=NOON)


@pytest.mark.parametrize(
    ("features", "spine", "error", "message"),
    [
        (["wether:temp"], SPINE, coeval.NotFound, "wether.*weather"),
        (["weather:tmp"], SPINE, coeval.CoevalError, "tmp.*temp"),
        (["weather"], SPINE, coeval.InvalidArgument, "weather"),
        ([], SPINE, coeval.InvalidArgument, "feature"),
        (5, SPINE, TypeError, "found 5"),
        ([5], SPINE, TypeError, "found 5"),
        (
            ["weather:temp"],
            {"event_timestamp": [NOON], "airprt": ["JFK"]},
            coeval.NotFound,
            "airport.*airprt",
        ),
        (
            ["weather:temp"],
            {"event_timestamp": [NOON], "airport": [5]},
            coeval.InvalidArgument,
            "airport",
        ),
        (["weather:temp"], {"airport": ["JFK"]}, coeval.CoevalError, "timestamp"),
        (
            ["weather:temp"],
            {"event_timestamp": [NOON, None], "airport": ["JFK", "LGA"]},
            coeval.InvalidArgument,
            "row 1",
        ),
        (
            ["weather:temp"],
            {"event_timestamp": [NOON], "airport": ["JFK"], "TEMP": [1]},
            coeval.CoevalError,
            "(?i)temp",
        ),
        (
            ["planes:seats"],
            {"event_timestamp": [NOON], "tail": ["x"]},
            coeval.InvalidArgument,
            "tail",
        ),
    ],
)
def test_mistakes_of_a_request_are_named(store, features, spine, error, message):
    with pytest.raises(error, match=message):
        store.get_historical_features(spine, features)


def test_an_expression_that_fails_fails_the_training_set(store):
    spine = {name: values[:1] for name, values in SPINE.items()} | {"miles": [2**62]}
    with pytest.raises(coeval.InvalidArgument, match="seat_miles"):
        ask(store, spine)
    assert ask(store, spine, on_error="null").to_dict()["seat_miles"] == [None]
    with pytest.raises(ValueError, match="on_error"):
        ask(store, spine, on_error="ignore")
