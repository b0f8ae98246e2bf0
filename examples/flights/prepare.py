"""Makes the sources of the feature repository out of the raw data: Parquet files with honest times.

    python examples/flights/prepare.py        -> data/*.parquet, data/weather/*.parquet

What is honest about each time is told in README.md and, shorter, at each function. Run again, it
finds by hashes that nothing is to do.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from download import SHA256, download, file_hash
from progress import DemoError, say, table
from reports import as_reported

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
STAMP = "prepared.json"
RECIPE = ("prepare.py", "download.py", "reports.py")
UTC_MICROS = pa.timestamp("us", "UTC")
MINUTE = np.timedelta64(60_000_000, "us")

# Destinations that airports.csv does not have.
MISSING_ZONES = {
    "BQN": "America/Puerto_Rico",
    "PSE": "America/Puerto_Rico",
    "SJU": "America/Puerto_Rico",
    "STT": "America/St_Thomas",
}
MINUTES = pa.int32()
WEATHER = (
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
)


def read_csv(path: Path, types: dict[str, pa.DataType]) -> pa.Table:
    """The named columns; the text NA is null, in columns of text too."""
    options = pa.csv.ConvertOptions(
        column_types=types,
        include_columns=list(types),
        null_values=["NA"],
        strings_can_be_null=True,
    )
    return pa.csv.read_csv(path, convert_options=options)


def read_flights(raw: Path) -> pa.Table:
    text, number = pa.string(), pa.int32()
    types = {"carrier": text, "flight": pa.int64(), "tailnum": text, "origin": text, "dest": text}
    types |= {"distance": number, "minute": number, "sched_arr_time": number}
    types |= {
        "dep_delay": MINUTES,
        "arr_delay": MINUTES,
        "air_time": MINUTES,
        "time_hour": UTC_MICROS,
    }
    return read_csv(raw / "flights.csv", types)


def zones_of(airports: pa.Table) -> dict[str, str]:
    zones = dict(zip(airports["faa"].to_pylist(), airports["tzone"].to_pylist(), strict=True))
    return zones | MISSING_ZONES


def next_local_time(after: pd.Series, clock: pd.Series, zone: str) -> pd.Series:
    """The first instant later than `after` at which clocks in `zone` show `clock` (830 = 08:30)."""
    day = after.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    into_day = pd.to_timedelta((clock // 100) * 60 + clock % 100, unit="m").astype(
        "timedelta64[us]"
    )
    found = pd.Series(pd.NaT, index=after.index, dtype="datetime64[us, UTC]")
    for days in range(3):
        local = day + pd.Timedelta(days=days) + into_day
        for first in (True, False):  # where a clock time occurs twice, the earlier one goes first
            ambiguous = np.full(len(local), first)
            zoned = local.dt.tz_localize(zone, ambiguous=ambiguous, nonexistent="shift_forward")
            instant = zoned.dt.tz_convert("UTC")
            found = found.fillna(instant.where(instant > after))
    return found


def flight_times(flights: pa.Table, zones: dict[str, str]) -> pa.Table:
    """`flights` with scheduled_departure, departure, arrival and each row's number as flight_id.

    dep_time and arr_time are not parsed: they are local, some are 2400, many lie on the next day.
    """
    time_hour = flights["time_hour"].to_pandas()
    minute = pd.to_timedelta(flights["minute"].to_pandas(), unit="m").astype("timedelta64[us]")
    scheduled = time_hour + minute
    destination = flights["dest"].to_pandas()
    without = sorted(set(destination) - {code for code, zone in zones.items() if zone})
    if without:
        raise DemoError(f"airports.csv has no time zone for the destinations {', '.join(without)}")
    zone = destination.map(zones)
    clock = flights["sched_arr_time"].to_pandas()
    arrival = pd.Series(pd.NaT, index=scheduled.index, dtype="datetime64[us, UTC]")
    for name in sorted(zone.unique()):
        rows = zone == name
        arrival[rows] = next_local_time(scheduled[rows], clock[rows], name)

    def late_by(start: pd.Series, delay: str) -> pa.Array:
        minutes = pc.multiply(flights[delay].cast(pa.int64()), 60_000_000).combine_chunks()
        micros = pa.array(start.astype("int64"), pa.int64())
        return pc.add(micros, minutes).cast(UTC_MICROS)

    times = {
        "flight_id": pa.array(np.arange(flights.num_rows)),
        "scheduled_departure": pa.Array.from_pandas(scheduled).cast(UTC_MICROS),
        "departure": late_by(scheduled, "dep_delay"),
        "arrival": late_by(arrival, "arr_delay"),
    }
    for name, values in times.items():
        flights = flights.append_column(name, values)
    return check_times(flights)


def check_times(flights: pa.Table) -> pa.Table:
    """No flight may take less time than it was in the air."""
    taken = pc.subtract(flights["arrival"].cast(pa.int64()), flights["departure"].cast(pa.int64()))
    short = pc.less(taken, pc.multiply(flights["air_time"].cast(pa.int64()), 60_000_000))
    count = pc.sum(short).as_py()
    if count:
        raise DemoError(
            f"{count} flights arrive before they can:\n{flights.filter(short).slice(0, 10)}"
        )
    return flights


def facts(flights: pa.Table, time: str, columns: list[str]) -> pa.Table:
    """The rows that have `time`, which becomes the event time, in its order."""
    known = flights.filter(pc.is_valid(flights[time])).sort_by(
        [(time, "ascending"), ("flight_id", "ascending")]
    )
    return pa.table({"event_timestamp": known[time]} | {name: known[name] for name in columns})


def departures(flights: pa.Table) -> pa.Table:
    """Known when it was reported that the aircraft left: its delay. Many leave in the same minute,
    so the flight number is the sequence that tells them apart."""
    columns = ["origin", "carrier", "flight", "dep_delay", "flight_id"]
    return as_reported(facts(flights, "departure", columns), "dep_delay")


def schedule(flights: pa.Table) -> pa.Table:
    """Known at the scheduled departure: whether the flight was cancelled. An airline may have said
    so earlier, but the data do not tell when."""
    known = facts(flights, "scheduled_departure", ["origin", "carrier", "flight_id", "dep_delay"])
    cancelled = pc.is_null(known["dep_delay"])
    return known.drop_columns("dep_delay").append_column("cancelled", cancelled)


def arrivals(flights: pa.Table) -> pa.Table:
    """Known when it was reported that the aircraft landed: its delay, and how long it was in the
    air."""
    columns = ["tailnum", "origin", "dest", "arr_delay", "air_time", "flight_id"]
    landed = as_reported(facts(flights, "arrival", columns), "arr_delay")
    return landed.append_column("arrived_at", landed["event_timestamp"])


def weather(raw: Path) -> pa.Table:
    """time_hour is the hour in which the weather was observed, near its end: the source's
    data_delay of one hour keeps it back until then."""
    types = {"origin": pa.string(), "time_hour": UTC_MICROS}
    observed = read_csv(raw / "weather.csv", types | {name: pa.float64() for name in WEATHER})
    return observed.rename_columns({"time_hour": "event_timestamp"}).sort_by("event_timestamp")


def planes(raw: Path) -> pa.Table:
    """A register made later: it has no event time, and its source says `timeless`."""
    types = {"tailnum": pa.string(), "year": pa.int32(), "manufacturer": pa.string()}
    return read_csv(raw / "planes.csv", types | {"engines": pa.int32(), "seats": pa.int32()})


def by_month(weather_facts: pa.Table) -> dict[str, pa.Table]:
    month = pc.strftime(weather_facts["event_timestamp"], format="%Y-%m")
    return {
        f"weather/{m}.parquet": weather_facts.filter(pc.equal(month, m))
        for m in pc.unique(month).to_pylist()
    }


def make_tables(raw: Path) -> dict[str, pa.Table]:
    airports = read_csv(raw / "airports.csv", {"faa": pa.string(), "tzone": pa.string()})
    flights = flight_times(read_flights(raw), zones_of(airports))
    tables = {
        "flights.parquet": flights,
        "departures.parquet": departures(flights),
        "arrivals.parquet": arrivals(flights),
        "schedule.parquet": schedule(flights),
        "planes.parquet": planes(raw),
    }
    return tables | by_month(weather(raw))


def null_rates(tables: dict[str, pa.Table]) -> list[tuple]:
    """Name, rows, and the columns that hold nulls, with their share (0.01% at least)."""
    months = [tables[name] for name in tables if name.startswith("weather/")]
    whole = {name: one for name, one in tables.items() if not name.startswith("weather/")}
    rows = []
    for name, one in (whole | {"weather/*.parquet": pa.concat_tables(months)}).items():
        shares = {c: one[c].null_count / one.num_rows for c in one.column_names}
        nulls = [f"{c} {max(share, 1e-4):.2%}" for c, share in shares.items() if share > 0]
        rows.append((name, one.num_rows, ", ".join(nulls) or "none"))
    return rows


def recipe_hash() -> str:
    sources = b"".join((HERE / name).read_bytes() for name in RECIPE)
    return hashlib.sha256(sources).hexdigest()


def is_prepared(data: Path) -> bool:
    """Does the stamp fit this recipe, and every file the stamp?"""
    try:
        stamp = json.loads((data / STAMP).read_text())
        if (stamp["archive"], stamp["recipe"]) != (SHA256, recipe_hash()):
            return False
        return all(file_hash(data / name) == known for name, known in stamp["files"].items())
    except (OSError, ValueError, KeyError):
        return False


def prepare(data: Path = DATA) -> None:
    """Leaves the sources in `data`. Errors: DemoError, and then `data` has no stamp."""
    download(data / "raw")
    if is_prepared(data):
        say(f"the sources in {data.name}/ are there already")
        return
    (data / STAMP).unlink(missing_ok=True)
    shutil.rmtree(data / "weather", ignore_errors=True)
    tables = make_tables(data / "raw")
    for name, made in tables.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(made, data / name, row_group_size=8_192, compression="zstd")
    for line in table(null_rates(tables), ("source", "rows", "nulls")):
        say(line)
    files = {name: file_hash(data / name) for name in tables}
    stamp = {"archive": SHA256, "recipe": recipe_hash(), "files": files}
    (data / STAMP).write_text(json.dumps(stamp, indent=1))


if __name__ == "__main__":
    try:
        prepare()
    except DemoError as error:
        sys.exit(f"prepare: {error}")
