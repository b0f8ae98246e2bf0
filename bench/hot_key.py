"""One key, 1 M events, 5 % of them late: max, median, count_distinct and sum over 30 days.

Coeval answers 100,000 questions. Its peers gather each question's 80,000 events anew, so they are
asked the first 500, and compared by the time that a question takes.
"""

import contest
from results import Section

SIZES = {"full": (1_000_000, 100_000, 500), "small": (20_000, 1_000, 100)}
COEVAL = "Coeval, `coeval training-set`"


def peer(program):
    return lambda folder, answer: [contest.PYTHON, contest.ROOT / "bench" / "contenders" / program,
                                   folder / "fewer.parquet", folder / "facts.parquet", answer]


CONTEST = contest.Contest(
    name="hot-key",
    contenders={COEVAL: "repository", "DuckDB, range join": "duckdb", "Polars, slices": "polars"},
    coeval={
        "repository": lambda folder, answer: [
            "coeval", "-C", folder / "repository", "training-set", "hot_v1", "--spine",
            folder / "spine.parquet", "--output", answer],
    },
    peers={"duckdb": peer("duckdb_hot_key.py"), "polars": peer("polars_hot_key.py")},
    repository="hot_key",
)


def run(small, runs, verdicts):
    size = "small" if small else "full"
    events, questions, fewer = SIZES[size]
    folder = contest.make_data(CONTEST, size, SIZES[size])
    medians = contest.measure(CONTEST, folder, runs, verdicts)
    table = Section(
        f"One busy key: {events:,} events, max, median, count_distinct and sum over 30 days",
        "One key, a twelfth of its events in each window, 5 % of them late (what had not arrived does "
        f"not count). Whole process, Parquet to Parquet; median of {runs}. Peers gather each "
        f"question's events anew and are asked {fewer} of the {questions:,} questions. Coeval's sums "
        "are exact, compared bit for bit. Ratio: of the time for a question.",
        ["contender", "questions", "seconds", "processor seconds", "peak memory, MiB",
         "ms a question", "ratio"])
    base = medians.get(COEVAL)
    for name, took in medians.items():
        asked = questions if name == COEVAL else fewer
        each = took.seconds / asked
        table.rows.append([name, f"{asked:,}", f"{took.seconds:.2f}", f"{took.cpu_seconds:.2f}",
                           f"{took.peak_bytes / 2**20:,.0f}", f"{each * 1e3:.3g}",
                           f"{each * questions / base.seconds:,.0f}" if base else ""])
    return table
