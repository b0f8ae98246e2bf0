"""What people declare: entities, sources, feature views, services.

Pure Python; nothing here needs the engine. All of it is exported by `coeval` itself:

    from coeval import Entity, FeatureService, FeatureView, Field, FileSource
"""

from coeval.definitions.aggregation import Aggregation
from coeval.definitions.definition import Definition
from coeval.definitions.document import to_document, to_json
from coeval.definitions.entity import Entity
from coeval.definitions.feature_service import FeatureService
from coeval.definitions.feature_view import (
    FeatureView,
    FeatureViewProjection,
    OnDemandFeatureView,
)
from coeval.definitions.field import Field
from coeval.definitions.source import (
    ArrowFormat,
    CsvFormat,
    FileSource,
    ParquetFormat,
    PushSource,
    RequestSource,
)

__all__ = [
    "Aggregation",
    "ArrowFormat",
    "CsvFormat",
    "Definition",
    "Entity",
    "FeatureService",
    "FeatureView",
    "FeatureViewProjection",
    "Field",
    "FileSource",
    "OnDemandFeatureView",
    "ParquetFormat",
    "PushSource",
    "RequestSource",
    "to_document",
    "to_json",
]
