"""When the reports of departures and arrivals came in, and which were corrected.

The data say what happened, not when anybody was told. A feed has stragglers and mistakes, so the
example makes some: by a rule of the flight's number in the file, the same on every machine.

    one in 16        comes 5 minutes to 4 hours late; of these one in 40 more than a day late
    one in 100       gives the delay in whole quarters of an hour at first; 90 minutes later a
                     report of the same flight_id gives it as it was
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MINUTE = 60_000_000
LATE_OF, LATE, FORGOTTEN_OF = 16, 3, 640
LATE_BY = (4, 240)  # minutes: at least so many, and so many different ones more
FORGOTTEN_BY = 25 * 60
CORRECTED_OF, CORRECTED = 100, 7
CORRECTED_AFTER = 90
ROUGH = 15


def remainder(numbers: pa.ChunkedArray, of: int) -> pa.ChunkedArray:
    return pc.subtract(numbers, pc.multiply(pc.divide(numbers, of), of))


def minutes_late(flight_id: pa.ChunkedArray) -> pa.ChunkedArray:
    """Of each flight: how long after it happened it was reported; most at once."""
    spread = pc.add(remainder(pc.divide(flight_id, LATE_OF), LATE_BY[1]), LATE_BY[0])
    forgotten = pc.equal(remainder(flight_id, FORGOTTEN_OF), LATE)
    late = pc.equal(remainder(flight_id, LATE_OF), LATE)
    return pc.if_else(late, pc.if_else(forgotten, pc.add(spread, FORGOTTEN_BY), spread), 0)


def later(times: pa.ChunkedArray, minutes: pa.ChunkedArray | int) -> pa.ChunkedArray:
    return pc.add(times.cast(pa.int64()), pc.multiply(minutes, MINUTE)).cast(times.type)


def as_reported(facts: pa.Table, delay: str) -> pa.Table:
    """`facts` with `reported_at`, and of those corrected a row more, in order of event times. The
    first report of a flight that is corrected has a rough `delay`."""
    late = minutes_late(facts["flight_id"])
    first = facts.append_column("reported_at", later(facts["event_timestamp"], late))
    corrected = pc.equal(remainder(facts["flight_id"], CORRECTED_OF), CORRECTED)
    whole = facts[delay].cast(pa.float64())
    rough = pc.multiply(pc.floor(pc.divide(whole, ROUGH)), ROUGH).cast(facts[delay].type)
    at = first.column_names.index(delay)
    second = first.filter(corrected)
    reported = second.column_names.index("reported_at")
    corrected_at = later(second["reported_at"], CORRECTED_AFTER)
    second = second.set_column(reported, "reported_at", corrected_at)
    first = first.set_column(at, delay, pc.if_else(corrected, rough, first[delay]))
    order = [(name, "ascending") for name in ("event_timestamp", "flight_id", "reported_at")]
    return pa.concat_tables([first, second]).sort_by(order)


def in_words(path: Path) -> str:
    """328,521 flights left: 6.2% were reported late, ..."""
    reports = pq.read_table(path, columns=["flight_id", "event_timestamp", "reported_at"])
    first = reports.group_by(["flight_id", "event_timestamp"]).aggregate([("reported_at", "min")])
    told, happened = (
        first[name].cast(pa.int64()) for name in ("reported_at_min", "event_timestamp")
    )
    late = pc.sum(pc.greater(told, happened)).as_py()
    corrected = reports.num_rows - first.num_rows
    return (
        f"of {first.num_rows:,} flights {late / first.num_rows:.1%} were reported late, "
        f"{corrected / first.num_rows:.1%} corrected"
    )
