"""A repository on disk that a story fills, and stores opened on it."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import coeval
import pyarrow as pa
import pyarrow.parquet as pq
from coeval.definitions import FileSource, PushSource

from scenario.cells import UNITS, arrow_type


class Repository:
    """Folder with coeval.yaml, definitions, one Parquet file for each table of facts, a clock."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.tables: dict[str, list[pa.Table]] = {}
        self.project = "story"
        self._copies = 0
        (folder / "data").mkdir(parents=True)
        self.configure("")
        (folder / "definitions.yaml").write_text("")
        self.set_clock(0)

    def configure(self, more: str) -> None:
        text = f"project: {self.project}\nlocations: {{data: data}}\n"
        (self.folder / "coeval.yaml").write_text(text + more)

    def set_clock(self, nanos: int, name: str = "clock") -> None:
        """The clock of the stores that `open` gave under that name."""
        (self.folder / name).write_text(rfc3339(nanos) + "\n")

    def open(self, clock: str = "clock", **settings: str) -> coeval.FeatureStore:
        return coeval.FeatureStore(self.folder, clock=f"@{self.folder / clock}", settings=settings)

    def add_facts(self, source: str, table: pa.Table) -> None:
        self.tables.setdefault(source, []).append(table)
        self.write(self.folder / "data" / source, len(self.tables[source]) - 1, table)

    @staticmethod
    def write(folder: Path, number: int, table: pa.Table) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / f"{number:03}.parquet")

    def shuffled(self, seed: int, counted: set[str]) -> Path:
        """The same facts in another order, some of them twice, and in other files. Not twice where
        rows of a source are counted: they would be other events."""
        folder = self._copy("data")
        generator = random.Random(seed)
        for source, tables in self.tables.items():
            rows = [(t, i) for t, table in enumerate(tables) for i in range(table.num_rows)]
            if source not in counted:
                rows += generator.sample(rows, len(rows) // 2)
            generator.shuffle(rows)
            parts = [tables[t].slice(i, 1) for t, i in rows] or tables[:1]
            for number, part in enumerate(parts):
                self.write(folder / source, number, part)
        return folder

    def state_copy(self) -> Path:
        """A state folder with the registry and the log as they are, and no online store."""
        folder = self._copy("state")
        for path in (self.folder / ".coeval").iterdir():
            if path.is_file():
                shutil.copy(path, folder)
            elif path.name == "log":
                shutil.copytree(path, folder / "log")
        return folder

    def _copy(self, name: str) -> Path:
        self._copies += 1
        folder = self.folder / f"{name}{self._copies}"
        folder.mkdir()
        return folder


def rfc3339(nanos: int) -> str:
    """A time for the store's clock: microseconds."""
    days, rest = divmod(nanos, UNITS["d"])
    date = pa.scalar(days, pa.int32()).cast(pa.date32()).as_py()
    hour, rest = divmod(rest, UNITS["h"])
    minute, rest = divmod(rest, UNITS["m"])
    second, rest = divmod(rest, UNITS["s"])
    return f"{date}T{hour:02}:{minute:02}:{second:02}.{rest // 1000:06}Z"


def column_types(store: coeval.FeatureStore, source: str) -> dict[str, pa.DataType]:
    """The types of a source's columns, by what the definitions say of them."""
    types: dict[str, pa.DataType] = {}
    definition = store.get_data_source(source)
    ways_in = {source} | {
        other.name
        for other in store.list_data_sources()
        if isinstance(other, PushSource) and other.batch_source == source
    }
    shown: dict[str, str] = {}
    for view in store.list_feature_views():
        if not ways_in & set(view.source_list):
            continue
        read = view.inputs if view.aggregations else view.schema
        shown |= {field.name: field.dtype.text for field in read}
        for entity in view.entities:
            for key, kind in store.get_entity(entity).join_key_types.items():
                shown[key] = kind.text if kind else ""
    for name, kind in shown.items():
        types[name] = arrow_type(kind)
    if isinstance(definition, PushSource):
        batch = definition.batch_source
        if batch:
            types |= {k: v for k, v in column_types(store, batch).items() if k not in types}
        if definition.timestamp_field:
            types[definition.timestamp_field] = arrow_type("timestamp")
        types |= {field.name: arrow_type(field.dtype.text) for field in definition.schema or []}
    if isinstance(definition, FileSource):
        for column, name in (definition.field_mapping or {}).items():
            types[column] = types.get(name, pa.string())
        for column in (definition.timestamp_field, definition.created_timestamp_column):
            if column:
                types[column] = arrow_type("timestamp")
        if definition.sequence_field:
            types[definition.sequence_field] = pa.int64()
        if definition.delete_field:
            types[definition.delete_field] = pa.bool_()
    return types


def counted_sources(store: coeval.FeatureStore) -> set[str]:
    """Those whose equal rows are different events (rule 5.3)."""
    counted = set()
    for view in store.list_feature_views():
        for source in view.source_list:
            if view.aggregations and not store.get_data_source(source).event_id_field:
                counted.add(source)
    return counted


def key_types(store: coeval.FeatureStore) -> dict[str, pa.DataType]:
    """The types of join keys and of request fields, and of what a service calls them."""
    types: dict[str, pa.DataType] = {"event_timestamp": arrow_type("timestamp")}
    for entity in store.list_entities():
        for key, kind in entity.join_key_types.items():
            if kind is not None:
                types[key] = arrow_type(kind.text)
    for source in store.list_data_sources():
        if not isinstance(source, FileSource):
            types |= {field.name: arrow_type(field.dtype.text) for field in source.schema}
    for service in store.list_feature_services():
        for projection in service.features:
            for key, column in projection.join_key_map.items():
                if key in types:
                    types[column] = types[key]
    return types
