"""B1: one key, 10,000 events, 100,000 questions: mean and the 300 greatest over four windows."""

import contest
from joins import figure
from results import Section

SIZES = {"full": (10_000, 100_000, 2_000), "small": (1_000, 2_000, 100)}
COEVAL = "Coeval, `coeval.window`"
PUBLISHED_MS = {"naive": 256_011, "banker's": 1_597, "sawtooth": 914}


def program(name, spine):
    return lambda folder, answer: [contest.PYTHON, contest.ROOT / "bench" / "contenders" / name,
                                   folder / spine, folder / "facts.parquet", answer]


CONTEST = contest.Contest(
    name="top-k",
    contenders={COEVAL: "coeval", "DuckDB, frames": "duckdb", "Polars, slices": "polars"},
    coeval={"coeval": program("coeval_top_k.py", "spine.parquet")},
    peers={"duckdb": program("duckdb_top_k.py", "fewer.parquet"),
           "polars": program("polars_top_k.py", "fewer.parquet")},
    repository="",
    reports=True,
)


def run(small, runs, verdicts):
    size = "small" if small else "full"
    events, questions, fewer = SIZES[size]
    folder = contest.make_data(CONTEST, size, SIZES[size])
    medians = contest.measure(CONTEST, folder, runs, verdicts)
    section = Section(
        f"Top-k: one key, {events:,} events, {questions:,} questions, mean and top 300 of 4 windows",
        "B1 of the workloads: events of 180 days, questions of the last 30, windows of an hour, a day, "
        "30 days and all time. One call over Arrow tables in memory, in a process that has answered "
        f"before; the lists are part of the answer; median of {runs}. Peers are asked {fewer:,} of the "
        "questions. All answers equal to an independent oracle's, bit for bit. Ratio: of the time for "
        "a question.",
        ["contender", "questions", "seconds", "processor seconds", "peak memory, MiB",
         "µs a question", "ratio"])
    base = medians.get(COEVAL)
    for name, took in medians.items():
        asked = questions if name == COEVAL else fewer
        each = took.seconds / asked
        section.rows.append([name, f"{asked:,}", figure(took.seconds), figure(took.cpu_seconds),
                             f"{took.peak_bytes / 2**20:,.0f}", f"{each * 1e6:.3g}",
                             f"{each * questions / base.seconds:,.0f}" if base else ""])
    section.notes.append("Published by Chronon for the same question, in a JVM: " + ", ".join(
        f"{name} {taken:,} ms" for name, taken in PUBLISHED_MS.items()) + ".")
    return section
