"""Plays a story: every statement is done or asked, every difference becomes a Failure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coeval
import pyarrow as pa

from scenario.cells import (
    UNITS,
    array_of,
    arrow_type,
    bits_of,
    micros_of,
    parse_time,
    shown,
)
from scenario.repository import (
    Repository,
    column_types,
    counted_sources,
    key_types,
    rfc3339,
)
from scenario.story import Statement, Story, StoryError, Table

SEED = 20130101


@dataclass
class Failure:
    line: int
    question: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.question}\n    expected {self.expected}\n    found    {self.found}"


class Mismatch(Exception):
    """Ends a statement that cannot be compared further."""


WRONG = (Mismatch, ArithmeticError, LookupError, TypeError, ValueError, pa.ArrowException)


class Player:
    """One story in one folder. Threads: one."""

    def __init__(self, story: Story, folder: Path):
        self.story = story
        self.repository = Repository(folder)
        self.store = self.repository.open()
        self.failures: list[Failure] = []
        self.day = ""
        self.clock = 0
        self.contents: dict[str, str] = {}  # label -> content hash of a training set
        self.answers = 0

    def play(self) -> list[Failure]:
        try:
            for statement in self.story.statements:
                self._play(statement)
                if len(self.failures) >= 10:
                    break
        finally:
            self.store.close()
        return self.failures

    # -- statements -------------------------------------------------------------------------------

    def _play(self, statement: Statement) -> None:
        options = statement.options()
        fails = options.get("fails", [])
        try:
            method = getattr(self, f"_do_{statement.verb}", None)
            if method is None:
                raise StoryError(f"{statement.line}: there is no statement '{statement.verb}'")
            method(statement, options)
        except coeval.CoevalError as error:
            text = f"{type(error).__name__}: {error}"
            for part in fails or ["no error"]:
                if not fails or part not in text:
                    self._fail(statement.line, statement.verb, part, text)
            return
        except WRONG as error:
            self._fail(statement.line, statement.verb, "a story that makes sense", str(error))
            return
        if fails:
            self._fail(statement.line, statement.verb, f"an error with '{fails[0]}'", "none")

    def _fail(self, line: int, question: str, expected: Any, found: Any) -> None:
        self.failures.append(Failure(line, question, str(expected), str(found)))

    def _do_day(self, statement: Statement, options: dict) -> None:
        self.day = statement.rest
        if not self.clock:
            self._set_clock(parse_time(self.day) + UNITS["d"] - UNITS["us"])

    def _do_clock(self, statement: Statement, options: dict) -> None:
        self._set_clock(self._time(statement.rest))

    def _set_clock(self, nanos: int) -> None:
        self.clock = nanos
        self.repository.set_clock(nanos)

    def _do_config(self, statement: Statement, options: dict) -> None:
        lines = [line.text[2:] for line in statement.block]
        self.repository.configure("\n".join(lines) + "\n")
        self._do_restart(statement, options)

    def _do_project(self, statement: Statement, options: dict) -> None:
        self.repository.project = statement.rest
        self.repository.configure("")
        self._do_restart(statement, options)

    def _do_restart(self, statement: Statement, options: dict) -> None:
        self.store.close()
        self.store = self.repository.open()

    def _do_define(self, statement: Statement, options: dict) -> None:
        (self.repository.folder / "definitions.yaml").write_text(statement.text())
        self._says(statement, options, str(self.store.apply(promote=statement.rest == "promoted")))

    def _do_plan(self, statement: Statement, options: dict) -> None:
        definitions = self.repository.folder / "definitions.yaml"
        kept = definitions.read_text()
        definitions.write_text(statement.text() or kept)
        self._says(statement, options, str(self.store.plan()))
        definitions.write_text(kept)

    def _do_promote(self, statement: Statement, options: dict) -> None:
        self._says(statement, options, str(self.store.promote(statement.rest)))

    def _do_rollback(self, statement: Statement, options: dict) -> None:
        self._says(statement, options, str(self.store.rollback(statement.rest)))

    def _do_delete(self, statement: Statement, options: dict) -> None:
        self._says(statement, options, str(self.store.delete(statement.rest)))

    def _do_describe(self, statement: Statement, options: dict) -> None:
        self._says(statement, options, json.dumps(self.store.describe(statement.rest)))

    def _says(self, statement: Statement, options: dict, text: str) -> None:
        for part in options.get("says", []):
            if part not in text:
                self._fail(statement.line, statement.verb, part, text)

    def _do_facts(self, statement: Statement, options: dict) -> None:
        source = statement.rest
        table = statement.table()
        if table is None:
            raise StoryError(f"{statement.line}: facts are a table")
        try:
            types = column_types(self.store, source)
        except coeval.NotFound:
            types = {}
        self.repository.add_facts(source, self._arrow(table, range(len(table.names)), types))

    def _do_push(self, statement: Statement, options: dict) -> None:
        """Rows to a push source, at the clock."""
        source, _, to = statement.rest.partition(" to ")
        table = statement.table()
        if table is None:
            raise StoryError(f"{statement.line}: a push is a table")
        types = column_types(self.store, source)
        rows = self._arrow(table, range(len(table.names)), types)
        self.store.push(source, rows, to=to or "online_and_offline")

    def _do_materialize(self, statement: Statement, options: dict) -> None:
        words = f" {statement.rest}".split(" of ")
        views = [view.strip() for view in words[1].split(",")] if len(words) > 1 else None
        start, _, end = words[0].strip().rpartition("to ")
        if start:
            done = self.store.materialize(
                rfc3339(self._time(start.removeprefix("from "))), rfc3339(self._time(end)), views
            )
        else:
            time = self._time(end) if end else self.clock
            done = self.store.materialize_incremental(rfc3339(time), views)
        for counts in options.get("counts", []):
            for count in counts.split(","):
                name, number = count.rsplit(None, 1)
                found = sum(getattr(view, name.strip().replace(" ", "_")) for view in done)
                if found != int(number):
                    self._fail(statement.line, statement.verb, count.strip(), found)

    # -- questions --------------------------------------------------------------------------------

    def _do_ask(self, statement: Statement, options: dict) -> None:
        """Offline, offline of the same facts in another order, and online at each of the times."""
        features, table = self._features(statement), self._expected_table(statement)
        spine = self._spine(table)
        made = self._historical(self.store, spine, features, options)
        self._check_content(statement, made, options)
        self._check_manifest(statement, made, options)
        found = made.to_arrow()
        names = [table.names[i] for i in range(table.given)]
        values = [name for name in table.names[table.given :] if "." not in name]
        if found.column_names != names + values:
            self._fail(statement.line, "offline: columns", names + values, found.column_names)
            return
        self._check_given(table, spine, found)
        self._check_values(table, "offline", found, made.types, None)
        self._ask_shuffled(table, spine, features, options, found)
        if "known" not in options and "offline only" not in options:
            views = sorted({f"{v['view']}@v{v['version']}" for v in made.manifest["views"]})
            self._ask_online(table, spine, features, options, found, views)

    def _historical(self, store: Any, spine: pa.Table, features: Any, options: dict) -> Any:
        return store.get_historical_features(
            spine,
            features,
            full_feature_names=options.get("names") == ["full"],
            known=options.get("known", ["declared"])[0],
            on_error=options.get("on_error", ["raise"])[0],
            timestamp_column=options.get("time column", [None])[0],
        )

    def _ask_shuffled(
        self, table: Table, spine: pa.Table, features: Any, options: dict, found: pa.Table
    ) -> None:
        folder = self.repository.shuffled(SEED, counted_sources(self.store))
        order = list(range(spine.num_rows))[::-1]
        state = self.repository.state_copy()
        with self.repository.open(**{"locations.data": str(folder), "state": str(state)}) as store:
            made = self._historical(store, taken(spine, order), features, options).to_arrow()
        for name in found.column_names[table.given :]:
            how = "offline, facts and rows in another order"
            self._check_equal(table, how, name, found[name], made[name], order)

    def _ask_online(
        self,
        table: Table,
        spine: pa.Table,
        features: Any,
        options: dict,
        found: pa.Table,
        views: list[str],
    ) -> None:
        """At each time of the spine: clock to it, materialize, ask; as a service does."""
        time_column = options.get("time column", ["event_timestamp"])[0]
        if time_column not in spine.column_names:
            return
        moments = [micros_of(bits) for bits in bits_of(spine[time_column])]
        state = str(self.repository.state_copy())
        names = spine.column_names
        request = spine.select([name for name in names if name != time_column])
        with self.repository.open("online_clock", state=state) as store:
            for moment in sorted(set(moments)):
                rows = [i for i, other in enumerate(moments) if other == moment]
                self.repository.set_clock(moment * 1000, "online_clock")
                if views:
                    store.materialize_incremental(rfc3339(moment * 1000), views)
                answer = store.get_online_features(
                    features, taken(request, rows), options.get("names") == ["full"]
                )
                self._check_served(table, "online", rows, answer, found)

    def _do_serve(self, statement: Statement, options: dict) -> None:
        """Online at the story's clock, and offline at the time that was answered."""
        features, table = self._features(statement), self._expected_table(statement)
        request = self._spine(table)
        full = options.get("names") == ["full"]
        at = rfc3339(self._time(options["at"][0])) if "at" in options else None
        answer = self.store.get_online_features(features, request, full, at=at)
        rows = list(range(request.num_rows))
        wanted = options.get("answered", [rfc3339(self._time(options["at"][0])) if at else ""])[0]
        origin = "offline" if answer.from_offline else "online"
        if wanted in ("offline", "online") and wanted != origin:
            self._fail(statement.line, "serve: answered", wanted, origin)
        if wanted.startswith("at "):
            time = (rfc3339(self._time(wanted[3:])), _rfc(answer.time))
            if time[0] != time[1]:
                self._fail(statement.line, "serve: answered at", *time)
        times = pa.array([answer.time] * request.num_rows, arrow_type("timestamp"))
        spine = request.append_column("event_timestamp", times)
        made = self._historical(self.store, spine, features, options | {"on_error": ["null"]})
        trained = made.to_arrow()
        before = len(self.failures)
        if "late" not in options:
            self._check_served(table, "online", rows, answer, trained)
            return
        self._check_served(table, "online", rows, answer, None)
        served = answer.to_arrow()
        if all(bits_of(served[n]) == bits_of(trained[n]) for n in answer.feature_names):
            if len(self.failures) == before:
                self._fail(statement.line, "serve: late", "another value offline", "the same")

    def _do_train(self, statement: Statement, options: dict) -> None:
        """A time range instead of a spine; the table is the whole result, in its order."""
        words, _, rest = statement.rest.partition(" from ")
        start, _, end = rest.partition(" to ")
        table = statement.table()
        made = self.store.get_historical_features(
            None,
            self._references(words),
            start_date=rfc3339(self._time(start)),
            end_date=rfc3339(self._time(end)),
            known=options.get("known", ["declared"])[0],
        )
        self._check_manifest(statement, made, options)
        self._check_whole(statement, table, made)

    def _do_backfill(self, statement: Statement, options: dict) -> None:
        """A view over a grid of times; the table is the whole result, in its order. The same rows
        as a spine give the same."""
        view, _, rest = statement.rest.partition(" from ")
        start, _, rest = rest.partition(" to ")
        end, _, every = rest.partition(" every ")
        known = options.get("known", ["declared"])[0]
        made = self.store.backfill(
            view, rfc3339(self._time(start)), rfc3339(self._time(end)), every, known=known
        )
        self._check_manifest(statement, made, options)
        self._check_whole(statement, statement.table(), made)
        rows = made.to_arrow()
        spine = rows.select([name for name in rows.column_names if name not in made.features])
        features = [feature.reference for feature in made.summary]
        again = self.store.get_historical_features(spine, features, known=known).to_arrow()
        for name in rows.column_names:
            if bits_of(again[name]) != bits_of(rows[name]):
                self._fail(statement.line, f"backfill, as a spine: {name}", rows[name], again[name])

    def _check_whole(self, statement: Statement, table: Table | None, made: Any) -> None:
        found = made.to_arrow()
        if table is None:
            return
        if found.column_names != table.names:
            raise Mismatch(f"the columns are {found.column_names}")
        types = [arrow_type(made.types[name] or "string") for name in table.names]
        cells = [[row[i] for _, row in table.rows] for i in range(len(table.names))]
        wanted = [bits_of(array_of(c, t, self.day)) for c, t in zip(cells, types, strict=True)]
        came = [bits_of(found[name]) for name in table.names]
        left, right = (
            [", ".join(map(shown, row)) for row in zip(*columns, strict=True)]
            for columns in (wanted, came)
        )
        self.answers += len(left)
        if left != right:
            self._fail(statement.line, statement.verb, "\n      ".join(left), "\n      ".join(right))

    # -- comparing --------------------------------------------------------------------------------

    def _check_served(
        self, table: Table, how: str, rows: list[int], answer: Any, trained: pa.Table | None
    ) -> None:
        served = answer.to_arrow()
        values = [name for name in table.names[table.given :] if "." not in name]
        if answer.feature_names != values:
            raise Mismatch(f"{how}: the features are {answer.feature_names}, not {values}")
        self._check_values(table, how, served, answer.types, rows)
        for name in values:
            if trained is not None:
                self._check_equal(
                    table, "online against offline", name, taken(trained, rows)[name], served[name]
                )
        for i, name in enumerate(table.names):
            feature, _, what = name.rpartition(".")
            if what == "status" and i >= table.given:
                found = answer.statuses[feature]
            elif what == "time" and i >= table.given:
                found = ["null" if t is None else _rfc(t) for t in answer.times[feature]]
            else:
                continue
            for row, status in zip(rows, found, strict=True):
                cell = table.rows[row][1][i]
                if what == "time" and cell != "null":
                    cell = rfc3339(self._time(cell))
                if status != cell:
                    question = f"{how}: {name} of {self._row(table, row)}"
                    self._fail(table.rows[row][0], question, cell, status)

    def _check_values(
        self, table: Table, how: str, found: pa.Table, types: dict, rows: list[int] | None
    ) -> None:
        rows = list(range(len(table.rows))) if rows is None else rows
        if found.num_rows != len(rows):
            raise Mismatch(f"{how}: {len(rows)} rows were asked for, {found.num_rows} came")
        for i in range(table.given, len(table.names)):
            name, kind = table.names[i], table.types[i]
            if "." in name:
                continue
            if kind and types[name] != kind:
                self._fail(table.line, f"{how}: type of {name}", kind, types[name])
            cells = [table.rows[row][1][i] for row in rows]
            wanted = bits_of(array_of(cells, arrow_type(types[name]), self.day))
            for row, bits, value in zip(rows, wanted, bits_of(found[name]), strict=True):
                self.answers += 1
                if bits != value:
                    line, question = table.rows[row][0], f"{how}: {name} of {self._row(table, row)}"
                    self._fail(line, question, shown(bits), shown(value))

    def _check_given(self, table: Table, spine: pa.Table, found: pa.Table) -> None:
        """Rule 4.1: the spine's columns come back as they were."""
        for name in spine.column_names:
            if found.schema.field(name).type != spine.schema.field(name).type:
                self._fail(table.line, f"offline: type of {name}", spine.schema.field(name).type,
                           found.schema.field(name).type)  # fmt: skip
            self._check_equal(table, "offline: given column", name, spine[name], found[name])

    def _check_equal(
        self, table: Table, how: str, name: str, a: Any, b: Any, order: list[int] | None = None
    ) -> None:
        left, right = bits_of(a), bits_of(b)
        if order is not None:
            left = [left[i] for i in order]
        if left != right:
            wanted, came = list(map(shown, left)), list(map(shown, right))
            self._fail(table.line, f"{how}: {name}", wanted, came)

    def _check_content(self, statement: Statement, made: Any, options: dict) -> None:
        for text in options.get("content", []):
            content, hashed = text.split(), made.manifest["content_hash"]
            if content[0] == "as":
                if self.contents[content[1]] != hashed:
                    self._fail(statement.line, "content hash", self.contents[content[1]], hashed)
            elif content[0] == "unlike":
                if self.contents[content[1]] == hashed:
                    self._fail(statement.line, "content hash", f"another than {content[1]}", hashed)
            else:
                self.contents[content[0]] = hashed

    def _check_manifest(self, statement: Statement, made: Any, options: dict) -> None:
        """`manifest: rows = 3`; `views.0.version = 1`."""
        for text in options.get("manifest", []):
            path, _, wanted = text.partition(" = ")
            value: Any = made.manifest
            for part in path.split("."):
                value = value[int(part)] if part.isdigit() else value.get(part)
            if json.dumps(value).strip('"') != wanted:
                self._fail(statement.line, f"manifest {path}", wanted, json.dumps(value))

    # -- small things -----------------------------------------------------------------------------

    def _time(self, text: str) -> int:
        text = text.strip()
        if text.startswith(("+", "-")):
            return self.clock + parse_time("1970-01-01" + text)
        return parse_time(text, self.day)

    def _features(self, statement: Statement) -> Any:
        return self._references(statement.rest)

    def _references(self, text: str) -> Any:
        if text.startswith("service "):
            return text.removeprefix("service ").strip()
        return [reference.strip() for reference in text.split(",")]

    def _expected_table(self, statement: Statement) -> Table:
        table = statement.table()
        if table is None:
            raise StoryError(f"{statement.line}: a question is a table")
        return table

    def _spine(self, table: Table) -> pa.Table:
        return self._arrow(table, range(table.given), key_types(self.store))

    def _arrow(self, table: Table, columns: range, types: dict[str, pa.DataType]) -> pa.Table:
        arrays = []
        for i in columns:
            name, text = table.names[i], table.types[i]
            if not text and name not in types:
                raise StoryError(f"{table.line}: column {name} needs a type: `{name}: int64`")
            kind = arrow_type(text) if text else types[name]
            arrays.append(array_of([row[i] for _, row in table.rows], kind, self.day))
        return pa.table(arrays, [table.names[i] for i in columns])

    def _row(self, table: Table, row: int) -> str:
        cells = table.rows[row][1]
        given = [f"{table.names[i]}={cells[i]}" for i in range(table.given)]
        return ", ".join(given) or "the one row"


def taken(table: pa.Table, rows: list[int]) -> pa.Table:
    return table.take(pa.array(rows, pa.int64()))


def _rfc(time: Any) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond:06}Z"
