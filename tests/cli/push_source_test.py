"""A view over a push source, from its declaration on: its files are trained on and carried as before."""

import json

import pytest

YAML = """
  - name: customers_push
    kind: push
    batch_source: customers_file
"""


def replace(shop, file: str, before: str, after: str) -> None:
    path = shop.folder / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def push_customers(shop) -> None:
    """The history of customers is pushed to as well."""
    replace(shop, "definitions.py", "    RequestSource,\n", "    PushSource,\n    RequestSource,\n")
    replace(shop, "definitions.py", "source=customers_file", "source=customers_push")
    replace(shop, "definitions.py", "# What is stored.",
            'customers_push = PushSource(name="customers_push", batch_source=customers_file)\n\n'
            "# What is stored.")


def rates(shop, *, schema: str, more: str = "") -> None:
    """A view of its own that is fed by pushes alone."""
    with (shop.folder / "definitions.py").open("a") as file:
        file.write(
            "from coeval import PushSource\n"
            'currency = Entity(name="currency", join_keys={"currency": String})\n'
            'rates_push = PushSource(name="rates_push", timestamp_field="event_timestamp",\n'
            '    schema=[Field("code", String), Field("rate", Float64)],\n'
            '    field_mapping={"code": "currency"})\n'
            f'rates = FeatureView(name="rates", entities=[currency], source=rates_push, {schema})\n'
            + more
        )


def training_set(shop, name: str) -> list:
    import pyarrow.parquet as pq

    shop("training-set", "purchase_v1", "-s", "data/spine.parquet", "-o", f"{name}.parquet")
    return pq.read_table(shop.folder / f"{name}.parquet").to_pylist()


def served(shop) -> list:
    answer = shop.json("get", "customer_history:*", "customer_id=7")
    return [(each["name"], each["value"], each["status"]) for each in answer["features"]]


def test_training_and_serving_are_those_of_the_batch_source(shop):
    trained, answered = training_set(shop, "before"), served(shop)
    assert any(status == "PRESENT" for _, _, status in answered)
    push_customers(shop)
    plan = shop("plan").out
    assert "+ source 'customers_push'" in plan
    assert "source: customers_file -> customers_push" in plan
    shop("apply")
    assert served(shop) == answered, "apply never moves serving"
    carried = {each["view"]: each for each in shop.json("materialize-incremental", "now")}
    assert carried["customer_history@v2"]["rows_written"] > 0
    assert shop.json("describe", "customer_history")["version"] == 2
    assert served(shop) == answered
    assert training_set(shop, "after") == trained
    assert shop.json("plan")["empty"] is True


def test_describe_and_list_show_both(shop):
    push_customers(shop)
    shop("apply")
    view = shop.json("describe", "customer_history@v2")
    assert view["source"]["path"] == "{data}/customers.parquet"
    assert (view["push"]["name"], view["push"]["lateness"]) == ("customers_push", "7d")
    assert view["push"]["timestamp_field"] == "event_timestamp"
    source = shop.json("describe", "customers_push")
    assert source["batch_source"] == "customers_file"
    assert source["made_from"] == ["source customers_file"]
    assert source["used_by"] == ["feature_view customer_history@v2"]
    assert "source customers_push" in shop.json("describe", "customers_file")["used_by"]
    assert "customers_push" in shop("describe", "customer_history@v2").out
    listed = {each["name"]: each for each in shop.json("list", "sources")}
    assert listed["customers_push"]["kind"] == "push"
    assert listed["customers_push"]["batch_source"] == "customers_file"
    for name in ("customers_file", "customers_push"):
        assert "it is used by" in shop("delete", name, code=3).err


def test_a_view_fed_by_pushes_alone_has_nothing_to_read(shop):
    rates(shop, schema='schema=[Field("rate", Float64)]')
    shop("apply")
    carried = {each["view"]: each for each in shop.json("materialize-incremental", "now")}
    assert carried["rates@v1"]["detail"] == "fed by pushes alone"
    assert carried["rates@v1"]["rows_read"] == 0
    assert carried["product_price@v1"]["detail"] == ""
    assert "fed by pushes alone" in shop("materialize-incremental", "now", "-v", "rates").out
    (shop.folder / "spine.csv").write_text("currency,event_timestamp\nEUR,2024-01-01T00:00:00Z\n")
    shop("training-set", "-f", "rates:rate", "-s", "spine.csv", "-o", "rates.csv")
    assert (shop.folder / "rates.csv").read_text().splitlines()[1].split(",")[2:] == [""]
    answer = shop.json("get", "rates:rate", "currency=EUR")["features"][0]
    assert (answer["value"], answer["status"]) == (None, "NOT_FOUND")
    assert shop.json("doctor")["ok"] is True


def test_a_schema_is_taken_from_what_is_pushed(shop):
    rates(shop, schema="ttl=timedelta(days=1)")
    shop("apply")
    assert shop.json("describe", "rates")["schema"] == [{"name": "rate", "type": "float64"}]


def test_windows_over_pushes(shop):
    rates(shop, schema="aggregations=[Aggregation('rate', 'mean', [timedelta(days=7)], name='rate')]")
    replace(shop, "definitions.py", "from coeval import PushSource\n",
            "from coeval import Aggregation, PushSource\n")
    shop("apply")
    view = shop.json("describe", "rates")
    assert view["inputs"] == [{"name": "rate", "type": "float64"}]
    assert [field["type"] for field in view["schema"]] == ["float64"]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ('schema=[Field("rat", Float64)]', "no column `rat` for feature `rat`, did you mean \"rate\"?"),
        ('schema=[Field("rate", Bool)]', "feature `rate`"),
        ('schema=[Field("code", String)]', "is renamed to `currency`"),
    ],
)
def test_features_that_are_not_pushed_are_told_at_apply(shop, schema, words):
    rates(shop, schema=schema)
    error = shop("apply", code=3).err
    assert "definitions.py:" in error and "feature view 'rates'" in error and words in error


def test_mistakes_have_file_object_and_member(shop):
    with (shop.folder / "definitions.py").open("a") as file:
        file.write(
            "from coeval import PushSource\n"
            'a = PushSource(name="a")\n'
            'b = PushSource(name="b", batch_source="customers_fil")\n'
        )
    error = shop("plan", code=3).err
    line = (shop.folder / "definitions.py").read_text().splitlines().index('a = PushSource(name="a")') + 1
    assert f"definitions.py:{line}: source 'a', schema: is missing" in error
    assert f"definitions.py:{line}: source 'a', timestamp_field: is missing" in error
    assert f"definitions.py:{line + 1}: source 'b', batch_source: there is no source" in error
    assert 'did you mean "customers_file"?' in error


def test_python_and_yaml_declare_the_same(coeval):
    coeval("init", "a")
    coeval("init", "b", "--template", "shop-yaml")
    python, yaml = (type(coeval)(coeval.folder / name) for name in "ab")
    push_customers(python)
    python("apply")
    text = (yaml.folder / "definitions.yaml").read_text()
    view = "\n    source: customers_file\n"
    assert text.count(view) == 1
    text = text.replace(view, view.replace("file", "push")).replace("sources:\n", "sources:" + YAML, 1)
    (yaml.folder / "definitions.yaml").write_text(text)
    registry = str(python.folder / ".coeval" / "registry.db")
    same = ["--set", f"registry={registry}", "--set", "project=a", "plan"]
    assert yaml.json(*same)["empty"] is True, json.dumps(yaml.json(*same), indent=1)
