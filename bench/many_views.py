"""W6: a spine of 1 M rows, 5 views of 2 M facts of 200 k keys each, 50 features; files to Arrow."""

import joins

SIZES = {"full": (5, 2_000_000, 1_000_000, 200_000), "small": (5, 20_000, 10_000, 2_000)}
VIEWS = [joins.View(f"facts{view}.parquet", [f"v{view}_f{at}" for at in range(10)])
         for view in range(5)]
DATA = {"data": "many-views", "generator": "make_many_views.py", "repository": "many_views"}


def run(small, runs, verdicts):
    size = "small" if small else "full"
    views, facts, spine, keys = SIZES[size]
    medians, folder = joins.run("many-views", joins.asking("files", VIEWS, "many_v1"), DATA, size,
                                SIZES[size], runs, verdicts)
    floor = joins.floor(folder, ["spine.parquet", *(view.facts for view in VIEWS)], runs)
    return joins.files_section(
        f"Many views: {spine:,} rows x {views} views of {facts:,} rows, {keys:,} keys, "
        f"{views * 10} features", "W6 of the workloads.", medians, floor, runs)
