"""duckdb_windows.py SPINE FACTS ANSWER: the fastest of several ways in DuckDB: one join of questions
with the events of the longest window, then aggregates with FILTER."""

import sys

import duckdb

spine, facts, answer = sys.argv[1:]
WINDOWS = {"1h": "1 HOUR", "1d": "1 DAY", "7d": "7 DAY", "30d": "30 DAY"}
columns = ", ".join(
    f"{call}(f.amount) FILTER (f.event_timestamp > s.event_timestamp - INTERVAL {length}) "
    f"AS {name}_{window}"
    for window, length in WINDOWS.items()
    for call, name in (("count", "count"), ("sum", "sum"), ("avg", "mean"), ("max", "max")))
duckdb.sql("SET TimeZone = 'UTC'")
duckdb.sql("SET preserve_insertion_order = false")
duckdb.sql(f"""
    COPY (
        SELECT s.row, {columns}
        FROM '{spine}' s LEFT JOIN '{facts}' f
        ON s.user = f.user AND f.event_timestamp <= s.event_timestamp
            AND f.event_timestamp > s.event_timestamp - INTERVAL 30 DAY
        GROUP BY s.row
    ) TO '{answer}' (FORMAT parquet)
""")
