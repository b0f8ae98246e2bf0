"""FeatureStore: one repository, opened."""

from __future__ import annotations

import datetime
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from coeval import _core
from coeval.checking import Checking
from coeval.comparing import Comparing
from coeval.definitions import (
    Entity,
    FeatureService,
    FeatureView,
    FeatureViewProjection,
    FileSource,
    OnDemandFeatureView,
    PushSource,
    RequestSource,
    to_json,
)
from coeval.definitions.source import source_from_dict
from coeval.errors import FailedPrecondition, InvalidArgument, NotFound
from coeval.explanation import Explanation
from coeval.frames import to_engine
from coeval.materialization import Materialized, materialize
from coeval.online_response import OnlineResponse
from coeval.plan import Plan
from coeval.progress import progress_bar
from coeval.pushing import Pushing
from coeval.request import FeaturesLike, RequestPlans, request_cells, request_of, view_references
from coeval.store_words import (
    KIND_NAMES,
    clock_text,
    closed_at_exit,
    facts_count,
    list_of,
    log,
    null_on_error_of,
    report_of,
)
from coeval.times import DurationLike, TimeLike, duration_micros, time_micros
from coeval.training_set import TrainingSet

Known = Literal["declared", "arrival", "hindsight"]
EntityRows = Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]] | Any


class FeatureStore(Pushing, Checking, Comparing):
    """One repository, opened: a folder with `coeval.yaml` and definitions.

        store = coeval.FeatureStore("examples/flights")
        store.plan()
        store.apply()

    repo_path: the repository's folder.
    env: the section of coeval.yaml's `environments` that counts (`--env` on the command line).
    clock: where `now` comes from: a time (a datetime or ISO 8601 text) that stands still, "@FILE"
        for a file that is read at each request, or None for the configured one, else this
        machine's. Data of the past are asked with a clock of the past: with today's every ttl has
        passed.
    settings: overrides of coeval.yaml: {"online_store.path": "/fast/online"}.

    Any number of threads may use a store. It is closed by close(), at the end of a `with`, when it
    is no longer used, or at the interpreter's end; what was materialized is on disk before the call
    that did it returns. What the engine has to say goes to the logger "coeval".

    Errors: NotFound where the folder has no coeval.yaml; InvalidArgument for a wrong configuration;
    FailedPrecondition where a newer release wrote the state.
    """

    def __init__(
        self,
        repo_path: str | os.PathLike[str] = ".",
        *,
        env: str | None = None,
        clock: TimeLike | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._path = os.fspath(repo_path)
        opened = _core.Store(
            repository=self._path,
            environment=env or "",
            overrides=dict(settings or {}),
            clock=clock_text(clock),
            python=sys.executable or "",
            log=log,
        )
        self._core = closed_at_exit(opened)
        self._plans = RequestPlans(self._core)

    @property
    def project(self) -> str:
        """The project's name, as in coeval.yaml."""
        return self._core.project

    @property
    def repo_path(self) -> str:
        """The folder as it was given."""
        return self._path

    @property
    def config(self) -> dict[str, Any]:
        """Every setting with where it comes from: {"serve.port": {"value": "6566", "from":
        "default"}}. Secrets are not shown."""
        config: dict[str, Any] = json.loads(self._core.config)
        return config

    def now(self) -> datetime.datetime:
        """What time it is for this store, in UTC."""
        return self._core.now()

    # -- definitions ------------------------------------------------------------------------------

    def plan(self, objects: Iterable[Any] | None = None, *, promote: bool = False) -> Plan:
        """What `apply` would do; nothing is changed.

        objects: definitions made here; None: those of the repository's files. Objects given here
            only add and change: what is not named stays as it is.

        Errors: InvalidArgument with all mistakes of all definitions, each with file, object and
        member.
        """
        return Plan(*report_of(self._core.plan(self._document(objects), objects is None, promote)))

    def apply(
        self, objects: Iterable[Any] | Any | None = None, *, promote: bool = False, who: str = ""
    ) -> Plan:
        """Brings the registry to what is defined: all of it, or nothing.

        objects: as in `plan`; also a single object.
        promote: on-demand views and services become active at once; stored views do so by
            themselves once they are materialized as far as the version before.
        who: for the history; by default user@host.

        Errors: InvalidArgument with all mistakes; FailedPrecondition where a definition that
        others use would go, with its users.
        """
        document = self._document(objects)
        report = self._core.apply(document, objects is None, promote, who)
        plan = Plan(*report_of(report))
        if plan.refused:
            raise FailedPrecondition(str(plan))
        return plan

    def promote(self, reference: str) -> Plan:
        """Makes a version active: promote("weather"), promote("weather@v2"). Moves no data."""
        return Plan(*report_of(self._core.promote(reference)))

    def rollback(self, name: str) -> Plan:
        """Makes the version active that was so before. Moves no data."""
        return Plan(*report_of(self._core.rollback(name)))

    def delete(self, name: str) -> Plan:
        """Removes a definition. Errors: FailedPrecondition where others use it, with their
        names."""
        return Plan(*report_of(self._core.delete(name)))

    def get_entity(self, name: str) -> Entity:
        """An entity of the registry. Errors: NotFound with the nearest name."""
        return Entity.from_dict(self._find("entities", name)["definition"])

    def get_data_source(self, name: str) -> FileSource | PushSource | RequestSource:
        """A source of the registry. Errors: NotFound."""
        return source_from_dict(self._find("sources", name)["definition"])

    def get_feature_view(self, name: str, version: int | None = None) -> FeatureView:
        """A feature view of the registry: its active version, or the one of that number; its
        schema is complete also where it was inferred. Errors: NotFound."""
        return FeatureView.from_dict(self._find("feature_views", name, version)["definition"])

    def get_on_demand_feature_view(
        self, name: str, version: int | None = None
    ) -> OnDemandFeatureView:
        """An on-demand feature view of the registry. Errors: NotFound."""
        found = self._find("on_demand_feature_views", name, version)
        return OnDemandFeatureView.from_dict(found["definition"])

    def get_feature_service(self, name: str, version: int | None = None) -> FeatureService:
        """A feature service of the registry, with the versions of views that it is pinned to.

        version: its number; None: the active one. Errors: NotFound."""
        found = self._find("feature_services", name, version)
        return FeatureService.from_dict(found["definition"], version=version or 0)

    def list_entities(self) -> list[Entity]:
        """All entities of the registry."""
        return [Entity.from_dict(found["definition"]) for found in self._all("entities")]

    def list_data_sources(self) -> list[FileSource | PushSource | RequestSource]:
        """All sources of the registry."""
        return [source_from_dict(found["definition"]) for found in self._all("sources")]

    def list_feature_views(self) -> list[FeatureView]:
        """All feature views, each in its active version."""
        return [FeatureView.from_dict(found["definition"]) for found in self._all("feature_views")]

    def list_on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        """All on-demand feature views, each in its active version."""
        found = self._all("on_demand_feature_views")
        return [OnDemandFeatureView.from_dict(item["definition"]) for item in found]

    def list_feature_services(self) -> list[FeatureService]:
        """All feature services, each in its active version."""
        found = self._all("feature_services")
        return [FeatureService.from_dict(item["definition"]) for item in found]

    # -- asking -----------------------------------------------------------------------------------

    def get_historical_features(
        self,
        entity_df: Any = None,
        features: FeaturesLike = (),
        full_feature_names: bool = False,
        *,
        start_date: TimeLike | None = None,
        end_date: TimeLike | None = None,
        known: Known = "declared",
        on_error: Literal["raise", "null"] = "raise",
        timestamp_column: str | None = None,
    ) -> TrainingSet:
        """A training set: for each row of `entity_df` the features as they would have been served
        at the row's time.

            made = store.get_historical_features(spine, features=["weather:temp", "planes:*"])
            made.to_df()

        entity_df: the rows to make it for, with join keys, request data, a time and anything else:
            a pandas, polars or pyarrow table, a DuckDB relation, anything that has
            `__arrow_c_stream__`, a dict of lists, a list of dicts. Every row comes back exactly
            once, in its order.
        features: a FeatureService (or its name), or references: "view:feature", "view:*",
            "view@v2:feature".
        full_feature_names: columns are called view__feature.
        start_date, end_date: instead of `entity_df`: a row for each key and each time between
            them, both included, at which its facts changed.
        known: which facts count as known at a time: "declared", as the sources say, which is what
            serving does; "arrival": every created time is an arrival; "hindsight": whatever there
            is.
        on_error: "raise": an expression that fails for a row fails the training set, with the
            first ten rows; "null": the value is null, as serving would have it.
        timestamp_column: the column of times; without it `event_timestamp`, or the only timestamp.

        Errors: NotFound and InvalidArgument that name the reference, column or row; TypeError where
        `entity_df` is no table. Ctrl-C stops it.
        """
        plan = self._plan_request(features, full_feature_names)
        null_on_error = null_on_error_of(on_error)
        if entity_df is None:
            return self._of_range(plan, start_date, end_date, known, null_on_error)
        if start_date is not None or end_date is not None:
            raise InvalidArgument("give either entity_df or start_date and end_date, not both")
        with progress_bar() as progress:
            made = self._core.training_set(
                plan,
                to_engine(entity_df, "entity_df"),
                known,
                null_on_error,
                timestamp_column or "",
                progress,
            )
        return TrainingSet(made, entity_df, self._core)

    def backfill(
        self,
        view: str | FeatureView | OnDemandFeatureView | FeatureViewProjection,
        start: TimeLike,
        end: TimeLike,
        every: DurationLike,
        *,
        known: Known = "declared",
        on_error: Literal["raise", "null"] = "raise",
    ) -> TrainingSet:
        """A view's features over a grid of times: what would have been served at each instant.

            made = store.backfill("spend", "2024-05-01", "2024-06-01", every="1h")

        view: its name ("spend", "spend@v2"), the view, or a part of it; plain or aggregated.
        start, end, every: the instants are start, start + every, ...; `end` is one of them if it
            lies on the grid. A duration is timedelta(hours=1) or "1h".
        known, on_error: as in get_historical_features.

        A row for each instant and each key that has an event by then: a fact that is true and
        known, whatever its age, and neither deleted nor retracted; by time, then by key.

        Errors: NotFound and InvalidArgument, also for a grid of too many rows.
        """
        references, service, version = request_of(view_references(view))
        plan = self._core.plan_request(references, service, version, False)
        grid = (time_micros(start, "start"), time_micros(end, "end"))
        step = duration_micros(every, "every")
        with progress_bar() as progress:
            made = self._core.backfill(plan, *grid, step, known, null_on_error_of(on_error), progress)
        return TrainingSet(made, None, self._core)

    def get_online_features(
        self,
        features: FeaturesLike,
        entity_rows: EntityRows,
        full_feature_names: bool = False,
        *,
        at: TimeLike | None = None,
    ) -> OnlineResponse:
        """The features of some keys as they are now, from the online store.

            store.get_online_features(["weather:temp"], [{"airport": "JFK"}]).to_dict()

        features, full_feature_names: as in get_historical_features.
        entity_rows: join keys and request data: a list of dicts, a dict of lists (for one row: of
            single values), or a table. A value is converted where nothing is lost (5.0 is a key 5;
            '5' is not; a time may be ISO 8601 text); None, NaN in a key and pandas' NA are null,
            which matches nothing. What the request does not need is left alone.
        at: another time than now; before what the online store remembers the sources are asked.

        Errors: NotFound and InvalidArgument that name reference, column and row; TooOld.
        """
        plan = self._plan_request(features, full_feature_names)
        cells, rows = request_cells(plan, entity_rows)
        time = None if at is None else time_micros(at, "at")
        return OnlineResponse(self._core.read_online(plan, cells, rows, time))

    def explain(
        self,
        features: FeaturesLike,
        entity_row: EntityRows,
        feature: str | None = None,
        *,
        at: TimeLike | None = None,
        known: Known = "declared",
        facts: int = 5,
    ) -> Explanation:
        """Why a feature has the value that it has for a key at a time: which fact won and which
        did not, which events fell into a window, which inputs an expression had.

            print(store.explain(["weather:temp"], {"airport": "JFK"}, at="2013-01-01T10:00:00Z"))

        features: as in get_historical_features.
        entity_row: join keys and request data of one row, as in get_online_features.
        feature: which of them to explain, where there are several: its name, "view__feature" or
            "view:feature".
        at: the time of the question; now.
        known: as in get_historical_features.
        facts: how many facts of each fate to show, those nearest to what decides.

        It answers from the sources, whatever the online store holds, and reads those of the feature
        once. Errors: NotFound with the nearest name; InvalidArgument. Ctrl-C stops it.
        """
        plan = self._plan_request(features, False)
        cells, rows = request_cells(plan, entity_row)
        if plan.request_columns and rows != 1:
            raise InvalidArgument(f"entity_row: one row is explained at a time, found {rows}")
        time = time_micros(self.now() if at is None else at, "at")
        with progress_bar() as progress:
            made = self._core.explain_key(
                plan, cells, time, feature or "", known, facts_count(facts), progress
            )
        return Explanation(made)

    # -- carrying ---------------------------------------------------------------------------------

    def materialize(
        self,
        start_date: TimeLike,
        end_date: TimeLike,
        feature_views: Sequence[str | FeatureView] | None = None,
    ) -> Materialized:
        """Carries the facts with a time between the two, both included, into the online store.

        feature_views: names ("weather", "weather@v2") or views; None: all that are online.

        Safe to interrupt and to repeat: the store is correct at any point, and a fact carried twice
        changes nothing. Errors: NotFound, InvalidArgument with the first bad rows, Unavailable
        where the process that owns the store does not answer.
        """
        start = time_micros(start_date, "start_date")
        return materialize(self._core, start, end_date, feature_views)

    def materialize_incremental(
        self, end_date: TimeLike, feature_views: Sequence[str | FeatureView] | None = None
    ) -> Materialized:
        """Carries what is new since the last time, up to `end_date`, late rows included.

        As `materialize` otherwise."""
        return materialize(self._core, None, end_date, feature_views)

    def describe(self, name: str) -> dict[str, Any]:
        """One object: definition, versions, schema, lineage, watermark, freshness, last runs."""
        described: dict[str, Any] = json.loads(self._core.describe(name))
        return described

    def runs(self, limit: int = 100) -> list[dict[str, Any]]:
        """The last runs, newest first: kind, view, interval, rows read and written, status."""
        return list_of(self._core.runs(limit))

    def history(self, limit: int = 100) -> list[dict[str, Any]]:
        """Who applied what when, newest first."""
        return list_of(self._core.history(limit))

    def training_sets(self, limit: int = 100) -> list[dict[str, Any]]:
        """The training sets that were made here, newest first, with their manifests."""
        return list_of(self._core.training_sets(limit))

    def doctor(self) -> list[dict[str, Any]]:
        """Checks of installation and repository: check, ok, detail, advice."""
        return list_of(self._core.doctor())

    def backup(self, folder: str | os.PathLike[str]) -> dict[str, Any]:
        """Writes a backup of the store into a new or empty folder: registry, online store, log of
        pushes and quarantine as they are at one moment. Reads and pushes go on.

        Gives backup (its path), time, files, bytes and records (pushes). `coeval verify` looks it
        over, and `coeval restore` brings it back. Errors: FailedPrecondition where there is
        something in the folder; after any error it holds no backup."""
        return dict(json.loads(self._core.backup(os.fspath(folder))))

    def close(self) -> None:
        """Lets the repository go, for other processes. A closed store answers nothing."""
        self._core.close()

    def __enter__(self) -> FeatureStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<FeatureStore {self._path!r}>"

    # -- inside -----------------------------------------------------------------------------------

    def _document(self, objects: Iterable[Any] | Any | None) -> str | None:
        if objects is None:
            return None
        if isinstance(objects, (str, bytes, Mapping)) or not isinstance(objects, Iterable):
            objects = [objects]
        return to_json(objects, self._path)

    def _plan_request(self, features: FeaturesLike, full_feature_names: bool) -> _core.FeaturePlan:
        return self._plans.get(features, full_feature_names)

    def _of_range(
        self,
        plan: _core.FeaturePlan,
        start_date: TimeLike | None,
        end_date: TimeLike | None,
        known: Known,
        null_on_error: bool,
    ) -> TrainingSet:
        if start_date is None or end_date is None:
            raise InvalidArgument("give entity_df, or both start_date and end_date")
        start, end = time_micros(start_date, "start_date"), time_micros(end_date, "end_date")
        with progress_bar() as progress:
            made = self._core.training_set_of_range(
                plan, start, end, known, null_on_error, progress
            )
        return TrainingSet(made, None, self._core)

    def _all(self, kind: str) -> list[dict[str, Any]]:
        """The objects of a kind; of versioned ones the active version, else the newest."""
        chosen: dict[str, dict[str, Any]] = {}
        for found in json.loads(self._core.catalogue())[kind]:
            name = found["definition"]["name"]
            if found.get("active") or not chosen.get(name, {}).get("active"):
                chosen[name] = found
        return list(chosen.values())

    def _find(self, kind: str, name: str, version: int | None = None) -> dict[str, Any]:
        listed = json.loads(self._core.catalogue())[kind]
        named = [found for found in listed if found["definition"]["name"] == name]
        if not named:
            names = sorted({found["definition"]["name"] for found in listed})
            what = KIND_NAMES[kind]
            raise NotFound(
                f"there is no {what} '{name}'{_core.did_you_mean(name, names)}; the registry has "
                f"{', '.join(names) if names else 'none: run apply first'}"
            )
        if version is None:
            return next((found for found in named if found.get("active")), named[-1])
        for found in named:
            if found.get("version") == version:
                return dict(found)
        numbers = ", ".join(str(found.get("version")) for found in named)
        raise NotFound(f"'{name}' has no version {version}; it has {numbers}")


__all__ = ["FeatureStore", "FeatureViewProjection"]
