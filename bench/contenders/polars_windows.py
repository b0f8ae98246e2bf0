"""polars_windows.py SPINE FACTS ANSWER: the fastest of several ways in Polars: one join of questions
with their users' events, a filter, then a group_by with a filter for each window."""

import sys
from datetime import timedelta

import polars
from polars import col

spine, facts, answer = sys.argv[1:]
WINDOWS = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7),
           "30d": timedelta(days=30)}
questions = polars.scan_parquet(spine)
events = polars.scan_parquet(facts).rename({"event_timestamp": "time"})
joined = questions.join(events, on="user").filter(
    (col("time") <= col("event_timestamp"))
    & (col("time") > col("event_timestamp") - WINDOWS["30d"]))
aggregates = []
for window, length in WINDOWS.items():
    amounts = col("amount").filter(col("time") > col("event_timestamp") - length)
    aggregates += [amounts.count().alias(f"count_{window}"), amounts.sum().alias(f"sum_{window}"),
                   amounts.mean().alias(f"mean_{window}"), amounts.max().alias(f"max_{window}")]
made = joined.group_by("row").agg(aggregates)
counts = [col(f"count_{window}").fill_null(0) for window in WINDOWS]
questions.select("row").join(made, on="row", how="left").with_columns(counts).collect(
).write_parquet(answer)
