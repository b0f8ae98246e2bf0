"""A day of a user who installed the wheel: a repository, a training set, online features, a join.

python scenario.py none|before|after     when pyarrow is imported: never, before Coeval, after it
"""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

ORDER = sys.argv[1]
if ORDER == "before":
    import pyarrow
    import pyarrow.parquet

import coeval
from coeval import _core  # noqa: F401

if ORDER == "after":
    import pyarrow
    import pyarrow.parquet  # noqa: F811

UTC = dt.UTC
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=UTC)
DEFINITIONS = """
from datetime import timedelta
from coeval import *
from coeval.types import Float64, Int64, String

user = Entity(name="user", join_keys=["user_id"], value_type=Int64)
orders = FileSource(name="orders", path="orders.csv", timestamp_field="at",
                    file_format=CsvFormat(types={"amount": Float64, "note": String}))
user_orders = FeatureView(
    name="user_orders", entities=[user], ttl=timedelta(days=7), source=orders,
    schema=[Field("amount", Float64), Field("visits", Int64), Field("note", String)])
now_known = OnDemandFeatureView(
    name="now_known", sources=[user_orders], schema=[Field("per_visit", Float64)],
    expressions={"per_visit": "amount / visits"})
model = FeatureService(name="model", features=[user_orders, now_known])
"""


def write_repository(folder):
    (folder / "coeval.yaml").write_text("project: wheel\n")
    (folder / "definitions.py").write_text(DEFINITIONS)
    (folder / "orders.csv").write_text(
        "user_id,at,amount,visits,note\n"
        "1,2024-05-01T10:00:00Z,10.5,2,first\n"
        "1,2024-05-01T11:00:00Z,20.5,,second\n"
        "2,2024-04-01T00:00:00Z,1.0,1,old\n"
        "3,2024-05-01T11:30:00Z,30.0,4,\n"
    )


def check(name, got, expected):
    assert got == expected, f"{name}: {got!r} is not {expected!r}"
    print("ok", name)


def main():
    folder = Path("repository").resolve()
    folder.mkdir()
    write_repository(folder)
    spine = {
        "event_timestamp": [NOON, NOON, NOON, NOON - dt.timedelta(minutes=90)],
        "user_id": [1, 2, 3, 1],
        "label": [True, False, None, True],
    }
    with coeval.FeatureStore(folder, clock=NOON) as store:
        assert store.plan()
        store.apply()
        check("apply twice is nothing to do", store.plan().empty, True)
        made = store.get_historical_features(spine, store.get_feature_service("model"))
        expected = {
            "amount": [20.5, None, 30.0, 10.5],
            "visits": [None, None, 4, 2],
            "note": ["second", None, None, "first"],
            "per_visit": [None, None, 7.5, 5.25],
        }
        columns = made.to_dict()
        check("training set", {name: columns[name] for name in expected}, expected)
        check("the spine is there", columns["label"], spine["label"])
        assert "amount" in repr(made) and made.manifest["content_hash"]
        made.to_parquet("t.parquet")
        made.to_csv("t.csv")
        store.materialize_incremental(NOON)
        asked = store.get_online_features("model", {"user_id": [1, 2.0, None]})
        check("online", asked.to_dict()["amount"], [20.5, None, None])
        check("statuses", asked.statuses["amount"], ["PRESENT", "NOT_FOUND", "NOT_FOUND"])
        if ORDER != "none":
            with_tables(store, made, expected)
    joined = coeval.asof_join({"t": [NOON]}, {"t": [NOON], "x": [1]}, on="t")
    check("a join without a repository", joined["x"], [1])
    check_command(folder)
    if ORDER == "none":
        for package in ("numpy", "pandas", "pyarrow"):
            assert package not in sys.modules, f"{package} is installed here"


def with_tables(store, made, expected):
    import pandas

    written = pyarrow.parquet.read_table("t.parquet")
    check("pyarrow reads what Coeval wrote", written["amount"].to_pylist(), expected["amount"])
    check("pyarrow takes it by capsule", made.to_arrow()["visits"].to_pylist(), expected["visits"])
    frame = made.to_df()
    check("integers with nulls stay integers", str(frame["visits"].dtype), "Int64")
    check("the first value", frame["amount"].tolist()[0], 20.5)
    spine = pandas.DataFrame(
        {"event_timestamp": pandas.to_datetime([NOON, NOON]), "user_id": [3, 1]}, index=[9, 8]
    )
    frame = store.get_historical_features(spine, ["user_orders:visits"]).to_df()
    check("pandas in, pandas out", (list(frame.index), frame["visits"].tolist()[0]), ([9, 8], 4))
    asked = store.get_online_features(["user_orders:amount"], frame[["user_id"]])
    check("a frame of keys", asked.to_dict()["amount"], [30.0, 20.5])
    right = pandas.DataFrame({"event_timestamp": spine["event_timestamp"], "x": [1, 2]})
    joined = coeval.asof_join(spine, right, on="event_timestamp", columns=["x"])
    check("a join in pandas", (list(joined.index), joined["x"].tolist()), ([9, 8], [2, 2]))


def check_command(folder):
    command = Path(sys.executable).with_name("coeval")
    told = subprocess.run([command, "version"], capture_output=True, text=True, check=True)
    assert coeval.__version__ in told.stdout, told.stdout
    check("the command finds its Arrow", "cannot be opened" in told.stdout, False)
    done = subprocess.run(
        [command, "-C", str(folder), "plan"], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    check("the command runs the definitions", "Traceback" in done.stderr, False)
    assert os.path.exists("t.csv")


main()
print("works with Python", sys.version.split()[0])
