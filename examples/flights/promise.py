"""The promise: what a model is trained on is what it would have been served then, bit for bit.

At each moment, in time order: the clock is set to it, what is known by then is carried to the
online store, every flight of the moment is asked over HTTP, and each value is compared with the
training set.
"""

from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from moments import Ties
from prepare import WEATHER
from progress import DemoError, Progress
from served import Answer, as_json, request_body, same_bits
from server import ClockFile, Server, iso

HOUR = 3_600_000_000
LEAST_NON_NULL = 0.8
LEAST_EXPIRED = 500
LEAST_TIES = 500
LEAST_LATE = 500
NEWEST_METRIC = "coeval_newest_event_timestamp_seconds"
STATUSES = {"PRESENT", "NULL_VALUE", "OUTSIDE_MAX_AGE", "NOT_FOUND", "INVALID"}


@dataclass
class Tally:
    """What was seen on the way."""

    moments: int = 0
    rows: int = 0
    values: int = 0  # that were asked for: each feature of each row
    equal: int = 0  # of these, compared one by one
    non_null: int = 0
    expired: int = 0
    ties: int = 0
    late: int = 0  # of windows, that reports which came late or were corrected made others
    statuses: dict[str, int] = field(default_factory=lambda: dict.fromkeys(sorted(STATUSES), 0))

    def check(self) -> None:
        """Equal values prove something only where there was something to get wrong."""
        if self.equal != self.values or self.values == 0:
            raise DemoError(f"{self.equal:,} of {self.values:,} values equal")
        if self.non_null < LEAST_NON_NULL * self.values:
            raise DemoError(f"only {self.non_null:,} of {self.values:,} values are not null")
        if self.expired < LEAST_EXPIRED:
            raise DemoError(
                f"only {self.expired:,} expired values, at least {LEAST_EXPIRED} wanted"
            )
        if self.ties < LEAST_TIES:
            raise DemoError(f"only {self.ties:,} ties, at least {LEAST_TIES} wanted")
        if self.late < LEAST_LATE:
            raise DemoError(
                f"late reports changed only {self.late:,} values, at least {LEAST_LATE} wanted"
            )


def count_others(training_set: pa.Table, other: pa.Table, features: list[str]) -> int:
    """In how many values, of the same rows, two training sets differ."""
    return sum(
        not same_bits(a, b)
        for name in features
        for a, b in zip(as_json(training_set[name]), as_json(other[name]), strict=True)
    )


def row_text(question: dict) -> str:
    """flight_id=7, origin=JFK, tailnum=null, ..."""

    def cell(value: object) -> str:
        if value is None:
            return "null"
        return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else str(value)

    return ", ".join(f"{name}={cell(value)}" for name, value in question.items())


class Promise:
    """Compares `server` with `training_set`, whose rows are those of `spine` in order.

    features: the names to compare. Any difference is a DemoError that shows the row.
    """

    def __init__(
        self,
        service: str,
        spine: pa.Table,
        training_set: pa.Table,
        features: list[str],
        ties: Ties,
    ):
        # In one piece each: of many, `take` copies all of them for a few rows.
        self.spine, self.training_set = spine.combine_chunks(), training_set.combine_chunks()
        self.service = service
        self.features = features
        self.ties = ties
        self.tally = Tally()

    def keep(self, server: Server, clock: ClockFile, moments: list[int]) -> Tally:
        """All the moments, with one restart of the server in the middle."""
        at = self.spine["event_timestamp"].cast(pa.int64())
        with Progress("moments", len(moments)) as progress:
            for number, moment in enumerate(moments):
                if number == len(moments) // 2:
                    server.restart()
                rows = pc.indices_nonzero(pc.equal(at, moment))
                self.compare(moment, rows, self.ask(server, clock, moment, rows))
                progress.advance(1, f"{iso(moment)}, {self.tally.values:,} values equal")
            self.check_nothing_later(server, clock, moments[-1])
        return self.tally

    def ask(self, server: Server, clock: ClockFile, moment: int, rows: pa.Array) -> Answer:
        """What is served for the spine's `rows` at the moment, after what is known was carried."""
        clock.set(moment)
        server.post("/materialize-incremental", {"end_ts": iso(moment)})
        asked = self.spine.take(rows)
        answer = Answer(server.post("/get-online-features", request_body(self.service, asked)))
        answer.check_shape(self.features, len(rows))
        self.check_store(server, moment)
        return answer

    def compare(self, moment: int, rows: pa.Array, answer: Answer) -> None:
        """Each value of `rows` with the training set's."""
        asked = self.spine.take(rows)
        self.tally.moments += 1
        self.tally.rows += len(rows)
        self.tally.values += len(rows) * len(self.features)
        trained = self.training_set.take(rows)
        questions = asked.to_pylist()
        for name in self.features:
            for row, expected in enumerate(as_json(trained[name])):
                self.check_value(name, moment, questions[row], expected, answer, row)

    def check_value(
        self, name: str, moment: int, question: dict, expected: object, answer: Answer, row: int
    ) -> None:
        served, status = answer.values[name][row], answer.statuses[name][row]
        time = answer.times[name][row]
        if not same_bits(expected, served):
            raise DemoError(
                f"{name} at {iso(moment)}: trained on {expected!r}, served {served!r} "
                f"({status}, event time {iso(time)}); the row is {row_text(question)}"
            )
        # The weather's source alone declares a data_delay; of others it is sure that they are not
        # known before they are, and of some that they are reported later.
        known = time + HOUR if name in WEATHER and status in ("PRESENT", "NULL_VALUE") else time
        if known > moment:
            raise DemoError(
                f"{name} at {iso(moment)}: served before it was known, which is {iso(known)}; "
                f"the row is {row_text(question)}"
            )
        if status not in STATUSES:
            raise DemoError(
                f"{name} at {iso(moment)}: unknown status {status!r}; "
                f"the row is {row_text(question)}"
            )
        tally = self.tally
        tally.equal += 1
        tally.non_null += served is not None
        tally.expired += status == "OUTSIDE_MAX_AGE"
        tally.ties += status == "PRESENT" and self.ties.is_tied(name, question, time)
        tally.statuses[status] += 1

    def check_nothing_later(self, server: Server, clock: ClockFile, moment: int) -> None:
        """An hour after the last moment, with nothing carried since: the same facts, or none.
        All flights of the last day are asked."""
        clock.set(moment + HOUR)
        at = self.spine["event_timestamp"].cast(pa.int64())
        asked = self.spine.filter(pc.greater(at, moment - 24 * HOUR))
        answer = Answer(server.post("/get-online-features", request_body(self.service, asked)))
        answer.check_shape(self.features, asked.num_rows)
        for name in self.features:
            if max(answer.times[name]) > moment:
                raise DemoError(f"{name}: the store held a fact later than {iso(moment)}")

    @staticmethod
    def check_store(server: Server, moment: int) -> None:
        """No view of the store holds an event time after the moment."""
        lines = server.get("/metrics").splitlines()
        newest = [line.rsplit(" ", 1) for line in lines if line.startswith(NEWEST_METRIC)]
        if not newest:
            raise DemoError(f"/metrics does not tell {NEWEST_METRIC}")
        for label, seconds in newest:
            if float(seconds) * 1e6 > moment:
                raise DemoError(f"at {iso(moment)} the store holds a later fact: {label} {seconds}")
