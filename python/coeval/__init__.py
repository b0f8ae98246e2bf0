"""Coeval: a feature store. What a model is trained on is what it is served, bit for bit.

    import coeval

    store = coeval.FeatureStore("examples/flights")
    store.apply()
    training = store.get_historical_features(entity_df=spine, features=["weather:temp"]).to_df()
    store.materialize_incremental(datetime.now(timezone.utc))
    store.get_online_features(["weather:temp"], [{"airport": "JFK"}]).to_dict()

    coeval.asof_join(orders, prices, on="time", by="product")  # no repository needed
    coeval.window(orders, visits, by="user", aggregates={"visits_7d": "count() over 7d"})

Definitions (Entity, FeatureView, ...) are pure Python; the engine is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coeval import types
from coeval.definitions import (
    Aggregation,
    ArrowFormat,
    CsvFormat,
    Entity,
    FeatureService,
    FeatureView,
    FeatureViewProjection,
    Field,
    FileSource,
    OnDemandFeatureView,
    ParquetFormat,
    PushSource,
    RequestSource,
)
from coeval.errors import (
    AlreadyExists,
    Cancelled,
    CoevalError,
    Corruption,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    IoError,
    NotFound,
    TooOld,
    Unavailable,
)
from coeval.types import ValueType

if TYPE_CHECKING:
    from coeval.asof import asof_join
    from coeval.checking import Damage, Verified
    from coeval.comparing import KeyDifference, OnlineDiff
    from coeval.explanation import Explanation
    from coeval.materialization import Materialized
    from coeval.online_response import OnlineResponse
    from coeval.plan import Plan
    from coeval.pushing import Pushed, PushMode, Quarantined
    from coeval.store import FeatureStore
    from coeval.training_set import TrainingSet
    from coeval.windows import window

__version__ = "0.1.0"

__all__ = [
    "Aggregation",
    "AlreadyExists",
    "ArrowFormat",
    "Cancelled",
    "CoevalError",
    "Corruption",
    "CsvFormat",
    "Damage",
    "Entity",
    "Explanation",
    "FailedPrecondition",
    "FeatureService",
    "FeatureStore",
    "FeatureView",
    "FeatureViewProjection",
    "Field",
    "FileSource",
    "Internal",
    "InvalidArgument",
    "IoError",
    "KeyDifference",
    "Materialized",
    "NotFound",
    "OnDemandFeatureView",
    "OnlineDiff",
    "OnlineResponse",
    "ParquetFormat",
    "Plan",
    "PushMode",
    "PushSource",
    "Pushed",
    "Quarantined",
    "RequestSource",
    "TooOld",
    "TrainingSet",
    "Unavailable",
    "ValueType",
    "Verified",
    "__version__",
    "asof_join",
    "types",
    "window",
]

# What needs the engine, and where it is.
_ENGINE = {
    "Damage": "coeval.checking",
    "Explanation": "coeval.explanation",
    "FeatureStore": "coeval.store",
    "KeyDifference": "coeval.comparing",
    "Materialized": "coeval.materialization",
    "OnlineDiff": "coeval.comparing",
    "OnlineResponse": "coeval.online_response",
    "Plan": "coeval.plan",
    "PushMode": "coeval.pushing",
    "Pushed": "coeval.pushing",
    "Quarantined": "coeval.pushing",
    "TrainingSet": "coeval.training_set",
    "Verified": "coeval.checking",
    "asof_join": "coeval.asof",
    "window": "coeval.windows",
}


def __getattr__(name: str) -> Any:
    if name not in _ENGINE:
        raise AttributeError(f"module 'coeval' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_ENGINE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_ENGINE})
