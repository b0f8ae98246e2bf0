"""coeval_online.py REPOSITORY ENTITIES ASKED SECONDS OUT: get_online_features in this process."""

import json
import sys

import calls
import coeval
import numpy as np

repository, entities, asked, seconds, out = sys.argv[1:]
entities, asked, seconds = int(entities), json.loads(asked), float(seconds)
random = np.random.default_rng(1)
features = [f"view{at // 10}:f{at}" for at in range(50)]
even = [[{"entity": int(key)}] for key in random.integers(0, entities, 20_000)]
skewed = [[{"entity": int(key)}] for key in calls.zipf(random, entities, 20_000)]
hundred = [{"entity": random.integers(0, entities, 100).tolist()} for _ in range(500)]
figures = {}
with coeval.FeatureStore(repository) as store:
    def ask(rows):
        return store.get_online_features(features, rows)

    answers = {key: ask([{"entity": key}]).to_dict() for key in asked}
    # All in the hot tier, where they have room.
    for first in range(0, entities, 1000):
        ask({"entity": list(range(first, min(entities, first + 1000)))})
    for name, questions, call in (
            ("1 row to a dict, even keys", even, lambda rows: ask(rows).to_dict()),
            ("1 row to a dict, keys by Zipf's law", skewed, lambda rows: ask(rows).to_dict()),
            ("100 rows to NumPy", hundred, lambda rows: ask(rows).to_numpy()),
            ("100 rows to Arrow", hundred, lambda rows: ask(rows).to_arrow())):
        figures[name] = calls.timed(call, questions, seconds)
with coeval.FeatureStore(repository, settings={"online_store.cache_size": "1"}) as store:
    figures["1 row to a dict, from files"] = calls.timed(lambda rows: ask(rows).to_dict(), even,
                                                         seconds)
calls.say(out, figures, answers)
