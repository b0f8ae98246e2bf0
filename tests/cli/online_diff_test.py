"""`coeval online diff`: the online store compared with training."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

PRICES = "data/prices.parquet"


def change_newest_price(shop):
    """Another value in the newest row; gives its product."""
    prices = pq.read_table(shop.folder / PRICES)
    time = next(field.name for field in prices.schema if pa.types.is_timestamp(field.type))
    row = pc.index(prices[time], pc.max(prices[time])).as_py()
    column = prices.schema.get_field_index("price")
    values = prices["price"].to_pylist()
    values[row] += 1
    changed = pa.array(values, prices.schema.field("price").type)
    pq.write_table(prices.set_column(column, "price", changed), shop.folder / PRICES)


def test_what_was_carried_is_what_training_says(shop):
    out = shop("online", "diff").out
    assert "say the same, bit for bit" in out and "product_price@v1" in out and "--seed" in out
    report = shop.json("online", "diff", "purchase_v1", "--keys", "5", "--seed", "3")
    assert report["ok"] and report["difference_count"] == 0 and report["advice"] == ""
    assert report["seed"] == 3
    assert [(view["view"], view["keys"]) for view in report["views"]] == [
        ("customer_history@v1", 5),
        ("product_price@v1", 5),
    ]


def test_a_source_that_was_changed_in_place_is_named(shop):
    change_newest_price(shop)
    report = shop.json("online", "diff", code=1)
    assert not report["ok"] and report["difference_count"] == report["unexplained_count"] == 1
    (difference,) = report["differences"]
    assert (difference["view"], difference["reason"]) == ("product_price@v1", "changed")
    (feature,) = difference["features"]
    assert feature["feature"] == "price"
    assert float(feature["training"]) == pytest.approx(float(feature["online"]) + 1)
    told = shop("online", "diff", "product_price", code=1).out
    assert "DIFFERS" in told and difference["key"] in told and "changed in place" in told


def test_what_a_run_mends_is_no_difference_to_worry_about(shop):
    shop("delete", "purchase_v1")
    shop("apply")
    other = shop.folder / ".coeval/online"
    other.rename(shop.folder / "away")
    out = shop("online", "diff").out  # a store that was never filled
    assert "not materialized yet" in out and "coeval materialize-incremental now" in out
    assert "more" in out  # not all of them are shown
    shop("materialize-incremental", "now")
    assert shop.json("online", "diff")["difference_count"] == 0


def test_the_process_that_serves_compares(shop, serve):
    serve(shop.folder)
    assert shop.json("online", "diff", "product_price")["ok"]
    error = shop("online", "diff", "produkt_price", code=3).err
    assert "product_price" in error


def test_wrong_usage_is_told(shop):
    assert "diff" in shop("online", "verify", "--keys", "4", code=2).err
    assert "takes no views" in shop("online", "verify", "product_price", code=2).err
    assert "--keys" in shop("online", "diff", "--keys", "0", code=2).err
    assert "horizon" in shop("online", "diff", "--at", "2020-01-01", code=None).err
