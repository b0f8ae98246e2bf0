"""The wide view of W5 for Feast, without ttl; it takes the folder from the environment."""

import os
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Float64

user = Entity(name="user", join_keys=["user"], value_type=ValueType.INT64)
facts = FileSource(
    name="facts",
    path=os.environ["COEVAL_BENCH_FACTS"],
    timestamp_field="event_timestamp",
)
wide = FeatureView(
    name="wide",
    entities=[user],
    ttl=timedelta(0),
    schema=[Field(name=f"f{at}", dtype=Float64) for at in range(10)],
    source=facts,
)
wide_v1 = FeatureService(name="wide_v1", features=[wide])
