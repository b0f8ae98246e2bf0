"""W5: a spine of 1 M rows, 10 M facts of 1 M integer keys, 10 features; Parquet to Parquet.

Answers are compared, bit for bit, with one made in another way.
"""

import contest

# What is promised of Coeval, at the full size.
MOST_SECONDS = 10
MOST_BYTES = 2 * 2**30

SIZES = {"full": (10_000_000, 1_000_000, 1_000_000), "small": (100_000, 10_000, 10_000)}

CONTEST = contest.Contest(
    name="point-in-time",
    contenders={
        "Coeval, `coeval training-set`": "repository",
        "Coeval, `coeval asof`": "asof",
        "DuckDB, ASOF JOIN": "duckdb_asof.py",
        "Polars, join_asof": "polars_asof.py",
        "pandas, merge_asof": "pandas_asof.py",
    },
    coeval={
        "repository": lambda folder, answer: [
            "coeval", "-C", folder / "repository", "training-set", "wide_v1", "--spine",
            folder / "spine.parquet", "--output", answer],
        "asof": lambda folder, answer: [
            "coeval", "asof", folder / "spine.parquet", folder / "facts.parquet", "--by", "user",
            "--on", "event_timestamp", "--output", answer],
    },
    repository="wide",
)


def run(small, runs, verdicts):
    size = "small" if small else "full"
    facts, spine, keys = SIZES[size]
    folder = contest.make_data(CONTEST, size, SIZES[size])
    medians = contest.measure(CONTEST, folder, runs, verdicts)
    if not small:
        for name, took in medians.items():
            if name.startswith("Coeval"):
                verdicts.check(f"{name}: at most {MOST_SECONDS} s", took.seconds <= MOST_SECONDS,
                               f"{took.seconds:.2f} s")
                verdicts.check(f"{name}: at most 2 GiB", took.peak_bytes <= MOST_BYTES,
                               f"{took.peak_bytes / 2**20:.0f} MiB")
    return contest.section(
        f"Point-in-time join: {spine:,} x {facts:,} rows, {keys:,} keys, 10 features",
        f"W5 of the workloads. Whole process, Parquet to Parquet, warm page cache; median of {runs}; "
        "all answers equal to an independent oracle's, bit for bit. Ratio: seconds over those of "
        "`coeval training-set`.", medians, "Coeval, `coeval training-set`")
