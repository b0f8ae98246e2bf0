"""duckdb_asof.py SPINE FACTS ANSWER: DuckDB's ASOF LEFT JOIN, all threads, its own defaults."""

import sys

import duckdb

spine, facts, answer = sys.argv[1:]
duckdb.sql("SET TimeZone = 'UTC'")
duckdb.sql("SET preserve_insertion_order = false")
duckdb.sql(f"""
    COPY (
        SELECT s.*, f.* EXCLUDE (user, event_timestamp)
        FROM '{spine}' s ASOF LEFT JOIN '{facts}' f
        ON s.user = f.user AND s.event_timestamp >= f.event_timestamp
    ) TO '{answer}' (FORMAT parquet)
""")
