"""Four functions over 30 days of what had arrived by the question's time."""

from coeval import Aggregation, Entity, FeatureService, FeatureView, FileSource
from coeval.types import Int64

user = Entity(name="user", join_keys=["user"], value_type=Int64)
facts = FileSource(
    name="facts",
    path="{data}/facts.parquet",
    timestamp_field="event_timestamp",
    created_timestamp_column="created",
    created="arrival",
)
spending = FeatureView(
    name="spending",
    entities=[user],
    source=facts,
    aggregations=[
        Aggregation("amount", function, "30d", name=function, params=params)
        for function, params in {
            "max": {},
            "median": {"cap": 100_000},  # exact, whatever the window holds
            "count_distinct": {"cap": 100_000},
            "sum": {},
        }.items()
    ],
)
hot_v1 = FeatureService(name="hot_v1", features=[spending])
