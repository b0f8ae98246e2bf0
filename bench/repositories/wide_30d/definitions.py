"""The wide view of W5 with a ttl."""

from coeval import Entity, FeatureService, FeatureView, Field, FileSource
from coeval.types import Float64, Int64

user = Entity(name="user", join_keys=["user"], value_type=Int64)
facts = FileSource(name="facts", path="{data}/facts.parquet", timestamp_field="event_timestamp")
wide = FeatureView(
    name="wide",
    entities=[user],
    schema=[Field(f"f{at}", Float64) for at in range(10)],
    source=facts,
    ttl="30d",
)
wide_v1 = FeatureService(name="wide_v1", features=[wide])
