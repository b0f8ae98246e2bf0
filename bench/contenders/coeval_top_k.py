"""coeval_top_k.py SPINE FACTS ANSWER: one call of coeval.window over tables in memory."""

import sys

import pyarrow.parquet as pq
import questions

import coeval

spine, facts, answer = sys.argv[1:]
asked, events = pq.read_table(spine), pq.read_table(facts)
WINDOWS = {"1h": "over 1h", "1d": "over 24h", "30d": "over 30d", "all": "over all time"}
aggregates = {}
for name, window in WINDOWS.items():
    aggregates[f"mean_{name}"] = f"mean(amount) {window}"
    aggregates[f"top_{name}"] = f"top_k(amount, 300) {window}"
made = questions.call(lambda: coeval.window(asked, events, on="event_timestamp",
                                            aggregates=aggregates))
pq.write_table(made, answer)
