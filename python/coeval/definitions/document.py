"""Objects -> the one document that the engine reads, whether they come from Python or YAML."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from coeval.definitions.definition import Definition
from coeval.definitions.entity import Entity
from coeval.definitions.feature_service import FeatureService
from coeval.definitions.feature_view import FeatureView, FeatureViewProjection, OnDemandFeatureView
from coeval.definitions.source import FileSource, PushSource, RequestSource

_LISTS: dict[type, str] = {
    Entity: "entities",
    FileSource: "sources",
    PushSource: "sources",
    RequestSource: "sources",
    FeatureView: "feature_views",
    OnDemandFeatureView: "on_demand_feature_views",
    FeatureService: "feature_services",
}


def to_document(objects: Iterable[Any], root: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """The document of `objects` and of all that they name by object, in the order given.

    Each object carries "where": the file and line where it was made, relative to `root` where it
    lies below it. Errors: TypeError for an object that is no definition.
    """
    found: dict[int, Definition] = {}
    for item in objects:
        _collect(item, found)
    kept = _without_repeats(found.values())
    key_types = _key_types(kept)
    document: dict[str, list[dict[str, Any]]] = {name: [] for name in _LISTS.values()}
    for definition in kept:
        members = definition.to_dict()
        if isinstance(definition, Entity):
            for key in members["join_keys"]:
                if "type" not in key and key["name"] in key_types:
                    key["type"] = key_types[key["name"]]
        if isinstance(definition, FeatureView):
            keys = _join_keys(definition, kept)
            schema = [
                field
                for field in members.get("schema", [])
                if keys.get(field["name"], "") not in (None, field["type"])
            ]
            if schema:
                members["schema"] = schema
            else:
                members.pop("schema", None)
        if definition.place is not None:
            members["where"] = definition.place.text(root)
        document[_LISTS[type(definition)]].append(members)
    return document


def to_json(objects: Iterable[Any], root: str | None = None) -> str:
    """to_document as JSON text."""
    return json.dumps(to_document(objects, root), ensure_ascii=False, allow_nan=False)


def _collect(item: Any, found: dict[int, Definition]) -> None:
    """Adds `item` after what it names."""
    if isinstance(item, FeatureViewProjection):
        item = item._definition
        if item is None:
            return
    kind = next((kind for kind in _LISTS if isinstance(item, kind)), None)
    if kind is None:
        raise TypeError(
            "a definition is expected (Entity, FileSource, PushSource, RequestSource, FeatureView, "
            f"OnDemandFeatureView, FeatureService), found {item!r}"
        )
    if id(item) in found:
        return
    for part in _named_by(item):
        _collect(part, found)
    found[id(item)] = item


def _named_by(item: Definition) -> list[Any]:
    if isinstance(item, FeatureView):
        above = [item.source] if isinstance(item.source, FeatureViewProjection) else []
        parts = (*item._entities, *item.source_list, *above)
        return [part for part in parts if not isinstance(part, str)]
    if isinstance(item, OnDemandFeatureView):
        requests = [source for source in item.request_sources if not isinstance(source, str)]
        return [*item.sources, *requests]
    if isinstance(item, FeatureService):
        return list(item.features)
    if isinstance(item, PushSource) and isinstance(item.batch_source, FileSource):
        return [item.batch_source]
    return []


def _without_repeats(definitions: Iterable[Definition]) -> list[Definition]:
    """Without those that say the same as an earlier one of that name and place, or of no place."""
    kept: list[Definition] = []
    seen: dict[tuple[str, str], list[Definition]] = {}
    for definition in definitions:
        same_name = seen.setdefault((_LISTS[type(definition)], definition.name), [])
        if any(
            other == definition and (other.place == definition.place or None in places)
            for other in same_name
            for places in [(other.place, definition.place)]
        ):
            continue
        same_name.append(definition)
        kept.append(definition)
    return kept


def _join_keys(view: FeatureView, definitions: Iterable[Definition]) -> dict[str, str | None]:
    """The join keys of a view's entities with their types, None where an entity has none."""
    names = set(view.entities)
    return {
        key: dtype.text if dtype else None
        for definition in definitions
        if isinstance(definition, Entity) and definition.name in names
        for key, dtype in definition.join_key_types.items()
    }


def _key_types(definitions: list[Definition]) -> dict[str, str]:
    """Types of join keys that the schemas of views name (as Feast's do)."""
    types: dict[str, str] = {}
    for definition in definitions:
        if not isinstance(definition, FeatureView):
            continue
        keys = _join_keys(definition, definitions)
        for field in definition.schema:
            if field.name in keys:
                types.setdefault(field.name, field.dtype.text)
    return types
