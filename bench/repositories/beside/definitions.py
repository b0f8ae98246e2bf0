"""Five views of ten integers each, of one integer entity, and one that is pushed to."""

from coeval import Entity, FeatureView, Field, FileSource, PushSource
from coeval.types import Float64, Int64

entity = Entity(name="entity", join_keys=["entity"], value_type=Int64)
facts = FileSource(name="facts", path="{data}/facts.parquet", timestamp_field="event_timestamp")
views = [
    FeatureView(
        name=f"view{view}",
        entities=[entity],
        schema=[Field(f"f{view * 10 + at}", Int64) for at in range(10)],
        source=facts,
    )
    for view in range(5)
]
numbers = [Field(f"x{at}", Float64) for at in range(10)]
readings_push = PushSource(
    name="readings_push",
    timestamp_field="at",
    schema=[Field("entity", Int64), *numbers],
)
readings = FeatureView(name="readings", entities=[entity], schema=numbers, source=readings_push)
