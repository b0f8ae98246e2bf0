"""Feature views, stored and on demand, and what is picked from them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from coeval.definitions.aggregation import Aggregation
from coeval.definitions.definition import (
    Definition,
    flag_of,
    list_of,
    text_of,
    texts_of,
    without_defaults,
)
from coeval.definitions.entity import Entity
from coeval.definitions.field import Field, fields_of
from coeval.definitions.source import DataSource, FileSource, PushSource, RequestSource
from coeval.definitions.values import Duration, duration_json, durations_from_json


class FeatureViewProjection:
    """What a service or an on-demand view takes from a view. Made by `view[["a", "b"]]`,
    `view.with_name("x")` and `view.with_join_key_map({...})`, in any order."""

    view: str
    """The view's name."""
    features: list[str]
    """The features taken; empty: all, in their declared order."""
    name_alias: str
    """The name that the view goes by here; "" is its own."""
    join_key_map: dict[str, str]
    """The view's join keys -> columns of requests and spines."""
    version: int
    """0: the active version."""

    def __init__(
        self,
        view: str,
        *,
        features: Sequence[str] = (),
        name_alias: str = "",
        join_key_map: Mapping[str, str] | None = None,
        version: int = 0,
        definition: FeatureView | OnDemandFeatureView | None = None,
    ) -> None:
        self.view = text_of(view, "FeatureViewProjection: view")
        self.features = [
            text_of(feature, f"{view}[...]: feature")
            for feature in list_of(features, f"{view}[...]")
        ]
        self.name_alias = text_of(name_alias, f"{view}: with_name")
        self.join_key_map = texts_of(join_key_map, f"{view}: with_join_key_map")
        if isinstance(version, bool) or not isinstance(version, int):
            raise TypeError(f"{view}: with_version: a whole number is expected, found {version!r}")
        self.version = version
        self._definition = definition

    @property
    def name(self) -> str:
        """The name that the view goes by here."""
        return self.name_alias or self.view

    def __getitem__(self, features: str | Sequence[str]) -> FeatureViewProjection:
        picked = copy.copy(self)
        picked.features = [features] if isinstance(features, str) else list_of(features, self.view)
        if not picked.features:
            raise ValueError(f"{self.view}[[]]: at least one feature is needed")
        for feature in picked.features:
            text_of(feature, f"{self.view}[...]: feature")
        return picked

    def with_name(self, name: str) -> FeatureViewProjection:
        """The same under another name: so that a view can be joined twice."""
        named = copy.copy(self)
        named.name_alias = text_of(name, f"{self.view}: with_name")
        return named

    def with_join_key_map(self, join_key_map: Mapping[str, str]) -> FeatureViewProjection:
        """The same, joined on other columns: {"airport": "origin"}."""
        mapped = copy.copy(self)
        mapped.join_key_map = texts_of(join_key_map, f"{self.view}: with_join_key_map")
        return mapped

    def with_version(self, version: int) -> FeatureViewProjection:
        """The same of one version, whichever is active: 1, 2, ..."""
        pinned = copy.copy(self)
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise ValueError(f"{self.view}: with_version: 1, 2, ... is expected, found {version!r}")
        pinned.version = version
        return pinned

    def to_dict(self) -> dict[str, Any]:
        """What it takes, as plain data."""
        members: dict[str, Any] = {
            "view": self.view,
            "version": self.version or None,
            "features": self.features,
            "alias": self.name_alias,
            "join_key_map": self.join_key_map,
        }
        return without_defaults(members)

    @classmethod
    def from_dict(cls, members: Mapping[str, Any] | str) -> FeatureViewProjection:
        """The inverse of to_dict."""
        if isinstance(members, str):
            return cls(members)
        return cls(
            members["view"],
            features=members.get("features", ()),
            name_alias=members.get("alias", ""),
            join_key_map=members.get("join_key_map"),
            version=members.get("version", 0),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FeatureViewProjection) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.view, self.name_alias, tuple(self.features)))

    def __repr__(self) -> str:
        text = repr(self.view)
        if self.features:
            text += f"[{self.features}]"
        if self.version:
            text += f".with_version({self.version})"
        if self.name_alias:
            text += f".with_name({self.name_alias!r})"
        if self.join_key_map:
            text += f".with_join_key_map({self.join_key_map})"
        return f"<FeatureViewProjection {text}>"


class _Projectable(Definition):
    """What can be picked from."""

    schema: list[Field]

    @property
    def projection(self) -> FeatureViewProjection:
        """All of the view."""
        return FeatureViewProjection(self.name, definition=self)  # type: ignore[arg-type]

    @property
    def features(self) -> list[Field]:
        """The features, without join keys that the schema may name."""
        return list(self.schema)

    def __getitem__(self, features: str | Sequence[str]) -> FeatureViewProjection:
        """Some of the features: view[["temp", "humid"]]."""
        return self.projection[features]

    def with_name(self, name: str) -> FeatureViewProjection:
        """The view under another name."""
        return self.projection.with_name(name)

    def with_join_key_map(self, join_key_map: Mapping[str, str]) -> FeatureViewProjection:
        """The view joined on other columns: {"airport": "origin"}."""
        return self.projection.with_join_key_map(join_key_map)

    def with_version(self, version: int) -> FeatureViewProjection:
        """One version of the view: 1, 2, ..."""
        return self.projection.with_version(version)


class FeatureView(_Projectable):
    """Facts of a source, by entity, served as they are; with `aggregations`, what functions over
    windows of its events give.

        FeatureView(
            name="weather",
            entities=[airport],
            ttl=timedelta(hours=3),
            schema=[Field("temp", Float64), Field("humid", Float64)],
            source=weather_source,
        )
        FeatureView(
            name="spending",
            entities=[user],
            aggregations=[
                Aggregation("amount", "sum", [timedelta(hours=1), timedelta(days=7)], name="spend"),
            ],
            expressions={"spend_share": "spend_1h / spend_7d"},
            source=payments,
        )

    entities: what the features are about; none: one global row.
    schema: the features. Without it they are taken from the source at the first apply, and then
        stay. Join keys of the entities may be named too; they are no features.
    ttl: how old a fact may be; None or 0: any age.
    source: a FileSource or a PushSource, or the name of one; several, of which one may be a
        PushSource, and whose facts then are one set, whatever their order; or an aggregated
        FeatureView (or `view.with_version(2)`), whose features at each multiple of `every` are the
        events of this view's aggregations.
    every: of a view over a view: from one reading of it to the next.
    aggregations: features over windows of the source's events; the schema then gives only types,
        defaults and descriptions of features that want others than the functions' own.
    expressions: further features, computed from the aggregations.
    online, offline: whether it can be served, and trained on.
    version: a label of this version, such as "1.2"; the number is given by `apply`.
    sla: how fresh the features are promised to be.
    """

    kind = "feature view"

    def __init__(
        self,
        name: str,
        *,
        source: FileSource
        | PushSource
        | str
        | Sequence[FileSource | PushSource | str]
        | FeatureView
        | FeatureViewProjection,
        entities: Sequence[Entity | str] | None = None,
        schema: Sequence[Field] | None = None,
        ttl: Duration | None = None,
        every: Duration | None = None,
        aggregations: Sequence[Aggregation] | None = None,
        expressions: Mapping[str, str] | None = None,
        online: bool = True,
        offline: bool = True,
        version: str = "latest",
        sla: Duration | None = None,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> None:
        super().__init__(name, description, tags, owner)
        self.source = _source_of(source, self._what("source"))
        self._entities = list_of(entities, self._what("entities"))
        for entity in self._entities:
            if not isinstance(entity, (Entity, str)):
                raise TypeError(
                    f"{self._what('entities')}: an Entity is expected, found {entity!r}"
                )
        self.schema = fields_of(schema, self._what("schema"))
        self.aggregations: list[Aggregation] = list_of(aggregations, self._what("aggregations"))
        for aggregation in self.aggregations:
            if not isinstance(aggregation, Aggregation):
                raise TypeError(
                    f"{self._what('aggregations')}: an Aggregation is expected, found "
                    f"{aggregation!r}"
                )
        self.expressions = texts_of(expressions, self._what("expressions"))
        self.inputs: list[Field] = []
        """The columns that the aggregations read, as they were at the first apply."""
        self.ttl, self.sla, self.every = ttl, sla, every
        self._every = duration_json(every, self._what("every"))
        self._ttl = duration_json(ttl, self._what("ttl"))
        self._sla = duration_json(sla, self._what("sla"))
        self.online = flag_of(online, self._what("online"))
        self.offline = flag_of(offline, self._what("offline"))
        self.version = _label(version, self._what("version"))

    @property
    def entities(self) -> list[str]:
        """The names of the entities."""
        return [entity if isinstance(entity, str) else entity.name for entity in self._entities]

    @property
    def features(self) -> list[Field]:
        keys = {key for e in self._entities if isinstance(e, Entity) for key in e.join_keys}
        return [field for field in self.schema if field.name not in keys]

    @property
    def entity_columns(self) -> list[Field]:
        """The fields of the schema that are join keys."""
        features = self.features
        return [field for field in self.schema if field not in features]

    def to_dict(self) -> dict[str, Any]:
        members: dict[str, Any] = {
            "name": self.name,
            "entities": self.entities,
            "schema": [field.to_dict() for field in self.schema],
            "ttl": self._ttl or None,
            **self._source_members(),
            "aggregations": [each for a in self.aggregations for each in a.to_dicts()],
            "expressions": self.expressions,
            "inputs": [field.to_dict() for field in self.inputs],
            "online": None if self.online else False,
            "offline": None if self.offline else False,
            "version_label": self.version,
            "sla": self._sla or None,
        }
        return without_defaults(members | self._common())

    def _source_members(self) -> dict[str, Any]:
        if isinstance(self.source, FeatureViewProjection):
            return {
                "source_view": self.source.view,
                "source_view_version": self.source.version or None,
                "every": self._every or None,
            }
        names = [s if isinstance(s, str) else s.name for s in self.source_list]
        chosen = {"sources": names} if isinstance(self.source, list) else {"source": names[0]}
        return {**chosen, "every": self._every or None}

    @property
    def source_list(self) -> list[Any]:
        """The sources, one or several; none of a view over a view."""
        if isinstance(self.source, FeatureViewProjection):
            return []
        return list(self.source) if isinstance(self.source, list) else [self.source]

    @classmethod
    def from_dict(cls, members: Mapping[str, Any]) -> FeatureView:
        """The inverse of to_dict; durations come as timedeltas."""
        given = {key: value for key, value in members.items() if key != "where"}
        given["schema"] = [Field.from_dict(field) for field in given.get("schema", [])]
        given["version"] = given.pop("version_label", "")
        given["aggregations"] = [Aggregation.from_dict(a) for a in given.get("aggregations", [])]
        inputs = [Field.from_dict(field) for field in given.pop("inputs", [])]
        durations_from_json(given, "ttl", "sla", "every")
        if "sources" in given:
            given["source"] = given.pop("sources")
        elif "source_view" in given:
            version = given.pop("source_view_version", 0)
            given["source"] = FeatureViewProjection(given.pop("source_view"), version=version)
        view = cls(**given)
        view.inputs = inputs
        view._place = None
        return view


class OnDemandFeatureView(_Projectable):
    """Features computed when they are asked for, from request data and features of stored views.

        OnDemandFeatureView(
            name="comfort",
            sources=[weather, trip],
            schema=[Field("dew_point_spread", Float64)],
            expressions={"dew_point_spread": "temp - dewp"},
        )

    sources: feature views, parts of them, and request sources. A feature is named plainly in an
        expression, or as view.feature where two sources have the same name.
    expressions: an SQL expression for each feature of the schema; the same code runs for one row
        when serving and for all rows of a training set. `now()` is the time of the question.
    """

    kind = "on-demand feature view"

    def __init__(
        self,
        name: str,
        *,
        sources: Sequence[FeatureView | FeatureViewProjection | RequestSource],
        schema: Sequence[Field],
        expressions: Mapping[str, str],
        version: str = "latest",
        description: str = "",
        tags: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> None:
        super().__init__(name, description, tags, owner)
        self.sources: list[FeatureViewProjection] = []
        self.request_sources: list[RequestSource | str] = []
        for source in list_of(sources, self._what("sources")):
            if isinstance(source, RequestSource):
                self.request_sources.append(source)
            elif isinstance(source, (FeatureView, OnDemandFeatureView)):
                self.sources.append(source.projection)
            elif isinstance(source, FeatureViewProjection):
                self.sources.append(source)
            else:
                raise TypeError(
                    f"{self._what('sources')}: a FeatureView, a part of one or a RequestSource is "
                    f"expected, found {source!r}"
                )
        self.schema = fields_of(schema, self._what("schema"))
        self.expressions = texts_of(expressions, self._what("expressions"))
        self.version = _label(version, self._what("version"))

    def to_dict(self) -> dict[str, Any]:
        requests = [s if isinstance(s, str) else s.name for s in self.request_sources]
        members: dict[str, Any] = {
            "name": self.name,
            "sources": [projection.to_dict() for projection in self.sources],
            "request_sources": requests,
            "schema": [field.to_dict() for field in self.schema],
            "expressions": self.expressions,
            "version_label": self.version,
        }
        return without_defaults(members | self._common())

    @classmethod
    def from_dict(cls, members: Mapping[str, Any]) -> OnDemandFeatureView:
        """The inverse of to_dict; request sources stay names."""
        common = {m: members[m] for m in ("description", "tags", "owner") if m in members}
        view = cls(
            members["name"],
            sources=[FeatureViewProjection.from_dict(p) for p in members.get("sources", [])],
            schema=[Field.from_dict(field) for field in members.get("schema", [])],
            expressions=members.get("expressions", {}),
            version=members.get("version_label", ""),
            **common,
        )
        view.request_sources = list(members.get("request_sources", []))
        view._place = None
        return view


Projectable = FeatureView | OnDemandFeatureView | FeatureViewProjection | str


def projection_of(part: Any, what: str) -> FeatureViewProjection:
    """A view, a part of one, or a reference ("weather", "weather:temp", "weather@v2:*")."""
    if isinstance(part, FeatureViewProjection):
        return part
    if isinstance(part, (FeatureView, OnDemandFeatureView)):
        return part.projection
    if not isinstance(part, str):
        raise TypeError(f"{what}: a view or a part of one is expected, found {part!r}")
    view, _, feature = part.partition(":")
    view, _, tag = view.partition("@")
    if tag and not (tag[0] in "vV" and tag[1:].isdigit()):
        raise ValueError(f"{what}: {part!r}: a version is written @v1, @v2, ...")
    return FeatureViewProjection(
        view,
        features=[] if feature in ("", "*") else [feature],
        version=int(tag[1:]) if tag else 0,
    )


def _source_of(source: Any, what: str) -> Any:
    """A source, a list of sources, or a projection of a view."""
    if isinstance(source, FeatureView):
        return source.projection
    if isinstance(source, FeatureViewProjection):
        if source.features or source.name_alias or source.join_key_map:
            raise TypeError(f"{what}: a whole view is expected, found {source!r}")
        return source
    several = isinstance(source, Sequence) and not isinstance(source, str)
    for each in source if several else [source]:
        if not isinstance(each, (DataSource, str)):
            raise TypeError(f"{what}: a FileSource or PushSource is expected, found {each!r}")
    return list(source) if several else source


def _label(version: Any, what: str) -> str:
    label = text_of(version, what)
    return "" if label == "latest" else label
