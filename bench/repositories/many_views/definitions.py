"""Five views of ten doubles each without ttl, as W6 has them."""

from coeval import Entity, FeatureService, FeatureView, Field, FileSource
from coeval.types import Float64, Int64

user = Entity(name="user", join_keys=["user"], value_type=Int64)
sources = [
    FileSource(
        name=f"facts{view}",
        path=f"{{data}}/facts{view}.parquet",
        timestamp_field="event_timestamp",
    )
    for view in range(5)
]
views = [
    FeatureView(
        name=f"view{view}",
        entities=[user],
        schema=[Field(f"v{view}_f{at}", Float64) for at in range(10)],
        source=source,
    )
    for view, source in enumerate(sources)
]
many_v1 = FeatureService(name="many_v1", features=views)
