"""Reads while something else goes on: one row x 50 features of five views through the Python SDK, in the
process that owns the store, while another process has it materialize, push, seal or promote. No read may
fail or be another than the data's. Compaction, asked for by itself: BesideCompaction of
`online_read_bench`; here it comes with what is written.
"""

import json
import shutil

import online_read
from measure import DATA, PYTHON, ROOT, prepare, run_once
from results import Section

SIZES = {"full": (100_000, 10), "small": (500, 0.5)}  # entities, seconds beside each


def run(small, runs, verdicts):
    del runs
    entities, seconds = SIZES["small" if small else "full"]
    folder = online_read.make_data("beside-small" if small else "beside-full", entities)
    repository, log = folder / "beside", DATA / "logs" / "coeval-beside.log"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "repositories" / "beside", repository)
    for step in ("apply", "materialize-incremental now"):
        prepare(["coeval", "-C", repository, *step.split()], log)
    expected = json.loads((folder / "expected.json").read_text())
    out = folder / "beside.json"
    run_once([PYTHON, ROOT / "bench" / "contenders" / "coeval_beside.py", repository, entities,
              json.dumps(sorted(map(int, expected))), seconds, out], log)
    said = json.loads(out.read_text())
    answers = {key: {name: values[0] for name, values in answer.items() if name != "entity"}
               for key, answer in said["answers"].items()}
    verdicts.check("online-beside: the values are those of the data", answers == expected)
    section = Section(
        "Online reads beside other work",
        f"`store.get_online_features` in process, 1 row x 50 features of 5 views, {entities:,} entities, "
        f"from memory; {seconds} s beside each. The other process asks the owner of the store over its "
        "socket: all views carried anew, batches of 1,000 rows pushed, the log sealed after ten of them, "
        "a view promoted to another version and back. Ratio: p99 over that beside nothing.",
        ["beside", "times done", "reads", "errors", "p50, us", "p99, us", "ratio"])
    quiet = said["figures"]["nothing"]["p99"]
    for work, seen in said["figures"].items():
        verdicts.check(f"online-beside {work}: every read is answered, and rightly",
                       seen["errors"] == 0, f"{seen['errors']} are not")
        section.rows.append([work, f"{seen['rounds']:,}" if seen["rounds"] else "",
                             f"{seen['calls']:,}", seen["errors"], f"{seen['p50']:,.0f}",
                             f"{seen['p99']:,.0f}", f"{seen['p99'] / quiet:.2f}"])
    shutil.rmtree(repository)
    return section
