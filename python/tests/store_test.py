"""FeatureStore: definitions, what the registry holds, opening and closing."""

import threading

import coeval
import pytest
from airport_repository import DEFINITIONS, HOUR, NOON, ROWS, SPINE, ask, check_expected
from coeval import Entity, FeatureService, FeatureView, Field, FileSource, PushSource
from coeval.types import Float64, Int64, String

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


def test_a_view_that_is_pushed_to_is_trained_on_its_files(store):
    weather = store.get_feature_view("weather")
    push = PushSource(name="weather_push", batch_source=store.get_data_source("weather_hourly"))
    pushed = FeatureView(
        name="pushed", entities=["airport"], source=push, schema=weather.schema, ttl=weather.ttl
    )
    store.apply([pushed])
    assert store.get_data_source("weather_push") == push
    assert store.get_feature_view("pushed").source == "weather_push"
    assert push in store.list_data_sources()
    spine = {"event_timestamp": SPINE["event_timestamp"], "airport": SPINE["origin"]}
    made = [
        store.get_historical_features(spine, [f"{view}:*"]).to_arrow()
        for view in ("weather", "pushed")
    ]
    assert str(made[0].to_pylist()) == str(made[1].to_pylist())  # a NaN equals itself as text
    assert made[0]["temp"].null_count < made[0].num_rows
    with pytest.raises(coeval.FailedPrecondition, match="used by source 'weather_push'"):
        store.delete("weather_hourly")


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


# -- opening and looking --------------------------------------------------------------------------


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
