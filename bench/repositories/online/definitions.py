"""Five views of ten integers each, of one integer entity."""

from coeval import Entity, FeatureService, FeatureView, Field, FileSource
from coeval.types import Int64

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
fifty = FeatureService(name="fifty", features=views)
