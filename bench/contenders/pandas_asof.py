"""pandas_asof.py SPINE FACTS ANSWER: pandas' merge_asof by key; it wants both sides in order of time."""

import sys

import pandas

spine, facts, answer = sys.argv[1:]
left = pandas.read_parquet(spine).sort_values("event_timestamp")
right = pandas.read_parquet(facts)  # lies in order of time already
pandas.merge_asof(left, right, on="event_timestamp", by="user").to_parquet(answer)
