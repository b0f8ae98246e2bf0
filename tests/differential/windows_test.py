"""Aggregated views in training sets against the executable law (tests/model), by bits: rule 5 over
random events that come late, are corrected and retracted, and random windows.

The seed is printed; COEVAL_SEED runs the same again.
"""

from __future__ import annotations

import random
import sys
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
from seeded import run_cases  # noqa: E402
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
USER = Entity("user", join_keys={"k": "int64"})
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
    sources = write_sources(r, folder, table, source, has_created, has_id, has_delete)
    view = FeatureView(
        "windows",
        entities=[USER],
        aggregations=case.aggregations,
        source=sources if len(sources) > 1 else sources[0],
    )
    above = random_view_above(r, case, view)
    store = coeval.FeatureStore(folder, clock=rfc3339(base + 86_400 * SECOND))
    try:
        store.apply([view] + ([above[0]] if above else []))
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
        questions = list(zip(keys, times, strict=True))
        total = compare(made, case, facts, questions, known, source)
        if above:
            made = store.get_historical_features(
                spine, ["above:*"], known=known, on_error="null"
            ).to_arrow()
            total += compare_above(made, case, *above, facts, questions, known, source)
        return total + backfill(r, store, case, facts, base, known, source)
    finally:
        store.close()


def write_sources(r: random.Random, folder: Path, table: pa.Table, source: Source,
                  has_created: bool, has_id: bool, has_delete: bool) -> list[FileSource]:  # fmt: skip
    """The events in one source, or in two that call a column by different names."""
    united = r.random() < 0.4
    in_first = [not united or r.random() < 0.5 for _ in range(table.num_rows)]
    sources = []
    for name, mine in (("events", True), ("more", False))[: 1 + united]:
        part = table.filter(pa.array([first == mine for first in in_first], pa.bool_()))
        mapping = {} if mine else {"amount": "x", "number": "id"}
        for column, known_as in mapping.items():
            position = part.column_names.index(known_as)
            names = [*part.column_names[:position], column, *part.column_names[position + 1 :]]
            part = part.rename_columns(names)
        size = r.choice([7, 1000])
        pyarrow.parquet.write_table(part, folder / f"{name}.parquet", row_group_size=size)
        sources.append(
            FileSource(
                name,
                path=f"{name}.parquet",
                timestamp_field="at",
                created_timestamp_column="written" if has_created else "",
                created=source.created,
                data_delay=f"{source.data_delay}us",
                lateness=None if source.lateness is None else f"{source.lateness}us",
                event_id_field=("id" if mine else "number") if has_id else "",
                delete_field="gone" if has_delete else "",
                field_mapping=mapping,
                allow_1970=True,
            )
        )
    r.shuffle(sources)
    return sources


LISTS = ("first_n", "last_n", "top_k", "bottom_k", "histogram", "collect")


def random_view_above(r: random.Random, case: Case, view: FeatureView) -> Any:
    """A view over the view (5.9), `every` and what it computes; None now and then."""
    plain_features = [a.name for a in case.law if a.fn not in LISTS]
    if r.random() < 0.3 or not plain_features:
        return None
    every = r.choice([1, 2, 5, 7]) * SECOND
    features = [a.name for a in case.law]
    aggregations, law = [], []
    for number in range(r.choice([1, 2, 4])):
        function = r.choice(["count", "count", "last", "first", "last_n", "collect"])
        column = None if function == "count" and r.random() < 0.5 else r.choice(plain_features)
        length = r.choice([None, 3 * SECOND, 10 * SECOND, 30 * SECOND])
        offset, last = r.choice([0, 0, 2 * SECOND]), r.choice([None, None, 2])
        params = {"n": 2} if function == "last_n" else {}
        aggregations.append(
            coeval.Aggregation(
                [column] if column else [], function, name=f"b{number}", params=params, rows=last,
                time_window=f"{length}us" if length else None,
                offset=f"{offset}us" if offset else None,
            )
        )  # fmt: skip
        args = (features.index(column),) if column else ()
        shape = window.Window(length, offset, "right", 0, "UTC", last)
        law.append(
            window.Aggregation(f"b{number}", function, args, tuple(params.items()), window=shape)
        )
    above = FeatureView(
        "above",
        entities=[USER],
        aggregations=aggregations,
        source=view,
        every=f"{every}us",
    )
    return above, every, law


def compare_above(made: pa.Table, case: Case, _: FeatureView, every: int, law: list,
                  facts: list[Fact], questions: list, known: str, source: Source) -> Counter:  # fmt: skip
    """The law reads the view beneath at every instant that can matter."""
    beneath = window.AggregatedView(tuple(case.law), (source,))
    last = max(t for _, t in questions)
    first = min((f.event_time for f in facts), default=last) // every * every
    grid = [
        fact
        for key in {key for key, _ in questions if key is not None}
        for fact in window.grid_facts(beneath, facts, (key,), range(first, last + 1, every), known)
    ]
    total = compare(made, Case([], law), grid, questions, "declared", window.GRID)
    return Counter(above=total["values"], above_present=total["PRESENT"])


def backfill(r: random.Random, store: coeval.FeatureStore, case: Case, facts: list[Fact],
             base: int, known: str, source: Source) -> Counter:  # fmt: skip
    """The same view over a grid of times: the rows, then the values."""
    start, every = base + r.randrange(-2, STEPS) * SECOND, r.choice([1, 2, 5]) * SECOND
    end = start + r.randrange(12 * SECOND)
    keys = sorted({fact.key[0] for fact in facts if fact.key[0] is not None})
    rows = [
        (key, t)
        for t in range(start, end + 1, every)
        for key in keys
        if window.has_event(facts, (key,), t, known)
    ]
    made = store.backfill(
        "windows", rfc3339(start), rfc3339(end), f"{every}us", known=known, on_error="null"
    ).to_arrow()
    times = made["event_timestamp"].cast(pa.int64()).to_pylist()
    found = list(zip(made["k"].to_pylist(), times, strict=True))
    if found != rows:
        raise AssertionError(
            f"backfill from {start} to {end} every {every}, known={known}\n"
            f"  expected {rows}\n  found    {found}"
        )
    return compare(made, case, facts, rows, known, source) + Counter(grid_rows=len(rows))


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


def test_windows_are_what_the_law_says():
    total = run_cases(150, run)
    assert total["values"] > 5_000 and total["grid_rows"] > 300, total
    assert total["above"] > 1_000 and total["above_present"] > 300, total
    for status in ("PRESENT", "NULL_VALUE", "INVALID"):
        assert total[status] > 10, total
    assert not [name for name in FUNCTIONS if name not in WITHOUT and total[name] == 0], total


@pytest.mark.prove
def test_windows_are_what_the_law_says_in_many_cases():
    assert run_cases(5_000, run)["values"] > 500_000

