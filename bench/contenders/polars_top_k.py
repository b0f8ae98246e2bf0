"""polars_top_k.py SPINE FACTS ANSWER: each question's slices of the sorted events, which searches find,
then their aggregates."""

import sys
from datetime import timedelta

import polars
import questions

spine, facts, answer = sys.argv[1:]
asked, events = polars.read_parquet(spine), polars.read_parquet(facts)
WINDOWS = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "30d": timedelta(days=30),
           "all": timedelta(days=1_000)}


def answers():
    time, amount, t = events["event_timestamp"], events["amount"], asked["event_timestamp"]
    last = time.search_sorted(t, side="right")
    columns = {"row": asked["row"]}
    for name, length in WINDOWS.items():
        first = time.search_sorted(t - length, side="right")
        found = [amount.slice(begin, end - begin) for begin, end in zip(first, last, strict=True)]
        columns[f"mean_{name}"] = polars.Series([part.mean() for part in found],
                                                dtype=polars.Float64)
        columns[f"top_{name}"] = polars.Series(
            [part.top_k(300).sort(descending=True) for part in found],
            dtype=polars.List(polars.Float64))
    return polars.DataFrame(columns)


questions.call(answers).write_parquet(answer)
