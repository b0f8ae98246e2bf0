"""Bad input: each mistake is an error that says what was wrong, where, and what to do."""

import os
import sqlite3
import subprocess

import pytest


def replace(shop, name: str, before: str, after: str) -> None:
    path = shop.folder / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("project:", "projekt:", ["coeval.yaml", 'did you mean "project"?']),
        ("locations:\n  data: data", "locations:\n  data: [", ["coeval.yaml:"]),
        ("clock:", "serve: {prt: 7000}\nclock:", ["coeval.yaml:", "serve.prt", 'did you mean "port"?']),
        ("clock:", "serve: {port: 70000}\nclock:", ["70000", "serve.port"]),
        ("clock:", "\tclock:", ["coeval.yaml:"]),
    ],
)
def test_mistakes_in_coeval_yaml_have_file_line_and_the_nearest_key(shop, before, after, words):
    replace(shop, "coeval.yaml", before, after)
    for command in (["list"], ["plan"], ["serve"]):
        error = shop(*command, code=3).err
        for word in words:
            assert word in error, error


def test_a_setting_of_the_command_line(shop):
    assert '"serve.port"' in shop("--set", "serve.prt=7000", "list", code=3).err
    assert "7o" in shop("--set", "serve.port=7o", "list", code=3).err
    assert "production" in shop("--env", "production", "list", code=3).err
    assert "2025" in shop("--clock", "2025-99-01", "list", code=3).err


def test_yaml_definitions_have_line_and_column(coeval):
    coeval("init", "shop", "--template", "shop-yaml")
    shop = type(coeval)(coeval.folder / "shop")
    replace(shop, "definitions.yaml", "ttl: 14d", "ttl: fortnight\n    onlne: true")
    error = shop("plan", code=3).err
    assert "definitions.yaml:" in error and "customer_history" in error
    assert "fortnight" in error and 'did you mean "online"?' in error
    (shop.folder / "definitions.yaml").write_text("entities:\n  - {name: a, name: b}\n")
    assert "definitions.yaml:2:" in shop("plan", code=3).err


def test_all_mistakes_of_definitions_at_once(shop):
    replace(shop, "definitions.py", '"price * quantity",', '"prize * quantity",')
    replace(shop, "definitions.py", 'name="product_price"', 'name="product__price"')
    replace(shop, "definitions.py", 'schema=[Field("quantity", Int64)]', "schema=[]")
    error = shop("plan", code=3).err
    for words in ("definitions.py:", "product__price", "offer"):
        assert words in error, error


def test_a_definition_that_raises_has_file_and_line(shop):
    with (shop.folder / "definitions.py").open("a") as file:
        file.write("\nx = 1 / 0\n")
    line = (shop.folder / "definitions.py").read_text().splitlines().index("x = 1 / 0") + 1
    for command in ("plan", "apply"):
        error = shop(command, code=3).err
        assert f"definitions.py:{line}" in error and "ZeroDivisionError" in error
    (shop.folder / "definitions.py").write_text("def broken(:\n")
    error = shop("plan", code=3).err
    assert "definitions.py:1" in error and "SyntaxError" in error


def test_names_that_are_given_twice(shop):
    definitions = shop.folder / "definitions.py"
    whole = definitions.read_text()
    definitions.write_text(
        whole.replace('name="product_price"', 'name="customer_history"')
        .replace('Field("stock", Int64', 'Field("price", Int64')
        .replace('name="prices_file"', 'name="customers_file"')
    )
    error = shop("plan", code=3).err
    for words in ("definitions.py:", "customer_history", "customers_file", "price"):
        assert words in error, error
    assert error.count("twice") + error.count("another") + error.count("already") >= 3, error
    # Names that differ by case only would be one column to many readers.
    definitions.write_text(whole.replace('Field("stock", Int64', 'Field("Price", Int64'))
    assert "Price" in shop("plan", code=3).err


def test_a_type_that_does_not_exist(shop):
    replace(shop, "definitions.py", 'Field("price", Float64', 'Field("price", "flaot64"')
    error = shop("plan", code=3).err
    assert "price" in error and "flaot64" in error and "float64" in error.replace("flaot64", "")


def test_without_definitions(shop):
    (shop.folder / "definitions.py").unlink()
    assert "definitions" in shop("plan", code=3).err


def test_a_source_that_is_missing_or_damaged(shop):
    prices = shop.folder / "data" / "prices.parquet"
    whole = prices.read_bytes()
    spine = ["-s", "data/spine.parquet", "-o", "t.parquet"]
    prices.unlink()
    error = shop("training-set", "purchase_v1", *spine, code=3).err
    assert "prices.parquet" in error and "product_price" in error
    prices.write_bytes(whole[: len(whole) // 2])
    error = shop("training-set", "purchase_v1", *spine, code=4).err
    assert "prices.parquet" in error
    prices.write_bytes(b"PAR1" + os.urandom(1000) + b"PAR1")
    assert "prices.parquet" in shop("materialize-incremental", "now", code=4).err
    assert not (shop.folder / "t.parquet").exists()


def test_folders_that_may_be_hive_partitions(shop):
    data = shop.folder / "data"
    (data / "prices" / "day=2025-01-01").mkdir(parents=True)
    (data / "prices.parquet").rename(data / "prices" / "day=2025-01-01" / "a.parquet")
    replace(shop, "definitions.py", "{data}/prices.parquet", "{data}/prices")
    assert "hive_partitions" not in shop("plan").err
    replace(shop, "definitions.py", 'Field("stock", Int64', 'Field("day", String), Field("stock", Int64')
    error = shop("plan", code=3).err
    assert "day=2025-01-01: with hive_partitions=True" in error
    assert error.count("product_price") == 1, "the view is named once"


def test_several_views_that_fail_are_all_told(shop):
    for name in ("prices", "customers"):
        (shop.folder / "data" / f"{name}.parquet").write_text("damaged")
    error = shop("materialize-incremental", "now", code=4).err
    assert "prices.parquet" in error and "customers.parquet" in error
    assert "carried" not in error


def test_what_was_carried_beside_a_view_that_fails_is_told(shop):
    (shop.folder / "data" / "prices.parquet").write_text("damaged")
    error = shop("materialize", "2025-01-01", "now", code=4).err
    assert "prices.parquet" in error
    assert "carried all the same: customer_history@v1 (" in error


def test_a_registry_that_cannot_be_read(shop):
    registry = shop.folder / ".coeval" / "registry.db"
    whole = registry.read_bytes()
    registry.write_bytes(b"not a database, but long enough to be looked at" * 100)
    error = shop("list", code=4).err
    assert "registry.db" in error
    registry.write_bytes(whole)
    shop("list")


def test_a_registry_of_a_newer_release(shop):
    registry = shop.folder / ".coeval" / "registry.db"
    with sqlite3.connect(registry) as database:
        version = database.execute("pragma user_version").fetchone()[0]
        tables = {row[0] for row in database.execute("select name from sqlite_master")}
        if version:
            database.execute(f"pragma user_version = {version + 100}")
        for table in tables & {"format", "stamp", "meta"}:
            columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
            for column in {"format", "oldest_reader"} & set(columns):
                database.execute(f"update {table} set {column} = {column} + 100")
    error = shop("list", code=3).err
    assert "format" in error and "registry.db" in error


def test_an_online_store_of_a_newer_release(shop):
    stamp = shop.folder / ".coeval" / "online" / "FORMAT"
    stamp.write_text('{"format":99,"oldest_reader":99,"release":"9.0.0"}')
    error = shop("get", "product_price:price", "product=tea", code=3).err
    assert "9.0.0" in error and "FORMAT" in error or "format 99" in error


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(shop):
    (shop.folder / ".coeval").chmod(0o500)
    assert "registry.db" in shop("apply", code=4).err


def test_secrets_are_shown_nowhere(shop):
    canary = "canary-7f3a9"
    hidden = shop.folder.parent / canary
    (shop.folder / "data").rename(hidden)
    replace(shop, "coeval.yaml", "data: data", "data: ${SHOP_DATA}")
    said = []
    for command, code in (
        (["plan"], 0),
        (["apply"], 0),
        (["training-set", "purchase_v1", "-s", "spine.parquet", "-o", "t.parquet"], 0),
        (["training-set", "purchase_v1", "-s", "spine.parquet", "--json"], 0),
        (["doctor"], 0),
        (["doctor", "--json"], 0),
        (["describe", "product_price"], 0),
        (["list", "--json"], 0),
        (["runs", "--training-sets", "--json"], 0),
        (["materialize", "2025-02-01", "now"], 0),
    ):
        if command[0] == "training-set":
            (shop.folder / "spine.parquet").write_bytes((hidden / "spine.parquet").read_bytes())
        outcome = shop(*command, code=code, SHOP_DATA=str(hidden))
        said.append(outcome.out + outcome.err)
    (hidden / "prices.parquet").unlink()
    for command, code in (
        (["doctor"], 1),
        (["training-set", "purchase_v1", "-s", "spine.parquet"], 3),
        (["materialize", "2025-02-01", "now", "--json"], 3),
    ):
        outcome = shop(*command, code=code, SHOP_DATA=str(hidden))
        assert "prices.parquet" in outcome.out + outcome.err or command == ["doctor"]
        said.append(outcome.out + outcome.err)
    for text in said:
        assert canary not in text, text
    found = subprocess.run(
        ["grep", "-rl", "--binary-files=text", canary, ".coeval", "t.parquet"],
        cwd=shop.folder, capture_output=True, text=True, check=False,
    )
    assert found.stdout == "", "the secret lies in a file"
