"""polars_asof.py SPINE FACTS ANSWER: Polars' join_asof by key; it wants both sides in order of time."""

import sys

import polars

spine, facts, answer = sys.argv[1:]
left = polars.scan_parquet(spine).sort("event_timestamp")
# The facts lie in order of time: no sort is needed, and Polars is told so.
right = polars.scan_parquet(facts).set_sorted("event_timestamp")
joined = left.join_asof(right, on="event_timestamp", by="user", strategy="backward",
                        check_sortedness=False)
joined.collect().write_parquet(answer)
