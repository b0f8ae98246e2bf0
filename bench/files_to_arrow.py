"""W5 with 100 k keys and a ttl of 30 days; files to Arrow, beside a bare decode of the same files."""

import joins

SIZES = {"full": (10_000_000, 1_000_000, 100_000, 30), "small": (100_000, 10_000, 1_000, 30)}
VIEWS = [joins.View("facts.parquet", [f"f{at}" for at in range(10)], ttl_days=30)]
DATA = {"generator": "make_point_in_time.py", "repository": "wide_30d"}


def run(small, runs, verdicts):
    size = "small" if small else "full"
    facts, spine, keys, ttl = SIZES[size]
    medians, folder = joins.run("files-to-arrow", joins.asking("files", VIEWS, "wide_v1"), DATA,
                                size, SIZES[size], runs, verdicts)
    floor = joins.floor(folder, ["spine.parquet", "facts.parquet"], runs)
    return joins.files_section(
        f"Files to Arrow: {spine:,} x {facts:,} rows, {keys:,} keys, 10 features, ttl {ttl} days",
        "W5 of the workloads with fewer keys and a ttl.", medians, floor, runs)
