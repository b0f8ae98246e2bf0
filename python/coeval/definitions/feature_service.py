"""FeatureService: the features of one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coeval.definitions.definition import Definition, list_of, without_defaults
from coeval.definitions.feature_view import FeatureViewProjection, Projectable, projection_of


class FeatureService(Definition):
    """A named list of features, for one model: what it is trained on is what it is served.

        FeatureService(
            name="departure_delay_v1",
            features=[weather[["temp", "humid"]].with_join_key_map({"airport": "origin"}), planes],
        )

    features: views, parts of them, or references ("weather:temp").
    """

    kind = "feature service"

    def __init__(
        self,
        name: str,
        *,
        features: Sequence[Projectable],
        description: str = "",
        tags: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> None:
        super().__init__(name, description, tags, owner)
        parts = list_of(features, self._what("features"))
        self._features = [projection_of(part, self._what("features")) for part in parts]
        self.version: int = 0

    @property
    def features(self) -> list[FeatureViewProjection]:
        """What it takes from each view, in order."""
        return list(self._features)

    @property
    def feature_view_projections(self) -> list[FeatureViewProjection]:
        """Feast's name of `features`."""
        return self.features

    def to_dict(self) -> dict[str, Any]:
        parts = [projection.to_dict() for projection in self._features]
        return without_defaults({"name": self.name, "features": parts} | self._common())

    @classmethod
    def from_dict(cls, members: Mapping[str, Any], version: int = 0) -> FeatureService:
        """The inverse of to_dict. `version`: its number in the registry it comes from."""
        common = {m: members[m] for m in ("description", "tags", "owner") if m in members}
        parts = [FeatureViewProjection.from_dict(part) for part in members.get("features", [])]
        service = cls(members["name"], features=parts, **common)
        service.version = version
        service._place = None
        return service
