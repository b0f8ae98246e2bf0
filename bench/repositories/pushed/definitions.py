"""A push source of ten numbers of one integer entity, and the view that it feeds."""

from coeval import Entity, FeatureView, Field, PushSource
from coeval.types import Float64, Int64

entity = Entity(name="entity", join_keys=["entity"], value_type=Int64)
numbers = [Field(f"f{at}", Float64) for at in range(10)]
readings_push = PushSource(name="readings_push", timestamp_field="at",
                           schema=[Field("entity", Int64), *numbers])
readings = FeatureView(name="readings", entities=[entity], schema=numbers, source=readings_push)
