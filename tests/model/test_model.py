"""Hand-computed cases for the sharp edges. `python3 -m unittest model.test_model`."""

import json
import math
import unittest
from datetime import datetime, timezone

from . import window
from .aggregates import Row, aggregate, aggregate_by
from .asof import StoredView, answer
from .exact import Invalid
from .facts import DAY, Delete, Event, Fact, Source, bad_time, known_time
from .online import BadRows, OnlineStore, PushRow, TooOld
from .serve import reply
from .values import MIN_TIME, NAN, KeyError2, convert_key, order_key, same_bits
from .window import AggregatedView, Aggregation, Window, boundary, holds, interval, standing_events

K = ("k",)
PUSH = Source("push", "arrival", lateness=100, kind="push")
TABLE = Source("table", data_delay=10, lateness=100)
NOW = Source("now")
HOUR, MINUTE = 3_600_000_000, 60_000_000


def fact(e, v, source=NOW, created=None, sequence=None):
    return Fact(K, e, (v,), source, created, sequence)


def view(ttl=0, *sources):
    return StoredView(("f",), sources or (NOW,), ttl)


def ask(v, facts, t, known="declared"):
    a = answer(v, facts, K, t, known)
    return a.values[0], a.status[0], a.time[0]


def utc(*args):
    return int(datetime(*args, tzinfo=timezone.utc).timestamp()) * 1_000_000


class AsOf(unittest.TestCase):
    def test_ttl_bounds_are_inclusive(self):
        f = [fact(100, 7)]
        self.assertEqual(ask(view(10), f, 99), (None, "NOT_FOUND", None))
        self.assertEqual(ask(view(10), f, 100), (7, "PRESENT", 100))
        self.assertEqual(ask(view(10), f, 110), (7, "PRESENT", 100))
        self.assertEqual(ask(view(10), f, 111), (None, "OUTSIDE_MAX_AGE", 100))
        self.assertEqual(ask(view(10), f, 120), (None, "OUTSIDE_MAX_AGE", 100))
        self.assertEqual(ask(view(10), f, 121), (None, "NOT_FOUND", None))
        self.assertEqual(
            ask(view(2**62), [fact(MIN_TIME, 7)], MIN_TIME + 5), (7, "PRESENT", MIN_TIME)
        )  # saturates

    def test_ties(self):
        self.assertEqual(
            ask(view(), [fact(1, 5, created=9), fact(1, 6, created=8), fact(1, 7)], 1)[0], 5
        )  # null created is lowest
        a, b = (b"a", 9), (b"b", 1)
        self.assertEqual(
            ask(
                view(),
                [
                    fact(1, 5, created=9, sequence=a),
                    fact(1, 4, created=9, sequence=b),
                    fact(1, 6, created=9),
                ],
                1,
            )[0],
            4,
        )
        self.assertEqual(
            ask(view(), [fact(1, None), fact(1, -0.0), fact(1, 0.0)], 1)[0].hex(), "0x0.0p+0"
        )
        self.assertTrue(math.isnan(ask(view(), [fact(1, NAN), fact(1, math.inf)], 1)[0]))
        self.assertEqual(
            ask(view(), [fact(1, "z"), fact(1, "é"), fact(1, None)], 1)[0], "é"
        )  # UTF-8 bytes

    def test_known_time(self):
        self.assertEqual(
            known_time(fact(5, 1, TABLE, created=99)), 15
        )  # version: created time only breaks ties
        self.assertEqual(known_time(fact(5, 1, PUSH, created=99)), 99)
        self.assertEqual(known_time(fact(5, 1, Source("s", "arrival", 3))), 8)  # null created
        self.assertEqual(known_time(fact(5, 1, TABLE, created=99), "arrival"), 99)
        self.assertEqual(known_time(fact(5, 1, TABLE, created=99), "hindsight"), 5)
        self.assertEqual(ask(view(0, TABLE), [fact(5, 1, TABLE)], 14)[1], "NOT_FOUND")
        self.assertEqual(ask(view(0, TABLE), [fact(5, 1, TABLE)], 15)[1], "PRESENT")
        late = [fact(5, 1, PUSH, created=6), fact(7, 2, PUSH, created=50)]
        self.assertEqual((ask(view(0, PUSH), late, 49)[0], ask(view(0, PUSH), late, 50)[0]), (1, 2))

    def test_delete(self):
        facts = [fact(5, 1), Delete(K, 8, NOW), fact(7, 2)]
        self.assertEqual(
            [ask(view(4), facts, t)[1] for t in (5, 7, 8, 13, 16)],
            ["PRESENT", "PRESENT"] + ["NOT_FOUND"] * 3,
        )
        self.assertEqual(
            ask(view(), [Delete(K, 5, NOW), fact(5, 1)], 5)[1], "NOT_FOUND"
        )  # equal rank: the delete wins

    def test_null_keys_and_future(self):
        self.assertEqual(
            answer(view(), [Fact((None,), 1, (1,), NOW)], (None,), 5).status, ["NOT_FOUND"]
        )
        self.assertTrue(bad_time(fact(10, 1, Source("s", max_future=4), created=5), clock=99))
        self.assertFalse(bad_time(fact(9, 1, Source("s", max_future=4), created=5), clock=0))


class Windows(unittest.TestCase):
    def test_closed_with_offset(self):
        inside = {
            c: [e for e in range(0, 30) if holds(Window(10, 5, c), 25, e)]
            for c in ("right", "left", "both", "neither")
        }
        self.assertEqual(inside["right"], list(range(11, 21)))  # a = 10, b = 20
        self.assertEqual(inside["left"], list(range(10, 20)))
        self.assertEqual(inside["both"], list(range(10, 21)))
        self.assertEqual(inside["neither"], list(range(11, 20)))

    def test_slide(self):
        self.assertEqual(interval(Window(10, slide=4), 25), (16, 25))
        self.assertEqual(interval(Window(10, slide=5), 25), (15, 25))
        self.assertEqual(interval(Window(10, slide=4), -1), (-8, -1))

    def test_slide_over_changes_of_clocks(self):
        berlin = lambda t, h: boundary(t, h, "Europe/Berlin")
        spring, autumn = (
            utc(2025, 3, 30, 1),
            utc(2025, 10, 26, 1),
        )  # 02:00 -> 03:00, and 03:00 -> 02:00
        self.assertEqual(
            berlin(utc(2025, 3, 30, 0) - 1, DAY), utc(2025, 3, 30, 22)
        )  # midnight of 31 March, summer time
        self.assertEqual(berlin(utc(2025, 3, 29, 22), DAY), utc(2025, 3, 29, 23))
        self.assertEqual(
            berlin(spring - 30 * MINUTE, 2 * HOUR), spring
        )  # wall 02:00 is skipped: the first instant after
        self.assertEqual(berlin(spring + 1, 2 * HOUR), spring + HOUR)  # wall 04:00
        self.assertEqual(berlin(spring - 1, 30 * MINUTE), spring)
        self.assertEqual(berlin(autumn - HOUR, 2 * HOUR), autumn - HOUR)  # wall 02:00, first time
        self.assertEqual(berlin(autumn - HOUR + 1, 2 * HOUR), autumn)  # wall 02:00, second time
        self.assertEqual(berlin(autumn + 1, 2 * HOUR), autumn + 2 * HOUR)  # wall 04:00
        howe = utc(2025, 4, 5, 15)  # Lord Howe, back by 30 minutes at 02:00
        self.assertEqual(
            boundary(howe - 30 * MINUTE + 1, HOUR, "Australia/Lord_Howe"), howe + 30 * MINUTE
        )

    def test_slide_against_enumeration(self):
        for zone, change in (
            ("Europe/Berlin", utc(2025, 3, 30, 1)),
            ("Europe/Berlin", utc(2025, 10, 26, 1)),
            ("Australia/Lord_Howe", utc(2025, 10, 4, 15, 30)),
        ):
            grid = range(change - 6 * HOUR, change + 30 * HOUR, 10 * MINUTE)
            for h in (30 * MINUTE, 40 * MINUTE, 2 * HOUR, 5 * HOUR, DAY):
                found = set()
                for at in grid:  # all multiples in (wall before, wall now]: one, or one in a gap
                    wall, before = (
                        at + window.utc_offset(at, zone),
                        at - 10 * MINUTE + window.utc_offset(at - 10 * MINUTE, zone),
                    )
                    if wall % h == 0 or wall // h > before // h:
                        found.add(at)
                for a in grid[:30]:
                    self.assertEqual(
                        boundary(a - 1, h, zone),
                        min((b for b in found if b >= a), default=None),
                        (zone, h, a),
                    )

    def events(self, facts, t):
        return [(e.event_time, e.values[0]) for e in standing_events(facts, K, t)]

    def test_correction_that_moves_an_event(self):
        old, new = Event(K, 10, (1,), PUSH, 12, id="x"), Event(K, 40, (2,), PUSH, 30, id="x")
        self.assertEqual(self.events([new, old], 29), [(10, 1)])
        self.assertEqual(
            self.events([old, new], 30), [(40, 2)]
        )  # known at 30; its window comes at 40

    def test_retraction(self):
        facts = [
            Event(K, 10, (1,), PUSH, 12, id="x"),
            Delete(K, 10, PUSH, 20, id="x"),
            Event(K, 11, (5,), PUSH, 25, id="x"),
        ]
        self.assertEqual([self.events(facts, t) for t in (19, 20, 25)], [[(10, 1)], [], [(11, 5)]])

    def test_beyond_lateness(self):
        self.assertEqual(self.events([Event(K, 10, (1,), PUSH, 110)], 999), [(10, 1)])
        self.assertEqual(self.events([Event(K, 10, (1,), PUSH, 111)], 999), [])
        old, new = Event(K, 10, (1,), PUSH, 12, id="x"), Event(K, 100, (2,), PUSH, 111, id="x")
        self.assertEqual(
            self.events([old, new], 999), [(10, 1), (100, 2)]
        )  # change 5: 10 stands for ever since 111

    def test_identity(self):
        row = Event(K, 10, (1,), TABLE)
        self.assertEqual(
            len(self.events([row, row, Event(K, 10, (1,), TABLE, copy=1)], 99)), 2
        )  # 5.3


class Aggregates(unittest.TestCase):
    def run_fn(self, fn, values, **params):
        return aggregate(
            fn,
            [Row(v if isinstance(v, tuple) else (v,), i) for i, v in enumerate(values)],
            10,
            params,
        )

    def test_sums(self):
        s = lambda *v: self.run_fn("sum", v)
        self.assertEqual(s(1e308, 1e308, -1e308), 1e308)
        self.assertEqual(s(1e308, 1.0, -1e308), 1.0)
        self.assertEqual(s(1e308, 1e308), math.inf)
        self.assertEqual(s(*[0.1] * 10), 1.0)
        self.assertEqual(s(2.0**53, 1.0, 5e-324), 2.0**53 + 2)  # just above the half
        self.assertTrue(math.isnan(s(math.inf, -math.inf)) and math.isnan(s(NAN, 1.0)))
        self.assertEqual(s(-math.inf, 1.0), -math.inf)
        self.assertTrue(same_bits(s(-0.0), 0.0) and same_bits(s(0.1, -0.1), 0.0))
        self.assertIs(s(None), None)
        self.assertEqual(s(2**62, 2**62, -1), 2**63 - 1)
        self.assertRaises(Invalid, s, 2**62, 2**62)
        self.assertEqual(self.run_fn("mean", [1e308, 1e308]), 1e308)

    def test_moments(self):
        self.assertEqual(self.run_fn("var_pop", [1.0, 2.0, 4.0]), 14 / 9)
        self.assertEqual(self.run_fn("var_samp", [1, 2, 4]), 14 / 6)
        self.assertEqual(self.run_fn("var_pop", [1e16, 1e16 + 2]), 1.0)  # no cancellation
        self.assertIs(self.run_fn("var_samp", [1.0]), None)
        self.assertEqual(self.run_fn("skew", [0.0, 0.0, 3.0]), 54 / (18 * math.sqrt(18)))
        self.assertEqual(self.run_fn("kurtosis", [-1.0, 1.0]), -2.0)
        self.assertEqual(self.run_fn("corr", [(1, 2), (2, 4), (3, 6), (None, 1)]), 1.0)
        self.assertEqual(self.run_fn("covar_pop", [(1, 2), (3, 4)]), 1.0)

    def test_order_and_zero(self):
        self.assertTrue(same_bits(self.run_fn("min", [0.0, -0.0]), -0.0))
        self.assertTrue(
            math.isnan(self.run_fn("max", [NAN, 1.0])) and self.run_fn("min", [NAN, 1.0]) == 1.0
        )
        self.assertEqual(self.run_fn("count_distinct", [0.0, -0.0, NAN, NAN, None]), 2)
        self.assertTrue(same_bits(self.run_fn("mode", [-0.0, 0.0, 1.0]), 0.0))
        self.assertEqual(self.run_fn("mode", [2, 1, 1, 2, 3]), 1)
        self.assertEqual(self.run_fn("histogram", [3, 2, 1], cap=2), {1: 1, 2: 1})
        self.assertEqual(self.run_fn("top_k", [1, 3, 3, 2], k=3), [3, 3, 2])
        self.assertEqual(self.run_fn("quantile", [4, 1, 3, 2], q=0.5), 2.5)
        self.assertEqual(
            self.run_fn("decay_sum", [8.0, 4.0], half_life=5), (8.0 + 4.0 * 2**0.2) / 4
        )
        self.assertEqual(
            [self.run_fn(f, []) for f in ("count", "sum", "collect", "any", "histogram")],
            [0, None, [], None, {}],
        )
        self.assertEqual(
            aggregate_by("count", [Row((1,), 0)] * 3, [None, -0.0, 0.0], 1), {None: 1, 0.0: 2}
        )
        self.assertEqual(
            [order_key(v) for v in (-math.inf, -1.0, -0.0, 0.0, 5e-324, math.inf, NAN)],
            sorted(order_key(v) for v in (-math.inf, -1.0, -0.0, 0.0, 5e-324, math.inf, NAN)),
        )

    def test_keys(self):
        self.assertEqual((convert_key(5.0, "int64"), convert_key(NAN, "int64")), (5, None))
        for value, kind in (
            ("5", "int64"),
            (5.5, "int64"),
            (2**31, "int32"),
            (True, "int64"),
            (5, "string"),
        ):
            self.assertRaises(KeyError2, convert_key, value, kind)


class Online(unittest.TestCase):
    def test_horizon(self):
        s = OnlineStore(view(0, PUSH), PUSH, history=50)
        s.push([PushRow(K, 0, (1,))], 100)
        s.push([PushRow(K, 10, (2,)), PushRow(K, 500, (9,))], 120)
        self.assertEqual(len(s.facts[K]), 3)
        self.assertEqual(s.read_at(K, 119).values, [1])
        self.assertRaises(TooOld, s.read_at, K, 69)
        s.push(
            [PushRow(("other",), 0, (1,))], 170
        )  # H = 120: the first fact may go, the future one stays
        self.assertEqual(sorted(f.event_time for f in s.facts[K]), [10, 500])

    def test_clock(self):
        s = OnlineStore(view(0, PUSH), PUSH, history=50, lease=7)
        self.assertEqual(s.push([PushRow(K, 0, (1,))], 100, "a"), 100)
        self.assertEqual(s.push([PushRow(K, 0, (1,))], 300, "a"), 100)  # retry
        self.assertEqual(len(s.log), 1)
        self.assertEqual(s.read(K, 90)[0], 100)  # backwards
        self.assertEqual(s.push([PushRow(K, 0, (2,))], 80), 101)
        self.assertEqual(s.begin([PushRow(K, 0, (3,))], 200), 200)
        self.assertEqual((s.read(K, 250)[0], s.read(K, 250)[1].values), (199, [2]))
        s.commit()
        self.assertEqual(s.read(K, 250)[0], 250)
        s.crash()
        self.assertGreater(s.push([PushRow(K, 0, (4,))], 201), 250)  # 1.4: the lease
        self.assertRaises(BadRows, s.push, [PushRow(K, 400 * DAY, (1,))], 300)

    def test_tiles_keep_lifetime_and_forget_names(self):
        v = AggregatedView(
            (Aggregation("all", "sum", (0,)), Aggregation("recent", "count", window=Window(20))),
            (PUSH,),
        )
        s = OnlineStore(v, PUSH, history=0)
        s.push([PushRow(K, 10, (5,), id="x")], 10)
        s.push([PushRow(K, 1000, (1,), id="y")], 1000)
        self.assertEqual(([f.id for f in s.facts[K]], len(s.tiles[K])), (["y"], 1))
        self.assertEqual(s.read(K, 1000)[1].values, [6, 1])
        s.push([PushRow(K, 1001, (7,), id="x")], 1001)  # change 5: an event of its own
        self.assertEqual(s.read(K, 1001)[1].values, window.answer(v, s.log, K, 1001).values)
        self.assertEqual(s.read(K, 1001)[1].values, [13, 2])

    def test_serve(self):
        self.assertEqual(
            reply(
                json.dumps(
                    {
                        "op": "aggregate",
                        "fn": "sum",
                        "rows": [[[{"f": "0x1p+0"}], 1], [[{"f": "-0x1p+0"}], 2]],
                    }
                )
            ),
            {"value": {"f": "0x0.0p+0"}},
        )
        request = {
            "op": "asof",
            "view": {"features": ["f"], "ttl": 10, "sources": [{"name": "s"}]},
            "facts": [{"source": "s", "key": ["k"], "event_time": 5, "values": [{"f": "nan"}]}],
            "key": ["k"],
            "t": 15,
        }
        self.assertEqual(
            reply(json.dumps(request)),
            {"values": [{"f": "nan"}], "status": ["PRESENT"], "time": [5]},
        )
        self.assertIn("error", reply("nonsense"))


if __name__ == "__main__":
    unittest.main()
