"""training-set, materialize, materialize-incremental, get: the way of the data by commands."""

import json

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

SPINE = "data/spine.parquet"


def test_a_training_set_keeps_the_spine_and_says_what_made_it(shop):
    text = shop("training-set", "purchase_v1", "--spine", SPINE, "-o", "t.parquet").out
    for words in ("feature", "null", "expired", "share_of_spending", "1,000 rows", "t.parquet"):
        assert words in text
    table = pq.read_table(shop.folder / "t.parquet")
    spine = pq.read_table(shop.folder / SPINE)
    assert table.column_names[: len(spine.column_names)] == spine.column_names
    assert table.select(spine.column_names).equals(spine)
    manifest = json.loads(table.schema.metadata[b"coeval.manifest"])
    report = shop.json("training-set", "purchase_v1", "--spine", SPINE, "-o", "t.parquet")
    assert report["rows"] == 1000
    assert report["manifest"]["content_hash"] == manifest["content_hash"]
    for feature in report["features"]:
        column = table.column(feature["name"])
        assert feature["null"] == column.null_count
        assert feature["present"] + column.null_count >= 1000


def test_formats_follow_the_ending(shop):
    spine = pq.read_table(shop.folder / SPINE)
    csv.write_csv(spine, shop.folder / "spine.csv")
    feather.write_feather(spine, shop.folder / "spine.arrow", compression="uncompressed")
    sets = {}
    for name in ("spine.csv", "spine.arrow", SPINE):
        arguments = ["-f", "customer_history:spent,product_price:*", "-s", name]
        shop("training-set", *arguments, "-o", "t.arrow")
        sets[name] = feather.read_table(shop.folder / "t.arrow").select(["spent", "price", "stock"])
    assert sets["spine.csv"].equals(sets[SPINE]) and sets["spine.arrow"].equals(sets[SPINE])
    shop("training-set", "purchase_v1", "-s", SPINE, "-o", "t.csv")
    assert csv.read_csv(shop.folder / "t.csv").num_rows == 1000
    manifest = json.loads((shop.folder / "t.csv.manifest.json").read_text())
    assert manifest["content_hash"]
    assert ".parquet" in shop("training-set", "purchase_v1", "-s", SPINE, "-o", "t.xlsx", code=3).err
    (shop.folder / "s.xlsx").touch()
    assert ".parquet" in shop("training-set", "purchase_v1", "-s", "s.xlsx", "-o", "t.csv", code=3).err


def test_an_output_that_is_an_input_is_refused(shop):
    (shop.folder / "link.parquet").symlink_to(SPINE)
    prices = "data/prices.parquet"
    before = [(shop.folder / name).read_bytes() for name in (SPINE, prices)]
    for output, words in (
        (SPINE, "the spine"),
        ("link.parquet", "the spine"),
        (prices, "source `prices_file`"),
    ):
        error = shop("training-set", "purchase_v1", "-s", SPINE, "-o", output, code=3).err
        assert words in error and "destroy" in error, error
    assert [(shop.folder / name).read_bytes() for name in (SPINE, prices)] == before
    assert shop.json("runs", "--training-sets") == []


def test_a_wrong_output_is_told_before_the_join_and_nothing_is_recorded(shop):
    (shop.folder / "data" / "prices.parquet").write_text("damaged: who reads it fails")
    for output, words in (("t.xlsx", ".parquet"), ("no/t.csv", "there is no folder no")):
        error = shop("training-set", "purchase_v1", "-s", SPINE, "-o", output, code=3).err
        assert words in error and "prices" not in error, error
    assert shop.json("runs", "--training-sets") == []


def test_without_an_output_the_first_rows_are_shown(shop):
    text = shop("training-set", "purchase_v1", "-s", SPINE).out
    assert "enough_stock" in text and "... and 990 more rows" in text and "-o FILE" in text


def test_full_feature_names(shop):
    arguments = ["-f", "product_price:price", "-s", SPINE, "-o", "t.parquet"]
    shop("training-set", *arguments, "--full-feature-names")
    assert pq.read_schema(shop.folder / "t.parquet").names[-1] == "product_price__price"


def test_a_time_range_in_place_of_a_spine(shop):
    range_of = ["--start", "2025-02-10", "--end", "2025-02-11"]
    report = shop.json("training-set", "-f", "product_price:price", *range_of, "-o", "r.parquet")
    facts = pq.read_table(shop.folder / "data/prices.parquet").to_pylist()
    inside = {
        (fact["event_timestamp"], fact["product"])
        for fact in facts
        if "2025-02-10" <= fact["event_timestamp"].isoformat() <= "2025-02-11T00:00:00"
    }
    assert report["rows"] == len(inside) > 50


def test_a_grid_of_times(shop):
    grid = ["--start", "2025-02-10", "--end", "2025-02-11", "--every", "6h"]
    report = shop.json("backfill", "product_price", *grid, "-o", "g.parquet")
    made = pq.read_table(shop.folder / "g.parquet")
    assert report["rows"] == made.num_rows
    assert report["manifest"]["spine"]["made_on_grid"]["every"] == "6h"
    facts = pq.read_table(shop.folder / "data/prices.parquet").to_pylist()
    instants = sorted(set(made["event_timestamp"].to_pylist()))
    assert [time.hour for time in instants] == [0, 6, 12, 18, 0]
    wanted = [
        (time, product)
        for time in instants
        for product in sorted({f["product"] for f in facts if f["event_timestamp"] <= time})
    ]
    found = zip(made["event_timestamp"].to_pylist(), made["product"].to_pylist(), strict=True)
    assert list(found) == wanted
    shop("backfill", "product_price", "--start", "2025-02-10", "--end", "2025-02-11", code=2)
    error = shop("backfill", "product_price", *grid[:4], "--every", "0s", code=3).err
    assert "must be positive" in error
    error = shop("backfill", "product_price", *grid, "-o", "data/prices.parquet", code=3).err
    assert "source" in error


def test_a_feature_without_any_value_is_a_warning_with_its_reason(shop):
    spine = pq.read_table(shop.folder / SPINE)
    upper = [name.as_py().upper() for name in spine.column("product")]
    position = spine.column_names.index("product")
    pq.write_table(spine.set_column(position, "product", pa.array(upper)), shop.folder / "s.parquet")
    outcome = shop("training-set", "-f", "product_price:price", "-s", "s.parquet", "-o", "t.parquet")
    assert "coeval: warning: feature 'price' has no value in any of 1000 rows" in outcome.err
    assert "no key matches" in outcome.err and "100 %" in outcome.out


def test_invalid_values_fail_or_are_null(shop):
    definitions = shop.folder / "definitions.py"
    text = definitions.read_text().replace(
        '"enough_stock": "stock >= quantity"', '"enough_stock": "9223372036854775807 + stock > 0"'
    )
    definitions.write_text(text)
    shop("apply", "--promote")
    arguments = ["training-set", "-f", "offer_value:enough_stock", "-s", SPINE, "-o", "t.parquet"]
    outcome = shop(*arguments, code=3)
    assert "invalid" in outcome.err and not (shop.folder / "t.parquet").exists()
    report = shop.json(*arguments, "--on-error", "null")
    assert report["features"][0]["invalid"] > 900


def test_wrong_spines(shop):
    def err(table: pa.Table) -> str:
        pq.write_table(table, shop.folder / "s.parquet")
        arguments = ["training-set", "purchase_v1", "-s", "s.parquet", "-o", "t.parquet"]
        return shop(*arguments, code=3).err

    spine = pq.read_table(shop.folder / SPINE)
    renamed = [("produkt" if name == "product" else name) for name in spine.column_names]
    assert 'did you mean "produkt"?' in err(spine.rename_columns(renamed))
    assert "event_timestamp" in err(spine.drop_columns(["event_timestamp"]))
    twice = spine.append_column("price", pa.array([1.0] * 1000))
    assert "full" in err(twice) and "price" in err(twice)
    text = spine.set_column(1, "customer_id", pa.array(["seven"] * 1000))
    assert "customer_id" in err(text)
    assert "there is no file" in shop("training-set", "purchase_v1", "-s", "no.parquet", code=3).err


def test_unknown_features_have_a_suggestion(shop):
    for reference, nearest in (
        ("customer_histroy:spent", "customer_history"),
        ("customer_history:spend", "spent"),
    ):
        outcome = shop("training-set", "-f", reference, "-s", SPINE, code=3)
        assert f'did you mean "{nearest}"?' in outcome.err
    assert 'did you mean "purchase_v1"?' in shop("get", "purchase_v2", "customer_id=1", code=3).err


def test_get_shows_value_status_and_time(shop):
    question = ["get", "purchase_v1", "customer_id=7", "product=tea", "quantity=2"]
    text = shop(*question).out
    for words in ("feature", "value", "status", "time", "PRESENT", "as of 2025-03-01T00:00:00Z"):
        assert words in text
    answer = shop.json(*question)
    assert answer["engine"] == "online" and answer["at"] == "2025-03-01T00:00:00Z"
    values = {feature["name"]: feature for feature in answer["features"]}
    assert values["total"]["value"] == values["price"]["value"] * 2
    assert values["spent"]["event_timestamp"] < "2025-03-01"
    nobody = shop.json("get", "customer_history:*", "customer_id=100000")
    assert {feature["status"] for feature in nobody["features"]} == {"NOT_FOUND"}
    assert {feature["value"] for feature in nobody["features"]} == {None}


def test_get_at_another_time_is_the_training_set_of_that_time(shop):
    row = pq.read_table(shop.folder / SPINE).slice(600, 1).to_pylist()[0]
    time = row["event_timestamp"].isoformat()
    keys = [f"{name}={row[name]}" for name in ("customer_id", "product", "quantity")]
    outcome = shop("get", "purchase_v1", *keys, "--at", time)
    assert "offline engine" in outcome.err
    answer = shop.json("get", "purchase_v1", *keys, "--at", time)
    assert answer["engine"] == "offline"
    shop("training-set", "purchase_v1", "-s", SPINE, "-o", "t.parquet")
    trained = pq.read_table(shop.folder / "t.parquet").slice(600, 1).to_pylist()[0]
    for feature in answer["features"]:
        assert feature["value"] == trained[feature["name"]], feature["name"]
    assert "after now" in shop("get", "purchase_v1", *keys, "--at", "2025-03-02", code=3).err


def test_get_says_all_that_is_wrong_with_the_keys(shop):
    outcome = shop("get", "purchase_v1", "customer_id=seven", "prodct=tea", code=3)
    for words in (
        "customer_id=seven",
        "int64",
        "product=... is missing (string)",
        "quantity=... is missing (int64)",
        "'prodct' is no key of these features, did you mean \"product\"?",
    ):
        assert words in outcome.err
    shop("get", "purchase_v1", "customer_id=7", "customer_id=8", code=2)


def test_materialize_is_repeatable_and_shows_what_it_did(shop):
    text = shop("materialize", "2025-02-01", "2025-02-15", "-v", "product_price").out
    assert "product_price@v1" in text and "customer_history" not in text
    reports = shop.json("materialize-incremental", "now")
    assert {report["view"] for report in reports} == {"customer_history@v1", "product_price@v1"}
    assert {report["watermark"] for report in reports} == {"2025-03-01T00:00:00Z"}
    question = ["get", "purchase_v1", "customer_id=7", "product=tea", "quantity=2"]
    before = shop.json(*question)["features"]
    shop("materialize", "2025-02-01", "now", "--views", "customer_history,product_price")
    assert shop.json(*question)["features"] == before
    unknown = shop("materialize-incremental", "now", "-v", "product_prize", code=3)
    assert 'did you mean "product_price"?' in unknown.err
    assert shop("materialize", "2025-02-15", "2025-02-01", code=3).err


def test_progress_in_a_pipe_is_a_line_for_each_view(shop):
    outcome = shop("materialize", "2025-02-01", "now")
    assert outcome.err.count("customer_history") == 1 and "rows" in outcome.err
    assert "\r" not in outcome.err


@pytest.mark.parametrize("value", ["2025-02-20T00:00:00Z", "@clock.txt"])
def test_another_clock(shop, value):
    (shop.folder / "clock.txt").write_text("2025-02-20T00:00:00Z\n")
    shop("materialize-incremental", "now", "--clock", value, "--set", "online_store.path=other")
    answer = shop.json(
        "get", "product_price:price", "product=tea", "--clock", value,
        "--set", "online_store.path=other",
    )
    assert answer["at"] == "2025-02-20T00:00:00Z"
    assert answer["features"][0]["event_timestamp"] < "2025-02-20"
