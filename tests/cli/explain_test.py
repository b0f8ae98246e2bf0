"""explain: why a feature has the value that it has, by the command."""

import datetime as dt
import json

import pyarrow as pa
import pyarrow.parquet as pq

SPINE = "data/spine.parquet"
AT = "2025-02-10T12:00:00Z"


def test_a_value_is_explained_by_the_facts_of_its_key(shop):
    made = shop.json("explain", "customer_history:orders", "customer_id=7", "--at", AT)
    asked = shop.json("get", "customer_history:orders", "customer_id=7", "--at", AT)["features"][0]
    for member in ("value", "status", "event_timestamp"):
        assert made[member] == asked[member]
    assert made["key"] == [
        {"name": "customer_id", "column": "customer_id", "type": "int64", "value": 7}
    ]
    facts = made["facts"]
    assert sum(facts["fates"].values()) == facts["of_key"]
    source = pq.read_table(shop.folder / "data/customers.parquet")
    assert facts["of_key"] == source["customer_id"].to_pylist().count(7)
    for fact in facts["shown"]:  # each row is the one in the file
        row = source.slice(fact["row"], 1).to_pylist()[0]
        assert row["customer_id"] == 7
        assert row["orders"] == fact["values"]["orders"]
        assert fact["file"] == "customers.parquet"
    winner = [fact for fact in facts["shown"] if fact["fate"] == "wins"]
    assert [fact["values"]["orders"] for fact in winner] == [made["value"]]
    text = shop("explain", "customer_history:orders", "customer_id=7", "--at", AT).out
    assert text.startswith(f"orders = {made['value']}\nbecause   the fact that wins: ")
    assert "\x1b" not in text and "of the future" in text


def test_every_feature_of_a_spines_row_is_explained_as_the_training_set_has_it(shop):
    shop("training-set", "purchase_v1", "--spine", SPINE, "-o", "t.parquet")
    table = pq.read_table(shop.folder / "t.parquet")
    names = table.column_names[len(pq.read_schema(shop.folder / SPINE)) :]
    for row in (0, 17, 999):
        for name in names:
            for file in (SPINE, "t.parquet"):  # a training set is a spine, too
                made = shop.json(
                    "explain", "purchase_v1", "-s", file, "--spine-row", row, "--feature", name
                )
                assert (made["row"], made["feature"]) == (row, name)
                assert made["value"] == table[name][row].as_py()


def test_an_expression_is_explained_by_its_inputs(shop):
    arguments = ("explain", "purchase_v1", "--spine", SPINE, "--spine-row", "3")
    made = shop.json(*arguments, "--feature", "share_of_spending")
    kinds = {"feature" if "feature" in each else "request" for each in made["inputs"]}
    assert kinds == {"feature", "request"}
    text = shop(*arguments, "--feature", "share_of_spending").out
    assert made["expression"] in text and ", below\n" in text and "\n\n  " in text


def test_windows_tell_of_every_event(shop):
    events = {
        "event_timestamp": [dt.datetime(2025, 2, day, tzinfo=dt.UTC) for day in (1, 8, 9, 12)],
        "customer_id": [7, 7, 7, 7],
        "amount": [1.0, 2.0, None, 8.0],
    }
    pq.write_table(pa.table(events), shop.folder / "data/payments.parquet")
    with (shop.folder / "definitions.py").open("a") as definitions:
        definitions.write(
            "\nfrom coeval import Aggregation\n"
            "payments = FeatureView(name='payments', entities=[customer],\n"
            "    source=FileSource(name='payments_file', path='data/payments.parquet',\n"
            "                      timestamp_field='event_timestamp'),\n"
            "    aggregations=[Aggregation(column='amount', function='sum', name='spend',\n"
            "                              time_window=timedelta(days=7))])\n"
        )
    shop("apply")
    made = shop.json("explain", "payments:spend", "customer_id=7", "--at", AT)
    assert made["value"] == 2.0
    assert made["facts"]["fates"] == {"future": 1, "counted": 1, "null_input": 1, "before": 1}
    assert made["window"]["events"] == 1
    assert made["window"]["last"] == AT


def test_mistakes_say_what_to_do(shop):
    def error(*arguments, code=3):
        return shop("explain", *arguments, code=code).err

    rows = ("purchase_v1", "--spine", SPINE, "--spine-row")
    assert "there is no row 1000: the spine has 1,000 rows, counted from 0 to 999" in error(
        *rows, "1000", "--feature", "price"
    )
    assert "no feature 'prize' here, did you mean \"price\"?" in error(
        *rows, "1", "--feature", "prize"
    )
    assert "say which feature to explain, one of " in error(*rows, "1")
    assert "--spine-row" in error("purchase_v1", "--spine", SPINE, code=2)
    assert "one of both" in error("purchase_v1", "product=tea", "-s", SPINE, code=2)
    assert "customer_id" in error("customer_history:orders", "product=tea", "--at", AT)
    assert "did you mean" in error("customer_histori:orders", "customer_id=7")
    assert "no file" in error("purchase_v1", "-s", "nothing.parquet", "--spine-row", "1",
                              "--feature", "price").lower()  # fmt: skip


def test_only_what_the_feature_needs_must_be_given(shop):
    made = shop.json("explain", "purchase_v1", "--feature", "price", "product=tea", "--at", AT)
    assert made["value"] is not None
    error = shop("explain", "purchase_v1", "--feature", "orders", "product=tea", code=3).err
    assert "customer_id" in error and "quantity" not in error


def test_json_is_one_document(shop):
    text = shop("explain", "product_price:price", "product=tea", "--json").out
    assert json.loads(text)["feature"] == "price"
