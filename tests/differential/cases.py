"""Random views with their facts and questions: for the model as plain values, for Coeval as files
and tables in every shape that Arrow has.

Keys, values and times are drawn from few, so that they meet: ties, duplicates, both zeros, NaN and
null in every run. Times lie on a grid of a few steps; a step is the unit of the event column, so a
question one microsecond beside a bound is in every run too.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
from model.asof import StoredView
from model.facts import Fact, Source, dated, known_time
from model.values import NAN

SECOND = 1_000_000
DAY = 86_400 * SECOND
UNITS = {"ns": 1, "us": 1, "ms": 1_000, "s": SECOND, "date": DAY}  # microseconds of a grid step
ZONES = [None, "UTC", "America/New_York", "Asia/Kathmandu"]
BASES = {
    "a summer's day": 1_370_088_000 * SECOND,
    "a change of clocks": 1_362_898_800 * SECOND,
    "before 1970": -12_219_292_800 * SECOND,
    "around 1970": -5,
    "the year 9999": 253_402_214_400 * SECOND,
}
STEPS = 24
END_OF_9999 = 253_402_300_789 * SECOND  # Python cannot tell later times

KEYS: dict[str, list[Any]] = {
    "int32": [0, 1, -1, 2**31 - 1, -(2**31)],
    "int64": [0, 1, -1, 2**63 - 1, -(2**63), 2**53],
    "string": ["", "a", "a\0", "b", "é", 'a "longer" key, than fits into a word'],
    "bytes": [b"", b"\0", b"\0\0", b"\xff", b"a longer key than fits into a word"],
    "bool": [False, True],
    "timestamp": [0, -1, 1_370_088_000 * SECOND, 253_402_300_799 * SECOND],
    "date": [0, -1, 15_000, 2_932_896],
}
VALUES: dict[str, list[Any]] = {
    "int32": [None, 0, 1, -1, 2**31 - 1],
    "int64": [None, 0, 1, -1, 2**62, -(2**63)],
    "float64": [None, NAN, -0.0, 0.0, 1.5, -1.5, 5e-324, float("inf"), float("-inf")],
    "float32": [None, NAN, -0.0, 0.0, 1.5, -1.5, float("inf")],
    "string": [None, "", "a", "a\0", "ab", "é", "z", "a longer text than fits into a word"],
    "bytes": [None, b"", b"\0", b"\0\0", b"\xff"],
    "bool": [None, False, True],
    "timestamp": [None, 0, -1, 1_370_088_000 * SECOND + 1],
    "date": [None, 0, -1, 15_000],
    "decimal(10, 2)": [None, Decimal("0.00"), Decimal("-0.01"), Decimal("1.10"), Decimal("1.09")],
    "list<float64>": [None, [], [NAN], [-0.0], [0.0], [0.0, None], [None]],
    "list<string>": [None, [], [""], ["a"], ["a", "b"], [None]],
    "vector<float32, 2>": [None, [0.0, 1.5], [-0.0, 1.5], [NAN, 0.0]],
}
DEFAULTS = {"int32": -7, "int64": 2**53 + 1, "float64": NAN, "string": "none", "bool": True}
ARROW = {
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "bytes": pa.binary(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "decimal(10, 2)": pa.decimal128(10, 2),
    "list<float64>": pa.list_(pa.float64()),
    "list<string>": pa.list_(pa.string()),
    "vector<float32, 2>": pa.list_(pa.float32(), 2),
}
CSV_KINDS = ["int32", "int64", "float64", "string", "bool", "timestamp", "date", "decimal(10, 2)"]
# Other types that a column may be stored in where no key is lost by it.
WIDER = {
    "int32": [pa.int32(), pa.int64(), pa.float64()],
    "int64": [pa.int64()],
    "string": [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())],
    "bytes": [pa.binary(), pa.large_binary()],
    "bool": [pa.bool_()],
    "timestamp": [pa.timestamp("us"), pa.timestamp("us", "Europe/Berlin")],
    "date": [pa.date32(), pa.date64()],
}


@dataclass
class RandomView:
    """A view over one source, its facts, and how its columns are stored."""

    name: str
    key_types: list[str]
    feature_types: list[str]
    view: StoredView
    unit: str
    zone: str | None
    base: int
    created: bool
    sequence: bool
    deletes: bool
    max_future: int
    file_format: str
    united: bool = False  # its facts lie in two sources
    facts: list[Fact] = field(default_factory=list)
    event_nanos: dict[Fact, int] = field(default_factory=dict)  # as stored: finer than it counts

    @property
    def source(self) -> Source:
        return self.view.sources[0]

    @property
    def step(self) -> int:
        return UNITS[self.unit]

    @property
    def keys(self) -> list[str]:
        return [f"{self.name}_k{i}" for i in range(len(self.key_types))]

    @property
    def features(self) -> list[str]:
        return list(self.view.features)

    def __str__(self) -> str:
        facts = "\n".join(
            f"    {f.key} e={f.event_time} created={f.created} number={f.sequence} "
            f"{'DELETE' if f.delete else f.values} known={known_time(f)}"
            for f in self.facts
        )
        return (
            f"  {self.name}: keys {self.key_types}, features {self.feature_types}, "
            f"unit {self.unit}, zone {self.zone}, {self.file_format}\n    {self.view}\n{facts}"
        )


def random_base(r: random.Random) -> int:
    """Where the times of the views of one repository lie."""
    return BASES[r.choice(list(BASES))]


def random_ttl(r: random.Random, step: int) -> int:
    """0 is none."""
    return 0 if r.random() < 0.4 else max(1, r.choice([1, 2, 5]) * step + r.choice([-1, 0, 1]))


def random_view(r: random.Random, name: str, base: int) -> RandomView:
    unit = r.choice(["us", "us", "us", "ns", "ms", "s", "date"])
    if unit == "ns" and abs(base) > 9_000_000_000 * SECOND:
        unit = "us"  # nanoseconds do not reach that far
    if unit == "date" and base + 2 * STEPS * DAY > END_OF_9999:
        unit = "s"
    step = UNITS[unit]
    timeless = r.random() < 0.08
    source = Source(
        name,
        created="version" if timeless else r.choice(["version", "version", "arrival"]),
        data_delay=0 if timeless else r.choice([0, 0, 1, 3]) * step + r.choice([0, 0, 1]),
        timeless=timeless,
        max_future=100_000_000 * DAY,
    )
    ttl = 0 if timeless else random_ttl(r, step)
    file_format = r.choice(["parquet", "parquet", "arrow", "csv"])
    key_kinds, value_kinds = list(KEYS), list(VALUES)
    if file_format == "csv":
        key_kinds = [kind for kind in KEYS if kind in CSV_KINDS]
        value_kinds = [kind for kind in VALUES if kind in CSV_KINDS]
    types = [r.choice(value_kinds) for _ in range(r.choice([1, 2, 2, 3, 4]))]
    defaults = tuple(DEFAULTS.get(kind) if r.random() < 0.2 else None for kind in types)
    drawn = RandomView(
        name,
        [r.choice(key_kinds) for _ in range(r.choice([0, 1, 1, 1, 2, 3]))],
        types,
        StoredView(tuple(f"{name}_f{i}" for i in range(len(types))), (source,), ttl, defaults),
        unit,
        None if unit == "date" else r.choice(ZONES),
        base // step * step,
        created=r.random() < 0.6,
        sequence=r.random() < 0.4,
        deletes=r.random() < 0.4,
        max_future=100_000_000 * DAY,
        file_format=file_format,
        united=r.random() < 0.3,
    )
    for _ in range(r.choice([0, 1, 3, 10, 30])):
        add_fact(r, drawn)
    r.shuffle(drawn.facts)
    return drawn


def asked_key(r: random.Random, view: RandomView) -> tuple:
    """Mostly a key that has facts."""
    if view.facts and r.random() < 0.6:
        return r.choice(view.facts).key
    return random_key(r, view, 0.1)


def random_key(r: random.Random, view: RandomView, nulls: float) -> tuple:
    """Few of them: mostly the first values of each type."""
    return tuple(
        None if r.random() < nulls else r.choice(KEYS[kind][: r.choice([1, 2, 2, 9])])
        for kind in view.key_types
    )


def add_fact(r: random.Random, view: RandomView) -> None:
    event = view.base + r.randrange(STEPS) * view.step
    nanos = r.randrange(1000) if view.unit == "ns" and r.random() < 0.5 else 0
    created = None
    if view.created and r.random() < 0.85:
        created = event + r.randrange(-4, 5) * view.step + r.choice([-1, 0, 0, 1])
    sequence = (b"", r.choice([-1, 0, 2**40])) if view.sequence and r.random() < 0.8 else None
    fact = dated(
        Fact(
            random_key(r, view, 0.05),
            event + (nanos > 0),
            tuple(r.choice(VALUES[kind]) for kind in view.feature_types),
            view.source,
            created,
            sequence,
            view.deletes and r.random() < 0.25,
        )
    )
    view.facts.append(fact)
    view.event_nanos.setdefault(fact, event * 1000 + nanos)
    if r.random() < 0.2:
        view.facts.append(fact)  # twice
    if r.random() < 0.3:
        add_tie(r, view, fact)


def add_tie(r: random.Random, view: RandomView, fact: Fact) -> None:
    """Another fact of the same key and times: the tie bytes decide."""
    values = tuple(r.choice(VALUES[kind]) for kind in view.feature_types)
    tie = Fact(fact.key, fact.event_time, values, fact.source, fact.created, fact.sequence)
    view.facts.append(tie)
    view.event_nanos.setdefault(tie, view.event_nanos[fact])


def random_time(r: random.Random, view: RandomView) -> int:
    """A question's time, far away at times."""
    if r.random() < 0.03:
        return r.choice([-62_135_596_800 * SECOND, END_OF_9999])
    return random_near_time(r, view)


def random_near_time(r: random.Random, view: RandomView) -> int:
    """On the grid, at a bound of a fact, or a microsecond beside these."""
    time = view.base + r.randrange(-2, STEPS + 8) * view.step
    if view.facts and r.random() < 0.4 and not view.source.timeless:
        fact = r.choice(view.facts)
        time = r.choice([fact.event_time, known_time(fact), fact.event_time + view.view.ttl])
    return min(time + r.choice([-1, 0, 0, 1]), END_OF_9999)


# -- as Arrow -------------------------------------------------------------------------------------


def time_array(nanos: list[int | None], unit: str, zone: str | None) -> pa.Array:
    if unit == "date":
        days = [None if n is None else n // (DAY * 1000) for n in nanos]
        return pa.array(days, pa.int32()).cast(pa.date32())
    factor = {"ns": 1, "us": 1000, "ms": 10**6, "s": 10**9}[unit]
    stored = [None if n is None else n // factor for n in nanos]
    return pa.array(stored, pa.int64()).cast(pa.timestamp(unit, zone))


def value_array(kind: str, values: list[Any]) -> pa.Array:
    """Also as NaN of other bits, which must come back as the one NaN."""
    if kind == "timestamp":
        return pa.array(values, pa.int64()).cast(ARROW[kind])
    if kind == "date":
        return pa.array(values, pa.int32()).cast(ARROW[kind])
    if kind == "float64":
        bits = pa.array([-NAN if v is not None and v != v else v for v in values], ARROW[kind])
        return bits
    return pa.array(values, ARROW[kind])


def key_array(r: random.Random, kind: str, values: list[Any]) -> pa.Array:
    stored = r.choice(WIDER[kind])
    if kind == "timestamp":
        return pa.array(values, pa.int64()).cast(stored)
    if kind == "date":
        return pa.array(values, pa.int32()).cast(pa.date32()).cast(stored)
    array = pa.array(values, ARROW[kind])
    if pa.types.is_dictionary(stored):
        return array.dictionary_encode().cast(stored)
    return array.cast(stored)


def fact_table(r: random.Random, view: RandomView, facts: list[Fact]) -> pa.Table:
    columns: dict[str, pa.Array] = {}
    for i, (name, kind) in enumerate(zip(view.keys, view.key_types, strict=True)):
        columns[name] = key_array(r, kind, [fact.key[i] for fact in facts])
    if not view.source.timeless:
        # A file of dates holds midnights, others their nanoseconds.
        columns["at"] = time_array([view.event_nanos[f] for f in facts], view.unit, view.zone)
    if view.created:
        created = [None if f.created is None else f.created * 1000 for f in facts]
        columns["written"] = time_array(created, "us", view.zone)
    if view.sequence:
        numbers = [None if f.sequence is None else f.sequence[1] for f in facts]
        columns["number"] = pa.array(numbers, pa.int64())
    if view.deletes:
        columns["gone"] = pa.array([f.delete or r.choice([False, None]) for f in facts], pa.bool_())
    for i, (name, kind) in enumerate(zip(view.features, view.feature_types, strict=True)):
        cells = [None if fact.delete else fact.values[i] for fact in facts]
        columns[name] = value_array(kind, cells)
    columns["unused"] = pa.array(range(len(facts)), pa.int64())
    return pa.table(columns)


def csv_text(view: RandomView, facts: list[Fact]) -> str:
    """The facts as people write them; NA is null, texts stand in quotes."""
    heads = [*view.keys, *view.features]
    kinds = [*view.key_types, *view.feature_types]
    extra = (["at"] if not view.source.timeless else []) + ["written"] * view.created
    extra += ["number"] * view.sequence + ["gone"] * view.deletes
    lines = [",".join(heads + extra)]
    for fact in facts:
        cells = [*fact.key, *(fact.values or [None] * len(view.features))]
        texts = [csv_cell(cell, kind) for cell, kind in zip(cells, kinds, strict=True)]
        if not view.source.timeless:
            texts.append(csv_time(view.event_nanos[fact]))
        if view.created:
            texts.append("NA" if fact.created is None else csv_time(fact.created * 1000))
        if view.sequence:
            texts.append("NA" if fact.sequence is None else str(fact.sequence[1]))
        if view.deletes:
            texts.append("true" if fact.delete else "false")
        lines.append(",".join(texts))
    return "\n".join(lines) + "\n"


def csv_cell(value: Any, kind: str) -> str:
    if value is None:
        return "NA"
    if kind == "string":
        return '"' + value.replace('"', '""') + '"'
    if kind == "timestamp":
        return csv_time(value * 1000)
    if kind == "date":
        return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=value))
    return (
        str(value).lower() if kind == "bool" else repr(value) if kind == "float64" else str(value)
    )


def csv_time(nanos: int) -> str:
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=nanos // 1000)
    text = time.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{nanos % 10**9:09}Z"


def spine_table(
    r: random.Random, view: RandomView, questions: list[tuple[tuple, int]]
) -> tuple[pa.Table, list[tuple[tuple, int]]]:
    """The questions as a table, and as what they mean once their times are stored."""
    unit = r.choice(["us", "us", "ns", view.unit])
    if unit == "ns" and not all(abs(t) < 9_000_000_000 * SECOND for _, t in questions):
        unit = "us"
    step = UNITS[unit]
    meant = [(key, t // step * step) for key, t in questions]
    nanos = [t * 1000 + (r.randrange(1000) if unit == "ns" else 0) for _, t in meant]
    columns = {
        name: key_array(r, kind, [key[i] for key, _ in meant])
        for i, (name, kind) in enumerate(zip(view.keys, view.key_types, strict=True))
    }
    zone = r.choice(ZONES)
    columns["event_timestamp"] = time_array(nanos, unit, None if unit == "date" else zone)
    columns["row"] = pa.array(range(len(meant)), pa.int64())
    return shaped(r, pa.table(columns)), meant


def shaped(r: random.Random, table: pa.Table) -> pa.Table:
    """The same rows sliced out of a longer table, and in chunks."""
    if r.random() < 0.4 and table.num_rows:
        longer = pa.concat_tables([table.slice(0, 1), table, table.slice(0, 1)])
        table = longer.combine_chunks().slice(1, table.num_rows)
    if r.random() < 0.4 and table.num_rows > 1:
        cut = r.randrange(table.num_rows)
        table = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    return table
