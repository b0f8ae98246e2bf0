"""The same questions at a size where files have many row groups, keys many facts and one key the
most: Coeval offline and online against pandas, which is told what rule 3 says.

The seed is printed; COEVAL_SEED runs the same again.
"""

import datetime
import sys
from pathlib import Path

import coeval
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

sys.path[:0] = [str(Path(__file__).parent)]

from seeded import seed_of_run  # noqa: E402

FACTS, QUESTIONS, KEYS = 300_000, 60_000, 5_000
DAY = 86_400_000_000
START = 1_370_088_000_000_000
TTL, DELAY = 3 * DAY, DAY // 24

DEFINITIONS = """
entities: [{name: user, join_keys: [{name: user, type: int64}]}]
sources:
  - {name: facts, path: "{data}/facts", timestamp_field: at, created_timestamp_column: written,
     delete_field: gone, data_delay: 1h}
feature_views:
  - name: view
    entities: [user]
    source: facts
    ttl: 3d
    schema: [{name: amount, type: float64}, {name: label, type: string}]
"""


def made(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Facts and questions; times meet, a tenth of all rows are of one key."""
    draw = np.random.default_rng(seed)
    user = np.where(draw.random(FACTS) < 0.1, 7, draw.integers(0, KEYS, FACTS))
    facts = pd.DataFrame(
        {
            "user": user,
            "at": START + draw.integers(0, 30 * 24, FACTS) * (DAY // 24),
            "written": START + draw.integers(0, 60, FACTS) * DAY,
            "gone": draw.random(FACTS) < 0.05,
            "amount": draw.choice([-0.0, 0.0, 1.5, -1.5, np.inf, 7.25], FACTS),
            "label": draw.choice(["a", "ab", "é", "", "z"], FACTS),
        }
    )
    asked = pd.DataFrame(
        {
            "user": draw.integers(-5, KEYS + 5, QUESTIONS),
            "t": START + draw.integers(-DAY, 33 * DAY, QUESTIONS),
        }
    )
    exact = draw.random(QUESTIONS) < 0.3
    asked.loc[exact, "t"] = START + draw.integers(0, 33 * 24, exact.sum()) * (DAY // 24)
    return facts, asked


def expected(facts: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Rule 3: of each key and event time the greatest; then the newest that was known in time."""
    order = facts["amount"].to_numpy().view("int64")
    rank = facts.assign(
        order=np.where(order < 0, ~order + np.iinfo("int64").min, order),
        bytes=facts["label"].str.encode("utf-8"),
    )
    rank = rank.sort_values(["at", "written", "gone", "order", "bytes"], kind="stable")
    winners = rank.drop_duplicates(["user", "at"], keep="last")
    questions = asked.assign(row=np.arange(len(asked)), known=asked["t"] - DELAY)
    joined = pd.merge_asof(
        questions.sort_values("known"), winners, left_on="known", right_on="at", by="user"
    ).sort_values("row")
    joined["found"] = (joined["at"] >= joined["t"] - TTL) & (joined["gone"] == False)  # noqa: E712
    return joined.reset_index(drop=True)


def arrow(facts: pd.DataFrame) -> pa.Table:
    table = pa.Table.from_pandas(facts, preserve_index=False)
    for name in ("at", "written"):
        times = table[name].cast(pa.timestamp("us", "UTC"))
        table = table.set_column(table.column_names.index(name), name, times)
    gone = np.asarray(facts["gone"])
    for name in ("amount", "label"):
        cells = pa.array(np.asarray(facts[name]), mask=gone)  # a delete has no values
        table = table.set_column(table.column_names.index(name), name, cells)
    return table


def check(table: pa.Table, wanted: pd.DataFrame) -> None:
    found = wanted["found"].to_numpy()
    amount = pa.array(wanted["amount"].to_numpy(), mask=~found)
    texts = [text if here else None for text, here in zip(wanted["label"], found, strict=True)]
    label = pa.array(texts, pa.string())
    assert table["label"].combine_chunks().equals(label)
    ours = table["amount"].combine_chunks()
    assert ours.is_valid().equals(amount.is_valid())
    bits = [a.fill_null(0).to_numpy().view("uint64") for a in (ours, amount)]
    assert (bits[0] == bits[1]).all()


def test_many_facts_and_one_hot_key(tmp_path: Path):
    facts, asked = made(seed_of_run())
    wanted = expected(facts, asked)
    assert 0.2 < wanted["found"].mean() < 0.9  # the question is one
    (tmp_path / "data" / "facts").mkdir(parents=True)
    (tmp_path / "coeval.yaml").write_text("project: large\nlocations: {data: data}\n")
    (tmp_path / "definitions.yaml").write_text(DEFINITIONS)
    for number, part in enumerate(np.array_split(np.arange(FACTS), 4)):
        path = tmp_path / "data" / "facts" / f"{number}.parquet"
        pq.write_table(arrow(facts.iloc[part]), path, row_group_size=7_001)
    now = START + 20 * DAY
    clock = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=now)
    with coeval.FeatureStore(tmp_path, clock=clock) as store:
        store.apply()
        times = pa.array(asked["t"], pa.int64()).cast(pa.timestamp("us"))
        spine = pa.table({"user": pa.array(asked["user"]), "event_timestamp": times})
        check(store.get_historical_features(spine, ["view:*"]).to_arrow(), wanted)
        keys = pd.DataFrame({"user": np.arange(-5, KEYS + 5)})
        at_now = expected(facts, keys.assign(t=now))
        for _ in range(2):  # carried twice changes nothing
            store.materialize_incremental(clock)
            answer = store.get_online_features(["view:*"], keys)
            check(answer.to_arrow(), expected(facts, keys.assign(t=micros(answer.time))))
        assert at_now["found"].mean() > 0.2


def micros(time: datetime.datetime) -> int:
    return (time.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)) // datetime.timedelta(
        microseconds=1
    )
