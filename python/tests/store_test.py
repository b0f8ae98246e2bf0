"""FeatureStore over a repository in a temporary folder, from definitions to served features."""

import datetime as dt
import threading

import coeval
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from coeval import Entity, FeatureService, FeatureView, Field, FileSource
from coeval.types import Float64, Int64, String
from tests_support import same_bits, same_values

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


@pytest.fixture
def repo(tmp_path):
    write_repository(tmp_path / "repo")
    return tmp_path / "repo"


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


@pytest.fixture
def store(repo):
    with coeval.FeatureStore(repo, clock=NOON) as opened:
        opened.apply()
        yield opened


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


# -- definitions ----------------------------------------------------------------------------------


def test_plan_then_apply_then_nothing_to_do(repo):
    with coeval.FeatureStore(repo, clock=NOON) as store:
        plan = store.plan()
        assert plan and not plan.refused
        assert {change["name"] for change in plan.changes} >= {"airport", "weather", "model"}
        assert "weather" in str(plan)
        assert store.plan()  # planning changed nothing
        applied = store.apply()
        assert str(applied)
        assert not store.plan()
        assert store.apply().empty


def test_objects_made_here_only_add(repo):
    with coeval.FeatureStore(repo, clock=NOON) as store:
        store.apply()
        user = Entity(name="user", join_keys=["tail"], value_type=Int64)
        view = FeatureView(
            name="more",
            entities=[user],
            schema=[Field("seats", Float64)],
            source=FileSource(name="s", path="data/planes.parquet", timeless=True),
        )
        assert store.plan([view])
        store.apply([view])
        assert {v.name for v in store.list_feature_views()} == {"weather", "planes", "more"}
        assert store.apply(user).empty  # also a single object
        store.apply()  # the files again: what they do not name goes
        assert {v.name for v in store.list_feature_views()} == {"weather", "planes"}


def test_what_the_registry_holds(store):
    assert store.get_entity("airport").join_keys == ["airport"]
    assert store.get_entity("airport").description == "a place"
    weather = store.get_feature_view("weather")
    assert [(f.name, f.dtype) for f in weather.schema] == [
        ("temp", Float64),
        ("station", String),
        ("reports", Int64),
    ]
    assert weather.tags == {"team": "met"}
    assert store.get_data_source("weather_hourly").field_mapping == {"origin": "airport"}
    assert [f.name for f in store.get_data_source("trip").schema] == ["scheduled", "miles"]
    assert store.get_on_demand_feature_view("computed").expressions["seat_miles"] == "seats * miles"
    service = store.get_feature_service("model")
    assert [part.view for part in service.features] == ["weather", "planes", "computed"]
    assert store.get_feature_service("model", version=1).version == 1
    assert [e.name for e in store.list_entities()] == ["airport", "plane"]
    assert {s.name for s in store.list_data_sources()} == {"weather_hourly", "register", "trip"}
    assert [s.name for s in store.list_feature_services()] == ["model"]
    assert [v.name for v in store.list_on_demand_feature_views()] == ["computed"]
    assert store.project == "tests"
    assert store.now() == NOON


def test_what_the_registry_does_not_hold(store):
    with pytest.raises(coeval.NotFound, match="no feature view 'wether', did you mean \"weather\""):
        store.get_feature_view("wether")
    with pytest.raises(coeval.NotFound, match="'weather' has no version 9; it has 1"):
        store.get_feature_view("weather", version=9)


def test_a_new_version_waits_until_it_is_promoted(store, repo):
    store.materialize_incremental(NOON)
    store.get_online_features(["weather:temp"], [{"airport": "JFK"}])
    text = (repo / "definitions.py").read_text()
    (repo / "definitions.py").write_text(
        text.replace("ttl=timedelta(hours=3)", "ttl=timedelta(hours=1)")
    )
    plan = store.plan()
    assert "ttl" in str(plan)
    store.apply()
    assert store.get_feature_view("weather").ttl == 3 * HOUR
    assert store.get_feature_view("weather", version=2).ttl == HOUR
    store.promote("weather@v2")
    assert store.get_feature_view("weather").ttl == HOUR
    store.rollback("weather")
    assert store.get_feature_view("weather").ttl == 3 * HOUR


def test_what_others_use_is_not_removed(store):
    with pytest.raises(coeval.FailedPrecondition, match="model"):
        store.delete("planes")
    assert store.get_feature_view("planes")
    store.delete("model")
    assert store.list_feature_services() == []


def test_all_mistakes_of_all_definitions_at_once(repo):
    (repo / "definitions.py").write_text(
        DEFINITIONS.replace("entities=[plane]", 'entities=["plan"]')
        .replace("timeless=True)", 'timeless=True, data_delay="1h")')
        .replace("seats * miles", "seats * mile")
    )
    with coeval.FeatureStore(repo) as store, pytest.raises(coeval.InvalidArgument) as error:
        store.plan()
    text = str(error.value)
    assert "definitions.py:12: source 'register', data_delay: a timeless source has none" in text
    assert "definitions.py:18: feature view 'planes', entities: there is no entity 'plan'" in text
    assert "definitions.py:21: on-demand feature view 'computed', expressions.seat_miles" in text
    assert 'did you mean "plane"?' in text and 'did you mean "miles"?' in text


def test_a_type_that_is_none_names_the_nearest(repo):
    wrong = DEFINITIONS.replace('Field("temp", Float64,', 'Field("temp", "flot64",')
    (repo / "definitions.py").write_text(wrong)
    with coeval.FeatureStore(repo) as store, pytest.raises(coeval.InvalidArgument) as error:
        store.plan()
    assert "schema.temp.type: 'flot64'" in str(error.value)
    assert 'did you mean "float64"?' in str(error.value)


def test_a_definition_that_raises(repo):
    (repo / "definitions.py").write_text("x = 1\ny = x / 0\n")
    with coeval.FeatureStore(repo) as store, pytest.raises(coeval.InvalidArgument) as error:
        store.apply()
    assert "definitions.py:2: ZeroDivisionError: division by zero" in str(error.value)


def test_objects_with_mistakes_name_this_file(repo):
    with coeval.FeatureStore(repo) as store, pytest.raises(coeval.InvalidArgument) as error:
        store.apply([FeatureView(name="bad name", source="nowhere")])
    assert "store_test.py:" in str(error.value)


def test_no_repository(tmp_path):
    with pytest.raises(coeval.NotFound, match="coeval init"):
        coeval.FeatureStore(tmp_path)
    (tmp_path / "coeval.yaml").write_text("project: x\nlocatons: {}\n")
    with pytest.raises(coeval.InvalidArgument, match="locatons.*locations"):
        coeval.FeatureStore(tmp_path)


# -- training sets --------------------------------------------------------------------------------


def check_expected(columns):
    for name, values in EXPECTED.items():
        assert same_values(columns[name], values), (name, columns[name])


def ask(store, spine, **more):
    return store.get_historical_features(spine, store.get_feature_service("model"), **more)


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


# -- online ---------------------------------------------------------------------------------------


@pytest.fixture
def served(store):
    carried = store.materialize_incremental(NOON)
    assert {view.view for view in carried} == {"weather@v1", "planes@v1"}
    return store


ROWS = [
    {"origin": "JFK", "tail": 7, "scheduled": NOON, "miles": 10},
    {"origin": "LGA", "tail": 7.0, "scheduled": dt.date(2024, 5, 1), "miles": 20},
    {"origin": None, "tail": None, "scheduled": None, "miles": None},
]


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


def test_looking(served):
    assert served.describe("weather")
    assert served.history()
    assert served.doctor()
    assert served.config["project"]["value"] == "tests"


def test_the_clock_may_be_a_file(repo, tmp_path):
    clock = tmp_path / "clock"
    clock.write_text("2024-05-01T12:00:00Z\n")
    with coeval.FeatureStore(repo, clock=f"@{clock}") as store:
        assert store.now() == NOON
        clock.write_text("2024-05-01T13:00:00Z\n")
        assert store.now() == NOON + HOUR
    with pytest.raises(coeval.InvalidArgument):
        coeval.FeatureStore(repo, clock="noon")


def test_a_closed_store_answers_nothing(repo):
    store = coeval.FeatureStore(repo, clock=NOON)
    store.apply()
    store.close()
    store.close()
    with pytest.raises(coeval.FailedPrecondition, match="closed"):
        store.list_entities()
    with coeval.FeatureStore(repo, clock=NOON) as again:  # and another may open it
        assert again.list_entities()


def test_a_result_outlives_its_store(repo):
    with coeval.FeatureStore(repo, clock=NOON) as store:
        store.apply()
        made = ask(store, SPINE, on_error="null")
    check_expected(made.to_dict())


def test_many_threads_ask_while_one_materializes(served):
    wrong = []

    def read():
        for _ in range(50):
            answer = served.get_online_features("model", ROWS[:1]).to_dict()
            if answer["temp"] != [2.5] or answer["seats"] != [100]:
                wrong.append(answer)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        served.materialize(NOON - 5 * HOUR, NOON)
    for thread in threads:
        thread.join()
    assert wrong == []


def test_settings_and_environment(repo, tmp_path):
    settings = {"online_store.path": str(tmp_path / "online")}
    with coeval.FeatureStore(repo, clock=NOON, settings=settings) as store:
        store.apply()
        store.materialize_incremental(NOON)
    assert (tmp_path / "online").is_dir()
    with pytest.raises(coeval.CoevalError, match="production"):
        coeval.FeatureStore(repo, env="production")


def test_defaults_and_services_from_python(store):
    service = FeatureService(name="small", features=[store.get_feature_view("planes")[["seats"]]])
    store.apply(service)
    made = store.get_historical_features({"event_timestamp": [NOON], "tail": [7]}, service)
    assert made.to_dict()["seats"] == [100]
