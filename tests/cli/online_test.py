"""`coeval online`: what is damaged in the online store is named and made again, and nothing falls over."""

import random

import pytest

SEED = random.randrange(1 << 32)


def sorted_files(shop):
    """The sorted files of the online store, the largest last."""
    files = (shop.folder / ".coeval/online/db").glob("*.sst")
    return sorted(files, key=lambda file: file.stat().st_size)


def flip(file, at):
    """A bit of one byte."""
    held = bytearray(file.read_bytes())
    held[at] ^= 1
    file.write_bytes(held)


def test_a_whole_store_is_verified(shop):
    out = shop("online", "verify").out
    assert "all is as it was written" in out
    report = shop.json("online", "verify")
    assert report["ok"] and report["problem_count"] == 0 and report["problems"] == []
    assert report["rows"] == sum(view["rows"] for view in report["views"]) > 0
    assert all(view["facts"] >= view["rows"] > 0 for view in report["views"])
    assert report["files"] >= len(report["views"])
    assert "product_price" in {view["view"] for view in report["views"]}


def test_a_flipped_byte_is_found_and_named(shop):
    file = sorted_files(shop)[-1]
    flip(file, 20)  # in the first block of rows
    report = shop.json("online", "verify", code=1)
    assert not report["ok"] and report["problem_count"] >= 1
    named = [problem for problem in report["problems"] if problem["file"] == file.name]
    assert len(named) == 1
    assert named[0]["view"] and named[0]["first_key"] and named[0]["last_key"]
    assert "checksum" in named[0]["what"]
    told = shop("online", "verify", code=1).out
    assert "DAMAGED" in told and file.name in told and named[0]["first_key"] in told


def test_a_store_that_does_not_open_is_damaged_too(shop):
    manifest = next((shop.folder / ".coeval/online/db").glob("MANIFEST-*"))
    flip(manifest, 12)
    report = shop.json("online", "verify", code=1)
    assert not report["ok"]
    assert "MANIFEST" in report["problems"][0]["what"]


@pytest.mark.parametrize("part", ["rows", "end"])
def test_damage_never_ends_the_process(shop, part):
    """The end of a file holds what RocksDB reads before it looks at checksums."""
    file = sorted_files(shop)[-1]
    good = file.read_bytes()
    seeded = random.Random(SEED)
    for _ in range(12):
        low = 0 if part == "rows" else max(0, len(good) - 1500)
        at = seeded.randrange(low, len(good))
        flip(file, at)
        report = shop("online", "verify", "--json", code=None)
        assert report.code in (0, 1), f"seed {SEED}, byte {at}: {report.code} {report.err}"
        if report.code == 1:
            assert any(file.name in str(problem) for problem in report.json["problems"]), at
        file.write_bytes(good)
    assert shop.json("online", "verify")["ok"]


def test_a_damaged_view_is_made_again(shop):
    def served():
        asked = ["get", "purchase_v1", "customer_id=7", "product=tea", "quantity=2"]
        return shop.json(*asked)["features"]

    before = served()
    flip(sorted_files(shop)[-1], 20)
    report = shop.json("online", "verify", code=1)
    damaged = report["problems"][0]["view"]
    assert f"coeval online rebuild {damaged}" in report["advice"]
    (view,) = shop.json("online", "rebuild", damaged)
    assert view["view"] == f"{damaged}@v1" and view["rows_written"] > 0 and view["watermark"]
    assert shop.json("online", "verify")["ok"]
    assert served() == before
    assert shop.json("runs")[0]["kind"] == "online_rebuild"


def test_all_views_are_made_again(shop):
    rows = {view["view"]: view["rows"] for view in shop.json("online", "verify")["views"]}
    told = shop("online", "rebuild").out
    assert all(f"{view}@v1" in told for view in rows)
    report = shop.json("online", "verify")
    assert report["ok"] and {view["view"]: view["rows"] for view in report["views"]} == rows


def test_what_is_no_check_is_wrong_usage(shop):
    assert "verify" in shop("online", "mend", code=2).err
    assert "no views" in shop("online", "verify", "product_price", code=2).err
    assert "nothing" in shop("online", "rebuild", "nothing", code=3).err
    assert "WHAT" in shop("online", code=2).err
