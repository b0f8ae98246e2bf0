"""duckdb_hot_key.py SPINE FACTS ANSWER: a range join. What arrives late leaves no frame of a window
function that would say it, so each question's events are gathered anew."""

import sys

import duckdb

spine, facts, answer = sys.argv[1:]
duckdb.sql("SET TimeZone = 'UTC'")
duckdb.sql("SET preserve_insertion_order = false")
duckdb.sql(f"""
    COPY (
        SELECT s.row, max(f.amount) AS max, median(f.amount) AS median,
            count(DISTINCT f.amount) AS count_distinct, sum(f.amount) AS sum
        FROM '{spine}' s JOIN '{facts}' f
        ON s.user = f.user AND f.event_timestamp <= s.event_timestamp
            AND f.event_timestamp > s.event_timestamp - INTERVAL 30 DAY
            AND f.created <= s.event_timestamp
        GROUP BY s.row
    ) TO '{answer}' (FORMAT parquet)
""")
