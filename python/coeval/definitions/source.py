"""Sources: where the facts of a view come from, and what their times mean."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from coeval.definitions.definition import (
    Definition,
    flag_of,
    list_of,
    text_of,
    texts_of,
    without_defaults,
)
from coeval.definitions.field import Field, fields_of
from coeval.definitions.keywords import CheckedKeywords
from coeval.definitions.values import Duration, duration_json, durations_from_json
from coeval.types import TypeLike, type_text


class ParquetFormat(metaclass=CheckedKeywords):
    """Parquet files."""

    name = "parquet"


class ArrowFormat(metaclass=CheckedKeywords):
    """Arrow IPC files and streams (Feather)."""

    name = "arrow"


class CsvFormat(metaclass=CheckedKeywords):
    """CSV files.

    `null_values` are the texts that mean null, in columns of strings too. `types` fixes the type of
    columns that shall not be guessed. `column_names` names the columns where there is no header.
    """

    name = "csv"

    def __init__(
        self,
        *,
        delimiter: str = ",",
        quote: str = '"',
        header: bool = True,
        null_values: Sequence[str] = ("",),
        types: Mapping[str, TypeLike] | None = None,
        column_names: Sequence[str] = (),
    ) -> None:
        self.delimiter = text_of(delimiter, "CsvFormat: delimiter")
        self.quote = text_of(quote, "CsvFormat: quote")
        self.header = flag_of(header, "CsvFormat: header")
        self.null_values: list[str] = list_of(null_values, "CsvFormat: null_values")
        self.types = {column: type_text(dtype) for column, dtype in (types or {}).items()}
        self.column_names: list[str] = list_of(column_names, "CsvFormat: column_names")

    def to_dict(self) -> dict[str, Any]:
        """What differs from the defaults, as plain data."""
        members: dict[str, Any] = {
            "delimiter": None if self.delimiter == "," else self.delimiter,
            "quote": None if self.quote == '"' else self.quote,
            "header": None if self.header else False,
            "types": self.types,
            "column_names": self.column_names,
        }
        if self.null_values != [""]:
            members["null_values"] = self.null_values or None
        csv = without_defaults(members)
        if self.null_values == []:
            csv["null_values"] = []
        return csv


FileFormat = ParquetFormat | CsvFormat | ArrowFormat | Literal["parquet", "csv", "arrow"]


class FileSource(Definition):
    """A batch source of files: Parquet, CSV or Arrow IPC.

        FileSource(
            name="weather_hourly",
            path="{data}/weather/*.parquet",
            timestamp_field="event_timestamp",
            data_delay=timedelta(hours=1),
            field_mapping={"origin": "airport"},
        )

    path: one file, a folder or a glob, absolute or relative to the repository; names in braces are
        bound by the configuration (`locations:` in coeval.yaml).
    timestamp_field: the column with the time at which a row was true.
    created_timestamp_column, created: when a row was written, and what that says: "version" (the
        default) only breaks ties, "arrival" means that the row was not known before.
    data_delay: how long after its time a row lands here; it is not served, nor trained on, earlier.
    sequence_field: an int64 column that breaks ties of rows of the same time.
    event_id_field: the column that tells events of a key apart, for aggregations: a row with the id
        of an earlier one corrects it. Without it rows that differ are different events.
    delete_field: a bool column; a row where it is true says that the key has no value from then on.
    timeless: the rows have no time: they are taken as true since for ever (hindsight).
    field_mapping: names of the source's columns -> names of features and join keys.
    file_format: ParquetFormat(), CsvFormat(...), ArrowFormat() or "parquet", "csv", "arrow";
        without it the ending of the path decides.
    hive_partitions: folders called key=value become columns.
    lateness, overlap: how late rows may come (rules 5.8, 7.7 of docs/semantics.md).
    max_future, allow_1970, on_bad_time: what counts as a mistake of units (3.5), and whether rows
        without a usable time are an "error" or are left out ("skip") and counted.

    Durations are timedeltas, or texts such as "1h". Without a name the source is named by its path.
    """

    kind = "source"

    def __init__(
        self,
        name: str = "",
        *,
        path: str | os.PathLike[str],
        timestamp_field: str = "",
        created_timestamp_column: str = "",
        created: Literal["version", "arrival"] = "version",
        data_delay: Duration | None = None,
        sequence_field: str = "",
        event_id_field: str = "",
        delete_field: str = "",
        timeless: bool = False,
        field_mapping: Mapping[str, str] | None = None,
        file_format: FileFormat | None = None,
        hive_partitions: bool = False,
        lateness: Duration | None = None,
        overlap: Duration | None = None,
        max_future: Duration | None = None,
        allow_1970: bool = False,
        on_bad_time: Literal["error", "skip"] = "error",
        description: str = "",
        tags: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> None:
        self.path = text_of(os.fspath(path), "FileSource: path")
        super().__init__(name or name_of_path(self.path), description, tags, owner)
        self.timestamp_field = text_of(timestamp_field, self._what("timestamp_field"))
        self.created_timestamp_column = text_of(
            created_timestamp_column, self._what("created_timestamp_column")
        )
        self.created = text_of(created, self._what("created"))
        self.sequence_field = text_of(sequence_field, self._what("sequence_field"))
        self.event_id_field = text_of(event_id_field, self._what("event_id_field"))
        self.delete_field = text_of(delete_field, self._what("delete_field"))
        self.timeless = flag_of(timeless, self._what("timeless"))
        self.field_mapping = texts_of(field_mapping, self._what("field_mapping"))
        self.hive_partitions = flag_of(hive_partitions, self._what("hive_partitions"))
        self.allow_1970 = flag_of(allow_1970, self._what("allow_1970"))
        self.on_bad_time = text_of(on_bad_time, self._what("on_bad_time"))
        self.data_delay, self.lateness = data_delay, lateness
        self.overlap, self.max_future = overlap, max_future
        self._durations = {
            "data_delay": duration_json(data_delay, self._what("data_delay")),
            "lateness": duration_json(lateness, self._what("lateness")),
            "overlap": duration_json(overlap, self._what("overlap")),
            "max_future": duration_json(max_future, self._what("max_future")),
        }
        self.file_format = file_format
        self._format = self._format_name(file_format)

    def to_dict(self) -> dict[str, Any]:
        members: dict[str, Any] = {
            "name": self.name,
            "kind": "file",
            "path": self.path,
            "format": self._format,
            "csv": self.file_format.to_dict() if isinstance(self.file_format, CsvFormat) else None,
            "hive_partitions": self.hive_partitions or None,
            "timestamp_field": self.timestamp_field,
            "created_timestamp_column": self.created_timestamp_column,
            "created": None if self.created == "version" else self.created,
            "sequence_field": self.sequence_field,
            "event_id_field": self.event_id_field,
            "delete_field": self.delete_field,
            "timeless": self.timeless or None,
            "field_mapping": self.field_mapping,
            "allow_1970": self.allow_1970 or None,
            "on_bad_time": None if self.on_bad_time == "error" else self.on_bad_time,
        }
        return without_defaults(members | self._durations | self._common())

    def _format_name(self, file_format: FileFormat | None) -> str | None:
        if file_format is None or isinstance(file_format, str):
            return file_format
        if isinstance(file_format, (ParquetFormat, CsvFormat, ArrowFormat)):
            return file_format.name
        raise TypeError(
            f"{self._what('file_format')}: ParquetFormat(), CsvFormat(), ArrowFormat() or a name "
            f"is expected, found {file_format!r}"
        )

    @classmethod
    def from_dict(cls, members: Mapping[str, Any]) -> FileSource:
        """The inverse of to_dict; durations come as timedeltas."""
        given = {key: value for key, value in members.items() if key not in ("kind", "where")}
        csv = given.pop("csv", None)
        file_format = given.pop("format", None)
        if csv:
            file_format = CsvFormat(**csv)
        durations_from_json(given, "data_delay", "lateness", "overlap", "max_future")
        source = cls(file_format=file_format, **given)
        source._place = None
        return source


class RequestSource(Definition):
    """What a request (or a spine) brings itself, for on-demand features.

    RequestSource(name="trip", schema=[Field("scheduled_departure", Timestamp)])
    """

    kind = "source"

    def __init__(
        self,
        name: str,
        *,
        schema: Sequence[Field],
        description: str = "",
        tags: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> None:
        super().__init__(name, description, tags, owner)
        self.schema = fields_of(schema, self._what("schema"))

    def to_dict(self) -> dict[str, Any]:
        schema = [field.to_dict() for field in self.schema]
        members: dict[str, Any] = {"name": self.name, "kind": "request", "schema": schema}
        return without_defaults(members | self._common())

    @classmethod
    def from_dict(cls, members: Mapping[str, Any]) -> RequestSource:
        """The inverse of to_dict."""
        schema = [Field.from_dict(field) for field in members["schema"]]
        common = {m: members[m] for m in ("description", "tags", "owner") if m in members}
        source = cls(members["name"], schema=schema, **common)
        source._place = None
        return source


class PushSource(Definition):
    """Facts that are handed over as they happen, in batches, to the views that read it.

        PushSource(name="clicks_push", batch_source=clicks_file)
        PushSource(
            name="rates_push",
            schema=[Field("currency", String), Field("rate", Float64)],
            timestamp_field="event_timestamp",
        )

    batch_source: the FileSource with the history of what is pushed, which is read beside it. What
        is not given here is as it is declared there.
    schema: the columns that are pushed, named as they are pushed; needed without a batch_source.
        The timestamp_field may be left out of it.
    timestamp_field: the column with the time at which a row was true.
    event_id_field: the column that tells events of a key apart, for aggregations; needed where a
        view with aggregations has a batch_source too, so that an event that comes both ways counts
        once.
    field_mapping: names of the pushed columns -> names of features and join keys.
    lateness: how late rows may come (rule 5.8 of docs/semantics.md).
    max_future: how far ahead of its arrival a row may be dated (rule 3.5).

    What is pushed is known from the moment at which it arrives: a push source has no created time
    and no delay of its own. Durations are timedeltas, or texts such as "1h".
    """

    kind = "source"

    def __init__(
        self,
        name: str,
        *,
        batch_source: FileSource | str | None = None,
        schema: Sequence[Field] | None = None,
        timestamp_field: str = "",
        event_id_field: str = "",
        field_mapping: Mapping[str, str] | None = None,
        lateness: Duration | None = None,
        max_future: Duration | None = None,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> None:
        super().__init__(name, description, tags, owner)
        if not isinstance(batch_source, (FileSource, str, type(None))):
            raise TypeError(
                f"{self._what('batch_source')}: a FileSource is expected, found {batch_source!r}"
            )
        self.batch_source = batch_source
        self.schema = fields_of(schema, self._what("schema"))
        self.timestamp_field = text_of(timestamp_field, self._what("timestamp_field"))
        self.event_id_field = text_of(event_id_field, self._what("event_id_field"))
        self.field_mapping = texts_of(field_mapping, self._what("field_mapping"))
        self.lateness, self.max_future = lateness, max_future
        self._durations = {
            "lateness": duration_json(lateness, self._what("lateness")),
            "max_future": duration_json(max_future, self._what("max_future")),
        }

    def to_dict(self) -> dict[str, Any]:
        batch = self.batch_source
        members: dict[str, Any] = {
            "name": self.name,
            "kind": "push",
            "batch_source": batch.name if isinstance(batch, FileSource) else batch,
            "schema": [field.to_dict() for field in self.schema],
            "timestamp_field": self.timestamp_field,
            "event_id_field": self.event_id_field,
            "field_mapping": self.field_mapping,
        }
        return without_defaults(members | self._durations | self._common())

    @classmethod
    def from_dict(cls, members: Mapping[str, Any]) -> PushSource:
        """The inverse of to_dict; the batch source stays a name, durations come as timedeltas."""
        given = {key: value for key, value in members.items() if key not in ("kind", "where")}
        given["schema"] = [Field.from_dict(field) for field in given.get("schema", [])]
        durations_from_json(given, "lateness", "max_future")
        source = cls(**given)
        source._place = None
        return source


DataSource = FileSource | PushSource | RequestSource

_KINDS: dict[str, type[DataSource]] = {
    "file": FileSource,
    "push": PushSource,
    "request": RequestSource,
}


def source_from_dict(members: Mapping[str, Any]) -> DataSource:
    """A source of any kind, as its to_dict gave it."""
    return _KINDS[members.get("kind", "file")].from_dict(members)


def name_of_path(path: str) -> str:
    """A name for a source without one: "{data}/weather/*.parquet" -> "data_weather_parquet"."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", path).strip("_")
    return name if name and not name[0].isdigit() else f"_{name}"
