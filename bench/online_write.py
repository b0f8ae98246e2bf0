"""Rows into the online store: pushed, durable when the call returns, and materialized from Parquet.

Beside one pushed row stands what the same disk takes for fdatasync alone, in turns. What was pushed
last must be served, and be there when the store is opened again. Without a peer in this run: Feast
writes 4,300 (SQLite) to 6,600 (Redis) rows a second on such a machine, none of them durable at once.
"""

import json
import shutil
import statistics

import online_read
from measure import DATA, PYTHON, ROOT, prepare, run_once
from results import Section

SIZES = {"full": (1_000_000, 10), "small": (20_000, 1)}  # entities, seconds of each kind of push


def push(folder, seconds, verdicts):
    repository = folder / "pushed"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "repositories" / "pushed", repository)
    prepare(["coeval", "-C", repository, "apply"], DATA / "logs" / "coeval-push.log")
    out = folder / "pushed.json"
    run_once([PYTHON, ROOT / "bench" / "contenders" / "coeval_push.py", repository, seconds, out],
             DATA / "logs" / "coeval-push.log")
    said = json.loads(out.read_text())
    verdicts.check("online-write: what was pushed is served, also after opening again",
                   said["answers"])
    shutil.rmtree(repository)
    return said["figures"]


def materialize(folder):
    """Seconds of five views of ten features from one file, in a process of their own."""
    repository = folder / "materialized"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "repositories" / "online", repository)
    log = DATA / "logs" / "coeval-materialize.log"
    prepare(["coeval", "-C", repository, "apply"], log)
    took = run_once(["coeval", "-C", repository, "materialize-incremental", "now"], log)
    shutil.rmtree(repository)
    return took


def run(small, runs, verdicts):
    entities, seconds = SIZES["small" if small else "full"]
    folder = online_read.make_data("write-small" if small else "write-full", entities)
    section = Section(
        "Writing to the online store",
        f"Pushes through the Python SDK, durable: four threads with batches of 1,000 rows of ten "
        f"doubles, {seconds} s; and rows one by one, beside fdatasync of a few bytes on the same disk "
        f"in turns. Materializing five views of {entities:,} rows of ten integers from Parquet, "
        f"`coeval materialize-incremental` from its start to its end; median of {runs}.",
        ["what", "rows/s", "p50, us", "times fdatasync"])
    pushed = push(folder, seconds, verdicts)
    section.rows.append(["push, 4 threads x 1,000 rows", f"{pushed['rows_per_second']:,.0f}", "", ""])
    section.rows.append(["push, one row", "", f"{pushed['one_row']:,.0f}",
                         f"{pushed['one_row'] / pushed['floor']:.2f}"])
    section.rows.append(["fdatasync", "", f"{pushed['floor']:,.0f}", "1"])
    took = statistics.median(materialize(folder).seconds for _ in range(runs))
    section.rows.append(["materialize from Parquet", f"{5 * entities / took:,.0f}", "", ""])
    return section
