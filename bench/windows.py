"""W13: 10 M events of 100 k keys over 90 days; four functions over four windows at 200 k questions.

Coeval's sums and means are compared with exact ones, bit for bit; those of peers, which add
doubles in some order, to nine digits.
"""

import contest

SIZES = {"full": (10_000_000, 200_000, 100_000), "small": (100_000, 5_000, 1_000)}

WINDOWS = {"1h": "1h", "1d": "24h", "7d": "7d", "30d": "30d"}


def by_tool(folder, answer):
    """Without a repository."""
    aggregates = [word for name, length in WINDOWS.items()
                  for function in ("count", "sum", "mean", "max")
                  for word in ("-a", f"{function}(amount) over {length} as {function}_{name}")]
    return ["coeval", "window", folder / "spine.parquet", folder / "facts.parquet", "--by", "user",
            "--on", "event_timestamp", *aggregates, "--output", answer]


CONTEST = contest.Contest(
    name="windows",
    contenders={
        "Coeval, `coeval training-set`": "repository",
        "Coeval, `coeval window`": "tool",
        "DuckDB, join and FILTER": "duckdb_windows.py",
        "Polars, join and group_by": "polars_windows.py",
    },
    coeval={
        "repository": lambda folder, answer: [
            "coeval", "-C", folder / "repository", "training-set", "spending_v1", "--spine",
            folder / "spine.parquet", "--output", answer],
        "tool": by_tool,
    },
    repository="windows",
)


def run(small, runs, verdicts):
    size = "small" if small else "full"
    facts, spine, keys = SIZES[size]
    folder = contest.make_data(CONTEST, size, SIZES[size])
    medians = contest.measure(CONTEST, folder, runs, verdicts)
    return contest.section(
        f"Windows: {spine:,} questions, {facts:,} events, {keys:,} keys, 16 features",
        "W13 of the workloads: count, sum, mean and max over (t - w, t], w = 1 h, 1 d, 7 d, 30 d. "
        f"Whole process, Parquet to Parquet, warm page cache; median of {runs}. Coeval's sums and "
        "means are the exact ones, rounded once; peers' agree to nine digits. Ratio: seconds over "
        "those of `coeval training-set`.", medians, "Coeval, `coeval training-set`")
