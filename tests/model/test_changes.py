"""One smallest story for each rule of law.py: it holds with it, and breaks without.

`python3 -m unittest model.test_changes`."""

import unittest

from .asof import StoredView
from .check import compare
from .facts import Fact, Source
from .law import LAW
from .online import PushRow
from .stories import Story
from .window import AggregatedView, Aggregation, Window

K = ("k",)
PUSH = Source("push", "arrival", lateness=100, kind="push")
TABLE = Source("table", lateness=100, overlap=5, max_future=5)


def stored(*sources, ttl=0):
    return lambda: StoredView(("f",), sources, ttl)


def lifetime_sum(*sources):
    return lambda: AggregatedView(
        (Aggregation("all", "sum", (0,)), Aggregation("recent", "count", window=Window(20))),
        sources,
    )


def push(key, e, v, name, id=None):
    return ("push", [PushRow((key,), e, (v,), id=id)], name)


def land(e, v, created=None, source=TABLE, id=None):
    return ("land", [Fact(K, e, (v,), source, created, id=id)])


class Changes(unittest.TestCase):
    def holds(self, view, ops, batches=(TABLE,)):
        return compare(Story(0, view(), PUSH, list(batches), 0, 1, 0, ops))[1] is None

    def only_with(self, change, view, ops, batches=(TABLE,)):
        self.assertTrue(self.holds(view, ops, batches))
        setattr(LAW, change, False)
        try:
            self.assertFalse(
                self.holds(view, ops, batches),
                f"without it the story holds: {change} is not needed here",
            )
        finally:
            setattr(LAW, change, True)

    def test_1_the_last_answered_t_survives_a_crash(self):
        self.only_with(
            "durable_now",
            stored(PUSH),
            [
                ("clock", 100),
                push("k", 0, 1, "a"),
                ("clock", 103),
                ("read", K),
                ("crash",),
                ("clock", 102),
                push("k", 0, 2, "b"),
            ],
        )

    def test_2_timeless_beneath_a_ttl(self):
        ever = Source("ever", timeless=True)
        ops = [
            ("land", [Fact(K, -(2**63), (1,), ever)]),
            ("clock", 100),
            ("incremental", ever, 100),
            push("k", 100, 2, "a"),
            ("clock", 120),
            push("other", 120, 3, "b"),
            ("clock", 200),
            ("read", K),
        ]
        self.assertTrue(self.holds(stored(PUSH, ever), ops, [ever]))
        self.assertRaises(ValueError, stored(PUSH, ever, ttl=10))
        LAW.timeless_no_ttl = False
        try:
            self.assertFalse(self.holds(stored(PUSH, ever, ttl=10), ops, [ever]))
        finally:
            LAW.timeless_no_ttl = True

    def test_3_max_future_is_a_matter_of_the_fact(self):
        self.only_with(
            "max_future_by_created",
            stored(TABLE),
            [
                ("clock", 100),
                land(110, 1, created=100),
                ("materialize", TABLE, 0, 150),
                ("clock", 200),
                ("read", K),
            ],
        )

    def test_4_a_row_carried_twice_counts_once(self):
        self.only_with(
            "row_copies",
            lifetime_sum(TABLE),
            [
                ("clock", 100),
                land(100, 1),
                ("incremental", TABLE, 100),
                ("incremental", TABLE, 100),
                ("read", K),
            ],
        )

    def test_5_what_stands_longer_than_lateness(self):
        self.only_with(
            "closed_identity",
            lifetime_sum(PUSH),
            [
                ("clock", 10),
                push("k", 10, 5, "a", "x"),
                ("clock", 1000),
                push("k", 1000, 1, "b", "y"),
                ("clock", 1001),
                push("k", 1001, 7, "c", "x"),
                ("read", K),
            ],
        )

    def test_6_rows_older_than_the_raw_events(self):
        self.only_with(
            "rebuild_tiles",
            lifetime_sum(TABLE, PUSH),
            [
                ("clock", 10),
                land(10, 5, id="x"),
                ("incremental", TABLE, 10),
                ("clock", 1000),
                push("k", 1000, 1, "b", "y"),
                ("materialize", TABLE, 0, 100),
                ("read", K),
            ],
        )

    def test_7_acknowledged_is_visible_while_the_clock_is_behind(self):
        self.only_with(
            "answer_at_c",
            stored(PUSH),
            [("clock", 100), push("k", 0, 1, "a"), ("clock", 50), ("read", K)],
        )

    def test_8_a_first_run_to_an_end_in_the_future(self):
        self.only_with(
            "first_run",
            stored(TABLE),
            [
                ("clock", 100),
                ("incremental", TABLE, 900),
                ("clock", 105),
                land(105, 1, created=105),
            ],
        )
        self.only_with(
            "first_run",
            stored(TABLE, ttl=10),
            [("clock", 100), land(95, 1), ("incremental", TABLE, 130), ("read", K)],
        )
        self.only_with(
            "first_run",
            lifetime_sum(TABLE),
            [("clock", 500), land(95, 1), ("incremental", TABLE, 500), ("read", K)],
        )

    def test_9_a_reader_beside_the_owner(self):
        self.only_with(
            "closed_time",
            stored(PUSH),
            [
                ("clock", 100),
                push("k", 0, 1, "a"),
                ("read_beside", K, 50),
                ("clock", 120),
                push("k", 0, 2, "b"),
            ],
        )


if __name__ == "__main__":
    unittest.main()
