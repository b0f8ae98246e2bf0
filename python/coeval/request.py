"""What a user asks for, as the engine takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coeval.definitions import (
    FeatureService,
    FeatureView,
    FeatureViewProjection,
    OnDemandFeatureView,
)
from coeval.errors import InvalidArgument
from coeval.frames import kind_of, to_engine

if TYPE_CHECKING:
    from coeval._core import FeaturePlan, Store

FeaturesLike = (
    FeatureService | str | Sequence[str | FeatureView | OnDemandFeatureView | FeatureViewProjection]
)
"""A FeatureService, the name of one, references such as "weather:temp", or views and parts of
them."""


def request_of(features: FeaturesLike) -> tuple[list[str], str, int]:
    """(references, name of a service, its version). Errors: TypeError."""
    if isinstance(features, FeatureService):
        return [], features.name, features.version
    if isinstance(features, str):
        return ([features], "", 0) if ":" in features else ([], *_service_reference(features))
    if isinstance(features, Mapping) or not isinstance(features, Iterable):
        raise TypeError(
            "features: a FeatureService or a list of references such as 'weather:temp' is "
            f"expected, found {features!r}"
        )
    references: list[str] = []
    for feature in features:
        references += _references(feature)
    return references, "", 0


class RequestPlans:
    """The plans of requests that were made before: who asks for the same features again and again
    does not have them resolved each time. A plan counts until the registry changes. Threads: any."""

    _MOST = 256

    def __init__(self, core: Store) -> None:
        self._core = core
        self._plans: dict[Any, FeaturePlan] = {}

    def get(self, features: FeaturesLike, full_feature_names: bool) -> FeaturePlan:
        """The plan of a request. Errors: TypeError; what the engine says."""
        key = _key_of(features, full_feature_names)
        plan = self._plans.get(key) if key else None
        if plan is not None and self._core.is_current(plan):
            return plan
        plan = self._core.plan_request(*request_of(features), full_feature_names)
        if key:
            if len(self._plans) >= self._MOST:
                self._plans.clear()
            self._plans[key] = plan
        return plan


def _key_of(features: Any, full_feature_names: bool) -> Any:
    """What tells requests made of texts apart; None for others, which can be changed."""
    if type(features) is list:
        features = tuple(features) if set(map(type, features)) == {str} else None
    elif type(features) is not str:
        return None
    return (features, full_feature_names) if features else None


def view_references(view: Any) -> Any:
    """What `request_of` takes for all features of one view, or for a part of it."""
    if not isinstance(view, str):
        return [view]
    return [view if ":" in view else f"{view}:*"]


def request_cells(plan: FeaturePlan, entity_rows: Any) -> tuple[list[list[Any]], int]:
    """The values of each column that the plan needs, and how many rows there are.

    Errors: InvalidArgument that names the column and the row; TypeError where there is no table."""
    kind = kind_of(entity_rows)
    if kind == "rows":
        return _cells_of_rows(plan, entity_rows), len(entity_rows)
    if kind == "columns":
        columns = _columns_of_dict(entity_rows)
    else:
        from coeval import _core

        frame = _core.Frame.read(to_engine(entity_rows, "entity_rows"))
        needed = {name for name, *_ in plan.request_columns}
        columns = {
            name: frame.cells(i) if name in needed else [None] * frame.num_rows
            for i, name in enumerate(frame.names)
        }
    sizes = {name: len(values) for name, values in columns.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"'{name}' has {size}" for name, size in sizes.items())
        raise InvalidArgument(f"entity_rows: the columns differ in length: {told}")
    rows = next(iter(sizes.values()), 0)
    cells = []
    for name, _, needed_by, _ in plan.request_columns:
        if name not in columns:
            raise _missing(name, needed_by, list(columns))
        cells.append(columns[name])
    return cells, rows


def _columns_of_dict(entity_rows: Mapping[str, Any]) -> dict[str, list[Any]]:
    """A dict of lists, or, for one row, of single values."""
    single = [name for name, values in entity_rows.items() if not _is_list(values)]
    if single and len(single) == len(entity_rows):
        return {name: [value] for name, value in entity_rows.items()}
    if single:
        others = [name for name in entity_rows if name not in single]
        raise InvalidArgument(
            f"entity_rows: '{single[0]}' is one value and '{others[0]}' a list; give a list for "
            "each key, or one value for each"
        )
    return {name: list(values) for name, values in entity_rows.items()}


def _is_list(values: Any) -> bool:
    return isinstance(values, Iterable) and not isinstance(values, (str, bytes, Mapping))


def _cells_of_rows(plan: FeaturePlan, entity_rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    cells: list[list[Any]] = []
    for name, _, needed_by, _ in plan.request_columns:
        values = []
        for row, given in enumerate(entity_rows):
            if name not in given:
                raise _missing(name, needed_by, list(given), f", row {row}")
            values.append(given[name])
        cells.append(values)
    return cells


def _missing(name: str, needed_by: str, given: list[str], where: str = "") -> InvalidArgument:
    from coeval import _core

    return InvalidArgument(
        f"entity_rows{where}: '{name}' is missing ({needed_by}){_core.did_you_mean(name, given)}"
    )


def _service_reference(text: str) -> tuple[str, int]:
    """ "model" or "model@v2"."""
    name, _, tag = text.partition("@")
    if not tag:
        return name, 0
    if tag[0] not in "vV" or not tag[1:].isdigit():
        raise InvalidArgument(f"features: '{text}': a service's version is written @v1, @v2, ...")
    return name, int(tag[1:])


def _references(feature: Any) -> list[str]:
    if isinstance(feature, str):
        return [feature]
    if isinstance(feature, (FeatureView, OnDemandFeatureView)):
        feature = feature.projection
    if not isinstance(feature, FeatureViewProjection):
        raise TypeError(
            f"features: a reference such as 'weather:temp' or a view is expected, found {feature!r}"
        )
    if feature.name_alias or feature.join_key_map:
        raise InvalidArgument(
            f"features: {feature!r}: names and key maps belong to a feature service; define one"
        )
    view = feature.view + (f"@v{feature.version}" if feature.version else "")
    return [f"{view}:{name}" for name in feature.features or ["*"]]
