"""The same five views for Feast, without ttl; they take the folder from the environment."""

import os
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Int64

entity = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)
facts = FileSource(
    name="facts",
    path=os.environ["COEVAL_BENCH_FACTS"],
    timestamp_field="event_timestamp",
)
views = [
    FeatureView(
        name=f"view{view}",
        entities=[entity],
        ttl=timedelta(0),
        schema=[Field(name=f"f{view * 10 + at}", dtype=Int64) for at in range(10)],
        source=facts,
    )
    for view in range(5)
]
view0, view1, view2, view3, view4 = views
fifty = FeatureService(name="fifty", features=views)
