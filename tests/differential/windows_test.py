"""Aggregated views in training sets against the executable law (tests/model), by bits: rule 5 over
random events that come late, are corrected and retracted, and random windows.

The seed is printed; COEVAL_SEED runs the same again.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coeval
import pyarrow as pa
import pyarrow.parquet
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from coeval import Entity, FeatureView, FileSource  # noqa: E402
from model import window  # noqa: E402
from model.aggregates import FUNCTIONS  # noqa: E402
from model.facts import Fact, Source  # noqa: E402
from model.values import NAN, same_bits  # noqa: E402
from as_of_test import MEMORY  # noqa: E402
from world import plain_values, rfc3339  # noqa: E402

SECOND = 1_000_000
BASES = {  # of event times; the grid is a second
    "a summer's day": 1_370_088_000 * SECOND,
    "a change of clocks": 1_362_898_800 * SECOND,
    "before 1970": -12_219_292_800 * SECOND,
}
STEPS = 40
COLUMNS: dict[str, tuple[pa.DataType, list[Any]]] = {  # in order of their names
    "f": (pa.bool_(), [None, False, True]),
    "i": (pa.int64(), [None, 0, 1, -1, 7, 2**62, 2**63 - 1]),
    "s": (pa.string(), [None, "", "a", "b", "ab"]),
    "x": (pa.float64(), [None, 0.0, -0.0, 1.5, -1.5, 0.1, 1e308, -1e308, 5e-324, NAN, float("inf")]),
}
TYPES = {"f": "bool", "i": "int64", "s": "string", "x": "float64"}
ORDINARY = [None, 0.0, 1.5, -1.5, 0.1, 0.2, 0.3, 1e16, -0.1]
LARGE = [None, 1, 2**62, 2**63 - 1]
NUMBERS = "ix"
TAKES = {  # the columns that a function may read; () = all events
    "count": ["", "f", "i", "s", "x"],
    "count_distinct": ["f", "i", "s", "x"],
    "min": list("isx"),
    "max": list("isx"),
    "first": list("fisx"),
    "last": list("fisx"),
    "first_n": list("isx"),
    "last_n": list("isx"),
    "lag": list("isx"),
    "top_k": list("ix"),
    "bottom_k": list("ix"),
    "mode": list("isx"),
    "histogram": list("is"),
    "any": ["f"],
    "all": ["f"],
    "collect": list("isx"),
}
PAIRS = ("covar_pop", "covar_samp", "corr")
WITHOUT = ("decay_sum", "time_since_last")  # exp2 is the engine's; a type of its own


@dataclass
class Case:
    aggregations: list[coeval.Aggregation]
    law: list[window.Aggregation]


def random_window(r: random.Random) -> tuple[dict[str, Any], window.Window]:
    length = r.choice([None, None, 1, SECOND, 3 * SECOND, 10 * SECOND, 30 * SECOND, 3_600 * SECOND])
    offset = r.choice([0, 0, 0, SECOND, 2 * SECOND])
    closed = r.choice(["right", "right", "left", "both", "neither"])
    slide = r.choice([0, 0, 0, 2 * SECOND, 3_600 * SECOND]) if length else 0
    zone = r.choice(["UTC", "America/New_York"]) if slide else "UTC"
    last = r.choice([None, None, None, 1, 3])
    given = {
        "time_window": None if length is None else f"{length}us",
        "offset": f"{offset}us" if offset else None,
        "closed": closed,
        "slide_interval": f"{slide}us" if slide else None,
        "zone": zone,
        "rows": last,
    }
    return given, window.Window(length, offset, closed, slide, zone, last)


def random_params(r: random.Random, function: str) -> dict[str, Any]:
    if function in ("first_n", "last_n"):
        return {"n": r.choice([1, 2, 5])}
    if function == "lag":
        return {"n": r.choice([0, 1, 3])}
    if function in ("top_k", "bottom_k"):
        return {"k": r.choice([1, 2, 5])}
    if function == "quantile":
        return {"q": r.choice([0.0, 0.25, 0.5, 0.9, 1.0])}
    return {}


def random_case(r: random.Random, read: list[str]) -> Case:
    case = Case([], [])
    for number in range(r.choice([1, 3, 8])):
        function = r.choice([name for name in FUNCTIONS if name not in WITHOUT] + ["sum"] * 3)
        if function in PAIRS:
            columns = [r.choice(NUMBERS), r.choice(NUMBERS)]
        else:
            column = r.choice(TAKES.get(function, list(NUMBERS)))
            columns = [column] if column else []
        given, law_window = random_window(r)
        where = r.choice([None, None, ("i", ">", 0), ("s", "=", "a"), ("f", "=", True)])
        params = random_params(r, function)
        text = None
        if where is not None:
            literal = {"i": "0", "s": "'a'", "f": "true"}[where[0]]
            text = f"{where[0]} {where[1]} {literal}"
        name = f"a{number}"
        case.aggregations.append(
            coeval.Aggregation(columns, function, name=name, where=text, params=params, **given)
        )
        read.extend([*columns, *([where[0]] if where else [])])
        case.law.append((name, function, columns, params, where, law_window))
    names = sorted(set(read))
    case.law = [
        window.Aggregation(
            name,
            function,
            tuple(names.index(c) for c in columns),
            tuple(params.items()),
            where and (names.index(where[0]), where[1], where[2]),
            None,
            law_window,
        )
        for name, function, columns, params, where, law_window in case.law
    ]
    return case


def run(seed: int, folder: Path) -> Counter:
    """One view in a repository of its own. Errors: AssertionError with the seed."""
    r = random.Random(seed)
    base = r.choice(list(BASES.values()))
    read: list[str] = []
    case = random_case(r, read)
    names = sorted(set(read))
    has_created, has_id, has_delete = r.random() < 0.6, r.random() < 0.5, r.random() < 0.3
    source = Source(
        "events",
        created=r.choice(["version", "arrival"]) if has_created else "version",
        data_delay=r.choice([0, 0, SECOND, 3 * SECOND]),
        lateness=r.choice([None, 2 * SECOND, 8 * SECOND]),
    )
    odd = r.random() < 0.3  # infinities, overflows and the like
    facts, columns = [], {name: [] for name in ("k", "at", "written", "id", "gone", *COLUMNS)}
    for number in range(r.choice([0, 3, 20, 120])):
        row = {name: r.choice(values) for name, (_, values) in COLUMNS.items()}
        row["x"] = row["x"] if odd else r.choice(ORDINARY)
        row["i"] = r.choice(LARGE) if odd else row["i"]
        key, at = r.choice([None, 1, 1, 1, 2, 2, 3]), base + r.randrange(STEPS) * SECOND
        delay = r.choice([None, 0, 0, SECOND, 5 * SECOND, 20 * SECOND]) if has_created else None
        written = None if delay is None else at + delay
        delete = has_delete and r.random() < 0.3
        identity = r.randrange(12) if has_id and r.random() < 0.9 else None
        for name, value in {"k": key, "at": at, "written": written, "id": identity,
                            "gone": delete, **row}.items():  # fmt: skip
            columns[name].append(value)
        values = () if delete else tuple(row[name] for name in names)
        facts.append(
            Fact((key,), at, values, source, written, None, delete, identity, number)
        )
    folder.mkdir(parents=True)
    (folder / "coeval.yaml").write_text("project: random\n")
    time = pa.timestamp("us", "UTC")
    table = pa.table(
        {
            "k": pa.array(columns["k"], pa.int64()),
            "at": pa.array(columns["at"], pa.int64()).cast(time),
            "written": pa.array(columns["written"], pa.int64()).cast(time),
            "id": pa.array(columns["id"], pa.int64()),
            "gone": pa.array(columns["gone"], pa.bool_()),
            **{name: pa.array(columns[name], kind) for name, (kind, _) in COLUMNS.items()},
        }
    )
    pyarrow.parquet.write_table(table, folder / "events.parquet", row_group_size=r.choice([7, 1000]))
    view = FeatureView(
        "windows",
        entities=[Entity("user", join_keys={"k": "int64"})],
        aggregations=case.aggregations,
        source=FileSource(
            "events",
            path="events.parquet",
            timestamp_field="at",
            created_timestamp_column="written" if has_created else "",
            created=source.created,
            data_delay=f"{source.data_delay}us",
            lateness=None if source.lateness is None else f"{source.lateness}us",
            event_id_field="id" if has_id else "",
            delete_field="gone" if has_delete else "",
            allow_1970=True,
        ),
    )
    store = coeval.FeatureStore(folder, clock=rfc3339(base + 86_400 * SECOND))
    try:
        store.apply([view])
        keys, times = zip(
            *[
                (r.choice([None, 1, 1, 1, 2, 2, 3, 4]),
                 base + r.randrange(-2, STEPS + 8) * SECOND + r.choice([0, 0, 1, -1]))
                for _ in range(30)
            ],
            strict=True,
        )  # fmt: skip
        known = r.choice(["declared", "declared", "arrival", "hindsight"])
        spine = pa.table(
            {
                "k": pa.array(keys, pa.int64()),
                "event_timestamp": pa.array(times, pa.int64()).cast(time),
            }
        )
        made = store.get_historical_features(
            spine, ["windows:*"], known=known, on_error="null"
        ).to_arrow()
        return compare(made, case, facts, list(zip(keys, times, strict=True)), known, source)
    except Exception as error:
        raise AssertionError(f"COEVAL_SEED={seed}: {type(error).__name__}: {error}") from error
    finally:
        store.close()


def compare(made: pa.Table, case: Case, facts: list[Fact], questions: list, known: str,
            source: Source) -> Counter:  # fmt: skip
    law = window.AggregatedView(tuple(case.law), (source,))
    total: Counter = Counter()
    found = {a.name: plain(made[a.name]) for a in case.law}
    for row, (key, t) in enumerate(questions):
        wanted = window.answer(law, facts, (key,), t, known)
        for i, aggregation in enumerate(case.law):
            value = found[aggregation.name][row]
            total["values"] += 1
            total[wanted.status[i]] += 1
            total[aggregation.fn] += 1
            if not same_bits(value, wanted.values[i]):
                raise AssertionError(
                    f"{aggregation} of {key} at {t}, known={known}\n"
                    f"  expected {wanted.values[i]!r}\n  found    {value!r}"
                )
    return total


def plain(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_map(column.type):
        return [None if value is None else dict(value) for value in column.to_pylist()]
    return plain_values(column, "")


def check(cases: int) -> Counter:
    seed = int(os.environ.get("COEVAL_SEED", random.randrange(2**32)))
    print(f"COEVAL_SEED={seed}")
    logging.getLogger("coeval").setLevel(logging.ERROR)
    total: Counter = Counter()
    for number in range(cases):
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            total += run(seed + number, Path(folder) / "repository")
    print(dict(total))
    return total


def test_windows_are_what_the_law_says():
    total = check(150)
    assert total["values"] > 5_000, total
    for status in ("PRESENT", "NULL_VALUE", "INVALID"):
        assert total[status] > 10, total
    assert not [name for name in FUNCTIONS if name not in WITHOUT and total[name] == 0], total


@pytest.mark.prove
def test_windows_are_what_the_law_says_in_many_cases():
    assert check(5_000)["values"] > 500_000

