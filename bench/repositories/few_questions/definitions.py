"""W5's view over facts in order of time, with and without a ttl, and in order of keys."""

from coeval import Entity, FeatureService, FeatureView, Field, FileSource
from coeval.types import Float64, Int64

user = Entity(name="user", join_keys=["user"], value_type=Int64)
by_time = FileSource(
    name="by_time", path="{data}/by_time.parquet", timestamp_field="event_timestamp"
)
by_key = FileSource(name="by_key", path="{data}/by_key.parquet", timestamp_field="event_timestamp")
views = [
    FeatureView(
        name=name,
        entities=[user],
        schema=[Field(f"f{at}", Float64) for at in range(10)],
        source=source,
        ttl=ttl,
    )
    for name, source, ttl in (
        ("time", by_time, None),
        ("recent", by_time, "30d"),
        ("key", by_key, None),
    )
]
services = [FeatureService(name=f"{view.name}_v1", features=[view]) for view in views]
