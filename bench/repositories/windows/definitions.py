"""Four functions over four windows, as W13 has them."""

from coeval import Aggregation, Entity, FeatureService, FeatureView, FileSource
from coeval.types import Int64

WINDOWS = {"1h": "1h", "1d": "24h", "7d": "7d", "30d": "30d"}

user = Entity(name="user", join_keys=["user"], value_type=Int64)
facts = FileSource(name="facts", path="{data}/facts.parquet", timestamp_field="event_timestamp")
spending = FeatureView(
    name="spending",
    entities=[user],
    source=facts,
    aggregations=[
        Aggregation(column="amount", function=function, time_window=length,
                    name=f"{function}_{window}")
        for window, length in WINDOWS.items()
        for function in ("count", "sum", "mean", "max")
    ],
)
spending_v1 = FeatureService(name="spending_v1", features=[spending])
