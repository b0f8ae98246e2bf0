"""Random views in a repository, asked through the SDK and asked of the model."""

from __future__ import annotations

import datetime
import random
import struct
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import coeval
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
from cases import (
    RandomView,
    asked_key,
    csv_text,
    fact_table,
    key_array,
    random_near_time,
    random_time,
    random_ttl,
    shaped,
    spine_table,
    time_array,
)
from coeval import CsvFormat, Entity, FeatureView, Field, FileSource
from model import asof
from model.facts import Fact, known_time
from model.values import same_bits, tie_key

EPOCH = datetime.datetime(1970, 1, 1)
CANONICAL = 0x7FF8000000000000


class World:
    """Some views in a repository of its own. `close` it."""

    def __init__(self, r: random.Random, folder: Path, views: list[RandomView]):
        self.r, self.folder, self.views = r, folder, views
        self.files: dict[str, int] = {}
        self.asked: Counter = Counter()  # questions by engine, values compared, online statuses
        history = r.choice(["5m", "3us", "1s", "0s"])
        folder.mkdir(parents=True)
        (folder / "coeval.yaml").write_text(
            "project: random\nlocations: {data: data}\n"
            f"online_store: {{online_history: {history}}}\n"
        )
        self.set_clock(views[0].base)
        self.store = self.open()
        self.store.apply([definition(view, view.view.ttl) for view in views])
        self.ttls = {view.name: [view.view.ttl] for view in views}  # of the versions, in order
        self.carried: dict[str, set[int]] = {view.name: set() for view in views}  # ttls

    def open(self) -> coeval.FeatureStore:
        return coeval.FeatureStore(self.folder, clock=f"@{self.folder / 'clock'}")

    def close(self) -> None:
        self.store.close()

    def set_clock(self, micros: int) -> None:
        (self.folder / "clock").write_text(rfc3339(micros))

    def land(self, view: RandomView, facts: list[Fact]) -> None:
        """Facts become readable: one or more files of any shape."""
        parts = 2 if view.united else self.r.choice([1, 1, 2]) if facts else 1
        for part in range(parts):
            folder = self.folder / "data" / source_names(view)[part if view.united else 0]
            folder.mkdir(parents=True, exist_ok=True)
            number = self.files[view.name] = self.files.get(view.name, 0) + 1
            path = folder / f"{number:03}.{view.file_format}"
            if view.file_format == "csv":
                path.write_text(csv_text(view, facts[part::parts]), encoding="utf-8")
                continue
            table = shaped(self.r, fact_table(self.r, view, facts[part::parts]))
            rows = self.r.choice([1, 3, 1000])
            if view.file_format == "parquet":
                pyarrow.parquet.write_table(table, path, row_group_size=rows)
            else:
                pyarrow.feather.write_feather(
                    table, str(path), chunksize=rows, compression="uncompressed"
                )

    # -- offline ----------------------------------------------------------------------------------

    def ask_offline(self, view: RandomView) -> None:
        questions = [
            (asked_key(self.r, view), random_time(self.r, view))
            for _ in range(self.r.choice([0, 1, 5, 25]))
        ]
        if questions and self.r.random() < 0.3:
            questions.append(questions[0])
        known = self.r.choice(["declared", "declared", "arrival", "hindsight"])
        spine, meant = spine_table(self.r, view, questions)
        expected = [asof.answer(view.view, view.facts, key, t, known).values for key, t in meant]
        for order in (list(range(len(meant))), self.r.sample(range(len(meant)), len(meant))):
            asked = spine.take(pa.array(order, pa.int64()))
            asked = shaped(self.r, asked) if order != sorted(order) else spine
            made = self.store.get_historical_features(
                asked, [f"{view.name}@v1:*"], known=known
            ).to_arrow()
            assert made["row"].to_pylist() == order
            self._compare(view, made, [expected[i] for i in order], [meant[i] for i in order],
                          f"offline, known={known}")  # fmt: skip
        self.asked["offline"] += len(meant)

    def ask_range(self, view: RandomView) -> None:
        """Rule 4.5: a row for each key and time at which a fact of it became visible."""
        start, end = sorted(random_near_time(self.r, view) for _ in range(2))
        known = self.r.choice(["declared", "declared", "arrival", "hindsight"])
        wanted = {
            (fact.key, max(fact.event_time, known_time(fact, known)))
            for fact in view.facts
            if None not in fact.key
        }
        wanted = {(key, time) for key, time in wanted if start <= time <= end}
        made = self.store.get_historical_features(
            None,
            [f"{view.name}@v1:*"],
            start_date=rfc3339(start),
            end_date=rfc3339(end),
            known=known,
        ).to_arrow()
        how = f"range from {start} to {end}, known={known}"
        rows = sorted(wanted, key=lambda row: (row[1], tie_key(row[0])))
        self._check_rows(view, made, rows, how)
        expected = [asof.answer(view.view, view.facts, *row, known).values for row in rows]
        self._compare(view, made, expected, rows, how)
        self.asked["range rows"] += len(rows)

    def ask_grid(self, view: RandomView) -> None:
        """A backfill: a row for each instant and each key that has an event by then."""
        start, end = sorted(random_near_time(self.r, view) for _ in range(2))
        every = max(1, (end - start) // self.r.choice([1, 3, 7, 16]) + self.r.choice([-1, 0, 0, 1]))
        known = self.r.choice(["declared", "declared", "arrival", "hindsight"])
        keys = {fact.key for fact in view.facts if None not in fact.key}
        rows = [
            (key, t)
            for t in range(start, end + 1, every)
            for key in sorted(keys, key=tie_key)
            if asof.has_event(view.facts, key, t, known)
        ]
        made = self.store.backfill(
            f"{view.name}@v1", rfc3339(start), rfc3339(end), f"{every}us", known=known
        ).to_arrow()
        how = f"backfill from {start} to {end} every {every}, known={known}"
        self._check_rows(view, made, rows, how)
        expected = [asof.answer(view.view, view.facts, *row, known).values for row in rows]
        self._compare(view, made, expected, rows, how)
        self.asked["grid rows"] += len(rows)

    def _check_rows(self, view: RandomView, made: pa.Table, wanted: list, how: str) -> None:
        keys = [plain_values(made[name], kind)
                for name, kind in zip(view.keys, view.key_types, strict=True)]  # fmt: skip
        times = made["event_timestamp"].cast(pa.int64()).to_pylist()
        rows = [(tuple(column[i] for column in keys), time) for i, time in enumerate(times)]
        if rows != wanted:
            raise AssertionError(f"{how}:\n  expected {wanted}\n  found    {rows}\n{view}")

    # -- online -----------------------------------------------------------------------------------

    def serve(self, moments: list[int], late: bool) -> None:
        """At each moment: what is known by then lands, is carried, and is asked. Where not `late`
        everything lies in the sources from the start."""
        waiting = {view.name: list(view.facts) for view in self.views}
        for moment in moments:
            self.set_clock(moment)
            for view in self.views:
                facts = waiting[view.name]
                now = [f for f in facts if not late or known_time(f) <= moment]
                if now or view.name not in self.files:
                    self.land(view, now)
                waiting[view.name] = [f for f in facts if late and known_time(f) > moment]
            if self.r.random() < 0.2:
                self.change_ttl(self.r.choice(self.views))
            self.carry(moment)
            for view in self.views:
                self._ask_online(view, moment)
            self._ask_all_online(moment)
            if self.r.random() < 0.2:  # an hour back: what was visible stays so (1.4)
                self.set_clock(moment - 3_600_000_000)
                for view in self.views:
                    assert self._ask_online(view, None) >= moment
        for view in self.views:
            if waiting[view.name]:
                self.land(view, waiting[view.name])
        self._serve_after_restart(moments[-1])

    def carry(self, end: int) -> None:
        """Materializes; what was carried for a ttl serves every version whose ttl is no longer."""
        for report in self.store.materialize_incremental(rfc3339(end)):
            name, _, version = report.view.partition("@v")
            self.carried[name].add(self.ttls[name][int(version) - 1])

    def served(self, view: RandomView) -> list[int]:
        """The versions whose facts were carried."""
        carried = self.carried[view.name]
        longest = 0 if 0 in carried else max(carried)
        return [
            number
            for number, ttl in enumerate(self.ttls[view.name], 1)
            if longest == 0 or 0 < ttl <= longest
        ]

    def change_ttl(self, view: RandomView) -> None:
        """Another version, which shares its data with those before it (8.2)."""
        if view.source.timeless:
            return
        ttls = self.ttls[view.name]
        ttl = random_ttl(self.r, view.step)
        self.store.apply([definition(view, ttl)])
        if ttl not in ttls:
            ttls.append(ttl)
        newest = self.store.describe(f"feature_view:{view.name}")["versions"]
        assert len(newest) == len(ttls), (newest, ttls)

    def _serve_after_restart(self, moment: int) -> None:
        """The store starts at its lease (1.4), a second ahead of what was answered at most."""
        if self.r.random() < 0.5:
            self.store.close()
            self.store = self.open()
        self.carry(moment + 2_000_000)
        for view in self.views:
            self._ask_online(view, None)

    def _ask_online(self, view: RandomView, moment: int | None) -> int:
        """At the store's own time where `moment` is None. Gives the time that was answered."""
        keys = [asked_key(self.r, view) for _ in range(4)] if view.keys else [(), ()]
        rows = [dict(zip(view.keys, map(request_value, key, view.key_types), strict=True))
                for key in keys]  # fmt: skip
        lag = self.r.choice([0, 0, 0, 1, 2, 50]) if moment is not None else 0
        at = None if lag == 0 else rfc3339(moment - lag)
        version = self.r.choice(self.served(view))
        law = replace(view.view, ttl=self.ttls[view.name][version - 1])
        answer = self.store.get_online_features([f"{view.name}@v{version}:*"], rows, at=at)
        t = micros(answer.time) if moment is None else moment - lag
        assert micros(answer.time) == t, f"asked at {t}, answered at {answer.time}"
        expected = [asof.answer(law, view.facts, key, t) for key in keys]
        questions = [(key, t) for key in keys]
        how = f"online at {moment}, asked {t}, v{version}, ttls {self.ttls[view.name]}"
        how += ", from offline" if answer.from_offline else ""
        self._compare(view, answer.to_arrow(), [e.values for e in expected], questions, how)
        for i, name in enumerate(view.features):
            for row, said in enumerate(expected):
                self.asked[said.status[i]] += 1
                found = (answer.statuses[name][row], answer.times[name][row])
                time = found[1] if found[1] is None else micros(found[1])
                if (found[0], time) != (said.status[i], said.time[i]):
                    raise AssertionError(
                        f"{how}: {name} of {keys[row]}\n"
                        f"  expected {said.status[i]} {said.time[i]}\n"
                        f"  found    {found[0]} {time}\n{view}"
                    )
        self.asked["online"] += len(keys)
        return t

    # -- all views in one question ----------------------------------------------------------------

    def ask_all_offline(self) -> None:
        """Features of all views, mixed, for one spine that has the keys of all of them."""
        times = [random_near_time(self.r, self.r.choice(self.views)) for _ in range(8)]
        keys = [[asked_key(self.r, view) for _ in times] for view in self.views]
        columns = {}
        for view, of_view in zip(self.views, keys, strict=True):
            for i, (name, kind) in enumerate(zip(view.keys, view.key_types, strict=True)):
                columns[name] = key_array(self.r, kind, [key[i] for key in of_view])
        columns["event_timestamp"] = time_array([t * 1000 for t in times], "us", None)
        references = self._mixed_references()
        made = self.store.get_historical_features(shaped(self.r, pa.table(columns)), references)
        self._compare_all(made.to_arrow(), references, keys, times, "offline, all views")

    def _ask_all_online(self, moment: int) -> None:
        keys = [[asked_key(self.r, view) for _ in range(3)] for view in self.views]
        rows: list[dict[str, Any]] = [{}, {}, {}]
        for view, of_view in zip(self.views, keys, strict=True):
            for row, key in zip(rows, of_view, strict=True):
                row |= zip(view.keys, map(request_value, key, view.key_types), strict=True)
        references = self._mixed_references()
        answer = self.store.get_online_features(references, rows)
        found = answer.to_arrow()
        self._compare_all(found, references, keys, [moment] * 3, "online, all views")

    def _mixed_references(self) -> list[str]:
        versions = {v.name: self.r.choice(self.served(v)) for v in self.views}
        references = [
            f"{v.name}@v{versions[v.name]}:{name}" for v in self.views for name in v.features
        ]
        return self.r.sample(references, self.r.randrange(1, len(references) + 1))

    def _compare_all(
        self, found: pa.Table, references: list[str], keys: list, times: list[int], how: str
    ) -> None:
        names = [reference.partition(":")[2] for reference in references]
        assert found.column_names[-len(names) :] == names, (how, found.column_names, names)
        for view, of_view in zip(self.views, keys, strict=True):
            for i, name in enumerate(view.features):
                if name not in names:
                    continue
                reference = references[names.index(name)]
                version = int(reference.partition(":")[0].partition("@v")[2])
                law = replace(view.view, ttl=self.ttls[view.name][version - 1])
                values = plain_values(found[name], view.feature_types[i])
                for value, key, t in zip(values, of_view, times, strict=True):
                    wanted = asof.answer(law, view.facts, key, t).values[i]
                    self.asked["values"] += 1
                    if not same_bits(value, wanted):
                        raise AssertionError(
                            f"{how} {references}: {name} of {key} at {t}\n"
                            f"  expected {wanted!r}\n  found    {value!r}\n{view}"
                        )

    # -- comparing --------------------------------------------------------------------------------

    def _compare(
        self, view: RandomView, found: pa.Table, expected: list[list], meant: list, how: str
    ) -> None:
        for i, (name, kind) in enumerate(zip(view.features, view.feature_types, strict=True)):
            values = plain_values(found[name], kind)
            assert len(values) == len(expected), how
            for row, (value, wanted) in enumerate(zip(values, expected, strict=True)):
                self.asked["values"] += 1
                if not same_bits(value, wanted[i]):
                    key, t = meant[row]
                    raise AssertionError(
                        f"{how}: {name} of {key} at {t}\n  expected {wanted[i]!r}\n"
                        f"  found    {value!r}\n{view}"
                    )


def definition(view: RandomView, ttl: int) -> FeatureView:
    source = view.source
    entities = [
        Entity(f"{view.name}_entity", join_keys=dict(zip(view.keys, view.key_types, strict=True)))
    ]
    fields = [
        Field(name, kind, default=default) if default is not None else Field(name, kind)
        for name, kind, default in zip(
            view.features, view.feature_types, view.view.defaults, strict=True
        )
    ]
    sources = [
        FileSource(
            name,
            path=f"{{data}}/{name}/*.{view.file_format}",
            timestamp_field="" if source.timeless else "at",
            created_timestamp_column="written" if view.created else "",
            created=source.created if view.created else "version",
            data_delay=f"{source.data_delay}us" if source.data_delay else None,
            sequence_field="number" if view.sequence else "",
            delete_field="gone" if view.deletes else "",
            timeless=source.timeless,
            max_future=f"{source.max_future}us",
            overlap=f"{source.max_future}us",  # whatever comes late is carried
            file_format=CsvFormat(null_values=["NA"]) if view.file_format == "csv" else None,
            allow_1970=True,
        )
        for name in source_names(view)
    ]
    return FeatureView(
        view.name,
        entities=entities if view.keys else [],
        schema=fields,
        ttl=f"{ttl}us" if ttl else None,
        source=sources if view.united else sources[0],
    )


def source_names(view: RandomView) -> list[str]:
    return [view.name, f"{view.name}_more"] if view.united else [view.name]


def request_value(value: Any, kind: str) -> Any:
    if value is not None and kind == "timestamp":
        return EPOCH + datetime.timedelta(microseconds=value)
    if value is not None and kind == "date":
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=value)
    return value


def plain_values(column: pa.ChunkedArray, kind: str) -> list[Any]:
    """As the model has them. Errors: AssertionError for a NaN that is not the one NaN."""
    if kind == "timestamp":
        return column.cast(pa.int64()).to_pylist()
    if kind == "date":
        return column.cast(pa.int32()).to_pylist()
    values = column.to_pylist()
    for value in values:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, float) and item != item:
                bits = struct.unpack("<Q", struct.pack("<d", item))[0]
                assert bits == CANONICAL, f"a NaN of other bits: {bits:#x}"
    return values


def rfc3339(micros: int) -> str:
    time = EPOCH + datetime.timedelta(microseconds=micros)
    return time.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + f".{time.microsecond:06}Z"


def micros(time: datetime.datetime) -> int:
    return (time.replace(tzinfo=None) - EPOCH) // datetime.timedelta(microseconds=1)
