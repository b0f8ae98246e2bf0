"""Ten views of a hundred doubles each by a key of text, as W7 has them."""

from coeval import Entity, FeatureService, FeatureView, Field, FileSource
from coeval.types import Float64, String

user = Entity(name="user", join_keys=["user"], value_type=String)
sources = [
    FileSource(
        name=f"facts{view}",
        path=f"{{data}}/facts{view}.parquet",
        timestamp_field="event_timestamp",
    )
    for view in range(10)
]
views = [
    FeatureView(
        name=f"view{view}",
        entities=[user],
        schema=[Field(f"v{view}_f{at}", Float64) for at in range(100)],
        source=source,
    )
    for view, source in enumerate(sources)
]
strings_v1 = FeatureService(name="strings_v1", features=views)
