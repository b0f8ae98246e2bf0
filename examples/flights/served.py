"""What the server answers (Feast's JSON), and how it compares, by bits, with a training set.

JSON has no NaN, and Feast's has times in seconds: a training set's value is brought to the same
form first, and loses nothing else.
"""

import math
import struct

import pyarrow as pa

from progress import DemoError
from server import iso, micros_of

REQUEST_COLUMNS = ("origin", "dest", "carrier", "tailnum", "scheduled_departure")


def request_body(service: str, rows: pa.Table) -> dict:
    """The questions of `rows` to /get-online-features."""
    entities = {name: rows[name].to_pylist() for name in REQUEST_COLUMNS[:-1]}
    times = rows["scheduled_departure"].cast(pa.int64()).to_pylist()
    entities["scheduled_departure"] = [iso(time) for time in times]
    return {"feature_service": service, "entities": entities}


class Answer:
    """The answer to one request: for each feature its values, statuses and event times, by row."""

    def __init__(self, body: dict):
        names = body["metadata"]["feature_names"]
        self.values = {n: r["values"] for n, r in zip(names, body["results"], strict=True)}
        self.statuses = {n: r["statuses"] for n, r in zip(names, body["results"], strict=True)}
        self.times = {
            n: [micros_of(time) for time in r["event_timestamps"]]
            for n, r in zip(names, body["results"], strict=True)
        }

    def check_shape(self, features: list[str], rows: int) -> None:
        missing = [name for name in features if name not in self.values]
        if missing:
            raise DemoError(f"the server left out the features {', '.join(missing)}")
        for name in features:
            sizes = {len(part[name]) for part in (self.values, self.statuses, self.times)}
            if sizes != {rows}:
                raise DemoError(f"the server gave {sizes} values of {name}, asked for {rows} rows")

    def table(self, like: pa.Schema) -> pa.Table:
        """The values as Arrow columns of the training set's types."""
        columns = {}
        for field in like:
            values = self.values[field.name]
            if pa.types.is_timestamp(field.type):
                values = [None if v is None else v * 1_000_000 for v in values]
            columns[field.name] = pa.array(values).cast(field.type)
        return pa.table(columns)


def as_json(column: pa.ChunkedArray | pa.Array) -> list:
    """A training set's column as the server would write it."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return [None if v is None else v // 1_000_000 for v in column.cast(pa.int64()).to_pylist()]
    if pa.types.is_floating(kind):
        return [float_as_json(v) for v in column.to_pylist()]
    return column.to_pylist()


def float_as_json(value: float | None) -> float | str | None:
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def same_bits(trained: object, served: object) -> bool:
    """`trained` as as_json gives it. A float and an integer of JSON may spell the same double."""
    if (
        isinstance(trained, float)
        and isinstance(served, int | float)
        and not isinstance(served, bool)
    ):
        return struct.pack("<d", trained) == struct.pack("<d", served)
    return type(trained) is type(served) and trained == served
