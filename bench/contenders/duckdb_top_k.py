"""duckdb_top_k.py SPINE FACTS ANSWER: frames of window functions over events and questions together,
which is quicker than a range join."""

import sys

import duckdb
import pyarrow.parquet as pq
import questions

spine, facts, answer = sys.argv[1:]
asked, events = pq.read_table(spine), pq.read_table(facts)
duckdb.sql("SET TimeZone = 'UTC'")
duckdb.register("asked", asked)
duckdb.register("events", events)
# A frame includes its first moment, a window does not: a microsecond less.
WINDOWS = {name: f"INTERVAL {micros - 1} MICROSECOND" for name, micros in (
    ("1h", 3_600_000_000), ("1d", 86_400_000_000), ("30d", 30 * 86_400_000_000))} | {
        "all": "UNBOUNDED"}
columns = ", ".join(f"avg(amount) OVER {name} AS mean_{at}, max(amount, 300) OVER {name} AS top_{at}"
                    for at, name in ((window, f"w{window}") for window in WINDOWS))
frames = ", ".join(f"w{name} AS (ORDER BY event_timestamp RANGE BETWEEN {length} PRECEDING "
                   "AND CURRENT ROW)" for name, length in WINDOWS.items())
words = f"""
    SELECT row, {columns}
    FROM (SELECT row, event_timestamp, NULL::double AS amount FROM asked
          UNION ALL SELECT NULL, event_timestamp, amount FROM events)
    WINDOW {frames} QUALIFY row IS NOT NULL"""
made = questions.call(lambda: duckdb.sql(words).to_arrow_table())
pq.write_table(made, answer)
