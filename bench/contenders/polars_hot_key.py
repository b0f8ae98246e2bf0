"""polars_hot_key.py SPINE FACTS ANSWER: each question's slice of the sorted events, which two searches
find, then its aggregates: what a range join would hold does not fit into memory."""

import sys
from datetime import timedelta

import polars
from polars import col

spine, facts, answer = sys.argv[1:]
questions = polars.read_parquet(spine)
events = polars.read_parquet(facts, columns=["event_timestamp", "created", "amount"])
time = events["event_timestamp"]
asked = questions["event_timestamp"]
first = time.search_sorted(asked - timedelta(days=30), side="right")
last = time.search_sorted(asked, side="right")
rows = []
for row, t, begin, end in zip(questions["row"], asked, first, last, strict=True):
    found = events.slice(begin, end - begin).filter(col("created") <= t)["amount"]
    rows.append((row, found.max(), found.median(), found.n_unique(), found.sum()))
polars.DataFrame(rows, schema=["row", "max", "median", "count_distinct", "sum"],
                 orient="row").write_parquet(answer)
