"""Predicting flight delays without leaks, end to end: see README.md.

make demo        or, with coeval installed:   python examples/flights/demo.py
"""

import json
import shutil
import sys
import time
from pathlib import Path

import coeval
import pyarrow as pa
import pyarrow.compute as pc

from leak import LeakyJoin
from models import CLAIMED, HONEST, SERVED, Comparison, auc_with_windows, draw
from moments import Ties, choose_moments
from prepare import DATA, prepare
from progress import DemoError, bars, say, show, step, table
from promise import Promise, Tally, count_others
from reports import in_words
from served import Answer, request_body
from server import ClockFile, Server, iso, micros_of
from spine import load_spine

HERE = Path(__file__).resolve().parent
OUTPUT = HERE / "output"
SERVICE = "departure_delay_v1"
WITH_WINDOWS = "departure_delay_v2"
STEPS = 8
PROMISE = "promise"  # the environment of coeval.yaml with a store of its own
# The data end in 2013. By today's clock every ttl has passed and each answer would be null, so the
# demo says what time it is: this one for the predictions, and each moment's own for the promise.
NOW = "2013-12-23T20:00:00Z"
FLIGHTS_SHOWN = 8


def apply_definitions(store: coeval.FeatureStore) -> None:
    show(store.plan())
    store.apply()


def make_training_set(
    store: coeval.FeatureStore, spine: pa.Table, name: str = SERVICE
) -> pa.Table:
    """The spine with its features. Every row is there, once, in order."""
    started = time.monotonic()
    service = store.get_feature_service(name)
    made = store.get_historical_features(entity_df=spine, features=service)
    trained = made.to_arrow()
    say(f"{trained.num_rows:,} rows in {time.monotonic() - started:.1f} s")
    if not trained.select(spine.column_names).equals(spine):
        raise DemoError("the training set's rows are not the spine's, in their order")
    show(made)
    return trained


def show_leak(spine: pa.Table, trained: pa.Table) -> Comparison:
    say("joining by hand: the fact nearest in time, be it later")
    leaky = LeakyJoin(spine)
    rows = [(view, leaky.from_future[view], leaky.own_flight[view]) for view in leaky.from_future]
    rows.append(("any of them", leaky.rows_with_future, leaky.rows_with_own))
    for line in table(
        rows, ("leaky rows that hold", "a fact from the future", "their own flight's")
    ):
        say(line)
    comparison = Comparison(spine, trained, leaky.features, say)
    for line in bars(comparison.aucs, 0.5, 1.0):
        say(line)
    draw(comparison.aucs, OUTPUT / "leak.png")
    say(f"the bars as a picture: {OUTPUT.name}/leak.png")
    comparison.check()
    return comparison


def add_windows(store: coeval.FeatureStore, spine: pa.Table) -> tuple[pa.Table, float]:
    """The training set with features over windows, and the AUC that they bring."""
    trained = make_training_set(store, spine, WITH_WINDOWS)
    say("training on point-in-time features and windows")
    auc = auc_with_windows(spine, trained)
    for line in bars({f"{WITH_WINDOWS}, with windows": auc}, 0.5, 1.0):
        say(line)
    return trained, auc


def predict(server: Server, spine: pa.Table, trained: pa.Table, comparison: Comparison) -> None:
    """Asks the server for some flights of the hour, and the model for their chance to be late."""
    ready = json.loads(server.get("/ready"))
    say(f"the server is ready, and by its clock it is {ready['now']}")
    at = pc.equal(spine["event_timestamp"].cast(pa.int64()), micros_of(NOW))
    flights = spine.filter(at).slice(0, FLIGHTS_SHOWN)
    answer = Answer(server.post("/get-online-features", request_body(SERVICE, flights)))
    features = [f for f in trained.schema if f.name not in spine.column_names]
    served = answer.table(pa.schema(features))
    model = comparison.honest
    chances = model.probability(comparison.encoder.matrix(model.columns, flights, served))
    rows = []
    for flight, chance in zip(flights.to_pylist(), chances, strict=True):
        happened = {True: "late", False: "on time", None: "cancelled"}[flight["late"]]
        name = f"{flight['carrier']}{flight['flight']}"
        rows.append((name, flight["origin"], flight["dest"], f"{chance:.0%}", happened))
    for line in table(rows, ("flight", "from", "to", "chance to be late", "and it was")):
        say(line)


def of_moments(table: pa.Table, moments: list[int]) -> pa.Table:
    at = table["event_timestamp"].cast(pa.int64())
    return table.filter(pc.is_in(at, pa.array(moments, pa.int64())))


def changed_by_late_reports(spine: pa.Table, trained: pa.Table, features: list[str]) -> int:
    """How many values would be others, had every report come at once and been right."""
    with coeval.FeatureStore(HERE, clock=NOW) as store:
        service = store.get_feature_service(WITH_WINDOWS)
        made = store.get_historical_features(entity_df=spine, features=service, known="hindsight")
        return count_others(trained, made.to_arrow(), features)


def keep_promise(spine: pa.Table, trained: pa.Table, without_windows: pa.Table) -> Tally:
    say(f"departures: {in_words(DATA / 'departures.parquet')}")
    say(f"arrivals: {in_words(DATA / 'arrivals.parquet')}")
    ties = Ties(DATA)
    moments = choose_moments(spine, ties.among(spine))
    features = [name for name in trained.column_names if name not in spine.column_names]
    clock = ClockFile(OUTPUT / "clock")
    clock.set(moments[0])
    shutil.rmtree(HERE / ".coeval" / PROMISE, ignore_errors=True)  # it starts in January again
    promise = Promise(WITH_WINDOWS, spine, trained, features, ties)
    span = f"from {iso(moments[0])} to {iso(moments[-1])}"
    say(f"{len(moments)} moments {span}, {len(features)} features")
    with Server(HERE, clock, OUTPUT / "server.log", PROMISE) as server:
        tally = promise.keep(server, clock, moments)
    of_windows = [name for name in features if name not in without_windows.column_names]
    asked, found = of_moments(spine, moments), of_moments(trained, moments)
    tally.late = changed_by_late_reports(asked, found, of_windows)
    tally.check()
    return tally


def run() -> None:
    started = time.monotonic()
    step(1, STEPS, "Data: every flight from New York in 2013")
    prepare()
    spine = load_spine()

    step(2, STEPS, "Definitions: what is known about a flight before it leaves")
    store = coeval.FeatureStore(HERE, clock=NOW)
    apply_definitions(store)

    step(3, STEPS, "Training set: each flight with what was known two hours before")
    trained = make_training_set(store, spine)

    step(4, STEPS, "The leak, shown: models on features joined by hand, and on honest ones")
    comparison = show_leak(spine, trained)

    step(5, STEPS, "Windows: delays and cancellations of the last hours and days")
    trained_with_windows, with_windows = add_windows(store, spine)

    step(6, STEPS, f"Materialize: what is known at {NOW} into the online store")
    say("The data end in 2013, and by today's clock every ttl has passed: each answer would be null.")
    say("So the demo says what time it is, and the server takes its word (serve --clock @FILE).")
    show(store.materialize_incremental(NOW))
    store.close()

    step(7, STEPS, "Serve and predict over HTTP")
    clock = ClockFile(OUTPUT / "clock")
    clock.set(micros_of(NOW))
    with Server(HERE, clock, OUTPUT / "server.log") as server:
        predict(server, spine, trained, comparison)

    step(8, STEPS, "The promise: trained on is served, at each moment of the year")
    tally = keep_promise(spine, trained_with_windows, trained)
    print(f"\nIn short, after {time.monotonic() - started:.0f} seconds")
    summary(spine, comparison, with_windows, tally)


def summary(
    spine: pa.Table, comparison: Comparison, with_windows: float, tally: Tally
) -> None:
    aucs = comparison.aucs
    say(f"{spine.num_rows:,} flights, each with what was known two hours before it should leave.")
    say(
        f"A join by hand claimed an AUC of {aucs[CLAIMED]:.3f} and would get {aucs[SERVED]:.3f}; "
        f"point-in-time features get {aucs[HONEST]:.3f}, and {with_windows:.3f} with windows."
    )
    say(
        f"At {tally.moments} moments {tally.rows:,} flights were asked over HTTP, with one restart:"
    )
    say(
        f"{tally.non_null / tally.values:.0%} of the values not null, {tally.expired:,} expired, "
        f"{tally.ties:,} decided between ties;"
    )
    say(f"{tally.late:,} values of windows would be others, had no report been late or corrected.")
    say(f"{tally.equal:,} of {tally.values:,} values equal, bit for bit")


if __name__ == "__main__":
    try:
        run()
    except (DemoError, coeval.CoevalError) as error:
        sys.exit(f"\ndemo: {error}")
