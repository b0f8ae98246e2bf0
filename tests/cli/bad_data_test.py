"""Bad data in sources: the error names view, source, file, column and row; nothing is changed."""

import os
import subprocess

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

SPINE = ["-s", "data/spine.parquet", "-o", "t.parquet"]
TRAINING = ["training-set", "purchase_v1", *SPINE]
CARRYING = ["materialize-incremental", "now"]
QUESTION = ["get", "product_price:price", "product_price:stock", "product=tea"]


@pytest.fixture
def prices(shop):
    return Prices(shop)


class Prices:
    """The source file of `product_price`, to be spoilt."""

    def __init__(self, shop):
        self.shop = shop
        self.path = shop.folder / "data" / "prices.parquet"
        self.table = pq.read_table(self.path)

    def replace(self, name: str, column) -> None:
        position = self.table.column_names.index(name)
        pq.write_table(self.table.set_column(position, name, column), self.path)

    @property
    def micros(self) -> list[int]:
        times = self.table.column("event_timestamp")
        return times.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()

    def times(self, numbers: list, unit: str) -> None:
        self.replace("event_timestamp", pa.array(numbers, pa.int64()).cast(pa.timestamp(unit, "UTC")))

    def refused(self, *words: str, code: int = 3, plan: bool = True) -> None:
        """Training and carrying fail with these words, and what is served stays as it was."""
        before = self.shop.json(*QUESTION)["features"]
        for command in (TRAINING, CARRYING, *([["plan"]] if plan else [])):
            error = self.shop(*command, code=code).err
            for word in ("prices_file", "prices.parquet", *words) if plan else words:
                assert word in error, error
        assert not (self.shop.folder / "t.parquet").exists()
        assert self.shop.json(*QUESTION)["features"] == before


def test_null_times_are_listed_with_their_rows(prices):
    times = [None if row in (3, 7) else time for row, time in enumerate(prices.micros)]
    prices.times(times, "us")
    prices.refused(
        "2 rows of source `prices_file` with a bad time",
        "row 3 of ",
        "row 7 of ",
        "`event_timestamp` is null",
        'on_bad_time="skip"',
        plan=False,
    )


def test_null_times_may_be_skipped_and_are_counted(prices):
    shop = prices.shop
    times = [None if row in (3, 7) else time for row, time in enumerate(prices.micros)]
    prices.times(times, "us")
    definitions = shop.folder / "definitions.py"
    text = definitions.read_text()
    path = 'path="{data}/prices.parquet",'
    assert path in text
    definitions.write_text(text.replace(path, path + ' on_bad_time="skip",'))
    shop("apply")
    manifest = shop.json(*TRAINING)["manifest"]
    bad = {view["view"]: view["source"]["bad_times"] for view in manifest["views"]}
    assert bad == {"customer_history": 0, "product_price": 2}


def test_microseconds_taken_for_milliseconds(prices):
    prices.times(prices.micros, "ms")
    prices.refused(
        "4000 rows of source `prices_file` with a bad time, the first 10",
        "more than max_future",
        "perhaps microseconds were written as milliseconds",
        plan=False,
    )


def test_milliseconds_taken_for_microseconds(prices):
    prices.times([time // 1000 for time in prices.micros], "us")
    prices.refused("lie before 1973", "perhaps milliseconds were written as microseconds", plan=False)
    error = prices.shop("plan", code=3).err
    assert "definitions.py:" in error and "product_price" in error and "allow_1970" in error


def test_times_that_are_numbers(prices):
    prices.replace("event_timestamp", pa.array(prices.micros, pa.int64()))
    prices.refused("`event_timestamp`", "is int64", "seconds, milliseconds, microseconds")


def test_a_column_of_another_type(prices):
    prices.replace("price", prices.table.column("price").cast(pa.string()))
    prices.refused("`price`", "string cannot become float64")


def test_a_value_that_the_type_does_not_hold(prices):
    stock = pc.add(prices.table.column("stock").cast(pa.float64()), 0.5)
    prices.replace("stock", stock)
    prices.refused("`stock`", plan=False)


def test_a_column_that_is_missing(prices):
    pq.write_table(prices.table.drop_columns(["stock"]), prices.path)
    prices.refused("no column `stock`", "there are product, event_timestamp, price")
    pq.write_table(prices.table.rename_columns(["product", "event_timestmp", "price", "stock"]), prices.path)
    prices.refused("`event_timestamp`", "event_timestmp")


def test_a_file_that_is_damaged(prices):
    whole = prices.path.read_bytes()
    middle = len(whole) // 2
    for spoilt in (
        whole[:middle],
        whole[:-20] + os.urandom(16) + whole[-4:],
        b"PAR1" + os.urandom(1000) + b"PAR1",
        b"",
        b"product,price\ntea,3\n",
    ):
        prices.path.write_bytes(spoilt)
        for command in (TRAINING, CARRYING):
            error = prices.shop(*command, code=4).err
            assert "prices_file" in error and "prices.parquet" in error, error
    # Bytes of a page, which its checksum covers.
    pq.write_table(prices.table, prices.path, write_page_checksum=True, compression="none")
    page = bytearray(prices.path.read_bytes())
    for at in range(200, 400):
        page[at] ^= 0x55
    prices.path.write_bytes(bytes(page))
    assert "prices.parquet" in prices.shop(*CARRYING, code=4).err
    assert not (prices.shop.folder / "t.parquet").exists()


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a file system can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_for_a_training_set(shop, tiny_disk):
    (tiny_disk / "fill").write_bytes(b"x" * 230_000)
    output = tiny_disk / "t.parquet"
    output.write_text("mine")
    error = shop("training-set", "purchase_v1", "-s", "data/spine.parquet", "-o", output, code=4).err
    assert "t.parquet" in error and "No space left on device" in error
    assert output.read_text() == "mine"
    assert sorted(path.name for path in tiny_disk.iterdir()) == ["fill", "t.parquet"]


def test_a_full_disk_for_the_online_store(shop, tiny_disk):
    elsewhere = ["--set", f"online_store.path={tiny_disk}/online"]
    error = shop(*CARRYING, *elsewhere, code=4).err
    assert "No space left on device" in error
    # The same command completes it once there is room.
    subprocess.run(["mount", "-o", "remount,size=64m", str(tiny_disk)], check=True)
    shop(*CARRYING, *elsewhere)
    expected = shop.json(*QUESTION)["features"]
    assert shop.json(*QUESTION, *elsewhere)["features"] == expected


def test_a_full_disk_for_the_registry(shop, tiny_disk):
    registry = tiny_disk / "registry.db"
    registry.write_bytes((shop.folder / ".coeval" / "registry.db").read_bytes())
    elsewhere = ["--set", f"registry={registry}"]
    before = shop.json("list", *elsewhere)
    free = os.statvfs(tiny_disk).f_bavail * os.statvfs(tiny_disk).f_frsize
    (tiny_disk / "fill").write_bytes(b"x" * free)
    definitions = shop.folder / "definitions.py"
    text = definitions.read_text()
    definitions.write_text(text.replace("price * quantity", "2 * price * quantity"))
    error = shop("apply", *elsewhere, code=4).err
    assert "registry.db" in error and ("No space left on device" in error or "full" in error)
    (tiny_disk / "fill").unlink()
    assert shop.json("list", *elsewhere) == before
    assert "offer_value" in shop("apply", *elsewhere).out
