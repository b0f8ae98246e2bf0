"""B5 and B7: a replay of events out of order, with duplicates, corrections, retractions and restarts,
asked online on the way and offline afterwards: what share of the pairs is equal, by bits. It must be all
of them. What is pushed and asked: replayed.py.
"""

import json
import subprocess

from measure import DATA, PYTHON, ROOT
from results import Section

SIZES = {"full": (1_000_000, 100_000, 2_000), "small": (20_000, 2_000, 20)}  # events, moments, keys
LEAST = {"not null": 0.5, "other by hindsight": 0.05}  # of the pairs, or nothing was proved


def share(part, whole):
    return f"{part:,} ({part / whole:.1%})"


def rows_of(said):
    events, pairs = said["events"], said["pairs"]
    counted = ["out of order", "too late", "dated ahead", "corrections", "said again", "taken back"]
    rows = [["events pushed", f"{events:,} in {said['pushes']:,} pushes"]]
    rows += [[f"- {name}", share(said[name], events)] for name in counted]
    rows.append(["rows of pushes said again by their key", f"{said['rows of repeated pushes']:,}"])
    rows.append(["restarts of the store", f"{said['restarts']}"])
    rows.append(["moments asked online", f"{said['moments']:,}"])
    rows.append(["pairs of row and feature", f"{pairs:,} of {said['features']} features"])
    rows += [[f"- {name}", share(said[name], pairs)]
             for name in ("not null", "NaN", "-0.0", "other by hindsight")]
    rows.append(["pairs equal to the training set's, by bits", f"{said['equal'] / pairs:.0%}"])
    rows.append(["pushed, rows/s", f"{said['pushed rows/s']:,.0f}"])
    rows.append(["read online, p50 and p99, us",
                 f"{said['read p50, us']:,.0f}, {said['read p99, us']:,.0f}"])
    rows.append(["slowest opening of the store, s", f"{said['slowest open, s']:.2f}"])
    rows.append(["the training set, s", f"{said['training set, s']:.1f}"])
    return rows


def run(small, runs, verdicts):
    del runs
    events, moments, keys = SIZES["small" if small else "full"]
    section = Section(
        f"Replay: {events:,} events, asked at {moments:,} moments online and offline",
        "Pushes of clicks, without ids, and of payments, with ids, in the order of their arrival; the "
        "store is closed and opened again on the way, with indexes over events and without. At each "
        "moment one key is asked for two views of windows; afterwards one training set is asked for all "
        "of them. Out of order: more than five seconds after it happened. Other by hindsight: what a "
        "training set would hold that ignores when an event became known.",
        ["what", "figure"])
    DATA.mkdir(parents=True, exist_ok=True)
    out = DATA / "replay.json"
    out.unlink(missing_ok=True)
    program = [PYTHON, ROOT / "bench" / "replayed.py", events, moments, keys, out]
    done = subprocess.run([str(word) for word in program], cwd=ROOT, check=False)
    if not verdicts.check("replay: every pair is equal, by bits", done.returncode == 0 and out.exists()):
        return section
    said = json.loads(out.read_text())
    for name, least in LEAST.items():
        verdicts.check(f"replay: at least {least:.0%} of the pairs are {name}",
                       said[name] >= least * said["pairs"], f"{said[name]:,}")
    section.rows = rows_of(said)
    return section
