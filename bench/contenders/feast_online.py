"""feast_online.py REPOSITORY ENTITIES ASKED SECONDS OUT: Feast's get_online_features in this process,
over Redis."""

import json
import sys

import calls
import numpy as np
from feast import FeatureStore

repository, entities, asked, seconds, out = sys.argv[1:]
entities, asked, seconds = int(entities), json.loads(asked), float(seconds)
random = np.random.default_rng(1)
features = [f"view{at // 10}:f{at}" for at in range(50)]
even = [[{"entity": int(key)}] for key in random.integers(0, entities, 20_000)]
hundred = [[{"entity": int(key)} for key in random.integers(0, entities, 100)] for _ in range(500)]
store = FeatureStore(repo_path=repository)


def ask(rows):
    return store.get_online_features(features=features, entity_rows=rows)


answers = {key: ask([{"entity": key}]).to_dict() for key in asked}
figures = {
    "1 row to a dict, even keys": calls.timed(lambda rows: ask(rows).to_dict(), even, seconds),
    "100 rows to Arrow": calls.timed(lambda rows: ask(rows).to_arrow(), hundred, seconds),
}
calls.say(out, figures, answers)
