"""feast_history.py REPOSITORY SPINE ANSWER: Feast's get_historical_features; one call, from files, in a
process that has answered before."""

import sys

import pyarrow.parquet as pq
import questions
from feast import FeatureStore

repository, spine, answer = sys.argv[1:]
store = FeatureStore(repo_path=repository)
service = store.get_feature_service("wide_v1")
entities = pq.read_table(spine).to_pandas()
made = questions.call(lambda: store.get_historical_features(entities, service).to_arrow())
pq.write_table(made, answer)
