"""Definitions become the document that the engine reads, and mistakes say where they are."""

import inspect
import json
import re
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal as PyDecimal

import coeval
import pytest
from coeval import (
    Aggregation,
    CsvFormat,
    Entity,
    FeatureService,
    FeatureView,
    Field,
    FileSource,
    OnDemandFeatureView,
    PushSource,
    RequestSource,
    ValueType,
)
from coeval.definitions import to_document
from coeval.types import (
    Array,
    Date,
    Decimal,
    Float32,
    Float64,
    Int64,
    Map,
    String,
    Timestamp,
    UnixTimestamp,
    Vector,
)


def line() -> int:
    """The line of the caller."""
    return sys._getframe(1).f_lineno


def only(document: dict, kind: str) -> dict:
    (item,) = document[kind]
    return {key: value for key, value in item.items() if key != "where"}


def source(**more) -> FileSource:
    given = {"name": "s", "path": "s.parquet", "timestamp_field": "t"}
    return FileSource(**(given | more))


def test_types_have_the_spelling_of_definitions():
    assert Int64.text == "int64"
    assert Array(String).text == "list<string>"
    assert Vector(Float32, 8).text == "vector<float32, 8>"
    assert Map(String, Array(Int64)).text == "map<string, list<int64>>"
    assert Decimal(12, 2).text == "decimal(12, 2)"
    assert Timestamp is UnixTimestamp
    assert ValueType.DOUBLE.data_type == Float64
    assert {Int64, coeval.types.DataType("int64")} == {Int64}


def test_a_type_that_is_none_is_refused_where_it_stands():
    with pytest.raises(TypeError, match="Field 'a': dtype: a type is expected.*found 5"):
        Field("a", 5)
    with pytest.raises(TypeError, match="Array needs the types inside it"):
        Field("a", Array)
    with pytest.raises(TypeError, match="size is a whole number"):
        Vector(Float32, "8")


def test_a_view_brings_what_it_names():
    airport = Entity(name="airport", join_keys=["airport"], value_type=String)
    weather = FeatureView(
        name="weather",
        entities=[airport],
        ttl=timedelta(hours=3),
        schema=[Field("temp", Float64, description="degrees"), Field("n", Int64, default=0)],
        source=source(data_delay=timedelta(hours=1), field_mapping={"origin": "airport"}),
        tags={"team": "met"},
        owner="met@example.org",
        version="1.2",
    )
    document = to_document([weather])
    assert only(document, "entities") == {
        "name": "airport",
        "join_keys": [{"name": "airport", "type": "string"}],
    }
    assert only(document, "sources") == {
        "name": "s",
        "kind": "file",
        "path": "s.parquet",
        "timestamp_field": "t",
        "data_delay": 3_600_000_000,
        "field_mapping": {"origin": "airport"},
    }
    assert only(document, "feature_views") == {
        "name": "weather",
        "entities": ["airport"],
        "schema": [
            {"name": "temp", "type": "float64", "description": "degrees"},
            {"name": "n", "type": "int64", "default": 0},
        ],
        "ttl": 3 * 3_600_000_000,
        "source": "s",
        "version_label": "1.2",
        "tags": {"team": "met"},
        "owner": "met@example.org",
    }


def test_what_says_the_same_as_the_default_is_not_written():
    plain = FeatureView(name="v", source=source(), schema=[Field("a", Int64)])
    spelled = FeatureView(
        name="v",
        source=source(),
        schema=[Field("a", Int64, description="", tags={}, default=None)],
        ttl=timedelta(0),
        online=True,
        version="latest",
        entities=[],
    )
    assert (
        plain.to_dict()
        == spelled.to_dict()
        == {
            "name": "v",
            "schema": [{"name": "a", "type": "int64"}],
            "source": "s",
        }
    )


def test_everything_of_a_file_source():
    written = source(
        path="a/*.csv",
        file_format=CsvFormat(delimiter=";", null_values=["NA", ""], types={"a": Float64}),
        created_timestamp_column="c",
        created="arrival",
        sequence_field="n",
        delete_field="gone",
        hive_partitions=True,
        lateness="2d",
        overlap=timedelta(hours=12),
        max_future=timedelta(days=10),
        allow_1970=True,
        on_bad_time="skip",
    ).to_dict()
    assert written == {
        "name": "s",
        "kind": "file",
        "path": "a/*.csv",
        "format": "csv",
        "csv": {"delimiter": ";", "types": {"a": "float64"}, "null_values": ["NA", ""]},
        "hive_partitions": True,
        "timestamp_field": "t",
        "created_timestamp_column": "c",
        "created": "arrival",
        "sequence_field": "n",
        "delete_field": "gone",
        "lateness": "2d",
        "overlap": 43_200_000_000,
        "max_future": 864_000_000_000,
        "allow_1970": True,
        "on_bad_time": "skip",
    }
    assert CsvFormat(null_values=[]).to_dict() == {"null_values": []}


def test_a_push_source_brings_its_batch_source():
    pushed = PushSource(name="s_push", batch_source=source(), description="d", tags={"a": "b"})
    view = FeatureView(name="v", source=pushed, schema=[Field("a", Int64)])
    document = to_document([view])
    assert [each["name"] for each in document["sources"]] == ["s", "s_push"]
    assert only({"sources": document["sources"][1:]}, "sources") == {
        "name": "s_push",
        "kind": "push",
        "batch_source": "s",
        "description": "d",
        "tags": {"a": "b"},
    }
    assert only(document, "feature_views")["source"] == "s_push"
    both = FeatureView(name="w", source=[source(name="other"), pushed], schema=[Field("a", Int64)])
    assert only(to_document([both]), "feature_views")["sources"] == ["other", "s_push"]


def test_a_push_source_may_name_what_is_pushed():
    rates = PushSource(
        name="rates_push",
        schema=[Field("currency", String), Field("rate", Float64)],
        timestamp_field="event_timestamp",
        lateness=timedelta(hours=1),
    )
    assert only(to_document([rates]), "sources") == {
        "name": "rates_push",
        "kind": "push",
        "schema": [{"name": "currency", "type": "string"}, {"name": "rate", "type": "float64"}],
        "timestamp_field": "event_timestamp",
        "lateness": 3_600_000_000,
    }
    assert repr(rates) == "<PushSource 'rates_push'>"
    assert "currency: string" in rates._repr_html_()


def test_a_source_without_a_name_is_named_by_its_path():
    assert FileSource(path="{data}/weather/*.parquet", timeless=True).name == "data_weather_parquet"
    assert FileSource(path="2013.csv", timeless=True).name == "_2013_csv"


@pytest.mark.parametrize(
    ("dtype", "value", "written"),
    [
        (Float64, float("nan"), "nan"),
        (Float64, float("-inf"), "-inf"),
        (Int64, -1, -1),
        (coeval.types.Bytes, b"hi", "aGk="),
        (
            Timestamp,
            datetime(2013, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            "2013-01-01T00:00:00Z",
        ),
        (Timestamp, datetime(2013, 1, 1), "2013-01-01T00:00:00Z"),
        (Date, date(2013, 1, 31), "2013-01-31"),
        (Decimal(4, 2), PyDecimal("1.25"), "1.25"),
        (Array(Int64), [1, None], [1, None]),
        (Map(String, Int64), {"a": 1}, {"a": 1}),
        (Map(Int64, String), {1: "a"}, [[1, "a"]]),
        (coeval.types.Bool, False, False),
    ],
)
def test_defaults_are_written_without_loss(dtype, value, written):
    assert Field("a", dtype, default=value).to_dict()["default"] == written


def test_a_default_that_is_no_value_is_refused():
    with pytest.raises(TypeError, match="Field 'a': default: <object"):
        Field("a", Int64, default=object())


def test_parts_of_views():
    weather = FeatureView(name="weather", source=source(), schema=[Field("temp", Float64)])
    part = weather[["temp", "humid"]].with_join_key_map({"airport": "origin"}).with_name("there")
    assert part.to_dict() == {
        "view": "weather",
        "features": ["temp", "humid"],
        "alias": "there",
        "join_key_map": {"airport": "origin"},
    }
    assert part.name == "there"
    assert weather["temp"].features == ["temp"]
    assert weather.with_version(2).to_dict() == {"view": "weather", "version": 2}
    assert weather.projection.to_dict() == {"view": "weather"}  # the parts above left it alone
    with pytest.raises(ValueError, match="at least one feature"):
        weather[[]]


def test_a_service_takes_views_parts_and_references():
    weather = FeatureView(name="weather", source=source(), schema=[Field("temp", Float64)])
    trip = RequestSource(name="trip", schema=[Field("distance", Float64)])
    computed = OnDemandFeatureView(
        name="computed",
        sources=[trip, weather[["temp"]]],
        schema=[Field("both", Float64)],
        expressions={"both": "temp + distance"},
    )
    service = FeatureService(
        name="model", features=[weather, computed, "planes:seats", "planes@v3:*"]
    )
    document = to_document([service])
    assert only(document, "feature_services")["features"] == [
        {"view": "weather"},
        {"view": "computed"},
        {"view": "planes", "features": ["seats"]},
        {"view": "planes", "version": 3},
    ]
    assert only(document, "on_demand_feature_views") == {
        "name": "computed",
        "sources": [{"view": "weather", "features": ["temp"]}],
        "request_sources": ["trip"],
        "schema": [{"name": "both", "type": "float64"}],
        "expressions": {"both": "temp + distance"},
    }
    assert [item["name"] for item in document["sources"]] == ["s", "trip"]


def test_as_in_feast_a_schema_may_name_join_keys():
    driver = Entity(name="driver", join_keys=["driver_id"])
    view = FeatureView(
        name="stats",
        entities=[driver],
        source=source(),
        schema=[Field(name="driver_id", dtype=Int64), Field(name="trips", dtype=Int64)],
    )
    document = to_document([view])
    assert only(document, "entities")["join_keys"] == [{"name": "driver_id", "type": "int64"}]
    assert [f["name"] for f in only(document, "feature_views")["schema"]] == ["trips"]
    assert [f.name for f in view.features] == ["trips"]
    assert [f.name for f in view.entity_columns] == ["driver_id"]


def test_a_schema_that_contradicts_the_key_is_left_for_the_checker():
    driver = Entity(name="driver", join_keys=["driver_id"], value_type=String)
    view = FeatureView(
        name="v", entities=[driver], source=source(), schema=[Field("driver_id", Int64)]
    )
    assert only(to_document([view]), "feature_views")["schema"][0]["name"] == "driver_id"


def test_entities_with_several_keys():
    route = Entity(name="route", join_keys=["origin", "dest"], value_type=String)
    leg = Entity(name="leg", join_keys={"origin": String, "number": Int64})
    mixed = Entity(name="mixed", join_keys=[Field("a", Date), "b"], value_type=Int64)
    assert [k["type"] for k in route.to_dict()["join_keys"]] == ["string", "string"]
    assert [k["type"] for k in leg.to_dict()["join_keys"]] == ["string", "int64"]
    assert [k["type"] for k in mixed.to_dict()["join_keys"]] == ["date", "int64"]
    assert Entity(name="user", value_type=ValueType.INT64).join_keys == ["user"]
    with pytest.raises(ValueError, match="Entity 'x': join_keys: a key is there twice"):
        Entity(name="x", join_keys=["a", "a"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Entity(name=3), "Entity: name: a text is expected, found 3"),
        (lambda: Entity(name="a", tags={"x": 1}), r"Entity 'a': tags\['x'\]: a text is expected"),
        (lambda: Entity(name="a", join_keys="id"), "join_keys: a list is expected, found 'id'"),
        (lambda: source(data_delay=3600), "data_delay: a duration is expected.*found 3600"),
        (lambda: source(timeless="yes"), "timeless: True or False is expected, found 'yes'"),
        (lambda: source(file_format=5), "file_format: .* is expected, found 5"),
        (
            lambda: FeatureView(name="v", source=5),
            "source: a FileSource or PushSource is expected, found 5",
        ),
        (
            lambda: PushSource(name="p", batch_source=PushSource(name="q")),
            "PushSource 'p': batch_source: a FileSource is expected, found <PushSource 'q'>",
        ),
        (
            lambda: FeatureView(name="v", source="s", schema=["a"]),
            "FeatureView 'v': schema: a Field is expected, found 'a'",
        ),
        (lambda: FeatureView(name="v", source="s", entities=[1]), "an Entity is expected, found 1"),
        (
            lambda: OnDemandFeatureView(name="o", sources=[1], schema=[], expressions={}),
            "sources: a FeatureView, a part of one or a RequestSource is expected, found 1",
        ),
        (
            lambda: OnDemandFeatureView(name="o", sources=[], schema=[], expressions={"a": 1}),
            r"expressions\['a'\]: a text is expected, found 1",
        ),
        (lambda: FeatureService(name="m", features="v"), "features: a list is expected"),
        (lambda: to_document([5]), "a definition is expected .*found 5"),
    ],
)
def test_wrong_kinds_are_refused_where_they_are_written(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: FeatureView(name="v", source="s", entities=[], tll="3h"),
            "FeatureView 'v': there is no argument 'tll', did you mean \"ttl\"?",
        ),
        (
            lambda: Entity("a", join_kyes=["b"]),
            "Entity 'a': there is no argument 'join_kyes', did you mean \"join_keys\"?",
        ),
        (lambda: FileSource(name="s", pth="a"), "FileSource 's': there is no argument 'pth'"),
        (
            lambda: PushSource(name="p", batch_sorce="s"),
            "PushSource 'p': there is no argument 'batch_sorce', did you mean \"batch_source\"?",
        ),
        (lambda: Field("f"), "Field 'f': missing a required argument: 'dtype'"),
        (lambda: Aggregation("a", "sum", windw="7d"), 'did you mean "time_window"?'),
        (lambda: CsvFormat(zzz=1), "CsvFormat: there is no argument 'zzz'; there are delimiter, "),
        (lambda: Entity(), "Entity: missing a required argument: 'name'"),
    ],
)
def test_mistaken_arguments_are_told_with_the_object_and_the_nearest_one(make, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        make()


def test_notebooks_show_the_arguments_of_a_definition():
    assert str(inspect.signature(Entity)).startswith("(name: 'str', *, join_keys:")


def test_objects_remember_where_they_were_made():
    here = line() + 1
    entity = Entity(
        name="a",
        value_type=Int64,
    )
    assert entity.place.line == here
    where = to_document([entity], root=__file__.rsplit("/", 1)[0])["entities"][0]["where"]
    assert where == f"definitions_test.py:{here}"
    elsewhere = to_document([entity], root="/nowhere")["entities"][0]["where"]
    assert elsewhere == f"{__file__}:{here}"


def test_two_of_one_name_both_stay_so_that_the_checker_names_both():
    one, other = Entity(name="a", value_type=Int64), Entity(name="a", value_type=String)
    assert len(to_document([one, other, one])["entities"]) == 2


def test_the_document_can_be_read_back():
    view = FeatureView(
        name="v",
        entities=["e"],
        ttl="3h",
        sla=timedelta(minutes=5),
        schema=[Field("a", Decimal(4, 2), default=PyDecimal("1.25"), tags={"x": "y"})],
        source="s",
        online=False,
        version="1.2",
    )
    assert FeatureView.from_dict(view.to_dict()) == view
    assert FeatureView.from_dict(view.to_dict()).sla == timedelta(minutes=5)
    file = source(file_format=CsvFormat(null_values=["NA"]), data_delay="1h")
    assert FileSource.from_dict(file.to_dict()) == file
    service = FeatureService(name="m", features=["v:a"], description="d")
    assert FeatureService.from_dict(service.to_dict(), version=3) == service
    entity = Entity(name="e", join_keys={"a": Int64}, owner="o")
    assert Entity.from_dict(entity.to_dict()) == entity
    request = RequestSource(name="r", schema=[Field("a", Int64)])
    assert RequestSource.from_dict(request.to_dict()) == request
    push = PushSource(
        name="p",
        batch_source="s",
        schema=[Field("a", Int64)],
        timestamp_field="t",
        event_id_field="a",
        field_mapping={"a": "b"},
        lateness="1h",
        max_future=timedelta(days=2),
        owner="o",
    )
    assert PushSource.from_dict(push.to_dict()) == push
    assert PushSource.from_dict(push.to_dict()).max_future == timedelta(days=2)
    computed = OnDemandFeatureView(
        name="o", sources=[], schema=[Field("a", Int64)], expressions={"a": "1"}
    )
    assert OnDemandFeatureView.from_dict(computed.to_dict()) == computed


def test_definitions_show_themselves():
    view = FeatureView(name="v<", source=source(), schema=[Field("a", Int64, description="what")])
    assert repr(view) == "<FeatureView 'v<'>"
    assert "FeatureView v&lt;" in view._repr_html_()
    assert "a: int64  (what)" in view._repr_html_()


def test_definitions_need_neither_the_engine_nor_any_package(tmp_path):
    (tmp_path / "d.py").write_text(
        "from coeval import Entity, types\ne = Entity(name='e', value_type=types.Int64)\n"
    )
    code = (
        "import sys, json, runpy\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        heavy = name.split('.')[0] in ('numpy', 'pandas', 'pyarrow', 'polars')\n"
        "        if heavy or name == 'coeval._core':\n"
        "            raise AssertionError('imported ' + name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        f"sys.argv = ['x', {str(tmp_path)!r}]\n"
        "runpy.run_module('coeval.definitions', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["entities"][0]["name"] == "e"
