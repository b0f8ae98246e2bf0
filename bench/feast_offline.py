"""A tenth of W5, from files, beside Feast: one call in a process that has answered before.

Feast's default offline store leaves rows out; what it gives is compared, what it leaves out counted.
"""

import os
import shutil

import contest
import files_to_arrow
import joins
from measure import DATA, ROOT, run_once
from results import Section
from servers import FEAST

SIZES = {"full": (1_000_000, 100_000, 100_000), "small": (10_000, 1_000, 1_000)}
VIEW = joins.View("facts.parquet", files_to_arrow.VIEWS[0].features)
STORES = {"Feast, duckdb store": "duckdb", "Feast, dask store (its default)": "dask"}


def apply(folder, store):
    """A Feast repository of this offline store beside the data."""
    repository = folder / f"feast-{store}"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "contenders" / "feast_offline", repository)
    settings = repository / "feature_store.yaml"
    settings.write_text(settings.read_text().replace("STORE", store))
    run_once([FEAST / "feast", "apply"], DATA / "logs" / "feast-apply.log", cwd=repository,
             environment={"COEVAL_BENCH_FACTS": str(folder / "facts.parquet"), "PYTHONPATH": "",
                          "FEAST_USAGE": "False", "PATH": f"{FEAST}:{os.environ['PATH']}"})


def stores_here():
    """Feast's stores that bench/peers.sh has installed; that of DuckDB needs ibis."""
    if not (FEAST / "feast").exists():
        return {}
    has_ibis = any(FEAST.parent.glob("lib/python*/site-packages/ibis"))
    return {name: store for name, store in STORES.items() if store != "duckdb" or has_ibis}


def asking_feast(store):
    return lambda folder, answer: [
        FEAST / "python", "-E", ROOT / "bench" / "contenders" / "feast_history.py",
        folder / f"feast-{store}", folder / "spine.parquet", answer]


def run(small, runs, verdicts):
    size = "small" if small else "full"
    facts, spine, keys = SIZES[size]
    here = stores_here()
    parts = joins.asking("calls", [VIEW], "wide_v1")
    parts["contenders"] = parts["contenders"] | here
    parts["peers"] |= {store: asking_feast(store) for store in here.values()}
    made = contest.Contest(name="feast-offline", generator="make_point_in_time.py",
                           repository="wide", **parts | {"check": "check_feast_offline.py"})
    folder = contest.make_data(made, size, SIZES[size])
    for store in here.values():
        apply(folder, store)
    missing = {}
    medians = contest.measure(made, folder, runs, verdicts, missing)
    section = Section(
        f"Training set beside Feast: {spine:,} x {facts:,} rows, {keys:,} keys, 10 features",
        "A tenth of W5, files to Arrow: the time of one call in a process that has answered the "
        f"question once, warm page cache; median of {runs}. Answers are compared with an independent "
        "oracle's, bit for bit; rows that a contender leaves out are counted. Ratio: seconds over "
        "Coeval's.", [*joins.HEADER, "rows left out"])
    section.rows = [[*line, f"{int(missing[line[0]]):,}"] for line in joins.lines(medians)]
    section.notes += [f"{name}: was not there (bench/peers.sh installs it)."
                      for name in STORES if name not in here]
    return section
