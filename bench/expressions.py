"""What an expression costs: one row, as a request pays it, and a row of a batch of 100,000.

Coeval's side is src/expression/expression_bench.cc; DuckDB computes the same over a table in memory
with one thread. That both give the same values is src/expression/duckdb_test.cc. All figures are
processor time, the lowest of many short repetitions in random order: what else runs on the machine
(and on the other half of a core) only adds to it, up to twice.
"""

import json
import os
import statistics
from pathlib import Path

from measure import DATA, PYTHON, ROOT, run_once
from results import Section

# What is promised of an expression of three operations.
MOST_NS_ALONE = 150
MOST_NS_A_ROW = 10
THREE_OPERATIONS = ("Arithmetic", "Integers", "Conditional", "WithNulls")

# Where DuckDB says it otherwise; None: it has no such function.
THEIRS = {
    "Distance": None,
    "Bucket": None,
    "Cosine": "array_cosine_similarity(v, v)",
    "Document": "j ->> '$.user.tags[1]'",
    "LocalHour": "hour(timezone('America/New_York', timezone('UTC', t)))",
}


def ours(small, runs):
    """{name: (text, ns alone, ns a row)}, both as the list of the repetitions' figures."""
    program = Path(os.environ["COEVAL_BUILD_DIR"]) / "src/expression/expression_expression_bench"
    answer = DATA / "expressions.json"
    answer.parent.mkdir(parents=True, exist_ok=True)
    run_once([program, f"--benchmark_out={answer}", "--benchmark_out_format=json",
              f"--benchmark_min_time={0.005 if small else 0.02}",
              f"--benchmark_repetitions={10 * runs}",
              "--benchmark_enable_random_interleaving=true"], DATA / "logs" / "expressions.log")
    figures = {}
    for run in json.loads(answer.read_text())["benchmarks"]:
        if run["run_type"] != "iteration":
            continue
        name, rows = run["run_name"].split("/")[:2]
        _, alone, batch = figures.setdefault(name, (run["label"], [], []))
        (alone if rows == "1" else batch).append(run["cpu_time"] / int(rows))
    return figures


def theirs(texts, runs):
    """{name: ns a row} by DuckDB."""
    questions, answer = DATA / "expressions-questions.json", DATA / "expressions-duckdb.json"
    questions.write_text(json.dumps(texts))
    run_once([PYTHON, ROOT / "bench" / "contenders" / "duckdb_expressions.py", questions, answer,
              3 * runs], DATA / "logs" / "expressions-duckdb.log")
    return json.loads(answer.read_text())


def run(small, runs, verdicts):
    """The section of this workload."""
    figures = ours(small, runs)
    texts = {name: THEIRS.get(name, text) for name, (text, _, _) in figures.items()}
    peer = theirs({name: text for name, text in texts.items() if text}, runs)
    section = Section(
        "Expressions: one row and a row of 100,000",
        "Compiled once, evaluated over columns in memory; `cosine_similarity` over 64 floats, "
        "`json_extract` over texts of 75 bytes. Processor time in nanoseconds, the lowest of the "
        "repetitions, alike for both. DuckDB: the same into a table in memory, one thread.",
        ["expression", "one row", "a row of a batch", "DuckDB, a row"])
    medians = []
    for name in sorted(figures, key=lambda name: (name not in THREE_OPERATIONS, name)):
        text, alone, batch = figures[name]
        if name in THREE_OPERATIONS:
            medians.append((statistics.median(alone), statistics.median(batch)))
        alone, batch = min(alone), min(batch)
        section.rows.append([f"`{text}`", f"{alone:.0f}", f"{batch:.1f}",
                             f"{peer[name]:.1f}" if name in peer else "-"])
        if name in THREE_OPERATIONS:
            verdicts.check(f"{text}: one row within {MOST_NS_ALONE} ns", alone <= MOST_NS_ALONE,
                           f"{alone:.0f} ns")
            verdicts.check(f"{text}: a row of a batch within {MOST_NS_A_ROW} ns",
                           batch <= MOST_NS_A_ROW, f"{batch:.1f} ns")
    section.notes.append("The medians, which hold what else ran, of the first "
                         f"{len(medians)}: one row at most {max(one for one, _ in medians):.0f} ns, "
                         f"a row of a batch at most {max(many for _, many in medians):.1f} ns.")
    return section
